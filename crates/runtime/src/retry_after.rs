//! The `Retry-After` header: the wait that a server demands.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};

/// Returns the wait that a response demands, in seconds or as a date; `None` if it cannot be read.
///
/// A date is compared to the `Date` of the response, so that the clocks need not agree.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = text(headers, RETRY_AFTER)?;
    if !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit()) {
        // Too long for a number of seconds is too long to wait.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = self::text(headers, DATE)
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or_else(SystemTime::now);
    Some(until.duration_since(now).unwrap_or_default())
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn read(value: &str, date: Option<&str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(value).unwrap());
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_str(date).unwrap());
        }
        retry_after(&headers)
    }

    #[test]
    fn seconds_and_dates_are_read() {
        let now = Some("Sun, 22 Nov 2026 10:00:00 GMT");
        for (value, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("007", Some(7)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 22 Nov 2026 10:00:30 GMT", Some(30)),
            ("Sunday, 22-Nov-26 10:01:00 GMT", Some(60)),
            ("Sun Nov 22 10:02:00 2026", Some(120)),
            ("Sun, 22 Nov 2026 09:59:00 GMT", Some(0)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("٣", None),
        ] {
            let Ok(_) = HeaderValue::from_str(value) else {
                continue;
            };
            assert_eq!(
                read(value, now),
                seconds.map(Duration::from_secs),
                "{value}"
            );
        }
    }

    #[test]
    fn a_date_counts_from_now_if_the_response_has_none() {
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3600));
        for date in [None, Some("yesterday")] {
            let wait = read(&soon, date).unwrap();
            assert!(wait > Duration::from_secs(3000) && wait <= Duration::from_secs(3600));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_bytes_are_read_or_passed_over(
            value in prop::collection::vec(any::<u8>(), 0..40),
            date in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let mut headers = HeaderMap::new();
            for (name, bytes) in [(RETRY_AFTER, value), (DATE, date)] {
                if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                    headers.insert(name, value);
                }
            }
            let _ = retry_after(&headers);
        }

        #[test]
        fn any_date_is_read_without_overflow(year in 1970..9999_u32, day in 1..28_u32, hour in 0..24_u32) {
            let value = format!("Mon, {day:02} Jan {year} {hour:02}:00:00 GMT");
            let _ = read(&value, Some("Thu, 01 Jan 1970 00:00:00 GMT"));
        }
    }
}
