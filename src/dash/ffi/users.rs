//! Who sent a request, and the sessions of all dashboards in the process.
#![allow(unsafe_code)]

use super::{mg_dash, mg_dash_user};
use crate::dash::session::{self, Session, Sessions};
use crate::ffi::layout::DASH_MAX_USER_NAME;
use crate::http::credentials::{self, Credentials, SCRATCH};
use crate::http::ffi::mg_http_message;
use crate::util::ffi::mg_millis;
use parking_lot::Mutex;
use std::cell::UnsafeCell;
use std::ffi::{c_char, c_int};
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Room for the name that `authenticate` may rewrite.
const NAME_SIZE: usize = 100;
/// The longest password or token.
const MAX_SECRET: usize = 8192;
const DEFAULT_SESSION_SECONDS: u64 = 3600;
/// Of somebody whom nobody asked for a password.
const GUEST_LEVEL: c_int = 9;

/// A user, as the program's functions see it.
pub struct User {
    public: UnsafeCell<mg_dash_user>,
    /// The whole token.
    token: UnsafeCell<Vec<u8>>,
    end: AtomicU8,
}

/// Whether and how a session ended.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum End {
    No = 0,
    LoggedOut = 1,
    Over = 2,
}

// SAFETY: a dashboard, with its users, belongs to one thread by contract; the table below only hands
// users to the dashboard they belong to.
unsafe impl Send for User {}
// SAFETY: as above.
unsafe impl Sync for User {}

impl User {
    fn new(dash: *mut mg_dash, name: &[u8], token: &[u8], level: c_int) -> Option<Arc<User>> {
        let user = User {
            public: UnsafeCell::new(mg_dash_user {
                next: null_mut(),
                name: text(name),
                token: text(token),
                level,
                expire: 0,
                dash,
            }),
            token: UnsafeCell::new(super::copy(token)?),
            end: AtomicU8::new(End::No as u8),
        };
        Some(Arc::new(user))
    }

    /// For the program's functions.
    pub fn as_ptr(&self) -> *mut mg_dash_user {
        self.public.get()
    }

    /// As it is now: the program may write to it.
    fn public(&self) -> mg_dash_user {
        // SAFETY: ours, initialised, and plain data.
        unsafe { self.public.get().read() }
    }

    pub fn name(&self) -> Vec<u8> {
        until_nul(&self.public().name)
    }

    pub fn level(&self) -> c_int {
        self.public().level
    }

    pub fn token(&self) -> Vec<u8> {
        // SAFETY: nobody changes it during this call.
        unsafe { (*self.token.get()).clone() }
    }

    fn set_token(&self, token: &[u8]) -> Option<()> {
        let copy = super::copy(token)?;
        // SAFETY: nobody else looks at it during this call.
        unsafe {
            (*self.public.get()).token = text(token);
            *self.token.get() = copy;
        }
        Some(())
    }

    /// The session was used.
    fn refresh(&self, expires: u64) {
        // SAFETY: as in `set_token`.
        unsafe { (*self.public.get()).expire = expires };
    }

    fn set_level(&self, level: c_int) {
        // SAFETY: as in `set_token`.
        unsafe { (*self.public.get()).level = level };
    }

    pub fn end(&self) -> End {
        match self.end.load(Ordering::Relaxed) {
            0 => End::No,
            1 => End::LoggedOut,
            _ => End::Over,
        }
    }

    fn finish(&self, end: End) {
        self.end.store(end as u8, Ordering::Relaxed);
    }
}

/// Text in an array of C, cut to fit, with a NUL.
fn text<const N: usize>(bytes: &[u8]) -> [c_char; N] {
    let mut array = [0; N];
    for (to, &from) in array[..N - 1].iter_mut().zip(bytes) {
        *to = from as c_char;
    }
    array
}

fn until_nul(array: &[c_char]) -> Vec<u8> {
    let bytes = array.iter().map(|&c| c as u8);
    bytes.take_while(|&b| b != 0).collect()
}

/// What is known about a dashboard.
struct Dash {
    /// Its address.
    key: usize,
    listeners: usize,
    /// Everybody, when there is no authentication.
    guest: Option<Arc<User>>,
    sessions: Sessions<User>,
}

static DASHES: Mutex<Vec<Dash>> = Mutex::new(Vec::new());

/// Looks at what is known about a dashboard; `look` must not call out. `None` when memory is exhausted.
fn with<T>(dash: *mut mg_dash, look: impl FnOnce(&mut Dash) -> T) -> Option<T> {
    let mut dashes = DASHES.lock();
    let key = dash as usize;
    let i = match dashes.iter().position(|dash| dash.key == key) {
        Some(i) => i,
        None => {
            dashes.try_reserve(1).ok()?;
            dashes.push(Dash {
                key,
                listeners: 0,
                guest: None,
                sessions: Sessions::default(),
            });
            dashes.len() - 1
        }
    };
    Some(look(&mut dashes[i]))
}

pub fn listener_opened(dash: *mut mg_dash) {
    with(dash, |dash| dash.listeners += 1);
}

/// With the last listener all sessions end.
pub fn listener_closed(dash: *mut mg_dash) {
    let mut dashes = DASHES.lock();
    let Some(i) = dashes.iter().position(|d| d.key == dash as usize) else {
        return;
    };
    dashes[i].listeners = dashes[i].listeners.saturating_sub(1);
    if dashes[i].listeners == 0 {
        let mut dash = dashes.swap_remove(i);
        dash.sessions.clear(|user| user.finish(End::Over));
        if let Some(guest) = dash.guest {
            guest.finish(End::Over);
        }
    }
}

