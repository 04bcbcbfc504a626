//! The life of an MQTT session: its timer, and its connections, one after another.
#![allow(unsafe_code)]

use super::conn::mqtt_handler;
use super::{append, mg_mqtt_message, mg_mqtt_ping};
use crate::ffi::guard;
use crate::mqtt::alive::{Backoff, Due, KeepAlive};
use crate::mqtt::cmd;
use crate::mqtt::message::first_byte;
use crate::mqtt::offer::Offer;
use crate::mqtt::packet::{self, Packet, Parsed};
use crate::mqtt::session::{Limits, Session};
use crate::net::ffi::mg_connect_svc;
use crate::net::{self, Flag, ev, mg_connection, mg_event_handler_t, mg_mgr};
use crate::timer::ffi::{mg_timer, mg_timer_free, mg_timer_init};
use crate::util::ffi::{mg_millis, random_bytes};
use std::cell::{Cell, RefCell, UnsafeCell};
use std::ffi::{CString, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};
use std::rc::Rc;

/// What a session is told when it is opened.
pub(super) struct Settings {
    pub mgr: *mut mg_mgr,
    pub url: CString,
    /// The CONNECT packet.
    pub connect: Vec<u8>,
    pub v5: bool,
    /// Seconds.
    pub keepalive: u16,
    pub f: mg_event_handler_t,
    pub fn_data: *mut c_void,
    pub reconnect_min_ms: u32,
    pub reconnect_max_ms: u32,
    pub connect_timeout_ms: u32,
    pub limits: Limits,
}

pub(super) struct Client {
    settings: Settings,
    /// In the list of the manager until the session is closed.
    timer: UnsafeCell<MaybeUninit<mg_timer>>,
    conn: Cell<*mut mg_connection>,
    closed: Cell<bool>,
    /// When to connect again, or when the present attempt has taken too long (mg_millis).
    deadline: Cell<u64>,
    pub(super) session: RefCell<Session>,
    backoff: RefCell<Backoff>,
    alive: RefCell<KeepAlive>,
    /// Bytes that the broker's system had not acknowledged when that was last looked at.
    unacknowledged: Cell<usize>,
    /// What the broker did not release of the messages it sent, between two connections.
    unreleased: RefCell<Vec<u16>>,
}

/// Messages under way at once with a broker of MQTT 3.1.1, which cannot say how many it takes. Mosquitto takes 20 unless
/// told otherwise, and acknowledges what it drops beyond that.
const WINDOW_OF_3_1_1: u16 = 20;
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
pub(super) unsafe fn client(s: *const c_void) -> Option<Rc<Client>> {
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

/// Ends a session, and gives the program's reference back.
///
/// # Safety
/// As for [`client`]. Nobody uses `s` any more.
pub(super) unsafe fn release(s: *const c_void) {
    // SAFETY: forwarded from the caller.
    if let Some(client) = unsafe { client(s) } {
        client.end(s);
        // SAFETY: the program's reference, which `begin` made.
        unsafe { drop(Rc::from_raw(s.cast::<Client>())) };
    }
}

/// The manager that a session belongs to.
///
/// # Safety
/// `s` is a session that was not closed.
#[cfg(all(debug_assertions, target_os = "linux"))]
pub(crate) unsafe fn manager(s: *const c_void) -> *const mg_mgr {
    // SAFETY: it came from Rc::into_raw, and the member never changes.
    unsafe { (*s.cast::<Client>()).settings.mgr }
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
            if packet::parse(whole, client.settings.v5, &mut packet) == Parsed::Complete {
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

    /// Begins a session. The result is the program's reference, which [`client`] understands and
    /// [`release`] takes.
    pub(super) fn begin(settings: Settings) -> *mut c_void {
        let client = Rc::new(Client {
            timer: UnsafeCell::new(MaybeUninit::zeroed()),
            conn: Cell::new(null_mut()),
            closed: Cell::new(false),
            deadline: Cell::new(0),
            session: RefCell::new(Session::new(settings.limits)),
            backoff: RefCell::new(Backoff::new(
                settings.reconnect_min_ms,
                settings.reconnect_max_ms,
            )),
            alive: RefCell::default(),
            unacknowledged: Cell::new(0),
            unreleased: RefCell::default(),
            settings,
        });
        let raw = Rc::into_raw(client.clone()).cast_mut();
        // SAFETY: the timer lives in the session, which takes it out of the list before it goes; the manager
        // outlives its sessions, by contract.
        unsafe {
            mg_timer_init(
                &raw mut (*client.settings.mgr).timers as *mut *mut mg_timer,
                client.timer.get().cast(),
                IDLE_MS,
                REPEAT,
                Some(on_tick),
                raw.cast(),
            );
        }
        client.open();
        raw.cast()
    }

    pub(super) fn is_v5(&self) -> bool {
        self.settings.v5
    }

    /// Stops, and says goodbye to the broker.
    fn end(&self, session: *const c_void) {
        self.closed.set(true);
        // SAFETY: the manager outlives its sessions, by contract.
        unsafe {
            mg_timer_free(
                &raw mut (*self.settings.mgr).timers as *mut *mut mg_timer,
                self.timer.get().cast(),
            );
        }
        // SAFETY: NULL, or alive: MG_EV_CLOSE takes it away.
        let c = unsafe { self.conn.replace(null_mut()).as_ref() };
        if let Some(p) = c.and_then(mg_connection::private) {
            p.mqtt.session.set(null());
        }
        // One that the program has taken over is left alone.
        if let Some(c) = c.filter(|c| is_served(c)) {
            if c.pfn.get().map(|f| f as usize) == Some(session_handler as *const () as usize) {
                c.pfn.set(Some(mqtt_handler));
            }
            if c.pfn_data.get().cast_const() == session {
                c.pfn_data.set(null_mut());
            }
            if self.session.borrow().is_connected() {
                append(c, &[first_byte(cmd::DISCONNECT), 0]);
                c.set(Flag::Draining, true);
            } else {
                c.set(Flag::Closing, true);
            }
        }
    }

    /// Connects.
    fn open(self: &Rc<Client>) {
        self.connect_now();
        self.set_timer();
    }

    fn connect_now(self: &Rc<Client>) {
        let now = mg_millis();
        self.deadline
            .set(now + u64::from(self.settings.connect_timeout_ms));
        *self.alive.borrow_mut() = KeepAlive::new(self.settings.keepalive, now);
        let data = Rc::as_ptr(self).cast_mut().cast();
        // SAFETY: the manager outlives its sessions, by contract.
        let c = unsafe {
            mg_connect_svc(
                self.settings.mgr,
                self.settings.url.as_ptr(),
                self.settings.f,
                self.settings.fn_data,
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
        c.set(Flag::Mqtt5, self.settings.v5);
        if let Some(p) = c.private() {
            p.mqtt.set_unreleased(self.unreleased.take());
        }
        if !append(c, &self.settings.connect) {
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
                let window = match offer.receive_maximum {
                    None if !self.is_v5() => Some(WINDOW_OF_3_1_1),
                    maximum => maximum,
                };
                session.connected(present, window);
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
    pub(super) fn flush(&self) {
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

    pub(super) fn send_at_once(&self, packet: &[u8]) -> bool {
        let session = self.session.borrow();
        let ready = session.is_connected() && session.takes(packet.len());
        drop(session);
        self.served()
            .is_some_and(|c| ready && !c.is(Flag::Closing) && append(c, packet))
    }
}
