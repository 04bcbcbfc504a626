//! Field sets of a program. Their memory is the program's: it is reached through raw pointers that
//! are read again whenever a function of the program has run.
#![allow(unsafe_code)]

use super::users::User;
use super::{files, index_number, mg_dash, mg_dash_op, mg_dash_user, mg_field, mg_field_set};
use crate::dash::value::{self, Json, member};
use crate::ffi::str::{bytes, cstr};
use std::ffi::{c_char, c_int};
use std::ptr::NonNull;

/// A field set, live as long as its dashboard.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Set(NonNull<mg_field_set>);

/// The sets of a dashboard.
pub fn sets(dash: *mut mg_dash) -> impl Iterator<Item = Set> {
    // SAFETY: the program passed a dashboard.
    let mut next = unsafe { (*dash).sets };
    std::iter::from_fn(move || {
        // SAFETY: sets in the list are live.
        let set = unsafe { Set::new(next) }?;
        next = set.get(|set| set.next);
        Some(set)
    })
}

/// All sets: `{"set":{...},"array":5}`.
pub fn write_all(json: &mut Json, dash: *mut mg_dash, user: &User) {
    let mut separator: &[u8] = b"{";
    for set in sets(dash) {
        let size = set.index().map(|_| set.size(user));
        let shown = match size {
            Some(size) => size >= 0,
            None => set.read(user),
        };
        if !shown {
            continue;
        }
        json.raw(separator);
        separator = b",";
        set.with_name(|name| json.string(name));
        json.raw(b":");
        match size {
            Some(size) => json.integer(size),
            None => set.write_object(json),
        }
    }
    json.raw(if separator == b"{" { b"{}" } else { b"}" });
}

impl Set {
    /// # Safety
    /// NULL, or a set that outlives the value.
    pub unsafe fn new(set: *mut mg_field_set) -> Option<Set> {
        NonNull::new(set).map(Set)
    }

    fn get<T>(self, look: impl FnOnce(&mg_field_set) -> T) -> T {
        // SAFETY: live; no function of the program runs while the reference lives.
        look(unsafe { self.0.as_ref() })
    }

    /// Calls `look`, which must not call out, with the name.
    pub fn with_name<T>(self, look: impl FnOnce(&[u8]) -> T) -> T {
        // SAFETY: pointer contract.
        self.get(|set| look(unsafe { cstr(set.name) }))
    }

