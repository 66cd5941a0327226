use std::borrow::Cow;

use percent_encoding::percent_decode_str;

pub(crate) fn decode_lossy(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// Decodes a string, and rejects what Go's `net/url` rejects: a `%` without two hexadecimal digits, and
/// invalid UTF-8.
pub(crate) fn decode_strict(text: &str) -> Result<Cow<'_, str>, String> {
    check_escapes(text)?;
    percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| "invalid UTF-8 after percent-decoding".to_owned())
}

/// Decodes a string of a query, where `+` is a space.
pub(crate) fn decode_query_strict(text: &str) -> Result<String, String> {
    decode_strict(&text.replace('+', " ")).map(Cow::into_owned)
}

fn check_escapes(text: &str) -> Result<(), String> {
    for after in text.split('%').skip(1) {
        let digits = after.bytes().take(2).filter(u8::is_ascii_hexdigit).count();
        if digits != 2 {
            let shown: String = after.chars().take(2).collect();
            return Err(format!("invalid URL escape \"%{shown}\""));
        }
    }
    Ok(())
}
