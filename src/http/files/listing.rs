//! The page that lists a directory.
#![forbid(unsafe_code)]

use crate::fs::Stat;
use crate::url;

const STYLE: &str = include_str!("listing.css");
const SCRIPT: &str = include_str!("listing.js");

/// Most entries of one page.
const MAX_ENTRIES: usize = 100_000;

/// The page under construction.
pub struct Listing {
    html: Vec<u8>,
    entries: usize,
    out_of_memory: bool,
}

impl Listing {
    /// Begins the page of the directory that was asked for as `uri` (decoded).
    pub fn new(uri: &[u8]) -> Listing {
        let mut page = Listing {
            html: Vec::new(),
            entries: 0,
            out_of_memory: false,
        };
        page.put(b"<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>Index of ");
        page.escaped(uri, true);
        page.put(b"</title><style>\n");
        page.put(STYLE.as_bytes());
        page.put(b"</style><script>\n");
        page.put(SCRIPT.as_bytes());
        page.put(b"</script></head><body><h1>Index of ");
        page.escaped(uri, true);
        page.put(
            b"</h1><table><thead><tr>\
              <th><a href=\"#\" rel=\"0\">Name</a></th>\
              <th><a href=\"#\" rel=\"1\">Modified</a></th>\
              <th><a href=\"#\" rel=\"2\">Size</a></th>\
              </tr></thead><tbody id=\"tb\">\n\
              \x20 <tr><td><a href=\"..\">..</a></td><td name=-1></td><td name=-1>[DIR]</td></tr>\n",
        );
        page
    }

    /// Adds a row. False when the page is full.
    pub fn add(&mut self, name: &[u8], stat: &Stat) -> bool {
        if self.entries == MAX_ENTRIES {
            return false;
        }
        self.entries += 1;
        let slash: &[u8] = if stat.is_dir { b"/" } else { b"" };
        self.put(b"  <tr><td><a href=\"");
        self.encoded(name);
        self.put(slash);
        self.put(b"\">");
        self.escaped(name, false);
        self.put(slash);
        self.put(b"</a></td><td name=");
        self.number(stat.mtime);
        self.put(b">");
        self.number(stat.mtime);
        if stat.is_dir {
            self.put(b"</td><td name=-1>[DIR]</td></tr>\n");
        } else {
            self.put(b"</td><td name=");
            self.number(stat.size);
            self.put(b">");
            self.number(stat.size);
            self.put(b"</td></tr>\n");
        }
        true
    }

    /// The whole page; `None` when memory was exhausted.
    pub fn finish(mut self) -> Option<Vec<u8>> {
        self.put(b"</tbody></table><address>Mongoose v.7.23</address></body></html>\n");
        (!self.out_of_memory).then_some(self.html)
    }

    fn put(&mut self, text: &[u8]) {
        if self.html.try_reserve(text.len()).is_ok() {
            self.html.extend_from_slice(text);
        } else {
            self.out_of_memory = true;
        }
    }

    fn number(&mut self, n: impl itoa::Integer) {
        self.put(itoa::Buffer::new().format(n).as_bytes());
    }

    fn encoded(&mut self, name: &[u8]) {
        let mut buf = [0; 64 * 3 + 5];
        for piece in name.chunks(64) {
            let len = url::encode(piece, &mut buf).unwrap_or(0);
            self.put(&buf[..len]);
        }
    }

    fn escaped(&mut self, text: &[u8], quotes: bool) {
        let mut done = 0;
        for (i, b) in text.iter().enumerate() {
            let entity: &[u8] = match b {
                b'&' => b"&amp;",
                b'<' => b"&lt;",
                b'>' => b"&gt;",
                b'"' if quotes => b"&quot;",
                _ => continue,
            };
            self.put(&text[done..i]);
            self.put(entity);
            done = i + 1;
        }
        self.put(&text[done..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(uri: &str, names: &[(&str, bool)]) -> String {
        let mut page = Listing::new(uri.as_bytes());
        for &(name, is_dir) in names {
            let stat = Stat {
                is_dir,
                size: 7,
                mtime: 10,
            };
            assert!(page.add(name.as_bytes(), &stat));
        }
        String::from_utf8(page.finish().unwrap()).unwrap()
    }

    #[test]
    fn rows_have_the_names_that_programs_look_for() {
        let html = page("/d/", &[("a.txt", false), ("sub", true)]);
        assert!(html.contains("<title>Index of /d/</title>"));
        assert!(html.contains("<h1>Index of /d/</h1>"));
        assert!(html.contains(
            "<tbody id=\"tb\">\n  \
             <tr><td><a href=\"..\">..</a></td><td name=-1></td><td name=-1>[DIR]</td></tr>\n  \
             <tr><td><a href=\"a.txt\">a.txt</a></td><td name=10>10</td><td name=7>7</td></tr>\n  \
             <tr><td><a href=\"sub/\">sub/</a></td><td name=10>10</td><td name=-1>[DIR]</td></tr>\n\
             </tbody>"
        ));
        assert!(html.contains("Mongoose v.7.23"));
    }

    #[test]
    fn names_cannot_break_out() {
        let html = page("/<\"&>/", &[("a<b>&\"c'.txt", false)]);
        assert!(html.contains("Index of /&lt;&quot;&amp;&gt;/<"));
        assert!(html.contains("href=\"a%3cb%3e%26%22c%27.txt\">a&lt;b&gt;&amp;\"c'.txt</a>"));
    }

    #[test]
    fn long_names_are_encoded_piece_by_piece() {
        let name = "%".repeat(1000);
        assert!(page("/", &[(&name, false)]).contains(&"%25".repeat(1000)));
    }

    #[test]
    fn a_page_has_a_bound() {
        let mut page = Listing::new(b"/");
        page.entries = MAX_ENTRIES;
        let stat = Stat {
            is_dir: false,
            size: 0,
            mtime: 0,
        };
        assert!(!page.add(b"x", &stat));
    }
}
