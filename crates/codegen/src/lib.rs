#![doc = include_str!("../README.md")]

mod compare;
mod error;
mod finish;
mod generator;
mod lift;
mod model;
mod names;
mod normalise;
mod output;
mod overlay;
mod pointer;
mod prose;
mod read;
mod source;
mod view;

use serde_json::Value;

use lift::Places;
use read::Dialect;

pub use compare::{ChangelogError, Comparison, WireChange, add_to_changelog, compare};
pub use error::{Error, Problem};
pub use output::{Generated, write};
pub use source::{Overlay, Source};

/// Enough for documents nested as deep as JSON is read.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// Generates the code of a client crate from an API description.
///
/// The same input gives the same bytes, whenever and wherever it is run.
///
/// # Errors
///
/// Everything in the document that keeps it from being generated, each with its place and what to
/// do about it. No input makes this panic.
///
/// ```
/// use compute_kfp_codegen::{Source, generate};
///
/// let source = Source::from_text(
///     "greetings.json",
///     r#"{
///         "openapi": "3.1.0",
///         "info": {"title": "Greetings", "version": "1"},
///         "paths": {"/hello": {"get": {
///             "operationId": "hello",
///             "responses": {"204": {"description": "Said."}}
///         }}}
///     }"#,
/// );
/// let generated = generate(&source)?;
/// assert!(generated.file("client.rs").unwrap().contains("pub fn hello(&self)"));
/// # Ok::<(), compute_kfp_codegen::Error>(())
/// ```
pub fn generate(source: &Source) -> Result<Generated, Error> {
    on_a_large_stack(source, steps)
}

/// The OpenAPI 3.0 form of an API description: what its overlays are for, applied.
///
/// # Errors
///
/// The document is none that can be read, or an overlay cannot be applied.
///
/// ```
/// use compute_kfp_codegen::{Source, openapi30};
///
/// let swagger = r#"{"swagger": "2.0", "info": {"title": "Greetings", "version": "1"}, "paths": {}}"#;
/// let document = openapi30(&Source::from_text("greetings.json", swagger))?;
/// assert_eq!(document["openapi"], "3.0.3");
/// # Ok::<(), compute_kfp_codegen::Error>(())
/// ```
pub fn openapi30(source: &Source) -> Result<Value, Error> {
    on_a_large_stack(source, |source| Ok(lift(source)?.lifted))
}

/// Does the work where deep documents find room, and makes an error of a panic.
fn on_a_large_stack<T: Send>(
    source: &Source,
    work: impl FnOnce(&Source) -> Result<T, Error> + Send,
) -> Result<T, Error> {
    let failed = |message: String| {
        Error::one(
            source.name(),
            "",
            format!("generation stopped: {message}"),
            "report this with the document: it is a mistake of the generator",
        )
    };
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || {
                generator::quietly(|| work(source)).map_err(failed)?
            })
            .map_err(|error| failed(error.to_string()))?;
        worker
            .join()
            .unwrap_or_else(|_| Err(failed("it panicked".to_owned())))
    })
}

/// A document as it was read, and in its OpenAPI 3.0 form.
struct Lifted {
    dialect: Dialect,
    read: Value,
    lifted: Value,
    warnings: Vec<String>,
}

fn lift(source: &Source) -> Result<Lifted, Error> {
    let (read, dialect) = read::read(source.name(), source.text())?;
    let mut lifted = lift::lift(source.name(), read.clone(), dialect)?;
    let mut warnings = Vec::new();
    for overlay in source.overlays() {
        warnings.extend(overlay::apply(&mut lifted, overlay.name(), overlay.text())?);
    }
    Ok(Lifted {
        dialect,
        read,
        lifted,
        warnings,
    })
}

fn steps(source: &Source) -> Result<Generated, Error> {
    code(source, lift(source)?)
}

fn code(source: &Source, document: Lifted) -> Result<Generated, Error> {
    let places = Places {
        dialect: document.dialect,
        read: &document.read,
        lifted: &document.lifted,
    };
    let api = normalise::normalise(source.name(), places)?;
    let code = generator::generate(source.name(), &api)?;
    let files = finish::finish(source, &api, &code)?;
    Ok(Generated::new(files, document.warnings))
}
