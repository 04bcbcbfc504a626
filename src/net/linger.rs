//! Sockets whose connection is gone, and which go on discarding input until the peer closes, too: closing
//! a socket with unread input resets it, and the peer loses what it has not read yet (RFC 9112, section 9.6).

use super::poll::HOUSEKEEPING_MS;
use super::socket;
use crate::ffi::heap::strictly;
use crate::stats::Counter;
use crate::util::ffi::mg_millis;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::c_int;
use std::io;

/// How long a socket may go on discarding input.
const LINGER_MS: u64 = 2000;
/// How many do; then the oldest is closed at once.
const MAX_LINGERING: usize = 256;

#[derive(Default)]
pub(super) struct Lingering {
    /// Each with the time at which it is closed in any case (mg_millis).
    sockets: RefCell<VecDeque<(c_int, u64)>>,
    /// When they were looked at (mg_millis).
    served: Cell<u64>,
}

impl Lingering {
    /// Ends the output of a socket, and closes it when the peer does or has waited long enough. `received`
    /// counts what is discarded.
    pub fn add(&self, fd: c_int, received: &Counter) {
        // SAFETY: shutdown accepts any descriptor.
        unsafe { libc::shutdown(fd, libc::SHUT_WR) };
        if discard_input(fd, received) {
            return socket::close(fd);
        }
        if self.sockets.borrow().len() >= MAX_LINGERING {
            self.drop_oldest();
        }
        let mut sockets = self.sockets.borrow_mut();
        if strictly(|| sockets.try_reserve(1)).is_ok() {
            sockets.push_back((fd, mg_millis() + LINGER_MS));
        } else {
            socket::close(fd);
        }
    }

    /// When the sockets have to be looked at, if there are any (mg_millis).
    pub fn due(&self) -> Option<u64> {
        (!self.sockets.borrow().is_empty()).then(|| self.served.get() + HOUSEKEEPING_MS)
    }

    /// Discards input, and closes the sockets that are done.
    pub fn serve(&self, now: u64, received: &Counter) {
        self.served.set(now);
        self.sockets.borrow_mut().retain(|&(fd, deadline)| {
            let keep = now < deadline && !discard_input(fd, received);
            if !keep {
                socket::close(fd);
            }
            keep
        });
    }

    /// Closes the socket that has waited longest. False when there is none.
    pub fn drop_oldest(&self) -> bool {
        let oldest = self.sockets.borrow_mut().pop_front();
        if let Some((fd, _)) = oldest {
            socket::close(fd);
        }
        oldest.is_some()
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        while self.drop_oldest() {}
    }
}

/// Reads and drops what is there, within a bound. True when the stream has ended.
fn discard_input(fd: c_int, received: &Counter) -> bool {
    let mut scratch = [0u8; 4096];
    for _ in 0..64 {
        // SAFETY: the buffer is as long as stated.
        let n = unsafe {
            libc::recv(
                fd,
                scratch.as_mut_ptr().cast(),
                scratch.len(),
                libc::MSG_DONTWAIT,
            )
        };
        match usize::try_from(n) {
            Ok(0) => return true,
            Ok(n) => received.add(n),
            Err(_) => {
                return !matches!(
                    io::Error::last_os_error().kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                );
            }
        }
    }
    false
}
