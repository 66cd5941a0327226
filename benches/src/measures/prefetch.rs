//! A list from a distant server, with and without prefetched pages.

use crate::nginx::LATENCY;
use crate::report::{Report, Table};
use crate::statistics::Samples;
use crate::{Bench, Candidate, Result};

/// Pages of jobs: 100,000 jobs.
const PAGES: usize = 1000;

pub fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let templates = bench.directory.join("data");
    bench.data.write_job_pages(&templates, PAGES)?;
    let facade = Candidate::package("compute-kfp", &bench.directory, "facade")?;
    let url = bench.nginx.url_of("slow");
    let mut rows = [("page by page", 1), ("`prefetch(8)`", 8)]
        .map(|(name, ahead)| (name, ahead, Samples::default()));
    // A turn takes half a minute.
    for _ in 0..bench.rounds.div_ceil(3) {
        for (_, ahead, samples) in &mut rows {
            let (pages, ahead) = (PAGES.to_string(), ahead.to_string());
            let arguments = ["jobs-ahead", "--url", &url, "--calls", &pages];
            let figures = facade.run(&[&arguments[..], &["--at-once", &ahead]].concat())?;
            let figures = figures.ok_or("the facade offers lists")?;
            samples.push(figures.wall_ns / figures.calls / 1e6);
        }
    }
    let mut table = Table::new(
        format!("A list with {} ms of latency per page", LATENCY.as_millis()),
        "ms of wall time per page",
        format!("{PAGES} pages of 100 jobs."),
    );
    for (name, _, samples) in rows {
        table = table.row(name, samples);
    }
    report.table(table);
    Ok(())
}
