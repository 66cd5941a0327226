use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::clock::{later, microseconds};
use crate::store::Store;
use crate::{compute, kfp};

/// Something that happens by itself as time passes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Event {
    Compute(compute::Step),
    Kfp(kfp::Step),
}

/// Events by when they are due; those that are due together in the order in which they were planned.
///
/// They are due by the time that really passed, without the ticks of the clock: otherwise they
/// would happen because something else was created.
#[derive(Default)]
pub(crate) struct Agenda {
    planned: u64,
    events: BTreeMap<(DateTime<Utc>, u64), Planned>,
    /// While an event happens: the ticks before what led to it.
    ticks_before: Option<TimeDelta>,
}

#[derive(Serialize, Deserialize)]
struct Planned {
    event: Event,
    /// The time that it has on the clock.
    at: DateTime<Utc>,
    #[serde(with = "microseconds")]
    ticks_before: TimeDelta,
}

impl Agenda {
    fn add(&mut self, planned: Planned) {
        self.planned += 1;
        let due = later(planned.at, -planned.ticks_before);
        self.events.insert((due, self.planned), planned);
    }

    fn has_something_due(&self, now: DateTime<Utc>) -> bool {
        let first = self.events.first_key_value();
        first.is_some_and(|((due, _), _)| *due <= now)
    }

    fn next_due(&mut self, now: DateTime<Utc>) -> Option<Planned> {
        let first = self.events.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }
}

impl Store {
    /// Lets an event happen when the clock shows that time, or would, had nothing else ticked.
    pub(crate) fn plan(&mut self, at: DateTime<Utc>, event: Event) {
        let ticks_before = self.agenda.ticks_before.unwrap_or(self.clock.ticked());
        self.agenda.add(Planned {
            event,
            at,
            ticks_before,
        });
    }

    /// Lets everything happen that is due by now, and what that leads to.
    pub(crate) fn catch_up(&mut self) {
        self.clock.follow();
        let now = later(self.clock.reading(), -self.clock.ticked());
        if self.agenda.has_something_due(now) {
            self.note_time();
        }
        while let Some(planned) = self.agenda.next_due(now) {
            self.agenda.ticks_before = Some(planned.ticks_before);
            match planned.event {
                Event::Compute(step) => compute::take_step(self, &step, planned.at),
                Event::Kfp(step) => kfp::take_step(self, &step, planned.at),
            }
            self.agenda.ticks_before = None;
        }
    }
}

/// The events in the order in which they will happen.
impl Serialize for Agenda {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.events.values())
    }
}

impl<'de> Deserialize<'de> for Agenda {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut agenda = Self::default();
        for planned in Vec::<Planned>::deserialize(deserializer)? {
            agenda.add(planned);
        }
        Ok(agenda)
    }
}
