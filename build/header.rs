//! Writes `mongoose.h`: a hand-written frame, and per feature the constants and macros of
//! `include/macros`, then what cbindgen makes of the types and functions in
//!
//! - `include/c_only`: declarations that Rust cannot spell (bit-fields, `...`),
//! - the feature's folder under `src`: everything else.
//!
//! A name may be declared in one place only.

use super::declarations::{Declaration, Declarations, Kind, read, rust_files};
use super::layout::Layout;
use cbindgen::{Builder, Config, Style};
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

/// In the order of the header: a struct that contains another one comes after it.
const SECTIONS: &[Section] = &[
    Section {
        more: &["src/ffi/str.rs"],
        ..section("string", "Strings")
    },
    section("url", "URLs"),
    Section {
        more: &["src/ffi/alloc.rs"],
        ..section("util", "Memory, clocks, numbers, checksums")
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
    section("limits", "Limits"),
    section("stats", "Counters"),
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
    section("wifi", "Wi-Fi"),
    section("phy", "Ethernet PHYs"),
    section("modem", "Modem driver"),
    section(
        "plain",
        "For languages without variadics, macros and bit-fields",
    ),
];

const fn section(name: &'static str, title: &'static str) -> Section {
    Section {
        name,
        title,
        more: &[],
        style: Style::Tag,
    }
}

pub fn write(layout: &Layout) {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo"));
    env::set_current_dir(&root).expect("the crate's folder exists");
    for input in ["build", "build.rs", "cbindgen.toml", "src", "include"] {
        println!("cargo:rerun-if-changed={input}");
    }
    let started = SystemTime::now();

    let mut declarations = Declarations::default();
    for section in SECTIONS {
        for file in sources(section) {
            declarations.add(section.name, &file);
        }
    }
    declarations.check();

    let mut text = read("include/prelude.h") + &forward_declarations(&declarations);
    for section in SECTIONS {
        text += &format!("\n/* {} */\n", section.title);
        let macros = format!("include/macros/{}.h", section.name);
        if Path::new(&macros).exists() {
            text += &format!("\n{}\n", read(&macros).trim_end());
        }
        text += &format!("\n{}\n", fragment(section, &declarations).trim());
    }
    text += &read("include/epilogue.h");
    update(&path(layout, &root), &layout.fill_in(&text), started);
}

/// The committed header is the default layout's; others lie beside their library, in
/// `target/<profile>/include`.
fn path(layout: &Layout, root: &Path) -> PathBuf {
    if layout.is_default() {
        return root.join("include/mongoose.h");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo"));
    let profile = out
        .ancestors()
        .nth(3)
        .expect("OUT_DIR is <profile>/build/<crate>/out");
    profile.join("include/mongoose.h")
}

fn update(path: &Path, text: &str, started: SystemTime) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    fs::create_dir_all(path.parent().expect("has a folder")).expect("the header's folder");
    fs::write(path, text).unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
    // Otherwise cargo takes the new header for a changed input and builds once more.
    if let Ok(file) = fs::File::options().write(true).open(path) {
        let before = started - std::time::Duration::from_secs(5);
        let _ = file.set_modified(before);
    }
}

/// The Rust files that declare a section's part of the C interface.
fn sources(section: &Section) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::iter::once(format!("include/c_only/{}.rs", section.name))
        .map(PathBuf::from)
        .chain(section.more.iter().map(PathBuf::from))
        .filter(|file| file.exists())
        .collect();
    let folder = PathBuf::from(format!("src/{}", section.name));
    files.extend(rust_files(&folder).into_iter().filter(|file| {
        let text = read(file);
        text.contains("no_mangle") || text.contains("#[repr(C)]")
    }));
    files
}

/// So that the order of sections does not matter to pointers.
fn forward_declarations(declarations: &Declarations) -> String {
    declarations
        .all
        .iter()
        .filter(|(_, d)| d.kind == Kind::Struct && has_tag(d))
        .map(|(name, _)| format!("struct {name};\n"))
        .collect()
}

/// The types, then the functions of a section, as C.
fn fragment(section: &Section, declarations: &Declarations) -> String {
    let mut config = Config::from_file("cbindgen.toml").expect("cbindgen.toml");
    config.style = section.style;
    config.export.exclude.extend(
        declarations
            .private
            .get(section.name)
            .into_iter()
            .flatten()
            .cloned(),
    );
    let excluded = config.export.exclude.clone();
    let own = || {
        let all = declarations
            .all
            .iter()
            .filter(|(_, d)| d.section == section.name);
        all.filter(|(name, _)| !excluded.contains(name))
    };
    // Also those that no function of the section mentions.
    config.export.include = own()
        .filter(|(_, d)| d.kind.is_type())
        .map(|(n, _)| n.clone())
        .collect();
    for (name, declaration) in declarations
        .all
        .iter()
        .filter(|(_, d)| d.section != section.name)
    {
        if let (Some(tag), true) = (declaration.kind.tag(), has_tag(declaration)) {
            config
                .export
                .rename
                .insert(name.clone(), format!("{tag} {name}"));
        }
    }
    let mut builder = Builder::new().with_config(config);
    let files = sources(section);
    for file in &files {
        // cbindgen itself goes from a mod.rs to the files beside it.
        if file.ends_with("mod.rs") || !files.contains(&file.with_file_name("mod.rs")) {
            builder = builder.with_src(file);
        }
    }
    let bindings = builder
        .generate()
        .unwrap_or_else(|e| panic!("section {}: {e}", section.name));
    let mut out = Vec::new();
    bindings.write(&mut out);
    let text = tidy(&String::from_utf8(out).expect("cbindgen writes UTF-8"));

    // cbindgen drops silently what it does not understand.
    for (name, declaration) in own() {
        let found = match declaration.kind {
            Kind::Function => text.contains(&format!("{name}(")),
            Kind::Variable | Kind::Alias => text.contains(name.as_str()),
            _ => text.contains(&format!("{name} {{")) || text.contains(&format!("}} {name};")),
        };
        assert!(
            found,
            "{name} of {} did not make it into the header",
            declaration.file.display()
        );
    }
    text
}

/// Types of a section in another style are known by their name alone.
fn has_tag(declaration: &Declaration) -> bool {
    SECTIONS
        .iter()
        .any(|s| s.name == declaration.section && s.style == Style::Tag)
}

/// Comments of one line on one line, and no `extern` at functions: cbindgen writes it at those of
/// extern blocks.
fn tidy(text: &str) -> String {
    const EXTERN: &str = "extern ";
    const INDENT: &str = "       ";
    let mut continued = false;
    let lines: Vec<&str> = text
        .lines()
        .map(|line| {
            let starts = line.starts_with(EXTERN) && line.contains('(');
            let prefix = if continued { INDENT } else { EXTERN };
            let cut = if starts || continued {
                line.strip_prefix(prefix)
            } else {
                None
            };
            continued = (starts || continued) && !line.ends_with(';');
            cut.unwrap_or(line).trim_end()
        })
        .collect();
    let mut out = String::new();
    let mut rest = &lines[..];
    while let [line, tail @ ..] = rest {
        rest = tail;
        if tail.first() == Some(&"};") {
            // C89 has no comma behind the last constant of an enumeration.
            out += line.strip_suffix(',').unwrap_or(line);
            out.push('\n');
        } else if let ("/**", [text, end, behind @ ..]) = (line.trim_start(), tail)
            && let (Some(text), "*/") = (text.trim_start().strip_prefix("* "), end.trim_start())
        {
            out += &format!("{line} {text} */\n");
            rest = behind;
        } else {
            out += line;
            out.push('\n');
        }
    }
    out
}
