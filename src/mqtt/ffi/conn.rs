//! The MQTT protocol handler of a connection.
//!
//! Packet by packet, what stands in `c->recv` is acknowledged, turned into events, and removed. Handlers
//! may do anything to the connection in each of them: what the pass needs is read again afterwards,
//! and no slice of a buffer lives across one.
#![allow(unsafe_code)]

use super::{disconnect, fill, mg_mqtt_message, send};
use crate::ffi::inject;
use crate::ffi::str::mg_str;
use crate::mqtt::message::first_byte;
use crate::mqtt::packet::{self, Packet, Parsed};
use crate::mqtt::state::MqttState;
use crate::mqtt::{cmd, reason};
use crate::net::{self, Backlog, Flag, ev, limits, mg_connection};
use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr::{addr_of_mut, null_mut};

/// Acknowledgements queued for a peer that does not read, in bytes: a million of them.
const MAX_UNREAD: usize = 4 * 1024 * 1024;
/// How much of a large buffer is worked on at a time.
const PIECE: usize = 2048;

/// The MQTT protocol handler (`c->pfn` of MQTT connections).
pub unsafe extern "C" fn mqtt_handler(c: *mut mg_connection, event: c_int, _data: *mut c_void) {
    // SAFETY: handlers are called with a live connection.
    let (Some(c), ev::READ) = (unsafe { c.as_ref() }, event) else {
        return;
    };
    net::contain(c, (), || {
        // A connection that the program made itself has no state and starts afresh every time.
        let fresh;
        let state = match c.private() {
            Some(private) => &private.mqtt,
            None => {
                fresh = MqttState::default();
                &fresh
            }
        };
        // The loop, run by a handler, read more: the pass below finds it.
        if !state.running.replace(true) {
            let pass = Pass {
                c,
                state,
                backlog: Backlog::default(),
            };
            inject("mqtt");
            pass.run();
        }
    });
}

/// One run over the receive buffer.
struct Pass<'a> {
    c: &'a mg_connection,
    state: &'a MqttState,
    backlog: Backlog<PIECE>,
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.state.running.set(false);
    }
}

/// The facts of a packet that are needed once handlers have run.
struct Facts {
    cmd: u8,
    qos: u8,
    dup: bool,
    id: u16,
    ack: u8,
    is_failure: bool,
    size: usize,
}

