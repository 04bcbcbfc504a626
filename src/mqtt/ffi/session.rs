//! MQTT sessions that outlive their connections.
//!
//! A session is shared between the program, which closes it, and the frames that are at work for it: a handler
//! may close it in the middle of anything.
#![allow(unsafe_code)]

use super::client::{Client, Settings, client, release};
use super::{mg_mqtt_opts, options, properties_of, subscription, with_login};
use crate::ffi::guard;
use crate::ffi::str::cstr;
use crate::fmt::Sink;
use crate::mqtt::cmd;
use crate::mqtt::message::{Publish, Refusal, V5, first_byte, publish_first_byte, put_varint};
use crate::mqtt::session::Limits;
use crate::net::{mg_event_handler_t, mg_mgr};
use std::ffi::{CString, c_char, c_void};
use std::ptr::null_mut;

/// An MQTT client session, see mg_mqtt_session_open().
#[repr(C)]
pub struct mg_mqtt_session {
    _opaque: [u8; 0],
}

/// What mg_mqtt_session_open() needs. Zero the struct, then set `size`, `url`, and what else is wanted.
/// Nothing is kept after the call but `fn_data`.
#[repr(C)]
pub struct mg_mqtt_session_opts {
    /// sizeof(struct mg_mqtt_session_opts), for later versions of this library.
    pub size: usize,
    /// URL of the broker, see mg_mqtt_connect().
    pub url: *const c_char,
    /// What to log in with, see mg_mqtt_login(). An empty `client_id` becomes a random one that stays the same.
    /// With `clean` false the broker is asked to keep its side of the session; MQTT 5 brokers do so only with the
    /// property MQTT_PROP_SESSION_EXPIRY_INTERVAL. The library sends the pings that `keepalive` promises, or
    /// Server Keep Alive of a broker of MQTT 5.
    pub login: mg_mqtt_opts,
    /// Handler of each connection, with the events of mg_mqtt_connect(), or NULL.
    pub r#fn: mg_event_handler_t,
    /// `c->fn_data` of each connection.
    pub fn_data: *mut c_void,
    /// Milliseconds until the first new attempt, and at most between later ones, each of which waits twice as
    /// long as the one before, less a random part. 0 stands for 1000 and 60000.
    pub reconnect_min_ms: u32,
    /// See `reconnect_min_ms`.
    pub reconnect_max_ms: u32,
    /// Milliseconds that connecting and logging in may take; 0 stands for 10000.
    pub connect_timeout_ms: u32,
    /// Most messages of quality of service 1 and 2 that are kept until they are acknowledged; 0 stands for 1000.
    pub max_messages: usize,
    /// Most bytes of their packets; 0 stands for 1 MB.
    pub max_bytes: usize,
}

/// Opens a client session that survives its connections.
///
/// It connects at once and again whenever the connection is lost; pings the broker and drops a connection
/// that stays silent; keeps messages of quality of service 1 and 2 until they are acknowledged and sends them
/// again on the next connection, in order and marked as duplicates (section 4.4 of the standard); renews
/// subscriptions when the broker has forgotten them; and does not deliver a message of quality of service 2
/// twice. The handler gets the events of each connection, and may close it: the next one follows.
///
/// Returns the session, which the program releases with mg_mqtt_session_close() before mg_mgr_free(), or NULL when
/// `url` is missing, an option cannot be expressed (see mg_mqtt_login()), or memory is exhausted. All functions
/// on it belong to the thread of its manager, and may be called in any handler.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_session_open(
    mgr: *mut mg_mgr,
    opts: *const mg_mqtt_session_opts,
) -> *mut mg_mqtt_session {
    guard(null_mut(), || {
        // SAFETY: pointer contract.
        let Some(opts) = (unsafe { opts.as_ref() }) else {
            return null_mut();
        };
        let complete = opts.size >= size_of::<mg_mqtt_session_opts>();
        if mgr.is_null() || opts.url.is_null() || !complete {
            crate::log::error(format_args!("mg_mqtt_session_open: invalid options"));
            return null_mut();
        }
        // SAFETY: pointer contract.
        let connect = unsafe {
            with_login(&opts.login, |m| {
                encode(Ok(first_byte(cmd::CONNECT)), |out| m.write(out))
            })
        };
        let Some(connect) = connect else {
            return null_mut();
        };
        Client::begin(Settings {
            mgr,
            // SAFETY: pointer contract; the text ends at its first NUL.
            url: CString::new(unsafe { cstr(opts.url) }).unwrap_or_default(),
            connect,
            v5: opts.login.version == V5,
            keepalive: opts.login.keepalive,
            f: opts.r#fn,
            fn_data: opts.fn_data,
            reconnect_min_ms: given(opts.reconnect_min_ms).unwrap_or(1000),
            reconnect_max_ms: given(opts.reconnect_max_ms).unwrap_or(60_000),
            connect_timeout_ms: given(opts.connect_timeout_ms).unwrap_or(10_000),
            limits: Limits {
                messages: given(opts.max_messages).unwrap_or(1000),
                bytes: given(opts.max_bytes).unwrap_or(1 << 20),
            },
        })
        .cast()
    })
}

/// An option, unless it is 0, which stands for the default.
fn given<T: Default + PartialEq>(value: T) -> Option<T> {
    Some(value).filter(|value| *value != T::default())
}

