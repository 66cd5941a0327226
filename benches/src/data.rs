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

/// Pages of the long list of runs, which has 100,000.
pub const RUN_PAGES: usize = 500;

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

    /// Makes the long list of runs, behind `/long`: each page has the token of the next.
    pub fn write_run_pages(&self, templates: &Path) -> Result<()> {
        if self.file("long").exists() {
            return Ok(());
        }
        fs::create_dir(self.file("long"))?;
        let run = template(templates, "run.json")?;
        for page in 0..RUN_PAGES {
            let first = page * RUNS;
            let mut answer = json!({
                "runs": (first..first + RUNS).map(|index| filled(&run, index)).collect::<Vec<_>>(),
                "total_size": RUN_PAGES * RUNS,
            });
            if page + 1 < RUN_PAGES {
                answer["next_page_token"] = token(page + 1).into();
            }
            let of_page = if page == 0 {
                String::new()
            } else {
                token(page)
            };
            self.save(&format!("long/runs{of_page}.json"), &answer)?;
        }
        Ok(())
    }

    /// Makes a list of jobs that goes on for this many numbered pages.
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

    /// Makes the answer of a run that goes on.
    pub fn write_running(&self, templates: &Path) -> Result<()> {
        let mut run = filled(&template(templates, "run.json")?, 1);
        run["state"] = "RUNNING".into();
        if let Value::Object(properties) = &mut run {
            properties.shift_remove("finished_at");
        }
        self.save("running.json", &run)
    }

    /// Makes a file of this many bytes, to be uploaded.
    pub fn write_upload(&self, bytes: usize) -> Result<PathBuf> {
        let path = self.file("upload.yaml");
        fs::write(
            &path,
            b"components: {} # \n"
                .repeat(bytes.div_ceil(18))
                .split_at(bytes)
                .0,
        )?;
        Ok(path)
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

/// A token as long as those of the server are.
fn token(page: usize) -> String {
    format!("eyJTb3J0QnlGaWVsZE5hbWUiOiJDcmVhdGVkQXRJblNlYyIsIlBhZ2UiOj{page:06}fQ")
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
