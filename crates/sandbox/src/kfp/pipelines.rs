use serde_json::{Value, json};

use crate::kfp::artifacts::text;
use crate::kfp::parameters::{QueryParameters, path_text};
use crate::kfp::resources::{PIPELINE, PIPELINE_VERSION, set, without};
use crate::kfp::{KfpError, messages, package, time};
use crate::operation::Call;
use crate::reply::Reply;
use crate::store::{Object, Store};

const BY_THE_SERVER: &[&str] = &[
    "pipeline_id",
    "pipeline_version_id",
    "created_at",
    "error",
    "pipeline_spec",
];

pub(super) fn create(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let body = messages::named("v2beta1Pipeline").read_body(call.body)?;
    let pipeline = checked(store, without(body, BY_THE_SERVER))
        .map_err(|error| error.while_attempting("Failed to create a pipeline"))?;
    Ok(Reply::ok(add(store, pipeline)))
}

pub(super) fn create_with_version(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let name = "v2beta1CreatePipelineAndVersionRequest";
    let mut body = messages::named(name).read_body(call.body)?;
    let mut part = |name| match body.remove(name) {
        Some(Value::Object(part)) => Ok(without(part, BY_THE_SERVER)),
        _ => Err(KfpError::invalid_input(format!("{name} is required"))),
    };
    let (pipeline, mut version) = (part("pipeline")?, part("pipeline_version")?);
    check_package_url(&version)?;
    let pipeline = checked(store, pipeline)
        .map_err(|error| error.while_attempting("Failed to create a pipeline"))?;
    if name_of(&version).is_empty() {
        set(&mut version, "name", text(&pipeline, "name"));
    }
    let pipeline = add(store, pipeline);
    let version = checked_version(store, text(&pipeline, "pipeline_id"), version)?;
    add_version(store, version);
    Ok(Reply::ok(pipeline))
}

pub(super) fn get_by_name(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let query = QueryParameters::read(call)?;
    let (name, namespace) = (path_text(call, "name")?, query.text("namespace")?);
    let found = PIPELINE
        .all(&store.kfp)
        .find(|held| text(held, "name") == name && text(held, "namespace") == namespace);
    let found = found.ok_or_else(|| {
        KfpError::not_found(format!("Pipeline {name} not found"))
            .while_attempting("Failed to get a pipeline by name and namespace")
    })?;
    Ok(Reply::ok(found.clone()))
}

/// What the request names is replaced, also by nothing; the name stays.
pub(super) fn update(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let id = path_text(call, "pipeline.pipeline_id")?;
    let mut pipeline = PIPELINE
        .existing(store, &id)
        .map_err(|error| error.while_attempting("Failed to update a pipeline"))?
        .clone();
    let changes = messages::named("v2beta1Pipeline").read_changes(call.body)?;
    apply(&mut pipeline, changes);
    PIPELINE.put(store, pipeline.clone());
    Ok(Reply::ok(pipeline))
}

pub(super) fn update_version(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let id = path_text(call, "pipeline_version.pipeline_version_id")?;
    let pipeline_id = path_text(call, "pipeline_version.pipeline_id")?;
    let mut version = PIPELINE_VERSION
        .existing(store, &id)
        .map_err(|error| error.while_attempting("Failed to update a pipeline version"))?
        .clone();
    if text(&version, "pipeline_id") != pipeline_id {
        return Err(KfpError::not_found(format!(
            "PipelineVersion {id} not found"
        )));
    }
    let changes = messages::named("v2beta1PipelineVersion").read_changes(call.body)?;
    apply(&mut version, changes);
    PIPELINE_VERSION.put(store, version.clone());
    Ok(Reply::ok(version))
}

