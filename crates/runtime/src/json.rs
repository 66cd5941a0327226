//! Decoding of JSON responses.

use std::fmt;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Error;

/// The reason why a string is not JSON of the wanted type.
#[doc(hidden)]
#[derive(Debug)]
pub struct Fault {
    /// The fault, and the property it is in.
    what: String,
    /// `true` if the JSON is truncated but valid up to its end.
    pub(crate) ended: bool,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}

/// Leaves out the mark that some programs write before UTF-8.
pub(crate) fn without_byte_order_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Decodes the response of a server.
#[doc(hidden)]
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Fault> {
    let text = text(without_byte_order_mark(json))?;
    serde_json::from_str(text).map_err(|error| fault(text, &error))
}

/// Checks once that the JSON is UTF-8: serde_json would check every string of a slice separately.
fn text(json: &[u8]) -> Result<&str, Fault> {
    str::from_utf8(json).map_err(|error| Fault {
        what: format!(
            "the response cannot be decoded{}: it is not UTF-8",
            at(&path(json, error.valid_up_to()))
        ),
        ended: error.error_len().is_none(),
    })
}

/// Creates the message with the position of an error.
///
/// It walks through the JSON a second time. A decoder that tracks its position, such as
/// `serde_path_to_error`, would be compiled for every type, in addition to the one that does not.
#[cold]
fn fault(text: &str, error: &Error) -> Fault {
    let end = offset(text, error);
    let what = if error.is_syntax() && has_trailing_data(text, end) {
        "trailing data after the JSON value".to_owned()
    } else {
        let path = path(text.as_bytes(), end);
        format!("the response cannot be decoded{}: {error}", at(&path))
    };
    let ended = error.is_eof();
    Fault { what, ended }
}

/// Returns whether the bytes before the position of an error are a value, but the whole is not.
fn has_trailing_data(text: &str, end: usize) -> bool {
    let is_value = |text| serde_json::from_str::<IgnoredAny>(text).is_ok();
    let before = text.get(..end.saturating_sub(1));
    before.is_some_and(is_value) && !is_value(text)
}

fn at(path: &str) -> String {
    match path {
        "" => String::new(),
        path => format!(" at `{path}`"),
    }
}

/// Returns the number of bytes that had been read when an error was found.
fn offset(text: &str, error: &Error) -> usize {
    let lines = text.split_inclusive('\n').map(str::len);
    lines.take(error.line().saturating_sub(1)).sum::<usize>() + error.column()
}

/// A list or an object that has begun.
enum Level<'a> {
    /// The index of the current element.
    List(usize),
    /// The name of the current property, as it is written; `None` before the name.
    Object(Option<&'a [u8]>),
}

/// Returns the path of the value in which the bytes up to `end` end, such as `runs[3].created_at`.
fn path(json: &[u8], end: usize) -> String {
    let mut levels = Vec::new();
    let mut rest = &json[..end.min(json.len())];
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b'"' => {
                let (text, behind) = string(rest);
                rest = behind;
                if let Some(Level::Object(name @ None)) = levels.last_mut() {
                    *name = Some(text);
                }
            }
            b'[' => levels.push(Level::List(0)),
            b'{' => levels.push(Level::Object(None)),
            b',' => match levels.last_mut() {
                Some(Level::List(index)) => *index += 1,
                Some(Level::Object(name)) => *name = None,
                None => {}
            },
            b']' | b'}' => {
                levels.pop();
            }
            _ => {}
        }
    }
    written(&levels)
}

/// Returns the rest of a string that has begun, and what follows it.
fn string(json: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => return (&json[..at], &json[at + 1..]),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    (json, &[])
}

