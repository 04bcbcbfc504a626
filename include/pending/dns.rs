//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

/// A DNS message, as mg_dns_parse() understands it.
#[repr(C)]
pub struct mg_dns_message {
    /// Transaction id.
    pub txnid: u16,
    /// True when `addr` is set.
    pub resolved: bool,
    /// First address among the answers; port 0.
    pub addr: mg_addr,
    /// Name of the question, or of the last answer looked at.
    pub name: [c_char; 256],
}

/// Start of a DNS message (RFC 1035, section 4.1.1), all members in network byte order.
#[repr(C)]
pub struct mg_dns_header {
    /// Transaction id.
    pub txnid: u16,
    /// QR, opcode, flags and response code.
    pub flags: u16,
    /// Entries in the question section.
    pub num_questions: u16,
    /// Entries in the answer section.
    pub num_answers: u16,
    /// Entries in the authority section.
    pub num_authority_prs: u16,
    /// Entries in the additional section.
    pub num_other_prs: u16,
}

/// A question or resource record (RFC 1035, sections 4.1.2 and 4.1.3).
#[repr(C)]
pub struct mg_dns_rr {
    /// Size of the encoded name.
    pub nlen: u16,
    /// MG_DNS_RTYPE_* or another type.
    pub atype: u16,
    /// Class. In mDNS the top bit asks for a unicast answer, or says that the record is the only
    /// one.
    pub aclass: u16,
    /// Size of the data; 0 for a question.
    pub alen: u16,
}

/// A service for DNS service discovery (RFC 6763).
#[repr(C)]
pub struct mg_dnssd_record {
    /// Service and protocol, such as "_http._tcp".
    pub srvcproto: mg_str,
    /// Content of the TXT record: strings with a length byte each.
    pub txt: mg_str,
    /// Port, host byte order.
    pub port: u16,
}

/// A multicast DNS question, for MG_EV_MDNS_REQ. To answer, set `is_resp` and what the type
/// needs.
#[repr(C)]
pub struct mg_mdns_req {
    /// The question, with the unicast bit of the class removed.
    pub rr: *mut mg_dns_rr,
    /// Set by the program: the service; needed for PTR, SRV and TXT answers.
    pub r: *mut mg_dnssd_record,
    /// Name asked for, without ".local". For SRV and TXT to a named responder only the service.
    pub reqname: mg_str,
    /// Set by the program: host name for the answer; `fn_data` of the listener when empty.
    pub respname: mg_str,
    /// Set by the program: address for the answer; the local one when NULL.
    pub addr: *mut mg_addr,
    /// The question asks for the list of services.
    pub is_listing: bool,
    /// Set by the program: send an answer. Already set for an address question that names the
    /// responder.
    pub is_resp: bool,
    /// The answer goes to the asker alone.
    pub is_unicast: bool,
}

/// A multicast DNS answer, for MG_EV_MDNS_RESP. Valid until the handler returns.
#[repr(C)]
pub struct mg_mdns_resp {
    /// The record that decides the kind of answer: A, PTR, SRV or TXT.
    pub rr: *mut mg_dns_rr,
    /// Host name, with ".local"; without a host record the name of the service instance.
    pub name: mg_str,
    /// Address and port, when the answer contains them.
    pub addr: mg_addr,
    /// The service, when the answer contains one.
    pub sd: mg_dnssd_record,
}

unsafe extern "C" {
    /// Parses a DNS message (RFC 1035) of at most 512 bytes: transaction id, name, and the first
    /// address among up to 10 answers. False when it is malformed.
    pub fn mg_dns_parse(buf: *const u8, len: usize, dm: *mut mg_dns_message) -> bool;

    /// Parses the question or record at offset `ofs` of a DNS message. Returns its size, 0 when it
    /// is malformed.
    pub fn mg_dns_parse_rr(buf: *const u8, len: usize, ofs: usize, is_question: bool, rr: *mut mg_dns_rr) -> usize;

    /// Joins multicast DNS (RFC 6762) on the default interface.
    ///
    /// `fn` gets MG_EV_MDNS_REQ for questions about ".local" names and MG_EV_MDNS_RESP for answers.
    /// `fn_data` is NULL, or the host name to answer for, a C string without ".local" that stays
    /// valid. Connections to ".local" names need this listener. NULL on failure.
    pub fn mg_mdns_listen(mgr: *mut mg_mgr, r#fn: mg_event_handler_t, fn_data: *mut c_void) -> *mut mg_connection;

    /// Asks multicast DNS for a name, complete with ".local", and an MG_DNS_RTYPE_*. `c` is the
    /// connection that mg_mdns_listen() returned. False when nothing could be sent.
    pub fn mg_mdns_query(c: *mut mg_connection, name: *const c_char, rtype: c_uint) -> bool;

    /// Makes sure that the connection to a name server exists. Not in the header.
    pub fn mg_dnsc_init(mgr: *mut mg_mgr, dnsc: *mut mg_dns) -> bool;
}