fn apply(object: &mut Object, changes: Vec<(&'static str, Option<Value>)>) {
    for (field, value) in changes {
        match (field, value) {
            ("display_name" | "description" | "tags", Some(value)) => set(object, field, value),
            ("description" | "tags", None) => drop(object.remove(field)),
            _ => {}
        }
    }
}

pub(super) fn create_version(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let body = messages::named("v2beta1PipelineVersion").read_body(call.body)?;
    let pipeline_id = path_text(call, "pipeline_id")?;
    let attempt = "Failed to create a pipeline version";
    let version = Some(())
        .filter(|()| text(&body, "pipeline_id") == pipeline_id)
        .ok_or_else(|| {
            KfpError::invalid_input("pipeline_id is required in the body, the same as in the path")
        })
        .and_then(|()| PIPELINE.existing(store, &pipeline_id).map(drop))
        .and_then(|()| check_package_url(&body))
        .and_then(|()| checked_version(store, &pipeline_id, without(body, BY_THE_SERVER)))
        .map_err(|error| error.while_attempting(attempt))?;
    Ok(Reply::ok(add_version(store, version)))
}

pub(super) fn upload(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let (query, file, spec) = uploaded(call)?;
    let mut fields = described(&query, &file)?;
    let namespace = query.text("namespace")?;
    if !namespace.is_empty() {
        set(&mut fields, "namespace", namespace);
    }
    let pipeline = checked(store, without(fields.clone(), &["code_source_url"]));
    let pipeline = add(store, pipeline.map_err(KfpError::of_upload)?);
    let id = text(&pipeline, "pipeline_id");
    let version = without(fields, &["namespace", "tags"]);
    let mut version = checked_version(store, id, version).map_err(KfpError::of_upload)?;
    set(&mut version, "pipeline_spec", spec);
    add_version(store, version);
    Ok(Reply::ok(pipeline))
}

pub(super) fn upload_version(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let (query, file, spec) = uploaded(call)?;
    let pipeline_id = query.text("pipelineid")?;
    if PIPELINE.find(store, pipeline_id).is_none() {
        let message = if pipeline_id.is_empty() {
            "pipelineid is required".to_owned()
        } else {
            format!("Pipeline {pipeline_id} not found")
        };
        return Err(KfpError::invalid_input(message).of_upload());
    }
    let fields = described(&query, &file)?;
    let mut version = checked_version(store, pipeline_id, fields).map_err(KfpError::of_upload)?;
    set(&mut version, "pipeline_spec", spec);
    Ok(Reply::ok(add_version(store, version)))
}

/// Without `cascade` a pipeline that has versions stays.
pub(super) fn delete_versions(
    store: &mut Store,
    call: &Call<'_>,
    pipeline_id: &str,
) -> Result<(), KfpError> {
    let query = QueryParameters::read(call)?;
    let cascade = query.one_of("cascade", &["true", "false"])? == Some("true");
    let of_this = |version: &&Object| text(version, "pipeline_id") == pipeline_id;
    let versions = PIPELINE_VERSION.all(&store.kfp).filter(of_this).count();
    if versions > 0 && !cascade {
        return Err(KfpError::failed_precondition(format!(
            "Pipeline {pipeline_id} has {versions} version(s): delete them first, or set cascade"
        )));
    }
    PIPELINE_VERSION.remove_all_of(store, "pipeline_id", pipeline_id);
    Ok(())
}

fn uploaded(call: &Call<'_>) -> Result<(QueryParameters, String, Object), KfpError> {
    let query = QueryParameters::read(call)?;
    let part = call
        .parts
        .iter()
        .find(|part| part.name == "uploadfile")
        .ok_or_else(|| KfpError::invalid_input("http: no such file: uploadfile").of_upload())?;
    let file_name = part.file_name.clone().unwrap_or_default();
    let spec = package::read(&file_name, &part.content)
        .map_err(|reason| KfpError::invalid_input(reason).of_upload())?;
    Ok((query, file_name, spec))
}

/// What the query says about an upload.
fn described(query: &QueryParameters, file_name: &str) -> Result<Object, KfpError> {
    let mut fields = Object::new();
    for field in ["name", "display_name", "description", "code_source_url"] {
        let value = query.text(field)?;
        if !value.is_empty() {
            set(&mut fields, field, value);
        }
    }
    if name_of(&fields).is_empty() {
        set(&mut fields, "name", file_name);
    }
    if name_of(&fields).is_empty() {
        return Err(KfpError::plain("The name of the pipeline is empty"));
    }
    let tags = query.text("tags")?;
    if !tags.is_empty() {
        let texts_only = |tags: &Object| tags.values().all(Value::is_string);
        let tags = serde_json::from_str::<Object>(tags).ok().filter(texts_only);
        let refusal = "tags must be a JSON object of strings";
        let tags = tags.ok_or_else(|| KfpError::invalid_input(refusal).of_upload())?;
        set(&mut fields, "tags", tags);
    }
    Ok(fields)
}

fn name_of(object: &Object) -> &str {
    match text(object, "name") {
        "" => text(object, "display_name"),
        name => name,
    }
}

/// The name and the shown name stand in for each other.
fn named(mut object: Object) -> Result<Object, KfpError> {
    let name = name_of(&object).to_owned();
    if name.is_empty() {
        return Err(KfpError::invalid_input("name or display_name is required"));
    }
    if text(&object, "display_name").is_empty() {
        set(&mut object, "display_name", name.as_str());
    }
    set(&mut object, "name", name);
    Ok(object)
}

fn checked(store: &Store, pipeline: Object) -> Result<Object, KfpError> {
    let pipeline = named(pipeline)?;
    let same = |held: &Object, field| text(held, field) == text(&pipeline, field);
    let mut held = PIPELINE.all(&store.kfp);
    if held.any(|held| same(held, "name") && same(held, "namespace")) {
        return Err(taken(&pipeline));
    }
    Ok(pipeline)
}

fn checked_version(store: &Store, pipeline_id: &str, version: Object) -> Result<Object, KfpError> {
    let mut version = named(version)?;
    set(&mut version, "pipeline_id", pipeline_id);
    let same = |held: &Object, field| text(held, field) == text(&version, field);
    let mut held = PIPELINE_VERSION.all(&store.kfp);
    if held.any(|held| same(held, "name") && same(held, "pipeline_id")) {
        return Err(taken(&version));
    }
    Ok(version)
}

fn taken(object: &Object) -> KfpError {
    KfpError::already_exists(format!(
        "The name {} already exist. Please specify a new name.",
        text(object, "name")
    ))
}

/// The sandbox keeps the URL and downloads nothing: the version has no specification.
fn check_package_url(version: &Object) -> Result<(), KfpError> {
    let url = version
        .get("package_url")
        .and_then(|url| url.get("pipeline_url"));
    match url.and_then(Value::as_str) {
        Some(url) if url.starts_with("http://") || url.starts_with("https://") => Ok(()),
        _ => Err(KfpError::invalid_input(
            "package_url.pipeline_url must be an http or https URL",
        )),
    }
}

fn add(store: &mut Store, mut pipeline: Object) -> Object {
    set(&mut pipeline, "pipeline_id", store.uuids.next());
    let created_at = time::created_at(store.clock.now());
    set(&mut pipeline, "created_at", json!(created_at));
    PIPELINE.put(store, pipeline.clone());
    pipeline
}

fn add_version(store: &mut Store, mut version: Object) -> Object {
    set(&mut version, "pipeline_version_id", store.uuids.next());
    let created_at = time::created_at(store.clock.now());
    set(&mut version, "created_at", json!(created_at));
    PIPELINE_VERSION.put(store, version.clone());
    version
}
