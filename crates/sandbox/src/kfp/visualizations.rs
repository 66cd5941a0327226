//! Visualisations. The sandbox draws nothing, but says what would be drawn.

use serde_json::Value;

use crate::html::escaped;
use crate::kfp::error::KfpError;
use crate::kfp::message::Message;
use crate::kfp::parameters::path_text;
use crate::object::{set, text};
use crate::operation::Call;
use crate::store::Store;

pub(super) fn create(_store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    path_text(call, "namespace")?;
    let mut visualization = Message::named("v2beta1Visualization").read_body(call.body)?;
    visualization.retain(|field, _| !matches!(field.as_str(), "html" | "error"));
    if text(&visualization, "source").is_empty() && text(&visualization, "type") != "CUSTOM" {
        return Err("source is required".into());
    }
    let arguments = text(&visualization, "arguments");
    if !arguments.is_empty() && serde_json::from_str::<Value>(arguments).is_err() {
        return Err("arguments must be JSON".into());
    }
    // The zero value, which is not sent.
    let kind = match text(&visualization, "type") {
        "" => "ROC_CURVE",
        kind => kind,
    };
    let html = format!(
        "<p>{kind} of {}</p>",
        escaped(text(&visualization, "source"))
    );
    set(&mut visualization, "html", html);
    Ok(visualization.into())
}
