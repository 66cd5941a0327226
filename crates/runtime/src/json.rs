//! Reading the JSON of answers.

use serde::de::DeserializeOwned;
use serde_json::{Deserializer, Error};

/// Why a text is no JSON of the wanted type.
#[doc(hidden)]
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Fault {
    /// What is wrong, and at which property.
    what: String,
    /// Whether the text is too short, and right as far as it goes.
    pub(crate) ended: bool,
}

/// Reads the answer of a server.
#[doc(hidden)]
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Fault> {
    // That it is UTF-8 is checked once: serde_json checks every string of a slice by itself.
    if let Ok(text) = str::from_utf8(json)
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    read_thoroughly(json)
}

/// Says where the fault is; what is not UTF-8 may also stand where `T` ignores it.
#[cold]
fn read_thoroughly<T: DeserializeOwned>(json: &[u8]) -> Result<T, Fault> {
    let mut reader = Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let fault = error.inner();
        let what = match error.path().to_string().as_str() {
            "." => format!("the answer cannot be read: {fault}"),
            path => format!("the answer cannot be read at `{path}`: {fault}"),
        };
        let ended = fault.is_eof();
        Fault { what, ended }
    })?;
    reader.end().map_err(|_: Error| Fault {
        what: "the answer goes on behind its JSON".to_owned(),
        ended: false,
    })?;
    Ok(value)
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

    fn message(json: &[u8]) -> String {
        read::<Page>(json).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_text_is_read_where_it_is_ignored() {
        let page = read::<Page>(b"{\"items\": [1], \"note\": \"\xff\"}").unwrap();
        assert_eq!(page.items, [1]);
        let message = message(b"{\"items\": [\"\xff\"]}");
        assert!(message.contains("at `items[0]`"), "{message}");
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
            let value = serde_json::from_slice::<Page>(&json);
            let read = read::<Page>(&json);
            let ended = value.as_ref().is_err_and(Error::is_eof);
            prop_assert_eq!(read.as_ref().is_err_and(|fault| fault.ended), ended);
            prop_assert_eq!(read.ok(), value.ok());
        }
    }
}
