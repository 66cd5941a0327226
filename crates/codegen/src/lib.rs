#![doc = include_str!("../README.md")]

mod argument;
mod body_table;
mod by_name;
mod client_crate;
mod compare;
mod docs;
mod document;
mod entry;
mod error;
mod generator;
mod layout;
mod lift;
mod lifted;
mod model;
mod names;
mod normalise;
mod operation_table;
mod output;
mod overlay;
mod part;
mod passes;
mod placeholders;
mod pointer;
mod prose;
mod read;
mod references;
mod spec;
mod taken;
mod template;
mod tree;

use std::path::PathBuf;
use std::sync::{Arc, Once};
use std::thread;

use serde_json::Value;

use error::Problems;
use lifted::Lifted;
use model::Api;
use passes::Context;
use placeholders::Placeholders;
use tree::Tree;

pub use client_crate::{crate_name, write_crate};
pub use compare::{Comparison, WireChange, add_to_changelog, compare};
pub use error::{Error, Problem};
pub use output::{Generated, write};
pub use spec::{Overlay, Spec};

/// Stack size that suffices for documents nested as deeply as the JSON parser allows.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// Name of the thread that generates code.
const WORKER: &str = "compute-kfp-codegen";

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
/// use compute_kfp_codegen::{Spec, generate};
///
/// let spec = Spec::from_string(
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
/// let generated = generate(&spec)?;
/// assert!(generated.file("client.rs").unwrap().contains("pub fn hello(&self)"));
/// # Ok::<(), compute_kfp_codegen::Error>(())
/// ```
pub fn generate(spec: &Spec) -> Result<Generated, Error> {
    on_a_large_stack(spec, steps)
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
/// use compute_kfp_codegen::{Spec, openapi};
///
/// let swagger = r#"{
///     "swagger": "2.0",
///     "paths": {"/hello": {"get": {"operationId": "GreetingService_SayHello", "responses": {}}}}
/// }"#;
/// let document = openapi(&Spec::from_string("greetings.json", swagger))?;
/// assert_eq!(document["openapi"], "3.0.3");
/// assert_eq!(document["paths"]["/hello"]["get"]["operationId"], "say_hello");
/// # Ok::<(), compute_kfp_codegen::Error>(())
/// ```
pub fn openapi(spec: &Spec) -> Result<Value, Error> {
    on_a_large_stack(spec, |spec| {
        Ok(document::document(&model(spec, &lift(spec)?)?.0, None))
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
/// use compute_kfp_codegen::{Spec, openapi30};
///
/// let swagger = r#"{"swagger": "2.0", "info": {"title": "Greetings", "version": "1"}, "paths": {}}"#;
/// let document = openapi30(&Spec::from_string("greetings.json", swagger))?;
/// assert_eq!(document["openapi"], "3.0.3");
/// # Ok::<(), compute_kfp_codegen::Error>(())
/// ```
pub fn openapi30(spec: &Spec) -> Result<Value, Error> {
    on_a_large_stack(spec, |spec| Ok(lift(spec)?.document))
}

/// Runs the work on a thread with a large stack, and turns a panic into an error.
fn on_a_large_stack<T: Send>(
    spec: &Spec,
    work: impl FnOnce(&Spec) -> Result<T, Error> + Send,
) -> Result<T, Error> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // The error has the message.
            if thread::current().name() != Some(WORKER) {
                report(panic);
            }
        }));
    });
    let failed = |message: &str| bug(spec, format!("generation stopped: {message}"));
    thread::scope(|scope| {
        let worker = thread::Builder::new()
            .name(WORKER.to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || work(spec))
            .map_err(|error| failed(&error.to_string()))?;
        worker.join().unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(failed(text.unwrap_or("unknown panic")))
        })
    })
}

fn lift(spec: &Spec) -> Result<Lifted, Error> {
    let (document, dialect) = read::read(spec.name(), &spec.document.text)?;
    let read = references::bundle(spec, document, dialect);
    let mut document = lift::lift(read.document.clone(), dialect);
    let mut warnings = Vec::new();
    for overlay in &spec.overlays {
        warnings.extend(overlay::apply(&mut document, &overlay.document)?);
    }
    Ok(Lifted {
        dialect,
        read,
        document,
        warnings,
    })
}

fn model(spec: &Spec, lifted: &Lifted) -> Result<(Api, Vec<Problem>), Error> {
    let unresolved = references::unresolved(spec.name(), &lifted.read, &lifted.document);
    normalise::normalise(Problems::new(spec.name(), unresolved), lifted)
}

fn steps(spec: &Spec) -> Result<Generated, Error> {
    let lifted = lift(spec)?;
    let (api, left_out) = model(spec, &lifted)?;
    let files = files(spec, &api, tree(spec, &api)?);
    let files = files.map_err(|message| bug(spec, message))?;
    let warnings = lifted.warnings.into_iter().chain(left_out).collect();
    let mut read: Vec<PathBuf> = spec.document.path.iter().cloned().collect();
    read.extend_from_slice(&lifted.read.files);
    let overlays = spec.overlays.iter();
    read.extend(overlays.filter_map(|overlay| overlay.document.path.clone()));
    Ok(Generated {
        files,
        warnings,
        api: Arc::new(api),
        read,
    })
}

/// Returns progenitor's output after all passes.
fn tree(spec: &Spec, api: &Api) -> Result<Tree, Error> {
    let placeholders = Placeholders::of(api);
    let document = document::document(api, Some(&placeholders));
    let context = Context {
        api,
        placeholders: &placeholders,
        crate_name: spec.crate_name.as_deref(),
    };
    let tree = generator::generate(&document)
        .map_err(|reason| format!("progenitor cannot generate code from this document: {reason}"))
        .and_then(|tree| passes::apply(&context, tree));
    tree.map_err(|message| bug(spec, message))
}

fn files(spec: &Spec, api: &Api, tree: Tree) -> Result<Vec<layout::File>, String> {
    let mut files = layout::files(api, tree, operation_table::generate(api))?;
    if spec.by_name {
        let by_name = by_name::generate(api, spec.crate_name.as_deref());
        files.push(("by_name.rs", layout::file(by_name)?));
    }
    Ok(files)
}

fn bug(spec: &Spec, message: String) -> Error {
    Error::one(
        spec.name(),
        "",
        message,
        "this is a bug in the generator; report it together with the document",
    )
}
