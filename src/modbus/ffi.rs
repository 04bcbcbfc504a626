#![allow(unsafe_code)]

use super::ModbusState;
use super::adu::{self, Front, Reply};
use super::pdu::{self, Request, Values};
use crate::ffi::alloc::{mg_calloc, mg_free};
use crate::ffi::str::bytes;
use crate::ffi::{guard, inject};
use crate::net::ffi::{mg_listen, mg_send};
use crate::net::{self, Flag, ev, mg_connection, mg_event_handler_t, mg_mgr};
use std::ffi::{c_char, c_int, c_void};
use std::ptr::{from_mut, null_mut};
use std::slice;

/// Values of a Modbus request.
#[repr(C)]
pub union mg_modbus_values {
    /// Coils and discrete inputs (functions 1, 2, 5, 15).
    pub bits: *mut bool,
    /// Registers (functions 3, 4, 6, 16), host byte order.
    pub regs: *mut u16,
}

/// A Modbus request, for MG_EV_MODBUS_REQ. The handler takes written values out of `u`, puts
/// values that are read into it, or sets `error`; when it has returned, the library answers.
#[repr(C)]
pub struct mg_modbus_req {
    /// MG_MODBUS_FUNC_*.
    pub func: u8,
    /// Set by the program: an exception code such as MG_MODBUS_ERR_*; initially
    /// MG_MODBUS_ERR_NONE.
    pub error: u8,
    /// Address of the first coil or register. The program checks `addr` + `len`.
    pub addr: u16,
    /// `len` values, zero if they are to be read. The library releases the block with mg_free() when the
    /// handler has returned. No answer is sent for functions 1 to 6 if the program sets the pointer
    /// to NULL, or for 5 and 6 if it changes `len`.
    pub u: mg_modbus_values,
    /// Number of values.
    pub len: u16,
}

/// Requests wait while more than this is queued for a client that does not read.
const MAX_QUEUED: usize = 64 * 1024;

/// Room for the values of any request.
const VALUES_SIZE: usize = pdu::MAX_READ_BITS as usize;

