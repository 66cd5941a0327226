//! Waiting for many runs in one process.

use crate::report::{Report, Table, shown};
use crate::statistics::Samples;
use crate::{Bench, Candidate, Result};

/// 1, 10 and 100 times as many.
const LENGTHS: [usize; 3] = [100, 1000, 10_000];

pub fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    bench.data.write_running(&bench.folder.join("data"))?;
    let facade = Candidate::package("compute-kfp", &bench.folder, "facade")?;
    let url = bench.nginx.url_of("running");
    let text = "The runs do not end, and are requested every 5 seconds; nginx responds with 1.5 KB. Memory is the peak of the process, minus its memory before the first wait. The waits begin in the same moment, or spread over the first 5 seconds.";
    let mut memory = Table::new("Waiting for runs: memory", "KiB for each run", text);
    let mut load = Table::new("Waiting for runs: load", "% of one core", text);
    for (work, how) in [
        ("waiting-spread", "spread"),
        ("waiting", "in the same moment"),
    ] {
        for length in LENGTHS {
            let (mut each, mut core) = (Samples::default(), Samples::default());
            // One takes 25 seconds.
            for _ in 0..bench.rounds.div_ceil(3) {
                let arguments = [work, "--url", &url, "--calls", &length.to_string()];
                let figures = facade.run(&arguments)?.ok_or("the facade offers waiting")?;
                let grown = figures.resident_peak_kib - figures.resident_before_kib;
                each.push(grown / figures.calls);
                core.push(figures.cpu_ns / figures.wall_ns * 100.0);
            }
            if length == LENGTHS[2] {
                report.goal(
                    format!("waiting for {length} runs, begun {how}: memory of each"),
                    "≤ 4 KiB",
                    format!("{} KiB", shown(each.median())),
                    each.median() <= 4.0,
                );
                report.goal(
                    format!("waiting for {length} runs, begun {how}: load of one core"),
                    "< 50 %",
                    format!("{} %", shown(core.median())),
                    core.median() < 50.0,
                );
            }
            memory = memory.row(format!("{length} runs, {how}"), each);
            load = load.row(format!("{length} runs, {how}"), core);
        }
    }
    report.table(memory);
    report.table(load);
    Ok(())
}
