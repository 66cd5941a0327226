//! Timestamps that keep the form in which an API wrote them.

use std::cmp::Ordering;
use std::error::Error;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU8;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Offset, TimeZone, Timelike, Utc};
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// `0001-01-01T00:00:00Z`, in seconds since 1970.
const FIRST_SECOND: i64 = -62_135_596_800;
/// `9999-12-31T23:59:59Z`, in seconds since 1970.
const LAST_SECOND: i64 = 253_402_300_799;
/// Number of days from 1 March of the year 0 to 1 January 1970.
const MARCH_OF_YEAR_0_TO_1970: i64 = 719_468;
const NANOS_PER_SECOND: i128 = 1_000_000_000;
const LAST_NANO: u32 = 999_999_999;
const RANGE: &str = "the years 0001 to 9999";
/// Marker for a written `Z`. Offsets from `-23:59` to `+23:59` are stored in minutes; the two
/// markers are outside of that range.
const WRITTEN_Z: i16 = i16::MAX;
const WRITTEN_MINUS_ZERO: i16 = i16::MIN;
const INPUT_SHOWN: usize = 64;
const LONGEST: usize = "0001-01-01T00:00:00.000000000+00:00".len();

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
    seconds: i64,
    nanos: u32,
    zone: i16,
    // One more than the digits: the niche keeps `Option<Timestamp>` at 16 bytes.
    digits_plus_one: NonZeroU8,
}

impl Timestamp {
    /// Returns the current instant in UTC, by the clock of this machine.
    ///
    /// ```
    /// use compute_kfp_runtime::Timestamp;
    ///
    /// assert!(Timestamp::now() > "2025-01-01T00:00:00Z".parse()?);
    /// # Ok::<(), compute_kfp_runtime::ParseTimestampError>(())
    /// ```
    #[must_use]
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// Creates the instant `seconds` seconds after 1970 began in UTC, or before it if negative.
    ///
    /// # Errors
    ///
    /// Returns [`TimestampRangeError`] outside the years 0001 to 9999. The usual cause is a number
    /// in milliseconds.
    ///
    /// ```
    /// use compute_kfp_runtime::Timestamp;
    ///
    /// let newyear = Timestamp::from_unix_seconds(1_735_689_600)?;
    /// assert_eq!(newyear.to_string(), "2025-01-01T00:00:00Z");
    /// assert!(Timestamp::from_unix_seconds(1_735_689_600_000).is_err());
    /// # Ok::<(), compute_kfp_runtime::TimestampRangeError>(())
    /// ```
    pub fn from_unix_seconds(seconds: i64) -> Result<Self, TimestampRangeError> {
        if (FIRST_SECOND..=LAST_SECOND).contains(&seconds) {
            Ok(Self::in_utc(seconds, 0))
        } else {
            Err(TimestampRangeError {
                count: seconds.into(),
                unit: "seconds",
                range: RANGE,
            })
        }
    }

    /// Creates the instant `nanos` nanoseconds after 1970 began in UTC, or before it if negative.
    ///
    /// It is written with 0, 3, 6 or 9 fractional digits, as few as are needed.
    ///
    /// # Errors
    ///
    /// Returns [`TimestampRangeError`] outside the years 0001 to 9999.
    ///
    /// ```
    /// use compute_kfp_runtime::Timestamp;
    ///
    /// let logged = Timestamp::from_unix_nanos(1_735_689_600_250_000_000)?;
    /// assert_eq!(logged.to_string(), "2025-01-01T00:00:00.250Z");
    /// # Ok::<(), compute_kfp_runtime::TimestampRangeError>(())
    /// ```
    pub fn from_unix_nanos(nanos: i128) -> Result<Self, TimestampRangeError> {
        let nearest = Self::nearest(nanos);
        if nearest.unix_nanos() == nanos {
            Ok(nearest)
        } else {
            Err(TimestampRangeError {
                count: nanos,
                unit: "nanoseconds",
                range: RANGE,
            })
        }
    }

    /// Returns the whole seconds since 1970 began in UTC, rounded down.
    ///
    /// ```
    /// use compute_kfp_runtime::Timestamp;
    ///
    /// assert_eq!("1970-01-01T00:00:02.9Z".parse::<Timestamp>()?.unix_seconds(), 2);
    /// assert_eq!("1969-12-31T23:59:59.9Z".parse::<Timestamp>()?.unix_seconds(), -1);
    /// # Ok::<(), compute_kfp_runtime::ParseTimestampError>(())
    /// ```
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// Returns the nanoseconds since 1970 began in UTC.
    ///
    /// ```
    /// use compute_kfp_runtime::Timestamp;
    ///
    /// let logged: Timestamp = "1970-01-01T01:00:00.000000007+01:00".parse()?;
    /// assert_eq!(logged.unix_nanos(), 7);
    /// # Ok::<(), compute_kfp_runtime::ParseTimestampError>(())
    /// ```
    #[must_use]
    pub const fn unix_nanos(self) -> i128 {
        self.seconds as i128 * NANOS_PER_SECOND + self.nanos as i128
    }

