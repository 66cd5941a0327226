//! A lifted document, and the places of its parts in the one that was read.

use serde_json::Value;

use crate::error::Problem;
use crate::lift::ORIGINAL_PLACE;
use crate::pointer::{Pointer, child};
use crate::read::Dialect;
use crate::references::Bundle;

/// The OpenAPI 3.0 form of a document, and the document itself.
pub(crate) struct Lifted {
    pub dialect: Dialect,
    pub read: Bundle,
    /// The OpenAPI 3.0 form, after the overlays.
    pub document: Value,
    /// The warnings of the overlays.
    pub warnings: Vec<Problem>,
}

impl Lifted {
    /// Returns the place of a part in the lifted document, as far as it exists, and in the
    /// original.
    pub(crate) fn locate(&self, lifted: &str) -> (String, String) {
        let mut there = Pointer::root();
        for key in Pointer::parse(lifted).keys() {
            let next = there.at(&key);
            if self.document.pointer(next.as_str()).is_none() {
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
        let mut here = Some(&self.document);
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
