//! The dashboard: a web page and a JSON API that show and change variables of a program.
//!
//! A dashboard has *field sets*: objects, arrays of objects, directories of files. [`route`] says what
//! a request asks for, [`value`] turns variables into JSON and back, [`session`] keeps the users
//! that are logged in, [`origin`] tells requests that other web sites caused. `ffi` is everything that
//! touches the program's structs and functions.

pub mod ffi;
mod origin;
mod route;
mod session;
mod value;
