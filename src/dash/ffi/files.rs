//! Directories: their entries, uploads, downloads, and firmware.
#![allow(unsafe_code)]

use super::sets::{Set, sets};
use super::users::User;
use super::{JSON, NOT_AUTHORISED, Request, mg_dash, mg_dash_op, mg_dash_user, notify};
use crate::ffi::str::cstr;
use crate::ffi::{inject, mg_str};
use crate::fs::ffi::{FileSystem, mg_fs};
use crate::fs::path::CPath;
use crate::http::reply::reply;
use crate::http::upload::ffi::{mg_http_start_ota, mg_http_start_upload};
use crate::net::{Flag, mg_connection};
use crate::util::is_sane;
use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int};
use std::mem::ManuallyDrop;
use std::sync::Arc;

/// Room for the path of a directory.
pub const DIR_SIZE: usize = 256;

/// The file system of a dashboard.
fn file_system(dash: *mut mg_dash) -> *mut mg_fs {
    // SAFETY: NULL, or a dashboard.
    unsafe { dash.as_ref() }.map_or(std::ptr::null_mut(), |dash| dash.upload_fs)
}

/// Names in a directory that is walked through.
#[derive(Default)]
struct Names {
    dir: Vec<u8>,
    names: Option<Vec<CString>>,
}

thread_local! {
    /// The directory whose entries a request is being answered with. Without a destructor, since the
    /// C library ends a process that has no memory to register one; [`Listing`] empties it.
    static LISTING: RefCell<ManuallyDrop<Option<Names>>> =
        const { RefCell::new(ManuallyDrop::new(None)) };
}

fn set_listing(names: Option<Names>) {
    LISTING.with_borrow_mut(|listing| **listing = names);
}

/// While it lives, a directory is listed once for all of its entries.
pub struct Listing(());

impl Listing {
    pub fn begin() -> Listing {
        set_listing(Some(Names::default()));
        Listing(())
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        set_listing(None);
    }
}

/// Names of a directory; `None` when memory is exhausted.
fn list(fs: FileSystem, dir: &CPath) -> Option<Vec<CString>> {
    let mut names = Vec::new();
    let mut complete = true;
    fs.list(dir.as_cstr(), &mut |name| {
        complete = complete && names.try_reserve(1).is_ok();
        if complete {
            names.push(name.to_owned());
        }
    });
    complete.then_some(names)
}

/// Calls `look` with the names in a directory, from the listing of the request if there is one.
fn with_names<T>(fs: FileSystem, dir: &CPath, look: impl FnOnce(&[CString]) -> T) -> Option<T> {
    let kept = LISTING.with_borrow(|listing| {
        let names = listing.as_ref()?;
        (names.dir == dir.as_bytes() && names.names.is_some()).then_some(())
    });
    if kept.is_none() {
        let names = list(fs, dir)?;
        let active = LISTING.with_borrow(|listing| listing.is_some());
        if !active {
            return Some(look(&names));
        }
        set_listing(Some(Names {
            dir: dir.as_bytes().to_vec(),
            names: Some(names),
        }));
    }
    LISTING.with_borrow(|listing| Some(look(listing.as_ref()?.names.as_ref()?)))
}

/// mg_dash_dir_read().
pub fn read_entry(set: Set, user: *mut mg_dash_user) -> bool {
    let Some(dir) = set.directory(user) else {
        return false;
    };
    let (Some(name), Some(index)) = (set.field(b"name").filter(|f| f.is_text()), set.index())
    else {
        return false;
    };
    // SAFETY: NULL, or a user that the library made, with its dashboard.
    let dash = unsafe { user.as_ref() }.map_or(std::ptr::null_mut(), |user| user.dash);
    // SAFETY: the program's table outlives its dashboard.
    let fs = unsafe { FileSystem::new(file_system(dash)) };
    let Some(mut path) = CPath::from_bytes(&dir) else {
        return false;
    };
    let Some((count, entry)) = with_names(fs, &path, |names| {
        let entry = usize::try_from(index).ok().and_then(|i| names.get(i));
        (names.len(), entry.cloned())
    }) else {
        return false;
    };
    match entry {
        None if index == -1 => set.set_index(c_int::try_from(count).unwrap_or(c_int::MAX)),
        None => set.set_index(-1),
        Some(entry) => {
            name.put_text(entry.to_bytes());
            if let Some(size) = set.field(b"size") {
                let known = path.push(b"/") && path.push(entry.to_bytes());
                size.put_size(if known { fs.size(path.as_cstr()) } else { 0 });
            }
        }
    }
    true
}

/// The name of a file in a URI; `None` for names that lead elsewhere.
fn decode(name: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::new();
    decoded.try_reserve_exact(name.len() + 1).ok()?;
    decoded.resize(name.len() + 1, 0);
    match crate::url::decode(name, &mut decoded, false) {
        Some(len) => decoded.truncate(len),
        // What is no escape is what it looks like.
        None => decoded = super::copy(name)?,
    }
    let plain = !decoded.is_empty() && !decoded.iter().any(|b| matches!(b, 0 | b'/' | b'\\'));
    (plain && decoded != b"." && is_sane(&decoded)).then_some(decoded)
}

