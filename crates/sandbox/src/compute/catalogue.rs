use std::collections::BTreeMap;

use serde_json::Value;

use crate::store::{Object, Store};

/// What no user creates and every sandbox knows: backends and their types, languages, who the user
/// is. The QX emulator and Tuna-5 are those of the public service; the spin qubits are the sandbox's
/// own.
pub(crate) fn add(store: &mut Store) {
    hold(store, include_str!("catalogue.json"));
}

/// Daily calibrations of the two-qubit backend, and two of a single-qubit one between them.
pub(crate) fn seed(store: &mut Store) {
    hold(store, include_str!("calibrations.json"));
}

/// The documents are part of the program, and the tests look at what they hold.
fn hold(store: &mut Store, document: &str) {
    let kinds: BTreeMap<String, Vec<Object>> = serde_json::from_str(document).unwrap_or_default();
    for (kind, objects) in kinds {
        for object in objects {
            let id = object.get("id").and_then(Value::as_i64);
            store
                .compute
                .continue_ids_after(&kind, id.unwrap_or_default());
            if let Some(collection) = store.compute.collection_mut(&kind) {
                collection.put(object);
            }
        }
    }
}