    /// Returns whether this is `1970-01-01T00:00:00Z`, which some servers send for "no time yet".
    ///
    /// See [`set`](Self::set).
    ///
    /// ```
    /// use compute_kfp_runtime::Timestamp;
    ///
    /// let finished_at: Timestamp = "1970-01-01T00:00:00Z".parse()?;
    /// assert!(finished_at.is_unset());
    /// # Ok::<(), compute_kfp_runtime::ParseTimestampError>(())
    /// ```
    #[must_use]
    pub const fn is_unset(self) -> bool {
        self.seconds == 0 && self.nanos == 0
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
    #[must_use]
    pub fn set(self) -> Option<Self> {
        (!self.is_unset()).then_some(self)
    }

    /// Converts to a [`chrono`] value with the same instant and offset.
    ///
    /// ```
    /// use compute_kfp_runtime::Timestamp;
    ///
    /// let created: Timestamp = "2025-01-31T09:30:00+02:00".parse()?;
    /// assert_eq!(created.to_chrono().to_rfc3339(), "2025-01-31T09:30:00+02:00");
    /// # Ok::<(), compute_kfp_runtime::ParseTimestampError>(())
    /// ```
    #[must_use]
    pub fn to_chrono(self) -> DateTime<FixedOffset> {
        let offset = FixedOffset::east_opt(self.offset_minutes() * 60).unwrap_or_else(|| Utc.fix());
        // chrono's years go beyond ±262000: every instant held here is one of its own.
        DateTime::from_timestamp(self.seconds, self.nanos)
            .unwrap_or_default()
            .with_timezone(&offset)
    }

    fn in_utc(seconds: i64, nanos: u32) -> Self {
        let digits = match nanos {
            0 => 0,
            n if n % 1_000_000 == 0 => 3,
            n if n % 1_000 == 0 => 6,
            _ => 9,
        };
        Self::written(seconds, nanos, WRITTEN_Z, digits)
    }

    fn written(seconds: i64, nanos: u32, zone: i16, digits: u8) -> Self {
        Self {
            seconds,
            nanos,
            zone,
            digits_plus_one: NonZeroU8::MIN.saturating_add(digits),
        }
    }

    fn nearest(unix_nanos: i128) -> Self {
        let first = i128::from(FIRST_SECOND) * NANOS_PER_SECOND;
        let last = i128::from(LAST_SECOND) * NANOS_PER_SECOND + i128::from(LAST_NANO);
        let nanos = unix_nanos.clamp(first, last);
        Self::in_utc(
            nanos.div_euclid(NANOS_PER_SECOND) as i64,
            nanos.rem_euclid(NANOS_PER_SECOND) as u32,
        )
    }

    const fn offset_minutes(self) -> i32 {
        match self.zone {
            WRITTEN_Z | WRITTEN_MINUS_ZERO => 0,
            minutes => minutes as i32,
        }
    }

    const fn local_seconds(self) -> i64 {
        self.seconds + self.offset_minutes() as i64 * 60
    }

    fn read(text: &str) -> Result<Self, Flaw> {
        let Some((head, rest)) = text.as_bytes().split_first_chunk() else {
            return Err(match text.parse::<NaiveDate>() {
                Ok(_) => Flaw::DateOnly,
                Err(_) => Flaw::Form,
            });
        };
        #[rustfmt::skip]
        let [
            y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b't' | b' ',
            h1, h2, b':', n1, n2, b':', s1, s2,
        ] = *head else {
            return Err(Flaw::Form);
        };
        let field = |digits: &[u8]| number(digits).ok_or(Flaw::Form);
        let (year, month, day) = (
            field(&[y1, y2, y3, y4])?,
            field(&[m1, m2])?,
            field(&[d1, d2])?,
        );
        let (hour, minute, second) = (field(&[h1, h2])?, field(&[n1, n2])?, field(&[s1, s2])?);

        let (mut nanos, mut digits, rest) = match rest {
            [b'.', fraction @ ..] => read_fraction(fraction)?,
            _ => (0, 0, rest),
        };
        let zone = read_zone(rest)?;

        let leap = second == 60;
        if leap {
            (nanos, digits) = (LAST_NANO, 9);
        }
        let second = if leap { 59 } else { second };
        if hour > 23 || minute > 59 || second > 59 {
            return Err(Flaw::Calendar);
        }
        let days = days_since_1970(year, month, day).ok_or(Flaw::Calendar)?;
        let local = days * 86_400 + i64::from(hour * 3600 + minute * 60 + second);
        let mut read = Self::written(local, nanos, zone, digits);
        read.seconds -= i64::from(read.offset_minutes()) * 60;
        Ok(read)
    }
}

/// Returns the number of days from 1970 to a date; `None` if the date does not exist, as in the
/// year 0.
///
/// It counts like chrono, with less work: a page of a list holds thousands of dates.
fn days_since_1970(year: u32, month: u32, day: u32) -> Option<i64> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if year == 0 || day == 0 || day > last {
        return None;
    }
    // A year that begins in March has its leap day at its end.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    Some(i64::from(days) - MARCH_OF_YEAR_0_TO_1970)
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + u32::from(digit - b'0'))
    })
}

