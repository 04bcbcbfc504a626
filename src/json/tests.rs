//! Comparison with serde_json.

use super::{entry, find, is_space, number, text};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};
use std::collections::HashMap;

/// Texts that both sides read alike: names without characters that mean something in a path,
/// strings without escapes beyond one byte.
fn values() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("finite", Number::from_f64),
    ];
    let scalars = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number.prop_map(Value::from),
        "[ -~äΩ\"\\\\\n\t]{0,12}".prop_map(Value::from),
    ];
    scalars.prop_recursive(6, 60, 8, |inner| {
        let members = vec(("[a-c]{0,3}", inner.clone()), 0..6);
        prop_oneof![
            vec(inner, 0..6).prop_map(Value::from),
            members.prop_map(|members| Value::from(Map::from_iter(members))),
        ]
    })
}

/// Bits of JSON in any order.
fn soup() -> impl Strategy<Value = String> {
    let bits = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\"a\"", "\"b\":", "1", "-", "0", ".5", "e",
        "E+", "true", "null", "fals", " ", "\n", "\"\\u00", "41\"", "\\\"", "[]", "{\"c\":[", "x",
        "/",
    ];
    vec(proptest::sample::select(bits.to_vec()), 0..14).prop_map(|bits| bits.concat())
}

fn decoded(string: &[u8]) -> Option<Vec<u8>> {
    let (mut rest, mut bytes) = (text::inner(string)?, Vec::new());
    while let Some(piece) = text::piece(rest) {
        let len = match piece {
            text::Piece::Plain(len) => {
                bytes.extend_from_slice(&rest[..len]);
                len
            }
            text::Piece::Escape { byte, len } => {
                bytes.push(byte);
                len
            }
            _ => return None,
        };
        rest = &rest[len..];
    }
    Some(bytes)
}

/// Checks that `json` stands for `value`, and that paths lead to all its parts.
fn check(json: &[u8], value: &Value) {
    let token = find(json, b"$").map(|range| &json[range]);
    let token = token.expect("the text is a value");
    match value {
        Value::Null => assert_eq!(token, b"null"),
        Value::Bool(flag) => assert_eq!(token, flag.to_string().as_bytes()),
        Value::Number(expected) => {
            assert_eq!(Some(number::value(token)), expected.as_f64());
            assert!(
                expected
                    .as_i64()
                    .is_none_or(|n| n == number::integer(token))
            );
        }
        Value::String(expected) => {
            assert_eq!(decoded(token).as_deref(), Some(expected.as_bytes()));
        }
        Value::Array(elements) => {
            let mut at = 0;
            for (i, expected) in elements.iter().enumerate() {
                let found = entry(token, at).expect("one more element");
                at = found.next;
                let path = format!("$[{i}]");
                assert_eq!(find(token, path.as_bytes()).as_ref(), Ok(&found.value));
                check(&token[found.value], expected);
            }
            assert_eq!(entry(token, at), None);
            let path = format!("$[{}]", elements.len());
            assert!(find(token, path.as_bytes()).is_err());
        }
        Value::Object(members) => {
            let (mut at, mut left) = (0, members.len());
            while let Some(found) = entry(token, at) {
                at = found.next;
                left -= 1;
                let name = decoded(&token[found.key.expect("a name")]).expect("a string");
                let path = [b"$.", &name[..]].concat();
                // The path "$." leads to the first member, whatever its name is.
                assert!(name.is_empty() || find(token, &path).as_ref() == Ok(&found.value));
                check(
                    &token[found.value],
                    &members[std::str::from_utf8(&name).unwrap()],
                );
            }
            assert_eq!(left, 0);
        }
    }
}

/// Whether a number has more digits behind its `e` than are taken.
fn has_long_exponent(json: &str) -> bool {
    let digits = |rest: &str| rest.bytes().take_while(u8::is_ascii_digit).count();
    json.split(['e', 'E'])
        .skip(1)
        .any(|rest| digits(rest.trim_start_matches(['+', '-'])) > 2)
}

proptest! {
    #[test]
    fn finds_what_serde_json_wrote(value in values(), pretty: bool) {
        let json = match pretty {
            true => serde_json::to_vec_pretty(&value),
            false => serde_json::to_vec(&value),
        };
        check(&json.unwrap(), &value);
    }

    #[test]
    fn accepts_what_serde_json_accepts(json in soup()) {
        prop_assume!(!has_long_exponent(&json));
        let accepted = serde_json::from_str::<&RawValue>(&json);
        if let Ok(raw) = accepted {
            let start = json.bytes().take_while(|&byte| is_space(byte)).count();
            prop_assert_eq!(find(json.as_bytes(), b"$"), Ok(start..start + raw.get().len()));
        }
    }

    #[test]
    fn finds_members_where_serde_json_has_them(json in soup()) {
        let json = format!("{{\"a\":{json},\"z\":1}}");
        prop_assume!(!has_long_exponent(&json));
        if let Ok(members) = serde_json::from_str::<HashMap<&str, &RawValue>>(&json)
            && members.len() == 2
        {
            let found = find(json.as_bytes(), b"$.z").map(|range| &json[range]);
            prop_assert_eq!(found, Ok(members["z"].get()));
        }
    }
}
