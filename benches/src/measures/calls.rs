//! CPU time of a call: a small response and whole pages.

use std::fs;

use serde_json::Value;

use crate::candidate::take_turns;
use crate::report::{Report, Table};
use crate::sameness::Differences;
use crate::{Bench, Candidate, Result};

const OURS: &str = "compute-kfp";
const HAND_WRITTEN: &str = "hand-written";
const PYTHON: [&str; 2] = ["kfp-server-api (Python)", "qi-compute-api-client (Python)"];
/// Turns of each round. The shorter they are, the less the machine changes between candidates.
const TURNS: usize = 10;
/// Ratio of calls of Rust and Python candidates. Python makes all calls of a round in one turn.
const CALLS_PER_PYTHON_CALL: u64 = 100;

/// One kind of call.
struct Work {
    name: &'static str,
    title: &'static str,
    response: &'static str,
    at_once: usize,
    calls: u64,
}

const RUN: Work = Work {
    name: "run",
    title: "One run of 1.5 KB, one call at a time",
    response: "run.json",
    at_once: 1,
    calls: 20_000,
};
const MANY_RUNS: Work = Work {
    title: "One run of 1.5 KB, 64 calls at a time",
    at_once: 64,
    ..RUN
};
const RUNS: Work = Work {
    name: "runs",
    title: "A page of 200 runs",
    response: "runs.json",
    at_once: 1,
    calls: 1500,
};
const JOBS: Work = Work {
    name: "jobs",
    title: "A page of 100 jobs",
    response: "jobs.json",
    at_once: 1,
    calls: 10_000,
};
pub fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let candidates = candidates(bench)?;
    report.table(same_data(bench, &candidates)?);
    for work in [&RUN, &MANY_RUNS, &RUNS, &JOBS] {
        report.table(timed(bench, &candidates, work)?);
    }
    Ok(())
}

fn candidates(bench: &Bench) -> Result<Vec<Candidate>> {
    let benches = &bench.directory;
    let mut candidates = vec![
        Candidate::package(HAND_WRITTEN, benches, "handwritten")?,
        Candidate::package(OURS, benches, "facade")?,
        Candidate::package("progenitor", benches, "progenitor-candidate")?,
    ];
    if bench.quick {
        return Ok(candidates);
    }
    let directory = benches.join("candidates/openapi-generator");
    let package = "openapi-generator-candidate";
    candidates.push(Candidate::package_of(
        "openapi-generator",
        benches,
        &directory,
        package,
    )?);
    let python = bench.python();
    for (name, program) in PYTHON.into_iter().zip(["kfp.py", "compute.py"]) {
        let program = benches.join("python").join(program);
        candidates.push(Candidate::program(
            name,
            [python.clone().into(), program.into()],
        ));
    }
    Ok(candidates)
}

/// Compares the data that the candidates decode with what the server sends.
fn same_data(bench: &Bench, candidates: &[Candidate]) -> Result<Table> {
    let works = [&RUN, &RUNS, &JOBS];
    let mut text = String::from(
        "Decoded data compared with what the server sent, before anything is timed.\n\n\
         | | one run | a page of runs | a page of jobs |\n|---|---|---|---|\n",
    );
    for candidate in candidates {
        text.push_str(&format!("| {} |", candidate.name));
        for work in works {
            let sent: Value = serde_json::from_slice(&fs::read(bench.data.file(work.response))?)?;
            let cell = match candidate.shown(&[work.name, "--url", bench.nginx.url()])? {
                None => "–".to_owned(),
                Some(decoded) => {
                    let differences = Differences::between(&sent, &decoded);
                    let must_be_whole = [OURS, HAND_WRITTEN].contains(&candidate.name);
                    if must_be_whole && !differences.is_none() {
                        let (name, work) = (candidate.name, work.name);
                        return Err(format!("{name} `{work}`: {differences}").into());
                    }
                    differences.to_string()
                }
            };
            text.push_str(&format!(" {cell} |"));
        }
        text.push('\n');
    }
    Ok(Table::new("Lost or changed data", "", text))
}

fn timed(bench: &Bench, candidates: &[Candidate], work: &Work) -> Result<Table> {
    let arguments = |candidate: &Candidate, turn: usize| {
        let calls = match PYTHON.contains(&candidate.name) {
            true if !turn.is_multiple_of(TURNS) => return None,
            true => work.calls / CALLS_PER_PYTHON_CALL,
            false => work.calls / TURNS as u64,
        };
        let words = [
            work.name,
            "--url",
            bench.nginx.url(),
            "--calls",
            &calls.to_string(),
            "--warm-up",
            &(calls / 10).to_string(),
            "--at-once",
            &work.at_once.to_string(),
        ];
        Some(words.map(str::to_owned).into())
    };
    let rows = take_turns(candidates, bench.rounds * TURNS, arguments, |figures| {
        figures.cpu_us_per_call()
    })?;
    let text = "User and system time of the client. nginx responds from a file.";
    let table = Table::new(work.title, "µs of CPU per call", text).rows(rows);
    Ok(table.beside(HAND_WRITTEN))
}
