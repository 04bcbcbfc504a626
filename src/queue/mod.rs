//! Single-producer single-consumer message queue in caller memory.

pub mod ffi;
mod ring;
