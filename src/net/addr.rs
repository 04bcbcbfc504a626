//! Literal addresses.