    pub fn has_function(self) -> bool {
        self.get(|set| set.r#fn.is_some())
    }

    pub fn is_directory(self) -> bool {
        self.get(|set| set.get_dir.is_some())
    }

    /// The index variable of an array.
    pub fn index(self) -> Option<c_int> {
        let index = self.get(|set| set.index);
        // SAFETY: NULL, or a variable of the program.
        unsafe { index.as_ref() }.copied()
    }

    pub fn set_index(self, value: c_int) {
        let index = self.get(|set| set.index);
        if !index.is_null() {
            // SAFETY: a variable of the program.
            unsafe { index.write(value) };
        }
    }

    /// Calls the program's function, if there is one.
    pub fn call(self, op: mg_dash_op, user: &User) -> bool {
        match self.get(|set| set.r#fn) {
            // SAFETY: the program's function, called as documented.
            Some(function) => unsafe { function(op, user.as_ptr()) },
            None => true,
        }
    }

    /// The path of a directory; `None` when there is none, or the program refuses.
    pub fn directory(self, user: *const mg_dash_user) -> Option<Vec<u8>> {
        let get_dir = self.get(|set| set.get_dir)?;
        let mut buf = [0; files::DIR_SIZE];
        // SAFETY: the program's function, called as documented.
        let ok = unsafe { get_dir(user, buf.as_mut_ptr(), buf.len()) };
        *buf.last_mut()? = 0;
        // SAFETY: terminated.
        let path = unsafe { cstr(buf.as_ptr()) };
        super::copy(path).filter(|_| ok)
    }

    /// Brings the values up to date: those at the index, or with -1 the number of elements.
    pub fn read(self, user: &User) -> bool {
        if self.has_function() || !self.is_directory() {
            return self.call(mg_dash_op::MG_DASH_READ, user);
        }
        files::read_entry(self, user.as_ptr())
    }

    /// The number of elements; -1 when it is not known.
    pub fn size(self, user: &User) -> c_int {
        let Some(before) = self.index() else {
            return -1;
        };
        self.set_index(-1);
        let known = (self.has_function() || self.is_directory()) && self.read(user);
        let size = self.index().filter(|_| known).unwrap_or(-1);
        self.set_index(before);
        size
    }

    /// An object, the number of elements, or elements in a range.
    pub fn write_named(self, json: &mut Json, user: &User, from: &[u8], to: &[u8]) {
        if !self.call(mg_dash_op::MG_DASH_READ, user) {
            return json.null();
        }
        if self.index().is_none() {
            self.write_object(json);
        } else if from.is_empty() {
            json.integer(self.size(user));
        } else {
            let from = index_number(from).unwrap_or(0);
            let to = index_number(to).unwrap_or(from);
            self.write_elements(json, user, from, to);
        }
    }

    fn write_elements(self, json: &mut Json, user: &User, from: c_int, to: c_int) {
        let before = self.index().unwrap_or(0);
        let _listing = files::Listing::begin();
        json.raw(b"[");
        for i in from..=to {
            self.set_index(i);
            let read = self.read(user);
            // A directory without a function is not there.
            let gone = !read && !self.has_function();
            if gone || self.index().is_none_or(|i| i < 0) || json.has_failed() {
                break;
            }
            if i > from {
                json.raw(b",");
            }
            self.write_object(json);
        }
        json.raw(b"]");
        self.set_index(before);
    }

    fn fields(self) -> impl Iterator<Item = Field> {
        let mut next = self.get(|set| set.fields);
        std::iter::from_fn(move || {
            // SAFETY: the list of fields ends with one that has no name.
            let field = unsafe { Field::new(next) }?;
            next = next.wrapping_add(1);
            Some(field)
        })
    }

    /// A field that holds text in a buffer of the program, by its name.
    pub fn field(self, name: &[u8]) -> Option<Field> {
        self.fields().find(|field| field.name() == name)
    }

    pub fn write_object(self, json: &mut Json) {
        json.raw(b"{");
        for (i, field) in self.fields().enumerate() {
            if i > 0 {
                json.raw(b",");
            }
            json.string(field.name());
            json.raw(b":");
            field.write(json);
        }
        json.raw(b"}");
    }

    /// Stores values of an object in the program's variables; how many.
    pub fn store(self, object: &[u8]) -> usize {
        self.fields().filter(|field| field.store(object)).count()
    }
}

/// A field, as it was when it was looked at. Its name and variable are the program's.
pub struct Field {
    name: *const c_char,
    kind: Kind,
    value: *mut c_char,
    size: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Int,
    UInt64,
    Bool,
    Double,
    Text,
    Raw,
    Unknown,
}

impl Field {
    /// # Safety
    /// NULL, or a field of a list.
    unsafe fn new(field: *const mg_field) -> Option<Field> {
        if field.is_null() {
            return None;
        }
        // SAFETY: forwarded from the caller. The type is read as a number: a program may put any
        // there.
        unsafe {
            if (*field).name.is_null() {
                return None;
            }
            let kind = match (&raw const (*field).r#type).cast::<u32>().read() {
                0 => Kind::Int,
                1 => Kind::UInt64,
                2 => Kind::Bool,
                3 => Kind::Double,
                4 => Kind::Text,
                5 => Kind::Raw,
                _ => Kind::Unknown,
            };
            Some(Field {
                name: (*field).name,
                kind,
                value: (*field).value.cast(),
                size: (*field).value_size,
            })
        }
    }

