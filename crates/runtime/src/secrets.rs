//! Redaction of the credentials of a request from everything that is kept of its response.

use std::cmp::Reverse;

use bytes::Bytes;
use http::header::{COOKIE, HeaderMap, HeaderName, HeaderValue};

use crate::response::Response;

/// Minimum length of a credential that is redacted. A shorter one protects nothing, and removing it
/// would garble the rest of the string.
const SHORTEST: usize = 6;
const REDACTED: &[u8] = b"[redacted]";

/// Headers that authorise one request.
#[derive(Clone, Default)]
pub(crate) struct Secrets(HeaderMap);

impl Secrets {
    /// Adds the headers of one credential to those of the others.
    pub fn add(&mut self, added: &HeaderMap) {
        set_all(&mut self.0, added);
    }

    /// Sets the headers in a request and replaces existing ones.
    pub fn authorise(&self, headers: &mut HeaderMap) {
        set_all(headers, &self.0);
    }

    /// Returns the bytes without any of the credentials.
    pub fn redact(&self, bytes: &[u8]) -> Bytes {
        let texts = self.texts();
        let mut redacted = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while let Some(first) = rest.first() {
            if let Some(length) = texts.iter().find_map(|text| repeated(rest, text)) {
                redacted.extend_from_slice(REDACTED);
                rest = &rest[length..];
            } else {
                redacted.push(*first);
                rest = &rest[1..];
            }
        }
        redacted.into()
    }

    /// Returns the string without any of the credentials.
    pub fn redact_text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.redact(text.as_bytes())).into_owned()
    }

    /// Returns the response without any of the credentials: a server may echo what it was sent, and
    /// errors end up in logs.
    pub fn redact_response<B: AsRef<[u8]>>(&self, mut response: Response<B>) -> Response<Bytes> {
        self.redact_headers(response.headers_mut());
        response.map(|body| self.redact(body.as_ref()))
    }

    fn redact_headers(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut() {
            let redacted = self.redact(value.as_bytes());
            if redacted != value.as_bytes() {
                *value = HeaderValue::from_bytes(&redacted)
                    .unwrap_or(HeaderValue::from_static("[redacted]"));
            }
        }
    }

    /// Returns what a server could echo: whole values and the secret part of each, the longest
    /// first.
    fn texts<'a>(&'a self) -> Vec<&'a [u8]> {
        let mut texts: Vec<&[u8]> = Vec::new();
        let mut add = |text: &'a [u8]| {
            if text.len() >= SHORTEST {
                texts.push(text);
            }
        };
        for (name, value) in &self.0 {
            let value = value.as_bytes();
            add(value);
            if *name == COOKIE {
                let pairs = value.split(|byte| *byte == b';');
                pairs
                    .filter_map(|pair| behind(pair, b'='))
                    .for_each(&mut add);
            } else if let Some(text) = behind(value, b' ') {
                add(text);
            }
        }
        texts.sort_by_key(|text| Reverse(text.len()));
        texts
    }
}

/// Returns the number of bytes that repeat a secret, each character unchanged or escaped as in
/// JSON.
fn repeated(bytes: &[u8], text: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    for wanted in text {
        rest = match rest {
            [byte, rest @ ..] if byte == wanted => rest,
            [b'\\', b'u', a, b, c, d, rest @ ..] => {
                let digits = [*a, *b, *c, *d];
                let code = u32::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok()?;
                (code == u32::from(*wanted)).then_some(rest)?
            }
            [b'\\', byte, rest @ ..] if byte == wanted => rest,
            _ => return None,
        };
    }
    Some(bytes.len() - rest.len())
}

fn behind(value: &[u8], mark: u8) -> Option<&[u8]> {
    let at = value.iter().position(|byte| *byte == mark)?;
    Some(value[at + 1..].trim_ascii())
}

fn set_all(headers: &mut HeaderMap, added: &HeaderMap) {
    for (name, value) in added {
        set(headers, name, value.clone());
    }
}

