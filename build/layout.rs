//! Options that change the size of public structs.

use std::env;

/// Name and default. Programs and library must agree on them, so the header of each build
/// refuses other values.
const OPTIONS: [(&str, usize); 3] = [
    ("MG_DATA_SIZE", 32),
    ("MG_MAX_HTTP_HEADERS", 30),
    ("MG_DASH_MAX_USER_NAME", 32),
];

pub struct Layout([usize; 3]);

/// Reads the options from the environment and hands them to the Rust side.
pub fn from_env() -> Layout {
    Layout(OPTIONS.map(|(name, default)| {
        println!("cargo:rerun-if-env-changed={name}");
        let value = match env::var(name) {
            Ok(text) => match text.parse() {
                Ok(0) | Err(_) => panic!("{name} must be a positive number, not {text:?}"),
                Ok(number) => number,
            },
            Err(_) => default,
        };
        println!("cargo:rustc-env={name}={value}");
        value
    }))
}

impl Layout {
    pub fn is_default(&self) -> bool {
        self.0 == OPTIONS.map(|(_, default)| default)
    }

    /// Libraries of different layouts must not be loaded in place of each other.
    pub fn library_name(&self) -> String {
        let [data, headers, user] = self.0;
        if self.is_default() {
            "libmongoose".into()
        } else {
            format!("libmongoose-d{data}-h{headers}-u{user}")
        }
    }

    /// Replaces `@NAME@` by the value of the option.
    pub fn fill_in(&self, text: &str) -> String {
        OPTIONS
            .iter()
            .zip(self.0)
            .fold(text.to_owned(), |text, ((name, _), value)| {
                text.replace(&format!("@{name}@"), &value.to_string())
            })
    }
}
