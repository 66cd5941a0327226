//! Schedules of recurring runs.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::clock::later;
use crate::duration;
use crate::kfp::cron::Cron;
use crate::kfp::time;
use crate::object::{Object, text};

/// The start times of runs, within bounds.
pub(super) struct Schedule {
    /// `None` if no run ever starts.
    times: Option<Times>,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
}

enum Times {
    Cron(Cron),
    Every {
        interval: TimeDelta,
        from: DateTime<Utc>,
    },
}

impl Schedule {
    /// Parses a trigger. Intervals are counted from its start, or else from `created`.
    pub(super) fn read(trigger: &Object, created: DateTime<Utc>) -> Result<Self, String> {
        let part = |name| trigger.get(name).and_then(Value::as_object);
        let none = Object::new();
        let (bounds, times) = match (part("cron_schedule"), part("periodic_schedule")) {
            (Some(schedule), _) => (schedule, Some(cron(text(schedule, "cron"), created)?)),
            (None, Some(schedule)) => (schedule, Some(every(schedule, created)?)),
            (None, None) => (&none, None),
        };
        let bound = |name| time::parse(text(bounds, name));
        Ok(Self {
            times,
            start: bound("start_time"),
            end: bound("end_time"),
        })
    }

    pub(super) fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let before_start = self.start.map(|start| later(start, TimeDelta::seconds(-1)));
        let after = before_start.map_or(after, |bound| after.max(bound));
        let next = match self.times.as_ref()? {
            Times::Cron(cron) => cron.next(after)?,
            Times::Every { interval, from } => {
                let passed = whole_intervals(*from, *interval, after);
                multiple(*from, *interval, passed.max(0).checked_add(1)?)?
            }
        };
        self.end.is_none_or(|end| next <= end).then_some(next)
    }

    /// Returns the last time up to and including `now`, or `earliest` if there is none after that.
    pub(super) fn latest(&self, earliest: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        let now = self.end.map_or(now, |end| now.min(end));
        let latest = self.times.as_ref().and_then(|times| match times {
            Times::Cron(cron) => cron.latest(earliest, now),
            Times::Every { interval, from } => {
                multiple(*from, *interval, whole_intervals(*from, *interval, now))
            }
        });
        latest.map_or(earliest, |latest| latest.max(earliest))
    }
}

fn cron(expression: &str, created: DateTime<Utc>) -> Result<Times, String> {
    let Some(duration) = expression.strip_prefix("@every ") else {
        return Cron::read(expression).map(Times::Cron);
    };
    // Whole seconds, and at least one.
    let seconds = duration::parse(duration.trim()).map(|interval| interval.as_secs().max(1));
    let interval = seconds.and_then(|seconds| TimeDelta::try_seconds(seconds.try_into().ok()?));
    Ok(Times::Every {
        interval: interval.ok_or_else(|| format!("{expression:?} has no duration"))?,
        from: created,
    })
}

fn every(schedule: &Object, created: DateTime<Utc>) -> Result<Times, String> {
    let seconds = text(schedule, "interval_second").parse().unwrap_or(0);
    let interval = TimeDelta::try_seconds(seconds).filter(|interval| *interval > TimeDelta::zero());
    Ok(Times::Every {
        interval: interval.ok_or("interval_second must be at least 1")?,
        from: time::parse(text(schedule, "start_time")).unwrap_or(created),
    })
}

/// Returns the number of intervals that have passed. Each is at least a second long.
fn whole_intervals(from: DateTime<Utc>, interval: TimeDelta, until: DateTime<Utc>) -> i64 {
    (until - from).num_milliseconds() / interval.num_milliseconds().max(1)
}

fn multiple(from: DateTime<Utc>, interval: TimeDelta, times: i64) -> Option<DateTime<Utc>> {
    let seconds = interval.num_seconds().checked_mul(times)?;
    from.checked_add_signed(TimeDelta::try_seconds(seconds)?)
}
