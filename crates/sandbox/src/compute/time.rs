use chrono::{DateTime, NaiveDateTime, Timelike, Utc};

/// Formats a time as Python's `isoformat` does without an offset: with microseconds only if there are
/// any.
pub(super) fn naive(time: DateTime<Utc>) -> String {
    let whole_second = time.nanosecond() < 1000;
    let format = if whole_second {
        "%Y-%m-%dT%H:%M:%S"
    } else {
        "%Y-%m-%dT%H:%M:%S%.6f"
    };
    time.format(format).to_string()
}

/// Parses a time. Without an offset it is in UTC.
pub(super) fn parse(text: &str) -> Option<DateTime<Utc>> {
    let text = text.replacen(' ', "T", 1);
    DateTime::parse_from_rfc3339(&text)
        .map(|time| time.to_utc())
        .ok()
        .or_else(|| {
            let naive = NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
            Some(naive.and_utc())
        })
}
