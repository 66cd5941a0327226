use serde_json::{Value, json};

use crate::kfp::error::KfpError;
use crate::kfp::message::Message;
use crate::kfp::objects::required;
use crate::kfp::parameters::path_text;
use crate::kfp::resource::METRIC;
use crate::object::{Object, inner, set};
use crate::operation::Call;
use crate::store::Store;

/// Replaces the task's metric with this name. The metric keeps its creation time.
pub(super) fn log(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let body = Message::named("v2beta1LogMetricRequest").read_body(call.body)?;
    let mut metric = inner(&body, "metric").clone();
    check(&metric)?;
    let key = store.kfp.of(&METRIC).key_of(&metric);
    let held = METRIC.find(store, &key);
    if let Some(created_at) = held.and_then(|held| held.get("created_at")).cloned() {
        set(&mut metric, "created_at", created_at);
    }
    Ok(METRIC.add(store, metric).into())
}

pub(super) fn get(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let (task_id, name) = (path_text(call, "task_id")?, path_text(call, "name")?);
    let metric = METRIC.existing(store, &format!("{task_id}/{name}"))?;
    Ok(json!(metric))
}

fn check(metric: &Object) -> Result<(), KfpError> {
    required(metric, "task_id")?;
    required(metric, "name")?;
    if !metric.contains_key("value") {
        return Err("value is required".into());
    }
    Ok(())
}
