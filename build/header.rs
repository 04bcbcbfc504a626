//! Writes `mongoose.h`: a hand-written frame, and per feature the constants and macros of
//! `include/macros`, then what cbindgen makes of the types and functions in
//!
//! - `include/c_only`: declarations that Rust cannot spell (bit-fields, `...`),
//! - `include/pending`: functions that no Rust file defines yet,
//! - the feature's folder under `src`: everything else.
//!
//! A name may be declared in one place only, so an entry in `pending` has to go when the
//! function arrives in `src`.

use super::layout::Layout;
use cbindgen::{Builder, Config, Style};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs};

/// One feature: a folder of `src`, and the files of that name under `include`.
struct Section {
    name: &'static str,
    title: &'static str,
    /// Files outside the folder that belong to the feature.
    more: &'static [&'static str],
    style: Style,
}

const fn section(name: &'static str, title: &'static str) -> Section {
    Section {
        name,
        title,
        more: &[],
        style: Style::Tag,
    }
}

/// In the order of the header: a struct that contains another one comes after it.
const SECTIONS: &[Section] = &[
    Section {
        more: &["src/ffi/str.rs"],
        ..section("string", "Strings")
    },
    section("url", "URLs"),
    Section {
        more: &["src/ffi/alloc.rs"],
        ..section("util", "Memory, numbers, clocks, checksums")
    },
    section("iobuf", "I/O buffers"),
    section("queue", "Message queue"),
    section("fmt", "Formatted output"),
    section("log", "Logging"),
    section("timer", "Timers"),
    section("fs", "Files"),
    // These structs have a typedef name and no tag.
    Section {
        style: Style::Type,
        ..section("hash", "Hashes")
    },
    section("net", "Connections and the event loop"),
    section("http", "HTTP"),
    section("tls", "TLS"),
    Section {
        style: Style::Both,
        ..section("crypto", "Ciphers, elliptic curves, RSA")
    },
    section("ws", "WebSocket"),
    section("mqtt", "MQTT"),
    section("dns", "DNS and multicast DNS"),
    section("sntp", "Network time"),
    section("modbus", "Modbus TCP"),
    section("json", "JSON"),
    section("rpc", "JSON-RPC"),
    section("jwt", "JSON Web Tokens"),
    section("dash", "Dashboard"),
    section("ota", "Firmware updates"),
    section("embedded", "Wi-Fi, PHY and modem drivers"),
];

/// A name that a Rust file declares for C.
struct Declaration {
    kind: &'static str,
    section: &'static str,
    file: PathBuf,
}

type Declarations = BTreeMap<String, Declaration>;

pub fn write(layout: &Layout) {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo"));
    env::set_current_dir(&root).expect("the crate's folder exists");
    let inputs = ["build", "build.rs", "cbindgen.toml", "src", "include"];
    let newest = inputs
        .map(|input| rerun_if_changed(Path::new(input)))
        .into_iter()
        .max()
        .flatten();

    let mut declarations = Declarations::new();
    let files: Vec<_> = SECTIONS.iter().map(|s| (s, sources(s))).collect();
    for (section, files) in &files {
        for file in files {
            declare(section, file, &mut declarations);
        }
    }
    refuse_strays(&declarations);

    let mut text = read("include/prelude.h") + &forward_declarations(&declarations);
    for (section, files) in &files {
        text += &format!("\n/* ---- {} ---- */\n", section.title);
        let macros = format!("include/macros/{}.h", section.name);
        if Path::new(&macros).exists() {
            text += &format!("\n{}\n", read(&macros).trim_end());
        }
        text += &format!("\n{}\n", fragment(section, files, &declarations).trim());
    }
    text += &read("include/epilogue.h");
    let text = layout.fill_in(&text);

    let path = if layout.is_default() {
        root.join("include/mongoose.h")
    } else {
        // The committed header is the default build's; others lie beside their library.
        let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo"));
        out.ancestors()
            .nth(3)
            .expect("target/<profile>/build/<crate>/out")
            .join("include/mongoose.h")
    };
    if fs::read_to_string(&path).is_ok_and(|old| old == text) {
        return;
    }
    fs::create_dir_all(path.parent().expect("has a folder")).expect("the header's folder");
    fs::write(&path, text).unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
    // Otherwise cargo takes the new header for a changed input and builds once more.
    if let (Some(time), Ok(file)) = (newest, fs::File::options().write(true).open(&path)) {
        let _ = file.set_modified(time);
    }
}

