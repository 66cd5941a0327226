//! Parsing and writing of [`Timestamp`].

#[cfg(feature = "chrono")]
mod chrono_conversion;

use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{Datelike, NaiveDate, NaiveTime};
use compute_kfp_runtime::{Timestamp, TimestampError};
use proptest::prelude::*;

fn read(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn refused(text: &str) -> TimestampError {
    text.parse::<Timestamp>().unwrap_err()
}

#[test]
fn a_naive_time_is_utc() {
    assert_eq!(
        read("2025-01-01T00:00:00").to_string(),
        "2025-01-01T00:00:00Z"
    );
    assert_eq!(read("2025-01-01T00:00:00"), read("2025-01-01T00:00:00Z"));
}

#[test]
fn a_space_or_a_small_t_stands_for_the_t() {
    let expected = "2025-01-01T10:20:30.5+02:00";
    assert_eq!(read("2025-01-01 10:20:30.5+02:00").to_string(), expected);
    assert_eq!(read("2025-01-01t10:20:30.5+02:00").to_string(), expected);
    assert_eq!(
        read("2025-01-01t10:20:30z").to_string(),
        "2025-01-01T10:20:30Z"
    );
}

#[test]
fn offsets_are_read_in_three_forms() {
    for text in ["+02:00", "+0200", "+02"] {
        let time = read(&format!("2025-01-01T02:00:00{text}"));
        assert_eq!(time.to_string(), "2025-01-01T02:00:00+02:00");
        assert_eq!(time, read("2025-01-01T00:00:00Z"));
    }
    assert_eq!(
        read("2025-01-01T00:00:00-23:59").to_string(),
        "2025-01-01T00:00:00-23:59"
    );
}

#[test]
fn the_text_of_an_rfc_3339_value_is_kept() {
    for text in [
        "2025-01-31T09:30:00.120+02:00",
        "2025-01-31T09:30:00-00:00",
        "2025-01-31T09:30:00+00:00",
        "2025-01-31T09:30:00.0000000-03:30",
        "2025-01-31T09:30:00.123456789Z",
        "2024-02-29T23:59:59Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59.999999999-12:00",
    ] {
        assert_eq!(read(text).to_string(), text);
        let json = serde_json::to_string(text).unwrap();
        let time: Timestamp = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&time).unwrap(), json);
    }
}

#[test]
fn digits_after_the_ninth_are_cut() {
    let time = read("2025-01-31T09:30:00.1234567899999Z");
    assert_eq!(time.to_string(), "2025-01-31T09:30:00.123456789Z");
}

#[test]
fn a_leap_second_stays_in_its_day() {
    let leap = read("2016-12-31T23:59:60.25Z");
    assert_eq!(leap.to_string(), "2016-12-31T23:59:59.999999999Z");
    assert!(leap > read("2016-12-31T23:59:59.9Z"));
    assert!(leap < read("2017-01-01T00:00:00Z"));
}

#[test]
fn a_date_alone_is_refused() {
    let message = refused("2025-01-31").to_string();
    assert!(
        message.contains("it has a date but no time of day"),
        "{message}"
    );
}

#[test]
fn what_no_calendar_has_is_refused() {
    for text in [
        "2025-02-29T00:00:00Z",
        "2024-02-30T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2025-04-31T00:00:00Z",
        "2025-01-32T00:00:00Z",
        "2025-01-00T00:00:00Z",
        "2025-13-01T00:00:00Z",
        "2025-00-01T00:00:00Z",
        "2025-01-01T24:00:00Z",
        "2025-01-01T00:60:00Z",
        "2025-01-01T00:00:61Z",
        "0000-01-01T00:00:00Z",
    ] {
        let message = refused(text).to_string();
        assert!(
            message.contains("the date or time does not exist"),
            "{message}"
        );
    }
}

#[test]
fn a_date_is_the_day_that_chrono_counts() {
    // The calendar repeats every 400 years.
    for years in [1..=4, 1801..=2200, 9996..=9999] {
        let first = NaiveDate::from_ymd_opt(*years.start(), 1, 1).unwrap();
        let dates = first.iter_days();
        for date in dates.take_while(|date| years.contains(&date.year())) {
            let read = read(&format!("{date}T00:00:00Z"));
            let counted = date.and_time(NaiveTime::MIN).and_utc();
            assert_eq!(read.unix_seconds(), counted.timestamp());
        }
    }
}

