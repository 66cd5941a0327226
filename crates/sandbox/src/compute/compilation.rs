//! Compilation of a commit's file to another file of the commit.

use serde_json::{Value, json};

use crate::compute::error::ComputeError;
use crate::compute::jobs;
use crate::compute::request::Request;
use crate::compute::resources::{self, check_references, existing, named_schema};
use crate::object::{Object, object, set, text};
use crate::store::Store;

/// Default stage of a compilation.
const WHOLLY: &str = "routing";

/// Adds a compiled file. The sandbox compiles nothing: the new file has the content of the old one.
pub(super) fn compile(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let body = object(call.body.clone());
    let commit_id = existing(store, call)?.get("id").cloned();
    check_references(store, call, &body)?;

    let is_source = |file: &&Object| {
        file.get("commit_id") == commit_id.as_ref() && file.get("generated") == Some(&json!(false))
    };
    let source = store.compute.all("files").iter().rfind(is_source);
    let source =
        source.ok_or_else(|| ComputeError::bad_request("Commit has no file to compile"))?;
    if let Some(reason) = jobs::failure(text(source, "content")) {
        return Err(ComputeError::bad_request(&reason));
    }
    let mut compiled = source.clone();
    let stage = body.get("compile_stage").filter(|stage| !stage.is_null());
    let stage = stage.cloned().unwrap_or_else(|| Value::from(WHOLLY));
    // A suffix, which clients put behind the name of their own file.
    let name = format!("_{}", stage.as_str().unwrap_or(WHOLLY));
    set(&mut compiled, "name", name);
    let properties = json!({ "backend_type_id": body.get("backend_type_id") });
    set(&mut compiled, "compile_stage", stage);
    set(&mut compiled, "compile_properties", properties);
    set(&mut compiled, "generated", true);
    resources::add(store, "files", named_schema("File"), compiled);
    Ok(Value::Null)
}