/// Tells cargo to watch a file or folder; returns the time of the latest change in it.
fn rerun_if_changed(path: &Path) -> Option<SystemTime> {
    if !path.is_dir() {
        println!("cargo:rerun-if-changed={}", path.display());
        return fs::metadata(path).and_then(|m| m.modified()).ok();
    }
    // The folder itself: files come and go.
    println!("cargo:rerun-if-changed={}", path.display());
    list(path)
        .iter()
        .filter_map(|p| fs::metadata(p).and_then(|m| m.modified()).ok())
        .max()
}

/// The Rust files that declare a section's part of the C interface.
fn sources(section: &Section) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = ["include/c_only", "include/pending"]
        .iter()
        .map(|folder| PathBuf::from(format!("{folder}/{}.rs", section.name)))
        .chain(section.more.iter().map(PathBuf::from))
        .filter(|file| file.exists())
        .collect();
    let folder = PathBuf::from(format!("src/{}", section.name));
    files.extend(list(&folder).into_iter().filter(|file| {
        let text = read(file);
        text.contains("no_mangle") || text.contains("#[repr(C)]")
    }));
    files
}

/// All Rust files under `folder`, sorted.
fn list(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return files;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(list(&path));
        } else if path
            .extension()
            .is_some_and(|e| e == "rs" || e == "toml" || e == "h")
        {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Records the C names that `file` declares.
fn declare(section: &Section, file: &Path, all: &mut Declarations) {
    let prototypes_only = file.starts_with("include");
    let mut exported = false;
    let mut ignored = false;
    for line in read(file).lines() {
        exported |= line.trim_start().starts_with("#[unsafe(no_mangle)]");
        ignored |= line.trim() == "/// cbindgen:ignore";
        let Some((kind, name)) = item(line) else {
            continue;
        };
        let wanted = match kind {
            "function" => exported || prototypes_only,
            "variable" => exported,
            _ => prototypes_only || name.starts_with("mg_"),
        };
        if wanted && !ignored && all.get(name).is_some_and(|other| other.kind == kind) {
            panic!(
                "{name} is declared in both {} and {}; delete the stale one",
                all[name].file.display(),
                file.display()
            );
        }
        if wanted && !ignored {
            let declaration = Declaration {
                kind,
                section: section.name,
                file: file.into(),
            };
            all.insert(name.to_owned(), declaration);
        }
        (exported, ignored) = (false, false);
    }
}

/// The kind and name of the item that starts on this line of Rust.
fn item(line: &str) -> Option<(&'static str, &str)> {
    let line = line.trim_start();
    let (kind, rest) = if let Some(at) = line.find("fn mg_") {
        if line.starts_with("//") || !(line[..at].trim().is_empty() || line.starts_with("pub")) {
            return None;
        }
        ("function", &line[at + 3..])
    } else {
        let rest = line.strip_prefix("pub ")?;
        [
            ("struct", "struct "),
            ("union", "union "),
            ("enum", "enum "),
            ("", "type "),
        ]
        .into_iter()
        .chain([("variable", "static mut "), ("variable", "static ")])
        .find_map(|(kind, word)| Some((kind, rest.strip_prefix(word)?)))?
    };
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    (end > 0).then_some((kind, &rest[..end]))
}

/// Every exported function of the crate must belong to a section.
fn refuse_strays(declarations: &Declarations) {
    for file in list(Path::new("src")) {
        let mut exported = false;
        for line in read(&file).lines() {
            exported |= line.trim_start().starts_with("#[unsafe(no_mangle)]");
            let Some((_, name)) = item(line) else {
                continue;
            };
            if std::mem::take(&mut exported) && !declarations.contains_key(name) {
                panic!(
                    "{name} of {} is in no section of build/header.rs",
                    file.display()
                );
            }
        }
    }
}

/// So that the order of sections does not matter to pointers.
fn forward_declarations(declarations: &Declarations) -> String {
    declarations
        .iter()
        .filter(|(_, d)| d.kind == "struct" && !is_typedef_only(d))
        .map(|(name, _)| format!("struct {name};\n"))
        .collect()
}

/// The types, then the functions of a section, as C.
fn fragment(section: &Section, files: &[PathBuf], declarations: &Declarations) -> String {
    let mut config = Config::from_file("cbindgen.toml").expect("cbindgen.toml");
    config.style = section.style;
    for (name, declaration) in declarations {
        let is_type = !matches!(declaration.kind, "function" | "variable");
        if !is_type || config.export.exclude.contains(name) {
            continue;
        }
        if declaration.section == section.name {
            // Also those that no function of the section mentions.
            config.export.include.push(name.clone());
        } else if !declaration.kind.is_empty() && !is_typedef_only(declaration) {
            let tagged = format!("{} {name}", declaration.kind);
            config.export.rename.insert(name.clone(), tagged);
        }
    }
    let exclude = config.export.exclude.clone();
    let mut builder = Builder::new().with_config(config);
    for file in files {
        builder = builder.with_src(file);
    }
    let bindings = builder
        .generate()
        .unwrap_or_else(|e| panic!("section {}: {e}", section.name));
    let mut out = Vec::new();
    bindings.write(&mut out);
    let text = tidy(&String::from_utf8(out).expect("cbindgen writes UTF-8"));

    // cbindgen drops silently what it does not understand.
    for (name, declaration) in declarations
        .iter()
        .filter(|(_, d)| d.section == section.name)
    {
        let count = text.matches(&format!("{name}(")).count();
        let missing = !exclude.contains(name)
            && match declaration.kind {
                "function" => count == 0,
                "struct" | "union" | "enum" => {
                    !text.contains(&format!("{name} {{")) && !text.contains(&format!("}} {name};"))
                }
                _ => !text.contains(name.as_str()),
            };
        if missing {
            panic!(
                "{name} of {} did not make it into the header",
                declaration.file.display()
            );
        }
    }
    for name in text.lines().filter_map(function) {
        if !declarations.contains_key(name) {
            panic!("{name} is not for C: put `/// cbindgen:ignore` above its extern block");
        }
    }
    text
}

/// Types without a tag are named the same everywhere.
fn is_typedef_only(declaration: &Declaration) -> bool {
    SECTIONS
        .iter()
        .any(|s| s.name == declaration.section && s.style != Style::Tag)
}

/// The name of the function that this line of C declares.
fn function(line: &str) -> Option<&str> {
    if !line.starts_with(|c: char| c.is_alphabetic()) || line.starts_with("typedef") {
        return None;
    }
    let head = line[..line.find('(')?].trim_end();
    head.rsplit(|c: char| !c.is_alphanumeric() && c != '_')
        .next()
}

/// Comments of one line on one line, and no `extern` at functions: cbindgen writes it at those of
/// extern blocks.
fn tidy(text: &str) -> String {
    const EXTERN: &str = "extern ";
    let mut continued = false;
    let lines: Vec<&str> = text
        .lines()
        .map(|line| {
            let indent = if continued {
                " ".repeat(EXTERN.len())
            } else {
                EXTERN.into()
            };
            let starts = line.starts_with(EXTERN) && line.contains('(');
            let cut = if starts || continued {
                line.strip_prefix(&*indent).unwrap_or(line)
            } else {
                line
            };
            continued = (starts || continued) && !line.ends_with(';');
            cut.trim_end()
        })
        .collect();
    let mut out = String::new();
    let mut i = 0;
    while i < lines.len() {
        let short = lines
            .get(i + 1)
            .and_then(|l| l.trim_start().strip_prefix("* "));
        match short {
            Some(short) if lines[i].trim() == "/**" && lines[i + 2].trim() == "*/" => {
                let indent = &lines[i][..lines[i].len() - 3];
                out += &format!("{indent}/** {short} */\n");
                i += 3;
            }
            _ => {
                out += lines[i];
                out.push('\n');
                i += 1;
            }
        }
    }
    out
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()))
}
