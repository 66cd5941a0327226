//! Places of parts: in the lifted document, and in the one that was read.

use serde_json::Value;

use crate::lift::ORIGINAL_PLACE;
use crate::pointer::{Pointer, child};
use crate::read::Dialect;
use crate::references::Bundle;

/// Maps places of the lifted document to places of the original one.
pub(crate) struct Places<'a> {
    pub dialect: Dialect,
    pub read: &'a Bundle,
    pub lifted: &'a Value,
}

impl Places<'_> {
    /// Returns the place of a part in the lifted document, as far as it exists, and in the
    /// original.
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
