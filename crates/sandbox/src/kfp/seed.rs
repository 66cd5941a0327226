//! The seed data of a sandbox: runs of a calibration, with tasks, artifacts and metrics.

use chrono::{DateTime, TimeDelta};
use serde_json::Value;

use crate::kfp::message::Message;
use crate::kfp::resource::RESOURCES;
use crate::kfp::time;
use crate::seed_error::SeedError;
use crate::store::Store;

/// Objects that exist once, and objects of each run. Words that begin with `@` are placeholders.
const TEMPLATE: &str = include_str!("seed.json");

/// 2025-01-01T06:10:00Z
const FIRST_RUN_SECONDS: i64 = 1_735_711_800;
const RUNS: i32 = 8;

/// Placeholders for ids in the template.
const IDS: [&str; 11] = [
    "run", "root", "measure", "fit", "counts", "sweep", "log", "model", "metric", "matrix",
    "report",
];

/// Adds calibration runs of two tasks each: one measures, the other fits a model to the measurements.
/// `add` adds objects by kind.
pub(crate) fn seed(store: &mut Store, add: impl Fn(&mut Store, &Value)) {
    let template: Value = serde_json::from_str(TEMPLATE).unwrap_or_default();
    add(store, &template["once"]);
    let each = template["each"].to_string();
    for number in 1..=RUNS {
        let first = DateTime::from_timestamp(FIRST_RUN_SECONDS, 0).unwrap_or_default();
        let started_at = first + TimeDelta::hours(i64::from(number - 1) * 12);
        let mut run = each.replace("@number", &number.to_string());
        for minute in 0..=9 {
            let time = time::text(started_at + TimeDelta::minutes(minute));
            run = run.replace(&format!("@minute{minute}"), &time);
        }
        let ten_thousandths = 9650 + number * 7 % 5 * 12;
        for (word, figure) in [
            ("fidelity", f64::from(ten_thousandths) / 10_000.0),
            ("error", f64::from(10_000 - ten_thousandths) / 10_000.0),
            ("rate", f64::from(11_850 + 40 * number)),
        ] {
            run = run.replace(&format!("\"@{word}\""), &figure.to_string());
        }
        for word in IDS {
            run = run.replace(&format!("@{word}@"), &store.uuids.next());
        }
        add(store, &serde_json::from_str(&run).unwrap_or_default());
    }
}

/// Adds an object in the format in which the server sends it. Ids and the creation time may be omitted.
pub(crate) fn add_seed(store: &mut Store, kind: &str, given: &Value) -> Result<(), SeedError> {
    let Some(resource) = RESOURCES.iter().find(|resource| resource.kind == kind) else {
        let kinds = RESOURCES.map(|resource| resource.kind).join(", ");
        return Err(format!("unknown kind {kind:?}: use one of {kinds}").into());
    };
    let message = Message::named(resource.message);
    let object = message.read(given)?;
    let collection = store.kfp.of(resource);
    if !object.contains_key("name") && resource.key_fields.contains(&"name") {
        return Err(SeedError::from("expected a name").inside("name"));
    }
    let key = collection.key_of(&object);
    if collection.get(&key).is_some() {
        return Err(format!("{key} exists already").into());
    }
    resource.add(store, object);
    Ok(())
}