/// Sets a header. Cookies share one header; any other header has one value.
pub(crate) fn set(headers: &mut HeaderMap, name: &HeaderName, value: HeaderValue) {
    let mut value = match headers.get(name) {
        Some(present) if *name == COOKIE => joined(present, &value),
        _ => value,
    };
    value.set_sensitive(true);
    headers.insert(name, value);
}

fn joined(first: &HeaderValue, second: &HeaderValue) -> HeaderValue {
    let joined = [first.as_bytes(), second.as_bytes()].join(&b"; "[..]);
    // Two values of headers and a separator are a value again.
    HeaderValue::from_bytes(&joined).unwrap_or_else(|_| second.clone())
}

#[cfg(test)]
mod tests {
    use http::header::AUTHORIZATION;
    use proptest::prelude::*;

    use super::*;

    fn secrets(name: HeaderName, value: &str) -> Secrets {
        let mut secrets = Secrets::default();
        let value = HeaderValue::from_str(value).unwrap();
        secrets.add(&HeaderMap::from_iter([(name, value)]));
        secrets
    }

    fn redacted(name: HeaderName, value: &str, text: &str) -> String {
        secrets(name, value).redact_text(text)
    }

    #[test]
    fn a_credential_is_found_with_and_without_its_scheme() {
        assert_eq!(
            redacted(AUTHORIZATION, "Bearer abcdef", "got Bearer abcdef"),
            "got [redacted]"
        );
        assert_eq!(
            redacted(AUTHORIZATION, "Bearer abcdef", "got <abcdef>"),
            "got <[redacted]>"
        );
        assert_eq!(
            redacted(AUTHORIZATION, "my raw key", "my raw key!"),
            "[redacted]!"
        );
    }

    #[test]
    fn each_cookie_is_a_credential() {
        assert_eq!(
            redacted(COOKIE, "a=first-one; b=second=", "first-one, second="),
            "[redacted], [redacted]"
        );
    }

    #[test]
    fn a_word_that_guards_nothing_stays() {
        assert_eq!(redacted(AUTHORIZATION, "Bearer dev", "devices"), "devices");
    }

    #[test]
    fn headers_that_repeat_a_credential_are_redacted() {
        let mut headers = HeaderMap::new();
        headers.append("x-echo", HeaderValue::from_static("Bearer abcdef"));
        headers.append("x-echo", HeaderValue::from_static("fine"));
        secrets(AUTHORIZATION, "Bearer abcdef").redact_headers(&mut headers);
        let values: Vec<_> = headers.get_all("x-echo").iter().collect();
        assert_eq!(values, ["[redacted]", "fine"]);
    }

    #[test]
    fn what_credentials_add_is_sensitive() {
        let mut headers = HeaderMap::new();
        secrets(AUTHORIZATION, "Bearer abcdef").authorise(&mut headers);
        assert!(headers[AUTHORIZATION].is_sensitive());
    }

    #[test]
    fn a_secret_is_found_however_json_escapes_it() {
        for text in [
            r"a/b+c=d",
            r"a\/b+c=d",
            r"a\u002Fb\u002bc\u003Dd",
            r"\u0061\/\u0062+c=d",
        ] {
            let text = format!("{{\"echo\":\"Bearer {text}\"}}");
            let found = redacted(AUTHORIZATION, "Bearer a/b+c=d", &text);
            assert!(!found.contains("c=d") && !found.contains("003D"), "{found}");
            assert!(found.contains("[redacted]\"}"), "{found}");
        }
        let other = r"a\u002Fb\u00zz";
        assert_eq!(redacted(AUTHORIZATION, "Bearer a/b+c=d", other), other);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_keeps_a_credential(secret in "[A-Z0-9]{6,9}", pieces in prop::collection::vec("[A-Z0-9 ]{0,4}", 0..6)) {
            let text = pieces.join(&secret);
            let redacted = redacted(AUTHORIZATION, &format!("Bearer {secret}"), &text);
            prop_assert!(!redacted.contains(&secret));
        }

        #[test]
        fn text_without_a_credential_is_kept(text in "[a-z {}:\"]{0,40}") {
            prop_assert_eq!(&redacted(AUTHORIZATION, "Bearer ABCDEF", &text), &text);
        }
    }
}
