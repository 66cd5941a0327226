//! `compute-kfp-codegen`: generates the code of a client crate from an API description.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use compute_kfp_codegen::{Error, Overlay, Source, generate, openapi, write};

/// Generates the code of a Rust client from an API description.
///
/// Exit status: 0 done, 1 the description cannot be generated or the folder not written, 2 usage.
#[derive(Parser)]
#[command(name = "compute-kfp-codegen", version)]
struct Arguments {
    /// API description: Swagger 2.0, OpenAPI 3.0 or OpenAPI 3.1, as JSON.
    #[arg(long, value_name = "FILE")]
    spec: PathBuf,
    /// Fix-up for the OpenAPI 3.0 form of the description (OpenAPI Overlay 1.0, JSON); may be repeated.
    #[arg(long, value_name = "FILE")]
    overlay: Vec<PathBuf>,
    /// Directory for the code; nothing in it changes unless all files can be written.
    #[arg(long, value_name = "DIR", required_unless_present = "emit_openapi")]
    out: Option<PathBuf>,
    /// Write the spec as an OpenAPI 3.0.3 document that other tools accept.
    #[arg(long, value_name = "FILE")]
    emit_openapi: Option<PathBuf>,
    /// Crate the code is for, as its users write it; adds examples to the documentation.
    #[arg(long, value_name = "NAME")]
    crate_name: Option<String>,
    /// Treat warnings as errors.
    #[arg(long)]
    strict: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let source = source(arguments).map_err(|error| error.to_string())?;
    let generated = generate(&source).map_err(|error| error.to_string())?;
    let warnings = generated.warnings();
    if arguments.strict && !warnings.is_empty() {
        let lines: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        return Err(lines.join("\n"));
    }
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
    if let Some(out) = &arguments.out {
        write(&generated, out).map_err(|error| error.to_string())?;
    }
    if let Some(file) = &arguments.emit_openapi {
        emit_openapi(&source, file)?;
    }
    Ok(())
}

fn emit_openapi(source: &Source, file: &Path) -> Result<(), String> {
    let document = openapi(source).map_err(|error| error.to_string())?;
    let text = serde_json::to_string_pretty(&document).map_err(|error| error.to_string())?;
    fs_err::write(file, text + "\n").map_err(|error| error.to_string())
}

fn source(arguments: &Arguments) -> Result<Source, Error> {
    let mut source = Source::from_file(&arguments.spec)?;
    for overlay in &arguments.overlay {
        source = source.overlay(Overlay::from_file(overlay)?);
    }
    if let Some(name) = &arguments.crate_name {
        source = source.for_crate(name);
    }
    Ok(source)
}
