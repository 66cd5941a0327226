//! Initial data of a sandbox, as JSON.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::collection::Collection;
use crate::fault::invalid;
use crate::store::Store;
use crate::{compute, kfp};

/// The source of initial data.
#[derive(Debug, Clone)]
pub(crate) enum Seed {
    Given(Value),
    File(PathBuf),
}

impl Seed {
    pub(crate) fn sow(&self, store: &mut Store) -> io::Result<()> {
        match self {
            Self::Given(data) => {
                add(store, data).map_err(|problem| invalid(told("seed", &problem)))
            }
            Self::File(path) => {
                let name = path.display().to_string();
                let text = fs::read(path)
                    .map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))?;
                let data = serde_json::from_slice(&text)
                    .map_err(|error| invalid(format!("{name} is not JSON: {error}")))?;
                add(store, &data).map_err(|problem| invalid(told(&name, &problem)))
            }
        }
    }
}

/// Adds the content of a data file.
pub(crate) fn restore(store: &mut Store, path: &Path, data: &Value) -> io::Result<()> {
    add(store, data).map_err(|problem| {
        let message = told(&path.display().to_string(), &problem);
        io::Error::new(io::ErrorKind::InvalidData, message)
    })
}

/// A fault of the data and its place, as the steps of a JSON pointer.
pub(crate) struct Problem {
    pub(crate) place: Vec<String>,
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            place: Vec::new(),
            message: message.into(),
        }
    }

    pub(crate) fn inside(mut self, step: impl ToString) -> Self {
        self.place.insert(0, step.to_string());
        self
    }
}

fn told(source: &str, problem: &Problem) -> String {
    let steps = problem.place.iter().map(|step| {
        let step = step.replace('~', "~0").replace('/', "~1");
        format!("/{step}")
    });
    let pointer: String = steps.collect();
    format!("{source}, at \"{pointer}\": {}", problem.message)
}

const FORM: &str = "an object with \"compute\" and \"kfp\" is wanted here";

/// Key of the state that snapshots have in addition to the objects: clock, plans, logs, the next ids.
const STATE: &str = "sandbox";

type AddOne = fn(&mut Store, &str, &Value) -> Result<(), Problem>;

fn add(store: &mut Store, data: &Value) -> Result<(), Problem> {
    let apis = data.as_object().ok_or_else(|| Problem::new(FORM))?;
    let (mut add_to_compute, mut add_to_kfp): (AddOne, AddOne) = (compute::add_seed, kfp::add_seed);
    if let Some(state) = apis.get(STATE) {
        *store = Store::deserialize(state)
            .map_err(|error| Problem::new(error.to_string()).inside(STATE))?;
        add_to_compute =
            |store, kind, object| hold(store.compute.collection_mut(kind), kind, object);
        add_to_kfp = |store, kind, object| hold(store.kfp.collection_mut(kind), kind, object);
    }
    for (api, kinds) in apis.iter().filter(|(api, _)| *api != STATE) {
        let add_one = match api.as_str() {
            "compute" => add_to_compute,
            "kfp" => add_to_kfp,
            _ => return Err(Problem::new(format!("{api:?} is no API: {FORM}")).inside(api)),
        };
        add_kinds(store, kinds, add_one).map_err(|problem| problem.inside(api))?;
    }
    Ok(())
}

/// Stores an object of a snapshot. It is complete and stays unchanged.
fn hold(collection: Option<&mut Collection>, kind: &str, object: &Value) -> Result<(), Problem> {
    let collection = collection.ok_or_else(|| Problem::new(format!("{kind:?} is no kind")))?;
    let object = object
        .as_object()
        .ok_or_else(|| Problem::new("an object is wanted here"))?;
    collection.put(object.clone());
    Ok(())
}

#[derive(Serialize)]
struct Snapshot<'a> {
    compute: BTreeMap<&'static str, &'a Collection>,
    kfp: BTreeMap<&'static str, &'a Collection>,
    sandbox: &'a Store,
}

/// Returns all data as a seed.
pub(crate) fn snapshot(store: &Store) -> serde_json::Result<Vec<u8>> {
    let held = |(_, collection): &(_, &Collection)| collection.len() > 0;
    serde_json::to_vec(&Snapshot {
        compute: store.compute.collections().filter(held).collect(),
        kfp: store.kfp.collections().filter(held).collect(),
        sandbox: store,
    })
}

fn add_kinds(store: &mut Store, kinds: &Value, add_one: AddOne) -> Result<(), Problem> {
    let form = "an object of lists is wanted here, one for each kind of object";
    let kinds = kinds.as_object().ok_or_else(|| Problem::new(form))?;
    for (kind, objects) in kinds {
        let list = objects.as_array();
        let list = list.ok_or_else(|| Problem::new("a list is wanted here").inside(kind))?;
        for (index, object) in list.iter().enumerate() {
            add_one(store, kind, object).map_err(|problem| problem.inside(index).inside(kind))?;
        }
    }
    Ok(())
}