/// Reads the fraction: returns the nanoseconds, the number of digits, and what follows the digits.
fn read_fraction(text: &[u8]) -> Result<(u32, u8, &[u8]), Flaw> {
    let written = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if written == 0 {
        return Err(Flaw::Form);
    }
    let (digits, rest) = text.split_at(written);
    let (mut nanos, mut place) = (0, 100_000_000);
    for digit in digits.iter().take(9) {
        nanos += u32::from(digit - b'0') * place;
        place /= 10;
    }
    Ok((nanos, written.min(9) as u8, rest))
}

fn read_zone(text: &[u8]) -> Result<i16, Flaw> {
    let (sign, hours, minutes) = match *text {
        [] | [b'Z' | b'z'] => return Ok(WRITTEN_Z),
        [sign @ (b'+' | b'-'), h1, h2] => (sign, [h1, h2], [b'0', b'0']),
        [sign @ (b'+' | b'-'), h1, h2, m1, m2] | [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            (sign, [h1, h2], [m1, m2])
        }
        _ => return Err(Flaw::Offset),
    };
    match (number(&hours), number(&minutes)) {
        (Some(hours @ 0..=23), Some(minutes @ 0..=59)) => {
            let east = (hours * 60 + minutes) as i16;
            Ok(match (sign, east) {
                (b'-', 0) => WRITTEN_MINUS_ZERO,
                (b'-', _) => -east,
                _ => east,
            })
        }
        _ => Err(Flaw::Offset),
    }
}

impl fmt::Display for Timestamp {
    /// Writes RFC 3339, with the offset and the fractional digits that were read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = DateTime::from_timestamp(self.local_seconds(), 0).ok_or(fmt::Error)?;
        let mut text = Text {
            bytes: [0; LONGEST],
            len: 0,
        };
        text.number(local.year().unsigned_abs(), 4);
        text.byte(b'-');
        text.number(local.month(), 2);
        text.byte(b'-');
        text.number(local.day(), 2);
        text.byte(b'T');
        text.number(local.hour(), 2);
        text.byte(b':');
        text.number(local.minute(), 2);
        text.byte(b':');
        text.number(local.second(), 2);
        let digits = self.digits_plus_one.get() - 1;
        if digits > 0 {
            text.byte(b'.');
            text.number(
                self.nanos / 10_u32.pow(9 - u32::from(digits)),
                digits.into(),
            );
        }
        if self.zone == WRITTEN_Z {
            text.byte(b'Z');
        } else {
            text.byte(if self.zone < 0 { b'-' } else { b'+' });
            let minutes = self.offset_minutes().unsigned_abs();
            text.number(minutes / 60, 2);
            text.byte(b':');
            text.number(minutes % 60, 2);
        }
        f.pad(text.as_str().ok_or(fmt::Error)?)
    }
}

