//! Why a body ended before its time.
#![forbid(unsafe_code)]

use std::ffi::CStr;

/// A text of MG_EV_ERROR, kept until the program can be told. The last byte is always 0.
#[derive(Clone, Copy)]
pub struct Text([u8; 64]);

impl Text {
    pub fn new(text: &[u8]) -> Text {
        let mut buf = [0; 64];
        let n = text.len().min(buf.len() - 1);
        buf[..n].copy_from_slice(&text[..n]);
        Text(buf)
    }

    pub fn as_cstr(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(Text::new(b"OOM").as_cstr(), c"OOM");
        assert_eq!(Text::new(&[b'x'; 100]).as_cstr().to_bytes().len(), 63);
        assert_eq!(Text::new(b"").as_cstr(), c"");
    }
}
