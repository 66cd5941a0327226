//! CPU time of a call, a small answer and whole pages, and of decoding alone.

use std::fs;

use serde_json::Value;

use crate::candidate::take_turns;
use crate::report::{Report, Table, shown};
use crate::sameness::Differences;
use crate::{Bench, Candidate, Result};

const OURS: &str = "compute-kfp";
const HAND_WRITTEN: &str = "hand-written";
const PYTHON: [&str; 2] = ["kfp-server-api (Python)", "qi-compute-api-client (Python)"];
const WIRE: &str = "raw hyper, not decoded";
const SCAN: &str = "scan without decoding (`IgnoredAny`)";

/// Into how many turns a round is cut: the shorter they are, the more alike is the machine in the
/// turns of two candidates.
const TURNS: usize = 10;
/// Calls that a Rust candidate makes for each of a Python candidate, which takes long, and has all its
/// calls of a round in one turn.
const CALLS_PER_PYTHON_CALL: u64 = 100;

/// What the table of calls says.
const CALLS_TEXT: &str = "User and system time of the client. nginx responds from a file.";
/// What the table of decoding says.
const DECODING_TEXT: &str =
    "From memory to the client's own types. All Rust candidates use `serde_json`.";

/// Work with a server, or on its answer in a file.
struct Work {
    name: &'static str,
    title: &'static str,
    answer: &'static str,
    at_once: usize,
    calls: u64,
}

const RUN: Work = Work {
    name: "run",
    title: "One run of 1.5 KB, one call at a time",
    answer: "run.json",
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
    answer: "runs.json",
    at_once: 1,
    calls: 1500,
};
const JOBS: Work = Work {
    name: "jobs",
    title: "A page of 100 jobs",
    answer: "jobs.json",
    at_once: 1,
    calls: 10_000,
};
const DECODE_RUNS: Work = Work {
    name: "decode-runs",
    title: "Decoding a page of 200 runs",
    ..RUNS
};
const DECODE_JOBS: Work = Work {
    name: "decode-jobs",
    title: "Decoding a page of 100 jobs",
    ..JOBS
};

pub fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let candidates = candidates(bench)?;
    report.table(same_data(bench, &candidates)?);
    for work in [&RUN, &MANY_RUNS] {
        let table = timed(bench, &candidates, work, CALLS_TEXT)?;
        let ratio = table.ratio(OURS, HAND_WRITTEN);
        at_most(report, work.title, HAND_WRITTEN, 1.05, ratio);
        report.table(table);
    }
    for (work, python, times) in [(&RUNS, PYTHON[0], 150.0), (&JOBS, PYTHON[1], 10.0)] {
        let table = timed(bench, &candidates, work, CALLS_TEXT)?;
        if !bench.quick {
            let ratio = table.ratio(python, OURS);
            report.goal(
                format!("{}, whole call", work.title),
                format!("≥ {times} times less CPU than Python"),
                format!("{} times", shown(ratio)),
                ratio >= times,
            );
        }
        report.table(table);
    }
    let scan = candidates
        .iter()
        .filter(|candidate| candidate.name == HAND_WRITTEN)
        .map(|candidate| candidate.named(SCAN));
    let candidates: Vec<Candidate> = candidates.iter().cloned().chain(scan).collect();
    for work in [&DECODE_RUNS, &DECODE_JOBS] {
        let table = timed(bench, &candidates, work, DECODING_TEXT)?;
        let ratio = table.ratio(OURS, HAND_WRITTEN);
        at_most(report, work.title, HAND_WRITTEN, 0.75, ratio);
        report.table(table);
    }
    Ok(())
}

fn candidates(bench: &Bench) -> Result<Vec<Candidate>> {
    let benches = &bench.folder;
    let mut candidates = vec![
        Candidate::package(WIRE, benches, "hyper-candidate")?,
        Candidate::package(HAND_WRITTEN, benches, "handwritten")?,
        Candidate::package(OURS, benches, "facade")?,
        Candidate::package("progenitor", benches, "progenitor-candidate")?,
    ];
    if bench.quick {
        return Ok(candidates);
    }
    let folder = benches.join("candidates/openapi-generator");
    let package = "openapi-generator-candidate";
    candidates.push(Candidate::package_of(
        "openapi-generator",
        benches,
        &folder,
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
        "Before anything is timed, the data that a candidate decodes is compared with the data that the server sends.\n\n\
         | | one run | a page of runs | a page of jobs |\n|---|---|---|---|\n",
    );
    for candidate in candidates.iter().filter(|candidate| candidate.name != WIRE) {
        text.push_str(&format!("| {} |", candidate.name));
        for work in works {
            let sent: Value = serde_json::from_slice(&fs::read(bench.data.file(work.answer))?)?;
            let cell = match candidate.shown(&[work.name, "--url", bench.nginx.url()])? {
                None => "–".to_owned(),
                Some(decoded) => {
                    let differences = Differences::between(&sent, &decoded);
                    let must_be_whole = [OURS, HAND_WRITTEN].contains(&candidate.name);
                    if must_be_whole && !differences.is_none() {
                        let (name, work) = (candidate.name, work.name);
                        return Err(format!("{name} `{work}`: it {differences}").into());
                    }
                    differences.to_string()
                }
            };
            text.push_str(&format!(" {cell} |"));
        }
        text.push('\n');
    }
    Ok(Table::new("What candidates lose or change", "", text))
}

fn timed(bench: &Bench, candidates: &[Candidate], work: &Work, text: &str) -> Result<Table> {
    let file = bench.data.file(work.answer).display().to_string();
    let arguments = |candidate: &Candidate, turn: usize| {
        let calls = match PYTHON.contains(&candidate.name) {
            true if !turn.is_multiple_of(TURNS) => return None,
            true => work.calls / CALLS_PER_PYTHON_CALL,
            false => work.calls / TURNS as u64,
        };
        let name = match candidate.name {
            SCAN => work.name.replace("decode", "scan"),
            _ => work.name.to_owned(),
        };
        let words = [
            &name,
            "--url",
            bench.nginx.url(),
            "--file",
            &file,
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
    let table = Table::new(work.title, "µs of CPU per call", text).rows(rows);
    Ok(table.beside(HAND_WRITTEN))
}

/// The goal that we take at most so much beside another candidate.
fn at_most(report: &mut Report, measure: &str, other: &str, most: f64, ratio: f64) {
    report.goal(
        measure,
        format!("≤ {most} of {other}"),
        shown(ratio),
        ratio <= most,
    );
}
