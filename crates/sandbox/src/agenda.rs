use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::clock::later;
use crate::store::Store;
use crate::{compute, kfp};

/// An event that happens on its own as time passes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Event {
    Compute(compute::Step),
    Kfp(kfp::Step),
}

/// Events by due time. Events with the same due time are in the order in which they were planned.
#[derive(Default)]
pub(crate) struct Agenda {
    planned: u64,
    events: BTreeMap<(DateTime<Utc>, u64), Planned>,
    /// Due time and clock time of the present event, while one happens.
    happening: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

#[derive(Serialize, Deserialize)]
struct Planned {
    event: Event,
    due: DateTime<Utc>,
    /// Clock time of the event.
    at: DateTime<Utc>,
}

impl Agenda {
    fn add(&mut self, planned: Planned) {
        self.planned += 1;
        self.events.insert((planned.due, self.planned), planned);
    }

    /// Postpones the events that were due before a time to that time.
    pub(crate) fn postpone(&mut self, now: DateTime<Utc>) {
        for mut planned in std::mem::take(&mut self.events).into_values() {
            planned.due = planned.due.max(now);
            planned.at = planned.at.max(now);
            self.add(planned);
        }
    }

    fn next_due(&mut self, now: DateTime<Utc>) -> Option<Planned> {
        let first = self.events.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }
}

impl Store {
    /// Plans an event for the time when the clock shows `at`, or would show it without ticks in
    /// between.
    pub(crate) fn plan(&mut self, at: DateTime<Utc>, event: Event) {
        let now = (self.clock.passed(), self.clock.reading());
        let (passed, reading) = self.agenda.happening.unwrap_or(now);
        let due = later(at, passed - reading);
        self.agenda.add(Planned { event, due, at });
    }

    /// Runs all events that are due, and the events that follow from them.
    pub(crate) fn catch_up(&mut self) {
        self.clock.follow();
        let now = self.clock.passed();
        while let Some(planned) = self.agenda.next_due(now) {
            self.is_changed = true;
            self.agenda.happening = Some((planned.due, planned.at));
            match planned.event {
                Event::Compute(step) => compute::take_step(self, &step, planned.at),
                Event::Kfp(step) => kfp::take_step(self, &step, planned.at),
            }
            self.agenda.happening = None;
        }
    }
}

/// Serializes the events in the order in which they will happen.
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