/// Sends a message: `topic`, `message`, `qos`, `retain`, and `props` with MQTT 5 of `opts`. A topic alias must not be
/// among them, since it means something on one connection only.
///
/// With `qos` 1 or 2 the message is kept until the broker has acknowledged it, and `*id`, unless `id` is NULL, is the
/// packet id, with which MG_EV_MQTT_CMD tells of MQTT_CMD_PUBACK or MQTT_CMD_PUBCOMP. With `qos` 0 it is sent if the
/// broker is connected. False when it is not, when as much is kept as may be, when an option cannot be
/// expressed, when the packet is larger than the connected broker takes (Maximum Packet Size), or when memory is
/// exhausted; nothing was kept or sent then. What was kept for a broker that turns out to take less is
/// forgotten, and logged as an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_session_pub(
    session: *mut mg_mqtt_session,
    opts: *const mg_mqtt_opts,
    id: *mut u16,
) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let (Some(client), opts) = (unsafe { client(session.cast()) }, unsafe { options(opts) })
        else {
            return false;
        };
        let new = if opts.qos > 0 {
            client.session.borrow_mut().next_id()
        } else {
            None
        };
        if opts.qos > 0 && new.is_none() {
            return false;
        }
        // SAFETY: pointer contract.
        let message = unsafe {
            Publish {
                topic: opts.topic.as_bytes(),
                message: opts.message.as_bytes(),
                id: new,
                props: properties_of(client.is_v5(), opts.props, opts.num_props),
            }
        };
        let packet = encode(publish_first_byte(opts.qos, opts.retain, false), |out| {
            message.write(out)
        });
        let Some(packet) = packet else {
            return false;
        };
        let Some(number) = new else {
            return client.send_at_once(&packet);
        };
        let kept = client
            .session
            .borrow_mut()
            .publish(number, opts.qos, packet);
        // SAFETY: pointer contract.
        if let (true, Some(id)) = (kept, unsafe { id.as_mut() }) {
            *id = number;
        }
        client.flush();
        kept
    })
}

/// Subscribes to the topic filter `topic` of `opts` with its `qos` and, with MQTT 5, its `props`. The subscription
/// lasts until mg_mqtt_session_unsub(). False when an option cannot be expressed, no packet id is free, or memory is
/// exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_session_sub(
    session: *mut mg_mqtt_session,
    opts: *const mg_mqtt_opts,
) -> bool {
    // SAFETY: same contract.
    guard(false, || unsafe {
        subscribe(session, opts, cmd::SUBSCRIBE)
    })
}

/// Ends the subscription to the topic filter `topic` of `opts`. False when an option cannot be expressed, no packet id
/// is free, or memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_session_unsub(
    session: *mut mg_mqtt_session,
    opts: *const mg_mqtt_opts,
) -> bool {
    // SAFETY: same contract.
    guard(false, || unsafe {
        subscribe(session, opts, cmd::UNSUBSCRIBE)
    })
}

/// # Safety
/// Pointer contract.
unsafe fn subscribe(session: *mut mg_mqtt_session, opts: *const mg_mqtt_opts, command: u8) -> bool {
    // SAFETY: pointer contract.
    let (Some(client), opts) = (unsafe { client(session.cast()) }, unsafe { options(opts) }) else {
        return false;
    };
    let Some(id) = client.session.borrow_mut().next_id() else {
        return false;
    };
    // SAFETY: pointer contract.
    let (message, filter) = unsafe {
        (
            subscription(client.is_v5(), opts, id, command),
            opts.topic.as_bytes(),
        )
    };
    let Some(packet) = encode(Ok(first_byte(command)), |out| message.write(out)) else {
        return false;
    };
    let ends = command == cmd::UNSUBSCRIBE;
    client
        .session
        .borrow_mut()
        .subscribe(id, filter, packet, ends);
    client.flush();
    true
}

/// How many messages of quality of service 1 and 2 have not been acknowledged to the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_session_pending(session: *const mg_mqtt_session) -> usize {
    guard(0, || {
        // SAFETY: pointer contract.
        unsafe { client(session.cast()) }.map_or(0, |client| client.session.borrow().pending())
    })
}

/// True when the broker has accepted the connection of the session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_session_connected(session: *const mg_mqtt_session) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        unsafe { client(session.cast()) }
            .is_some_and(|client| client.session.borrow().is_connected())
    })
}

/// Ends a session: DISCONNECT is sent, the connection closes once everything queued on it is sent, and what was not
/// acknowledged is forgotten. NULL does nothing. The handler still gets the events of that connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_session_close(session: *mut mg_mqtt_session) {
    // SAFETY: pointer contract.
    guard((), || unsafe { release(session.cast()) });
}

/// A packet in memory of its own; `None` (logged) when an option cannot be expressed or memory is exhausted.
fn encode(
    first: Result<u8, Refusal>,
    write: impl Fn(&mut dyn Sink) -> Result<(), Refusal>,
) -> Option<Vec<u8>> {
    let mut body = Bytes::default();
    let mut packet = Bytes::default();
    let written = write(&mut body).and_then(|()| {
        packet.put(&[first?]);
        put_varint(&mut packet, body.bytes.len())
    });
    if let Err(refusal) = written {
        crate::log::error(format_args!("{refusal}"));
        return None;
    }
    packet.put(&body.bytes);
    if body.is_short || packet.is_short {
        crate::log::error(format_args!("OOM"));
        return None;
    }
    Some(packet.bytes)
}

/// Memory that may run out.
#[derive(Default)]
struct Bytes {
    bytes: Vec<u8>,
    is_short: bool,
}

impl Sink for Bytes {
    fn put(&mut self, bytes: &[u8]) {
        if self.bytes.try_reserve(bytes.len()).is_ok() {
            self.bytes.extend_from_slice(bytes);
        } else {
            self.is_short = true;
        }
    }
}
