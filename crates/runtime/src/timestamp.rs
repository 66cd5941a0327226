//! Timestamps that keep the form in which an API wrote them.

#[cfg(feature = "chrono")]
mod chrono_conversion;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::error::Error;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::format::ParseErrorKind;
use chrono::{DateTime, FixedOffset, NaiveDate, SecondsFormat, TimeZone, Timelike as _};
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// `0001-01-01T00:00:00Z`, in seconds since 1970.
const FIRST_SECOND: i64 = -62_135_596_800;
/// `9999-12-31T23:59:59Z`, in seconds since 1970.
const LAST_SECOND: i64 = 253_402_300_799;
const NANOS_PER_SECOND: i128 = 1_000_000_000;
const LAST_NANO: u32 = 999_999_999;
/// Maximum number of characters of a string that an error shows.
const INPUT_SHOWN: usize = 64;
/// Length of the date and the time of day without a fraction.
const SECONDS_LENGTH: usize = "0001-01-01T00:00:00".len();

/// The reason why a string is not a timestamp.
type Flaw = &'static str;

const FORM: Flaw = "it does not have the form yyyy-mm-ddThh:mm:ss";
const DATE_ONLY: Flaw = "it has a date but no time of day";
const CALENDAR: Flaw = "the date or time does not exist";
const OFFSET: Flaw = "the end is neither Z nor an offset ±hh:mm";

/// An instant with nanosecond precision, and the offset and the fractional digits it was written
/// with.
///
/// An RFC 3339 value survives a round trip unchanged: `+02:00`, `-00:00` and `.120` are kept.
/// Equality and order use only the instant.
///
/// # Accepted formats
///
/// RFC 3339, and the variants that APIs send instead:
///
/// | written | read as |
/// |---|---|
/// | no offset, `2025-01-31T09:30:00` | UTC; written again with `Z` |
/// | a space, or `t`, for the `T`; `z` for the `Z` | the same with `T` and `Z` |
/// | `+0200` or `+02` for `+02:00` | the same with `+02:00` |
/// | more than nine fractional digits | truncated after the ninth |
/// | second 60, a leap second | the last nanosecond of second 59, so that it stays in its minute and day |
///
/// A date without a time of day is an error, and so is a date that does not exist in the calendar.
/// Years range from 0001 to 9999.
///
/// # Examples
///
/// ```
/// use compute_kfp_runtime::Timestamp;
///
/// let created: Timestamp = serde_json::from_str(r#""2025-01-31T09:30:00.120+02:00""#)?;
/// assert_eq!(created.to_string(), "2025-01-31T09:30:00.120+02:00");
///
/// let naive: Timestamp = "2025-01-31 07:30:00.12".parse()?;
/// assert_eq!(naive, created);
/// assert_eq!(naive.to_string(), "2025-01-31T07:30:00.12Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Timestamp {
    /// The time at its offset, never within a leap second.
    time: DateTime<FixedOffset>,
    offset_form: OffsetForm,
    /// Number of fractional digits, at most 9.
    digits: u8,
}

/// The form in which an offset is written.
#[derive(Clone, Copy)]
enum OffsetForm {
    Z,
    /// `-00:00`, which means that the local offset is unknown.
    MinusZero,
    Numeric,
}

impl Timestamp {
    /// Returns the current instant in UTC, by the clock of this machine.
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// Creates the instant `nanos` nanoseconds after 1970 began in UTC, or before it if negative.
    ///
    /// It is written with 0, 3, 6 or 9 fractional digits, as few as are needed.
    ///
    /// # Errors
    ///
    /// Returns [`TimestampError`] outside the years 0001 to 9999.
    ///
    /// ```
    /// use compute_kfp_runtime::Timestamp;
    ///
    /// let logged = Timestamp::from_unix_nanos(1_735_689_600_250_000_000)?;
    /// assert_eq!(logged.to_string(), "2025-01-01T00:00:00.250Z");
    /// # Ok::<(), compute_kfp_runtime::TimestampError>(())
    /// ```
    pub fn from_unix_nanos(nanos: i128) -> Result<Self, TimestampError> {
        let nearest = Self::nearest(nanos);
        match nearest.unix_nanos() == nanos {
            true => Ok(nearest),
            false => Err(TimestampError::out_of_range(
                nanos,
                "the years 0001 to 9999",
            )),
        }
    }

