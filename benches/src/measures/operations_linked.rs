//! What a program pays for operations beyond the first: in its binary, and when it starts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use super::start::{Program, megabytes, started};
use crate::report::{Report, Table, shown};
use crate::user_crate::UserCrate;
use crate::{Bench, Result};

/// How many operations the programs can call.
const COUNTS: [usize; 3] = [1, 10, 100];

pub fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let calls = calls(bench)?;
    let mut sizes = Table::new(
        "Release binary by the number of operations that it can call",
        "MB",
        "Stripped. Half of the operations are of each API, typed, with their bodies and responses.",
    );
    let mut programs = Vec::new();
    let mut by_count = BTreeMap::new();
    for count in COUNTS {
        let name = format!("{count} operations");
        let user = UserCrate::with_sdk(bench, &name, "", &program(&calls, count)?)?;
        let program = user.stripped(bench)?;
        let size = megabytes(&program)?;
        by_count.insert(count, size);
        sizes = sizes.row(&name, [size].into_iter().collect());
        let words = vec![program, bench.nginx.url().into()];
        programs.push((user, Program::new(name, words)));
    }
    let (users, programs): (Vec<_>, Vec<_>) = programs.into_iter().unzip();
    let (wall, cpu) = started("Start by the number of operations", &programs)?;
    drop(users);
    let [one, _, hundred] = COUNTS.map(|count| by_count.get(&count).copied().unwrap_or_default());
    report.goal(
        "binary with 100 operations relative to that with 1",
        "flat: ≤ 1.06",
        format!(
            "{:.2} ({} KB more for each operation)",
            hundred / one,
            shown((hundred - one) * 1e3 / 99.0)
        ),
        hundred <= 1.06 * one,
    );
    let [one, _, hundred] = COUNTS.map(|count| wall.median(&format!("{count} operations")));
    report.goal(
        "process start and first call with 100 operations relative to that with 1",
        "flat: ≤ 1.06",
        format!(
            "{:.2} ({} ms to {} ms)",
            hundred / one,
            shown(hundred),
            shown(one)
        ),
        hundred <= 1.06 * one,
    );
    report.table(sizes);
    report.table(wall);
    report.table(cpu);
    Ok(())
}

/// The calls that the documentation of the clients shows, one of each API in turn.
fn calls(bench: &Bench) -> Result<Vec<String>> {
    let of = |api: &str, module: &str| -> Result<Vec<String>> {
        let path = bench
            .project()
            .join(format!("crates/{api}/src/generated/client.rs"));
        let text =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let calls = text.lines().filter_map(|line| {
            let call = line.trim().strip_prefix("/// let response = client.")?;
            // Not the example of a call by name, which takes a feature.
            let call = call
                .strip_suffix(".await?;")
                .filter(|it| !it.starts_with("call("))?;
            let call = call.replace("types::", &format!("{module}::types::"));
            Some(format!("{module}.{call}.await?;"))
        });
        Ok(calls.collect())
    };
    let (compute, kfp) = (of("compute-api", "compute")?, of("kfp-api", "kfp")?);
    let both = compute.into_iter().zip(kfp);
    Ok(both.flat_map(|(compute, kfp)| [kfp, compute]).collect())
}

/// A program that makes one call, and the others where it is told to.
fn program(calls: &[String], count: usize) -> Result<String> {
    // The call that is made in any case is one of them.
    let others = calls
        .get(..count - 1)
        .ok_or_else(|| format!("there are only {} operations", calls.len()))?;
    let mut text = String::from(
        r#"//! Can call many operations, and calls one.

use compute_kfp::{compute, kfp};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("usage: PROGRAM URL")?;
    if std::env::args().count() > 2 {
        others(&url).await?;
    }
    let kfp = kfp::Client::builder(url).bearer_token("token").build()?;
    println!("{:?}", kfp.get_run("run-1").send().await?.into_inner().display_name);
    Ok(())
}

#[allow(unused_variables, deprecated)]
async fn others(url: &str) -> Result<(), Box<dyn std::error::Error>> {
    let kfp = kfp::Client::builder(url).bearer_token("token").build()?;
    let compute = compute::Client::builder().endpoint(url).bearer_token("token").build()?;
"#,
    );
    for call in others {
        writeln!(text, "    {call}")?;
    }
    text.push_str("    Ok(())\n}\n");
    Ok(text)
}
