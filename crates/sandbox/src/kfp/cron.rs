//! Cron expressions as the server parses them: with seconds, and without the extensions of others.
//!
//! `croner` also accepts `L`, `W`, `#` and weekday 7, and needs `derive_builder`; `cron` counts weekdays
//! from 1; `saffron` has no seconds.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};

const NAMED: &[(&str, &str)] = &[
    ("@yearly", "0 0 0 1 1 *"),
    ("@annually", "0 0 0 1 1 *"),
    ("@monthly", "0 0 0 1 * *"),
    ("@weekly", "0 0 0 * * 0"),
    ("@daily", "0 0 0 * * *"),
    ("@midnight", "0 0 0 * * *"),
    ("@hourly", "0 0 * * * *"),
];

const MONTHS: &[&str] = &[
    "", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Minimum and maximum of each field, and the names of its values.
const BOUNDS: [(u32, u32, &[&str]); 6] = [
    (0, 59, &[]),
    (0, 59, &[]),
    (0, 23, &[]),
    (1, 31, &[]),
    (1, 12, MONTHS),
    (0, 6, WEEKDAYS),
];

/// Maximum distance of a matching day: 2100 has no 29th of February.
const DAYS_AHEAD: u64 = 8 * 366;

/// The values of each field as bits: second, minute, hour, day of the month, month, weekday.
pub(super) struct Cron {
    fields: [u64; 6],
    /// Whether all days of the month, and all weekdays, match.
    any_day: [bool; 2],
}

impl Cron {
    pub(super) fn read(expression: &str) -> Result<Self, String> {
        let named = NAMED.iter().find(|(name, _)| *name == expression);
        let meant = named.map_or(expression, |(_, meant)| *meant);
        let mut texts: Vec<&str> = meant.split_whitespace().collect();
        if texts.len() == 5 {
            texts.push("*");
        }
        if texts.len() != 6 {
            let refusal = "is not a cron expression with five or six fields";
            return Err(format!("{expression:?} {refusal}"));
        }
        let mut fields = [0; 6];
        for ((field, text), bounds) in fields.iter_mut().zip(&texts).zip(BOUNDS) {
            for range in text.split(',') {
                *field |= bits(range, bounds)?;
            }
        }
        let any = |text: &str| text.split(',').any(|range| range.starts_with(['*', '?']));
        let any_day = [any(texts[3]), any(texts[5])];
        Ok(Self { fields, any_day })
    }

    pub(super) fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let first = after.date_naive();
        let mut days = (0..DAYS_AHEAD).filter_map(|ahead| first.checked_add_days(Days::new(ahead)));
        days.find_map(|day| {
            let mut times = self.times(day);
            times.find(|time| *time > after)
        })
    }

    /// Returns the last time up to and including `now`, but not before `earliest`.
    pub(super) fn latest(
        &self,
        earliest: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let mut day = now.date_naive();
        while day >= earliest.date_naive() {
            if let Some(time) = self.times(day).filter(|time| *time <= now).last() {
                return Some(time);
            }
            day = day.pred_opt()?;
        }
        None
    }

    fn times(&self, day: NaiveDate) -> impl Iterator<Item = DateTime<Utc>> {
        let [seconds, minutes, hours, days, months, weekdays] = self.fields;
        let weekday = day.weekday().num_days_from_sunday();
        let (of_month, of_week) = (has(days, day.day()), has(weekdays, weekday));
        // As long as one of the two is left open, both have to fit; otherwise one is enough.
        let fits = if self.any_day.contains(&true) {
            of_month && of_week
        } else {
            of_month || of_week
        };
        let hours = if fits && has(months, day.month()) {
            hours
        } else {
            0
        };
        let values = |bits: u64| (0..60).filter(move |value| has(bits, *value));
        let times = values(hours).flat_map(move |hour| {
            values(minutes).flat_map(move |minute| {
                values(seconds)
                    .filter_map(move |second| NaiveTime::from_hms_opt(hour, minute, second))
            })
        });
        times.map(move |time| day.and_time(time).and_utc())
    }
}

fn has(bits: u64, value: u32) -> bool {
    bits >> value & 1 == 1
}

/// Parses the values of `5`, `1-5`, `*/10`, `3/10` or `MON`.
fn bits(range: &str, (least, greatest, names): (u32, u32, &[&str])) -> Result<u64, String> {
    let number = |text: &str| {
        let lower_case = text.to_ascii_lowercase();
        let named = names
            .iter()
            .position(|name| *name == lower_case && !text.is_empty());
        let named = named.and_then(|place| u32::try_from(place).ok());
        let read = named.or_else(|| text.parse().ok());
        read.ok_or_else(|| "a field is neither a number nor a known name".to_owned())
    };
    let (ends, step) = match range.split_once('/') {
        None => (range, 1),
        Some((ends, step)) => (ends, number(step)?),
    };
    let (first, last) = match ends.split_once('-') {
        _ if ends.starts_with(['*', '?']) && ends.len() == 1 => (least, greatest),
        None if range.contains('/') => (number(ends)?, greatest),
        None => (number(ends)?, number(ends)?),
        Some((first, last)) => (number(first)?, number(last)?),
    };
    if first < least || last > greatest || first > last || step == 0 {
        return Err("a field has a value out of bounds".to_owned());
    }
    let mut values = (first..=last).step_by(usize::try_from(step).unwrap_or(usize::MAX));
    Ok(values.by_ref().fold(0, |bits, value| bits | 1 << value))
}
