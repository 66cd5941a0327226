//! Responses of the static server.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Result;

/// Runs on a page: the limit of the server.
pub const RUNS: usize = 200;
/// Jobs on a page: the limit of the server.
pub const JOBS: usize = 100;

/// Pages of the long list of runs, which has 100,000.
pub const RUN_PAGES: usize = 500;

/// A directory of responses, named by path and query.
pub struct Data {
    directory: TempDir,
}

impl Data {
    /// Writes the responses, from templates.
    pub fn write(templates: &Path) -> Result<Self> {
        let run = template(templates, "run.json")?;
        let job = template(templates, "job.json")?;
        let data = Self {
            directory: tempfile::Builder::new()
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

    /// Writes the long list of runs, below `/long`. Each page has the token of the next.
    pub fn write_run_pages(&self, templates: &Path) -> Result<()> {
        if self.file("long").exists() {
            return Ok(());
        }
        fs::create_dir(self.file("long"))?;
        let run = template(templates, "run.json")?;
        for page in 0..RUN_PAGES {
            let first = page * RUNS;
            let mut page_of_runs = json!({
                "runs": (first..first + RUNS).map(|index| filled(&run, index)).collect::<Vec<_>>(),
                "total_size": RUN_PAGES * RUNS,
            });
            if page + 1 < RUN_PAGES {
                page_of_runs["next_page_token"] = token(page + 1).into();
            }
            let of_page = if page == 0 {
                String::new()
            } else {
                token(page)
            };
            self.save(&format!("long/runs{of_page}.json"), &page_of_runs)?;
        }
        Ok(())
    }

    /// Writes a list of jobs with this many numbered pages.
    pub fn write_job_pages(&self, templates: &Path, pages: usize) -> Result<()> {
        let job = template(templates, "job.json")?;
        for page in 1..=pages {
            let first = (page - 1) * JOBS;
            self.save(
                &format!("jobs{page}.json"),
                &json!({
                    "items": (first..first + JOBS).map(|index| filled(&job, index)).collect::<Vec<_>>(),
                    "total": pages * JOBS, "page": page, "size": JOBS, "pages": pages,
                }),
            )?;
        }
        Ok(())
    }

    /// Returns the directory of the responses.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the path of one response.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }

    fn save(&self, name: &str, response: &Value) -> Result<()> {
        Ok(fs::write(self.file(name), response.to_string())?)
    }
}

/// Returns a token as long as those of the server.
fn token(page: usize) -> String {
    format!("eyJTb3J0QnlGaWVsZE5hbWUiOiJDcmVhdGVkQXRJblNlYyIsIlBhZ2UiOj{page:06}fQ")
}

fn template(directory: &Path, name: &str) -> Result<Value> {
    let path = directory.join(name);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// Fills in the index of an item: `{number}` becomes a number, `{index}` four digits, `{minute}` two.
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
