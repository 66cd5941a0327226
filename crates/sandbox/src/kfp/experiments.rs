use crate::kfp::artifacts::text;
use crate::kfp::resources::{EXPERIMENT, required, set, without};
use crate::kfp::{KfpError, messages, time};
use crate::operation::Call;
use crate::reply::Reply;
use crate::store::{Object, Store};

/// The experiment that runs without one go to.
const DEFAULT_NAME: &str = "Default";

pub(super) fn create(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let body = messages::named("v2beta1Experiment").read_body(call.body)?;
    check(store, &body)
        .map_err(|error| error.while_attempting("Failed to create a new experiment"))?;
    let by_the_server = [
        "experiment_id",
        "created_at",
        "storage_state",
        "last_run_created_at",
    ];
    Ok(Reply::ok(add(store, without(body, &by_the_server))))
}

fn check(store: &Store, body: &Object) -> Result<(), KfpError> {
    let name = required(body, "display_name")?;
    let taken = EXPERIMENT.all(&store.kfp).any(|held| {
        text(held, "display_name") == name && text(held, "namespace") == text(body, "namespace")
    });
    if taken {
        return Err(KfpError::already_exists(format!(
            "The name {name} already exist. Please specify a new name."
        )));
    }
    Ok(())
}

/// The default experiment, which comes into being when it is first needed.
pub(super) fn default_id(store: &mut Store) -> String {
    let named = |experiment: &&Object| text(experiment, "display_name") == DEFAULT_NAME;
    if let Some(held) = EXPERIMENT.all(&store.kfp).find(named) {
        return text(held, "experiment_id").to_owned();
    }
    let mut experiment = Object::new();
    set(&mut experiment, "display_name", DEFAULT_NAME);
    let experiment = add(store, experiment);
    text(&experiment, "experiment_id").to_owned()
}

fn add(store: &mut Store, mut experiment: Object) -> Object {
    set(&mut experiment, "experiment_id", store.uuids.next());
    set(
        &mut experiment,
        "created_at",
        time::created_at(store.clock.now()),
    );
    set(&mut experiment, "storage_state", "AVAILABLE");
    set(&mut experiment, "last_run_created_at", time::UNSET);
    EXPERIMENT.put(store, experiment.clone());
    experiment
}
