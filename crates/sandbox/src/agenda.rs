use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::later;
use crate::store::Store;
use crate::{compute, kfp};

/// Something that happens by itself as time passes.
#[derive(Clone, Debug)]
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

struct Planned {
    event: Event,
    /// The time that it has on the clock.
    at: DateTime<Utc>,
    ticks_before: TimeDelta,
}

impl Agenda {
    fn next_due(&mut self, now: DateTime<Utc>) -> Option<Planned> {
        let first = self.events.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }
}

impl Store {
    /// Lets an event happen when the clock shows that time, or would, had nothing else ticked.
    pub(crate) fn plan(&mut self, at: DateTime<Utc>, event: Event) {
        let ticks_before = self.agenda.ticks_before.unwrap_or(self.clock.ticked());
        self.agenda.planned += 1;
        let due = later(at, -ticks_before);
        self.agenda.events.insert(
            (due, self.agenda.planned),
            Planned {
                event,
                at,
                ticks_before,
            },
        );
    }

    /// Lets everything happen that is due by now, and what that leads to.
    pub(crate) fn catch_up(&mut self) {
        self.clock.follow();
        let now = later(self.clock.reading(), -self.clock.ticked());
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
