//! Initial objects of a sandbox.

use compute_api_client::operations::OPERATIONS;
use serde_json::Value;

use crate::compute::resources::{self, properties};
use crate::compute::schema::Reader;
use crate::seed_error::SeedError;
use crate::specification::COMPUTE;
use crate::store::Store;

/// Adds an object in the format in which the server sends it. Omitted fields get their initial values.
/// Ids may be omitted. Given ids must be in ascending order.
pub(crate) fn add_seed(store: &mut Store, kind: &str, given: &Value) -> Result<(), SeedError> {
    let kinds = || store.compute.kinds();
    let name = kinds().find(|name| *name == kind);
    let Some((name, object_schema)) = name.and_then(|name| Some((name, schema_of(name)?))) else {
        let kinds = kinds().filter(|name| schema_of(name).is_some());
        let kinds = kinds.collect::<Vec<_>>().join(", ");
        return Err(format!("unknown kind {kind:?}: use one of {kinds}").into());
    };
    let given = given.as_object();
    let mut object = given.ok_or("expected an object")?.clone();
    for (field, value) in &mut object {
        let known = properties(object_schema).find(|(known, _)| known == field);
        let (_, field_schema) =
            known.ok_or_else(|| SeedError::from("unknown field").inside(field))?;
        let mut reader = Reader::new(true);
        let read = reader.read_at(&[field], field_schema, value);
        if let Some(problem) = reader.problems.first() {
            return Err(of_validation(problem));
        }
        *value = read.unwrap_or_default();
    }
    if let Some(id) = object.get("id").and_then(Value::as_i64) {
        let last = store.compute.ids.get(name).copied().unwrap_or_default();
        if id <= last {
            let message = format!("{id} must be greater than {last}, the last id in use");
            return Err(SeedError::from(message).inside("id"));
        }
        store.compute.ids.insert(name.to_owned(), id - 1);
    }
    let mut created = resources::add(store, name, object_schema, object.clone());
    created.extend(object);
    store.compute.collections.get_mut(name).put(created);
    Ok(())
}

/// Returns the schema of a single object of that kind, from the operation that returns it. Of backends,
/// only a list has all fields.
fn schema_of(name: &str) -> Option<&'static Value> {
    if name == "backends" {
        return COMPUTE.schema("BackendWithHostname");
    }
    let find = |method: &str, path: String| {
        let mut operations = OPERATIONS.iter();
        operations.find(|operation| operation.path == path && operation.method == method)
    };
    let own = find("GET", format!("/{name}/{{id}}"));
    let own = own.or_else(|| find("POST", format!("/{name}")));
    let response = COMPUTE.response(own?)?;
    Some(COMPUTE.resolve(response))
}

fn of_validation(problem: &Value) -> SeedError {
    let message = problem["msg"].as_str().unwrap_or_default();
    let steps = problem["loc"].as_array().into_iter().flatten().rev();
    steps.fold(SeedError::from(message), |problem, step| {
        problem.inside(step.as_str().unwrap_or(&step.to_string()))
    })
}
