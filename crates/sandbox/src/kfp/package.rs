//! Compiled pipelines, as they are uploaded.

use std::io::{Cursor, Read};

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::kfp::proto_json::with_plain_numbers;
use crate::object::Object;

/// Version of the spec's schema that the server accepts.
const SCHEMA_VERSION: &str = "2.1.0";

/// Maximum size of a file, and of the unpacked content of an archive: a few bytes can expand to
/// gigabytes.
const LARGEST: u64 = 32 * 1024 * 1024;

/// The file that is used if an archive has several.
const MAIN_FILE: &str = "pipeline.yaml";

/// Returns the name of the pipeline in a package, for the command line: `pipelineInfo.name` of its spec.
///
/// # Errors
///
/// Returns the reason if the file is not a package or its pipeline has no name.
pub fn pipeline_name(file_name: &str, file: impl Read) -> Result<String, String> {
    let mut content = Vec::new();
    let mut file = file.take(LARGEST + 1);
    file.read_to_end(&mut content)
        .map_err(|error| error.to_string())?;
    let documents = documents(file_name, &content)?;
    let spec = documents.first();
    let name = spec.and_then(|spec| spec.pointer("/pipelineInfo/name")?.as_str());
    let name = name.filter(|name| !name.is_empty());
    name.map(str::to_owned)
        .ok_or_else(|| "it has no `pipelineInfo.name`".to_owned())
}

pub(super) fn read(file_name: &str, content: &[u8]) -> Result<Object, String> {
    let mut documents = documents(file_name, content)?.into_iter();
    let (pipeline, platform) = (documents.next(), documents.next());
    let pipeline = with_plain_numbers(&pipeline.unwrap_or_default());
    check(&pipeline)?;
    let Value::Object(pipeline) = pipeline else {
        return Err(invalid(&"expected an object"));
    };
    Ok(match platform {
        None => pipeline,
        Some(platform) => Object::from_iter([
            ("pipeline_spec".to_owned(), json!(pipeline)),
            ("platform_spec".to_owned(), platform),
        ]),
    })
}

/// Parses the documents in a file. The file name determines the format.
fn documents(file_name: &str, content: &[u8]) -> Result<Vec<Value>, String> {
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > LARGEST {
        return Err(format!("The file is larger than {LARGEST} bytes"));
    }
    let lower_case = file_name.to_ascii_lowercase();
    let files = if lower_case.ends_with(".tar.gz") || lower_case.ends_with(".tgz") {
        from_tar(content)?
    } else if lower_case.ends_with(".zip") {
        from_zip(content)?
    } else {
        return read_text(file_name, content);
    };
    let (name, content) = main_file(files)?;
    read_text(&name, &content)
}

type Files = Vec<(String, Vec<u8>)>;

fn from_tar(content: &[u8]) -> Result<Files, String> {
    let mut archive = tar::Archive::new(GzDecoder::new(content).take(LARGEST));
    let mut files = Vec::new();
    let mut left = LARGEST;
    for entry in archive.entries().map_err(|error| invalid(&error))? {
        let entry = entry.map_err(|error| invalid(&error))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        files.push((name, unpacked(entry, &mut left)?));
    }
    Ok(files)
}

/// Reads a file of an archive. `left` is the remaining size limit.
fn unpacked(file: impl Read, left: &mut u64) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    let read = file.take(*left).read_to_end(&mut content);
    let read = read.map_err(|error| invalid(&error))?;
    *left = left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
    if *left == 0 {
        return Err(invalid(&"the unpacked content is too large"));
    }
    Ok(content)
}

fn from_zip(content: &[u8]) -> Result<Files, String> {
    let archive = zip::ZipArchive::new(Cursor::new(content));
    let mut archive = archive.map_err(|error| invalid(&error))?;
    let mut files = Vec::new();
    let mut left = LARGEST;
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(|error| invalid(&error))?;
        let content = unpacked(&mut file, &mut left)?;
        let name = file.name().map_err(|error| invalid(&error))?;
        files.push((name.into_owned(), content));
    }
    Ok(files)
}

fn main_file(mut files: Files) -> Result<(String, Vec<u8>), String> {
    files.retain(|(name, _)| !name.ends_with('/') && format(name).is_some());
    let main = files.iter().position(|(name, _)| name == MAIN_FILE);
    let place = main.unwrap_or_default();
    if place < files.len() {
        Ok(files.swap_remove(place))
    } else {
        Err(invalid(&"the archive has no .yaml, .yml or .json file"))
    }
}

enum Format {
    Json,
    Yaml,
}

fn format(file_name: &str) -> Option<Format> {
    let (_, ending) = file_name.rsplit_once('.')?;
    match ending.to_ascii_lowercase().as_str() {
        "json" => Some(Format::Json),
        "yaml" | "yml" => Some(Format::Yaml),
        _ => None,
    }
}

fn read_text(file_name: &str, content: &[u8]) -> Result<Vec<Value>, String> {
    match format(file_name) {
        Some(Format::Json) => {
            let document = serde_json::from_slice(content).map_err(|error| invalid(&error))?;
            Ok(vec![document])
        }
        Some(Format::Yaml) => {
            let text = std::str::from_utf8(content).map_err(|error| invalid(&error))?;
            serde_saphyr::from_multiple(text).map_err(|error| invalid(&error))
        }
        None => Err(format!(
            "Unexpected format of the pipeline file {file_name}: \
             it must be .yaml, .yml, .json, .zip or .tar.gz"
        )),
    }
}

