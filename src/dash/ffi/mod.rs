//! The event handler of dashboards, and what it answers.
//!
//! Almost every call here runs a function of the program, which may do anything, even close the
//! connection or run the loop. So a request is copied before the first of them ([`Request`]), and
//! nothing of the connection's buffers is looked at afterwards unless they are as they were.
#![allow(unsafe_code)]

mod files;
pub(crate) mod notify;
mod sets;
mod users;

pub use notify::DashConn;

use super::origin::is_cross_site;
use super::route::Route;
use super::value::{Json, members};
use crate::ffi::layout::DASH_MAX_USER_NAME;
use crate::ffi::{guard, inject, mg_str};
use crate::fs::ffi::{mg_fs, mg_fs_packed};
use crate::http::ffi::conn::finish_response;
use crate::http::ffi::mg_http_message;
use crate::http::files::ffi::{mg_http_serve_file, mg_http_serve_opts};
use crate::http::reply::reply;
use crate::net::{self, Flag, ev, mg_connection, mg_event_handler_t, mg_mgr};
use crate::string::{glob_match, parse_number};
use sets::{Set, sets};
use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;
use users::User;

/// Type of a field's value.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum mg_val_type {
    /// int.
    MG_VAL_INT,
    /// uint64_t.
    MG_VAL_UINT64,
    /// bool.
    MG_VAL_BOOL,
    /// double, shown with two decimals.
    MG_VAL_DBL,
    /// char[], a C string. Longer text is cut between characters.
    MG_VAL_STR,
    /// char[], a C string of JSON, shown as it stands. Gets the JSON object of the whole set; one
    /// that does not fit is refused.
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

/// A user of a dashboard: one session, made by the library. Read it, do not keep it: it is valid until
/// the function that got it returns.
#[repr(C)]
pub struct mg_dash_user {
    /// Not used.
    pub next: *mut mg_dash_user,
    /// Name, cut to MG_DASH_MAX_USER_NAME - 1 bytes. Names are told apart by these.
    pub name: [c_char; DASH_MAX_USER_NAME],
    /// Session token, cut to 20 bytes.
    pub token: [c_char; 21],
    /// Access level: what `authenticate` returned last.
    pub level: c_int,
    /// When the session ends unless it is used before, as mg_millis() counts.
    pub expire: u64,
    /// The dashboard.
    pub dash: *mut mg_dash,
}

/// A dashboard: a web page and its JSON API, see mg_dash_ev_handler(). Zero the struct, then
/// set what is needed. Belongs to one thread, like its managers.
#[repr(C)]
pub struct mg_dash {
    /// Field sets; add with MG_DASH_ADD_FIELD_SET.
    pub sets: *mut mg_field_set,
    /// More URIs; add with MG_DASH_REGISTER_CUSTOM_HANDLER.
    pub custom_handlers: *mut mg_dash_custom_handler,
    /// Checks a login: returns the access level, 0 or less to refuse. `user` is a buffer of
    /// `userlen` bytes, empty when only a token was given, and may be rewritten. `pass` is the password
    /// or the token, whole. Called twice for a request that brings no session. NULL lets everybody in,
    /// as "guest" with level 9.
    pub authenticate: Option<
        unsafe extern "C" fn(user: *mut c_char, userlen: usize, pass: *const c_char) -> c_int,
    >,
    /// Seconds after which a session ends that no HTTP request used; 3600 when 0.
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
    pub get_dir:
        Option<unsafe extern "C" fn(u: *const mg_dash_user, buf: *mut c_char, len: usize) -> bool>,
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

/// Header fields of answers.
const JSON: &[u8] = b"Content-Type: application/json\r\nCache-Control: no-cache\r\n";
const NOT_AUTHORISED: &[u8] = b"Not Authorised\n";

/// Handler of a dashboard: mg_http_listen(&mgr, url, mg_dash_ev_handler, &dash), with a struct
/// mg_dash that outlives the listener and its connections.
///
/// Serves "/dashboard.html" of the packed files at "/", files of directories below "/fs/", and an
/// API below "/api/": login, logout, get, set, add, del, ota (see mg_http_start_ota()), and websocket,
/// where browsers are told of changes. A browser gets a session cookie at /api/login. Up to 10
/// sessions exist; another one ends the one that was not used for the longest time. Requests that change
/// something are refused when they say that another site caused them (Sec-Fetch-Site, Origin).
/// docs/dashboard.md describes the API.
///
/// A handler of the program may call this one. It must pass on all events and leave `c->fn_data`
/// alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_dash_ev_handler(
    c: *mut mg_connection,
    ev: c_int,
    ev_data: *mut c_void,
) {
    // SAFETY: pointer contract.
    let Some(c) = (unsafe { c.as_ref() }) else {
        return;
    };
    net::contain_kept(c, (), || {
        let dash = c.fn_data.get().cast::<mg_dash>();
        match ev {
            _ if dash.is_null() => {}
            ev::OPEN if c.is(Flag::Listening) => users::listener_opened(dash),
            ev::CLOSE if c.is(Flag::Listening) => users::listener_closed(dash),
            ev::POLL => notify::check(c),
            ev::CLOSE => notify::forget(c),
            ev::HTTP_HDRS | ev::HTTP_MSG => {
                // SAFETY: HTTP events come with a message, and the program passed a dashboard.
                unsafe { serve(c, dash, ev_data.cast(), ev == ev::HTTP_MSG) };
            }
            _ => {}
        }
    });
}