#[test]
fn other_forms_are_refused() {
    for text in [
        "",
        "now",
        "2025-01-01T00:00Z",
        "2025-01-01T00:00:00.Z",
        "2025-01-01T00:00:00,5Z",
        "2025-01-01_00:00:00Z",
        "2025/01/01T00:00:00Z",
        "+025-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        " 2025-01-01T00:00:00Z",
        "2025-01-01T00:00:00Z ",
        "2025-01-01T00:00:00+24:00",
        "2025-01-01T00:00:00+02:60",
        "2025-01-01T00:00:00+2",
        "2025-01-01T00:00:00−02:00",
        "2025-01-01T00:00:00 UTC",
        "٢٠٢٥-01-01T00:00:00Z",
    ] {
        refused(text);
    }
}

#[test]
fn an_error_names_the_input_and_the_accepted_forms() {
    let error = refused("yesterday");
    assert_eq!(
        error.to_string(),
        "\"yesterday\" is not a timestamp: it does not have the form yyyy-mm-ddThh:mm:ss; \
         expected RFC 3339 such as 2025-01-31T09:30:00.120+02:00, where the fraction and the \
         offset (then UTC) may be missing and a space may stand for the T"
    );
    let error = serde_json::from_str::<Timestamp>(r#""yesterday""#).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("\"yesterday\" is not a timestamp"),
        "{error}"
    );
}

#[test]
fn an_error_shows_at_most_64_characters_of_the_input() {
    let long = "é".repeat(1000);
    let error = refused(&long);
    let shown = format!("\"{}\" (cut) is not a timestamp", "é".repeat(64));
    assert!(error.to_string().starts_with(&shown), "{error}");
    let whole = refused(&"é".repeat(64));
    assert!(!whole.to_string().contains("(cut)"), "{whole}");
}

#[test]
fn a_number_is_refused() {
    let error = serde_json::from_str::<Timestamp>("1735689600").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("expected an RFC 3339 date and time"),
        "{error}"
    );
}

