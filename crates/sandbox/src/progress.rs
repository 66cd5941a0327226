//! Events that happen on their own as time passes.

use crate::agenda::Event;
use crate::compute::jobs;
use crate::kfp::{execution, recurring_runs};
use crate::store::Store;

impl Store {
    /// Runs all events that are due, and the events that follow from them.
    pub(crate) fn catch_up(&mut self) {
        self.clock.follow();
        let now = self.clock.passed;
        while let Some(planned) = self.agenda.next_due(now) {
            self.is_changed = true;
            self.agenda.happening = Some((planned.due, planned.at));
            match planned.event {
                Event::BatchJob(id) => jobs::reserve(self, id, planned.at),
                Event::Job(id, part) => jobs::go(self, id, part, planned.at),
                Event::Run {
                    run_id,
                    attempt,
                    step,
                } => execution::take_step(self, &run_id, attempt, &step, planned.at),
                Event::RecurringRun(id) => recurring_runs::take_step(self, &id, planned.at),
                Event::EndOfRun(id) => recurring_runs::go_on(self, &id, planned.at),
            }
            self.agenda.happening = None;
        }
    }
}
