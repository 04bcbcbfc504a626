//! MQTT sessions that outlive their connections.
//!
//! A session is shared between the program, which closes it, and the frames that are at work for it: a handler
//! may close it in the middle of anything.
#![allow(unsafe_code)]

use super::conn::mqtt_handler;
use super::{
    append, mg_mqtt_message, mg_mqtt_opts, mg_mqtt_ping, options, properties_of, subscription,
    with_login,
};
use crate::ffi::guard;
use crate::ffi::str::cstr;
use crate::fmt::Sink;
use crate::mqtt::alive::{Backoff, Due, KeepAlive};
use crate::mqtt::cmd;
use crate::mqtt::message::{Publish, Refusal, V5, first_byte, publish_first_byte, put_varint};
use crate::mqtt::packet::{self, Packet, Parsed};
use crate::mqtt::property;
use crate::mqtt::session::{Limits, Session};
use crate::net::ffi::mg_connect_svc;
use crate::net::{self, Flag, ev, mg_connection, mg_event_handler_t, mg_mgr};
use crate::timer::ffi::{mg_timer, mg_timer_free, mg_timer_init};
use crate::util::ffi::{mg_millis, random_bytes};
use std::cell::{Cell, RefCell, UnsafeCell};
use std::ffi::{CString, c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};
use std::rc::Rc;

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

struct Client {
    mgr: *mut mg_mgr,
    url: CString,
    connect: Vec<u8>,
    v5: bool,
    keepalive: u16,
    f: mg_event_handler_t,
    fn_data: *mut c_void,
    connect_timeout_ms: u64,
    /// In the list of the manager until the session is closed.
    timer: UnsafeCell<MaybeUninit<mg_timer>>,
    conn: Cell<*mut mg_connection>,
    closed: Cell<bool>,
    /// When to connect again, or when the present attempt has taken too long (mg_millis).
    deadline: Cell<u64>,
    session: RefCell<Session>,
    backoff: RefCell<Backoff>,
    alive: RefCell<KeepAlive>,
    /// Bytes that the broker's system had not acknowledged when that was last looked at.
    unacknowledged: Cell<usize>,
    /// What the broker did not release of the messages it sent, between two connections.
    unreleased: RefCell<Vec<u16>>,
}

/// Between looks at the clock of a session that waits for nothing.
const IDLE_MS: u64 = 3_600_000;
/// How often one looks whether the program has given back a connection that it took over.
const LOOK_MS: u64 = 1000;
/// MG_TIMER_REPEAT
const REPEAT: u32 = 1;

/// The session at `s`, kept for as long as the result lives.
///
/// # Safety
/// NULL, or a session that was not closed.
unsafe fn client(s: *const c_void) -> Option<Rc<Client>> {
    let client = s.cast::<Client>();
    if client.is_null() {
        return None;
    }
    // SAFETY: it came from Rc::into_raw, and the reference of the program is still there.
    unsafe {
        Rc::increment_strong_count(client);
        Some(Rc::from_raw(client))
    }
}

