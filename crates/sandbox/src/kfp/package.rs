//! Compiled pipelines, as they are uploaded.

use std::io::{Cursor, Read};

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::store::Object;

/// A file may be this large, and so may everything that an archive unpacks to: a few bytes can
/// stand for gigabytes.
const LARGEST: u64 = 32 * 1024 * 1024;

/// Of several files in an archive, the one that counts.
const MAIN_FILE: &str = "pipeline.yaml";

/// Reads the pipeline that a file holds; its name tells the format.
pub(super) fn read(file_name: &str, content: &[u8]) -> Result<Object, String> {
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > LARGEST {
        return Err(format!("The file is larger than {LARGEST} bytes"));
    }
    let lower_case = file_name.to_ascii_lowercase();
    if lower_case.ends_with(".tar.gz") || lower_case.ends_with(".tgz") {
        let (name, content) = from_tar(content)?;
        return read_text(&name, &content);
    }
    if lower_case.ends_with(".zip") {
        let (name, content) = from_zip(content)?;
        return read_text(&name, &content);
    }
    read_text(file_name, content)
}

fn from_tar(content: &[u8]) -> Result<(String, Vec<u8>), String> {
    let mut archive = tar::Archive::new(GzDecoder::new(content).take(LARGEST));
    let mut files = Vec::new();
    let mut left = LARGEST;
    for entry in archive.entries().map_err(|error| invalid(&error))? {
        let entry = entry.map_err(|error| invalid(&error))?;
        let name = entry
            .path()
            .map_err(|error| invalid(&error))?
            .to_string_lossy()
            .into_owned();
        files.push((name, unpacked(entry, &mut left)?));
    }
    main_file(files)
}

/// Reads a file of an archive, of whose size `left` is left.
fn unpacked(file: impl Read, left: &mut u64) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    let read = file.take(*left).read_to_end(&mut content);
    let read = read.map_err(|error| invalid(&error))?;
    *left = left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
    if *left == 0 {
        return Err(invalid(&"the archive holds too much"));
    }
    Ok(content)
}

fn from_zip(content: &[u8]) -> Result<(String, Vec<u8>), String> {
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
    main_file(files)
}

fn main_file(mut files: Vec<(String, Vec<u8>)>) -> Result<(String, Vec<u8>), String> {
    files.retain(|(name, _)| !name.ends_with('/') && format(name).is_some());
    let main = files.iter().position(|(name, _)| name == MAIN_FILE);
    let place = main.unwrap_or_default();
    if place < files.len() {
        Ok(files.swap_remove(place))
    } else {
        Err(invalid(&"the archive holds no .yaml, .yml or .json"))
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

fn read_text(file_name: &str, content: &[u8]) -> Result<Object, String> {
    let documents: Vec<Value> = match format(file_name) {
        Some(Format::Json) => {
            vec![serde_json::from_slice(content).map_err(|error| invalid(&error))?]
        }
        Some(Format::Yaml) => {
            let text = std::str::from_utf8(content).map_err(|error| invalid(&error))?;
            serde_saphyr::from_multiple(text).map_err(|error| invalid(&error))?
        }
        None => {
            return Err(format!(
                "Unexpected format of the pipeline file {file_name}: \
                 it must be .yaml, .yml, .json, .zip or .tar.gz"
            ));
        }
    };
    let mut documents = documents.into_iter();
    let (pipeline, platform) = (documents.next(), documents.next());
    let Some(Value::Object(pipeline)) = pipeline.filter(is_pipeline) else {
        return Err(invalid(&"pipelineInfo and root are required"));
    };
    Ok(match platform {
        None => pipeline,
        Some(platform) => Object::from_iter([
            ("pipeline_spec".to_owned(), json!(pipeline)),
            ("platform_spec".to_owned(), platform),
        ]),
    })
}

fn is_pipeline(document: &Value) -> bool {
    document.get("pipelineInfo").is_some() && document.get("root").is_some()
}

fn invalid(reason: &dyn std::fmt::Display) -> String {
    format!("Failed to parse the pipeline file: {reason}")
}

/// The names of a pipeline's tasks, in an order in which they can run.
pub(super) fn tasks(spec: &Value) -> Vec<String> {
    let spec = spec.get("pipeline_spec").unwrap_or(spec);
    let tasks = spec.pointer("/root/dag/tasks").and_then(Value::as_object);
    let mut waiting: Vec<(&String, &Value)> = tasks.into_iter().flatten().collect();
    let mut ordered: Vec<String> = Vec::new();
    while !waiting.is_empty() {
        let ready = |task: &Value| {
            let before = task.get("dependentTasks").and_then(Value::as_array);
            before.into_iter().flatten().all(|name| {
                let is_ordered = ordered
                    .iter()
                    .any(|known| Some(known.as_str()) == name.as_str());
                is_ordered
                    || !waiting
                        .iter()
                        .any(|(known, _)| Some(known.as_str()) == name.as_str())
            })
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
