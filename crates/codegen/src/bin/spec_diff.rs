//! `compute-kfp-spec-diff`: compares two versions of a spec.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use compute_kfp_codegen::{Overlay, Spec, add_to_changelog, compare};

/// Compare two versions of a spec: what was added, removed or changed, and what breaks callers of
/// the generated code.
///
/// Exit status: 0 done, 1 a file cannot be used, 2 wrong usage, 3 callers would break (with
/// --fail-on-breaking).
#[derive(Parser)]
#[command(name = "compute-kfp-spec-diff", version)]
struct Arguments {
    /// Old version of the spec: Swagger 2.0, OpenAPI 3.0 or OpenAPI 3.1, as JSON or YAML.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// New version of the spec.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Overlay for both versions (OpenAPI Overlay 1.0, JSON or YAML); may be repeated. Actions that
    /// match nothing are ignored.
    #[arg(long, value_name = "FILE")]
    overlay: Vec<PathBuf>,
    /// Changelog to add the entry to, under `## [Unreleased]`.
    #[arg(long, value_name = "FILE")]
    changelog: Option<PathBuf>,
    /// Exit with status 3 if callers of the generated code would break.
    #[arg(long)]
    fail_on_breaking: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(status) => status,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let spec = |path: &Path| -> Result<Spec, compute_kfp_codegen::Error> {
        let mut spec = Spec::from_file(path)?;
        for overlay in &arguments.overlay {
            spec = spec.overlay(Overlay::from_file(overlay)?);
        }
        Ok(spec)
    };
    let comparison = compare(&spec(&arguments.old)?, &spec(&arguments.new)?)?;
    print!("{}", comparison.report());
    if let Some(path) = &arguments.changelog {
        let before = fs_err::read_to_string(path)?;
        let after = add_to_changelog(&before, &comparison).ok_or_else(|| {
            let path = path.display();
            format!(
                "{path}: the line `## [Unreleased]` is missing; add it above the latest release"
            )
        })?;
        if after != before {
            fs_err::write(path, after)?;
        }
    }
    let fails = arguments.fail_on_breaking && comparison.breaks_callers();
    Ok(if fails {
        ExitCode::from(3)
    } else {
        ExitCode::SUCCESS
    })
}
