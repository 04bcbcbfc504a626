//! Limits that a program sets: sizes, times, and how many connections there may be.
//!
//! A connection with limits carries a [`Watch`], which knows what is to happen by when. Deadlines of a
//! manager's connections stand in one heap. Traffic moves them only further away, which is noticed
//! when they are due: a byte that arrives costs no work there. What happens to a connection that
//! exceeds a limit is up to `net::limits`.

mod deadlines;
pub mod ffi;
mod shared;
mod watch;

pub use ffi::mg_limits as Limits;
pub use shared::Shared;
pub use watch::{Cause, Phase, Slot, Watch};

impl Limits {
    pub const NONE: Limits = Limits {
        size: size_of::<Limits>(),
        recv_size: 0,
        send_size: 0,
        header_size: 0,
        header_count: 0,
        body_size: 0,
        message_size: 0,
        connections: 0,
        connect_timeout: 0,
        handshake_timeout: 0,
        header_timeout: 0,
        body_timeout: 0,
        body_rate: 0,
        write_timeout: 0,
        idle_timeout: 0,
    };
}
