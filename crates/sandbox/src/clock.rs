use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

const DEFAULT_START_SECONDS: i64 = 1_736_240_400;

/// Step of the clock. It is not a whole second, so that some times have a fraction and some do not.
const TICK: TimeDelta = TimeDelta::milliseconds(1250);

/// The server's clock. Unless it has a speed, its time depends only on how many times were handed out
/// and how far it was advanced.
#[derive(Serialize, Deserialize)]
pub(crate) struct Clock {
    /// The time without the ticks.
    passed: DateTime<Utc>,
    /// Total of the ticks, by which the clock is ahead of the elapsed time.
    #[serde(with = "microseconds")]
    ticked: TimeDelta,
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
            ticked: TimeDelta::zero(),
            pace: None,
        }
    }

    /// Follows the wall clock from now on, at this speed.
    pub(crate) fn set_speed(&mut self, speed: f64) {
        self.pace = (speed > 0.0).then(|| Pace {
            speed,
            counted_up_to: SystemTime::now(),
        });
    }

    /// Advances to the time of the wall clock.
    pub(crate) fn set_to_wall_clock(&mut self) {
        let now = SystemTime::now().into();
        if now > self.reading() {
            self.passed = now;
            self.ticked = TimeDelta::zero();
        }
    }

    /// Returns the time of an event that happens now. No two events have the same time.
    pub(crate) fn now(&mut self) -> DateTime<Utc> {
        let now = self.reading();
        let tick = if self.pace.is_some() {
            TimeDelta::microseconds(1)
        } else {
            TICK
        };
        self.ticked = self.ticked.checked_add(&tick).unwrap_or(self.ticked);
        now
    }

    /// Returns the time without ticks, which determines when events are due. Otherwise the creation of
    /// an object would trigger them.
    pub(crate) fn passed(&self) -> DateTime<Utc> {
        self.passed
    }

    /// Returns the time without a tick.
    pub(crate) fn reading(&self) -> DateTime<Utc> {
        later(self.passed, self.ticked)
    }

    /// Updates the time from the wall clock. This uses up the ticks.
    pub(crate) fn follow(&mut self) {
        if let Some(pace) = &mut self.pace {
            let now = SystemTime::now();
            let passed = now.duration_since(pace.counted_up_to).unwrap_or_default();
            pace.counted_up_to = pace.counted_up_to.max(now);
            let passed = Duration::try_from_secs_f64(passed.as_secs_f64() * pace.speed);
            let shown = self.reading();
            self.advance(passed.unwrap_or_default());
            self.ticked = (shown - self.passed).max(TimeDelta::zero());
        }
    }

    /// Advances the clock, at most to the last representable time.
    pub(crate) fn advance(&mut self, by: Duration) {
        let by = TimeDelta::from_std(by).unwrap_or(TimeDelta::MAX);
        self.passed = later(self.passed, by);
    }
}

/// Returns a time after another one, or the last representable time.
pub(crate) fn later(time: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    time.checked_add_signed(by)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Serialization of durations in snapshots.
pub(crate) mod microseconds {
    use chrono::TimeDelta;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(span: &TimeDelta, to: S) -> Result<S::Ok, S::Error> {
        span.num_microseconds().unwrap_or(i64::MAX).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<TimeDelta, D::Error> {
        i64::deserialize(from).map(TimeDelta::microseconds)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::starting_at(DateTime::from_timestamp(DEFAULT_START_SECONDS, 0).unwrap_or_default())
    }
}