struct Text {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Text {
    fn byte(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    fn number(&mut self, mut number: u32, width: usize) {
        let end = self.len + width;
        for byte in self.bytes[self.len..end].iter_mut().rev() {
            *byte = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.len = end;
    }

    fn as_str(&self) -> Option<&str> {
        str::from_utf8(&self.bytes[..self.len]).ok()
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::read(text).map_err(|flaw| ParseTimestampError::new(text, flaw))
    }
}

impl TryFrom<&str> for Timestamp {
    type Error = ParseTimestampError;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl TryFrom<&String> for Timestamp {
    type Error = ParseTimestampError;

    fn try_from(text: &String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl TryFrom<String> for Timestamp {
    type Error = ParseTimestampError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
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
        (self.seconds, self.nanos).cmp(&(other.seconds, other.nanos))
    }
}

impl Hash for Timestamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.seconds, self.nanos).hash(state);
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
    type Error = TimestampRangeError;

    /// Fails if the clock of the operating system cannot represent the instant: on Windows, before
    /// 1601.
    fn try_from(timestamp: Timestamp) -> Result<Self, Self::Error> {
        let whole = Duration::from_secs(timestamp.seconds.unsigned_abs());
        let second = if timestamp.seconds < 0 {
            UNIX_EPOCH.checked_sub(whole)
        } else {
            UNIX_EPOCH.checked_add(whole)
        };
        second
            .and_then(|second| second.checked_add(Duration::from_nanos(timestamp.nanos.into())))
            .ok_or(TimestampRangeError {
                count: timestamp.unix_nanos(),
                unit: "nanoseconds",
                range: "what the operating system's clock holds",
            })
    }
}

impl<Tz: TimeZone> From<DateTime<Tz>> for Timestamp {
    /// Converts to the same instant and offset.
    ///
    /// `Z` is written for an offset of zero and for one that is not a whole number of minutes. An
    /// instant that RFC 3339 cannot express becomes the first of year 0001 or the last of year
    /// 9999. One within a leap second becomes the last nanosecond before it.
    fn from(time: DateTime<Tz>) -> Self {
        // chrono marks a leap second by a second's worth of nanoseconds too many.
        let nanos = time.timestamp_subsec_nanos().min(LAST_NANO);
        let utc =
            Self::nearest(i128::from(time.timestamp()) * NANOS_PER_SECOND + i128::from(nanos));
        let offset = time.offset().fix().local_minus_utc();
        let local = Self {
            zone: (offset / 60) as i16,
            ..utc
        };
        let writable = offset != 0
            && offset % 60 == 0
            && (FIRST_SECOND..=LAST_SECOND).contains(&local.local_seconds());
        if writable { local } else { utc }
    }
}

impl From<Timestamp> for DateTime<FixedOffset> {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.to_chrono()
    }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.to_chrono().to_utc()
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

/// A string that is not a valid [`Timestamp`].
///
/// The message shows the string, at most 64 characters of it, and the accepted formats.
///
/// ```
/// use compute_kfp_runtime::Timestamp;
///
/// let error = "2025-02-30T00:00:00Z".parse::<Timestamp>().unwrap_err();
/// assert!(error.to_string().starts_with(
///     r#""2025-02-30T00:00:00Z" is not a timestamp: no calendar has this date or time"#
/// ));
/// assert_eq!(error.input(), "2025-02-30T00:00:00Z");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTimestampError {
    input: String,
    cut: bool,
    flaw: Flaw,
}

impl ParseTimestampError {
    fn new(text: &str, flaw: Flaw) -> Self {
        let end = text
            .char_indices()
            .nth(INPUT_SHOWN)
            .map_or(text.len(), |(end, _)| end);
        Self {
            input: text[..end].to_owned(),
            cut: end < text.len(),
            flaw,
        }
    }

    /// Returns the rejected string, at most its first 64 characters.
    #[must_use]
    pub fn input(&self) -> &str {
        &self.input
    }
}

impl fmt::Display for ParseTimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut = if self.cut { " (cut)" } else { "" };
        let flaw = match self.flaw {
            Flaw::Form => "it does not have the form yyyy-mm-ddThh:mm:ss",
            Flaw::DateOnly => "it has a date but no time of day",
            Flaw::Calendar => "no calendar has this date or time",
            Flaw::Offset => "the end is neither Z nor an offset ±hh:mm",
        };
        write!(
            f,
            "{:?}{cut} is not a timestamp: {flaw}; expected RFC 3339 such as \
             2025-01-31T09:30:00.120+02:00, where the fraction and the offset (then UTC) may be \
             missing and a space may stand for the T",
            self.input
        )
    }
}

impl Error for ParseTimestampError {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    Form,
    DateOnly,
    Calendar,
    Offset,
}

/// An instant outside the range of the target type.
///
/// ```
/// use compute_kfp_runtime::Timestamp;
///
/// let error = Timestamp::from_unix_seconds(i64::MAX).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "9223372036854775807 seconds since 1970 are outside the years 0001 to 9999"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimestampRangeError {
    count: i128,
    unit: &'static str,
    range: &'static str,
}

impl fmt::Display for TimestampRangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, unit, range } = self;
        write!(f, "{count} {unit} since 1970 are outside {range}")
    }
}

impl Error for TimestampRangeError {}
