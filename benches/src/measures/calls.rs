//! CPU time of a call: a small answer, and whole pages.

use crate::candidate::take_turns;
use crate::report::{Report, Table, shown};
use crate::{Bench, Candidate, Result};

pub fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let candidates = [
        Candidate::package("raw hyper, not decoded", &bench.folder, "hyper-candidate")?,
        Candidate::package("compute-kfp", &bench.folder, "facade")?,
    ];
    for (work, title, at_once, calls) in [
        ("run", "One run of 1.5 KB, one call at a time", 1, 20_000),
        ("run", "One run of 1.5 KB, 64 calls at a time", 64, 20_000),
        ("runs", "A page of 200 runs", 1, 300),
        ("jobs", "A page of 100 jobs", 1, 2000),
    ] {
        let rows = take_turns(
            &candidates,
            bench.rounds,
            |_| {
                let words = [
                    work,
                    "--url",
                    bench.nginx.url(),
                    "--calls",
                    &calls.to_string(),
                    "--warm-up",
                    &(calls / 10).to_string(),
                    "--at-once",
                    &at_once.to_string(),
                ];
                words.map(str::to_owned).into()
            },
            |figures| figures.cpu_us_per_call(),
        )?;
        let table = Table::new(title, "µs of CPU per call", "").rows(rows);
        let ours = table.median("compute-kfp");
        report.goal(title, "", shown(ours), true);
        report.table(table);
    }
    Ok(())
}
