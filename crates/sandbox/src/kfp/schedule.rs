//! When a recurring run is due.

use chrono::{DateTime, TimeDelta, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use serde_json::Value;

use crate::clock::later;
use crate::kfp::artifacts::text;
use crate::kfp::time;
use crate::store::Object;

/// The times at which runs start, within bounds that belong to it.
pub(super) struct Schedule {
    times: Times,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
}

enum Times {
    Cron(Box<Cron>),
    Every {
        interval: TimeDelta,
        from: DateTime<Utc>,
    },
}

impl Schedule {
    /// Reads a trigger; intervals count from its start, or else from `created`.
    pub(super) fn read(trigger: &Object, created: DateTime<Utc>) -> Result<Self, String> {
        let part = |name| trigger.get(name).and_then(Value::as_object);
        let (bounds, times) = match (part("cron_schedule"), part("periodic_schedule")) {
            (Some(schedule), None) => (schedule, cron(text(schedule, "cron"))?),
            (None, Some(schedule)) => (schedule, every(schedule, created)?),
            _ => return Err("trigger needs exactly one schedule".to_owned()),
        };
        let bound = |name| time::parse(text(bounds, name));
        Ok(Self {
            times,
            start: bound("start_time"),
            end: bound("end_time"),
        })
    }

    /// The first time after `after`, if there is one.
    pub(super) fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let before_start = self.start.map(|start| later(start, TimeDelta::seconds(-1)));
        let after = before_start.map_or(after, |bound| after.max(bound));
        let next = match &self.times {
            Times::Cron(cron) => cron.find_next_occurrence(&after, false).ok()?,
            Times::Every { interval, from } => {
                let passed = whole_intervals(*from, *interval, after);
                multiple(*from, *interval, passed.max(0).checked_add(1)?)?
            }
        };
        self.end.is_none_or(|end| next <= end).then_some(next)
    }

    /// The last time up to and with `now`, or `earliest` if there is none after that.
    pub(super) fn latest(&self, earliest: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        let now = self.end.map_or(now, |end| now.min(end));
        let latest = match &self.times {
            Times::Cron(cron) => cron.find_previous_occurrence(&now, true).ok(),
            Times::Every { interval, from } => {
                multiple(*from, *interval, whole_intervals(*from, *interval, now))
            }
        };
        latest.map_or(earliest, |latest| latest.max(earliest))
    }
}

/// Six fields that begin with the seconds; of five, the day of the week is left out.
fn cron(expression: &str) -> Result<Times, String> {
    let fields = expression.split_whitespace().count();
    let complete = if fields == 5 {
        format!("{expression} *")
    } else {
        expression.to_owned()
    };
    let parser = CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Disallowed)
        .sloppy_ranges(true)
        .build();
    let cron = parser
        .parse(&complete)
        .map_err(|error| format!("cron {expression:?} cannot be read: {error}"))?;
    Ok(Times::Cron(Box::new(cron)))
}

fn every(schedule: &Object, created: DateTime<Utc>) -> Result<Times, String> {
    let seconds = text(schedule, "interval_second").parse().unwrap_or(0);
    let interval = TimeDelta::try_seconds(seconds).filter(|interval| *interval > TimeDelta::zero());
    Ok(Times::Every {
        interval: interval.ok_or("interval_second must be at least 1")?,
        from: time::parse(text(schedule, "start_time")).unwrap_or(created),
    })
}

/// How many intervals have passed, all of them at least a second long.
fn whole_intervals(from: DateTime<Utc>, interval: TimeDelta, until: DateTime<Utc>) -> i64 {
    (until - from).num_milliseconds() / interval.num_milliseconds().max(1)
}

fn multiple(from: DateTime<Utc>, interval: TimeDelta, times: i64) -> Option<DateTime<Utc>> {
    let seconds = interval.num_seconds().checked_mul(times)?;
    from.checked_add_signed(TimeDelta::try_seconds(seconds)?)
}

#[cfg(test)]
mod tests {
    use super::Schedule;
    use chrono::{DateTime, Utc};
    use serde_json::{Value, json};

    fn at(text: &str) -> DateTime<Utc> {
        crate::kfp::time::parse(text).unwrap()
    }

    fn read(trigger: Value) -> Result<Schedule, String> {
        let trigger: crate::store::Object = serde_json::from_value(trigger).unwrap();
        Schedule::read(&trigger, at("2025-01-01T00:00:00Z"))
    }

    fn cron(expression: &str) -> Result<Schedule, String> {
        read(json!({ "cron_schedule": { "cron": expression } }))
    }

    fn every(seconds: i64) -> Result<Schedule, String> {
        read(json!({ "periodic_schedule": { "interval_second": seconds.to_string() } }))
    }

    #[test]
    fn a_cron_expression_begins_with_the_seconds() {
        let weekdays = cron("0 30 6 * * 1-5").unwrap();
        let monday = at("2025-01-06T06:30:00Z");
        assert_eq!(weekdays.next(at("2025-01-03T06:30:00Z")), Some(monday));
    }

    #[test]
    fn of_five_fields_the_day_of_the_week_is_left_out() {
        let hourly = cron("0 0 * * *").unwrap();
        let next = hourly.next(at("2025-01-03T06:30:00Z"));
        assert_eq!(next, Some(at("2025-01-03T07:00:00Z")));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for expression in ["", "* * * *", "61 * * * * *", "soon", "0 0 0 0 0 0 0 0"] {
            assert!(cron(expression).is_err(), "{expression}");
        }
        assert!(every(0).is_err() && every(-5).is_err() && every(i64::MAX).is_err());
        assert!(read(json!({})).is_err());
    }

    #[test]
    fn intervals_count_from_the_creation() {
        let minutely = every(60).unwrap();
        let next = minutely.next(at("2025-01-01T00:01:00Z"));
        assert_eq!(next, Some(at("2025-01-01T00:02:00Z")));
        let (earliest, now) = (at("2025-01-01T00:02:00Z"), at("2025-01-01T01:00:30Z"));
        let latest = minutely.latest(earliest, now);
        assert_eq!(latest, at("2025-01-01T01:00:00Z"));
    }

    #[test]
    fn nothing_is_due_out_of_bounds() {
        let bounded = read(json!({ "cron_schedule": {
            "cron": "0 0 * * * *",
            "start_time": "2025-01-02T00:00:00Z",
            "end_time": "2025-01-02T01:30:00Z",
        } }));
        let bounded = bounded.unwrap();
        let first = bounded.next(at("2025-01-01T00:00:00Z"));
        assert_eq!(first, Some(at("2025-01-02T00:00:00Z")));
        assert_eq!(bounded.next(at("2025-01-02T01:00:00Z")), None);
        assert_eq!(
            every(i64::from(u32::MAX))
                .unwrap()
                .next(DateTime::<Utc>::MAX_UTC),
            None
        );
    }
}
