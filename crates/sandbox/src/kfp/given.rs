//! Objects that a sandbox is given at its start.

use serde_json::{Value, json};

use crate::kfp::resources::RESOURCES;
use crate::kfp::{messages, time};
use crate::seeding::Problem;
use crate::store::Store;

/// Adds an object in the form in which the server sends it. Ids and the time of creation may be
/// left out.
pub(crate) fn add_seed(store: &mut Store, kind: &str, given: &Value) -> Result<(), Problem> {
    let Some(resource) = RESOURCES.iter().find(|resource| resource.kind == kind) else {
        let kinds = RESOURCES.map(|resource| resource.kind).join(", ");
        return Err(Problem::new(format!("{kind:?} is none of {kinds}")));
    };
    let message = messages::named(resource.message);
    let mut object = message.read(given).map_err(Problem::new)?;
    for created_at in ["created_at", "create_time"] {
        if message.field(created_at).is_some() && !object.contains_key(created_at) {
            let now = time::text(store.clock.now());
            object.insert(created_at.to_owned(), json!(now));
        }
    }
    let collection = store.kfp.of_mut(resource);
    for field in collection.key_fields() {
        if object.contains_key(*field) {
            continue;
        }
        if *field == "name" {
            return Err(Problem::new("a name is wanted here").inside(field));
        }
        object.insert((*field).to_owned(), json!(store.uuids.next()));
    }
    let key = collection.key_of(&object);
    let key: Vec<&str> = key.iter().map(String::as_str).collect();
    if collection.get(&key).is_some() {
        let message = format!("{} is there already", key.join(" "));
        return Err(Problem::new(message));
    }
    collection.put(object);
    Ok(())
}
