//! Compares the SDK with other clients, and writes `RESULTS.md`.
//!
//! `make bench` runs everything, `make bench-quick` what needs no other language.

mod candidate;
mod cost;
mod data;
mod machine;
mod measures;
mod nginx;
mod report;
mod sameness;
mod statistics;
mod user_crate;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::candidate::Candidate;
use crate::data::Data;
use crate::nginx::Nginx;
use crate::report::Report;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Compares the SDK with other clients.
#[derive(Parser)]
struct Arguments {
    /// Skip what needs another language or takes long, and print the results
    #[arg(long)]
    quick: bool,
    /// Run only this measure; can be repeated
    #[arg(long, value_name = "MEASURE")]
    only: Vec<String>,
    /// Number of rounds, each with one or more turns per candidate [default: 5, or 3 with --quick]
    #[arg(long)]
    rounds: Option<usize>,
}

/// The inputs of every measure.
struct Bench {
    /// The directory `benches` of the project.
    directory: PathBuf,
    quick: bool,
    rounds: usize,
    data: Data,
    nginx: Nginx,
}

impl Bench {
    /// The workspace of the SDK.
    fn project(&self) -> &Path {
        self.directory.parent().unwrap_or(&self.directory)
    }

    /// The Python in which the official clients are installed.
    fn python(&self) -> PathBuf {
        self.project().join("contract/witness/.venv/bin/python")
    }
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let known = measures::ALL.iter().map(|(name, _)| *name);
    if let Some(unknown) = arguments
        .only
        .iter()
        .find(|wanted| !known.clone().any(|name| name == *wanted))
    {
        let known: Vec<&str> = known.collect();
        return Err(format!("unknown measure `{unknown}`; known: {}", known.join(", ")).into());
    }
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let data = Data::write(&directory.join("data"))?;
    let nginx = Nginx::start(data.directory())?;
    let bench = Bench {
        directory,
        quick: arguments.quick,
        rounds: arguments
            .rounds
            .unwrap_or(if arguments.quick { 3 } else { 5 }),
        data,
        nginx,
    };
    // Reports a missing program before an hour of measuring.
    let machine = machine::describe(&bench)?;
    let mut report = Report::default();
    let mut failed = Vec::new();
    for (name, measure) in measures::ALL {
        let is_wanted = match arguments.only.as_slice() {
            [] => !(bench.quick && measures::LONG.contains(name)),
            only => only.iter().any(|wanted| wanted == name),
        };
        if is_wanted {
            eprintln!("measuring {name}");
            if let Err(error) = measure(&bench, &mut report) {
                eprintln!("error: {name}: {error}");
                report.failed(name, &*error);
                failed.push(*name);
            }
        }
    }
    let whole = arguments.only.is_empty() && !arguments.quick;
    let text = report.markdown(&machine)?;
    if whole {
        fs::write(bench.directory.join("RESULTS.md"), &text)?;
    } else {
        println!("{text}");
    }
    match failed.as_slice() {
        [] => Ok(()),
        failed => Err(format!("failed measures: {}", failed.join(", ")).into()),
    }
}
