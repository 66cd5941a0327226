use serde_json::Value;

use crate::kfp::error::KfpError;
use crate::kfp::message::Message;
use crate::kfp::package;
use crate::kfp::parameters::{QueryParameters, path_text};
use crate::kfp::resource::{PIPELINE, PIPELINE_VERSION, Resource};
use crate::kfp::shown::shown;
use crate::object::{Object, inner, picked, set, text};
use crate::operation::Call;
use crate::store::Store;

pub(super) fn create(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let pipeline = PIPELINE.read(call)?;
    let pipeline = checked(store, pipeline)?;
    let pipeline = PIPELINE.add(store, pipeline);
    Ok(shown(store, &PIPELINE, &pipeline).into())
}

pub(super) fn create_with_version(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let name = "v2beta1CreatePipelineAndVersionRequest";
    let mut body = Message::named(name).read_body(call.body)?;
    let mut part = |name, resource: &Resource| match body.remove(name) {
        Some(Value::Object(part)) => Ok(resource.settable(part)),
        _ => Err(format!("{name} is required")),
    };
    let pipeline = part("pipeline", &PIPELINE)?;
    let version = part("pipeline_version", &PIPELINE_VERSION)?;
    check_package_url(&version)?;
    add_with_version(store, pipeline, version)
}

fn add_with_version(
    store: &mut Store,
    pipeline: Object,
    mut version: Object,
) -> Result<Value, KfpError> {
    let pipeline = checked(store, pipeline)?;
    if name_of(&version).is_empty() {
        set(&mut version, "name", text(&pipeline, "name"));
    }
    let pipeline = PIPELINE.add(store, pipeline);
    let version = checked_version(store, text(&pipeline, "pipeline_id"), version)?;
    PIPELINE_VERSION.add(store, version);
    Ok(shown(store, &PIPELINE, &pipeline).into())
}

pub(super) fn get_by_name(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let query = QueryParameters::read(store, call)?;
    let (name, namespace) = (path_text(call, "name")?, query.text("namespace"));
    let mut found = PIPELINE.all_with(&store.kfp, "name", &name);
    let found = found
        .find(|held| !store.kfp.multi_user || text(held, "namespace") == namespace)
        .ok_or_else(|| KfpError::not_found(PIPELINE.name, &name))?;
    Ok(shown(store, &PIPELINE, found).into())
}

/// Changes the display name or the tags of a pipeline or a version. The tags can also be cleared.
pub(super) fn update(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let version_id = path_text(call, "pipeline_version.pipeline_version_id")?;
    let (resource, id) = if version_id.is_empty() {
        (&PIPELINE, path_text(call, "pipeline.pipeline_id")?)
    } else {
        (&PIPELINE_VERSION, version_id)
    };
    let changes = resource.described().read_changes(call.body)?;
    let mut object = resource.existing(store, &id)?.clone();
    for (field, value) in changes {
        match (field, value) {
            ("display_name" | "tags", Some(value)) => set(&mut object, field, value),
            ("tags", None) => drop(object.remove(field)),
            _ => {}
        }
    }
    resource.put(store, object.clone());
    Ok(shown(store, resource, &object).into())
}

pub(super) fn create_version(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let version = PIPELINE_VERSION.described().read_body(call.body)?;
    let pipeline_id = path_text(call, "pipeline_id")?;
    check_package_url(&version)?;
    if text(&version, "pipeline_id").is_empty() {
        return Err("pipeline_id is required in the body too".into());
    }
    PIPELINE.existing(store, &pipeline_id)?;
    let version = PIPELINE_VERSION.settable(version);
    let version = checked_version(store, &pipeline_id, version)?;
    let version = PIPELINE_VERSION.add(store, version);
    Ok(version.into())
}

pub(super) fn upload(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let (query, mut version) = uploaded(store, call, &PIPELINE)?;
    let mut pipeline = picked(&version, ["name", "display_name", "description", "tags"]);
    let namespace = query.text("namespace");
    if !namespace.is_empty() {
        set(&mut pipeline, "namespace", namespace);
    }
    version.remove("tags");
    add_with_version(store, pipeline, version)
}

