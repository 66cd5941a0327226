use serde_json::{Value, json};

use crate::compute::{BACKEND_ID, resources, rules};
use crate::login;
use crate::store::Store;

/// The other backend, with one qubit.
pub(super) const OTHER_BACKEND_ID: i64 = 9;

/// Instructions of one qubit, which every backend type has.
const INSTRUCTIONS: &[&str] = &[
    "I", "H", "X", "Y", "Z", "S", "Sdag", "T", "Tdag", "X90", "mX90", "Y90", "mY90", "Rx", "Ry",
    "Rz", "init", "reset", "measure", "barrier", "wait",
];

struct Kind {
    id: i64,
    name: &'static str,
    identifier: &'static str,
    infrastructure: &'static str,
    is_hardware: bool,
    qubits: i64,
    /// Pairs of coupled qubits; `None` if every qubit is coupled with every other one.
    coupled: Option<&'static [[i64; 2]]>,
    gates_of_several_qubits: &'static [&'static str],
    most_shots: i64,
}

/// The emulator and the five-qubit processor are those of the public service; the spin qubits are
/// the sandbox's own.
const KINDS: [Kind; 4] = [
    Kind {
        id: 1,
        name: "QX emulator",
        identifier: "QX",
        infrastructure: "QX",
        is_hardware: false,
        qubits: 10,
        coupled: None,
        gates_of_several_qubits: &["CNOT", "CZ", "CR", "CRk", "SWAP", "toffoli"],
        most_shots: 2048,
    },
    Kind {
        id: 4,
        name: "Tuna-5",
        identifier: "tuna-5",
        infrastructure: "Transmon qubits",
        is_hardware: true,
        qubits: 5,
        coupled: Some(&[[0, 2], [1, 2], [2, 3], [2, 4]]),
        gates_of_several_qubits: &["CNOT", "CZ", "CR", "CRk", "SWAP"],
        most_shots: 19192,
    },
    Kind {
        id: BACKEND_ID,
        name: "Spin-2",
        identifier: "spin-2",
        infrastructure: "Spin qubits",
        is_hardware: true,
        qubits: 2,
        coupled: None,
        gates_of_several_qubits: &["CNOT", "CZ"],
        most_shots: 4096,
    },
    Kind {
        id: OTHER_BACKEND_ID,
        name: "Spin-1",
        identifier: "spin-1",
        infrastructure: "Spin qubits",
        is_hardware: true,
        qubits: 1,
        coupled: None,
        gates_of_several_qubits: &[],
        most_shots: 4096,
    },
];

/// What no user creates and every sandbox knows: backends and their types, languages, who the user
/// is.
pub(crate) fn add(store: &mut Store) {
    for kind in &KINDS {
        put(store, "backend_types", "BackendType", backend_type(kind));
        let backend = json!({
            "id": kind.id,
            "name": format!("{} in Delft", kind.name),
            "location": "Delft",
            "backend_type_id": kind.id,
            "status": "idle",
            "message": { "content": "" },
            "last_heartbeat": "2025-01-07T08:59:30",
            "hostname": format!("{}.example.com", kind.identifier.to_lowercase()),
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
        "oidc_sub": login::SUBJECT,
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

fn backend_type(kind: &Kind) -> Value {
    let qubits = || 0..kind.qubits;
    let complete = || {
        let pairs = qubits().flat_map(|one| qubits().map(move |other| [one, other]));
        pairs.filter(|[one, other]| one != other).collect()
    };
    let both_ways = |coupled: &[[i64; 2]]| {
        let pairs = coupled.iter();
        pairs
            .flat_map(|[one, other]| [[*one, *other], [*other, *one]])
            .collect()
    };
    let gates = [INSTRUCTIONS, kind.gates_of_several_qubits].concat();
    let topology: Vec<[i64; 2]> = kind.coupled.map_or_else(complete, both_ways);
    json!({
        "id": kind.id,
        "name": kind.name,
        "infrastructure": kind.infrastructure,
        "description": format!("A backend of {} qubit(s) that exists in the sandbox only", kind.qubits),
        "image_id": kind.identifier.to_lowercase(),
        "is_hardware": kind.is_hardware,
        "supports_raw_data": true,
        "features": ["multiple_measurements"],
        "default_compiler_config": {},
        "gateset": gates,
        "topology": topology,
        "nqubits": kind.qubits,
        "status": "idle",
        "messages": {},
        "default_number_of_shots": 1024,
        "max_number_of_shots": kind.most_shots,
        "enabled": true,
        "identifier": kind.identifier,
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
