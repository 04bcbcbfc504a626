//! Compiles the variadic shim and fixes the layout options.

use std::env;

/// Options that change the size of public structs, with their defaults.
const LAYOUT: [(&str, usize); 3] = [
    ("MG_DATA_SIZE", 32),
    ("MG_MAX_HTTP_HEADERS", 30),
    ("MG_DASH_MAX_USER_NAME", 32),
];

fn main() {
    for (name, default) in LAYOUT {
        println!("cargo:rerun-if-env-changed={name}");
        let value = match env::var(name) {
            Ok(text) => text
                .parse()
                .unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")),
            Err(_) => default,
        };
        println!("cargo:rustc-env={name}={value}");
    }
    println!("cargo:rerun-if-changed=src/ffi/variadic.c");
    cc::Build::new()
        .file("src/ffi/variadic.c")
        .flag_if_supported("-fvisibility=hidden")
        .flag_if_supported("-Wextra")
        .opt_level(2)
        .compile("mongoose_variadic");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libmongoose.so.7.23");
    }
}
