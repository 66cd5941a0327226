//! Events that happen on their own as time passes.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

#[derive(PartialEq, Serialize, Deserialize)]
pub(crate) enum Event {
    /// The sandbox's own backend claims the batch job with this id.
    BatchJob(i64),
    /// A part of the job with this id.
    Job(i64, usize),
    /// A step of a run. Steps of an abandoned attempt have no effect.
    Run {
        run_id: String,
        attempt: usize,
        step: RunStep,
    },
    /// Runs of the recurring run with this id may be due, or another one of its runs has ended.
    RecurringRun(String),
}

#[derive(PartialEq, Serialize, Deserialize)]
pub(crate) enum RunStep {
    Begin,
    FirstTask,
    EndOfTask { task_id: String },
    EndOfCancellation,
}

/// Events by due time. Events with the same due time are in the order in which they were planned.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Agenda {
    events: VecDeque<Planned>,
    /// Due time and clock time of the present event, while one happens.
    #[serde(skip)]
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
        let place = self.events.partition_point(|planned| planned.due <= due);
        self.events.insert(place, Planned { event, due, at });
    }

    pub(crate) fn has(&self, at: DateTime<Utc>, event: &Event) -> bool {
        let mut events = self.events.iter();
        events.any(|planned| planned.at == at && planned.event == *event)
    }

    /// Postpones the events that were due before a time to that time.
    pub(crate) fn postpone(&mut self, now: DateTime<Utc>) {
        for planned in &mut self.events {
            planned.due = planned.due.max(now);
            planned.at = planned.at.max(now);
        }
    }

    pub(crate) fn next_due(&mut self, now: DateTime<Utc>) -> Option<Planned> {
        let is_due = self.events.front().is_some_and(|first| first.due <= now);
        is_due.then(|| self.events.pop_front())?
    }
}
