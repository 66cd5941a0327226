//! A list of 100,000 runs: how fast it is read and how much memory it takes, however long it is.

use std::path::Path;
use std::process::Command;

use crate::candidate::take_turns;
use crate::cost;
use crate::data::{RUN_PAGES, RUNS};
use crate::report::{Report, Table, shown};
use crate::statistics::Samples;
use crate::user_crate::UserCrate;
use crate::{Bench, Candidate, Result};

/// 1, 10 and 100 times as many.
const LENGTHS: [usize; 3] = [1000, 10_000, RUN_PAGES * RUNS];
const HELD: usize = 20_000;
/// Turns of each round: one takes less than a second.
const TURNS: usize = 3;

const ITEMS: &str = "compute-kfp, `.items()`";
const BY_PAGE: &str = "compute-kfp, page by page";
const HAND_WRITTEN: &str = "hand-written, page by page";
const PYTHON: &str = "kfp-server-api (Python)";

pub fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    bench.data.write_run_pages(&bench.folder.join("data"))?;
    let url = bench.nginx.url_of("long");
    let facade = Candidate::package(ITEMS, &bench.folder, "facade")?;
    let by_page = facade.named(BY_PAGE);
    let handwritten = Candidate::package(HAND_WRITTEN, &bench.folder, "handwritten")?;
    let arguments = |work: &str, items: usize| {
        let words = [work, "--url", &url, "--calls", &items.to_string()];
        words.map(str::to_owned).to_vec()
    };
    let work = |candidate: &Candidate| match candidate.name {
        BY_PAGE => "pages",
        _ => "items",
    };

    let longest = LENGTHS[2];
    let rows = take_turns(
        &[facade.clone(), by_page, handwritten.clone()],
        bench.rounds * TURNS,
        |candidate, _| Some(arguments(work(candidate), longest)),
        |figures| figures.cpu_us_per_call(),
    )?;
    let mut table = Table::new(
        format!("{longest} runs, read one after the other"),
        "ms of CPU per 1,000 runs",
        "Pages of 200 runs from nginx, each with the token of the next page.",
    )
    .rows(rows)
    .beside(BY_PAGE);
    let ratio = table.ratio(ITEMS, BY_PAGE);
    report.goal(
        format!("{longest} runs through `.items()`, CPU relative to page by page"),
        "≤ 1.05",
        shown(ratio),
        ratio <= 1.05,
    );
    let mut memory = Table::new(
        "Memory of lists",
        "MiB of resident memory at most",
        "Memory of the whole process, with its code. `.items()` is measured in a program that does nothing else, the others in programs with more functions.",
    );
    let mut times = Table::new(
        "How lists grow",
        "ms of CPU per 1,000 runs",
        "Lists of 1, 10 and 100 times the length, without what a process needs to start.",
    );
    let user = UserCrate::with_sdk(
        bench,
        "lists",
        "",
        include_str!("../../programs/list_runs.rs"),
    )?;
    let program = user.stripped(bench)?;
    let mut lists = LENGTHS.map(|length| (length, Samples::default(), Samples::default()));
    for _ in 0..bench.rounds * TURNS {
        for (length, resident, cpu) in &mut lists {
            let figures = facade
                .run(&strs(&arguments("items", *length)))?
                .ok_or("the facade offers lists")?;
            resident.push(peak_mib(&program, &url, *length)?);
            cpu.push(figures.cpu_us_per_call());
        }
    }
    let mut most = 0.0_f64;
    let of_length = |length: usize| format!("{length} runs");
    for (length, resident, cpu) in lists {
        most = most.max(resident.median());
        memory = memory.row(format!("{length} runs through `.items()`"), resident);
        times = times.row(of_length(length), cpu);
    }
    let ten_thousand = of_length(LENGTHS[1]);
    let growth = times.ratio(&of_length(longest), &ten_thousand);
    times = times.beside(&ten_thousand);
    let held: Samples = (0..bench.rounds)
        .map(|_| {
            let figures = facade
                .run(&strs(&arguments("held", HELD)))?
                .ok_or("the facade offers lists")?;
            Ok(figures.resident_peak_kib / 1024.0)
        })
        .collect::<Result<_>>()?;
    report.goal(
        "peak of memory with `.items()`, of any length",
        "≤ 8 MiB",
        format!("{} MiB", shown(most)),
        most <= 8.0,
    );
    report.goal(
        format!("{HELD} runs held in memory"),
        "≤ 90 MiB",
        format!("{} MiB", shown(held.median())),
        held.median() <= 90.0,
    );
    report.goal(
        "time per run, 100,000 relative to 10,000",
        "linear: ≤ 1.1",
        shown(growth),
        growth <= 1.1,
    );
    memory = memory.row(format!("{HELD} runs held"), held);
    if let Some(figures) = handwritten.run(&strs(&arguments("items", longest)))? {
        let resident = figures.resident_peak_kib / 1024.0;
        memory = memory.row(format!("{longest} runs, {HAND_WRITTEN}"), one(resident));
    }

    // It takes a minute, so that it has a single turn.
    if let Some(python) = python(bench).filter(|_| !bench.quick)
        && let Some(figures) = python.run(&strs(&arguments("items", longest)))?
    {
        let resident = figures.resident_peak_kib / 1024.0;
        memory = memory.row(format!("{longest} runs, {PYTHON}"), one(resident));
        table = table.row(PYTHON, one(figures.cpu_us_per_call()));
    }
    report.table(table);
    report.table(memory);
    report.table(times);
    Ok(())
}

/// Resident memory that a program which lists so many runs has at most, in MiB.
fn peak_mib(program: &Path, url: &str, runs: usize) -> Result<f64> {
    let mut command = Command::new(program);
    let (_, printed) = cost::of(command.arg(url).arg(runs.to_string()))?;
    let kib: f64 = String::from_utf8(printed)?.trim().parse()?;
    Ok(kib / 1024.0)
}

fn one(figure: f64) -> Samples {
    [figure].into_iter().collect()
}

fn strs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// The official client for Python, where it is installed.
fn python(bench: &Bench) -> Option<Candidate> {
    let interpreter = bench.python();
    let program = bench.folder.join("python/kfp.py");
    (interpreter.exists() && program.exists())
        .then(|| Candidate::program(PYTHON, [interpreter.into(), program.into()]))
}
