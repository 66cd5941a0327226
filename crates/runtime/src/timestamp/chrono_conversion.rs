//! Conversions from and to the types of `chrono`.

use chrono::{DateTime, FixedOffset, Offset as _, TimeZone, Utc};

use super::{
    FIRST_SECOND, LAST_SECOND, NANOS_PER_SECOND, OffsetForm, Timestamp, before_leap_second,
};

impl Timestamp {
    /// Converts to a [`chrono`] value with the same instant and offset.
    pub fn to_chrono(self) -> DateTime<FixedOffset> {
        self.time
    }
}

impl<Tz: TimeZone> From<DateTime<Tz>> for Timestamp {
    /// Converts to the same instant and offset.
    ///
    /// `Z` is written for an offset of zero and for one that is not a whole number of minutes. An
    /// instant that RFC 3339 cannot express becomes the first of year 0001 or the last of year
    /// 9999. One within a leap second becomes the last nanosecond before it.
    fn from(time: DateTime<Tz>) -> Self {
        let instant = before_leap_second(time.to_utc());
        let nanos = i128::from(instant.timestamp()) * NANOS_PER_SECOND;
        let utc = Self::nearest(nanos + i128::from(instant.timestamp_subsec_nanos()));
        let offset = time.offset().fix().local_minus_utc();
        let local_second = utc.unix_seconds() + i64::from(offset);
        if offset == 0 || offset % 60 != 0 || !(FIRST_SECOND..=LAST_SECOND).contains(&local_second)
        {
            return utc;
        }
        Self {
            time: utc.time.with_timezone(&time.offset().fix()),
            offset_form: OffsetForm::Numeric,
            ..utc
        }
    }
}

impl From<Timestamp> for DateTime<FixedOffset> {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.to_chrono()
    }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.time.to_utc()
    }
}
