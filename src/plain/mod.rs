//! The interface for languages that cannot call variadic functions, use macros, or know the layout
//! of structs with bit-fields.

pub mod ffi;
pub mod request;
