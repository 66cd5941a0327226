//! Cost of a user's first build, and of checking a program after a change.

use crate::report::{Report, Table};
use crate::statistics::Samples;
use crate::user_crate::UserCrate;
use crate::{Bench, Result};

const CHECKS: usize = 5;

const HAND_WRITTEN: &str = "hand-written";

pub fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let kfp = include_str!("../../programs/facade_kfp.rs");
    let compute = include_str!("../../programs/facade_compute.rs");
    let only = |features| format!(", default-features = false, features = [{features}]");
    let users = [
        UserCrate::hand_written(bench, HAND_WRITTEN)?,
        UserCrate::hand_written_with_login(bench, "hand-written, with `oauth2`")?,
        UserCrate::with_sdk(bench, "both APIs", "", kfp)?,
        UserCrate::with_sdk(
            bench,
            "both APIs without `oauth`",
            &only(r#""compute", "kfp", "rustls""#),
            kfp,
        )?,
        UserCrate::with_sdk(
            bench,
            "Compute only",
            &only(r#""compute", "rustls""#),
            compute,
        )?,
        UserCrate::with_sdk(bench, "KFP only", &only(r#""kfp", "rustls""#), kfp)?,
    ];
    let table = |title, unit, text| Table::new(title, unit, text).beside(HAND_WRITTEN);
    let mut tables = [
        table(
            "A user's first dev build, CPU",
            "s",
            "`cargo build` into an empty directory, after all downloads. reqwest, tokio, serde_json and chrono have the same versions and features in each program.",
        ),
        table("A user's first dev build, wall", "s", "The same builds."),
        table(
            "A user's first dev build, crates",
            "crates",
            "The same builds.",
        ),
        table(
            "`cargo check` after a change of the user's own code",
            "s of wall time",
            "",
        ),
    ];
    let mut samples = users
        .each_ref()
        .map(|_| [(); 4].map(|()| Samples::default()));
    // A turn of all programs takes minutes.
    for _ in 0..(bench.rounds / 2).max(1) {
        for (user, [cpu, wall, crates, _]) in users.iter().zip(&mut samples) {
            let built = user.build()?;
            cpu.push(built.cost.cpu_s);
            wall.push(built.cost.wall_s);
            #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
            crates.push(built.crates as f64);
        }
    }
    for (user, [.., checks]) in users.iter().zip(&mut samples) {
        user.check()?;
        for _ in 0..CHECKS {
            user.touch()?;
            checks.push(user.check()?.cost.wall_s);
        }
    }
    for (user, samples) in users.iter().zip(samples) {
        for (table, samples) in tables.iter_mut().zip(samples) {
            table.add(&user.name, samples);
        }
    }
    for table in tables {
        report.table(table);
    }
    Ok(())
}
