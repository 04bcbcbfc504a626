//! The configuration of the host's resolver, `/etc/resolv.conf` (resolv.conf(5)).
#![forbid(unsafe_code)]

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

/// As many as other resolvers take.
const MAX_SERVERS: usize = 3;
const MAX_SEARCH: usize = 6;
const PORT: u16 = 53;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Name servers, in the order to ask them.
    pub servers: Vec<SocketAddr>,
    /// Domains to complete short names with.
    pub search: Vec<Vec<u8>>,
    /// A name with that many dots is tried as it is first.
    pub dots: usize,
}

/// Reads the file. What it does not understand, it skips.
pub fn parse(file: &[u8]) -> Config {
    let mut config = Config {
        dots: 1,
        ..Config::default()
    };
    for line in file.split(|&b| b == b'\n') {
        let mut fields = fields(line);
        match fields.next() {
            Some(b"nameserver") if config.servers.len() < MAX_SERVERS => {
                config.servers.extend(fields.next().and_then(server));
            }
            // The last of these lines counts.
            Some(b"search" | b"domain") => {
                config.search = fields.take(MAX_SEARCH).map(<[u8]>::to_vec).collect();
            }
            Some(b"options") => {
                for dots in fields.filter_map(|f| f.strip_prefix(b"ndots:")) {
                    let number = crate::string::parse_decimal(dots);
                    config.dots = number.map_or(config.dots, |n| n.min(15));
                }
            }
            _ => {}
        }
    }
    config
}

/// What stands on a line between blanks, up to a comment.
pub(super) fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = line.split(|&b| matches!(b, b'#' | b';')).next();
    let blank = |b: &u8| b.is_ascii_whitespace();
    text.unwrap_or_default()
        .split(blank)
        .filter(|f| !f.is_empty())
}

/// An address, for IPv6 with a numeric scope if need be.
fn server(text: &[u8]) -> Option<SocketAddr> {
    let text = str::from_utf8(text).ok()?;
    if let Some((ip, scope)) = text.split_once('%') {
        let scope = scope.parse().ok()?;
        return Some(SocketAddrV6::new(ip.parse().ok()?, PORT, 0, scope).into());
    }
    Some((text.parse::<IpAddr>().ok()?, PORT).into())
}

impl Config {
    /// The full names to try for `host`, in order.
    pub fn candidates(&self, host: &[u8]) -> Vec<Vec<u8>> {
        if host.ends_with(b".") {
            return vec![host.to_vec()];
        }
        let completed = self
            .search
            .iter()
            .filter(|domain| !matches!(&domain[..], b"."))
            .map(|domain| [host, b".", domain].concat());
        let mut names: Vec<Vec<u8>> = completed.collect();
        let dots = host.iter().filter(|&&b| b == b'.').count();
        let place = if dots >= self.dots { 0 } else { names.len() };
        names.insert(place, host.to_vec());
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_usual_lines() {
        let config = parse(
            b"# generated\n\
              nameserver 10.0.0.53\n\
              nameserver fe80::1%2 ; second\n\
              nameserver not-an-address\n\
              nameserver\n\
              domain ignored.example\n\
              search a.example\tb.example\r\n\
              options edns0 ndots:5 ndots:x\n\
              nameserver ::1\n\
              nameserver 10.0.0.54\n",
        );
        let servers: Vec<String> = config.servers.iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["10.0.0.53:53", "[fe80::1%2]:53", "[::1]:53"]);
        assert_eq!(
            config.search,
            [b"a.example".to_vec(), b"b.example".to_vec()]
        );
        assert_eq!(config.dots, 5);
        assert_eq!(parse(b"").dots, 1);
        assert_eq!(parse(b"options ndots:99").dots, 15);
    }

    #[test]
    fn short_names_are_completed() {
        let config = parse(b"search a.example b.example .\noptions ndots:2");
        let names = |host: &str| -> Vec<String> {
            let list = config.candidates(host.as_bytes());
            list.into_iter()
                .map(|n| String::from_utf8(n).unwrap())
                .collect()
        };
        assert_eq!(names("db"), ["db.a.example", "db.b.example", "db"]);
        assert_eq!(names("x.db"), ["x.db.a.example", "x.db.b.example", "x.db"]);
        assert_eq!(
            names("w.x.db"),
            ["w.x.db", "w.x.db.a.example", "w.x.db.b.example"]
        );
        assert_eq!(names("db."), ["db."]);
        assert_eq!(parse(b"").candidates(b"db"), [b"db".to_vec()]);
    }

    proptest! {
        #[test]
        fn any_file_is_read(file: Vec<u8>) {
            let config = parse(&file);
            prop_assert!(config.servers.len() <= MAX_SERVERS && config.search.len() <= MAX_SEARCH);
        }

        #[test]
        fn any_words_are_read(file in "(nameserver|search|options|[ .:#;%\\n]|ndots:|[0-9a-f]{1,4}){0,20}") {
            parse(file.as_bytes());
        }
    }
}
