//! Compiled pipelines, as they are uploaded.

use serde_json::{Value, json};

use crate::store::Object;

/// Reads the pipeline that a file holds; its name tells the format.
pub(super) fn read(file_name: &str, content: &[u8]) -> Result<Object, String> {
    let ending = file_name.rsplit_once('.').map(|(_, ending)| ending);
    let documents: Vec<Value> = match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("json") => vec![serde_json::from_slice(content).map_err(|error| invalid(&error))?],
        Some("yaml" | "yml") => {
            let text = std::str::from_utf8(content).map_err(|error| invalid(&error))?;
            serde_saphyr::from_multiple(text).map_err(|error| invalid(&error))?
        }
        _ => {
            return Err(format!(
                "Unexpected format of the pipeline file {file_name}: the sandbox reads .yaml, .yml and .json"
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
