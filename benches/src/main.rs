//! Measures the SDK beside its peers, and writes what came of it into `RESULTS.md`.
//!
//! `make bench` runs all of it, `make bench-quick` what needs no other language.

mod candidate;
mod cost;
mod data;
mod machine;
mod measures;
mod nginx;
mod report;
mod rustc_times;
mod sameness;
mod statistics;
mod user_crate;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use clap::Parser;

use crate::candidate::Candidate;
use crate::data::Data;
use crate::nginx::Nginx;
use crate::report::Report;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Measures the SDK beside its peers.
#[derive(Parser)]
struct Arguments {
    /// Leaves out what needs another language, and what takes long; the results go to the terminal.
    #[arg(long)]
    quick: bool,
    /// Measures only this; repeat it for several.
    #[arg(long, value_name = "MEASURE")]
    only: Vec<String>,
    /// How many rounds there are, of one turn or several for each candidate; 5 unless set, and 3 in a
    /// quick run.
    #[arg(long)]
    rounds: Option<usize>,
    /// Measures nothing, but starts the server for a profiler's sake, tells its address and the folder
    /// of its answers, and goes on until the input ends.
    #[arg(long, conflicts_with_all = ["quick", "only", "rounds"])]
    serve: bool,
    /// Measures nothing, but puts the notes as they are now into `RESULTS.md`.
    #[arg(long, conflicts_with_all = ["quick", "only", "rounds", "serve"])]
    notes: bool,
}

/// What every measure works with.
struct Bench {
    /// The folder `benches` of the project.
    folder: PathBuf,
    quick: bool,
    rounds: usize,
    data: Data,
    nginx: Nginx,
}

impl Bench {
    /// The workspace of the SDK.
    fn project(&self) -> &Path {
        self.folder.parent().unwrap_or(&self.folder)
    }

    /// The Python that has the official clients.
    fn python(&self) -> PathBuf {
        self.project().join("contract/witness/.venv/bin/python")
    }
}

fn main() -> ExitCode {
    if let Some(status) = rustc_times::wrapped_rustc() {
        return status;
    }
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
        return Err(format!("there is no measure `{unknown}`, but {}", known.join(", ")).into());
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    if arguments.notes {
        let results = folder.join("RESULTS.md");
        let text = report::with_notes(&fs::read_to_string(&results)?, &folder)?;
        return Ok(fs::write(&results, text)?);
    }
    let data = Data::write(&folder.join("data"))?;
    let nginx = Nginx::start(data.folder())?;
    if arguments.serve {
        data.write_run_pages(&folder.join("data"))?;
        println!("{} {}", nginx.url(), data.folder().display());
        io::copy(&mut io::stdin(), &mut io::sink())?;
        return Ok(());
    }
    let bench = Bench {
        folder,
        quick: arguments.quick,
        rounds: arguments
            .rounds
            .unwrap_or(if arguments.quick { 3 } else { 5 }),
        data,
        nginx,
    };
    // What is missing on this machine is better told before an hour of measuring.
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
                // What was measured before took long, and is told all the same.
                eprintln!("error: {name}: {error}");
                report.failed(name, &*error);
                failed.push(*name);
            }
        }
    }
    let whole = arguments.only.is_empty() && !arguments.quick;
    let text = report.markdown(&machine, &bench.folder)?;
    if whole {
        fs::write(bench.folder.join("RESULTS.md"), &text)?;
    } else {
        println!("{text}");
    }
    match failed.as_slice() {
        [] => Ok(()),
        failed => Err(format!("could not be measured: {}", failed.join(", ")).into()),
    }
}