/// Opens a Modbus TCP server (MODBUS Application Protocol 1.1b3); see mg_listen() for URL and
/// result. There is no default port; 502 is the registered one.
///
/// Each request of functions 1 to 6, 15 and 16 gives the handler of the accepted connection
/// MG_EV_MODBUS_REQ with a `struct mg_modbus_req *`, before the MG_EV_READ of its bytes; then the
/// library answers. While the handler runs, the frame stands at the front of `c->recv`, its unit
/// identifier in `c->recv.buf[6]`; requests for any unit are accepted.
///
/// Other functions are answered with exception 1, quantities and sizes that the specification does
/// not allow with exception 3, without asking the handler. What is not Modbus at all gives
/// MG_EV_ERROR "invalid pdu", and the connection closes when the answers before it are sent. A client
/// that does not read its answers is not served until it does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_modbus_listen(
    mgr: *mut mg_mgr,
    url: *const c_char,
    r#fn: mg_event_handler_t,
    fn_data: *mut c_void,
) -> *mut mg_connection {
    guard(null_mut(), || {
        // SAFETY: same contract.
        let c = unsafe { mg_listen(mgr, url, r#fn, fn_data) };
        // SAFETY: NULL or a connection.
        if let Some(c) = unsafe { c.as_ref() } {
            c.pfn.set(Some(modbus_handler));
        }
        c
    })
}

/// The protocol handler of mg_modbus_listen().
pub unsafe extern "C" fn modbus_handler(c: *mut mg_connection, event: c_int, _data: *mut c_void) {
    // SAFETY: handlers are called with a live connection.
    let Some(c) = (unsafe { c.as_ref() }) else {
        return;
    };
    net::contain(c, (), || {
        let Some(state) = c.private().map(|p| &p.modbus) else {
            return;
        };
        match event {
            ev::READ => run(c, state),
            ev::WRITE | ev::POLL if state.stalled.get() => run(c, state),
            _ => {}
        }
    });
}

/// True when MG_EV_POLL would go on with requests that waited for the peer to read.
pub(crate) fn may_go_on(c: &mg_connection) -> bool {
    let stalled = c.private().is_some_and(|p| p.modbus.stalled.get());
    stalled
        && c.send.len.get() <= MAX_QUEUED
        && c.pfn.get().map(|f| f as usize) == Some(modbus_handler as *const () as usize)
}

/// Answers what stands in the receive buffer.
fn run(c: &mg_connection, state: &ModbusState) {
    if state.running.replace(true) {
        return;
    }
    inject("modbus");
    while step(c, state) {}
    state.running.set(false);
}

/// Answers one request; false when there is none.
fn step(c: &mg_connection, state: &ModbusState) -> bool {
    if state.failed.get() {
        c.recv.consume(usize::MAX);
        return false;
    }
    let stalled = c.send.len.get() > MAX_QUEUED;
    if state.stalled.replace(stalled) != stalled {
        net::pause_input(c, stalled);
    }
    if stalled {
        return false;
    }
    // SAFETY: the slice is not used any more when a handler runs.
    let adu = match adu::front(unsafe { c.recv.as_bytes() }) {
        Front::Adu(adu) => adu,
        Front::Invalid => {
            fail(c, state);
            return false;
        }
        Front::Incomplete => return false,
    };
    let (before, frame_len) = (c.recv.len.get(), adu.len());
    let mut reply = Reply::to(adu.header);
    let answered = match pdu::parse(adu.pdu) {
        Ok(request) => ask(c, &request, &mut reply),
        Err(code) => {
            reply.exception(adu.pdu[0], code);
            true
        }
    };
    if c.is_dead() {
        return false;
    }
    // A handler may have removed the frame, or everything.
    let taken = before.saturating_sub(c.recv.len.get());
    c.recv.consume(frame_len.saturating_sub(taken));
    !answered || send(c, reply.finish())
}

/// Lets the program serve a request, and makes a reply of the result. False when there is none.
fn ask(c: &mg_connection, request: &Request<'_>, reply: &mut Reply) -> bool {
    // From the C heap, because programs may put a block of their own in its place.
    let block = mg_calloc(1, VALUES_SIZE);
    if block.is_null() {
        net::error(c, b"OOM");
        return false;
    }
    // SAFETY: the block is large enough for the values of any request that is in order, and
    // aligned for registers.
    unsafe { store(&request.values, usize::from(request.quantity), block) };
    let mut mr = mg_modbus_req {
        func: request.function,
        error: 0,
        addr: request.address,
        u: mg_modbus_values { bits: block.cast() },
        len: request.quantity,
    };
    net::call(c, ev::MODBUS_REQ, from_mut(&mut mr).cast());
    // SAFETY: the block, or what the program replaced it with.
    unsafe {
        let answered = answer(&mr, reply);
        mg_free(mr.u.bits.cast());
        answered
    }
}

/// Writes the values of a request as the program gets them.
///
/// # Safety
/// `block` is zeroed and has room for `quantity` values.
unsafe fn store(values: &Values<'_>, quantity: usize, block: *mut c_void) {
    let (bits, regs) = (block.cast::<bool>(), block.cast::<u16>());
    // SAFETY: forwarded from the caller.
    unsafe {
        match *values {
            Values::Wanted => {}
            Values::Coil(on) => bits.write(on),
            Values::Register(value) => regs.write(value),
            Values::Coils(list) => (0..quantity).for_each(|i| bits.add(i).write(pdu::bit(list, i))),
            Values::Registers(list) => {
                for (i, value) in list.as_chunks().0.iter().enumerate() {
                    regs.add(i).write(u16::from_be_bytes(*value));
                }
            }
        }
    }
}

/// Makes a reply of what the program left. False when it does not want any.
///
/// # Safety
/// The pointer is NULL or points to `len` values. Those that the library allocated suffice for any
/// function and length that a reply can have.
unsafe fn answer(mr: &mg_modbus_req, reply: &mut Reply) -> bool {
    // SAFETY: both members are pointers.
    let (bits, regs) = unsafe { (mr.u.bits.cast::<u8>(), mr.u.regs) };
    let reads = mr.func <= pdu::READ_INPUT_REGISTERS;
    let most = match mr.func {
        pdu::READ_COILS | pdu::READ_DISCRETE_INPUTS => pdu::MAX_READ_BITS,
        _ => pdu::MAX_READ_REGISTERS,
    };
    let len = usize::from(mr.len);
    match mr.func {
        _ if mr.error != 0 => reply.exception(mr.func, mr.error),
        pdu::WRITE_MULTIPLE_COILS | pdu::WRITE_MULTIPLE_REGISTERS => {
            reply.written(mr.func, mr.addr, mr.len);
        }
        _ if bits.is_null() => return false,
        _ if reads && mr.len > most => reply.exception(mr.func, pdu::DEVICE_FAILURE),
        pdu::READ_COILS | pdu::READ_DISCRETE_INPUTS => {
            // SAFETY: forwarded from the caller.
            reply.bits(mr.func, unsafe { bytes(bits, len) });
        }
        pdu::READ_HOLDING_REGISTERS | pdu::READ_INPUT_REGISTERS => {
            // SAFETY: forwarded from the caller.
            let values = unsafe { slice::from_raw_parts(regs, len) };
            reply.registers(mr.func, values.iter().copied());
        }
        pdu::WRITE_SINGLE_COIL if len == 1 => {
            // SAFETY: forwarded from the caller.
            let on = unsafe { bits.read() } != 0;
            reply.written(mr.func, mr.addr, if on { 0xff00 } else { 0 });
        }
        pdu::WRITE_SINGLE_REGISTER if len == 1 => {
            // SAFETY: forwarded from the caller.
            reply.written(mr.func, mr.addr, unsafe { regs.read() });
        }
        _ => return false,
    }
    true
}

fn send(c: &mg_connection, frame: &[u8]) -> bool {
    // SAFETY: a live connection and a slice.
    let sent = unsafe { mg_send(c.as_ptr(), frame.as_ptr().cast(), frame.len()) };
    if !sent && !c.is(Flag::Udp) && !c.is(Flag::Closing) {
        net::error(c, b"OOM");
    }
    sent && !c.is_dead()
}

/// Ends a connection that does not speak Modbus. Answers that are queued are still sent.
#[cold]
fn fail(c: &mg_connection, state: &ModbusState) {
    const TEXT: &[u8] = b"invalid pdu";
    if c.is(Flag::Udp) {
        // Only a datagram; the next one may be better.
        return c.recv.consume(usize::MAX);
    }
    state.failed.set(true);
    if c.send.len.get() == 0 {
        return net::error(c, TEXT);
    }
    crate::log::error(format_args!("{} {}", c.id.get(), TEXT.escape_ascii()));
    c.set(Flag::Draining, true);
    net::set_linger(c);
    let mut text = [0u8; 64];
    text[..TEXT.len()].copy_from_slice(TEXT);
    net::stats::count(c, |n| &n.errors);
    net::call(c, ev::ERROR, text.as_mut_ptr().cast());
}
