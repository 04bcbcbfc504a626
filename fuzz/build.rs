//! Compiles the example that a target runs.

fn main() {
    println!("cargo:rerun-if-changed=../c_examples/mqtt_broker.c");
    println!("cargo:rerun-if-changed=../include/mongoose.h");
    println!("cargo:rerun-if-changed=src/broker.c");
    cc::Build::new()
        .file("src/broker.c")
        .include("../include")
        .compile("broker");
}
