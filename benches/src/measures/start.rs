//! What is shipped and how fast it starts: programs that call one operation, and the command line.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::cost;
use crate::report::{Report, Table, shown};
use crate::statistics::Samples;
use crate::user_crate::{UserCrate, sdk_program};
use crate::{Bench, Result};

/// How often a program is started.
const STARTS: usize = 100;
/// Those that take long.
const SLOW_STARTS: usize = 10;

const HAND_WRITTEN: &str = "hand-written";

/// A program with its arguments.
pub struct Program {
    name: String,
    words: Vec<PathBuf>,
    starts: usize,
}

impl Program {
    pub fn new(name: impl Into<String>, words: Vec<PathBuf>) -> Self {
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
        "Cargo's profile `release`, stripped.",
    )
    .beside(HAND_WRITTEN);
    let url = PathBuf::from(bench.nginx.url());
    let mut programs = Vec::new();
    let mut greatest: f64 = 0.0;
    let mut base = 0.0;
    for user in [&hand_written].into_iter().chain(&users) {
        let program = user.stripped(bench)?;
        let size = megabytes(&program)?;
        if user.name == HAND_WRITTEN {
            base = size;
        } else {
            greatest = greatest.max(size);
        }
        sizes = sizes.row(&user.name, [size].into_iter().collect());
        programs.push(Program::new(&user.name, vec![program, url.clone()]));
    }
    report.goal(
        "stripped release binary that calls one operation, relative to hand-written",
        "≤ 1.06",
        format!(
            "{:.2} ({} MB to {} MB)",
            greatest / base,
            shown(greatest),
            shown(base)
        ),
        greatest <= 1.06 * base,
    );
    report.table(sizes);
    programs.extend(python(bench)?);
    let (wall, cpu) = started("Process start and first call", &programs)?;
    let ours = users.iter().map(|user| wall.median(&user.name));
    let ours = ours.fold(0.0, f64::max);
    report.goal(
        "process start and first call",
        "≤ 3 ms",
        format!(
            "{} ms (hand-written {} ms)",
            shown(ours),
            shown(wall.median(HAND_WRITTEN))
        ),
        ours <= 3.0,
    );
    report.table(wall);
    report.table(cpu);
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
    let (wall, cpu) = started("Start of the command line", &programs)?;
    for program in &programs {
        let took = wall.median(&program.name);
        report.goal(
            format!("`{}`", program.name),
            "< 20 ms",
            format!("{} ms", shown(took)),
            took < 20.0,
        );
    }
    report.table(wall);
    report.table(cpu);
    Ok(())
}

/// The official clients, where `make bench` installed them.
fn python(bench: &Bench) -> Result<Vec<Program>> {
    let python = bench.python();
    if bench.quick {
        return Ok(Vec::new());
    }
    if !python.exists() {
        eprintln!(
            "the official Python clients are left out: there is no {}; `make referees` installs them",
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
                bench.folder.join("programs").join(file),
                bench.nginx.url().into(),
            ],
        )
    };
    Ok(vec![
        program("kfp-server-api", "start_kfp.py"),
        program("qi-compute-api-client", "start_compute.py"),
    ])
}

/// Wall and CPU time from starting each program to its end.
pub fn started(what: &str, programs: &[Program]) -> Result<(Table, Table)> {
    let mut samples = vec![(Samples::default(), Samples::default()); programs.len()];
    let cores = sched_getaffinity(Pid::from_raw(0))?;
    let mut first = CpuSet::new();
    first.set(0)?;
    // Inherited by what is started; a program that moves there first would be counted.
    sched_setaffinity(Pid::from_raw(0), &first)?;
    let rounds = programs.iter().map(|program| program.starts).max();
    for round in 0..rounds.unwrap_or_default() {
        for (program, (wall, cpu)) in programs.iter().zip(&mut samples) {
            let [file, arguments @ ..] = program.words.as_slice() else {
                continue;
            };
            if round >= program.starts {
                continue;
            }
            let (cost, _) = cost::of(Command::new(file).args(arguments))?;
            wall.push(cost.wall_s * 1e3);
            cpu.push(cost.cpu_s * 1e3);
        }
    }
    sched_setaffinity(Pid::from_raw(0), &cores)?;
    let mut walls = Table::new(
        format!("{what}, wall"),
        "ms",
        "From the start of the program to its end. A call is one small GET, to nginx.",
    );
    let mut cpus = Table::new(
        format!("{what}, CPU"),
        "ms of CPU",
        "The same runs, in the resolution of the system's counter.",
    );
    for (program, (wall, cpu)) in programs.iter().zip(samples) {
        walls = walls.row(&program.name, wall);
        cpus = cpus.row(&program.name, cpu);
    }
    Ok((walls, cpus))
}

#[expect(clippy::cast_precision_loss, reason = "it is shown in three digits")]
pub fn megabytes(program: &std::path::Path) -> Result<f64> {
    Ok(fs::metadata(program)?.len() as f64 / 1e6)
}
