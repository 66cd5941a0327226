//! How often a call allocates memory.

use crate::candidate::take_turns;
use crate::report::{Report, Table, shown};
use crate::{Bench, Candidate, Result};

const OURS: &str = "compute-kfp";
const HAND_WRITTEN: &str = "hand-written";
const CALLS: &str = "500";
const WARM_UP: &str = "100";

pub fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let benches = &bench.folder;
    let candidates = [(HAND_WRITTEN, "handwritten"), (OURS, "facade")];
    let candidates = candidates.map(|(name, package)| {
        Candidate::package(name, benches, package)?;
        Candidate::program_of(name, benches, &format!("{package}-counting"))
    });
    let [hand_written, ours] = candidates;
    let candidates = [hand_written?, ours?];
    for (work, title) in [
        ("run", "Allocations of a call for one run of 1.5 KB"),
        ("runs", "Allocations of a call for 200 runs"),
        ("jobs", "Allocations of a call for 100 jobs"),
    ] {
        let arguments = [
            work,
            "--url",
            bench.nginx.url(),
            "--calls",
            CALLS,
            "--warm-up",
            WARM_UP,
        ];
        let arguments = arguments.map(str::to_owned).to_vec();
        let rows = take_turns(
            &candidates,
            bench.rounds.min(3),
            |_, _| Some(arguments.clone()),
            |figures| figures.allocations.unwrap_or(f64::NAN) / figures.calls,
        )?;
        if rows.len() < candidates.len() {
            return Err(format!("a candidate counted no allocations of `{work}`").into());
        }
        let text = "Counted by an allocator that wraps the system's; growing memory counts too. The count includes decoding, the HTTP client and its connection.";
        let table = Table::new(title, "allocations per call", text).rows(rows);
        if work == "run" {
            let added = table.median(OURS) - table.median(HAND_WRITTEN);
            report.goal(
                "allocations that a call makes beyond hand-written",
                "≤ 4",
                shown(added),
                added <= 4.0,
            );
        }
        report.table(table.beside(HAND_WRITTEN));
    }
    Ok(())
}
