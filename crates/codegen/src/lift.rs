//! Lifting: every understood dialect becomes OpenAPI 3.0.3, so that all later steps know one.
//!
//! A lifted part that moved remembers where it stood in the document that was read, in
//! [`SOURCE`], so that problems are reported at a place the reader can open.

mod openapi31;
mod swagger2;

use serde_json::{Map, Value};

use crate::pointer::Pointer;
use crate::read::Dialect;
use crate::references::Bundle;

/// Extension that holds the pointer of a part in the document that was read.
pub(crate) const SOURCE: &str = "x-source-pointer";

/// Extension that marks a list in `type` where only OpenAPI 3.1 has one.
pub(crate) const TYPE_LIST: &str = "x-type-was-list";

/// Methods an OpenAPI path item can have, in the order in which operations are read.
pub(crate) const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// What cannot be lifted stays as it is: an overlay may still remove it, and what reads the result
/// reports it.
pub(crate) fn lift(document: Value, dialect: Dialect) -> Value {
    match dialect {
        Dialect::Swagger20 => openapi31::lift_schemas(swagger2::lift(document)),
        Dialect::OpenApi30 => openapi31::lift_schemas(document),
        Dialect::OpenApi31 => openapi31::lift(document),
    }
}

/// Finds where something of the lifted document stands in the one that was read.
pub(crate) struct Places<'a> {
    pub dialect: Dialect,
    pub read: &'a Bundle,
    pub lifted: &'a Value,
}

impl Places<'_> {
    /// Where a part stands in the lifted document, as far as it is there, and in the one that was read.
    pub(crate) fn locate(&self, lifted: &str) -> (String, String) {
        let mut there = Pointer::root();
        for key in Pointer::parse(lifted).keys() {
            let next = there.at(&key);
            if self.lifted.pointer(next.as_str()).is_none() {
                break;
            }
            there = next;
        }
        let source = self.source(&there);
        (there.into(), source)
    }

    /// The place that was read, with its file in front if it is not the document's own; what lifting
    /// put in between, or an overlay added, is left out.
    fn source(&self, lifted: &Pointer) -> String {
        let mut place = Pointer::root();
        let mut here = Some(self.lifted);
        let mut there = Some(&self.read.document);
        for key in lifted.keys() {
            here = here.and_then(|value| child(value, &key));
            if let Some(source) = here
                .and_then(|value| value.get(SOURCE))
                .and_then(Value::as_str)
            {
                place = Pointer::parse(source);
                there = self.read.document.pointer(source);
                continue;
            }
            let key = match (self.dialect, key.as_str()) {
                (Dialect::Swagger20, "schemas") if place == Pointer::root() => "definitions",
                (Dialect::Swagger20, "securitySchemes") if place == Pointer::root() => {
                    "securityDefinitions"
                }
                (_, key) => key,
            };
            if let Some(next) = there.and_then(|value| child(value, key)) {
                place = place.at(key);
                there = Some(next);
            }
        }
        self.read.origin(place.as_str())
    }
}

fn child<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Object(map) => map.get(key),
        Value::Array(list) => list.get(key.parse::<usize>().ok()?),
        _ => None,
    }
}

/// Visits the object of every operation below `paths`, with its pointer.
fn each_operation(document: &mut Value, mut visit: impl FnMut(&Pointer, &mut Map<String, Value>)) {
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else {
        return;
    };
    for (path, item) in paths {
        let at = Pointer::root().at("paths").at(path);
        let Some(item) = item.as_object_mut() else {
            continue;
        };
        for method in METHODS {
            if let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) {
                visit(&at.at(method), operation);
            }
        }
    }
}
