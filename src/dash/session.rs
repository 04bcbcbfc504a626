//! Users that are logged in to a dashboard.
#![forbid(unsafe_code)]

use crate::util::random::alphanumeric;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Sessions of a dashboard; the one that was not used for the longest time makes room.
pub const MAX_SESSIONS: usize = 10;
/// Letters and digits in a token that is made here: more than 112 bits.
const TOKEN_LEN: usize = 19;

pub struct Session<U> {
    pub name: Vec<u8>,
    pub token: Vec<u8>,
    /// When it ends, unless it is used before, in milliseconds.
    pub expires: u64,
    pub user: Arc<U>,
}

pub struct Sessions<U>(Vec<Session<U>>);

impl<U> Default for Sessions<U> {
    fn default() -> Sessions<U> {
        Sessions(Vec::new())
    }
}

impl<U> Sessions<U> {
    /// Ends sessions that were not used for too long.
    pub fn expire(&mut self, now: u64, mut ended: impl FnMut(&U)) {
        self.0.retain(|session| {
            let keep = session.expires > now;
            if !keep {
                ended(&session.user);
            }
            keep
        });
    }

    /// The session with this token. How long it takes tells nothing about the tokens there are.
    fn position(&self, token: &[u8]) -> Option<usize> {
        let mut found = None;
        for (i, session) in self.0.iter().enumerate() {
            if bool::from(session.token.ct_eq(token)) && !token.is_empty() {
                found = Some(i);
            }
        }
        found
    }

    pub fn by_token(&mut self, token: &[u8]) -> Option<&mut Session<U>> {
        self.position(token).map(|i| &mut self.0[i])
    }

    pub fn by_name(&mut self, name: &[u8]) -> Option<&mut Session<U>> {
        self.0.iter_mut().find(|session| session.name == name)
    }

    /// Ends a session.
    pub fn remove(&mut self, token: &[u8]) -> Option<Arc<U>> {
        self.position(token).map(|i| self.0.swap_remove(i).user)
    }

    /// Adds a session; the one that has to go instead, if any. `None` when memory is exhausted.
    pub fn add(&mut self, session: Session<U>) -> Option<Option<Arc<U>>> {
        let mut evicted = None;
        if self.0.len() >= MAX_SESSIONS {
            let oldest = (0..self.0.len()).min_by_key(|&i| self.0[i].expires)?;
            evicted = Some(self.0.swap_remove(oldest).user);
        }
        self.0.try_reserve(1).ok()?;
        self.0.push(session);
        Some(evicted)
    }

    pub fn clear(&mut self, mut ended: impl FnMut(&U)) {
        for session in self.0.drain(..) {
            ended(&session.user);
        }
    }
}

/// A new token; `None` when the system has no random numbers.
pub fn new_token() -> Option<Vec<u8>> {
    let mut token = Vec::new();
    token.try_reserve_exact(TOKEN_LEN).ok()?;
    while token.len() < TOKEN_LEN {
        let mut pool = [0; 64];
        getrandom::fill(&mut pool).ok()?;
        let characters = pool.into_iter().filter_map(alphanumeric);
        token.extend(characters.take(TOKEN_LEN - token.len()));
    }
    Some(token)
}

/// Whether a token that a client brought can stand in a cookie (RFC 6265, 4.1.1).
pub fn is_cookie_value(token: &[u8]) -> bool {
    token
        .iter()
        .all(|b| matches!(b, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(name: &str, expires: u64) -> Session<String> {
        Session {
            name: name.into(),
            token: format!("token of {name}").into(),
            expires,
            user: Arc::new(name.to_owned()),
        }
    }

    #[test]
    fn the_one_not_used_for_longest_makes_room() {
        let mut sessions = Sessions::default();
        for i in 0..MAX_SESSIONS as u64 {
            let expires = if i == 3 { 1 } else { 10 + i };
            assert_eq!(sessions.add(session(&i.to_string(), expires)), Some(None));
        }
        let evicted = sessions.add(session("new", 100)).unwrap().unwrap();
        assert_eq!(*evicted, "3");
        assert!(sessions.by_name(b"3").is_none());
        assert!(sessions.by_name(b"new").is_some());
        assert!(sessions.by_token(b"token of 4").is_some());
    }

    #[test]
    fn sessions_end() {
        let mut sessions = Sessions::default();
        sessions.add(session("a", 10));
        sessions.add(session("b", 20));
        let mut ended = Vec::new();
        sessions.expire(10, |user| ended.push(user.clone()));
        assert_eq!(ended, ["a"]);
        assert!(sessions.by_token(b"token of a").is_none());
        assert!(sessions.by_token(b"token of").is_none());
        assert!(sessions.remove(b"token of b").is_some());
        assert!(sessions.by_token(b"token of b").is_none());
    }

    #[test]
    fn no_token_is_no_session() {
        let mut sessions = Sessions::default();
        let mut guest = session("guest", 10);
        guest.token.clear();
        sessions.add(guest);
        assert!(sessions.by_token(b"").is_none());
        assert!(sessions.remove(b"").is_none());
    }

    #[test]
    fn tokens_differ() {
        let (a, b) = (new_token().unwrap(), new_token().unwrap());
        assert_ne!(a, b);
        assert_eq!(a.len(), TOKEN_LEN);
        assert!(a.iter().all(u8::is_ascii_alphanumeric));
    }

    #[test]
    fn what_a_cookie_may_hold() {
        assert!(is_cookie_value(b"abc.DEF-123=="));
        for bad in ["a b", "a;b", "a\r\nb", "a\"b", "a,b", "a\\b", "\u{e9}"] {
            assert!(!is_cookie_value(bad.as_bytes()), "{bad}");
        }
    }
}
