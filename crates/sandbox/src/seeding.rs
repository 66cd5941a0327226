//! Initial data of a sandbox, as JSON.

use std::fs;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Clock;
use crate::collection::Collections;
use crate::data_file::at;
use crate::fault::invalid;
use crate::kfp::experiments;
use crate::seed_error::SeedError;
use crate::store::Store;
use crate::{compute, kfp};

/// Returns a store without data, except for what every server has: backends, their types, languages and
/// the user. The QX emulator and Tuna-5 are those of the public service; the spin qubits are the
/// sandbox's own.
pub(crate) fn empty(clock: Clock) -> Store {
    let mut store = Store {
        clock,
        ..Store::default()
    };
    add_own(&mut store, include_str!("compute/catalogue.json"));
    experiments::add_default(&mut store);
    store
}

/// Returns a store with calibrations: daily ones of the two-qubit backend, and between them two of a
/// single-qubit backend.
pub(crate) fn seeded(clock: Clock) -> Store {
    let mut store = empty(clock);
    add_own(&mut store, include_str!("compute/calibrations.json"));
    kfp::seed::seed(&mut store, |store, kinds| {
        let _ = add_kinds(store, kinds, kfp::seed::add_seed);
    });
    store
}

/// Adds objects of Compute that are part of the program. Tests check all of them.
fn add_own(store: &mut Store, text: &str) {
    let kinds = serde_json::from_str(text).unwrap_or_default();
    let _ = add_kinds(store, &kinds, compute::given::add_seed);
}

/// The source of initial data.
#[derive(Debug, Clone)]
pub(crate) enum Seed {
    Given(Value),
    File(PathBuf),
}

impl Seed {
    pub(crate) fn sow(&self, store: &mut Store) -> io::Result<()> {
        match self {
            Self::Given(data) => sow(store, "seed", data).map_err(invalid),
            Self::File(path) => {
                let name = path.display().to_string();
                let text = fs::read(path).map_err(|error| at(path, &error))?;
                let data = serde_json::from_slice(&text)
                    .map_err(|error| invalid(format!("{name}: invalid JSON: {error}")))?;
                sow(store, &name, &data).map_err(invalid)
            }
        }
    }
}

/// Adds data. An error names it, and the place in it.
pub(crate) fn sow(store: &mut Store, name: &str, data: &Value) -> Result<(), String> {
    add(store, data).map_err(|problem| format!("{name}, {problem}"))
}

const FORM: &str = "expected an object with \"compute\" and \"kfp\"";

/// Key of the state that snapshots have in addition to the objects: clock, plans, logs, the next ids.
const STATE: &str = "sandbox";

type AddOne = fn(&mut Store, &str, &Value) -> Result<(), SeedError>;

fn add(store: &mut Store, data: &Value) -> Result<(), SeedError> {
    let apis = data.as_object().ok_or(FORM)?;
    let state = apis.get(STATE);
    if let Some(state) = state {
        *store = Store::deserialize(state)
            .map_err(|error| SeedError::from(error.to_string()).inside(STATE))?;
    }
    for (api, kinds) in apis.iter().filter(|(api, _)| *api != STATE) {
        let add_one: AddOne = match (api.as_str(), state) {
            ("compute", None) => compute::given::add_seed,
            ("kfp", None) => kfp::seed::add_seed,
            ("compute", _) => {
                |store, kind, given| hold(&mut store.compute.collections, kind, given)
            }
            ("kfp", _) => |store, kind, given| hold(&mut store.kfp.collections, kind, given),
            _ => return Err(SeedError::from(format!("unknown API {api:?}: {FORM}")).inside(api)),
        };
        add_kinds(store, kinds, add_one).map_err(|problem| problem.inside(api))?;
    }
    Ok(())
}

/// Stores an object of a snapshot. It is complete and stays unchanged.
fn hold(collections: &mut Collections, kind: &str, given: &Value) -> Result<(), SeedError> {
    let collection = collections.known_mut(kind);
    let collection = collection.ok_or_else(|| format!("unknown kind {kind:?}"))?;
    let object = given.as_object().ok_or("expected an object")?;
    collection.put(object.clone());
    Ok(())
}

#[derive(Serialize)]
struct Snapshot<'a> {
    compute: &'a Collections,
    kfp: &'a Collections,
    sandbox: &'a Store,
}

/// Returns all data as a seed.
pub(crate) fn snapshot(store: &Store) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Snapshot {
        compute: &store.compute.collections,
        kfp: &store.kfp.collections,
        sandbox: store,
    })
}

fn add_kinds(store: &mut Store, kinds: &Value, add_one: AddOne) -> Result<(), SeedError> {
    let form = "expected an object with a list for each kind of object";
    let kinds = kinds.as_object().ok_or(form)?;
    for (kind, objects) in kinds {
        let list = objects.as_array();
        let list = list.ok_or_else(|| SeedError::from("expected a list").inside(kind))?;
        for (index, object) in list.iter().enumerate() {
            add_one(store, kind, object).map_err(|problem| problem.inside(index).inside(kind))?;
        }
    }
    Ok(())
}
