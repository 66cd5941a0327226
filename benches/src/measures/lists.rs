//! A list of 100,000 runs: CPU time and memory.

use std::path::Path;
use std::process::Command;

use crate::candidate::take_turns;
use crate::cost;
use crate::data::{RUN_PAGES, RUNS};
use crate::report::{Report, Table};
use crate::statistics::Samples;
use crate::user_crate::UserCrate;
use crate::{Bench, Candidate, Result};

/// Lengths of lists.
const LENGTHS: [usize; 3] = [1000, 10_000, LONGEST];
const LONGEST: usize = RUN_PAGES * RUNS;
/// Turns of each round. One takes less than a second.
const TURNS: usize = 3;

const ITEMS: &str = "compute-kfp, `.items()`";
const BY_PAGE: &str = "compute-kfp, page by page";
const HAND_WRITTEN: &str = "hand-written, page by page";
const PYTHON: &str = "kfp-server-api (Python)";

pub fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    bench.data.write_run_pages(&bench.directory.join("data"))?;
    let url = bench.nginx.url_of("long");
    let facade = Candidate::package(ITEMS, &bench.directory, "facade")?;
    let by_page = facade.named(BY_PAGE);
    let handwritten = Candidate::package(HAND_WRITTEN, &bench.directory, "handwritten")?;
    let longest = LONGEST.to_string();
    let arguments = |work| [work, "--url", &url, "--calls", &longest];

    let rows = take_turns(
        &[facade, by_page, handwritten.clone()],
        bench.rounds * TURNS,
        |candidate, _| {
            let work = match candidate.name {
                BY_PAGE => "pages",
                _ => "items",
            };
            Some(arguments(work).map(str::to_owned).into())
        },
        |figures| figures.cpu_us_per_call(),
    )?;
    let mut table = Table::new(
        format!("{LONGEST} runs, read one after the other"),
        "ms of CPU per 1,000 runs",
        "Pages of 200 runs from nginx, each with the token of the next.",
    )
    .rows(rows)
    .beside(BY_PAGE);

    let mut memory = Table::new(
        "Memory of lists",
        "MiB of resident memory at most",
        "Of the whole process, including its code. `.items()` runs in a program that does nothing else.",
    );
    let user = UserCrate::with_sdk(
        bench,
        "lists",
        "",
        include_str!("../../programs/list_runs.rs"),
    )?;
    let program = user.stripped(bench)?;
    for length in LENGTHS {
        let peaks: Samples = (0..bench.rounds)
            .map(|_| peak_mib(&program, &url, length))
            .collect::<Result<_>>()?;
        memory = memory.row(format!("{length} runs through `.items()`"), peaks);
    }
    if let Some(figures) = handwritten.run(&arguments("items"))? {
        let peak = figures.resident_peak_kib / 1024.0;
        memory = memory.row(format!("{LONGEST} runs, {HAND_WRITTEN}"), one(peak));
    }
    // It takes a minute, so it has one turn.
    if let Some(python) = python(bench).filter(|_| !bench.quick)
        && let Some(figures) = python.run(&arguments("items"))?
    {
        let peak = figures.resident_peak_kib / 1024.0;
        memory = memory.row(format!("{LONGEST} runs, {PYTHON}"), one(peak));
        table = table.row(PYTHON, one(figures.cpu_us_per_call()));
    }
    report.table(table);
    report.table(memory);
    Ok(())
}

/// Returns the peak of resident memory of a program that reads so many runs, in MiB.
fn peak_mib(program: &Path, url: &str, runs: usize) -> Result<f64> {
    let mut command = Command::new(program);
    let (_, printed) = cost::of(command.arg(url).arg(runs.to_string()))?;
    let kib: f64 = String::from_utf8(printed)?.trim().parse()?;
    Ok(kib / 1024.0)
}

fn one(figure: f64) -> Samples {
    [figure].into_iter().collect()
}

/// Returns the official Python client, if it is installed.
fn python(bench: &Bench) -> Option<Candidate> {
    let interpreter = bench.python();
    let program = bench.directory.join("python/kfp.py");
    (interpreter.exists() && program.exists())
        .then(|| Candidate::program(PYTHON, [interpreter.into(), program.into()]))
}
