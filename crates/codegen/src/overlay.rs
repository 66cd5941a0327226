//! Overlays: OpenAPI Overlay documents, applied to the lifted spec.

use enumset::EnumSet;
use roas_overlay::apply::Apply as _;
use roas_overlay::v1_0::Overlay;
use serde_json::Value;

use crate::error::{Error, Problem};
use crate::read::read_value;
use crate::spec::Document;

/// Applies an overlay and returns a warning for each action that matches nothing.
pub(crate) fn apply(document: &mut Value, overlay: &Document) -> Result<Vec<Problem>, Error> {
    let file = overlay.name.as_str();
    let remedy = "use an OpenAPI Overlay 1.0 document (`overlay`, `info`, `actions`)";
    let overlay = read_value(file, &overlay.text)?;
    let overlay: Overlay = serde_json::from_value(overlay)
        .map_err(|error| Error::one(file, "", format!("invalid overlay: {error}"), remedy))?;
    let report = overlay.apply(document, EnumSet::empty()).map_err(|error| {
        Error::one(
            file,
            format!("/actions/{}", error.action_index),
            format!("`{}` cannot be applied: {}", error.target, error.kind),
            "correct the target, a JSONPath (RFC 9535) into the OpenAPI 3.0 form of the document",
        )
    })?;
    Ok(report
        .actions
        .iter()
        .filter(|action| action.matched == 0)
        .map(|action| {
            let place = format!("/actions/{}", action.index);
            let message = format!("`{}` matches nothing", action.target);
            let remedy = "remove the action if the upstream document no longer needs it";
            Problem::new(file, place, message, remedy)
        })
        .collect())
}
