//! Replays the corpus of every target, and mutations of it that are the same in every run.
//!
//! FUZZ_ROUNDS sets the number of mutations per target, FUZZ_ONLY names the one to run.

use mongoose_fuzz::TARGETS;
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

const ROUNDS: u64 = 3000;
const MAX_LEN: usize = 1 << 16;

/// xorshift64*: a repeatable sequence is what matters.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 33) as usize % n.max(1)
    }
}

fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

fn mutate(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    const INTERESTING: [u8; 12] = [0, 1, 9, 10, 13, 32, 34, 37, 58, 127, 128, 255];
    let mut data = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(data.len() + 1);
        match random.below(8) {
            0 if at < data.len() => data[at] ^= 1 << random.below(8),
            1 if at < data.len() => data[at] = random.next() as u8,
            2 if at < data.len() => data[at] = INTERESTING[random.below(INTERESTING.len())],
            3 => data.truncate(at),
            4 => data.insert(at, INTERESTING[random.below(INTERESTING.len())]),
            5 if at < data.len() => {
                data.drain(at..(at + 1 + random.below(8)).min(data.len()));
            }
            6 => {
                let end = (at + 1 + random.below(32)).min(data.len());
                let piece = data[at.min(end)..end].to_vec();
                let to = random.below(data.len() + 1);
                data.splice(to..to, piece);
            }
            _ => {
                let other = &seeds[random.below(seeds.len())];
                data.truncate(at);
                data.extend_from_slice(&other[random.below(other.len() + 1)..]);
            }
        }
    }
    data.truncate(MAX_LEN);
    data
}

/// Panics of this process, also those that the library turned into a failure.
static PANICS: AtomicUsize = AtomicUsize::new(0);

fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANICS.fetch_add(1, Ordering::Relaxed);
            report(info);
        }));
    });
}

/// Runs a target on an allocation of exactly the input's size.
fn run(name: &str, target: fn(&[u8]), what: &str, data: &[u8]) {
    let exact: Box<[u8]> = data.into();
    let before = PANICS.load(Ordering::Relaxed);
    let failed = catch_unwind(AssertUnwindSafe(|| target(&exact))).is_err();
    if failed || PANICS.load(Ordering::Relaxed) != before {
        panic!("{name}, {what}: {}", data.escape_ascii());
    }
}

#[test]
fn corpus_and_mutations() {
    count_panics();
    let rounds = std::env::var("FUZZ_ROUNDS")
        .map_or(ROUNDS, |v| v.parse().expect("FUZZ_ROUNDS is a number"));
    let only = std::env::var("FUZZ_ONLY").ok();
    assert!(
        only.as_deref()
            .is_none_or(|only| TARGETS.iter().any(|(name, _)| *name == only))
    );
    for &(name, target) in TARGETS {
        if only.as_deref().is_some_and(|only| only != name) {
            continue;
        }
        let files = corpus(name);
        for (path, data) in &files {
            run(name, target, &path.display().to_string(), data);
        }
        let seeds: Vec<Vec<u8>> = files.into_iter().map(|(_, data)| data).collect();
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for round in 0..rounds {
            let data = mutate(&mut random, &seeds);
            run(name, target, &format!("mutation {round}"), &data);
        }
    }
}

#[test]
fn every_target_has_a_binary_and_a_corpus() {
    let names = |folder: &str| -> BTreeSet<String> {
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
            .unwrap()
            .map(|entry| {
                entry
                    .unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect()
    };
    let listed: BTreeSet<String> = TARGETS.iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(listed.len(), TARGETS.len(), "a name occurs twice");
    assert_eq!(names("fuzz_targets"), listed);
    assert_eq!(names("corpus"), listed);
}
