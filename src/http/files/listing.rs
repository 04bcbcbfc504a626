//! Directory listings.
#![forbid(unsafe_code)]

use crate::fmt::escape::next_html;
use crate::fs::Stat;

/// Appends text; false when memory is exhausted.
pub trait Page {
    fn push(&mut self, text: &[u8]) -> bool;
}

/// Appends `text` with the characters escaped that mean something in HTML.
fn push_escaped(page: &mut impl Page, mut text: &[u8], quotes: bool) -> bool {
    while let Some((n, escape)) = next_html(text) {
        let special = text[n];
        let pushed = page.push(&text[..n])
            && if special == b'"' && !quotes {
                page.push(b"\"")
            } else {
                escape.with(|replacement| page.push(replacement))
            };
        if !pushed {
            return false;
        }
        text = &text[n + 1..];
    }
    page.push(text)
}

const STYLE: &[u8] = b"<style>body{font-family:sans-serif;margin:2em}th,td{text-align:left;\
padding:.2em 2em .2em 0}td{font-family:monospace}a{text-decoration:none}address{margin-top:1em;\
color:#888}</style>\n";

/// Sorting in the browser. The column (0 name, 1 time, 2 size) and the direction stay in the
/// location's hash.
const SCRIPT: &[u8] = br##"<script>
addEventListener('load', function () {
  var body = document.getElementById('tb');
  var heads = document.querySelectorAll('thead a');
  var state = /sc=([0-2])&so=(-?1)/.exec(location.hash);
  var column = state ? +state[1] : 2, order = state ? +state[2] : 1;
  function show(ms) {
    var cells = body.querySelectorAll('td:nth-child(2)');
    for (var i = 0; i < cells.length; i++) {
      var seconds = +cells[i].getAttribute('name');
      if (seconds > 0) cells[i].textContent = new Date(seconds * 1000).toLocaleString();
    }
  }
  function key(row, n) {
    return n ? +row.cells[n].getAttribute('name') : row.cells[0].textContent;
  }
  function compare(a, b) {
    var size = key(a, 2) < 0, other = key(b, 2) < 0;
    if (size != other) return size ? -order : order;
    var x = key(a, column), y = key(b, column);
    return order * (column ? y - x : x.localeCompare(y));
  }
  function sort() {
    var rows = Array.prototype.slice.call(body.rows).sort(compare);
    for (var i = 0; i < rows.length; i++) body.appendChild(rows[i]);
    location.hash = 'sc=' + column + '&so=' + order;
  }
  for (var i = 0; i < heads.length; i++) heads[i].onclick = function (ev) {
    var clicked = +this.getAttribute('rel');
    if (clicked == column) order = -order;
    column = clicked;
    sort();
    ev.preventDefault();
  };
  sort();
  show();
});
</script>
"##;

/// Everything before the rows of entries. `uri` is decoded.
pub fn begin(page: &mut impl Page, uri: &[u8]) -> bool {
    page.push(b"<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>Index of ")
        && push_escaped(page, uri, true)
        && page.push(b"</title>\n")
        && page.push(STYLE)
        && page.push(SCRIPT)
        && page.push(b"</head><body><h1>Index of ")
        && push_escaped(page, uri, true)
        && page.push(
            b"</h1><table><thead><tr><th><a href=\"#\" rel=\"0\">Name</a></th>\
<th><a href=\"#\" rel=\"1\">Modified</a></th><th><a href=\"#\" rel=\"2\">Size</a></th></tr></thead>\n\
<tbody id=\"tb\">\n\
  <tr><td><a href=\"..\">..</a></td><td name=-1></td><td name=-1>[DIR]</td></tr>\n",
        )
}

/// The row of an entry; false also for a name longer than file systems have.
pub fn row(page: &mut impl Page, name: &[u8], stat: &Stat) -> bool {
    let mut href = [0; 4096];
    let Some(n) = crate::url::encode(name, &mut href) else {
        return false;
    };
    let slash: &[u8] = if stat.is_dir { b"/" } else { b"" };
    let (mut time, mut size) = (itoa::Buffer::new(), itoa::Buffer::new());
    let time = time.format(stat.mtime).as_bytes();
    let size = size.format(stat.size).as_bytes();
    let (key, shown): (&[u8], &[u8]) = if stat.is_dir {
        (b"-1", b"[DIR]")
    } else {
        (size, size)
    };
    page.push(b"  <tr><td><a href=\"")
        && page.push(&href[..n])
        && page.push(slash)
        && page.push(b"\">")
        && push_escaped(page, name, false)
        && page.push(slash)
        && page.push(b"</a></td><td name=")
        && page.push(time)
        && page.push(b">")
        && page.push(time)
        && page.push(b"</td><td name=")
        && page.push(key)
        && page.push(b">")
        && page.push(shown)
        && page.push(b"</td></tr>\n")
}

/// Everything after the rows.
pub fn end(page: &mut impl Page) -> bool {
    page.push(b"</tbody></table><address>Mongoose v.7.23</address></body></html>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Page for Vec<u8> {
        fn push(&mut self, text: &[u8]) -> bool {
            self.extend_from_slice(text);
            true
        }
    }

    #[test]
    fn names_are_escaped_for_where_they_stand() {
        let mut page = Vec::new();
        let stat = Stat {
            is_dir: false,
            size: 5,
            mtime: 10,
        };
        assert!(row(&mut page, b"a<b>&\"c'.txt", &stat));
        assert_eq!(
            String::from_utf8(page).unwrap(),
            "  <tr><td><a href=\"a%3cb%3e%26%22c%27.txt\">a&lt;b&gt;&amp;\"c'.txt</a></td>\
             <td name=10>10</td><td name=5>5</td></tr>\n"
        );
    }

    #[test]
    fn directories_have_no_size() {
        let mut page = Vec::new();
        assert!(row(
            &mut page,
            b"sub",
            &Stat {
                is_dir: true,
                size: 4096,
                mtime: 10
            }
        ));
        let text = String::from_utf8(page).unwrap();
        assert!(
            text.contains("<a href=\"sub/\">sub/</a>") && text.contains("<td name=-1>[DIR]</td>")
        );
    }

    #[test]
    fn the_title_cannot_break_out() {
        let mut page = Vec::new();
        assert!(begin(&mut page, b"/<script>\"&/"));
        let text = String::from_utf8(page).unwrap();
        assert!(text.contains("<h1>Index of /&lt;script&gt;&quot;&amp;/</h1>"));
    }
}
