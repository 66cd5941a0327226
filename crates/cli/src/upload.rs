//! Uploading a pipeline.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};
use compute_kfp::Content;
use compute_kfp::kfp::Uploaded;
use serde_json::json;

use crate::bar::Bar;
use crate::failure::Failure;
use crate::globals::{self, Globals};
use crate::output::{Format, Output};
use crate::package;
use crate::settings::Settings;

pub const NAME: &str = "upload";

pub fn command() -> Command {
    Command::new(NAME)
        .about("Upload a pipeline under a name: a new pipeline, or a new version of it")
        .long_about(
            "Upload a pipeline under a name: a new pipeline, or a new version of it\n\nWhere no pipeline \
             has the name, it is created; otherwise the package becomes a new version of the one that \
             has it.",
        )
        .arg(
            Arg::new("file")
                .required(true)
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .value_hint(ValueHint::FilePath)
                .help("Package: the YAML that a pipeline is compiled to, or a .zip or .tar.gz of it"),
        )
        .arg(globals::text("name", "NAME").help("Name of the pipeline [default: `pipelineInfo.name` of the package]"))
        .arg(globals::text("version-name", "NAME").help(
            "Name of the version [default: the name of the pipeline, for a further version with the time]",
        ))
        .arg(
            globals::text("description", "TEXT")
                .help("What the pipeline does, or what is special about the version"),
        )
        .arg(globals::text("namespace", "NAMESPACE").help("Namespace of the pipeline; the one that is set up unless given"))
}

pub async fn run(globals: &Globals, matches: &ArgMatches) -> Result<(), Failure> {
    globals.refuse_dry_run("an upload begins with a look for the pipeline")?;
    let text = |name| matches.get_one::<String>(name).cloned();
    let Some(path) = matches.get_one::<PathBuf>("file") else {
        return Ok(());
    };
    let length = length(path)?;
    let client = Settings::read(globals)?.kfp()?;
    let file_name = path.file_name().unwrap_or_default().to_string_lossy();
    let bar = Bar::of_bytes(globals, &file_name, length);
    let shown = bar.clone();
    let package = Content::file(path).on_read(move |bytes| shown.set_position(bytes));
    let name = match text("name") {
        Some(name) => name,
        None => package::pipeline_name(path)?,
    };
    let mut upload = client.upload_pipeline_named(name, package);
    if let Some(name) = text("version-name") {
        upload = upload.version_name(name);
    }
    if let Some(description) = text("description") {
        upload = upload.description(description);
    }
    if let Some(namespace) = text("namespace") {
        upload = upload.namespace(namespace);
    }
    // The SDK leaves it to the length of a file how long an upload may take.
    let sent = async { Ok(upload.send().await?) };
    let uploaded = globals.in_time("the upload was not done", sent).await;
    drop(bar);
    print(globals, &uploaded?)
}

/// Returns the number of bytes to upload. It is unknown for a pipe or a device.
fn length(path: &Path) -> Result<Option<u64>, Failure> {
    let metadata = fs::metadata(path).map_err(|error| {
        let what = format!("the file `{}` cannot be read", path.display());
        Failure::io(what, &error)
    })?;
    Ok(metadata.is_file().then_some(metadata.len()))
}

fn print(globals: &Globals, uploaded: &Uploaded) -> Result<(), Failure> {
    let (pipeline, version) = (&uploaded.pipeline, &uploaded.version);
    let mut output = Output::new(globals.output);
    let answer = match output.format() {
        Format::Table => json!({
            "pipeline": pipeline.display_name,
            "pipeline_id": pipeline.pipeline_id,
            "version": version.display_name,
            "pipeline_version_id": version.pipeline_version_id,
        }),
        _ => json!({"pipeline": pipeline, "version": version}),
    };
    output.answer(&answer, None)
}
