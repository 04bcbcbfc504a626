#![allow(unsafe_code)]

pub(crate) mod client;
pub mod conn;
pub(crate) mod session;

use super::cmd;
use super::message::{
    Connect, Publish, Refusal, Subscribe, V5, Will, first_byte, publish_first_byte, put_varint,
};
use super::packet::{self, Packet, Parsed};
use super::property::{self, Property, write_section};
use crate::ffi::str::{bytes, mg_str};
use crate::ffi::{guard, str::cstr};
use crate::fmt::Sink;
use crate::fmt::stack::Stack;
use crate::iobuf::mg_iobuf;
use crate::net::ffi::{mg_connect_svc, mg_listen};
use crate::net::{self, Flag, mg_connection, mg_event_handler_t, mg_mgr};
use crate::util::ffi::mg_random_str;
use conn::mqtt_handler;
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::fmt::Write;
use std::ops::Range;
use std::ptr::null_mut;

/// A property of an MQTT 5 packet (section 2.2.2.2 of the standard tells what each means and where
/// it belongs).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mg_mqtt_prop {
    /// MQTT_PROP_*.
    pub id: u8,
    /// Value of a number of 1, 2 or 4 bytes, or of variable size (below 268435456).
    pub iv: u32,
    /// Name, only for MQTT_PROP_USER_PROPERTY.
    pub key: mg_str,
    /// Value of a string or of binary data, up to 65535 bytes.
    pub val: mg_str,
}

/// What to send, for the mg_mqtt_*() functions. Zero the struct, then set what the function
/// uses. Nothing is kept after the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mg_mqtt_opts {
    /// CONNECT: user name; absent when empty.
    pub user: mg_str,
    /// CONNECT: password; absent when empty. MQTT 3.1.1 has no password without a user name, so
    /// an empty one is sent then.
    pub pass: mg_str,
    /// CONNECT: client identifier; a random one of 19 letters and digits when empty.
    pub client_id: mg_str,
    /// Topic of a message or subscription. CONNECT: topic of the will; empty for none.
    pub topic: mg_str,
    /// Payload of a message. CONNECT: payload of the will.
    pub message: mg_str,
    /// Quality of service, 0 to 2, of message, subscription or will.
    pub qos: u8,
    /// CONNECT: protocol version, 4 (3.1.1, also when 0) or 5.
    pub version: u8,
    /// CONNECT: keep-alive interval in seconds, 0 for none. The program sends the pings.
    pub keepalive: u16,
    /// PUBLISH: packet id of the message to send again; 0 for a new message.
    pub retransmit_id: u16,
    /// The broker is to retain the message or will.
    pub retain: bool,
    /// CONNECT: start without the state of an earlier session. Set it together with an empty
    /// `client_id`, or the broker keeps a session for every connection.
    pub clean: bool,
    /// MQTT 5: properties, `num_props` of them.
    pub props: *mut mg_mqtt_prop,
    /// Number of `props`.
    pub num_props: usize,
    /// MQTT 5, CONNECT: properties of the will, `num_will_props` of them.
    pub will_props: *mut mg_mqtt_prop,
    /// Number of `will_props`.
    pub num_will_props: usize,
}

/// An MQTT packet. The strings are in the buffer that was parsed; in an event they are valid
/// until the handler returns.
#[repr(C)]
pub struct mg_mqtt_message {
    /// PUBLISH: topic.
    pub topic: mg_str,
    /// PUBLISH: payload.
    pub data: mg_str,
    /// The whole packet with its header.
    pub dgram: mg_str,
    /// Packet id, 0 for packets without one.
    pub id: u16,
    /// MQTT_CMD_*.
    pub cmd: u8,
    /// PUBLISH: quality of service.
    pub qos: u8,
    /// CONNACK: return or reason code, 0 is success.
    pub ack: u8,
    /// MQTT 5: offset of the properties in `dgram`.
    pub props_start: usize,
    /// MQTT 5: size of the properties in bytes, 0 without any.
    pub props_size: usize,
}

