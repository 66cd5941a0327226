//! Initial objects of a sandbox.

use serde_json::Value;

use crate::kfp::message::Message;
use crate::kfp::resource::RESOURCES;
use crate::seed_error::SeedError;
use crate::store::Store;

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
