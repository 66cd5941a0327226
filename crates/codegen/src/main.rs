//! `compute-kfp-codegen`: generates the code of a client crate, or the crate, from an API spec.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use compute_kfp_codegen::{
    Overlay, Spec, crate_name, generate, openapi, openapi30, write, write_crate,
};

/// Generate the code of a Rust client from an API spec.
///
/// Exit status: 0 done, 1 the spec cannot be generated or a file cannot be written, 2 wrong usage.
#[derive(Parser)]
#[command(name = "compute-kfp-codegen", version)]
struct Arguments {
    /// API spec: Swagger 2.0, OpenAPI 3.0 or OpenAPI 3.1, as JSON or YAML.
    ///
    /// It may refer to other files below its directory.
    #[arg(long, value_name = "FILE")]
    spec: PathBuf,
    /// Overlay for the OpenAPI 3.0 form of the spec (OpenAPI Overlay 1.0); may be repeated.
    #[arg(long, value_name = "FILE")]
    overlay: Vec<PathBuf>,
    /// Directory for the code; nothing in it changes unless all files can be written.
    #[arg(long, value_name = "DIR", required_unless_present_any = ["emit_openapi", "crate_dir"])]
    out: Option<PathBuf>,
    /// Directory for a crate with the code.
    ///
    /// An existing Cargo.toml, README.md and src/lib.rs are kept.
    #[arg(long = "crate", value_name = "DIR", conflicts_with_all = ["out", "crate_name"])]
    crate_dir: Option<PathBuf>,
    /// Name of the crate [default: the title of the spec].
    #[arg(
        long,
        value_name = "NAME",
        requires = "crate_dir",
        conflicts_with = "out"
    )]
    name: Option<String>,
    /// Directory of compute-kfp-runtime [default: of the checkout, or the published version].
    #[arg(
        long,
        value_name = "DIR",
        requires = "crate_dir",
        conflicts_with = "out"
    )]
    runtime: Option<PathBuf>,
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

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let mut spec = spec(arguments)?;
    let mut name = arguments.name.clone().unwrap_or_default();
    if arguments.crate_dir.is_some() {
        if name.is_empty() {
            let lifted = openapi30(&spec)?;
            let title = lifted.pointer("/info/title").and_then(|it| it.as_str());
            name = crate_name(title.unwrap_or_default());
        }
        spec = spec.for_crate(name.replace('-', "_"));
    }
    let generated = generate(&spec)?;
    let warnings = generated.warnings();
    if arguments.strict && !warnings.is_empty() {
        let lines: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        return Err(lines.join("\n").into());
    }
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
    if let Some(out) = &arguments.out {
        write(&generated, out)?;
    }
    if let Some(directory) = &arguments.crate_dir {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime");
        let checkout = checkout.join("Cargo.toml").is_file().then_some(checkout);
        let runtime = arguments.runtime.clone().or(checkout);
        let kept = write_crate(&generated, directory, &name, runtime.as_deref());
        for file in kept? {
            println!("kept {}", directory.join(file).display());
        }
    }
    if let Some(file) = &arguments.emit_openapi {
        let text = serde_json::to_string_pretty(&openapi(&spec)?)?;
        fs_err::write(file, text + "\n")?;
    }
    println!(
        "{}, {}, {}",
        count(generated.operations(), "operation"),
        count(generated.types(), "type"),
        count(warnings.len(), "warning")
    );
    Ok(())
}

fn count(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

fn spec(arguments: &Arguments) -> Result<Spec, compute_kfp_codegen::Error> {
    let mut spec = Spec::from_file(&arguments.spec)?;
    for overlay in &arguments.overlay {
        spec = spec.overlay(Overlay::from_file(overlay)?);
    }
    if let Some(name) = &arguments.crate_name {
        spec = spec.for_crate(name);
    }
    Ok(spec)
}