impl Pass<'_> {
    fn run(&self) {
        while self.step() {}
        if !self.c.is_dead() && !self.backlog.restore(&self.c.recv) {
            net::error(self.c, b"OOM");
        }
    }

    /// Handles one packet. False when there is nothing more to do.
    fn step(&self) -> bool {
        let c = self.c;
        if self.state.discarding.get() {
            self.discard();
            return false;
        }
        // Zeroed as a whole: programs read the code in MG_EV_MQTT_OPEN as an int, which
        // reaches into the padding behind `ack`.
        let mut m = MaybeUninit::<mg_mqtt_message>::zeroed();
        // SAFETY: no handler runs while the slice lives.
        let buf = unsafe { c.recv.as_bytes() };
        let mut packet = Packet::default();
        match packet::parse(buf, c.is(Flag::Mqtt5), &mut packet) {
            Parsed::Incomplete => return self.wait(packet::announced_size(buf)),
            Parsed::Malformed => {
                crate::log::error(format_args!("{} MQTT malformed message", c.id.get()));
                net::stats::count(c, |n| &n.malformed);
                c.set(Flag::Closing, true);
                return false;
            }
            Parsed::Complete if self.is_too_large(packet.whole.len()) => return self.refuse(),
            Parsed::Complete => {}
        }
        if c.is(Flag::Accepted) && packet.protocol_level() == Some(5) {
            c.set(Flag::Mqtt5, true);
            packet::parse(buf, true, &mut packet);
        }
        // SAFETY: all-zero bytes are a valid message, and `fill` keeps the padding.
        unsafe { fill(m.as_mut_ptr(), &packet) };
        let facts = Facts {
            cmd: packet.cmd,
            qos: packet.qos,
            dup: packet.dup,
            id: packet.id,
            ack: packet.ack,
            is_failure: packet.is_failure(),
            size: packet.whole.len(),
        };
        self.dispatch(&facts, m.as_mut_ptr())
    }

    /// The packet at the front is not complete.
    fn wait(&self, announced: Option<usize>) -> bool {
        if announced.is_some_and(|size| self.is_too_large(size)) {
            return self.refuse();
        }
        if announced.is_some_and(|size| size > limits::recv_size(self.c)) {
            limits::exceeded(self.c);
            net::error(self.c, b"MQTT packet exceeds MG_MAX_RECV_SIZE");
            return false;
        }
        self.backlog.refill(&self.c.recv, 0)
    }

    fn is_too_large(&self, size: usize) -> bool {
        let limit = limits::of(self.c, |limits| limits.message_size);
        limit > 0 && size > limit
    }

    /// Ends the connection because of a packet that is too large.
    #[cold]
    fn refuse(&self) -> bool {
        const TEXT: &[u8] = b"MQTT packet limit";
        self.state.discarding.set(true);
        self.discard();
        limits::exceeded(self.c);
        if disconnect(self.c, reason::PACKET_TOO_LARGE) {
            limits::give_up(self.c, TEXT);
        } else {
            net::error(self.c, TEXT);
        }
        false
    }

    fn discard(&self) {
        self.backlog.clear();
        self.c.recv.consume(usize::MAX);
    }

    fn dispatch(&self, p: &Facts, m: *mut mg_mqtt_message) -> bool {
        let c = self.c;
        let (buf, len) = (c.recv.buf.get(), c.recv.len.get());
        net::stats::count(c, |n| &n.mqtt_packets_received);
        let is_alive = match p.cmd {
            cmd::CONNACK => self.connack(p, m, len),
            cmd::PUBLISH => self.publish(p, m, len),
            cmd::PUBREC if c.is(Flag::Mqtt5) && p.is_failure => true,
            cmd::PUBREC => self.acknowledge(cmd::PUBREL, p.id, &[]),
            cmd::PUBREL => {
                let done = self.acknowledge(cmd::PUBCOMP, p.id, &[]);
                if done {
                    self.state.unreleased.remove(p.id);
                }
                done
            }
            _ => true,
        };
        if !is_alive {
            return false;
        }
        if c.recv.buf.get() != buf {
            self.refresh(p, m);
        }
        if !self.call(ev::MQTT_CMD, m.cast(), len) {
            return false;
        }
        self.remove(p.size, len);
        // A broker that refused the connection has nothing more to say.
        !(p.cmd == cmd::CONNACK && p.ack != 0 && c.is(Flag::Closing))
    }

    fn connack(&self, p: &Facts, m: *mut mg_mqtt_message, len: usize) -> bool {
        // SAFETY: `m` points to a message for as long as this packet is handled.
        let ack = unsafe { addr_of_mut!((*m).ack) };
        let is_alive = self.call(ev::MQTT_OPEN, ack.cast(), len);
        if is_alive && p.ack != 0 {
            self.c.set(Flag::Closing, true);
        }
        is_alive
    }

    fn publish(&self, p: &Facts, m: *mut mg_mqtt_message, len: usize) -> bool {
        let v5 = self.c.is(Flag::Mqtt5);
        // MQTT 5: reason "success", no properties.
        let more: &[u8] = if v5 { &[0, 0] } else { &[] };
        let acknowledged = match p.qos {
            0 => true,
            1 => self.acknowledge(cmd::PUBACK, p.id, more),
            _ => self.acknowledge(cmd::PUBREC, p.id, more),
        };
        if !acknowledged {
            return false;
        }
        // [MQTT-4.3.3-10]: not a second time before it was released.
        if p.qos > 1 && !self.state.unreleased.insert(p.id) && p.dup {
            return true;
        }
        self.call(ev::MQTT_MSG, m.cast(), len)
    }

    /// Queues an acknowledgement. False after MG_EV_ERROR: then the packet counts as not received.
    fn acknowledge(&self, command: u8, id: u16, more: &[u8]) -> bool {
        let c = self.c;
        let unread = self.state.acknowledgements.get().min(c.send.len.get());
        if unread > MAX_UNREAD {
            limits::exceeded(c);
            net::error(c, b"MQTT acknowledgements are not read");
            return false;
        }
        let before = c.send.len.get();
        let sent = send(c, Ok(first_byte(command)), |out| {
            out.put(&id.to_be_bytes());
            out.put(more);
            Ok(())
        });
        let size = c.send.len.get().saturating_sub(before);
        self.state.acknowledgements.set(unread + size);
        sent
    }

    /// Delivers an event while `len` bytes stand in the receive buffer. False when the
    /// connection was closed.
    fn call(&self, event: c_int, data: *mut c_void, len: usize) -> bool {
        net::call(self.c, event, data);
        if self.c.is_dead() {
            return false;
        }
        // What a nested run of the loop read comes behind what was set aside.
        if !self.backlog.push_surplus(&self.c.recv, len) {
            net::error(self.c, b"OOM");
        }
        true
    }

    /// The receive buffer moved in the first of two events: lets the message point to where its
    /// bytes are now, or to nothing.
    fn refresh(&self, p: &Facts, m: *mut mg_mqtt_message) {
        let c = self.c;
        // SAFETY: no handler runs while the slice lives.
        let buf = unsafe { c.recv.as_bytes() };
        let mut packet = Packet::default();
        let v5 = c.is(Flag::Mqtt5);
        if packet::parse(buf, v5, &mut packet) == Parsed::Complete && packet.whole.len() == p.size {
            // SAFETY: `m` points to a message for as long as this packet is handled.
            unsafe { fill(m, &packet) };
            return;
        }
        let nothing = mg_str {
            buf: null_mut(),
            len: 0,
        };
        // SAFETY: as above.
        unsafe {
            (*m).topic = nothing;
            (*m).data = nothing;
            (*m).dgram = nothing;
            (*m).props_size = 0;
        }
    }

    /// Removes a packet of `size` bytes from the receive buffer, which had `len` before the
    /// events.
    fn remove(&self, size: usize, len: usize) {
        let recv = &self.c.recv;
        let taken = len.saturating_sub(recv.len.get());
        if taken > 0 && recv.len.get() == 0 {
            // The handler emptied the buffer, and with it what waits behind.
            self.backlog.clear();
        }
        self.backlog.split(recv, size);
        recv.consume(size.saturating_sub(taken));
    }
}
