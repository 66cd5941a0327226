//! Conversions from and to the types of `chrono`.

use chrono::{DateTime, FixedOffset, NaiveDate, TimeZone, Utc};
use compute_kfp_runtime::Timestamp;
use proptest::prelude::*;

use super::{read, rfc_3339};

#[test]
fn a_chrono_instant_too_far_becomes_the_first_or_last_that_can_be_written() {
    assert_eq!(
        Timestamp::from(DateTime::<Utc>::MIN_UTC).to_string(),
        "0001-01-01T00:00:00Z"
    );
    let local_year_10000 = FixedOffset::east_opt(3600)
        .unwrap()
        .with_ymd_and_hms(10000, 1, 1, 0, 30, 0)
        .unwrap();
    assert_eq!(
        Timestamp::from(local_year_10000).to_string(),
        "9999-12-31T23:30:00Z"
    );
}

#[test]
fn a_chrono_value_keeps_its_offset() {
    let east = FixedOffset::east_opt(2 * 3600).unwrap();
    let time = east.with_ymd_and_hms(2025, 1, 31, 9, 30, 0).unwrap();
    let there = Timestamp::from(time);
    assert_eq!(there.to_string(), "2025-01-31T09:30:00+02:00");
    assert_eq!(there.to_chrono(), time);
    assert_eq!(*there.to_chrono().offset(), east);
    assert_eq!(DateTime::<Utc>::from(there), time);
    assert_eq!(
        Timestamp::from(time.to_utc()).to_string(),
        "2025-01-31T07:30:00Z"
    );
}

#[test]
fn a_chrono_offset_with_seconds_is_written_in_utc() {
    let amsterdam_1900 = FixedOffset::east_opt(19 * 60 + 32).unwrap();
    let time = amsterdam_1900
        .with_ymd_and_hms(1900, 1, 1, 0, 19, 32)
        .unwrap();
    assert_eq!(Timestamp::from(time).to_string(), "1900-01-01T00:00:00Z");
}

#[test]
fn a_chrono_leap_second_stays_in_its_day() {
    let leap = NaiveDate::from_ymd_opt(2016, 12, 31)
        .and_then(|day| day.and_hms_nano_opt(23, 59, 59, 1_500_000_000))
        .unwrap()
        .and_utc();
    assert_eq!(
        Timestamp::from(leap).to_string(),
        "2016-12-31T23:59:59.999999999Z"
    );
}

proptest! {
    #[test]
    fn chrono_reads_the_same_instant(text in rfc_3339()) {
        let chrono = DateTime::parse_from_rfc3339(&text).unwrap();
        let read_here = read(&text).to_chrono();
        prop_assert_eq!(read_here, chrono);
        prop_assert_eq!(read_here.offset(), chrono.offset());
        prop_assert_eq!(Timestamp::from(chrono), read(&text));
    }
}