/// The messages in a pipeline's spec, as far as they are checked. Each has its fields, and the message
/// type of a field or of the values of its map.
const SPEC: &str = "
PipelineSpec pipelineInfo:PipelineInfo deploymentSpec sdkVersion schemaVersion \
    components:{}ComponentSpec root:ComponentSpec defaultPipelineRoot
PipelineInfo name displayName description
ComponentSpec inputDefinitions:Definitions outputDefinitions:Definitions dag:DagSpec \
    executorLabel singlePlatformSpecs taskConfigPassthroughs
Definitions artifacts parameters
DagSpec tasks:{}PipelineTaskSpec outputs:Definitions
PipelineTaskSpec taskInfo inputs:Definitions dependentTasks cachingOptions componentRef \
    triggerPolicy artifactIterator parameterIterator retryPolicy iteratorPolicy
";

/// Checks the spec of a pipeline, with or without a platform spec.
pub(super) fn check(spec: &Value) -> Result<(), String> {
    let spec = spec.get("pipeline_spec").unwrap_or(spec);
    check_fields(spec, "PipelineSpec").map_err(|reason| invalid(&reason))?;
    let text = |pointer| spec.pointer(pointer).and_then(Value::as_str);
    if text("/schemaVersion") != Some(SCHEMA_VERSION) {
        return Err(invalid(&"schemaVersion must be that of KFP 2"));
    }
    let name = text("/pipelineInfo/name").unwrap_or_default();
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let is_name = name.starts_with(is_plain)
        && name.ends_with(is_plain)
        && name.chars().all(|letter| is_plain(letter) || letter == '-');
    if !is_name {
        let refusal = "pipelineInfo.name must consist of lower-case letters, digits and dashes";
        return Err(invalid(&refusal));
    }
    if spec.get("root").is_none() {
        return Err(invalid(&"root is required"));
    }
    Ok(())
}

fn check_fields(value: &Value, message: &str) -> Result<(), String> {
    let mut messages = SPEC.lines().map(str::split_whitespace);
    let fields = messages.find(|fields| fields.clone().next() == Some(message));
    let (Some(fields), Some(sent)) = (fields, value.as_object()) else {
        return Err(format!("{message} is not an object"));
    };
    for (name, value) in sent {
        let mut known = fields
            .clone()
            .skip(1)
            .map(|field| field.split_once(':').unwrap_or((field, "")));
        let (_, inside) = known
            .find(|(known, _)| known == name)
            .ok_or_else(|| format!("{message} has no field {name:?}"))?;
        if let Some(message) = inside.strip_prefix("{}") {
            let values = value.as_object().into_iter().flatten();
            for (_, value) in values {
                check_fields(value, message)?;
            }
        } else if !inside.is_empty() {
            check_fields(value, inside)?;
        }
    }
    Ok(())
}

/// Checks the parameters of a run against those that its pipeline declares.
pub(super) fn check_parameters(spec: &Value, given: &Object) -> Result<(), String> {
    let spec = spec.get("pipeline_spec").unwrap_or(spec);
    let declared = spec.pointer("/root/inputDefinitions/parameters");
    let declared = declared.and_then(Value::as_object);
    for name in given.keys() {
        if declared.is_none_or(|declared| !declared.contains_key(name)) {
            return Err(format!("the pipeline declares no parameter {name}"));
        }
    }
    for (name, parameter) in declared.into_iter().flatten() {
        let Some(value) = given.get(name) else {
            let is_optional = parameter.get("isOptional") == Some(&json!(true));
            if is_optional || parameter.get("defaultValue").is_some() {
                continue;
            }
            return Err(format!("parameter {name} is missing and has no default"));
        };
        let wanted = parameter.get("parameterType").and_then(Value::as_str);
        let fits = match wanted.unwrap_or_default() {
            "NUMBER_DOUBLE" | "NUMBER_INTEGER" => value.is_number(),
            "STRING" => value.is_string(),
            "BOOLEAN" => value.is_boolean(),
            "LIST" => value.is_array(),
            "STRUCT" => value.is_object(),
            _ => true,
        };
        if !fits {
            return Err(format!("parameter {name} has the wrong type"));
        }
    }
    Ok(())
}

fn invalid(reason: &dyn std::fmt::Display) -> String {
    format!("Failed to parse the pipeline file: {reason}")
}

/// Returns the names of a pipeline's tasks, in an order in which they can run.
pub(super) fn tasks(spec: &Value) -> Vec<String> {
    let spec = spec.get("pipeline_spec").unwrap_or(spec);
    let tasks = spec.pointer("/root/dag/tasks").and_then(Value::as_object);
    let mut waiting: Vec<(&String, &Value)> = tasks.into_iter().flatten().collect();
    let mut ordered: Vec<String> = Vec::new();
    while !waiting.is_empty() {
        let ready = |task: &Value| {
            let before = task.get("dependentTasks").and_then(Value::as_array);
            let mut before = before.into_iter().flatten();
            before.all(|name| waiting.iter().all(|(known, _)| name != *known))
        };
        // Tasks that wait for each other are taken as they come.
        let next = waiting
            .iter()
            .position(|(_, task)| ready(task))
            .unwrap_or_default();
        ordered.push(waiting.remove(next).0.clone());
    }
    ordered
}
