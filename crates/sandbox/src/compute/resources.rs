//! Operations common to all resources of the API: create, read, list, replace, change, delete.
//!
//! The spec defines the resources and their fields.

use serde_json::{Value, json};

use crate::collection::Rank;
use crate::compute::error::ComputeError;
use crate::compute::request::Request;
use crate::compute::schema;
use crate::compute::store::{id_of, kind_of};
use crate::compute::{creation, time};
use crate::object::{Object, object, picked, text};
use crate::specification::COMPUTE;
use crate::store::Store;

/// Parameters that lists share. They do not filter objects.
const OF_PAGES: &[&str] = &["page", "size", "latest", "sort_by"];

pub(super) fn create(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let name = kind_of(call.described);
    let mut sent = object(call.body.clone());
    check_references(store, call, &sent)?;
    creation::allow_creation(name, store, call, &mut sent)?;
    let created = add(store, name, schema_of(call), sent);
    Ok(shown(call, &created).into())
}

pub(super) fn read(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    Ok(shown(call, existing(store, call)?).into())
}

pub(super) fn list(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    check_parent(store, call)?;
    let held = store.compute.all(kind_of(call.described));
    let objects = held
        .iter()
        .filter(|object| is_wanted(object, &call.parameters))
        .collect();
    page(call, objects)
}

/// Returns one page of `objects`, which are in the order of their creation.
pub(super) fn page(call: &Request<'_>, mut objects: Vec<&Object>) -> Result<Value, ComputeError> {
    let number = |name| usize::try_from(call.parameters.get(name)?.as_u64()?).ok();
    let page = number("page").unwrap_or(1).max(1);
    let size = number("size").unwrap_or(50).max(1);
    if call.parameters.get("latest") == Some(&json!(true)) {
        let newest = objects
            .into_iter()
            .max_by_key(|object| (rank(object, "created_on"), rank(object, "id")));
        objects = newest.into_iter().collect();
    }
    let sort_by = text(&call.parameters, "sort_by");
    if !sort_by.is_empty() {
        sort(call, &mut objects, sort_by)?;
    }
    let total = objects.len();
    let skipped = (page - 1).saturating_mul(size);
    let items = objects.into_iter().skip(skipped).take(size);
    Ok(json!({
        "items": items.map(|object| shown(call, object)).collect::<Vec<_>>(),
        "total": total,
        "page": page,
        "size": size,
        "pages": total.div_ceil(size),
    }))
}

fn sort(call: &Request<'_>, objects: &mut [&Object], sort_by: &str) -> Result<(), ComputeError> {
    let (field, descending) = match sort_by.strip_prefix('-') {
        Some(field) => (field, true),
        None => (sort_by, false),
    };
    let fields = properties(schema_of(call)).filter(|(_, schema)| schema::is_sortable(schema));
    let sortable: Vec<&str> = fields.map(|(name, _)| name).collect();
    if !sortable.contains(&field) {
        let known = sortable.join(", ");
        return Err(format!("Cannot sort by '{field}', only by {known}").into());
    }
    objects.sort_by_cached_key(|object| rank(object, field));
    if descending {
        objects.reverse();
    }
    Ok(())
}

fn rank(object: &Object, field: &str) -> Rank {
    match object.get(field) {
        Some(Value::String(text)) => Rank::Text(text.clone()),
        Some(Value::Bool(boolean)) => Rank::Boolean(*boolean),
        Some(Value::Number(number)) => Rank::number(number.as_f64().unwrap_or_default()),
        _ => Rank::Absent,
    }
}

/// Replaces the fields that the body can have, or changes those that it names, also to an empty string.
pub(super) fn change(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let held = existing(store, call)?.clone();
    apply(store, call, held)
}

pub(super) fn apply(
    store: &mut Store,
    call: &Request<'_>,
    mut changed: Object,
) -> Result<Value, ComputeError> {
    let changes = object(call.body.clone());
    check_references(store, call, &changes)?;
    let can_be_null = |name: &str| {
        let schema = properties(schema_of(call)).find(|(known, _)| *known == name);
        schema.is_some_and(|(_, schema)| schema::is_nullable(schema))
    };
    for (name, value) in changes {
        // A null for what cannot be null is the same as nothing.
        let counts = !value.is_null() || can_be_null(&name);
        if let Some(held) = changed.get_mut(&name).filter(|_| counts) {
            *held = value;
        }
    }
    store.compute.put(kind_of(call.described), changed.clone());
    Ok(shown(call, &changed).into())
}

pub(super) fn delete(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let id = id_of(existing(store, call)?);
    let kind = kind_of(call.described);
    let collection = store.compute.collections.get_mut(kind);
    collection.remove(&id.to_string());
    Ok(Value::Null)
}

/// Deletes the objects that belong to the object in the path.
pub(super) fn delete_all_of(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    check_parent(store, call)?;
    store
        .compute
        .collections
        .get_mut(kind_of(call.described))
        .retain(|held| {
            !call
                .parameters
                .iter()
                .all(|(name, value)| held.get(name) == Some(value))
        });
    Ok(Value::Null)
}