/// The manager that a session belongs to.
///
/// # Safety
/// `s` is a session that was not closed.
#[cfg(all(debug_assertions, target_os = "linux"))]
pub(crate) unsafe fn manager(s: *const c_void) -> *const mg_mgr {
    // SAFETY: it came from Rc::into_raw, and the member never changes.
    unsafe { (*s.cast::<Client>()).mgr }
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
        let first_ms = given(opts.reconnect_min_ms).unwrap_or(1000);
        let most_ms = given(opts.reconnect_max_ms).unwrap_or(60_000);
        let timeout_ms = given(opts.connect_timeout_ms).unwrap_or(10_000);
        let client = Rc::new(Client {
            mgr,
            // SAFETY: pointer contract; the text ends at its first NUL.
            url: CString::new(unsafe { cstr(opts.url) }).unwrap_or_default(),
            connect,
            v5: opts.login.version == V5,
            keepalive: opts.login.keepalive,
            f: opts.r#fn,
            fn_data: opts.fn_data,
            connect_timeout_ms: timeout_ms.into(),
            timer: UnsafeCell::new(MaybeUninit::zeroed()),
            conn: Cell::new(null_mut()),
            closed: Cell::new(false),
            deadline: Cell::new(0),
            session: RefCell::new(Session::new(Limits {
                messages: given(opts.max_messages).unwrap_or(1000),
                bytes: given(opts.max_bytes).unwrap_or(1 << 20),
            })),
            backoff: RefCell::new(Backoff::new(first_ms, most_ms)),
            alive: RefCell::default(),
            unacknowledged: Cell::new(0),
            unreleased: RefCell::default(),
        });
        let raw = Rc::into_raw(client.clone()).cast_mut();
        // SAFETY: the timer lives in the session, which takes it out of the list before it goes.
        unsafe {
            mg_timer_init(
                &raw mut (*mgr).timers as *mut *mut mg_timer,
                client.timer.get().cast(),
                IDLE_MS,
                REPEAT,
                Some(on_tick),
                raw.cast(),
            );
        }
        client.open();
        raw.cast()
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
                props: properties_of(client.v5, opts.props, opts.num_props),
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
            subscription(client.v5, opts, id, command),
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
    guard((), || {
        // SAFETY: pointer contract.
        let Some(client) = (unsafe { client(session.cast()) }) else {
            return;
        };
        client.closed.set(true);
        // SAFETY: the manager outlives its sessions, by contract.
        unsafe {
            mg_timer_free(
                &raw mut (*client.mgr).timers as *mut *mut mg_timer,
                client.timer.get().cast(),
            );
        }
        // SAFETY: NULL, or alive: MG_EV_CLOSE takes it away.
        let c = unsafe { client.conn.replace(null_mut()).as_ref() };
        if let Some(p) = c.and_then(mg_connection::private) {
            p.mqtt.session.set(null());
        }
        // One that the program has taken over is left alone.
        if let Some(c) = c.filter(|c| is_served(c)) {
            if c.pfn.get().map(|f| f as usize) == Some(session_handler as *const () as usize) {
                c.pfn.set(Some(mqtt_handler));
            }
            if c.pfn_data.get() == session.cast() {
                c.pfn_data.set(null_mut());
            }
            if client.session.borrow().is_connected() {
                append(c, &[first_byte(cmd::DISCONNECT), 0]);
                c.set(Flag::Draining, true);
            } else {
                c.set(Flag::Closing, true);
            }
        }
        // SAFETY: the program's reference, which mg_mqtt_session_open() gave it.
        unsafe { drop(Rc::from_raw(session.cast::<Client>())) };
    });
}

unsafe extern "C" fn on_tick(session: *mut c_void) {
    guard((), || {
        // SAFETY: the timer runs as long as the session is not closed.
        if let Some(client) = unsafe { client(session) } {
            client.tick();
            client.set_timer();
        }
    });
}

/// Protocol handler of a session's connections.
unsafe extern "C" fn session_handler(c: *mut mg_connection, event: c_int, data: *mut c_void) {
    // SAFETY: handlers are called with a live connection.
    let Some(connection) = (unsafe { c.as_ref() }) else {
        return;
    };
    let session = match event {
        ev::OPEN => connection.pfn_data.get().cast_const(),
        _ => connection
            .private()
            .map_or(null(), |p| p.mqtt.session.get()),
    };
    // SAFETY: mg_mqtt_session_close() takes it away.
    let Some(client) = (unsafe { client(session) }) else {
        // A program that put a function in front of this one outlives the session.
        // SAFETY: same contract.
        return unsafe { mqtt_handler(c, event, data) };
    };
    net::contain(connection, (), || match event {
        ev::OPEN => {
            client.conn.set(c);
            if let Some(p) = connection.private() {
                p.mqtt.session.set(Rc::as_ptr(&client).cast());
            }
        }
        ev::READ => {
            client.alive.borrow_mut().received(mg_millis());
            // SAFETY: same contract.
            unsafe { mqtt_handler(c, event, data) };
        }
        ev::WRITE => {
            client.alive.borrow_mut().sent(mg_millis());
            // SAFETY: same contract.
            unsafe { mqtt_handler(c, event, data) };
        }
        ev::MQTT_CMD => {
            // SAFETY: the event's data, and what it points to in the receive buffer.
            let whole = unsafe { (*data.cast::<mg_mqtt_message>()).dgram.as_bytes() };
            let mut packet = Packet::default();
            if packet::parse(whole, client.v5, &mut packet) == Parsed::Complete {
                client.heard(connection, &packet);
            }
            client.flush();
        }
        _ => {}
    });
}

