use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};

/// An unset time, as the server sends it.
pub(super) const UNSET: &str = "1970-01-01T00:00:00Z";

/// Formats a creation time. Times are stored in whole seconds.
pub(super) fn created_at(now: DateTime<Utc>) -> String {
    text(now.trunc_subsecs(0))
}

/// Formats a time in UTC as RFC 3339, with as many decimals as it has, in steps of three.
pub(super) fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

pub(super) fn parse(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.to_utc())
}

/// Returns the seconds since 1970. The server compares times in whole seconds.
#[allow(clippy::cast_precision_loss)]
pub(super) fn seconds(text: &str) -> Option<f64> {
    Some(parse(text)?.timestamp() as f64)
}
