//! Running progenitor, with everything that its settings can express.

use openapiv3::OpenAPI;
use progenitor::{GenerationSettings, Generator, InterfaceStyle, TagStyle, TypeImpl};
use schemars::schema::{InstanceType, SchemaObject};
use serde::Deserialize as _;
use serde_json::Value;

use crate::tree::Tree;

/// The Rust types for strings and numbers with a format.
///
/// progenitor's defaults are `chrono`, `uuid` and `std::net`, which reject values they do not know,
/// and `f32`, which loses digits.
const FORMATS: [(&str, &str, &str); 9] = [
    ("string", "date-time", "::compute_kfp_runtime::Timestamp"),
    ("string", "int64", "i64"),
    ("string", "uint64", "u64"),
    ("string", "date", "::std::string::String"),
    ("string", "uuid", "::std::string::String"),
    ("string", "ip", "::std::string::String"),
    ("string", "ipv4", "::std::string::String"),
    ("string", "ipv6", "::std::string::String"),
    ("number", "float", "f64"),
];

/// Returns progenitor's output for a document, without mocks.
///
/// # Errors
///
/// Returns progenitor's message if it refuses the document.
pub(crate) fn generate(document: &Value) -> Result<Tree, String> {
    let document = OpenAPI::deserialize(document).map_err(|error| error.to_string())?;
    let code = Generator::new(&settings()).generate_tokens(&document);
    let code = code.map_err(|error| error.to_string())?;
    Tree::of(code).map_err(|error| format!("the output is not valid Rust: {error}"))
}

fn settings() -> GenerationSettings {
    let mut settings = GenerationSettings::default();
    settings
        .with_interface(InterfaceStyle::Builder)
        .with_tag(TagStyle::Merged)
        .with_map_type("::std::collections::BTreeMap");
    for (json_type, format, rust) in FORMATS {
        let instance_type = match json_type {
            "number" => InstanceType::Number,
            _ => InstanceType::String,
        };
        let schema = SchemaObject {
            instance_type: Some(instance_type.into()),
            format: Some(format.to_owned()),
            ..SchemaObject::default()
        };
        settings.with_conversion(schema, rust, [TypeImpl::Display].into_iter());
    }
    settings
}
