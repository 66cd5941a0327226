use std::collections::BTreeMap;

use serde_json::Value;

use crate::object::Object;
use crate::store::Store;

/// Adds the objects that no user creates and every sandbox has: backends, their types, languages and
/// the user. The QX emulator and Tuna-5 are those of the public service; the spin qubits are the
/// sandbox's own.
pub(crate) fn add(store: &mut Store) {
    hold(store, include_str!("catalogue.json"));
}

/// Adds daily calibrations of the two-qubit backend, and between them two of a single-qubit backend.
pub(crate) fn seed(store: &mut Store) {
    hold(store, include_str!("calibrations.json"));
}

/// Stores the objects of a document. The documents are part of the program, and tests check them.
fn hold(store: &mut Store, document: &str) {
    let kinds: BTreeMap<String, Vec<Object>> = serde_json::from_str(document).unwrap_or_default();
    for (kind, objects) in kinds {
        for object in objects {
            let id = object.get("id").and_then(Value::as_i64);
            store
                .compute
                .continue_ids_after(&kind, id.unwrap_or_default());
            store.compute.put(&kind, object);
        }
    }
}
