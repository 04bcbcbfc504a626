//! Fixes the layout options, compiles the variadic shim, writes the C header.

use std::env;

#[path = "build/declarations.rs"]
mod declarations;
#[path = "build/header.rs"]
mod header;
#[path = "build/layout.rs"]
mod layout;

fn main() {
    let layout = layout::from_env();
    header::write(&layout);
    println!("cargo:rerun-if-changed=src/ffi/variadic.c");
    cc::Build::new()
        .file("src/ffi/variadic.c")
        .flag_if_supported("-fvisibility=hidden")
        .flag_if_supported("-Wextra")
        .opt_level(2)
        .compile("mongoose_variadic");
    let name = layout.library_name();
    match env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux") => println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,{name}.so.7.23"),
        Ok("macos") => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/{name}.7.23.dylib");
        }
        _ => {}
    }
}