const NO_OPTIONS: mg_mqtt_opts = mg_mqtt_opts {
    user: mg_str::NULL,
    pass: mg_str::NULL,
    client_id: mg_str::NULL,
    topic: mg_str::NULL,
    message: mg_str::NULL,
    qos: 0,
    version: 0,
    keepalive: 0,
    retransmit_id: 0,
    retain: false,
    clean: false,
    props: null_mut(),
    num_props: 0,
    will_props: null_mut(),
    num_will_props: 0,
};

/// Length of a random client identifier.
const CLIENT_ID_LEN: usize = 19;

/// Opens an MQTT client connection (3.1.1 or 5) to "mqtt://host:1883" or "mqtts://...", and
/// queues CONNECT with `opts`, which may be NULL.
///
/// MG_EV_MQTT_OPEN tells the broker's answer, then MG_EV_MQTT_MSG comes for every message, and
/// MG_EV_MQTT_CMD for every packet, also after the former. Messages are acknowledged before their
/// event, and a message of quality of service 2 that the broker repeats comes once. Pings and
/// repeated transmission are up to the program. For mqtts call mg_tls_init() in MG_EV_CONNECT. A
/// malformed packet closes the connection; one above 3 MB gives MG_EV_ERROR first.
/// Returns the connection, or NULL as mg_connect() does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_connect(
    mgr: *mut mg_mgr,
    url: *const c_char,
    opts: *const mg_mqtt_opts,
    r#fn: mg_event_handler_t,
    fn_data: *mut c_void,
) -> *mut mg_connection {
    // SAFETY: same contract.
    let c = unsafe { mg_connect_svc(mgr, url, r#fn, fn_data, Some(mqtt_handler), null_mut()) };
    // SAFETY: NULL, or a connection that was alive a moment ago; same contract for `opts`.
    unsafe { mg_mqtt_login(c, opts) };
    c
}

/// Opens an MQTT server. Every packet of a client gives MG_EV_MQTT_CMD, and the program answers
/// it: with mg_mqtt_send_header() and mg_send(), mg_mqtt_pub(), mg_mqtt_pong().
///
/// PUBLISH gives MG_EV_MQTT_MSG before, and is acknowledged by the library. `c->is_mqtt5` is set
/// when CONNECT asks for version 5. See mg_listen() for the URL and the result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_listen(
    mgr: *mut mg_mgr,
    url: *const c_char,
    r#fn: mg_event_handler_t,
    fn_data: *mut c_void,
) -> *mut mg_connection {
    guard(null_mut(), || {
        // SAFETY: same contract.
        let c = unsafe { mg_listen(mgr, url, r#fn, fn_data) };
        // SAFETY: NULL, or the new listener.
        if let Some(c) = unsafe { c.as_ref() } {
            c.pfn.set(Some(mqtt_handler));
            c.pfn_data.set(mgr.cast());
        }
        c
    })
}

/// Sends CONNECT, and sets `c->is_mqtt5`. mg_mqtt_connect() does so; for other connections, such
/// as MQTT over WebSocket. `opts` may be NULL. MG_EV_ERROR when memory is exhausted, or an option
/// cannot be expressed: a string above 65535 bytes, a quality of service above 2, a property that
/// does not exist.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_login(c: *mut mg_connection, opts: *const mg_mqtt_opts) {
    guard((), || {
        // SAFETY: pointer contract.
        let (Some(c), opts) = (unsafe { c.as_ref() }, unsafe { options(opts) }) else {
            return;
        };
        c.set(Flag::Mqtt5, opts.version == V5);
        // SAFETY: pointer contract.
        unsafe {
            with_login(opts, |message| {
                send(c, Ok(first_byte(cmd::CONNECT)), |out| message.write(out))
            })
        };
    });
}

/// Calls `f` with the CONNECT that `opts` describe.
///
/// # Safety
/// Pointer contract.
unsafe fn with_login<R>(opts: &mg_mqtt_opts, f: impl FnOnce(&Connect<'_, Props<'_>>) -> R) -> R {
    let version = if opts.version == 0 { 4 } else { opts.version };
    let v5 = version == V5;
    let mut random = [0 as c_char; CLIENT_ID_LEN + 1];
    if opts.client_id.len == 0 {
        // SAFETY: the array has the stated size.
        unsafe { mg_random_str(random.as_mut_ptr(), random.len()) };
    }
    // SAFETY: pointer contract.
    let message = unsafe {
        Connect {
            version,
            client_id: if opts.client_id.len == 0 {
                cstr(random.as_ptr())
            } else {
                opts.client_id.as_bytes()
            },
            keepalive: opts.keepalive,
            clean: opts.clean,
            will: (opts.topic.len > 0).then(|| Will {
                topic: opts.topic.as_bytes(),
                message: opts.message.as_bytes(),
                qos: opts.qos,
                retain: opts.retain,
                props: properties_of(v5, opts.will_props, opts.num_will_props),
            }),
            user: opts.user.as_bytes(),
            password: opts.pass.as_bytes(),
            props: properties_of(v5, opts.props, opts.num_props),
        }
    };
    f(&message)
}

/// Sends PUBLISH: topic, message, qos, retain, and props with MQTT 5. Returns the packet id, 0
/// when qos is 0. To send again a message that was not acknowledged, set `retransmit_id`. On
/// failure, which MG_EV_ERROR tells as for mg_mqtt_login(), returns 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_pub(c: *mut mg_connection, opts: *const mg_mqtt_opts) -> u16 {
    guard(0, || {
        // SAFETY: pointer contract.
        let (Some(c), opts) = (unsafe { c.as_ref() }, unsafe { options(opts) }) else {
            return 0;
        };
        let has_id = opts.qos > 0;
        let again = has_id && opts.retransmit_id != 0;
        let id = if has_id && !again {
            next_id(c)
        } else {
            opts.retransmit_id
        };
        // SAFETY: pointer contract.
        let message = unsafe {
            Publish {
                topic: opts.topic.as_bytes(),
                message: opts.message.as_bytes(),
                id: has_id.then_some(id),
                props: properties(c, opts.props, opts.num_props),
            }
        };
        let first = publish_first_byte(opts.qos, opts.retain, again);
        let sent = send(c, first, |out| message.write(out));
        if sent {
            keep_id(c, has_id && !again, id)
        } else {
            0
        }
    })
}

/// Sends SUBSCRIBE for one topic filter, with `qos`. The packet id is `c->mgr->mqtt_id`
/// afterwards. MG_EV_ERROR as for mg_mqtt_login().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_sub(c: *mut mg_connection, opts: *const mg_mqtt_opts) {
    // SAFETY: same contract.
    guard((), || unsafe { subscribe(c, opts, cmd::SUBSCRIBE) });
}

