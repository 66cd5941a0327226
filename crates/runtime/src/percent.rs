//! Percent-encoding of values in paths, queries and cookies.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All characters except the unreserved ones of RFC 3986: no value can escape its place.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Characters that must be encoded in a query value even if reserved characters are allowed.
const UNSAFE: &AsciiSet = &RESERVED
    .remove(b':')
    .remove(b'/')
    .remove(b'?')
    .remove(b'[')
    .remove(b']')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

/// Returns a value, percent-encoded.
pub(crate) fn encoded(value: &str) -> String {
    let mut text = String::new();
    push_encoded(&mut text, value);
    text
}

/// Appends a value, percent-encoded. Not inlined, to keep its code out of each caller.
#[inline(never)]
pub(crate) fn push_encoded(text: &mut String, value: &str) {
    text.extend(utf8_percent_encode(value, RESERVED));
}

/// Appends a value and keeps reserved characters and percent-encoded ones, except for what would
/// end the value: `#`, `&`, and `+`, which is read as a space.
pub(crate) fn push_reserved(text: &mut String, value: &str) {
    let mut rest = value;
    while let Some(at) = rest.find('%') {
        text.extend(utf8_percent_encode(&rest[..at], UNSAFE));
        let digits = rest.as_bytes().get(at + 1..at + 3);
        let is_escape = digits.is_some_and(|it| it.iter().all(u8::is_ascii_hexdigit));
        text.push_str(if is_escape { "%" } else { "%25" });
        rest = &rest[at + 1..];
    }
    text.extend(utf8_percent_encode(rest, UNSAFE));
}