pub(super) fn upload_version(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let (query, version) = uploaded(store, call, &PIPELINE_VERSION)?;
    let pipeline_id = query.text("pipelineid");
    if PIPELINE.find(store, pipeline_id).is_none() {
        return Err("pipelineid must be the id of a pipeline".into());
    }
    let version = checked_version(store, pipeline_id, version)?;
    let version = PIPELINE_VERSION.add(store, version);
    Ok(version.into())
}

/// Deletes the versions of a pipeline. Without `cascade`, a pipeline with versions is kept.
pub(super) fn delete_versions(
    store: &mut Store,
    cascade: bool,
    pipeline_id: &str,
) -> Result<(), KfpError> {
    let versions = PIPELINE_VERSION.all_with(&store.kfp, "pipeline_id", pipeline_id);
    if versions.count() > 0 && !cascade {
        return Err(format!(
            "pipeline {pipeline_id} has versions: delete them first, or set cascade"
        )
        .into());
    }
    PIPELINE_VERSION.remove_all_of(store, "pipeline_id", pipeline_id);
    Ok(())
}

/// Returns the query of an upload, and the version that query and file describe.
fn uploaded(
    store: &Store,
    call: &Call<'_>,
    resource: &Resource,
) -> Result<(QueryParameters, Object), KfpError> {
    let query = QueryParameters::read(store, call)?;
    let upload = call.upload.as_ref();
    let upload = upload.ok_or("the form has no part uploadfile")?;
    let spec = package::read(&upload.file_name, &upload.content)?;
    let mut fields = Object::new();
    for field in ["name", "display_name", "description", "code_source_url"] {
        let value = query.text(field);
        if !value.is_empty() {
            set(&mut fields, field, value);
        }
    }
    if name_of(&fields).is_empty() {
        set(&mut fields, "name", upload.file_name.as_str());
    }
    resource
        .check_name(name_of(&fields))
        .map_err(KfpError::plain)?;
    let tags = query.text("tags");
    if !tags.is_empty() {
        let texts_only = |tags: &Object| tags.values().all(Value::is_string);
        let tags = serde_json::from_str::<Object>(tags).ok().filter(texts_only);
        let tags = tags.ok_or("tags must be a JSON object of strings")?;
        set(&mut fields, "tags", tags);
    }
    set(&mut fields, "pipeline_spec", spec);
    Ok((query, fields))
}

fn name_of(object: &Object) -> &str {
    match text(object, "name") {
        "" => text(object, "display_name"),
        name => name,
    }
}

/// Sets the name from the display name, or the other way round, if one is missing.
fn named(mut object: Object, resource: &Resource) -> Result<Object, KfpError> {
    let name = name_of(&object).to_owned();
    resource.check_name(&name)?;
    if text(&object, "display_name").is_empty() {
        set(&mut object, "display_name", name.as_str());
    }
    set(&mut object, "name", name);
    Ok(object)
}

fn checked(store: &Store, pipeline: Object) -> Result<Object, KfpError> {
    let mut pipeline = named(pipeline, &PIPELINE)?;
    if !store.kfp.multi_user {
        pipeline.remove("namespace");
    }
    PIPELINE.check_unique(store, &pipeline, "name", "namespace")?;
    Ok(pipeline)
}

fn checked_version(store: &Store, pipeline_id: &str, version: Object) -> Result<Object, KfpError> {
    let mut version = named(version, &PIPELINE_VERSION)?;
    set(&mut version, "pipeline_id", pipeline_id);
    PIPELINE_VERSION.check_unique(store, &version, "name", "pipeline_id")?;
    Ok(version)
}

/// Checks the URL of a package. The sandbox stores it and downloads nothing: the version has no spec.
fn check_package_url(version: &Object) -> Result<(), KfpError> {
    let url = text(inner(version, "package_url"), "pipeline_url");
    if url.starts_with("http://") || url.starts_with("https://") {
        Ok(())
    } else {
        Err("package_url.pipeline_url must be an http or https URL".into())
    }
}
