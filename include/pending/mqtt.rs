//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

/// A property of an MQTT 5 packet.
#[repr(C)]
pub struct mg_mqtt_prop {
    /// MQTT_PROP_*.
    pub id: u8,
    /// Value of integer properties.
    pub iv: u32,
    /// Name, only for MQTT_PROP_USER_PROPERTY.
    pub key: mg_str,
    /// Value of string and binary properties.
    pub val: mg_str,
}

/// What to send, for the mg_mqtt_*() functions. Zero the struct, then set what the function
/// uses.
#[repr(C)]
pub struct mg_mqtt_opts {
    /// CONNECT: user name.
    pub user: mg_str,
    /// CONNECT: password.
    pub pass: mg_str,
    /// CONNECT: client identifier; a random one when empty.
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
    /// CONNECT: start without the state of an earlier session.
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
    /// MQTT 5: size of the properties.
    pub props_size: usize,
}

unsafe extern "C" {
    /// Opens an MQTT client connection (3.1.1 or 5) to "mqtt://host:1883" or "mqtts://...", and
    /// queues CONNECT with `opts`, which may be NULL.
    ///
    /// MG_EV_MQTT_OPEN tells the broker's answer, then MG_EV_MQTT_MSG comes for every message and
    /// MG_EV_MQTT_CMD for every packet. Acknowledgements are sent by the library; pings and
    /// repeated transmission are up to the program. For mqtts call mg_tls_init() in MG_EV_CONNECT.
    /// Returns the connection, or NULL as mg_connect() does.
    pub fn mg_mqtt_connect(mgr: *mut mg_mgr, url: *const c_char, opts: *const mg_mqtt_opts, r#fn: mg_event_handler_t, fn_data: *mut c_void) -> *mut mg_connection;

    /// Opens an MQTT server. Every packet of a client gives MG_EV_MQTT_CMD, and the program answers
    /// it; PUBLISH is acknowledged by the library. See mg_listen() for the URL and the result.
    pub fn mg_mqtt_listen(mgr: *mut mg_mgr, url: *const c_char, r#fn: mg_event_handler_t, fn_data: *mut c_void) -> *mut mg_connection;

    /// Sends CONNECT. mg_mqtt_connect() does so; for other connections, such as MQTT over
    /// WebSocket.
    pub fn mg_mqtt_login(c: *mut mg_connection, opts: *const mg_mqtt_opts);

    /// Sends PUBLISH: topic, message, qos, retain, and props with MQTT 5. Returns the packet id, 0
    /// when qos is 0. To send again a message that was not acknowledged, set `retransmit_id`.
    pub fn mg_mqtt_pub(c: *mut mg_connection, opts: *const mg_mqtt_opts) -> u16;

    /// Sends SUBSCRIBE for one topic filter, with `qos`. The packet id is `c->mgr->mqtt_id`
    /// afterwards.
    pub fn mg_mqtt_sub(c: *mut mg_connection, opts: *const mg_mqtt_opts);

    /// Sends UNSUBSCRIBE for one topic filter. The packet id is `c->mgr->mqtt_id` afterwards.
    pub fn mg_mqtt_unsub(c: *mut mg_connection, opts: *const mg_mqtt_opts);

    /// Sends the first bytes of a packet: MQTT_CMD_*, 4 flag bits, and the number of bytes that
    /// follow, which the program sends with mg_send().
    pub fn mg_mqtt_send_header(c: *mut mg_connection, cmd: u8, flags: u8, len: u32);

    /// Sends PINGREQ.
    pub fn mg_mqtt_ping(nc: *mut mg_connection);

    /// Sends PINGRESP.
    pub fn mg_mqtt_pong(nc: *mut mg_connection);

    /// Sends DISCONNECT; with MQTT 5 with the properties of `opts`, which may be NULL. The
    /// connection stays open: set `is_draining` to close it.
    pub fn mg_mqtt_disconnect(c: *mut mg_connection, opts: *const mg_mqtt_opts);

    /// Parses the packet at `buf`; `version` is 4 or 5. Returns MQTT_OK, MQTT_INCOMPLETE when more
    /// bytes are needed, or MQTT_MALFORMED. The members of `m` point into `buf`.
    pub fn mg_mqtt_parse(buf: *const u8, len: usize, version: u8, m: *mut mg_mqtt_message) -> c_int;

    /// Next property of an MQTT 5 packet. Start with `ofs` 0 and go on with the result; 0 is the
    /// end.
    pub fn mg_mqtt_next_prop(msg: *mut mg_mqtt_message, prop: *mut mg_mqtt_prop, ofs: usize) -> usize;
}