/// A connection closes. That is told here, since a program may put another protocol handler in the place of the session's.
pub(crate) fn closed(c: &mg_connection) {
    let session = c
        .private()
        .map_or(null(), |p| p.mqtt.session.replace(null()));
    // SAFETY: mg_mqtt_session_close() forgets it.
    if let Some(client) = unsafe { client(session) }
        && client.conn.get() == c.as_ptr()
    {
        client.lost(c);
    }
}

/// False when the program has taken the raw data of a connection over.
fn is_served(c: &mg_connection) -> bool {
    c.pfn.get().is_some()
}

impl Client {
    /// The connection, unless the program has taken it over.
    fn served(&self) -> Option<&mg_connection> {
        // SAFETY: NULL, or alive: `closed` takes it away.
        unsafe { self.conn.get().as_ref() }.filter(|c| is_served(c))
    }

    /// Lets the timer run when the session has something to do. It may run earlier than that.
    fn set_timer(&self) {
        let due = if !self.conn.get().is_null() && self.served().is_none() {
            // It may be given back.
            Some(mg_millis() + LOOK_MS)
        } else if self.session.borrow().is_connected() {
            self.alive.borrow().next_check()
        } else {
            Some(self.deadline.get())
        };
        let now = mg_millis();
        let wait = due.map_or(IDLE_MS, |at| at.saturating_sub(now).max(1));
        // SAFETY: mg_timer_init() made a timer of it, whose members are cells.
        let timer = unsafe { &*self.timer.get().cast::<mg_timer>() };
        timer.period_ms.set(wait);
        timer.expire.set(now + wait);
    }

    /// Connects.
    fn open(self: &Rc<Client>) {
        self.connect_now();
        self.set_timer();
    }

    fn connect_now(self: &Rc<Client>) {
        let now = mg_millis();
        self.deadline.set(now + self.connect_timeout_ms);
        *self.alive.borrow_mut() = KeepAlive::new(self.keepalive, now);
        let data = Rc::as_ptr(self).cast_mut().cast();
        // SAFETY: the manager outlives its sessions, by contract.
        let c = unsafe {
            mg_connect_svc(
                self.mgr,
                self.url.as_ptr(),
                self.f,
                self.fn_data,
                Some(session_handler),
                data,
            )
        };
        // SAFETY: NULL, or a connection that is alive.
        let Some(c) = (unsafe { c.as_ref() }) else {
            if self.conn.get().is_null() && !self.closed.get() {
                self.deadline.set(now + self.delay());
            }
            return;
        };
        if self.closed.get() || c.is(Flag::Closing) {
            return;
        }
        c.set(Flag::Mqtt5, self.v5);
        if let Some(p) = c.private() {
            p.mqtt.set_unreleased(self.unreleased.take());
        }
        if !append(c, &self.connect) {
            net::error(c, b"OOM");
        }
    }

    fn delay(&self) -> u64 {
        let mut random = [0; 4];
        random_bytes(&mut random);
        self.backoff
            .borrow_mut()
            .next_ms(u32::from_ne_bytes(random))
    }

    /// The connection is closed.
    fn lost(&self, c: &mg_connection) {
        self.conn.set(null_mut());
        self.session.borrow_mut().disconnected();
        if let Some(p) = c.private() {
            *self.unreleased.borrow_mut() = p.mqtt.take_unreleased();
        }
        self.deadline.set(mg_millis() + self.delay());
        self.set_timer();
    }

