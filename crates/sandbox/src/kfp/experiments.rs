use serde_json::{Value, json};

use crate::kfp::error::KfpError;
use crate::kfp::objects::namespace_required;
use crate::kfp::resource::EXPERIMENT;
use crate::kfp::shown::shown;
use crate::kfp::time;
use crate::object::{Object, object, set, text};
use crate::operation::Call;
use crate::store::Store;

/// Default experiment of runs.
pub(super) const DEFAULT: &str = "Default";

pub(super) fn create(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let experiment = EXPERIMENT.read(call)?;
    let experiment = checked(store, experiment)?;
    let experiment = add(store, experiment);
    Ok(shown(store, &EXPERIMENT, &experiment).into())
}

fn checked(store: &Store, mut experiment: Object) -> Result<Object, KfpError> {
    if !store.kfp.multi_user {
        experiment.remove("namespace");
    } else if text(&experiment, "namespace").is_empty() {
        return Err(namespace_required());
    }
    let name = text(&experiment, "display_name");
    EXPERIMENT.check_name(name).map_err(KfpError::internal)?;
    EXPERIMENT.check_unique(store, &experiment, "display_name", "namespace")?;
    Ok(experiment)
}

/// Adds the default experiment of runs, which a server has from its start.
pub(crate) fn add_default(store: &mut Store) {
    let experiment = object(json!({
        "display_name": DEFAULT,
        "description": "Runs without an experiment of their own",
        "created_at": time::created_at(store.clock.reading),
    }));
    add(store, experiment);
}

pub(super) fn default_id(store: &Store) -> Option<String> {
    let mut named = EXPERIMENT.all_with(&store.kfp, "display_name", DEFAULT);
    named
        .next()
        .map(|held| text(held, "experiment_id").to_owned())
}

fn add(store: &mut Store, mut experiment: Object) -> Object {
    set(&mut experiment, "storage_state", "AVAILABLE");
    set(&mut experiment, "last_run_created_at", time::UNSET);
    EXPERIMENT.add(store, experiment)
}