    fn name(&self) -> &[u8] {
        // SAFETY: pointer contract.
        unsafe { cstr(self.name) }
    }

    /// The text of a C string, which need not end inside its array.
    fn text(&self) -> &[u8] {
        if self.size == 0 {
            // SAFETY: pointer contract; of a read-only string the size is not known.
            return unsafe { cstr(self.value) };
        }
        // SAFETY: pointer contract.
        let array = unsafe { bytes(self.value.cast(), self.size) };
        &array[..memchr::memchr(0, array).unwrap_or(array.len())]
    }

    fn write(&self, json: &mut Json) {
        if self.value.is_null() {
            return json.null();
        }
        // SAFETY: `value` points to a variable of the type that the field names.
        unsafe {
            match self.kind {
                Kind::Int => json.integer(self.value.cast::<c_int>().read_unaligned()),
                Kind::UInt64 => json.integer(self.value.cast::<u64>().read_unaligned()),
                Kind::Bool => json.boolean(self.value.read() != 0),
                Kind::Double => json.double(self.value.cast::<f64>().read_unaligned()),
                Kind::Text => json.string(self.text()),
                Kind::Raw if self.text().is_empty() => json.null(),
                Kind::Raw => json.raw(self.text()),
                Kind::Unknown => json.null(),
            }
        }
    }

    fn is_writable_as<T>(&self) -> bool {
        self.size == size_of::<T>() && !self.value.is_null()
    }

    fn put<T>(&self, value: Option<T>) -> bool {
        let Some(value) = value.filter(|_| self.is_writable_as::<T>()) else {
            return false;
        };
        // SAFETY: a variable of this size, and of this type as the field says.
        unsafe { self.value.cast::<T>().write_unaligned(value) };
        true
    }

    /// Stores a number that may be of either type.
    pub fn put_size(&self, size: usize) {
        match self.kind {
            Kind::Int => self.put(Some(c_int::try_from(size).unwrap_or(c_int::MAX))),
            Kind::UInt64 => self.put(Some(size as u64)),
            _ => false,
        };
    }

    pub fn is_text(&self) -> bool {
        self.kind == Kind::Text && self.size > 0 && !self.value.is_null()
    }

    /// Room for text without its NUL.
    pub fn room(&self) -> usize {
        self.size.saturating_sub(1)
    }

    /// Stores text, cut to fit, and a NUL.
    pub fn put_text(&self, text: &[u8]) -> bool {
        if self.size == 0 || self.value.is_null() {
            return false;
        }
        let n = text.len().min(self.size - 1);
        // SAFETY: the array has `size` bytes; the text is ours.
        unsafe {
            self.value.cast::<u8>().copy_from(text.as_ptr(), n);
            self.value.add(n).write(0);
        }
        true
    }

    /// Takes the field's value out of an object. False when it is not there or of another type.
    fn store(&self, object: &[u8]) -> bool {
        if self.kind == Kind::Raw {
            let whole = crate::json::find(object, b"$").ok();
            let fits = whole.filter(|range| range.len() < self.size);
            return fits.is_some_and(|range| self.put_text(&object[range]));
        }
        let Some(token) = member(object, self.name()) else {
            return false;
        };
        match self.kind {
            Kind::Int => self.put(value::to_i32(token)),
            Kind::UInt64 => self.put(value::to_u64(token)),
            Kind::Bool => self.put(value::to_bool(token)),
            Kind::Double => self.put(value::to_f64(token)),
            Kind::Text => {
                let mut text = Vec::new();
                let room = self.room().min(token.len());
                if text.try_reserve_exact(room).is_err() {
                    return false;
                }
                text.resize(room, 0);
                let len = value::to_text(token, &mut text);
                len.is_some_and(|len| self.put_text(&text[..len]))
            }
            Kind::Raw | Kind::Unknown => false,
        }
    }
}
