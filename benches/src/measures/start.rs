//! Size and start time of programs that call one operation, and of the command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use crate::cost;
use crate::report::{Report, Table};
use crate::statistics::Samples;
use crate::user_crate::{UserCrate, sdk_program};
use crate::{Bench, Result};

/// Starts of a program.
const STARTS: usize = 100;
/// Starts of a slow program.
const SLOW_STARTS: usize = 10;

const HAND_WRITTEN: &str = "hand-written";

/// A program with its arguments.
struct Program {
    name: String,
    words: Vec<PathBuf>,
    starts: usize,
}

impl Program {
    fn new(name: impl Into<String>, words: Vec<PathBuf>) -> Self {
        Self {
            name: name.into(),
            words,
            starts: STARTS,
        }
    }
}

pub fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let kfp = include_str!("../../programs/facade_kfp.rs");
    let compute = include_str!("../../programs/facade_compute.rs");
    let hand_written = UserCrate::hand_written(bench, HAND_WRITTEN)?;
    let users = [
        UserCrate::with_sdk(bench, "compute-kfp, KFP", "", kfp)?,
        UserCrate::with_sdk(bench, "compute-kfp, Compute", "", compute)?,
    ];
    let mut sizes = Table::new(
        "Release binary that calls one operation",
        "MB",
        "Profile `release`, stripped.",
    )
    .beside(HAND_WRITTEN);
    let url = PathBuf::from(bench.nginx.url());
    let mut programs = Vec::new();
    for user in [&hand_written].into_iter().chain(&users) {
        let program = user.stripped(bench)?;
        let size = megabytes(&program)?;
        sizes = sizes.row(&user.name, [size].into_iter().collect());
        programs.push(Program::new(&user.name, vec![program, url.clone()]));
    }
    report.table(sizes);
    programs.extend(python(bench)?);
    report.table(started("Process start and first call", &programs)?);
    command_line(bench, report)
}

fn command_line(bench: &Bench, report: &mut Report) -> Result<()> {
    let program = sdk_program(bench, "compute-kfp-cli", "compute-kfp")?;
    let programs = ["--help", "operations"].map(|argument| {
        Program::new(
            format!("compute-kfp {argument}"),
            vec![program.clone(), argument.into()],
        )
    });
    report.table(started("Start of the command line", &programs)?);
    Ok(())
}

/// Returns the official clients, if `make bench` installed them.
fn python(bench: &Bench) -> Result<Vec<Program>> {
    let python = bench.python();
    if bench.quick {
        return Ok(Vec::new());
    }
    if !python.exists() {
        eprintln!(
            "skipping the official Python clients: no {}; `make referees` installs them",
            python.display()
        );
        return Ok(Vec::new());
    }
    let program = |name: &str, file: &str| Program {
        starts: SLOW_STARTS,
        ..Program::new(
            name,
            vec![
                python.clone(),
                bench.directory.join("programs").join(file),
                bench.nginx.url().into(),
            ],
        )
    };
    Ok(vec![
        program("kfp-server-api", "start_kfp.py"),
        program("qi-compute-api-client", "start_compute.py"),
    ])
}

/// Measures the wall time of each program.
fn started(title: &str, programs: &[Program]) -> Result<Table> {
    let mut samples = vec![Samples::default(); programs.len()];
    // Child processes inherit the core. A `taskset` that starts them would be measured too.
    let cores = taskset(&[])?;
    taskset(&["0"])?;
    let rounds = programs.iter().map(|program| program.starts).max();
    for round in 0..rounds.unwrap_or_default() {
        for (program, wall) in programs.iter().zip(&mut samples) {
            let [file, arguments @ ..] = program.words.as_slice() else {
                continue;
            };
            if round >= program.starts {
                continue;
            }
            let (cost, _) = cost::of(Command::new(file).args(arguments))?;
            wall.push(cost.wall_s * 1e3);
        }
    }
    let (_, cores) = cores.rsplit_once(": ").unwrap_or_default();
    taskset(&[cores.trim()])?;
    let mut table = Table::new(
        title,
        "ms",
        "Wall time from starting the program to its end. A call is one small GET from nginx.",
    );
    for (program, wall) in programs.iter().zip(samples) {
        table = table.row(&program.name, wall);
    }
    Ok(table)
}

/// Prints the cores that this program may use, after setting them if there are some.
fn taskset(cores: &[&str]) -> Result<String> {
    let mut taskset = Command::new("taskset");
    taskset.args(["--cpu-list", "--pid"]).args(cores);
    let (_, output) = cost::of(taskset.arg(process::id().to_string()))?;
    Ok(String::from_utf8(output)?)
}

#[expect(clippy::cast_precision_loss, reason = "it is shown in three digits")]
fn megabytes(program: &Path) -> Result<f64> {
    Ok(fs::metadata(program)?.len() as f64 / 1e6)
}