    /// Returns the whole seconds since 1970 began in UTC, rounded down.
    pub const fn unix_seconds(self) -> i64 {
        self.time.timestamp()
    }

    /// Returns the nanoseconds since 1970 began in UTC.
    pub const fn unix_nanos(self) -> i128 {
        let whole = self.time.timestamp() as i128 * NANOS_PER_SECOND;
        whole + self.time.timestamp_subsec_nanos() as i128
    }

    /// Returns whether this is `1970-01-01T00:00:00Z`, which some servers send for "no time yet".
    ///
    /// See [`set`](Self::set).
    pub const fn is_unset(self) -> bool {
        self.unix_nanos() == 0
    }

    /// Returns this timestamp, or `None` if it means "no time yet".
    ///
    /// If a server sends `1970-01-01T00:00:00Z` for a missing time, unfinished objects look
    /// finished in 1970. See [`is_unset`](Self::is_unset).
    ///
    /// ```
    /// use compute_kfp_runtime::Timestamp;
    ///
    /// let finished_at: Option<Timestamp> = serde_json::from_str(r#""1970-01-01T00:00:00Z""#)?;
    /// assert_eq!(finished_at.and_then(Timestamp::set), None);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn set(self) -> Option<Self> {
        (!self.is_unset()).then_some(self)
    }

    /// Returns an instant in UTC, or the nearest one that RFC 3339 can express.
    fn nearest(unix_nanos: i128) -> Self {
        let first = i128::from(FIRST_SECOND) * NANOS_PER_SECOND;
        let last = i128::from(LAST_SECOND) * NANOS_PER_SECOND + i128::from(LAST_NANO);
        let nanos = unix_nanos.clamp(first, last);
        let (second, nano) = (
            nanos.div_euclid(NANOS_PER_SECOND) as i64,
            nanos.rem_euclid(NANOS_PER_SECOND) as u32,
        );
        Self {
            time: DateTime::from_timestamp(second, nano)
                .unwrap_or_default()
                .fixed_offset(),
            offset_form: OffsetForm::Z,
            digits: match nano {
                0 => 0,
                n if n % 1_000_000 == 0 => 3,
                n if n % 1_000 == 0 => 6,
                _ => 9,
            },
        }
    }

    fn read(text: &str) -> Result<Self, Flaw> {
        let Some((seconds, rest)) = text.split_at_checked(SECONDS_LENGTH) else {
            return Err(match text.parse::<NaiveDate>() {
                Ok(_) => DATE_ONLY,
                Err(_) => FORM,
            });
        };
        let fraction = rest.strip_prefix('.');
        let after = fraction.unwrap_or(rest);
        let offset = match fraction {
            Some(fraction) => fraction.trim_start_matches(|digit: char| digit.is_ascii_digit()),
            None => rest,
        };
        let digits = after.len() - offset.len();
        if fraction.is_some() && digits == 0 {
            return Err(FORM);
        }
        let read = match DateTime::parse_from_rfc3339(&with_offset(text, offset)?) {
            Ok(_) if seconds.starts_with("0000") => return Err(CALENDAR),
            Ok(read) => read,
            Err(error) => {
                let is_offset = DateTime::parse_from_rfc3339(&[seconds, "Z"].concat()).is_ok();
                return Err(match error.kind() {
                    _ if is_offset => OFFSET,
                    ParseErrorKind::OutOfRange | ParseErrorKind::Impossible => CALENDAR,
                    _ => FORM,
                });
            }
        };
        let is_utc = read.offset().local_minus_utc() == 0;
        // chrono marks a leap second by a second's worth of nanoseconds too many.
        let is_leap = read.timestamp_subsec_nanos() > LAST_NANO;
        Ok(Self {
            time: before_leap_second(read),
            offset_form: match offset.as_bytes().first() {
                None | Some(b'Z' | b'z') => OffsetForm::Z,
                Some(b'-') if is_utc => OffsetForm::MinusZero,
                Some(_) => OffsetForm::Numeric,
            },
            digits: if is_leap { 9 } else { digits.min(9) as u8 },
        })
    }
}

