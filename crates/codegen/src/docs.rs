//! Documentation that rustdoc renders as intended.
//!
//! progenitor copies descriptions verbatim, so that code in them becomes a test and a bracket a
//! broken link. Here every public item has a summary, descriptions are escaped, and upstream names
//! and deprecation are marked.

use syn::{Attribute, parse_quote};

use crate::model::{Api, Schema};
use crate::prose::{code, rustdoc};

/// Returns the documentation of a type.
pub(crate) fn type_docs(api: &Api, name: &str) -> Vec<Attribute> {
    let named = api.schemas.get(name);
    let upstream = named.and_then(|it| it.upstream.as_deref());
    let description = named.and_then(|it| it.schema.description.as_deref());
    let fallback = || format!("Schema {}.", code(upstream.unwrap_or(name)));
    let mut docs = doc_attributes(&description.map_or_else(fallback, rustdoc));
    alias(&mut docs, upstream, name);
    docs
}

/// Appends the default to a description that does not mention it.
pub(crate) fn described(schema: &Schema, description: Option<&str>, fallback: &str) -> String {
    let description = description.unwrap_or(fallback);
    let text = rustdoc(description);
    let Some(default) = schema.default.as_ref().filter(|value| !value.is_null()) else {
        return text;
    };
    let shown = default
        .as_str()
        .map_or_else(|| default.to_string(), str::to_owned);
    let is_said = description.contains(&format!("`{shown}`"))
        || (shown.len() > 1 && description.contains(&shown));
    if is_said {
        return text;
    }
    let note = format!(
        "If omitted, the server uses {}. The client does not send this default.",
        code(&default.to_string())
    );
    format!("{text}\n\n{}", rustdoc(&note))
}

pub(crate) fn deprecated() -> Attribute {
    parse_quote! { #[deprecated(note = "deprecated in the spec; see the documentation")] }
}

/// Adds the name in the spec as an alias, which rustdoc's search finds.
pub(crate) fn alias(docs: &mut Vec<Attribute>, upstream: Option<&str>, name: &str) {
    let usable = |text: &&str| {
        !text.is_empty()
            && *text != name
            && !text.contains(['"', '\''])
            && !text.chars().any(char::is_whitespace)
    };
    if let Some(upstream) = upstream.filter(usable) {
        docs.push(parse_quote! { #[doc(alias = #upstream)] });
    }
}

/// Converts documentation into attributes, one per line.
pub(crate) fn doc_attributes(text: &str) -> Vec<Attribute> {
    let line = |line: &str| -> Attribute {
        let line = if line.is_empty() {
            String::new()
        } else {
            format!(" {line}")
        };
        parse_quote! { #[doc = #line] }
    };
    text.trim_end().lines().map(line).collect()
}
