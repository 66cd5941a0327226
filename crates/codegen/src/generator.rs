//! Running progenitor, with everything that its settings can express.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

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
    let generated = quietly(|| {
        let document = OpenAPI::deserialize(document).map_err(|error| error.to_string())?;
        let code = Generator::new(&settings()).generate_tokens(&document);
        let code = code.map_err(|error| error.to_string())?;
        Tree::of(code).map_err(|error| format!("the output is not valid Rust: {error}"))
    });
    generated.unwrap_or_else(Err)
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

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Turns a panic on this thread into its message, without a report on stderr.
pub(crate) fn quietly<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !QUIET.with(Cell::get) {
                before(panic);
            }
        }));
    });
    let before = QUIET.with(|quiet| quiet.replace(true));
    let result = catch_unwind(AssertUnwindSafe(work));
    QUIET.with(|quiet| quiet.set(before));
    result.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("unknown panic")
            .to_owned()
    })
}