/// # Safety
/// `hm` is the message of an HTTP event, `dash` a dashboard.
unsafe fn serve(c: &mg_connection, dash: *mut mg_dash, hm: *mut mg_http_message, complete: bool) {
    inject("dash");
    if complete && notify::take_answered(c) {
        return finish_response(c);
    }
    // SAFETY: forwarded from the caller.
    let Some(request) = (unsafe { Request::new(c, dash, hm) }) else {
        return net::error(c, b"OOM");
    };
    if complete {
        request.message();
    } else {
        request.headers();
    }
}

/// A request, and copies of what is needed of it when functions of the program have run.
struct Request<'a> {
    c: &'a mg_connection,
    dash: *mut mg_dash,
    hm: *mut mg_http_message,
    method: Vec<u8>,
    uri: Vec<u8>,
    body: Vec<u8>,
    is_cross_site: bool,
    /// Where the message was, and how much there was.
    buffer: (*mut u8, usize),
}

fn copy(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len()).ok()?;
    copy.extend_from_slice(bytes);
    Some(copy)
}

impl<'a> Request<'a> {
    /// # Safety
    /// As for [`serve`].
    unsafe fn new(
        c: &'a mg_connection,
        dash: *mut mg_dash,
        hm: *mut mg_http_message,
    ) -> Option<Request<'a>> {
        // SAFETY: forwarded from the caller; no function of the program runs meanwhile.
        unsafe {
            let message = hm.as_ref()?;
            let field = |name: &[u8]| message.header(name).map(|value| value.as_bytes());
            // While the head is looked at, the body may be longer than what is there.
            let there = c.recv.len.get().saturating_sub(message.head.len);
            let body = message.body.as_bytes();
            Some(Request {
                c,
                dash,
                hm,
                method: copy(message.method.as_bytes())?,
                uri: copy(message.uri.as_bytes())?,
                body: copy(&body[..body.len().min(there)])?,
                is_cross_site: is_cross_site(
                    field(b"Sec-Fetch-Site"),
                    field(b"Origin"),
                    field(b"Host"),
                ),
                buffer: (c.recv.buf.get(), c.recv.len.get()),
            })
        }
    }

    /// The message, if nobody touched the buffer that it is in.
    fn intact(&self) -> Option<*mut mg_http_message> {
        let recv = &self.c.recv;
        let there = recv.buf.get() == self.buffer.0 && recv.len.get() >= self.buffer.1;
        (there && !self.c.is_dead()).then_some(self.hm)
    }

    fn json(&self, code: i32, body: &[u8]) {
        if !self.c.is_dead() {
            reply(self.c, code, JSON, body);
        }
    }

    /// A reply before the message is complete.
    fn early(&self, code: i32, headers: &[u8], body: &[u8]) {
        if !self.c.is_dead() {
            notify::set_answered(self.c);
            reply(self.c, code, headers, body);
        }
    }

    fn is_protected(&self) -> bool {
        self.uri.starts_with(b"/api/")
    }

    fn is_forged(&self, route: Route) -> bool {
        self.is_cross_site && route.acts(&self.method)
    }

    /// The head of a request is there.
    fn headers(&self) {
        let route = Route::new(&self.method, &self.uri);
        if matches!(route, Route::Hi | Route::Logout) {
            return;
        }
        // SAFETY: the message is intact.
        let user = unsafe { users::authenticate(self.dash, self.hm) };
        if self.c.is_dead() {
            return;
        }
        let Some(user) = user else {
            return match route {
                Route::Upload(set, name) => files::upload(self, set, name, None),
                _ if self.is_protected() => self.early(403, JSON, NOT_AUTHORISED),
                _ => {}
            };
        };
        let forged = self.is_forged(route);
        match route {
            Route::Upload(set, name) => {
                files::upload(self, set, name, Some(&user).filter(|_| !forged));
            }
            _ if forged => self.early(403, JSON, NOT_AUTHORISED),
            Route::Login => self.logged_in(&user),
            Route::Firmware => files::firmware(self),
            _ => {}
        }
    }

    fn logged_in(&self, user: &User) {
        let mut headers = Json::default();
        headers.raw(b"Set-Cookie: access_token=");
        headers.raw(&user.token());
        headers.raw(b"; Path=/; ");
        headers.raw(self.secure());
        headers.raw(b"HttpOnly; SameSite=Lax; Max-Age=86400\r\n");
        headers.raw(JSON);
        let mut body = Json::default();
        body.raw(b"{\"user\":");
        body.string(&user.name());
        body.raw(b",\"level\":");
        body.integer(user.level());
        body.raw(b"}\n");
        match (headers.finish(), body.finish()) {
            (Some(headers), Some(body)) => self.early(200, &headers, &body),
            _ => net::error(self.c, b"OOM"),
        }
    }

    /// A request is complete.
    fn message(&self) {
        let route = Route::new(&self.method, &self.uri);
        match route {
            Route::Hi => return self.json(200, b"hi\n"),
            Route::Logout => return self.logout(),
            _ => {}
        }
        // SAFETY: the message is intact.
        let user = unsafe { users::authenticate(self.dash, self.hm) };
        if self.c.is_dead() {
            return;
        }
        match user {
            Some(_) if self.is_forged(route) => self.json(403, NOT_AUTHORISED),
            Some(user) => self.dispatch(route, &user),
            None if self.is_protected() => self.json(403, NOT_AUTHORISED),
            None => self.public(route),
        }
    }

    fn logout(&self) {
        if !self.is_cross_site {
            // SAFETY: the message is intact.
            unsafe { users::logout(self.dash, self.hm) };
        }
        let mut headers = Json::default();
        headers.raw(b"Set-Cookie: access_token=; Path=/; ");
        headers.raw(b"Expires=Thu, 01 Jan 1970 00:00:00 UTC; ");
        headers.raw(self.secure());
        headers.raw(b"HttpOnly; Max-Age=0; \r\n");
        match headers.finish() {
            Some(headers) => reply(self.c, 401, &headers, b"Unauthorized\n"),
            None => net::error(self.c, b"OOM"),
        }
    }

    /// Keeps a cookie of TLS from going over the wire in plain text.
    fn secure(&self) -> &'static [u8] {
        if self.c.is(Flag::Tls) {
            b"Secure; "
        } else {
            b""
        }
    }

    /// What nobody needs to be logged in for.
    fn public(&self, route: Route) {
        match route {
            Route::Download(set, _) | Route::RemoveFile(set, _)
                if self.set(set).is_some_and(Set::is_directory) =>
            {
                self.json(403, NOT_AUTHORISED);
            }
            Route::Page => self.page(),
            _ => self.custom(),
        }
    }

    fn dispatch(&self, route: Route, user: &Arc<User>) {
        match route {
            Route::WebSocket => self.watch(user),
            Route::GetAll => self.get(|json| sets::write_all(json, self.dash, user)),
            Route::Get(set, from, to) => self.get(|json| match self.set(set) {
                Some(set) => set.write_named(json, user, from, to),
                None => json.null(),
            }),
            Route::Modify(set, index) => self.modify(set, index, user),
            Route::Set => self.change(user),
            Route::Add(set) => self.add(set, user),
            Route::Delete(set, from, to) => self.delete(set, from, to, user),
            Route::Download(set, name) | Route::RemoveFile(set, name)
                if self.set(set).is_some_and(Set::is_directory) =>
            {
                let remove = matches!(route, Route::RemoveFile(..));
                files::serve(self, set, name, user, remove);
            }
            _ => self.public(route),
        }
    }

    fn set(&self, name: &[u8]) -> Option<Set> {
        sets(self.dash).find(|set| set.with_name(|own| own == name))
    }

    /// An array that a function of the program manages.
    fn array(&self, name: &[u8]) -> Option<Set> {
        self.set(name)
            .filter(|set| set.index().is_some() && set.has_function())
    }

    fn mgr(&self) -> *mut mg_mgr {
        self.c.mgr.get()
    }

    fn get(&self, write: impl FnOnce(&mut Json)) {
        let mut json = Json::default();
        write(&mut json);
        json.raw(b"\n");
        match json.finish() {
            Some(text) => self.json(200, &text),
            None => self.json(500, b"Response too large\n"),
        }
    }

    fn number(&self, n: usize) {
        let mut json = Json::default();
        json.integer(n);
        json.raw(b"\n");
        self.json(200, &json.finish().unwrap_or_default());
    }

    /// Changes sets: `{"set":{"field":value}}`.
    fn change(&self, user: &Arc<User>) {
        let mut total = 0;
        let mut changed = Vec::new();
        for (name, values) in members(self.body.trim_ascii_start()) {
            let Some(set) = self.set(name) else { continue };
            if !set.call(mg_dash_op::MG_DASH_WRITE, user) {
                continue;
            }
            let n = set.store(values);
            if n > 0 {
                set.call(mg_dash_op::MG_DASH_WRITE, user);
                if !changed.contains(&set) {
                    changed.push(set);
                }
            }
            total += n;
        }
        for set in changed {
            notify::send_change(self.mgr(), set);
        }
        self.number(total);
    }

    /// Changes an element of an array.
    fn modify(&self, set: &[u8], index: &[u8], user: &Arc<User>) {
        let Some(set) = self.array(set) else {
            return self.json(404, b"null\n");
        };
        let readable = index_number(index).is_some_and(|i| {
            set.set_index(i);
            set.call(mg_dash_op::MG_DASH_READ, user) && set.index() == Some(i)
        });
        if !readable {
            return self.json(404, b"null\n");
        }
        let n = set.store(self.body.trim_ascii_start());
        if n == 0 || !set.call(mg_dash_op::MG_DASH_WRITE, user) {
            return self.json(403, b"false\n");
        }
        self.number(n);
        notify::send_change(self.mgr(), set);
    }

    /// Appends an element to an array.
    fn add(&self, set: &[u8], user: &Arc<User>) {
        let Some(set) = self.array(set) else {
            return self.json(404, b"null\n");
        };
        let stored = set.store(self.body.trim_ascii_start()) > 0;
        if !stored || !set.call(mg_dash_op::MG_DASH_ADD, user) {
            return self.json(403, b"false\n");
        }
        set.set_index(-1);
        self.json(200, b"true\n");
        notify::send_change(self.mgr(), set);
    }

    /// Deletes elements of an array.
    fn delete(&self, set: &[u8], from: &[u8], to: Option<&[u8]>, user: &Arc<User>) {
        let Some(set) = self.set(set).filter(|set| set.index().is_some()) else {
            return self.json(404, b"null\n");
        };
        let range = index_number(from).zip(index_number(to.unwrap_or(from)));
        let mut n = 0;
        for i in range.into_iter().flat_map(|(from, to)| from..=to) {
            if n == MAX_DELETED {
                break;
            }
            set.set_index(i);
            if !(set.has_function() && set.call(mg_dash_op::MG_DASH_DELETE, user)) {
                break;
            }
            n += 1;
        }
        if n == 0 {
            return self.json(403, b"false\n");
        }
        set.set_index(-1);
        self.number(n);
        notify::send_change(self.mgr(), set);
    }

    fn watch(&self, user: &Arc<User>) {
        let Some(hm) = self.intact() else {
            return self.json(500, b"Try again\n");
        };
        // SAFETY: the message is intact.
        unsafe { crate::ws::ffi::upgrade(self.c.as_ptr(), hm) };
        if self.c.is(Flag::Websocket) && !self.c.is_dead() {
            notify::watch(self.c, self.dash, user);
        }
    }

    fn page(&self) {
        self.file(
            c"/dashboard.html".as_ptr(),
            (&raw const mg_fs_packed).cast_mut(),
        );
    }

    fn file(&self, path: *const c_char, fs: *mut mg_fs) {
        let Some(hm) = self.intact() else {
            return self.json(500, b"Try again\n");
        };
        let opts = mg_http_serve_opts {
            root_dir: std::ptr::null(),
            ssi_pattern: std::ptr::null(),
            extra_headers: std::ptr::null(),
            mime_types: std::ptr::null(),
            page404: std::ptr::null(),
            fs,
        };
        // SAFETY: the message is intact, the path terminated.
        unsafe { mg_http_serve_file(self.c.as_ptr(), hm, path, &opts) };
    }

    /// The program's own handlers.
    fn custom(&self) {
        // SAFETY: the program passed a dashboard; its handlers live as long as it does.
        let mut next = unsafe { (*self.dash).custom_handlers };
        // SAFETY: as above.
        while let Some(entry) = unsafe { next.as_ref() } {
            // SAFETY: pointer contract.
            let pattern = unsafe { entry.uri_pattern.as_bytes() };
            if glob_match(&self.uri, pattern, |_, _| {})
                && let (Some(handler), Some(hm)) = (entry.handler, self.intact())
            {
                // SAFETY: the program's function, called as documented.
                return unsafe { handler(self.c.as_ptr(), ev::HTTP_MSG, hm.cast()) };
            }
            next = entry.next;
        }
        self.json(404, b"Not Found");
    }
}

