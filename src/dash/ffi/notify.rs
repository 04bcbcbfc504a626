//! Browsers that watch a dashboard through a WebSocket.
#![allow(unsafe_code)]

use super::sets::{Set, sets};
use super::users::{End, User};
use super::{mg_dash, mg_mgr};
use crate::dash::value::Json;
use crate::net::{self, Flag, mg_connection};
use crate::ws::ffi::mg_ws_send;
use std::cell::Cell;
use std::ffi::c_int;
use std::sync::Arc;

/// What the dashboard remembers about a connection.
#[derive(Default)]
pub struct DashConn {
    /// The request at hand was answered before it was complete.
    answered: Cell<bool>,
    watcher: Cell<Option<Box<Watcher>>>,
}

/// A WebSocket of a browser.
#[derive(Clone)]
struct Watcher {
    user: Arc<User>,
    dash: *mut mg_dash,
}

const TEXT: c_int = 1;
/// A browser that leaves so much unread is gone.
const MAX_QUEUED: usize = 1024 * 1024;

fn state(c: &mg_connection) -> Option<&DashConn> {
    c.private().map(|private| &private.dash)
}

pub fn set_answered(c: &mg_connection) {
    if let Some(state) = state(c) {
        state.answered.set(true);
    }
}

pub fn take_answered(c: &mg_connection) -> bool {
    state(c).is_some_and(|state| state.answered.take())
}

pub fn watch(c: &mg_connection, dash: *mut mg_dash, user: &Arc<User>) {
    let watcher = Watcher {
        user: Arc::clone(user),
        dash,
    };
    match (state(c), crate::ffi::alloc::try_box(watcher)) {
        (Some(state), Some(watcher)) => state.watcher.set(Some(watcher)),
        _ => net::error(c, b"OOM"),
    }
}

pub fn forget(c: &mg_connection) {
    if let Some(state) = state(c) {
        state.watcher.take();
    }
}

fn watcher(c: &mg_connection) -> Option<Watcher> {
    let state = state(c)?;
    let watcher = state.watcher.take()?;
    let copy = (*watcher).clone();
    state.watcher.set(Some(watcher));
    Some(copy)
}

/// True when the session of this browser has ended.
pub(crate) fn is_due(c: &mg_connection) -> bool {
    watcher(c).is_some_and(|watcher| watcher.user.end() != End::No)
}

/// Lets go of a browser whose session ended.
pub fn check(c: &mg_connection) {
    if !c.is(Flag::Websocket) {
        return;
    }
    let Some(watcher) = watcher(c) else { return };
    match watcher.user.end() {
        End::No => {}
        End::LoggedOut => {
            forget(c);
            send(c, b"{\"method\":\"logout\"}");
            c.set(Flag::Draining, true);
        }
        End::Over => {
            forget(c);
            c.set(Flag::Closing, true);
        }
    }
}

fn send(c: &mg_connection, text: &[u8]) {
    // SAFETY: a slice is as long as it says.
    if unsafe { mg_ws_send(c.as_ptr(), text.as_ptr().cast(), text.len(), TEXT) } == 0 {
        net::error(c, b"OOM");
    }
}

/// Tells all browsers that watch the set's dashboard.
pub fn send_change(mgr: *mut mg_mgr, set: Set) {
    // SAFETY: NULL, or a manager.
    let Some(mgr) = (unsafe { mgr.as_ref() }) else {
        return;
    };
    net::for_each(mgr, |c| {
        if !c.is(Flag::Websocket) || c.any(LEAVING) {
            return;
        }
        let Some(watcher) = watcher(c) else { return };
        // A dashboard whose listeners are gone may be gone itself.
        if watcher.user.end() != End::No || !sets(watcher.dash).any(|own| own == set) {
            return;
        }
        if c.send.len.get() > MAX_QUEUED {
            return net::error(c, b"notifications are not read");
        }
        if let Some(text) = change(set, &watcher.user)
            && !c.is_dead()
        {
            send(c, &text);
        }
    });
}

const LEAVING: u32 = 1 << Flag::Closing as u8 | 1 << Flag::Draining as u8;

/// The message for a user; `None` when there is nothing for that one to see.
fn change(set: Set, user: &User) -> Option<Vec<u8>> {
    let before = set.index();
    let mut json = Json::default();
    json.raw(b"{\"method\":\"change\",\"params\":{\"");
    set.with_name(|name| json.escaped(name));
    match before {
        Some(index) if index < 0 => {
            let size = set.size(user);
            if size < 0 {
                return None;
            }
            json.raw(b"\":");
            json.integer(size);
        }
        _ => {
            let read = set.read(user);
            let now = set.index();
            if let Some(before) = before {
                set.set_index(before);
            }
            if !read || now.is_some_and(|index| index < 0) {
                return None;
            }
            if let Some(index) = now {
                json.raw(b"/");
                json.integer(index);
            }
            json.raw(b"\":");
            set.write_object(&mut json);
        }
    }
    json.raw(b"}}");
    json.finish()
}
