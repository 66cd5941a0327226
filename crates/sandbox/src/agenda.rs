use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::compute::store as compute;
use crate::kfp::step as kfp;

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
    pub(crate) happening: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Planned {
    pub(crate) event: Event,
    pub(crate) due: DateTime<Utc>,
    /// Clock time of the event.
    pub(crate) at: DateTime<Utc>,
}

impl Agenda {
    pub(crate) fn add(&mut self, due: DateTime<Utc>, at: DateTime<Utc>, event: Event) {
        self.planned += 1;
        let planned = Planned { event, due, at };
        self.events.insert((due, self.planned), planned);
    }

    /// Postpones the events that were due before a time to that time.
    pub(crate) fn postpone(&mut self, now: DateTime<Utc>) {
        for planned in std::mem::take(&mut self.events).into_values() {
            self.add(planned.due.max(now), planned.at.max(now), planned.event);
        }
    }

    pub(crate) fn next_due(&mut self, now: DateTime<Utc>) -> Option<Planned> {
        let first = self.events.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
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
            agenda.add(planned.due, planned.at, planned.event);
        }
        Ok(agenda)
    }
}
