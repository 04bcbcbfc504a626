//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

/// Type of a field's value.
#[repr(C)]
pub enum mg_val_type {
    /// int.
    MG_VAL_INT,
    /// uint64_t.
    MG_VAL_UINT64,
    /// bool.
    MG_VAL_BOOL,
    /// double.
    MG_VAL_DBL,
    /// char[], a C string.
    MG_VAL_STR,
    /// char[], JSON text that is copied as it stands.
    MG_VAL_RAW,
}

/// What is done to a field set.
#[repr(C)]
pub enum mg_dash_op {
    /// The values are about to be sent: bring them up to date.
    MG_DASH_READ,
    /// Called twice: before new values are stored, where false refuses them, and after.
    MG_DASH_WRITE,
    /// Delete the array element or file at `*index`.
    MG_DASH_DELETE,
    /// Append an array element with the values just stored.
    MG_DASH_ADD,
}

/// A value of the program that a dashboard shows and changes.
#[repr(C)]
pub struct mg_field {
    /// Name of the JSON member; a NULL name ends an array of fields.
    pub name: *const c_char,
    /// Type of the value.
    pub r#type: mg_val_type,
    /// The variable.
    pub value: *mut c_void,
    /// Its size; 0 makes it read-only.
    pub value_size: usize,
}

/// A user of a dashboard.
#[repr(C)]
pub struct mg_dash_user {
    /// Next user of the list.
    pub next: *mut mg_dash_user,
    /// Name.
    pub name: [c_char; DASH_MAX_USER_NAME],
    /// Session token.
    pub token: [c_char; 21],
    /// What `authenticate` returned: the access level.
    pub level: c_int,
    /// When the session ends, as mg_millis() counts.
    pub expire: u64,
    /// The dashboard.
    pub dash: *mut mg_dash,
}

/// A dashboard: a web page and its JSON API, see mg_dash_ev_handler(). Zero the struct, then
/// set what is needed.
#[repr(C)]
pub struct mg_dash {
    /// Field sets; add with MG_DASH_ADD_FIELD_SET.
    pub sets: *mut mg_field_set,
    /// More URIs; add with MG_DASH_REGISTER_CUSTOM_HANDLER.
    pub custom_handlers: *mut mg_dash_custom_handler,
    /// Checks a login: returns the access level, 0 or less to refuse. `user` is a buffer of
    /// `userlen` bytes, empty when only a token was given, and may be rewritten. NULL lets
    /// everybody in, as "guest" with level 9.
    pub authenticate: Option<unsafe extern "C" fn(user: *mut c_char, userlen: usize, pass: *const c_char) -> c_int>,
    /// Seconds after which an unused session ends; 3600 when 0.
    pub session_auto_expiration_seconds: c_int,
    /// Not used by the library.
    pub guest: *mut mg_dash_user,
    /// File system of uploads; NULL is mg_fs_posix.
    pub upload_fs: *mut mg_fs,
}

/// A named group of fields: a JSON object, an array of objects, or a directory of files.
#[repr(C)]
pub struct mg_field_set {
    /// Name in URIs and JSON.
    pub name: *const c_char,
    /// Fields; the last one has a NULL name.
    pub fields: *mut mg_field,
    /// Called before values are read and when they are written. False refuses; `u` is the user.
    pub r#fn: Option<unsafe extern "C" fn(op: mg_dash_op, u: *mut mg_dash_user) -> bool>,
    /// NULL for a plain object. For an array, the element to work on; -1 asks `fn` to store the
    /// number of elements here.
    pub index: *mut c_int,
    /// For a directory: stores its path in `buf` of `len` bytes. False refuses.
    pub get_dir: Option<unsafe extern "C" fn(u: *const mg_dash_user, buf: *mut c_char, len: usize) -> bool>,
    /// Next set of the dashboard.
    pub next: *mut mg_field_set,
}

/// A handler for more URIs of a dashboard.
#[repr(C)]
pub struct mg_dash_custom_handler {
    /// Next handler.
    pub next: *mut mg_dash_custom_handler,
    /// Pattern for URIs (see mg_match()).
    pub uri_pattern: mg_str,
    /// Called with MG_EV_HTTP_MSG.
    pub handler: mg_event_handler_t,
    /// For the program.
    pub handler_data: *mut c_void,
}

unsafe extern "C" {
    /// Handler of a dashboard: mg_http_listen(&mgr, url, mg_dash_ev_handler, &dash) serves its
    /// page, JSON API, files and notifications. The struct mg_dash stays valid as long as the
    /// listener. The first 24 bytes of `c->data` belong to it.
    pub fn mg_dash_ev_handler(c: *mut mg_connection, ev: c_int, ev_data: *mut c_void);

    /// Tells all browsers that look at the dashboard that the values of `set` changed.
    pub fn mg_dash_send_change(mgr: *mut mg_mgr, set: *mut mg_field_set);

    /// A function for field sets with a directory: fills in the field "name" (and "size") of the
    /// entry at `*set->index`; an index of -1 asks for the number of entries. False when the
    /// directory cannot be had.
    pub fn mg_dash_dir_read(set: *mut mg_field_set, u: *mut mg_dash_user) -> bool;
}
