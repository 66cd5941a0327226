use chrono::{DateTime, TimeDelta, Utc};

const DEFAULT_START_SECONDS: i64 = 1_736_240_400;

/// Not a whole second, so that some of the times carry a fraction and some do not.
const TICK: TimeDelta = TimeDelta::milliseconds(1250);

/// Hands out times that depend on nothing but how many were handed out before.
pub(crate) struct Clock {
    next: DateTime<Utc>,
}

impl Clock {
    pub(crate) fn starting_at(start: DateTime<Utc>) -> Self {
        Self { next: start }
    }

    pub(crate) fn now(&mut self) -> DateTime<Utc> {
        let now = self.next;
        self.next = now.checked_add_signed(TICK).unwrap_or(now);
        now
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::starting_at(DateTime::from_timestamp(DEFAULT_START_SECONDS, 0).unwrap_or_default())
    }
}