fn written(levels: &[Level<'_>]) -> String {
    let mut path = String::new();
    for level in levels {
        match level {
            Level::List(index) => path.push_str(&format!("[{index}]")),
            Level::Object(None) => {}
            Level::Object(Some(name)) => {
                if !path.is_empty() {
                    path.push('.');
                }
                let quoted = [b"\"", *name, b"\""].concat();
                let name: String = serde_json::from_slice(&quoted)
                    .unwrap_or_else(|_| String::from_utf8_lossy(name).into_owned());
                path.push_str(&name);
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::Value;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Page {
        items: Vec<Value>,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only whether it can be read is of interest")]
    struct Strict {
        items: Vec<Item>,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only whether it can be read is of interest")]
    struct Item {
        id: u32,
        tags: Option<Vec<String>>,
        name: Option<std::collections::BTreeMap<String, Vec<String>>>,
        note: Option<String>,
    }

    fn message(json: &[u8]) -> String {
        read::<Page>(json).unwrap_err().to_string()
    }

    #[test]
    fn the_property_at_fault_is_named() {
        for (json, path) in [
            (r#"{"items": 1}"#, "items"),
            (
                r#"{"items": [{"id": 1}, {"id": 2, "tags": ["a", 7]}]}"#,
                "items[1].tags[1]",
            ),
            (
                r#"{"items": [{"id": 1}, {"tags": []}], "note": ""}"#,
                "items[1]",
            ),
            ("{\n \"items\": [\n  {\"id\": \"two\"}]}", "items[0].id"),
            (
                r#"{"note": "a \" ] }, \\", "items": [{"id": null}]}"#,
                "items[0].id",
            ),
            (
                r#"{"items": [{"id": 1, "n\u0061me": {"": [[2]]}}]}"#,
                "items[0].name.[0]",
            ),
            (r#"{"items": [{"id": 1, "tags": ["#, "items[0].tags[0]"),
            (
                "{\"items\": [{\"id\": 1, \"note\": \"\u{e4}\u{1}",
                "items[0].note",
            ),
        ] {
            let message = serde_json::from_str::<Strict>(json)
                .map_err(|error| fault(json, &error))
                .unwrap_err()
                .to_string();
            assert!(
                message.contains(&format!(" at `{path}`: ")),
                "{json}: {message}"
            );
        }
        assert!(
            message(b"{}").starts_with("the response cannot be decoded: missing field `items`")
        );
        assert!(message(b"[]").starts_with("the response cannot be decoded: invalid"));
    }

    #[test]
    fn trailing_data_is_distinguished_from_a_value_that_cannot_be_decoded() {
        for text in [
            r#"{"items": []} x"#,
            "{\"items\": []}\n\n[]",
            "\"done\"\"",
            "12x",
        ] {
            let fault = read::<Value>(text.as_bytes()).unwrap_err().to_string();
            assert_eq!(fault, "trailing data after the JSON value", "{text}");
        }
        for text in ["1e999", "[1e999]", "[1 2]", "tru", r#"{"items": [}"#] {
            let fault = read::<Value>(text.as_bytes()).unwrap_err().to_string();
            assert!(!fault.contains("trailing data"), "{text}: {fault}");
        }
    }

    #[test]
    fn what_is_not_utf_8_is_a_fault_with_its_place() {
        let said = message(b"{\"items\": [1, \"\xff\"]}");
        assert_eq!(
            said,
            "the response cannot be decoded at `items[1]`: it is not UTF-8"
        );
        assert!(!read::<Page>(b"{\"items\": [\"\xff\"").unwrap_err().ended);
        assert!(read::<Page>(b"{\"items\": [\"\xc3").unwrap_err().ended);
    }

    #[test]
    fn nesting_without_end_does_not_exhaust_the_stack() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let ignored = format!(r#"{{"items": [], "note": {deep}}}"#);
        assert_eq!(read(ignored.as_bytes()).ok(), Some(Page { items: vec![] }));
        let kept = format!(r#"{{"items": {deep}}}"#);
        assert!(message(kept.as_bytes()).contains("recursion limit"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_bytes_are_read_as_serde_json_reads_them(
            json in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..60),
                "\\{\"(items|note)\": ?[\\[\\]{}0-9,.e\"a-zä\\\\-]{0,20}\\}?.?".prop_map(String::into_bytes),
                ("[a-z\\\\]{0,4}", any::<u8>())
                    .prop_map(|(text, byte)| [b"{\"items\":[],\"", text.as_bytes(), &[byte], b"\":\"", &[byte], b"\"}"].concat()),
            ],
        ) {
            let read = read::<Page>(&json);
            let Ok(text) = str::from_utf8(&json) else {
                prop_assert!(read.is_err());
                return Ok(());
            };
            let value = serde_json::from_str::<Page>(text);
            let ended = value.as_ref().is_err_and(Error::is_eof);
            prop_assert_eq!(read.as_ref().is_err_and(|fault| fault.ended), ended);
            prop_assert_eq!(read.ok(), value.ok());
        }
    }
}
