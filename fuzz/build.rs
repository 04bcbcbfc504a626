//! Compiles the example that a target runs, and makes the files that another serves.

use std::fs;
use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../c_examples/mqtt_broker.c");
    println!("cargo:rerun-if-changed=../include/mongoose.h");
    println!("cargo:rerun-if-changed=src/broker.c");
    cc::Build::new()
        .file("src/broker.c")
        .include("../include")
        .compile("broker");
    let out = std::env::var("OUT_DIR").expect("cargo sets it");
    site(&Path::new(&out).join("www")).expect("files to serve");
}

fn site(www: &Path) -> std::io::Result<()> {
    fs::create_dir_all(www.join("sub"))?;
    fs::create_dir_all(www.join("home"))?;
    let long: Vec<u8> = (0..40_000_u32).map(|i| (i % 251) as u8).collect();
    let page = b"[<!--#include file=\"a.txt\" -->|<!--#include virtual=\"/sub/b.shtml\" -->]";
    for (name, text) in [
        ("a.txt", &b"hello"[..]),
        ("a.txt.gz", b"\x1f\x8b not really"),
        ("empty", b""),
        ("long.bin", &long),
        ("404.html", b"nothing here"),
        ("home/index.html", b"<h1>home</h1>"),
        ("page.shtml", page),
        ("sub/b.shtml", b"b<!--#include file=\"b.shtml\" -->"),
        ("sub/<&>.txt", b"odd name"),
    ] {
        fs::write(www.join(name), text)?;
    }
    Ok(())
}
