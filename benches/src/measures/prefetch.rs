//! Lists at a server that is far away, with pages fetched ahead.

use crate::nginx::SLOW;
use crate::report::{Report, Table, shown};
use crate::statistics::Samples;
use crate::{Bench, Candidate, Result};

/// Of jobs: 100,000 of them.
const JOB_PAGES: usize = 1000;
/// Of runs.
const RUN_PAGES: usize = 100;

pub fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let templates = bench.folder.join("data");
    bench.data.write_job_pages(&templates, JOB_PAGES)?;
    bench.data.write_run_pages(&templates)?;
    let facade = Candidate::package("compute-kfp", &bench.folder, "facade")?;
    let timed = |work: &str, folder: &str, ahead: usize| -> Result<f64> {
        let pages = match work {
            "jobs-ahead" => JOB_PAGES,
            _ => RUN_PAGES,
        };
        let figures = facade.run(&[
            work,
            "--url",
            &bench.nginx.url_of(folder),
            "--calls",
            &pages.to_string(),
            "--at-once",
            &ahead.to_string(),
        ])?;
        let figures = figures.ok_or("the facade offers lists")?;
        Ok(figures.wall_ns / figures.calls / 1e6)
    };

    let mut rows = [
        ("jobs, one page after the other", "jobs-ahead", "slow", 1),
        ("jobs, `prefetch(8)`", "jobs-ahead", "slow", 8),
        (
            "runs, one page after the other",
            "runs-ahead",
            "slow/long",
            1,
        ),
        (
            "runs, one page after the other, and 20 ms of work on each",
            "runs-ahead-with-work",
            "slow/long",
            1,
        ),
        (
            "runs, `prefetch(8)`, and 20 ms of work on each",
            "runs-ahead-with-work",
            "slow/long",
            8,
        ),
    ]
    .map(|row| (row, Samples::default()));
    // A turn takes half a minute.
    for _ in 0..bench.rounds.div_ceil(3) {
        for ((_, work, folder, ahead), samples) in &mut rows {
            samples.push(timed(work, folder, *ahead)?);
        }
    }
    let [jobs, jobs_ahead, runs, _, runs_ahead] =
        rows.each_ref().map(|(_, samples)| samples.median());
    let mut table = Table::new(
        format!(
            "Lists with {} ms of latency for each page",
            SLOW.as_millis()
        ),
        "ms on the clock per page",
        format!(
            "{JOB_PAGES} pages of 100 jobs, fetched by number, and {RUN_PAGES} pages of 200 runs, each with the token of the next. The caller's work is a pause, like another request."
        ),
    );
    for ((what, ..), samples) in rows {
        table = table.row(what, samples);
    }
    let faster = jobs / jobs_ahead;
    report.goal(
        "jobs with 20 ms of latency per page, `prefetch(8)`",
        "≥ 7 times faster than page after page",
        format!("{} times", shown(faster)),
        faster >= 7.0,
    );
    let beside = runs_ahead / runs;
    report.goal(
        "runs with 20 ms of latency per page and 20 ms of the caller's work, `prefetch(8)`, relative to no work",
        "hidden: ≤ 1.05",
        shown(beside),
        beside <= 1.05,
    );
    report.table(table);
    Ok(())
}