/// Shows the program the name of a file, for it to decide. False when the name does not fit into its
/// variable.
fn show(set: Set, name: &[u8]) -> bool {
    match set.field(b"name").filter(|field| field.is_text()) {
        Some(field) => name.len() <= field.room() && field.put_text(name),
        None => true,
    }
}

/// Starts an upload; `user` is missing when nobody may.
pub fn upload(request: &Request, set: &[u8], name: &[u8], user: Option<&Arc<User>>) {
    let Some(set) = request.set(set).filter(|set| set.is_directory()) else {
        return request.early(404, JSON, b"Not Found\n");
    };
    let Some(user) = user else {
        return request.early(403, JSON, NOT_AUTHORISED);
    };
    let Some(name) = decode(name).filter(|name| show(set, name)) else {
        return request.early(400, JSON, b"Bad file name\n");
    };
    if !set.call(mg_dash_op::MG_DASH_WRITE, user) {
        return request.early(403, JSON, NOT_AUTHORISED);
    }
    let Some(dir) = set.directory(user.as_ptr()) else {
        return request.early(500, JSON, b"Upload dir error\n");
    };
    let Some(hm) = request.intact() else {
        return request.early(500, JSON, b"Try again\n");
    };
    // SAFETY: the message is intact; the strings are copied during the call.
    unsafe {
        mg_http_start_upload(
            request.c.as_ptr(),
            hm,
            mg_str::from_bytes(&name),
            mg_str::from_bytes(&dir),
            file_system(request.dash),
            Some(uploaded),
        );
    }
}

/// An upload ended.
unsafe extern "C" fn uploaded(c: *mut mg_connection, error: *const c_char) {
    // SAFETY: reports come with a live connection.
    let Some(c) = (unsafe { c.as_ref() }) else {
        return;
    };
    crate::net::contain_kept(c, (), || {
        inject("dash upload");
        // SAFETY: NULL or a terminated text.
        answer(c, error.is_null(), unsafe { cstr(error) }, b"\n");
        if error.is_null() {
            let dash = c.fn_data.get().cast::<mg_dash>();
            for set in sets(dash).filter(|set| set.is_directory()) {
                set.set_index(-1);
                notify::send_change(c.mgr.get(), set);
            }
        }
    });
}

/// Starts the installation of firmware.
pub fn firmware(request: &Request) {
    let Some(hm) = request.intact() else {
        return request.early(500, JSON, b"Try again\n");
    };
    // SAFETY: the message is intact.
    unsafe { mg_http_start_ota(request.c.as_ptr(), hm, Some(installed)) };
}

/// Firmware was installed, or not.
unsafe extern "C" fn installed(c: *mut mg_connection, error: *const c_char) {
    // SAFETY: reports come with a live connection.
    let Some(c) = (unsafe { c.as_ref() }) else {
        return;
    };
    crate::net::contain_kept(c, (), || {
        // SAFETY: NULL or a terminated text.
        answer(c, error.is_null(), unsafe { cstr(error) }, b"");
        c.set(Flag::Draining, true);
    });
}

fn answer(c: &mg_connection, ok: bool, error: &[u8], end: &[u8]) {
    if c.is_dead() {
        return;
    }
    // When it ends before it began, the message is still to come.
    if !c.is(Flag::Resp) {
        notify::set_answered(c);
    }
    let mut text = error.to_vec();
    text.extend_from_slice(end);
    match ok {
        true => reply(c, 200, b"", b"ok\n"),
        false => reply(c, 500, b"", &text),
    }
}

/// Sends or removes a file of a directory.
pub fn serve(request: &Request, set: &[u8], name: &[u8], user: &Arc<User>, remove: bool) {
    let Some(set) = request.set(set) else {
        return request.json(404, b"Not Found");
    };
    let Some(name) = decode(name) else {
        return request.json(400, b"Bad file name\n");
    };
    let path = set.directory(user.as_ptr()).and_then(|dir| {
        let mut path = CPath::from_bytes(&dir)?;
        (path.push(b"/") && path.push(&name)).then_some(path)
    });
    let Some(path) = path else {
        return request.json(500, b"Upload dir error\n");
    };
    let fs = file_system(request.dash);
    if !remove {
        return request.file(path.as_cstr().as_ptr(), fs);
    }
    if !show(set, &name) {
        return request.json(400, b"Bad file name\n");
    }
    if !set.call(mg_dash_op::MG_DASH_DELETE, user) {
        return request.json(403, NOT_AUTHORISED);
    }
    // SAFETY: the program's table outlives its dashboard.
    unsafe { FileSystem::new(fs) }.remove(path.as_cstr());
    if !request.c.is_dead() {
        reply(request.c, 200, b"", b"true");
    }
    set.set_index(-1);
    notify::send_change(request.mgr(), set);
}
