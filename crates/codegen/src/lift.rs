//! Lifting: every supported dialect becomes OpenAPI 3.0.3, so that later steps handle only one.
//!
//! A part that moves keeps its original place in [`ORIGINAL_PLACE`], so that problems are reported at a
//! place that exists in the file.

mod openapi31;
mod swagger2;

use serde_json::Value;

use crate::read::Dialect;

/// Extension with the original place of a moved part, as a JSON pointer.
pub(crate) const ORIGINAL_PLACE: &str = "x-source-pointer";

/// Extension that marks a list in `type` in a document older than OpenAPI 3.1.
pub(crate) const TYPE_LIST: &str = "x-type-was-list";

/// Parts that cannot be lifted stay unchanged: an overlay may remove them, or they are reported
/// later.
pub(crate) fn lift(document: Value, dialect: Dialect) -> Value {
    match dialect {
        Dialect::Swagger20 => openapi31::lift_schemas(swagger2::lift(document)),
        Dialect::OpenApi30 => openapi31::lift_schemas(document),
        Dialect::OpenApi31 => openapi31::lift(document),
    }
}

/// Returns the strings of a list.
pub(crate) fn strings(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
