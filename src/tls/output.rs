//! Ciphertext on its way to the socket.

use crate::ffi::heap::strictly;
use rustls::unbuffered::{EncodeError, EncryptError, InsufficientSizeError};

/// Bytes waiting for the socket. The memory is kept initialised, so that reusing it costs nothing,
/// and can be handed from connection to connection.
#[derive(Default)]
pub struct Output {
    memory: Vec<u8>,
    start: usize,
    end: usize,
}

/// There is no memory, or the keys are used up.
#[derive(Debug)]
pub struct Refused;

/// How much room an attempt to write lacks.
pub enum Attempt {
    TooSmall(usize),
    Refused,
}

impl From<EncodeError> for Attempt {
    fn from(e: EncodeError) -> Attempt {
        match e {
            EncodeError::InsufficientSize(InsufficientSizeError { required_size }) => {
                Attempt::TooSmall(required_size)
            }
            EncodeError::AlreadyEncoded => Attempt::Refused,
        }
    }
}

impl From<EncryptError> for Attempt {
    fn from(e: EncryptError) -> Attempt {
        match e {
            EncryptError::InsufficientSize(InsufficientSizeError { required_size }) => {
                Attempt::TooSmall(required_size)
            }
            EncryptError::EncryptExhausted => Attempt::Refused,
        }
    }
}

impl Output {
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// How much memory it has, used or not.
    pub fn memory(&self) -> usize {
        self.memory.capacity()
    }

    pub fn pending(&self) -> &[u8] {
        &self.memory[self.start..self.end]
    }

    pub fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Takes memory to work with, unless there is some already.
    pub fn lend_memory(&mut self, memory: impl FnOnce() -> Vec<u8>) {
        if self.memory.is_empty() {
            self.memory = memory();
        }
    }

    /// Gives the memory away when it holds nothing.
    pub fn return_memory(&mut self) -> Option<Vec<u8>> {
        (self.is_empty() && !self.memory.is_empty()).then(|| std::mem::take(&mut self.memory))
    }

    /// Appends what `write` puts into the room it is offered; it is asked again with more room when
    /// it says how much it needs.
    pub fn append<E: Into<Attempt>>(
        &mut self,
        mut write: impl FnMut(&mut [u8]) -> Result<usize, E>,
    ) -> Result<(), Refused> {
        loop {
            match write(&mut self.memory[self.end..]).map_err(Into::into) {
                Ok(n) => {
                    self.end += n;
                    return Ok(());
                }
                Err(Attempt::TooSmall(needed)) => self.reserve(needed)?,
                Err(Attempt::Refused) => return Err(Refused),
            }
        }
    }

    /// Makes room for `n` more bytes.
    pub fn reserve(&mut self, n: usize) -> Result<(), Refused> {
        let size = self.end.checked_add(n).ok_or(Refused)?;
        if let Some(missing) = size.checked_sub(self.memory.len()) {
            strictly(|| self.memory.try_reserve(missing)).map_err(|_| Refused)?;
            self.memory.resize(size, 0);
        }
        Ok(())
    }
}