#[test]
fn a_text_with_escapes_is_read() {
    let time: Timestamp = serde_json::from_str(r#""2025-01-01T00:00:00\u005a""#).unwrap();
    assert_eq!(time, read("2025-01-01T00:00:00Z"));
    let time: Timestamp =
        serde_json::from_value(serde_json::json!("2025-01-01T00:00:00Z")).unwrap();
    assert_eq!(time, read("2025-01-01T00:00:00Z"));
}

#[test]
fn equality_order_and_hash_go_by_the_instant() {
    let utc = read("2025-01-01T00:00:00Z");
    let east = read("2025-01-01T02:00:00.000+02:00");
    assert_eq!(utc, east);
    assert_eq!(HashSet::from([utc, east]).len(), 1);
    assert!(read("2025-01-01T01:59:59+02:00") < utc);
    assert!(read("2025-01-01T00:00:00.000000001Z") > utc);
}

#[test]
fn the_first_instant_of_1970_is_no_time_yet() {
    assert!(read("1970-01-01T00:00:00Z").is_unset());
    assert_eq!(read("1970-01-01T00:00:00Z").set(), None);
    assert_eq!(read("1970-01-01T01:00:00.000+01:00").set(), None);
    assert!(!read("1970-01-01T00:00:00.000000001Z").is_unset());
    let set = read("2025-01-01T00:00:00Z");
    assert_eq!(set.set(), Some(set));
}

#[test]
fn it_is_small() {
    assert_eq!(size_of::<Timestamp>(), 20);
    assert_eq!(size_of::<Option<Timestamp>>(), 20);
}

#[test]
fn debug_shows_the_text() {
    assert_eq!(
        format!("{:?}", read("2025-01-01 00:00:00")),
        "Timestamp(2025-01-01T00:00:00Z)"
    );
}

#[test]
fn a_width_is_respected() {
    assert_eq!(
        format!("{:>22}|", read("2025-01-01 00:00:00")),
        "  2025-01-01T00:00:00Z|"
    );
}

#[test]
fn unix_numbers_before_1970_are_negative() {
    let time = read("1969-12-31T23:59:58.750Z");
    assert_eq!(time.unix_seconds(), -2);
    assert_eq!(time.unix_nanos(), -1_250_000_000);
    assert_eq!(
        Timestamp::from_unix_nanos(-1_250_000_000)
            .unwrap()
            .to_string(),
        time.to_string()
    );
}

#[test]
fn a_unix_number_outside_four_digit_years_is_refused() {
    assert!(Timestamp::from_unix_nanos(253_402_300_799_999_999_999).is_ok());
    assert!(Timestamp::from_unix_nanos(253_402_300_800_000_000_000).is_err());
    assert!(Timestamp::from_unix_nanos(-62_135_596_800_000_000_000).is_ok());
    assert!(Timestamp::from_unix_nanos(-62_135_596_800_000_000_001).is_err());
    assert!(Timestamp::from_unix_nanos(i128::MAX).is_err());
    assert!(Timestamp::from_unix_nanos(i128::MIN).is_err());
}

#[test]
fn a_system_time_survives_both_ways() {
    for time in [
        UNIX_EPOCH,
        UNIX_EPOCH + Duration::new(1_735_689_600, 123_456_789),
        UNIX_EPOCH - Duration::new(1, 250_000_000),
    ] {
        let there = Timestamp::from(time);
        assert_eq!(SystemTime::try_from(there).unwrap(), time);
    }
}

#[test]
fn an_instant_too_far_becomes_the_last_that_can_be_written() {
    let far = UNIX_EPOCH + Duration::from_secs(1 << 40);
    assert_eq!(
        Timestamp::from(far).to_string(),
        "9999-12-31T23:59:59.999999999Z"
    );
}

#[cfg(feature = "schemars")]
#[test]
fn its_schema_is_a_date_time() {
    assert_eq!(
        schemars::SchemaGenerator::default().subschema_for::<Timestamp>(),
        schemars::json_schema!({"type": "string", "format": "date-time"})
    );
}

fn rfc_3339() -> impl Strategy<Value = String> {
    let date = (1..=9999_i32, 1..=366_u32)
        .prop_filter_map("day 366", |(year, day)| NaiveDate::from_yo_opt(year, day));
    let zone = prop_oneof![Just("Z".to_owned()), "[+-]([01][0-9]|2[0-3]):[0-5][0-9]"];
    let time = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?";
    (date, time, zone)
        .prop_map(|(date, time, zone)| format!("{}T{time}{zone}", date.format("%Y-%m-%d")))
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = text.parse::<Timestamp>();
    }

    #[test]
    fn no_text_that_is_almost_a_time_panics(
        text in "[0-9-]{10}[Tt ][0-9:]{8}[.,]?[0-9]{0,12}([Zz]|[+-][0-9:]{1,6})?\\PC?"
    ) {
        if let Ok(time) = text.parse::<Timestamp>() {
            let written = time.to_string();
            prop_assert_eq!(read(&written), time);
            prop_assert_eq!(read(&written).to_string(), written);
        }
    }

    #[test]
    fn no_bytes_in_json_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = serde_json::from_slice::<Timestamp>(&bytes);
        let quoted = [b"\"", &bytes[..], b"\""].concat();
        let _ = serde_json::from_slice::<Timestamp>(&quoted);
    }

    #[test]
    fn any_number_is_a_time_or_refused(nanos: i128) {
        let exact = Timestamp::from_unix_nanos(nanos).map(|time| time.unix_nanos());
        prop_assert!(exact.is_err() || exact == Ok(nanos));
    }

    #[test]
    fn any_system_time_can_be_written(distance: Duration, before: bool) {
        let time = match before {
            true => UNIX_EPOCH.checked_sub(distance),
            false => UNIX_EPOCH.checked_add(distance),
        };
        if let Some(time) = time {
            let written = Timestamp::from(time).to_string();
            prop_assert_eq!(read(&written).to_string(), written);
        }
    }

    #[test]
    fn rfc_3339_is_written_as_it_was_read(text in rfc_3339()) {
        prop_assert_eq!(read(&text).to_string(), text);
    }

    #[test]
    fn unix_nanoseconds_survive_both_ways(
        nanos in -62_135_596_800_000_000_000_i128..253_402_300_800_000_000_000
    ) {
        let time = Timestamp::from_unix_nanos(nanos).unwrap();
        prop_assert_eq!(time.unix_nanos(), nanos);
        prop_assert_eq!(read(&time.to_string()), time);
    }
}
