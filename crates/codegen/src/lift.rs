//! Lifting: every supported dialect becomes OpenAPI 3.0.3, so that later steps handle only one.
//!
//! A part that moves keeps its original place in [`ORIGINAL_PLACE`], so that problems are reported at a
//! place that exists in the file.

mod openapi31;
mod swagger2;

use serde_json::{Map, Value};

use crate::pointer::Pointer;
use crate::read::Dialect;
use crate::references::Bundle;

/// Extension with the original place of a moved part, as a JSON pointer.
pub(crate) const ORIGINAL_PLACE: &str = "x-source-pointer";

/// Extension that marks a list in `type` in a document older than OpenAPI 3.1.
pub(crate) const TYPE_LIST: &str = "x-type-was-list";

/// The methods of an OpenAPI path item, in the order in which operations are read.
pub(crate) const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// Parts that cannot be lifted stay unchanged: an overlay may still remove them, and later steps
/// report them.
pub(crate) fn lift(document: Value, dialect: Dialect) -> Value {
    match dialect {
        Dialect::Swagger20 => openapi31::lift_schemas(swagger2::lift(document)),
        Dialect::OpenApi30 => openapi31::lift_schemas(document),
        Dialect::OpenApi31 => openapi31::lift(document),
    }
}

/// Maps places of the lifted document to places of the original one.
pub(crate) struct Places<'a> {
    pub dialect: Dialect,
    pub read: &'a Bundle,
    pub lifted: &'a Value,
}

impl Places<'_> {
    /// Returns the place of a part in the lifted document, shortened to what exists there, and in
    /// the original.
    pub(crate) fn locate(&self, lifted: &str) -> (String, String) {
        let mut there = Pointer::root();
        for key in Pointer::parse(lifted).keys() {
            let next = there.at(&key);
            if self.lifted.pointer(next.as_str()).is_none() {
                break;
            }
            there = next;
        }
        let original = self.original(&there);
        (there.into(), original)
    }

    /// Returns the original place, with the name of the file if the part comes from another one.
    /// Levels that lifting or an overlay added are left out.
    fn original(&self, lifted: &Pointer) -> String {
        let mut place = Pointer::root();
        let mut here = Some(self.lifted);
        let mut there = Some(&self.read.document);
        for key in lifted.keys() {
            here = here.and_then(|value| child(value, &key));
            if let Some(original) = here
                .and_then(|value| value.get(ORIGINAL_PLACE))
                .and_then(Value::as_str)
            {
                place = Pointer::parse(original);
                there = self.read.document.pointer(original);
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

/// Calls a function for the object of every operation below `paths`, with its pointer.
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