/// The most elements that one request deletes, should a function never refuse.
const MAX_DELETED: usize = 65536;

/// An index in a URI. Larger ones than there can be are the largest.
fn index_number(text: &[u8]) -> Option<c_int> {
    let number = parse_number(text, 10);
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    digits.then(|| {
        number
            .and_then(|n| c_int::try_from(n).ok())
            .unwrap_or(c_int::MAX)
    })
}

/// Tells the browsers that watch the dashboard of `set` what its values are: those of the object, of
/// the element at `*set->index`, or with an index of -1 the number of elements. `fn` of the set is
/// called for each browser, with its user. One that does not read what it was sent is disconnected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_dash_send_change(mgr: *mut mg_mgr, set: *mut mg_field_set) {
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(set) = unsafe { Set::new(set) } {
            notify::send_change(mgr, set);
        }
    });
}

/// A READ function for field sets with a directory, and what sets without a function use: fills in
/// the fields "name" and "size" (if there is one) of the entry at `*set->index`. Past the last entry it
/// stores -1 there; an index of -1 asks for the number of entries. Returns false when the directory
/// cannot be had, or there is no text field "name".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_dash_dir_read(set: *mut mg_field_set, u: *mut mg_dash_user) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let set = unsafe { Set::new(set) };
        set.is_some_and(|set| files::read_entry(set, u))
    })
}
