//! Sizes that are part of the binary interface. They are fixed when the library is built,
//! by environment variables that `build.rs` reads and also writes into the header.

const fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut value = 0;
    let mut i = 0;
    while i < bytes.len() {
        assert!(
            bytes[i].is_ascii_digit(),
            "layout options are decimal numbers"
        );
        value = value * 10 + (bytes[i] - b'0') as usize;
        i += 1;
    }
    value
}

/// Bytes of `data` in `struct mg_connection`.
pub const DATA_SIZE: usize = number(env!("MG_DATA_SIZE"));
/// Entries of `headers` in `struct mg_http_message`.
pub const MAX_HTTP_HEADERS: usize = number(env!("MG_MAX_HTTP_HEADERS"));
/// Bytes of `name` in `struct mg_dash_user`.
pub const DASH_MAX_USER_NAME: usize = number(env!("MG_DASH_MAX_USER_NAME"));

/// Stops the compiler where a public struct is not what C programs were compiled with.
#[cfg(target_pointer_width = "64")]
macro_rules! layout {
    ($($name:path, $size:expr, { $($field:ident $offset:expr,)* })*) => { $(
        const _: () = {
            assert!(size_of::<$name>() == $size);
            $(assert!(std::mem::offset_of!($name, $field) == $offset);)*
        };
    )* };
}

/// The first member behind `data` in `struct mg_connection`.
#[cfg(target_pointer_width = "64")]
const BEHIND_DATA: usize = 240 + DATA_SIZE.next_multiple_of(8);

// The flags of a connection fill 4 bytes behind `tls`; `private` fills the last 4.
#[cfg(target_pointer_width = "64")]
layout! {
    crate::ffi::mg_str, 16, { buf 0, len 8, }
    crate::iobuf::mg_iobuf, 32, { buf 0, size 8, len 16, align 24, }
    crate::queue::ffi::mg_queue, 32, { buf 0, size 8, tail 16, head 24, }
    crate::timer::ffi::mg_timer, 48, {
        period_ms 0, expire 8, flags 16, r#fn 24, arg 32, next 40,
    }
    crate::net::mg_addr, 24, { addr 0, port 16, scope_id 18, is_ip6 19, }
    crate::net::ffi::mg_dns, 16, { url 0, c 8, }
    crate::net::ffi::mg_pipe, 8, { fd 0, q 0, }
    crate::net::mg_mgr, 144, {
        conns 0, dns4 8, dns6 24, mdns 40, dnstimeout 48, use_dns6 52, nextid 56, userdata 64,
        tls_ctx 72, mqtt_id 80, active_dns_requests 88, active_mdns_requests 96, timers 104,
        epoll_fd 112, ifp 120, extraconnsize 128, pipe 136,
    }
    crate::net::mg_connection, BEHIND_DATA + 16, {
        next 0, mgr 8, loc 16, rem 40, fd 64, id 72, recv 80, send 112, prof 144, rtls 176,
        r#fn 208, fn_data 216, pfn 224, pfn_data 232, data 240, tls BEHIND_DATA,
    }
    crate::http::ffi::mg_http_header, 32, { name 0, value 16, }
    crate::http::ffi::mg_http_message, 112 + 32 * MAX_HTTP_HEADERS, {
        method 0, uri 16, query 32, proto 48, headers 64, body 64 + 32 * MAX_HTTP_HEADERS,
        head 80 + 32 * MAX_HTTP_HEADERS, message 96 + 32 * MAX_HTTP_HEADERS,
    }
    crate::rpc::ffi::mg_rpc_req, 56, { head 0, rpc 8, pfn 16, pfn_data 24, req_data 32, frame 40, }
    crate::rpc::ffi::mg_rpc, 40, { next 0, method 8, r#fn 24, fn_data 32, }
    crate::dash::ffi::mg_field, 32, { name 0, r#type 8, value 16, value_size 24, }
    crate::dash::ffi::mg_field_set, 48, { name 0, fields 8, r#fn 16, index 24, get_dir 32, next 40, }
    crate::dash::ffi::mg_dash, 48, {
        sets 0, custom_handlers 8, authenticate 16, session_auto_expiration_seconds 24, guest 32,
        upload_fs 40,
    }
    crate::dash::ffi::mg_dash_custom_handler, 40, {
        next 0, uri_pattern 8, handler 24, handler_data 32,
    }
    crate::http::ffi::accessors::mg_http_part, 48, { name 0, filename 16, body 32, }
    crate::mqtt::ffi::mg_mqtt_prop, 40, { id 0, iv 4, key 8, val 24, }
    crate::mqtt::ffi::mg_mqtt_opts, 120, {
        user 0, pass 16, client_id 32, topic 48, message 64, qos 80, version 81, keepalive 82, retransmit_id 84,
        retain 86, clean 87, props 88, num_props 96, will_props 104, num_will_props 112,
    }
    crate::mqtt::ffi::mg_mqtt_message, 72, {
        topic 0, data 16, dgram 32, id 48, cmd 50, qos 51, ack 52, props_start 56, props_size 64,
    }
}

#[cfg(test)]
mod tests {
    #![allow(unsafe_code)]

    use super::DATA_SIZE;
    use crate::net::{Flag, mg_connection};

    /// The header's bit-fields: byte and bit, counted from the byte behind `tls`.
    #[test]
    fn flags_are_where_c_has_its_bit_fields() {
        // SAFETY: all-zero bytes are a valid mg_connection.
        let c: mg_connection = unsafe { std::mem::zeroed() };
        let position = || {
            let bytes = std::ptr::from_ref(&c).cast::<u8>();
            // SAFETY: reads the 4 bytes of the flags, which are inside the struct.
            let flags = |i| unsafe { bytes.add(248 + DATA_SIZE.next_multiple_of(8) + i).read() };
            (0..4).map(flags).collect::<Vec<u8>>()
        };
        for (flag, bit) in [
            (Flag::Listening, 6),
            (Flag::Client, 7),
            (Flag::Accepted, 8),
            (Flag::Resolving, 9),
            (Flag::ArpLooking, 10),
            (Flag::Connecting, 11),
            (Flag::Tls, 12),
            (Flag::TlsHs, 13),
            (Flag::Udp, 14),
            (Flag::Websocket, 15),
            (Flag::Mqtt5, 16),
            (Flag::Hexdumping, 17),
            (Flag::Draining, 18),
            (Flag::Closing, 19),
            (Flag::Full, 20),
            (Flag::TlsThrottled, 21),
            (Flag::Resp, 22),
            (Flag::Readable, 23),
            (Flag::Writable, 24),
        ] {
            c.set(flag, true);
            let mut expected = vec![0; 4];
            expected[bit / 8] = 1 << (bit % 8);
            assert_eq!(position(), expected, "{flag:?}");
            c.set(flag, false);
        }
        c.set_dscp(0xff);
        assert_eq!(position(), [0x3f, 0, 0, 0]);
    }
}