/// Sends UNSUBSCRIBE for one topic filter. The packet id is `c->mgr->mqtt_id` afterwards.
/// MG_EV_ERROR as for mg_mqtt_login().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_unsub(c: *mut mg_connection, opts: *const mg_mqtt_opts) {
    // SAFETY: same contract.
    guard((), || unsafe { subscribe(c, opts, cmd::UNSUBSCRIBE) });
}

/// # Safety
/// Pointer contract.
unsafe fn subscribe(c: *mut mg_connection, opts: *const mg_mqtt_opts, command: u8) {
    // SAFETY: pointer contract.
    let (Some(c), opts) = (unsafe { c.as_ref() }, unsafe { options(opts) }) else {
        return;
    };
    let id = next_id(c);
    // SAFETY: pointer contract.
    let message = unsafe { subscription(c.is(Flag::Mqtt5), opts, id, command) };
    if send(c, Ok(first_byte(command)), |out| message.write(out)) {
        keep_id(c, true, id);
    }
}

/// Sends the first bytes of a packet: MQTT_CMD_*, 4 flag bits, and the number of bytes that
/// follow, which the program sends with mg_send(). MG_EV_ERROR when `len` is above 268435455 or
/// memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_send_header(c: *mut mg_connection, cmd: u8, flags: u8, len: u32) {
    guard((), || {
        // SAFETY: pointer contract.
        let Some(c) = (unsafe { c.as_ref() }) else {
            return;
        };
        let mut header = Stack::<5>::new();
        header.push(cmd << 4 | flags);
        net::prepare_send(c);
        match put_varint(&mut header, len as usize) {
            Ok(()) if !net::limits::has_room(c, header.as_bytes().len()) => {}
            Ok(()) if c.send.append(header.as_bytes()) => {
                net::stats::count(c, |n| &n.mqtt_packets_sent);
            }
            Ok(()) => net::error(c, b"OOM"),
            Err(refusal) => refuse(c, refusal),
        }
    });
}

