//! The table of hosts, `/etc/hosts` (hosts(5)).
#![forbid(unsafe_code)]

use super::response::MAX_ADDRESSES;
use std::net::IpAddr;

/// The addresses of `name`, without regard to case, in the order of the file.
pub fn lookup(file: &[u8], name: &[u8]) -> Vec<IpAddr> {
    let name = name.strip_suffix(b".").unwrap_or(name);
    let mut found = Vec::new();
    for line in file.split(|&b| b == b'\n') {
        if let Some(ip) = address_of(line, name)
            && !found.contains(&ip)
        {
            found.push(ip);
        }
        if found.len() == MAX_ADDRESSES {
            break;
        }
    }
    found
}

/// The address on a line that names `name`.
fn address_of(line: &[u8], name: &[u8]) -> Option<IpAddr> {
    let mut fields = super::resolv_conf::fields(line);
    let address = fields.next()?;
    fields.find(|field| field.eq_ignore_ascii_case(name))?;
    str::from_utf8(address).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &[u8] = b"# static table\n\
        127.0.0.1\tlocalhost\n\
        ::1 localhost ip6-localhost # loopback\n\
        10.0.0.1   db db.internal   # 10.0.0.9 old\n\
        10.0.0.2 DB\r\n\
        10.0.0.2 db\n\
        nonsense db\n\
        10.0.0.3\n\
        # 10.0.0.4 db\n\
        fd00::1 db";

    #[test]
    fn names_are_found_on_all_lines() {
        let found = |name: &str| -> Vec<String> {
            let list = lookup(FILE, name.as_bytes());
            list.iter().map(IpAddr::to_string).collect()
        };
        assert_eq!(found("db"), ["10.0.0.1", "10.0.0.2", "fd00::1"]);
        assert_eq!(found("Db.Internal"), ["10.0.0.1"]);
        assert_eq!(found("db.internal."), ["10.0.0.1"]);
        assert_eq!(found("localhost"), ["127.0.0.1", "::1"]);
        for absent in ["old", "static", "10.0.0.3", "internal", "", "#"] {
            assert!(found(absent).is_empty(), "{absent}");
        }
    }

    #[test]
    fn the_number_of_addresses_is_limited() {
        let file: String = (0..100).map(|i| format!("10.0.0.{i} x\n")).collect();
        assert_eq!(lookup(file.as_bytes(), b"x").len(), MAX_ADDRESSES);
    }

    proptest! {
        #[test]
        fn any_file_is_read(file: Vec<u8>, name: Vec<u8>) {
            let _ = lookup(&file, &name);
        }
    }
}
