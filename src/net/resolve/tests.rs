use super::*;
use crate::net::ffi::{mg_connect, mg_mgr_free, mg_mgr_init, mg_mgr_poll};
use std::cell::RefCell;
use std::ffi::{CString, c_int, c_void};
use std::net::UdpSocket;
use std::path::PathBuf;
use std::ptr::null_mut;

/// Files of a host that exists for one test.
struct Host {
    folder: PathBuf,
    mgr: Box<mg_mgr>,
}

impl Host {
    fn new(test: &str, hosts: &str, conf: &str) -> Host {
        let folder = std::env::temp_dir().join(format!("mg-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        // SAFETY: all-zero bytes are a valid mg_mgr.
        let mut mgr: Box<mg_mgr> = unsafe { Box::new(std::mem::zeroed()) };
        // SAFETY: the manager is not moved before it is freed.
        unsafe { mg_mgr_init(&raw mut *mgr) };
        let host = Host { folder, mgr };
        host.write("hosts", hosts);
        host.write("resolv.conf", conf);
        let private = host.mgr.private().unwrap();
        private.use_files(&host.path("hosts"), &host.path("resolv.conf"));
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Connects, and returns the events of the first moments.
    fn connect(&mut self, url: &str) -> Vec<String> {
        let url = CString::new(url).unwrap();
        EVENTS.with_borrow_mut(Vec::clear);
        // SAFETY: a live manager and a C string.
        unsafe {
            let c = mg_connect(&raw mut *self.mgr, url.as_ptr(), Some(note), null_mut());
            if (*c).private().is_some_and(|p| p.is_resolved.get()) {
                mg_mgr_poll(&raw mut *self.mgr, 0);
            }
            (*c).set(Flag::Closing, true);
            mg_mgr_poll(&raw mut *self.mgr, 0);
        }
        EVENTS.take()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // SAFETY: a live manager.
        unsafe { mg_mgr_free(&raw mut *self.mgr) };
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

thread_local! {
    static EVENTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

unsafe extern "C" fn note(c: *mut mg_connection, event: c_int, data: *mut c_void) {
    // SAFETY: handlers get live connections.
    let c = unsafe { &*c };
    let text = match event {
        crate::net::ev::RESOLVE => c.rem.get().ip().to_string(),
        // SAFETY: the data of this event is a C string.
        crate::net::ev::ERROR => String::from_utf8_lossy(unsafe { cstr(data.cast()) }).into(),
        _ => return,
    };
    EVENTS.with_borrow_mut(|events| events.push(text));
}

#[test]
fn the_table_of_hosts_is_asked_first() {
    let table = "10.1.2.3 db db.example\n::1 db six\n127.0.0.9 printer.local\n";
    let mut host = Host::new("table", table, "nameserver 127.0.0.1\n");
    assert_eq!(host.connect("udp://db:9"), ["10.1.2.3"]);
    assert_eq!(host.connect("udp://DB.Example:9"), ["10.1.2.3"]);
    assert_eq!(host.connect("udp://six:9"), ["::1"]);
    assert_eq!(host.connect("udp://printer.local:9"), ["127.0.0.9"]);
    host.mgr.use_dns6.set(true);
    assert_eq!(host.connect("udp://db:9"), ["::1"]);
    assert!(host.mgr.dns4.c.get().is_null(), "nobody was asked");
}

#[test]
fn the_table_is_read_again_when_it_changes() {
    let mut host = Host::new("change", "10.0.0.1 db\n", "nameserver 127.0.0.1\n");
    assert_eq!(host.connect("udp://db:9"), ["10.0.0.1"]);
    host.write("hosts", "10.0.0.200 db\n");
    assert_eq!(host.connect("udp://db:9"), ["10.0.0.200"]);
    std::fs::remove_file(host.path("hosts")).unwrap();
    assert!(host.connect("udp://db:9").is_empty());
}

#[test]
fn a_server_chosen_by_the_program_is_the_only_source() {
    let mut host = Host::new("chosen", "10.0.0.1 db\n", "nameserver 127.0.0.1\n");
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let url = format!("udp://{}", server.local_addr().unwrap());
    let url = CString::new(url).unwrap();
    host.mgr.dns4.url.set(url.as_ptr());
    assert!(host.connect("udp://db:9").is_empty());
    let mut query = [0; 100];
    let (n, _) = server.recv_from(&mut query).unwrap();
    assert_eq!(query[12..n], *b"\x02db\0\0\x01\0\x01");
}

#[test]
fn servers_and_names_come_from_the_configuration() {
    let conf = "nameserver 127.0.0.7\nnameserver ::1\nsearch a.example\noptions ndots:2\n";
    let host = Host::new("conf", "", conf);
    let mut files = host.mgr.private().unwrap().resolver.host.borrow_mut();
    let (names, servers) = files.names_and_servers(b"db", false).unwrap();
    let expected = [b"db.a.example".as_slice(), b"db"].map(|n| Name::from_text(n).unwrap());
    assert_eq!(names, expected);
    let addresses: Vec<String> = servers.iter().map(|s| s.address.to_string()).collect();
    assert_eq!(addresses, ["127.0.0.7:53", "[::1]:53"]);
}

#[test]
fn a_host_without_configuration_has_the_default_servers() {
    let host = Host::new("none", "", "");
    std::fs::remove_file(host.path("resolv.conf")).unwrap();
    let mut files = host.mgr.private().unwrap().resolver.host.borrow_mut();
    let server =
        |ip6, files: &mut HostFiles| files.names_and_servers(b"db", ip6).unwrap().1[0].address;
    assert_eq!(server(false, &mut files).to_string(), "8.8.8.8:53");
    assert_eq!(
        server(true, &mut files).to_string(),
        "[2001:4860:4860::8888]:53"
    );
}