/// Sends PINGREQ.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_ping(nc: *mut mg_connection) {
    // SAFETY: same contract.
    unsafe { mg_mqtt_send_header(nc, cmd::PINGREQ, 0, 0) };
}

/// Sends PINGRESP.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_pong(nc: *mut mg_connection) {
    // SAFETY: same contract.
    unsafe { mg_mqtt_send_header(nc, cmd::PINGRESP, 0, 0) };
}

/// Sends DISCONNECT; with MQTT 5 with reason 0 and the properties of `opts`, which may be NULL. The
/// connection stays open: set `is_draining` to close it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_disconnect(c: *mut mg_connection, opts: *const mg_mqtt_opts) {
    guard((), || {
        // SAFETY: pointer contract.
        let (Some(c), opts) = (unsafe { c.as_ref() }, unsafe { options(opts) }) else {
            return;
        };
        // SAFETY: pointer contract.
        let props = unsafe { properties(c, opts.props, opts.num_props) };
        send(c, Ok(first_byte(cmd::DISCONNECT)), |out| {
            let Some(props) = props.clone() else {
                return Ok(());
            };
            out.put(&[0]);
            write_section(out, props)
        });
    });
}

/// Parses the packet at `buf`; `version` is 4 or 5. Returns MQTT_OK, MQTT_INCOMPLETE when more
/// bytes are needed, or MQTT_MALFORMED. The members of `m` point into `buf`. Bytes behind the
/// packet, which has `m->dgram.len`, are left alone. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_parse(
    buf: *const u8,
    len: usize,
    version: u8,
    m: *mut mg_mqtt_message,
) -> c_int {
    guard(MQTT_MALFORMED, || {
        if m.is_null() {
            return MQTT_MALFORMED;
        }
        // SAFETY: pointer contract.
        let text = unsafe { bytes(buf, len) };
        let (parsed, packet) = packet::read(text, version == V5);
        // SAFETY: pointer contract; all-zero bytes are a valid message.
        unsafe {
            m.write_bytes(0, 1);
            fill(m, &packet);
            (*m).dgram.buf = buf.cast_mut().cast();
        }
        match parsed {
            Parsed::Complete => MQTT_OK,
            Parsed::Incomplete => MQTT_INCOMPLETE,
            Parsed::Malformed => MQTT_MALFORMED,
        }
    })
}

const MQTT_OK: c_int = 0;
const MQTT_INCOMPLETE: c_int = 1;
const MQTT_MALFORMED: c_int = 2;

/// Reads the property of an MQTT 5 packet at offset `ofs` of its properties into `prop`. Start with
/// `ofs` 0 and go on with the result; 0 is the end, or a property that is unknown or cut off.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mqtt_next_prop(
    msg: *mut mg_mqtt_message,
    prop: *mut mg_mqtt_prop,
    ofs: usize,
) -> usize {
    guard(0, || {
        // SAFETY: pointer contract.
        let (Some(m), false) = (unsafe { msg.as_ref() }, prop.is_null()) else {
            return 0;
        };
        // SAFETY: pointer contract.
        let whole = unsafe { m.dgram.as_bytes() };
        let end = m.props_start.checked_add(m.props_size);
        let section = end.and_then(|end| whole.get(m.props_start..end));
        let Some(rest @ [id, ..]) = section.and_then(|s| s.get(ofs..)) else {
            return 0;
        };
        let found = property::read(rest);
        let value = found.map_or(Property::default(), |(value, _)| value);
        // SAFETY: pointer contract.
        unsafe {
            prop.write(mg_mqtt_prop {
                id: *id,
                iv: value.number,
                key: view(whole, value.name),
                val: view(whole, value.text),
            });
        }
        found.map_or(0, |(_, size)| ofs + size)
    })
}

