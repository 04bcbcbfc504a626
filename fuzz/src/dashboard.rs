//! Requests to a dashboard.

use crate::connection;
use mongoose::dash::ffi::{
    mg_dash, mg_dash_ev_handler, mg_dash_op, mg_dash_user, mg_field, mg_field_set, mg_val_type,
};
use mongoose::http::ffi::conn::http_handler;
use mongoose::net::Flag;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::zeroed;
use std::ptr::null_mut;

/// Variables of a program, with something between them that nobody may touch.
#[repr(C)]
struct Variables {
    guards: [u64; 3],
    int: c_int,
    big: u64,
    on: bool,
    ratio: f64,
    text: [c_char; 6],
    after_text: u64,
    raw: [c_char; 40],
    after_raw: u64,
    index: c_int,
}

const GUARD: u64 = 0x5a5a_a5a5_1234_4321;

thread_local! {
    /// The index of the array, for its function.
    static INDEX: std::cell::Cell<*mut c_int> = const { std::cell::Cell::new(null_mut()) };
}

unsafe extern "C" fn array(op: mg_dash_op, user: *mut mg_dash_user) -> bool {
    // SAFETY: the user is valid during the call, the index as long as `requests` runs.
    unsafe {
        assert!((*user).level == 9 && (*user).name[5] == 0);
        let index = INDEX.get();
        match op {
            mg_dash_op::MG_DASH_READ if *index == -1 => *index = 4,
            mg_dash_op::MG_DASH_READ if *index >= 4 => *index = -1,
            _ => assert!(*index >= -1, "an index that nobody can have"),
        }
    }
    true
}

/// Requests of any kind leave what is not theirs alone, and what they store can be read.
pub fn requests(data: &[u8]) {
    let mut variables = Variables {
        guards: [GUARD; 3],
        int: 1,
        big: 2,
        on: true,
        ratio: 0.5,
        text: [0; 6],
        after_text: GUARD,
        raw: [0; 40],
        after_raw: GUARD,
        index: 0,
    };
    let v = &raw mut variables;
    let field = |name: &'static CStr, kind, value: *mut c_void, size| mg_field {
        name: name.as_ptr(),
        r#type: kind,
        value,
        value_size: size,
    };
    // SAFETY: addresses of members; all-zero bytes are an empty field, set and dashboard.
    let (mut fields, mut sets, mut dash) = unsafe {
        let fields = [
            field(
                c"int",
                mg_val_type::MG_VAL_INT,
                (&raw mut (*v).int).cast(),
                4,
            ),
            field(
                c"big",
                mg_val_type::MG_VAL_UINT64,
                (&raw mut (*v).big).cast(),
                8,
            ),
            field(
                c"on",
                mg_val_type::MG_VAL_BOOL,
                (&raw mut (*v).on).cast(),
                1,
            ),
            field(
                c"ratio",
                mg_val_type::MG_VAL_DBL,
                (&raw mut (*v).ratio).cast(),
                8,
            ),
            field(
                c"text",
                mg_val_type::MG_VAL_STR,
                (&raw mut (*v).text).cast(),
                6,
            ),
            zeroed::<mg_field>(),
            field(
                c"raw",
                mg_val_type::MG_VAL_RAW,
                (&raw mut (*v).raw).cast(),
                40,
            ),
            zeroed::<mg_field>(),
        ];
        (fields, zeroed::<[mg_field_set; 3]>(), zeroed::<mg_dash>())
    };
    for (set, name) in sets.iter_mut().zip([c"set", c"raws", c"arr"]) {
        set.name = name.as_ptr();
        set.fields = fields.as_mut_ptr();
        set.next = dash.sets;
        dash.sets = set;
    }
    sets[1].fields = &raw mut fields[6];
    // SAFETY: the address of a member.
    sets[2].index = unsafe { &raw mut (*v).index };
    sets[2].r#fn = Some(array);
    INDEX.set(sets[2].index);

    connection::with(
        Some(http_handler),
        Some(mg_dash_ev_handler),
        &mut dash,
        |c| {
            c.set(Flag::Accepted, true);
            for piece in data[..data.len().min(4096)].chunks(97) {
                connection::feed(c, piece);
                connection::poll(c);
                // SAFETY: no handler runs while the slice lives.
                let sent = unsafe { c.send.as_bytes() };
                assert!(sent.is_empty() || sent.starts_with(b"HTTP/1.1 "));
            }
        },
    );
    // SAFETY: the dashboard is gone, nobody else looks at the variables.
    let v = unsafe { v.read() };
    assert!(v.guards == [GUARD; 3] && v.after_text == GUARD && v.after_raw == GUARD);
    assert!(v.text.contains(&0) && v.raw.contains(&0));
    let text: Vec<u8> = v
        .text
        .iter()
        .map(|&c| c as u8)
        .take_while(|&b| b != 0)
        .collect();
    let cut = std::str::from_utf8(&text).is_err_and(|e| e.error_len().is_none());
    let valid_input = std::str::from_utf8(data).is_ok();
    assert!(!(cut && valid_input), "a character was cut");
}
