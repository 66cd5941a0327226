//! A thousand calls that find their token expired.

use serde_json::Value;

use crate::nginx::LOGIN;
use crate::report::{Report, Table, shown};
use crate::statistics::Samples;
use crate::{Bench, Candidate, Result};

const CALLS: usize = 1000;

pub fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let candidate = Candidate::package("compute-kfp", &bench.folder, "token-candidate")?;
    for (work, warm_up, how) in [
        ("expired", CALLS, "known to the client"),
        ("refused", CALLS, "reported by a 401"),
        ("expired", 0, "known to the client, on new connections"),
        ("refused", 0, "reported by a 401, on new connections"),
    ] {
        let mut columns = ["refresh_ms", "median_ms", "p99_ms", "slowest_ms"]
            .map(|name| (name, Samples::default()));
        let (mut refreshes, mut slower) = (0, Samples::default());
        for _ in 0..bench.rounds {
            let before = bench.nginx.logins()?;
            let figures = figures(bench, &candidate, work, warm_up)?;
            refreshes = refreshes.max(bench.nginx.logins()? - before);
            for (name, samples) in &mut columns {
                samples.push(figures[*name].as_f64().ok_or("a time is missing")?);
            }
            let of = |name: &str| figures[name].as_f64().unwrap_or_default();
            slower.push(of("p99_ms") / of("refresh_ms"));
        }
        let what = format!("{CALLS} concurrent calls with an expired token, {how}");
        let mut table = Table::new(
            &what,
            "ms on the clock",
            format!(
                "The login server takes {} ms for a token. All calls run concurrently, each on its own connection. The connections are left from earlier calls, unless the title says that they are new.",
                LOGIN.as_millis()
            ),
        );
        let names = [
            "the refresh",
            "a call, median",
            "a call, p99",
            "the slowest call",
        ];
        for ((_, samples), name) in columns.into_iter().zip(names) {
            table = table.row(name, samples);
        }
        report.goal(
            format!("{what}: refreshes, counted at the login server"),
            "1",
            refreshes.to_string(),
            refreshes == 1,
        );
        report.goal(
            format!("{what}: p99 relative to the refresh"),
            "≤ 2",
            shown(slower.median()),
            slower.median() <= 2.0,
        );
        report.table(table);
    }
    Ok(())
}

fn figures(bench: &Bench, candidate: &Candidate, work: &str, warm_up: usize) -> Result<Value> {
    let (calls, warm_up) = (CALLS.to_string(), warm_up.to_string());
    let url = bench.nginx.url();
    let mut command =
        candidate.command(&[work, "--url", url, "--calls", &calls, "--warm-up", &warm_up]);
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
