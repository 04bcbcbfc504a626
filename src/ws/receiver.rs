//! Reads frames, and holds the peer to the protocol.
#![forbid(unsafe_code)]

use super::close::{self, Violation};
use super::frame::{FIN, Header, MAX_CONTROL, RESERVED, RSV1, opcode};
use super::mask;
use super::utf8::Utf8;

/// A complete frame at the start of a buffer: header, then the payload, unmasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// FIN, RSV1 if the message is compressed, and opcode.
    pub first: u8,
    /// Length of the header.
    pub header: usize,
    /// Length of the payload.
    pub payload: usize,
}

impl Frame {
    pub fn opcode(self) -> u8 {
        opcode(self.first)
    }

    pub fn is_final(self) -> bool {
        self.first & FIN != 0
    }

    /// Header and payload.
    pub fn total(self) -> usize {
        self.header + self.payload
    }
}

/// What is known of the frame that is arriving, and of the message it belongs to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Receiver {
    /// So many bytes of the payload are unmasked and checked.
    done: usize,
    /// The text of the message so far.
    utf8: Utf8,
    /// Messages may be compressed.
    inflates: bool,
}

/// How much may come.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Length of a frame with its header.
    pub frame: usize,
    /// What the message at hand may have more of payload.
    pub payload: usize,
}

impl Receiver {
    /// What `inflates` accepts compressed messages. Their text is checked once it is inflated, and so
    /// is their length.
    pub fn new(inflates: bool) -> Receiver {
        Receiver {
            inflates,
            ..Receiver::default()
        }
    }

    /// Takes the frame at the start of `buf` as far as it has arrived. `None`: not complete; the
    /// next call gets the same bytes and more. `pending` is the first byte of the message whose
    /// fragments came before. Clients send masked frames, servers do not.
    ///
    /// What is wrong is reported at the first byte that shows it.
    pub fn next(
        &mut self,
        buf: &mut [u8],
        pending: Option<u8>,
        from_client: bool,
        room: Room,
    ) -> Result<Option<Frame>, Violation> {
        self.check_start(buf, pending, from_client)?;
        let Some(header) = Header::parse(buf) else {
            return Ok(None);
        };
        if header.payload > i64::MAX as u64 {
            return Err(Violation::NegativeLength);
        }
        let payload = usize::try_from(header.payload)
            .ok()
            .filter(|&n| n <= room.frame.saturating_sub(header.len))
            .ok_or(Violation::TooBig)?;
        if payload > room.payload
            && !is_control(header.first)
            && !is_compressed(header.first, pending)
        {
            return Err(Violation::MessageTooBig);
        }
        let frame = Frame {
            first: header.first,
            header: header.len,
            payload,
        };
        let available = &mut buf[header.len..];
        let available = if available.len() > payload {
            &mut available[..payload]
        } else {
            available
        };
        self.take(&header, available, pending)?;
        if available.len() < payload {
            return Ok(None);
        }
        self.done = 0;
        self.check_end(frame, available, pending)?;
        Ok(Some(frame))
    }

    /// Checks the first two bytes of a frame, as far as they are there.
    fn check_start(
        &self,
        buf: &[u8],
        pending: Option<u8>,
        from_client: bool,
    ) -> Result<(), Violation> {
        let Some(&first) = buf.first() else {
            return Ok(());
        };
        let may_be_compressed =
            self.inflates && matches!(opcode(first), opcode::TEXT | opcode::BINARY);
        let allowed = if may_be_compressed { RSV1 } else { 0 };
        if first & RESERVED & !allowed != 0 {
            return Err(Violation::ReservedBits);
        }
        let is_control = match opcode(first) {
            opcode::CONTINUE => false,
            opcode::TEXT | opcode::BINARY if pending.is_some() => {
                return Err(Violation::Interleaved);
            }
            opcode::TEXT | opcode::BINARY => false,
            opcode::CLOSE | opcode::PING | opcode::PONG if first & FIN == 0 => {
                return Err(Violation::FragmentedControl);
            }
            opcode::CLOSE | opcode::PING | opcode::PONG => true,
            op => return Err(Violation::UnknownOpcode(op)),
        };
        let Some(&second) = buf.get(1) else {
            return Ok(());
        };
        let (masked, length) = Header::second(second);
        if masked != from_client {
            return Err(if masked {
                Violation::Masked
            } else {
                Violation::Unmasked
            });
        }
        if is_control && usize::from(length) > MAX_CONTROL {
            return Err(Violation::LongControl);
        }
        // Programs send an empty one to get a connection going; it says nothing, so it is let pass.
        if opcode(first) == opcode::CONTINUE && pending.is_none() && length > 0 {
            return Err(Violation::StrayContinuation);
        }
        Ok(())
    }

    /// Unmasks and checks what is new of a payload.
    fn take(
        &mut self,
        header: &Header,
        available: &mut [u8],
        pending: Option<u8>,
    ) -> Result<(), Violation> {
        if self.done > available.len() {
            // Somebody took bytes away.
            self.done = 0;
        }
        let new = &mut available[self.done..];
        if let Some(key) = header.mask {
            mask::apply(new, key, self.done);
        }
        if is_text(header.first, pending) {
            if self.done == 0 && opcode(header.first) == opcode::TEXT {
                self.utf8 = Utf8::default();
            }
            if !self.utf8.push(new) {
                return Err(Violation::BadUtf8);
            }
        }
        self.done = available.len();
        Ok(())
    }

    fn check_end(
        &self,
        frame: Frame,
        payload: &[u8],
        pending: Option<u8>,
    ) -> Result<(), Violation> {
        if frame.opcode() == opcode::CLOSE {
            close::check(payload)?;
        }
        if frame.is_final() && is_text(frame.first, pending) && !self.utf8.is_complete() {
            return Err(Violation::BadUtf8);
        }
        Ok(())
    }
}

fn is_control(first: u8) -> bool {
    matches!(opcode(first), opcode::CLOSE | opcode::PING | opcode::PONG)
}

/// The first byte of the message that a data frame belongs to.
fn first_of_message(first: u8, pending: Option<u8>) -> u8 {
    match opcode(first) {
        opcode::CONTINUE => pending.unwrap_or(first),
        _ => first,
    }
}

/// True for frames of compressed messages.
fn is_compressed(first: u8, pending: Option<u8>) -> bool {
    first_of_message(first, pending) & RSV1 != 0
}

/// True for frames of text messages that are not compressed.
fn is_text(first: u8, pending: Option<u8>) -> bool {
    let first = first_of_message(first, pending);
    opcode(first) == opcode::TEXT && first & RSV1 == 0
}

#[cfg(test)]
mod tests;
