use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

const DEFAULT_START_SECONDS: i64 = 1_736_240_400;

/// Not a whole second, so that some of the times carry a fraction and some do not.
const TICK: TimeDelta = TimeDelta::milliseconds(1250);

/// The server's time. Unless it has a speed, it depends on nothing but how many times were handed
/// out and how far it was advanced.
#[derive(Serialize, Deserialize)]
pub(crate) struct Clock {
    next: DateTime<Utc>,
    /// How much of the time passed only to tell things apart that happened at once.
    #[serde(with = "microseconds")]
    ticked: TimeDelta,
    #[serde(with = "microseconds")]
    tick: TimeDelta,
    #[serde(skip)]
    pace: Option<Pace>,
}

struct Pace {
    speed: f64,
    counted_up_to: Instant,
}

impl Clock {
    pub(crate) fn starting_at(start: DateTime<Utc>) -> Self {
        Self {
            next: start,
            ticked: TimeDelta::zero(),
            tick: TICK,
            pace: None,
        }
    }

    /// Follows the wall clock, so many times as fast.
    pub(crate) fn with_speed(mut self, speed: f64) -> Self {
        self.tick = if speed > 0.0 {
            TimeDelta::microseconds(1)
        } else {
            TICK
        };
        self.pace = (speed > 0.0).then(|| Pace {
            speed,
            counted_up_to: Instant::now(),
        });
        self
    }

    /// The time of something that happens now. Two things never happen at the same time.
    pub(crate) fn now(&mut self) -> DateTime<Utc> {
        let now = self.reading();
        self.next = later(now, self.tick);
        self.ticked = self.ticked.checked_add(&self.tick).unwrap_or(self.ticked);
        now
    }

    pub(crate) fn ticked(&self) -> TimeDelta {
        self.ticked
    }

    /// The time, without anything happening.
    pub(crate) fn reading(&self) -> DateTime<Utc> {
        self.next
    }

    /// Looks at the wall clock. Nothing else does, so that what a request does depends on nothing
    /// but the request, the time at which it is looked at, and what is held.
    pub(crate) fn follow(&mut self) {
        if let Some(pace) = &mut self.pace {
            let now = Instant::now();
            let passed = now.saturating_duration_since(pace.counted_up_to);
            pace.counted_up_to = now;
            let passed = Duration::try_from_secs_f64(passed.as_secs_f64() * pace.speed);
            self.advance(passed.unwrap_or_default());
        }
    }

    /// Shows a time that it showed before.
    pub(crate) fn set(&mut self, time: DateTime<Utc>) {
        self.next = time;
    }

    /// Stops at the last time there is.
    pub(crate) fn advance(&mut self, by: Duration) {
        let by = TimeDelta::from_std(by).unwrap_or(TimeDelta::MAX);
        self.next = later(self.next, by);
    }
}

/// A time after another one, or the last time there is.
pub(crate) fn later(time: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    time.checked_add_signed(by)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Spans of time in data files.
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
