//! Uploads.

/// An upload in progress.
#[derive(Default)]
pub struct Upload {}