/// Returns the object whose `id` is in the path.
pub(super) fn existing<'a>(
    store: &'a Store,
    call: &Request<'_>,
) -> Result<&'a Object, ComputeError> {
    let name = kind_of(call.described);
    let found = store.compute.referred(&call.parameters, "id", name);
    found.ok_or_else(|| ComputeError::not_found(&format!("{} not found", singular(name))))
}

/// Returns an object as an operation shows it. Other operations show its other fields.
pub(super) fn shown(call: &Request<'_>, held: &Object) -> Object {
    picked(held, properties(schema_of(call)).map(|(name, _)| name))
}

/// Adds an object from the fields that were sent. The others get their initial values.
pub(super) fn add(
    store: &mut Store,
    name: &'static str,
    schema: &'static Value,
    mut sent: Object,
) -> Object {
    let id = store.compute.next_id(name);
    let mut created = Object::new();
    for (field, schema) in properties(schema) {
        let value = match (field, sent.remove(field)) {
            ("id", _) => json!(id),
            (_, Some(value)) => value,
            ("created_on", None) => json!(time::naive(store.clock.now())),
            (_, None) => schema::initial(schema),
        };
        created.insert(field.to_owned(), value);
    }
    creation::finish_creation(name, store, &mut created);
    store.compute.put(name, created.clone());
    created
}

/// Returns the schema of the objects of an operation.
pub(super) fn schema_of(call: &Request<'_>) -> &'static Value {
    let response = COMPUTE.response(call.described).unwrap_or(&Value::Null);
    let items = COMPUTE
        .resolve(response)
        .pointer("/properties/items/items")
        .filter(|_| call.described.paging.is_some());
    COMPUTE.resolve(items.unwrap_or(response))
}

pub(super) fn properties(
    schema: &'static Value,
) -> impl Iterator<Item = (&'static str, &'static Value)> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties.map(|(name, schema)| (name.as_str(), schema))
}

/// Returns whether an object passes every filter among the parameters.
pub(super) fn is_wanted(object: &Object, parameters: &Object) -> bool {
    parameters
        .iter()
        .filter(|(name, _)| !OF_PAGES.contains(&name.as_str()))
        .all(|(name, value)| passes(object, name, value))
}

fn passes(object: &Object, parameter: &str, value: &Value) -> bool {
    if value.is_null() {
        return true;
    }
    if let Some(field) = parameter.strip_suffix("__isnull") {
        let is_null = object.get(field).is_none_or(Value::is_null);
        return json!(is_null) == *value;
    }
    match object.get(parameter) {
        Some(held) => held == value,
        // Whatever is no field of the objects is a text to look for in them: `search`, `q`.
        None => value.as_str().is_none_or(|text| mentions(object, text)),
    }
}

fn mentions(object: &Object, text: &str) -> bool {
    let text = text.to_lowercase();
    object
        .values()
        .filter_map(Value::as_str)
        .any(|field| field.to_lowercase().contains(&text))
}

/// Checks that the resources exist that fields `x_id` refer to, if there are some of that name.
pub(super) fn check_references(
    store: &Store,
    call: &Request<'_>,
    sent: &Object,
) -> Result<(), ComputeError> {
    let Some((kind, id)) = missing(store, sent.iter()) else {
        return Ok(());
    };
    let message = format!("{} {id} does not exist", singular(kind));
    // With nothing in the path that could be missing, a 404 is about what the body refers to.
    if !call.described.path.contains('{') && COMPUTE.declares(call.described, "404") {
        return Err(ComputeError::not_found(&message));
    }
    Err(message.into())
}

/// Returns a 404 for a list whose parent object does not exist, if the spec declares it.
pub(super) fn check_parent(store: &Store, call: &Request<'_>) -> Result<(), ComputeError> {
    let (path, parameters) = (call.described.path, call.parameters.iter());
    let in_path = parameters.filter(|(field, _)| path.contains(&format!("{{{field}}}")));
    match missing(store, in_path) {
        Some((kind, _)) if COMPUTE.declares(call.described, "404") => Err(ComputeError::not_found(
            &format!("{} not found", singular(kind)),
        )),
        _ => Ok(()),
    }
}

/// Returns the first reference to an object that does not exist: its kind and its id.
fn missing<'a>(
    store: &Store,
    mut fields: impl Iterator<Item = (&'a String, &'a Value)>,
) -> Option<(&'static str, &'a Value)> {
    fields.find_map(|(field, id)| {
        let kind = referred(store, field).filter(|_| id.is_i64())?;
        store.compute.find(kind, id).is_none().then_some((kind, id))
    })
}

fn referred(store: &Store, field: &str) -> Option<&'static str> {
    let plural = format!("{}s", field.strip_suffix("_id")?);
    store.compute.kinds().find(|name| *name == plural)
}

/// Converts `batch_jobs` to `Batch job`.
fn singular(name: &str) -> String {
    let words = name.strip_suffix('s').unwrap_or(name).replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

pub(super) fn named_schema(name: &str) -> &'static Value {
    COMPUTE.schema(name).unwrap_or(&Value::Null)
}
