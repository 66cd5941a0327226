//! Where the CPU time of a small call goes, from the wire upwards.

use crate::candidate::take_turns;
use crate::report::{Report, Table};
use crate::{Bench, Candidate, Result};

/// Calls of a turn, and turns of a round.
const CALLS: &str = "2000";
const WARM_UP: &str = "200";
const TURNS: usize = 5;

pub fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let benches = &bench.folder;
    let hyper = Candidate::package("raw hyper", benches, "hyper-candidate")?;
    let reqwest = Candidate::package("hand-written: reqwest, decoded", benches, "handwritten")?;
    let pooled = "hyper with the pool of hyper-util";
    let lean = "reqwest, all turned off that can be";
    let body = "reqwest as it comes";
    let candidates = [
        hyper.named(pooled),
        hyper,
        reqwest.named(lean),
        reqwest.named(body),
        reqwest,
        Candidate::package("compute-kfp", benches, "facade")?,
    ];
    let work = |candidate: &Candidate| match candidate.name {
        name if name == pooled => "run-pooled",
        name if name == lean => "run-body-lean",
        name if name == body => "run-body",
        _ => "run",
    };
    for (at_once, how) in [("1", "one call at a time"), ("64", "64 calls at a time")] {
        let rows = take_turns(
            &candidates,
            bench.rounds * TURNS,
            |candidate, _| {
                let words = [
                    work(candidate),
                    "--url",
                    bench.nginx.url(),
                    "--calls",
                    CALLS,
                    "--warm-up",
                    WARM_UP,
                    "--at-once",
                    at_once,
                ];
                Some(words.map(str::to_owned).to_vec())
            },
            |figures| figures.cpu_us_per_call(),
        )?;
        let text = "One run of 1.5 KB. All but the last two read the response without decoding it. HTTP/2, proxies, redirects, the referer and reqwest's own retries are turned off.";
        let title = format!("Layers of a small call, {how}");
        let table = Table::new(title, "µs of CPU per call", text).rows(rows);
        report.table(table.beside(body));
    }
    Ok(())
}
