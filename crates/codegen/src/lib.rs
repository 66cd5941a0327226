#![doc = include_str!("../README.md")]

mod argument;
mod body_table;
mod by_name;
mod client_crate;
mod compare;
mod document;
mod error;
mod escapes;
mod generator;
mod layout;
mod lift;
mod model;
mod names;
mod normalise;
mod operation_table;
mod output;
mod overlay;
mod passes;
mod pointer;
mod prose;
mod read;
mod references;
mod source;
mod taken;
mod tree;

use std::path::{Path, PathBuf};

use serde_json::Value;

use client_crate::Summary;
use escapes::Escapes;
use lift::Places;
use model::Api;
use passes::Context;
use read::Dialect;
use references::Bundle;

pub use client_crate::{crate_name, write_crate};
pub use compare::{ChangelogError, Comparison, WireChange, add_to_changelog, compare};
pub use error::{Error, Problem};
pub use output::{Generated, write};
pub use source::{Overlay, Source};

/// Stack size that suffices for documents nested as deeply as the JSON parser allows.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// Generates the code of a client crate from a spec.
///
/// The same input always yields the same bytes.
///
/// # Errors
///
/// Returns every problem that prevents generation, each with its place and a remedy. No input
/// causes a panic.
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

/// Returns the prepared document: OpenAPI 3.0.3, which stock progenitor and other tools accept.
///
/// It uses the names of the generated code: an `operationId` names a method, the key of a schema
/// names a type. Paths, parameters, bodies, responses and descriptions are those of the spec after
/// its overlays.
///
/// # Errors
///
/// Returns an error under the same conditions as [`generate`].
///
/// ```
/// use compute_kfp_codegen::{Source, openapi};
///
/// let swagger = r#"{
///     "swagger": "2.0",
///     "paths": {"/hello": {"get": {"operationId": "GreetingService_SayHello", "responses": {}}}}
/// }"#;
/// let document = openapi(&Source::from_text("greetings.json", swagger))?;
/// assert_eq!(document["openapi"], "3.0.3");
/// assert_eq!(document["paths"]["/hello"]["get"]["operationId"], "say_hello");
/// # Ok::<(), compute_kfp_codegen::Error>(())
/// ```
pub fn openapi(source: &Source) -> Result<Value, Error> {
    on_a_large_stack(source, |source| {
        Ok(document::document(&model(source, &lift(source)?)?.0))
    })
}

/// Returns the lifted document: the OpenAPI 3.0 form that overlays target, with the overlays
/// applied and the names of the spec.
///
/// # Errors
///
/// Returns an error if the document cannot be read, or an overlay cannot be applied.
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

/// Runs the work on a thread with a large stack, and turns a panic into an error.
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

/// A parsed document and its OpenAPI 3.0 form.
struct Lifted {
    dialect: Dialect,
    read: Bundle,
    lifted: Value,
    warnings: Vec<Problem>,
}

fn lift(source: &Source) -> Result<Lifted, Error> {
    let (document, dialect) = read::read(source.name(), source.text())?;
    let read = references::bundle(source, document, dialect);
    let mut lifted = lift::lift(read.document.clone(), dialect);
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

fn model(source: &Source, document: &Lifted) -> Result<(Api, Vec<Problem>), Error> {
    let places = Places {
        dialect: document.dialect,
        read: &document.read,
        lifted: &document.lifted,
    };
    let unresolved = references::unresolved(source.name(), &places);
    let read = normalise::normalise(source.name(), places);
    if unresolved.is_empty() {
        return read;
    }
    let others = read.err().map(Error::into_problems).unwrap_or_default();
    let others = others.into_iter().filter(|other| {
        let place = other.pointer.strip_suffix("/$ref");
        let place = place.unwrap_or(&other.pointer);
        unresolved.iter().all(|it| it.pointer != place)
    });
    Err(Error::new(
        unresolved.iter().cloned().chain(others).collect(),
    ))
}

fn steps(source: &Source) -> Result<Generated, Error> {
    code(source, &lift(source)?)
}

fn code(source: &Source, document: &Lifted) -> Result<Generated, Error> {
    let (api, left_out) = model(source, document)?;
    let (files, summary) = files(source, &api).map_err(|message| {
        Error::one(
            source.name(),
            "",
            message,
            "report this with the document: it is a mistake of the generator",
        )
    })?;
    let warnings = document.warnings.iter().cloned().chain(left_out);
    let mut read: Vec<PathBuf> = source.path().map(Path::to_owned).into_iter().collect();
    read.extend_from_slice(&document.read.files);
    let overlays = source.overlays().iter().filter_map(Overlay::path);
    read.extend(overlays.map(Path::to_owned));
    Ok(Generated::new(files, warnings.collect(), summary, read))
}

fn files(source: &Source, api: &Api) -> Result<(Vec<layout::File>, Summary), String> {
    let escapes = Escapes::of(api);
    let document = document::escaped(api, &escapes);
    let mut tree = generator::generate(&document).map_err(|reason| {
        format!("progenitor cannot generate code from this document: {reason}")
    })?;
    let context = Context {
        api,
        escapes: &escapes,
        crate_name: source.crate_name(),
    };
    passes::apply(&context, &mut tree)?;
    let by_name = source
        .has_by_name()
        .then(|| by_name::generate(api, &tree.arguments, source.crate_name()))
        .transpose()?;
    let summary = Summary::of(api, &tree.arguments)?;
    let mut files = layout::files(api, tree, operation_table::generate(api))?;
    if let Some(by_name) = by_name {
        files.push(("by_name.rs", layout::file(by_name)?));
    }
    Ok((files, summary))
}