/// A view of `text`, which lies in `packet`; NULL when it is the empty default.
fn view(packet: &[u8], text: &[u8]) -> mg_str {
    let Range { start, end } = packet.as_ptr_range();
    if !(start..=end).contains(&text.as_ptr()) {
        return mg_str::NULL;
    }
    mg_str::from_bytes(text)
}

/// Stores what was decoded, member by member, so that the padding of `m` stays.
///
/// # Safety
/// `m` points to a message.
#[inline(always)]
unsafe fn fill(m: *mut mg_mqtt_message, packet: &Packet<'_>) {
    // SAFETY: forwarded from the caller.
    let m = unsafe { &mut *m };
    m.topic = packet.topic.map_or(mg_str::NULL, mg_str::from_bytes);
    m.data = packet.data.map_or(mg_str::NULL, mg_str::from_bytes);
    m.dgram = mg_str::from_bytes(packet.whole);
    m.id = packet.id;
    m.cmd = packet.cmd;
    m.qos = packet.qos;
    m.ack = packet.ack;
    m.props_start = packet.props.start;
    m.props_size = packet.props.len();
}

/// # Safety
/// Pointer contract; NULL stands for no options.
unsafe fn options<'a>(opts: *const mg_mqtt_opts) -> &'a mg_mqtt_opts {
    // SAFETY: forwarded from the caller.
    unsafe { opts.as_ref() }.unwrap_or(&NO_OPTIONS)
}

/// The properties that a program gives.
#[derive(Clone)]
struct Props<'a>(std::slice::Iter<'a, mg_mqtt_prop>);

impl<'a> Iterator for Props<'a> {
    type Item = Property<'a>;

    fn next(&mut self) -> Option<Property<'a>> {
        self.0.next().map(|p| Property {
            id: p.id,
            number: p.iv,
            // SAFETY: contract of the functions that take properties.
            name: unsafe { p.key.as_bytes() },
            // SAFETY: as above.
            text: unsafe { p.val.as_bytes() },
        })
    }
}

/// The properties at `props`; `None` when the connection does not speak MQTT 5.
///
/// # Safety
/// Pointer contract.
unsafe fn properties_of<'a>(
    v5: bool,
    props: *const mg_mqtt_prop,
    count: usize,
) -> Option<Props<'a>> {
    let all: &[mg_mqtt_prop] = if props.is_null() {
        &[]
    } else {
        let most = isize::MAX as usize / size_of::<mg_mqtt_prop>();
        // SAFETY: forwarded from the caller.
        unsafe { std::slice::from_raw_parts(props, count.min(most)) }
    };
    v5.then(|| Props(all.iter()))
}

/// [`properties_of`] for a packet of `c`.
///
/// # Safety
/// Pointer contract.
unsafe fn properties<'a>(
    c: &mg_connection,
    props: *const mg_mqtt_prop,
    count: usize,
) -> Option<Props<'a>> {
    // SAFETY: forwarded from the caller.
    unsafe { properties_of(c.is(Flag::Mqtt5), props, count) }
}

/// SUBSCRIBE or UNSUBSCRIBE for what `opts` describe.
///
/// # Safety
/// Pointer contract.
unsafe fn subscription(
    v5: bool,
    opts: &mg_mqtt_opts,
    id: u16,
    command: u8,
) -> Subscribe<'_, Props<'_>> {
    // SAFETY: pointer contract.
    unsafe {
        Subscribe {
            id,
            filter: opts.topic.as_bytes(),
            qos: (command == cmd::SUBSCRIBE).then_some(opts.qos),
            props: properties_of(v5, opts.props, opts.num_props),
        }
    }
}

