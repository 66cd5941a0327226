use serde_json::{Value, json};

use crate::compute::{BACKEND_ID, resources, rules};
use crate::store::Store;

/// The other backend, with one qubit.
pub(super) const OTHER_BACKEND_ID: i64 = 9;

/// What no user creates and every sandbox knows: backends and their types, languages, who the user
/// is.
pub(crate) fn add(store: &mut Store) {
    for (id, name, qubits) in [(BACKEND_ID, "Spin-2", 2), (OTHER_BACKEND_ID, "Spin-1", 1)] {
        put(
            store,
            "backend_types",
            "BackendType",
            backend_type(id, name, qubits),
        );
        let backend = json!({
            "id": id,
            "name": format!("{name} in Delft"),
            "location": "Delft",
            "backend_type_id": id,
            "status": "idle",
            "message": { "content": "" },
            "last_heartbeat": "2025-01-07T08:59:30",
            "hostname": format!("{}.example.com", name.to_lowercase()),
        });
        put(store, "backends", "BackendWithHostname", backend);
    }
    for (id, name, version) in [
        (1, "cQASM", "3.0"),
        (2, "cQASM", "1.2"),
        (3, "Python", "3.12"),
    ] {
        let language = json!({ "id": id, "name": name, "version": version });
        put(store, "languages", "Language", language);
    }
    let user = json!({
        "id": rules::USER_ID,
        "full_name": "Sandbox User",
        "email": "user@example.com",
        "is_active": true,
        "is_confirmed": true,
        "oidc_sub": "sandbox",
    });
    put(store, "users", "User", user);
    let team = json!({ "id": 1, "name": "sandbox", "slug": "sandbox", "individual_user": true });
    put(store, "teams", "Team", team);
    let member = json!({
        "id": 1,
        "team_id": 1,
        "user_id": rules::USER_ID,
        "role": "admin",
        "is_active": true,
    });
    put(store, "members", "Member", member);
    let permission = json!({ "id": 1, "permission": "run_jobs", "name": "Run jobs" });
    put(store, "permissions", "Permission", permission);
    let group = json!({ "id": 1, "name": "Users" });
    put(store, "permission_groups", "PermissionGroup", group);
    let grant = json!({
        "id": 1,
        "domain": "compute",
        "team_id": 1,
        "change": 1000,
        "timestamp": "2025-01-01T06:00:00",
    });
    put(store, "transactions", "Transaction", grant);
    let drain_mode = json!({ "id": 1, "enabled": false });
    put(store, "drain_mode", "DrainMode", drain_mode);
}

fn backend_type(id: i64, name: &str, qubits: i64) -> Value {
    let topology = if qubits == 2 {
        json!([[0, 1], [1, 0]])
    } else {
        json!([])
    };
    json!({
        "id": id,
        "name": name,
        "infrastructure": "Spin qubits",
        "description": format!("A processor that has {qubits} qubit(s) and exists in the sandbox only"),
        "image_id": "spin",
        "is_hardware": true,
        "supports_raw_data": true,
        "features": ["multiple_measurements"],
        "default_compiler_config": {},
        "gateset": ["x90", "y90", "rz", "cz"],
        "topology": topology,
        "nqubits": qubits,
        "status": "idle",
        "messages": {},
        "default_number_of_shots": 1024,
        "max_number_of_shots": 4096,
        "enabled": true,
        "identifier": name.to_lowercase(),
        "protocol_version": 1,
        "job_execution_time_limit": 60.0,
        "max_jobs_per_batch_job": 10,
        "batchjobs_per_queue_limit": 100,
    })
}

fn put(store: &mut Store, name: &'static str, schema: &str, object: Value) {
    let id = object.get("id").and_then(Value::as_i64).unwrap_or_default();
    store.compute.continue_ids_after(name, id - 1);
    let schema = resources::named_schema(schema);
    resources::add(store, name, schema, resources::object(object));
}
