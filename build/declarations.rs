//! Which C names the Rust files declare, found line by line: the files keep to rustfmt's layout,
//! with one item per line start.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Function,
    Variable,
    Struct,
    Union,
    Enum,
    Alias,
}

impl Kind {
    /// What C writes before the name of a type.
    pub fn tag(self) -> Option<&'static str> {
        match self {
            Kind::Struct => Some("struct"),
            Kind::Union => Some("union"),
            Kind::Enum => Some("enum"),
            _ => None,
        }
    }

    pub fn is_type(self) -> bool {
        !matches!(self, Kind::Function | Kind::Variable)
    }
}

/// A name that a Rust file declares for C.
pub struct Declaration {
    pub kind: Kind,
    pub section: &'static str,
    pub file: PathBuf,
}

#[derive(Default)]
pub struct Declarations {
    pub all: BTreeMap<String, Declaration>,
    /// Per section, functions of its files that are not for C.
    pub private: BTreeMap<&'static str, Vec<String>>,
    twice: Vec<String>,
}

impl Declarations {
    /// Takes in what `file` declares.
    pub fn add(&mut self, section: &'static str, file: &Path) {
        let prototypes = file.starts_with("include");
        for_each_item(file, |kind, name, exported| {
            let wanted = prototypes || exported || kind.is_type() && name.starts_with("mg_");
            if !wanted {
                if kind == Kind::Function {
                    self.private
                        .entry(section)
                        .or_default()
                        .push(name.to_owned());
                }
                return;
            }
            let declaration = Declaration {
                kind,
                section,
                file: file.into(),
            };
            if let Some(other) = self.all.insert(name.to_owned(), declaration) {
                let (a, b) = (other.file.display(), file.display());
                self.twice.push(format!("{name}: {a} and {b}"));
            }
        });
    }

    pub fn check(&self) {
        assert!(
            self.twice.is_empty(),
            "declared twice:\n  {}",
            self.twice.join("\n  ")
        );
        for file in rust_files(Path::new("src")) {
            for_each_item(&file, |_, name, exported| {
                assert!(
                    !exported || self.all.contains_key(name),
                    "{name} of {} is in no section of build/header.rs",
                    file.display()
                );
            });
        }
    }
}

/// Calls `f` with kind, name and "is exported" of every item that may matter to C.
fn for_each_item(file: &Path, mut f: impl FnMut(Kind, &str, bool)) {
    let (mut exported, mut ignored) = (false, false);
    for line in read(file).lines() {
        exported |= line.trim_start().starts_with("#[unsafe(no_mangle)]");
        ignored |= line.trim() == "/// cbindgen:ignore";
        if let Some((kind, name)) = item(line) {
            if !ignored {
                f(kind, name, exported);
            }
            (exported, ignored) = (false, false);
        }
    }
}

/// The kind and name of the item that starts on this line of Rust.
fn item(line: &str) -> Option<(Kind, &str)> {
    const MODIFIERS: [&str; 6] = [
        "pub ",
        "pub(crate) ",
        "const ",
        "unsafe ",
        "extern ",
        "\"C\" ",
    ];
    const KEYWORDS: [(&str, Kind); 7] = [
        ("fn ", Kind::Function),
        ("static mut ", Kind::Variable),
        ("static ", Kind::Variable),
        ("struct ", Kind::Struct),
        ("union ", Kind::Union),
        ("enum ", Kind::Enum),
        ("type ", Kind::Alias),
    ];
    let mut rest = line.trim_start();
    while let Some(behind) = MODIFIERS.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = behind;
    }
    let (kind, rest) = KEYWORDS
        .iter()
        .find_map(|(word, kind)| Some((*kind, rest.strip_prefix(word)?)))?;
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    (end > 0).then_some((kind, &rest[..end]))
}

/// All Rust files under `folder`, sorted.
pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

pub fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()))
}