    fn tick(self: &Rc<Client>) {
        let now = mg_millis();
        if self.conn.get().is_null() {
            if now >= self.deadline.get() {
                self.open();
            }
            return;
        }
        let Some(c) = self.served().filter(|c| !c.is(Flag::Closing)) else {
            return;
        };
        if !self.session.borrow().is_connected() {
            if now >= self.deadline.get() {
                net::error(c, b"MQTT connect timeout");
            }
            return;
        }
        if c.is(Flag::Full) {
            // The program does not want to hear; nobody knows what the broker said.
            self.alive.borrow_mut().received(now);
        }
        // A large message may be on its way between two events of the socket.
        let unacknowledged = net::unacknowledged(c);
        if unacknowledged < self.unacknowledged.replace(unacknowledged) {
            self.alive.borrow_mut().sent(now);
        }
        let due = self.alive.borrow_mut().check(now);
        match due {
            Due::Nothing => {}
            // SAFETY: it is alive.
            Due::Ping => unsafe { mg_mqtt_ping(c.as_ptr()) },
            Due::Lost => net::error(c, b"MQTT keep-alive timeout"),
        }
    }

    /// The broker sent a packet.
    fn heard(&self, c: &mg_connection, packet: &Packet<'_>) {
        let mut session = self.session.borrow_mut();
        match packet.cmd {
            // There is one per connection [MQTT-3.2.0-2].
            cmd::CONNACK if session.is_connected() => {}
            cmd::CONNACK if packet.ack == 0 => {
                let present = packet.body.first().is_some_and(|flags| flags & 1 != 0);
                if !present && let Some(p) = c.private() {
                    p.mqtt.take_unreleased();
                }
                let offer = Offer::read(packet);
                session.connected(present, offer.receive_maximum);
                let forgotten = session.limit_packets(offer.maximum_packet_size);
                if forgotten > 0 {
                    crate::log::error(format_args!(
                        "{} {forgotten} messages are larger than the broker takes",
                        c.id.get()
                    ));
                }
                if let Some(seconds) = offer.server_keep_alive {
                    *self.alive.borrow_mut() = KeepAlive::new(seconds, mg_millis());
                }
                self.backoff.borrow_mut().reset();
                drop(session);
                self.set_timer();
            }
            command => session.acknowledged(command, packet.id, packet.is_failure()),
        }
    }

    /// Sends what is due.
    fn flush(&self) {
        let Some(c) = self.served() else {
            return;
        };
        if c.any(1 << Flag::Closing as u8 | 1 << Flag::Draining as u8) {
            return;
        }
        let mut failed = false;
        while self.session.borrow_mut().send_next(|packet| {
            failed = !append(c, packet);
            !failed
        }) {}
        if failed {
            net::error(c, b"OOM");
        }
    }

    fn send_at_once(&self, packet: &[u8]) -> bool {
        let session = self.session.borrow();
        let ready = session.is_connected() && session.takes(packet.len());
        drop(session);
        self.served()
            .is_some_and(|c| ready && !c.is(Flag::Closing) && append(c, packet))
    }
}

/// What the broker of MQTT 5 says in CONNACK (section 3.2.2.3) of what it takes and expects.
#[derive(Default)]
struct Offer {
    receive_maximum: Option<u16>,
    maximum_packet_size: Option<u32>,
    server_keep_alive: Option<u16>,
}

impl Offer {
    fn read(packet: &Packet<'_>) -> Offer {
        const SERVER_KEEP_ALIVE: u8 = 0x13;
        const RECEIVE_MAXIMUM: u8 = 0x21;
        const MAXIMUM_PACKET_SIZE: u8 = 0x27;
        let mut offer = Offer::default();
        let mut rest = packet.whole.get(packet.props.clone()).unwrap_or_default();
        while let Some((property, size)) = property::read(rest) {
            match property.id {
                SERVER_KEEP_ALIVE => offer.server_keep_alive = u16::try_from(property.number).ok(),
                RECEIVE_MAXIMUM => offer.receive_maximum = u16::try_from(property.number).ok(),
                // 0 is not allowed.
                MAXIMUM_PACKET_SIZE if property.number > 0 => {
                    offer.maximum_packet_size = Some(property.number);
                }
                _ => {}
            }
            rest = &rest[size..];
        }
        offer
    }
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
