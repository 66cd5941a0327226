//! Running progenitor, and finding out what it choked on when it did.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use progenitor::{GenerationSettings, Generator, InterfaceStyle, TypeImpl};
use schemars::schema::{InstanceType, SchemaObject};
use serde::Deserialize as _;
use serde_json::Value;

use crate::error::Error;
use crate::model::Api;
use crate::view;

/// Types that progenitor is told to use for strings of a format.
pub(crate) const TIMESTAMP: &str = "::compute_kfp_runtime::Timestamp";
pub(crate) const SIGNED_TEXT: &str = "::compute_kfp_runtime::number_text::I64";
pub(crate) const UNSIGNED_TEXT: &str = "::compute_kfp_runtime::number_text::U64";

/// What progenitor makes of an API.
pub(crate) fn generate(file: &str, api: &Api) -> Result<syn::File, Error> {
    let whole = view::whole(api);
    let reason = match run(&whole) {
        Ok(code) => return Ok(code),
        Err(reason) => reason,
    };
    let (place, what) = culprit(api);
    Err(Error::one(
        file,
        place,
        format!("progenitor cannot generate {what}: {reason}"),
        "simplify it or take it out in an overlay",
    ))
}

/// The operation or schema with which it starts to fail.
fn culprit(api: &Api) -> (String, String) {
    let (schemas, operations) = (api.schemas.len(), api.operations.len());
    if run(&view::of(api, schemas, 0..0)).is_ok() {
        let works = |end| run(&view::of(api, schemas, 0..end)).is_ok();
        let index = first_failure(operations, works);
        if let Some(operation) = index.and_then(|index| api.operations.get(index)) {
            let what = format!("the operation `{}`", operation.upstream);
            return (operation.place.clone(), what);
        }
    }
    let index = first_failure(schemas, |end| run(&view::of(api, end, 0..0)).is_ok());
    match index.and_then(|index| api.schemas.get_index(index)) {
        Some((name, schema)) => (schema.place.clone(), format!("the schema `{name}`")),
        None => (String::new(), "code from this document".to_owned()),
    }
}

/// The index of the one that makes the first `index + 1` fail, by halving.
fn first_failure(count: usize, works: impl Fn(usize) -> bool) -> Option<usize> {
    let (mut good, mut bad) = (0, count);
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if works(middle) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    (count > 0).then_some(good)
}

fn run(document: &Value) -> Result<syn::File, String> {
    let generated = quietly(|| {
        let document =
            openapiv3::OpenAPI::deserialize(document).map_err(|error| error.to_string())?;
        Generator::new(&settings())
            .generate_tokens(&document)
            .map_err(|error| error.to_string())
    });
    let tokens = generated.unwrap_or_else(Err)?;
    syn::parse2(declarations(tokens, &["types", "builder"]))
        .map_err(|error| format!("its output is not Rust: {error}"))
}

/// What is read of the code, a small part of it: the structs in some modules, and the signatures of
/// their functions `send`.
fn declarations(code: TokenStream, modules: &[&str]) -> TokenStream {
    let mut kept = Vec::new();
    let mut item = Vec::new();
    for token in code {
        let body = match &token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                Some(group.stream())
            }
            TokenTree::Punct(end) if end.as_char() == ';' => None,
            _ => {
                item.push(token);
                continue;
            }
        };
        let mut words = item.iter().filter_map(|token| match token {
            TokenTree::Ident(ident) => Some(ident.to_string()),
            _ => None,
        });
        let kind = words.find(|word| matches!(&word[..], "struct" | "mod" | "impl" | "fn"));
        let name = words.next().unwrap_or_default();
        let end = match (kind.as_deref(), body) {
            (Some("struct"), _) => Some(token),
            (Some("mod"), Some(items)) if modules.contains(&&name[..]) => {
                Some(braces(declarations(items, &[])))
            }
            (Some("impl"), Some(items)) => Some(braces(declarations(items, &[]))),
            (Some("fn"), Some(_)) if name == "send" => Some(braces(TokenStream::new())),
            _ => None,
        };
        match end {
            Some(end) => kept.extend(item.drain(..).chain([end])),
            None => item.clear(),
        }
    }
    kept.into_iter().collect()
}

fn braces(inside: TokenStream) -> TokenTree {
    Group::new(Delimiter::Brace, inside).into()
}

fn settings() -> GenerationSettings {
    let mut settings = GenerationSettings::default();
    settings
        .with_interface(InterfaceStyle::Builder)
        .with_map_type("::std::collections::BTreeMap");
    let formats = [
        ("date-time", TIMESTAMP),
        ("int64", SIGNED_TEXT),
        ("uint64", UNSIGNED_TEXT),
    ];
    for (format, rust) in formats {
        let schema = SchemaObject {
            instance_type: Some(InstanceType::String.into()),
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

/// Turns a panic into its message and keeps it off stderr; panics elsewhere are reported as ever.
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
            .unwrap_or("it panicked")
            .to_owned()
    })
}
