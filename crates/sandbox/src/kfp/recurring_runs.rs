//! Recurring runs. They start runs when these are due, within their maximum concurrency.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::agenda::Event;
use crate::kfp::error::KfpError;
use crate::kfp::objects::is_final;
use crate::kfp::resource::{EXPERIMENT, RECURRING_RUN, RUN};
use crate::kfp::schedule::Schedule;
use crate::kfp::shown::shown;
use crate::kfp::store::Progress;
use crate::kfp::{runs, time};
use crate::object::{Object, inner, picked, set, text};
use crate::operation::Call;
use crate::store::Store;

const SERVER_NAMESPACE: &str = "kubeflow";

/// Fields that each run gets from its recurring run.
const HANDED_ON: &[&str] = &[
    "recurring_run_id",
    "experiment_id",
    "pipeline_version_id",
    "pipeline_spec",
    "pipeline_version_reference",
    "runtime_config",
    "service_account",
    "plugins_input",
];

pub(super) fn create(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let recurring = RECURRING_RUN.read(call)?;
    let now = store.clock.reading;
    let mut recurring = checked(store, recurring, now)?;
    let experiment = EXPERIMENT.find(store, text(&recurring, "experiment_id"));
    let namespace = match experiment.map_or("", |experiment| text(experiment, "namespace")) {
        "" => SERVER_NAMESPACE.to_owned(),
        namespace => namespace.to_owned(),
    };
    set(&mut recurring, "namespace", namespace);
    let id = store.uuids.next();
    let now = store.clock.now();
    set(&mut recurring, "recurring_run_id", id.as_str());
    set(&mut recurring, "created_at", time::created_at(now));
    let enabled = text(&recurring, "mode") == "ENABLE";
    switch(store, recurring, enabled, now);
    let progress = Progress {
        handled_until: now,
        started: 0,
    };
    store.kfp.progress.insert(id.clone(), progress);
    go_on(store, &id, now);
    let recurring = RECURRING_RUN.existing(store, &id)?;
    Ok(shown(store, &RECURRING_RUN, recurring).into())
}

/// Checks a recurring run. If it names only a pipeline, it is checked with the newest version, but
/// still names none.
fn checked(store: &Store, mut recurring: Object, now: DateTime<Utc>) -> Result<Object, KfpError> {
    recurring.entry("trigger").or_insert_with(|| json!({}));
    let run = runs::checked(store, recurring.clone())?;
    if !(1..=10).contains(&max_concurrency(&recurring)) {
        return Err("max_concurrency is required, from 1 to 10".into());
    }
    schedule(&recurring, now)?;
    recurring.extend(picked(&run, ["experiment_id", "service_account"]));
    if recurring.get("runtime_config") == Some(&json!({})) {
        recurring.remove("runtime_config");
    }
    Ok(recurring)
}

pub(super) fn set_mode(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let recurring = RECURRING_RUN.in_path(store, call)?;
    set_enabled(store, recurring, call.described.path.ends_with(":enable"));
    Ok(json!({}))
}

/// Enables or disables a recurring run. When enabled again, it first starts the runs due in the
/// meantime.
pub(super) fn set_enabled(store: &mut Store, recurring: Object, enabled: bool) {
    if is_enabled(&recurring) == enabled {
        return;
    }
    let id = text(&recurring, "recurring_run_id").to_owned();
    let now = store.clock.now();
    switch(store, recurring, enabled, now);
    go_on(store, &id, now);
}

pub(super) fn disable_all_of(store: &mut Store, experiment_id: &str) {
    let held = RECURRING_RUN.all_with(&store.kfp, "experiment_id", experiment_id);
    let held: Vec<Object> = held.cloned().collect();
    for recurring in held {
        set_enabled(store, recurring, false);
    }
}

fn switch(store: &mut Store, mut recurring: Object, enabled: bool, now: DateTime<Utc>) {
    let (mode, status) = if enabled {
        ("ENABLE", "ENABLED")
    } else {
        ("DISABLE", "DISABLED")
    };
    set(&mut recurring, "mode", mode);
    set(&mut recurring, "status", status);
    set(&mut recurring, "updated_at", time::created_at(now));
    RECURRING_RUN.put(store, recurring);
}

/// Starts the runs that are due. The others wait until another run has ended.
pub(crate) fn go_on(store: &mut Store, id: &str, now: DateTime<Utc>) {
    let Some(recurring) = RECURRING_RUN.find(store, id).cloned() else {
        return;
    };
    let created = time::parse(text(&recurring, "created_at")).unwrap_or(now);
    let Ok(schedule) = schedule(&recurring, created) else {
        return;
    };
    while is_enabled(&recurring) {
        let runs = RUN.all_with(&store.kfp, "recurring_run_id", id);
        let under_way = runs.filter(|run| !is_final(run)).count();
        let Some(progress) = store.kfp.progress.get_mut(id) else {
            return;
        };
        let Some(next) = schedule.next(progress.handled_until) else {
            return;
        };
        if next > now {
            let event = Event::RecurringRun(id.to_owned());
            if !store.agenda.has(next, &event) {
                store.plan(next, event);
            }
            return;
        }
        if under_way >= max_concurrency(&recurring) {
            return;
        }
        let due = if recurring.get("no_catchup") == Some(&json!(true)) {
            schedule.latest(next, now)
        } else {
            next
        };
        progress.handled_until = due;
        let number = progress.started.saturating_add(1);
        // A run that can no longer start is skipped, for example because its pipeline is gone.
        if let Ok(run) = runs::checked(store, run_of(&recurring, number)) {
            runs::start(store, run, due, now);
            if let Some(progress) = store.kfp.progress.get_mut(id) {
                progress.started = number;
            }
        }
    }
}

fn run_of(recurring: &Object, number: u64) -> Object {
    let mut run = picked(recurring, HANDED_ON.iter().copied());
    let name = text(recurring, "display_name");
    set(&mut run, "display_name", format!("{name}-{number}"));
    run
}

fn schedule(recurring: &Object, created: DateTime<Utc>) -> Result<Schedule, String> {
    Schedule::read(inner(recurring, "trigger"), created)
}

fn max_concurrency(recurring: &Object) -> usize {
    text(recurring, "max_concurrency").parse().unwrap_or(0)
}

fn is_enabled(recurring: &Object) -> bool {
    text(recurring, "status") == "ENABLED"
}