/// Returns a time with its offset in the form of RFC 3339: `Z` or `+02:00`.
fn with_offset<'t>(text: &'t str, offset: &str) -> Result<Cow<'t, str>, Flaw> {
    match offset.as_bytes() {
        [b'Z' | b'z'] | [b'+' | b'-', _, _, b':', _, _] => Ok(text.into()),
        [] => Ok([text, "Z"].concat().into()),
        [b'+' | b'-', _, _] => Ok([text, ":00"].concat().into()),
        [b'+' | b'-', _, _, _, _] => match text.split_at_checked(text.len() - 2) {
            Some((hours, minutes)) => Ok([hours, ":", minutes].concat().into()),
            None => Err(OFFSET),
        },
        _ => Err(OFFSET),
    }
}

/// Returns the last nanosecond before a leap second for an instant within it.
fn before_leap_second<Tz: TimeZone>(time: DateTime<Tz>) -> DateTime<Tz> {
    let nanos = time.nanosecond().min(LAST_NANO);
    time.with_nanosecond(nanos).unwrap_or(time)
}

impl fmt::Display for Timestamp {
    /// Writes RFC 3339, with the offset and the fractional digits that were read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.time.to_rfc3339_opts(SecondsFormat::Nanos, false);
        let fraction_length = match self.digits {
            0 => 0,
            digits => ".".len() + usize::from(digits),
        };
        let time = text.get(..SECONDS_LENGTH + fraction_length);
        let offset = match self.offset_form {
            OffsetForm::Z => Some("Z"),
            OffsetForm::MinusZero => Some("-00:00"),
            OffsetForm::Numeric => text.get(SECONDS_LENGTH + ".123456789".len()..),
        };
        let (Some(time), Some(offset)) = (time, offset) else {
            return Err(fmt::Error);
        };
        f.pad(&[time, offset].concat())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::read(text).map_err(|flaw| TimestampError::unreadable(text, flaw))
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.time.cmp(&other.time)
    }
}

impl Hash for Timestamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.time.hash(state);
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl Visitor<'_> for TextVisitor {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 date and time as a string")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

impl From<SystemTime> for Timestamp {
    /// Converts to the same instant in UTC. An instant that RFC 3339 cannot express becomes the
    /// first of year 0001 or the last of year 9999.
    fn from(time: SystemTime) -> Self {
        let nanos = |duration: Duration| i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX);
        Self::nearest(match time.duration_since(UNIX_EPOCH) {
            Ok(after) => nanos(after),
            Err(before) => -nanos(before.duration()),
        })
    }
}

impl TryFrom<Timestamp> for SystemTime {
    type Error = TimestampError;

    /// Fails if the clock of the operating system cannot represent the instant: on Windows, before
    /// 1601.
    fn try_from(timestamp: Timestamp) -> Result<Self, Self::Error> {
        let whole = Duration::from_secs(timestamp.unix_seconds().unsigned_abs());
        let second = if timestamp.unix_seconds() < 0 {
            UNIX_EPOCH.checked_sub(whole)
        } else {
            UNIX_EPOCH.checked_add(whole)
        };
        let nanos = timestamp.time.timestamp_subsec_nanos();
        second
            .and_then(|second| second.checked_add(Duration::from_nanos(nanos.into())))
            .ok_or_else(|| {
                TimestampError::out_of_range(
                    timestamp.unix_nanos(),
                    "what the operating system's clock holds",
                )
            })
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date-time"})
    }
}

/// A string that is not a valid [`Timestamp`], or an instant outside the range of a type.
///
/// The message shows the string, at most 64 characters of it, and the accepted formats, or the range.
///
/// ```
/// use compute_kfp_runtime::Timestamp;
///
/// let error = "2025-02-30T00:00:00Z".parse::<Timestamp>().unwrap_err();
/// assert!(error.to_string().starts_with(
///     r#""2025-02-30T00:00:00Z" is not a timestamp: the date or time does not exist"#
/// ));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimestampError(String);

impl TimestampError {
    fn unreadable(text: &str, flaw: Flaw) -> Self {
        let shown: String = text.chars().take(INPUT_SHOWN).collect();
        let cut = if shown.len() < text.len() {
            " (cut)"
        } else {
            ""
        };
        Self(format!(
            "{shown:?}{cut} is not a timestamp: {flaw}; expected RFC 3339 such as \
             2025-01-31T09:30:00.120+02:00, where the fraction and the offset (then UTC) may be \
             missing and a space may stand for the T"
        ))
    }

    fn out_of_range(nanos: i128, range: &str) -> Self {
        Self(format!("{nanos} ns since 1970 are outside {range}"))
    }
}

impl fmt::Display for TimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for TimestampError {}