/// Credentials of a request.
struct Claim {
    /// A name, if it comes with a password.
    name: Vec<u8>,
    /// Password or token.
    secret: Vec<u8>,
    /// A token of a cookie or query, which may be that of a session.
    may_be_session: bool,
}

impl Claim {
    /// `None` when there are none.
    ///
    /// # Safety
    /// Pointer contract for `hm`.
    unsafe fn new(hm: *const mg_http_message) -> Option<Claim> {
        let mut scratch = [0; SCRATCH];
        // SAFETY: forwarded from the caller.
        let (authorization, cookie, query) = unsafe {
            let hm = hm.as_ref()?;
            let field = |name: &[u8]| hm.header(name).map(|value| value.as_bytes());
            (
                field(b"Authorization"),
                field(b"Cookie"),
                hm.query.as_bytes(),
            )
        };
        let mut decoded = Vec::new();
        let found = credentials::find(authorization, cookie, query, &mut scratch);
        let (name, secret) = match found {
            Credentials::Basic(name, pass) => (name, pass),
            Credentials::Token(token) => (&b""[..], token),
            Credentials::Query(token) => {
                decoded.try_reserve_exact(token.len() + 1).ok()?;
                decoded.resize(token.len() + 1, 0);
                let n = crate::url::decode(token, &mut decoded, true)?;
                (&b""[..], &decoded[..n])
            }
            Credentials::None => return None,
        };
        // A NUL would end them for the program.
        let has_nul = name.contains(&0) || secret.contains(&0);
        if secret.is_empty() || has_nul || secret.len() > MAX_SECRET || name.len() >= NAME_SIZE {
            return None;
        }
        Some(Claim {
            name: super::copy(name)?,
            secret: super::copy(secret)?,
            may_be_session: authorization.is_none(),
        })
    }
}

/// Who sent a request; `None` when nobody who may.
///
/// # Safety
/// `dash` is a dashboard, `hm` an intact message.
pub unsafe fn authenticate(dash: *mut mg_dash, hm: *const mg_http_message) -> Option<Arc<User>> {
    // SAFETY: forwarded from the caller.
    let (check, seconds) = unsafe {
        (
            (*dash).authenticate,
            (*dash).session_auto_expiration_seconds,
        )
    };
    let Some(check) = check else {
        return guest(dash);
    };
    let now = mg_millis();
    let seconds = u64::try_from(seconds).ok().filter(|&n| n > 0);
    let expires = now + seconds.unwrap_or(DEFAULT_SESSION_SECONDS) * 1000;
    // SAFETY: forwarded from the caller.
    let claim = unsafe { Claim::new(hm) };
    let known = with(dash, |dash| {
        dash.sessions.expire(now, |user| user.finish(End::Over));
        let claim = claim.as_ref().filter(|claim| claim.may_be_session)?;
        let session = dash.sessions.by_token(&claim.secret)?;
        session.expires = expires;
        session.user.refresh(expires);
        Some(Arc::clone(&session.user))
    })?;
    let claim = claim?;
    if known.is_some() {
        return known;
    }

    let mut name: [c_char; NAME_SIZE] = text(&claim.name);
    let mut secret = super::copy(&claim.secret)?;
    secret.try_reserve_exact(1).ok()?;
    secret.push(0);
    // SAFETY: the program's function, called as documented.
    let level = unsafe { check(name.as_mut_ptr(), NAME_SIZE, secret.as_ptr().cast()) };
    name[NAME_SIZE - 1] = 0;
    if level <= 0 {
        return None;
    }
    let mut name = until_nul(&name);
    name.truncate(DASH_MAX_USER_NAME - 1);
    enter(dash, name, level, &claim, expires)
}

/// The session of a user who was accepted, a new one if there is none.
fn enter(
    dash: *mut mg_dash,
    name: Vec<u8>,
    level: c_int,
    claim: &Claim,
    expires: u64,
) -> Option<Arc<User>> {
    // What the program takes for a token can be one from now on.
    let given =
        (claim.may_be_session && session::is_cookie_value(&claim.secret)).then_some(&claim.secret);
    with(dash, |known| {
        if let Some(session) = known.sessions.by_name(&name) {
            if let Some(token) = given {
                session.token = super::copy(token)?;
                session.user.set_token(token)?;
            }
            session.expires = expires;
            session.user.refresh(expires);
            session.user.set_level(level);
            return Some(Arc::clone(&session.user));
        }
        let token = match given {
            Some(token) => super::copy(token)?,
            None => session::new_token()?,
        };
        let user = User::new(dash, &name, &token, level)?;
        user.refresh(expires);
        let evicted = known.sessions.add(Session {
            name,
            token,
            expires,
            user: Arc::clone(&user),
        })?;
        if let Some(evicted) = evicted {
            evicted.finish(End::Over);
        }
        Some(user)
    })
    .flatten()
}

fn guest(dash: *mut mg_dash) -> Option<Arc<User>> {
    with(dash, |known| {
        if known.guest.is_none() {
            known.guest = User::new(dash, b"guest", b"", GUEST_LEVEL);
        }
        known.guest.clone()
    })
    .flatten()
}

/// Ends the session that a request uses.
///
/// # Safety
/// As for [`authenticate`].
pub unsafe fn logout(dash: *mut mg_dash, hm: *const mg_http_message) {
    // SAFETY: forwarded from the caller.
    if let Some(claim) = unsafe { Claim::new(hm) }
        && claim.may_be_session
    {
        let ended = with(dash, |dash| dash.sessions.remove(&claim.secret));
        if let Some(Some(user)) = ended {
            user.finish(End::LoggedOut);
        }
    }
}
