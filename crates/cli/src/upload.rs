//! Uploading a pipeline.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use compute_kfp::Content;
use compute_kfp::kfp::{UploadNamed, Uploaded};
use serde_json::json;

use crate::bar;
use crate::failure::{Failure, say, unreadable};
use crate::options::{Options, with};
use crate::output::Format;
use crate::settings::Settings;

/// Upload a pipeline: a new one, or a new version if the name exists
///
/// If no pipeline has the name, it is created. Otherwise the package becomes a new version of the
/// pipeline with that name.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Package: a compiled pipeline in YAML, or a .zip or .tar.gz with one
    #[arg(value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// Name of the pipeline [default: `pipelineInfo.name` of the package]
    #[arg(long)]
    name: Option<String>,
    /// Name of the version [default: the pipeline's name, with the time if the pipeline exists]
    #[arg(long, value_name = "NAME")]
    version_name: Option<String>,
    /// Description of a new pipeline, or of the new version
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Namespace of the pipeline [default: the configured namespace]
    #[arg(long)]
    namespace: Option<String>,
}

impl Arguments {
    pub async fn run(&self, options: &Options) -> Result<(), Failure> {
        options.refuse_dry_run("an upload first looks for the pipeline")?;
        let path = &self.file;
        let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        // A pipe or a device has no length.
        let length = metadata.is_file().then_some(metadata.len());
        let client = Settings::read(options)?.kfp()?;
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        let bar = bar::of_bytes(options, &file_name, length);
        let shown = bar.clone();
        let package = Content::file(path).on_read(move |bytes| shown.set_position(bytes));
        let name = match &self.name {
            Some(name) => name.clone(),
            None => name_in(path)?,
        };
        let upload = client.upload_pipeline_named(name, package);
        let upload = with(
            upload,
            self.version_name.as_ref(),
            UploadNamed::version_name,
        );
        let upload = with(upload, self.description.as_ref(), UploadNamed::description);
        let upload = with(upload, self.namespace.as_ref(), UploadNamed::namespace);
        // The SDK sets no time limit for a file of any length.
        let sent = async { Ok(upload.send().await?) };
        let uploaded = options.in_time("the upload was not done", sent).await;
        drop(bar);
        print(options, client.transport().endpoint(), &uploaded?)
    }
}

/// Returns the name of the pipeline in a package, which Python's `kfp` uses too.
fn name_in(path: &Path) -> Result<String, Failure> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let file_name = path.file_name().unwrap_or_default().to_string_lossy();
    compute_kfp_sandbox::pipeline_name(&file_name, file).map_err(|reason| {
        Failure::Usage(format!(
            "`{}` is not a compiled pipeline: {reason}; compile it, or give --name",
            path.display()
        ))
    })
}

fn print(options: &Options, endpoint: &str, uploaded: &Uploaded) -> Result<(), Failure> {
    let (pipeline, version) = (&uploaded.pipeline, &uploaded.version);
    let output = options.format();
    if output != Format::Table {
        return output.response(&json!({"pipeline": pipeline, "version": version}), None);
    }
    let row = json!({
        "pipeline": pipeline.display_name,
        "pipeline_id": pipeline.pipeline_id,
        "version": version.display_name,
        "pipeline_version_id": version.pipeline_version_id,
    });
    output.response(&row, None)?;
    say(&format!(
        "uploaded to `{endpoint}`; start a run with `compute-kfp kfp create-run`, whose --help has an \
         example"
    ));
    Ok(())
}
