//! Data that a sandbox starts with, given as JSON.

use std::fs;
use std::io;
use std::path::PathBuf;

use serde_json::Value;

use crate::fault::invalid;
use crate::store::Store;
use crate::{compute, kfp};

/// Where data comes from.
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

/// What is wrong with the data, and where, as the steps of a JSON pointer.
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

fn add(store: &mut Store, data: &Value) -> Result<(), Problem> {
    let form = "an object with \"compute\" and \"kfp\" is wanted here";
    let apis = data.as_object().ok_or_else(|| Problem::new(form))?;
    for (api, kinds) in apis {
        let add_one = match api.as_str() {
            "compute" => compute::add_seed,
            "kfp" => kfp::add_seed,
            _ => return Err(Problem::new(format!("{api:?} is no API: {form}")).inside(api)),
        };
        add_kinds(store, kinds, add_one).map_err(|problem| problem.inside(api))?;
    }
    Ok(())
}

fn add_kinds(
    store: &mut Store,
    kinds: &Value,
    add_one: fn(&mut Store, &str, &Value) -> Result<(), Problem>,
) -> Result<(), Problem> {
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
