use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Step of the clock. It is not a whole second, so that some times have a fraction and some do not.
const TICK: TimeDelta = TimeDelta::milliseconds(1250);

/// The server's clock. Unless it has a speed, its time depends only on how many times were handed out
/// and how far it was advanced.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Clock {
    /// The time without the ticks, which determines when events are due. Otherwise the creation of an
    /// object would trigger them.
    pub(crate) passed: DateTime<Utc>,
    /// The time that the next event gets.
    pub(crate) reading: DateTime<Utc>,
    #[serde(skip)]
    pace: Option<Pace>,
}

struct Pace {
    speed: f64,
    counted_up_to: SystemTime,
}

impl Clock {
    pub(crate) fn starting_at(start: DateTime<Utc>) -> Self {
        Self {
            passed: start,
            reading: start,
            pace: None,
        }
    }

    pub(crate) fn set_speed(&mut self, speed: f64) {
        self.pace = (speed > 0.0).then(|| Pace {
            speed,
            counted_up_to: SystemTime::now(),
        });
    }

    pub(crate) fn set_to_wall_clock(&mut self) {
        let now = SystemTime::now().into();
        if now > self.reading {
            (self.passed, self.reading) = (now, now);
        }
    }

    /// Returns the time of an event that happens now. No two events have the same time.
    pub(crate) fn now(&mut self) -> DateTime<Utc> {
        let tick = if self.pace.is_some() {
            TimeDelta::microseconds(1)
        } else {
            TICK
        };
        let next = later(self.reading, tick);
        std::mem::replace(&mut self.reading, next)
    }

    /// Updates the time from the wall clock. This uses up the ticks.
    pub(crate) fn follow(&mut self) {
        if let Some(pace) = &mut self.pace {
            let now = SystemTime::now();
            let passed = now.duration_since(pace.counted_up_to).unwrap_or_default();
            pace.counted_up_to = pace.counted_up_to.max(now);
            let passed = Duration::try_from_secs_f64(passed.as_secs_f64() * pace.speed);
            self.passed = later(self.passed, delta(passed.unwrap_or_default()));
            self.reading = self.reading.max(self.passed);
        }
    }

    /// Advances the clock, at most to the last representable time.
    pub(crate) fn advance(&mut self, by: Duration) {
        let by = delta(by);
        self.passed = later(self.passed, by);
        self.reading = later(self.reading, by);
    }
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

/// Returns a time after another one, or the last representable time.
pub(crate) fn later(time: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    time.checked_add_signed(by)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}
