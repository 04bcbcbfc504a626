//! Where the bytes of a body go.
#![forbid(unsafe_code)]

use crate::fs::ffi::OpenFile;
use crate::ota::ffi::installer;
use std::ffi::CStr;

pub enum Sink {
    File(OpenFile),
    /// mg_ota_begin() was called.
    Firmware,
}

impl Sink {
    /// False when not all of `data` was taken.
    pub fn write(&mut self, data: &[u8]) -> bool {
        match self {
            Sink::File(file) => file.write(data) == data.len(),
            Sink::Firmware => installer::write(data),
        }
    }

    /// Everything was written. False when some of it was not taken after all.
    pub fn flush(&mut self) -> bool {
        match self {
            Sink::File(file) => file.flush(),
            Sink::Firmware => true,
        }
    }

    /// What was written is no use to anybody.
    pub fn discard(&mut self) {
        if let Sink::File(file) = self {
            // Otherwise what is in the buffer would be written when the file is closed.
            file.flush();
            file.truncate(0);
        }
    }

    /// The end, good or bad.
    pub fn close(self) -> Result<(), &'static CStr> {
        match self {
            Sink::File(_) => Ok(()),
            Sink::Firmware if installer::end() => Ok(()),
            Sink::Firmware => Err(c"OTA finalize failed"),
        }
    }
}
