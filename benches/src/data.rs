//! The answers that the static server gives.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Result;

/// Runs on a page, as many as the server allows.
pub const RUNS: usize = 200;
/// Jobs on a page, as many as the server allows.
pub const JOBS: usize = 100;

/// A folder of answers, as the server finds them by path and query.
pub struct Data {
    folder: TempDir,
}

impl Data {
    /// Makes the answers of the templates in `folder`.
    pub fn write(folder: &Path) -> Result<Self> {
        let run = template(folder, "run.json")?;
        let job = template(folder, "job.json")?;
        let data = Self {
            folder: tempfile::Builder::new()
                .prefix("compute-kfp-bench")
                .tempdir()?,
        };
        data.save("run.json", &filled(&run, 1))?;
        data.save(
            "runs.json",
            &json!({
                "runs": (0..RUNS).map(|index| filled(&run, index)).collect::<Vec<_>>(),
                "total_size": RUNS,
            }),
        )?;
        data.save(
            "jobs.json",
            &json!({
                "items": (0..JOBS).map(|index| filled(&job, index)).collect::<Vec<_>>(),
                "total": JOBS, "page": 1, "size": JOBS, "pages": 1,
            }),
        )?;
        Ok(data)
    }

    /// Where the answers are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where one answer is.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn save(&self, name: &str, answer: &Value) -> Result<()> {
        Ok(fs::write(self.file(name), answer.to_string())?)
    }
}

fn template(folder: &Path, name: &str) -> Result<Value> {
    let path = folder.join(name);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// The template with its place in the list: `{number}` becomes a number, `{index}` four digits and
/// `{minute}` two.
fn filled(template: &Value, index: usize) -> Value {
    match template {
        Value::String(text) if text == "{number}" => json!(index),
        Value::String(text) => text
            .replace("{index}", &format!("{index:04}"))
            .replace("{minute}", &format!("{:02}", index % 60))
            .into(),
        Value::Array(items) => items.iter().map(|item| filled(item, index)).collect(),
        Value::Object(properties) => properties
            .iter()
            .map(|(name, value)| (name.clone(), filled(value, index)))
            .collect(),
        other => other.clone(),
    }
}