/// The packet identifier that comes next in the manager of `c`; never 0.
fn next_id(c: &mg_connection) -> u16 {
    let last = net::manager(c).map_or(0, |mgr| mgr.mqtt_id.get());
    last.wrapping_add(1).max(1)
}

/// Notes that `id` was used, if it is `new`.
fn keep_id(c: &mg_connection, new: bool, id: u16) -> u16 {
    if let (true, Some(mgr)) = (new, net::manager(c)) {
        mgr.mqtt_id.set(id);
    }
    id
}

/// Tells an MQTT 5 peer why the connection ends. False when the peer does not speak that.
pub fn disconnect(c: &mg_connection, reason: u8) -> bool {
    let handler: mg_event_handler_t = Some(mqtt_handler);
    let speaks_mqtt = c.pfn.get().map(|f| f as usize) == handler.map(|f| f as usize);
    speaks_mqtt && c.is(Flag::Mqtt5) && append(c, &[first_byte(cmd::DISCONNECT), 1, reason])
}

/// Appends a whole packet.
fn append(c: &mg_connection, packet: &[u8]) -> bool {
    net::prepare_send(c);
    let done = c.send.append(packet);
    if done {
        net::stats::count(c, |n| &n.mqtt_packets_sent);
    }
    done
}

fn refuse(c: &mg_connection, refusal: Refusal) {
    let mut text = Stack::<64>::new();
    let _ = write!(text, "{refusal}");
    net::error(c, text.as_bytes());
}

/// Appends a packet to `c->send`: its header, and the body that `write` writes. False after
/// MG_EV_ERROR, with nothing appended.
fn send(
    c: &mg_connection,
    first: Result<u8, Refusal>,
    write: impl Fn(&mut dyn Sink) -> Result<(), Refusal>,
) -> bool {
    net::prepare_send(c);
    let io = &c.send;
    let start = io.buf.get() as usize;
    let mut body = Measure {
        len: 0,
        buffer: start..start + io.size.get(),
        overlaps: false,
    };
    let mut header = Stack::<5>::new();
    let ready = first.and_then(|first| {
        write(&mut body)?;
        header.push(first);
        put_varint(&mut header, body.len)
    });
    if let Err(refusal) = ready {
        refuse(c, refusal);
        return false;
    }
    let total = header.as_bytes().len() + body.len;
    if !net::limits::has_room(c, total) {
        return false;
    }
    let moves = io.size.get().saturating_sub(io.len.get()) < total;
    let done = if moves && body.overlaps {
        // What is sent lies in the buffer that is about to move.
        let scratch = mg_iobuf {
            buf: Cell::new(null_mut()),
            size: Cell::new(0),
            len: Cell::new(0),
            align: Cell::new(0),
        };
        let done = put_packet(&scratch, total, &header, &write)
            // SAFETY: nothing writes to the scratch buffer meanwhile.
            && io.append(unsafe { scratch.as_bytes() });
        scratch.free();
        done
    } else {
        put_packet(io, total, &header, &write)
    };
    if done {
        net::stats::count(c, |n| &n.mqtt_packets_sent);
    } else {
        net::error(c, b"OOM");
    }
    done
}

fn put_packet(
    io: &mg_iobuf,
    total: usize,
    header: &Stack<5>,
    write: impl Fn(&mut dyn Sink) -> Result<(), Refusal>,
) -> bool {
    if !io.reserve(total) {
        return false;
    }
    io.append(header.as_bytes());
    write(&mut Tail(io)).is_ok()
}

/// Counts what is put into it, and looks whether some of it lies in a buffer.
struct Measure {
    len: usize,
    buffer: Range<usize>,
    overlaps: bool,
}

impl Sink for Measure {
    fn put(&mut self, bytes: &[u8]) {
        self.len = self.len.saturating_add(bytes.len());
        self.overlaps |= self.buffer.contains(&(bytes.as_ptr() as usize));
    }
}

/// The end of a buffer that has room for what is coming.
struct Tail<'a>(&'a mg_iobuf);

impl Sink for Tail<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.0.append(bytes);
    }
}
