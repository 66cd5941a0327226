//! What a user pays for the first build of a program, and for checking it after a change.

use crate::report::{Report, Table, shown};
use crate::statistics::Samples;
use crate::user_crate::UserCrate;
use crate::{Bench, Result};

const CHECKS: usize = 5;

const PLAIN: &str = "hand-written";
/// What has the same features as the SDK by default: its `oauth` logs in.
const WITH_LOGIN: &str = "hand-written, with `oauth2`";

pub fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let kfp = include_str!("../../programs/facade_kfp.rs");
    let compute = include_str!("../../programs/facade_compute.rs");
    let only = |features| format!(", default-features = false, features = [{features}]");
    let users = [
        UserCrate::hand_written(bench, PLAIN)?,
        UserCrate::hand_written_with_login(bench, WITH_LOGIN)?,
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
    let table = |title, unit, text| Table::new(title, unit, text).beside(PLAIN);
    let mut cpu = table(
        "A user's first dev build, CPU",
        "s",
        "`cargo build` into an empty folder, with all downloads at hand: cargo and everything that it starts. reqwest, tokio, serde_json and chrono have the same versions and features in each. Nothing is built incrementally, as crates of a registry never are.",
    );
    let mut wall = table("A user's first dev build, wall", "s", "The same builds.");
    let mut crates = table(
        "A user's first dev build, crates",
        "crates",
        "The same builds.",
    );
    let mut check = table(
        "`cargo check` after a change of the user's own code",
        "s of wall time",
        "",
    );
    let mut builds = users
        .each_ref()
        .map(|_| [(); 3].map(|()| Samples::default()));
    // A turn of all of them takes minutes.
    for _ in 0..(bench.rounds / 2).max(1) {
        for (user, [cpu, wall, crates]) in users.iter().zip(&mut builds) {
            let built = user.build()?;
            cpu.push(built.cost.cpu_s);
            wall.push(built.cost.wall_s);
            #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
            crates.push(built.crates as f64);
        }
    }
    for (user, samples) in users.iter().zip(builds) {
        let [of_cpu, of_wall, of_crates] = samples;
        cpu = cpu.row(&user.name, of_cpu);
        wall = wall.row(&user.name, of_wall);
        crates = crates.row(&user.name, of_crates);
    }
    let mut slowest: f64 = 0.0;
    for user in &users {
        user.check()?;
        let mut checks = Samples::default();
        for _ in 0..CHECKS {
            user.touch()?;
            checks.push(user.check()?.cost.wall_s);
        }
        if ![PLAIN, WITH_LOGIN].contains(&&*user.name) {
            slowest = slowest.max(checks.median());
        }
        check = check.row(&user.name, checks);
    }
    for (name, base, most) in [
        ("both APIs", WITH_LOGIN, 1.15),
        ("both APIs without `oauth`", PLAIN, 1.15),
        ("Compute only", PLAIN, 1.05),
        ("KFP only", PLAIN, 1.05),
    ] {
        let ratio = cpu.ratio(name, base);
        report.goal(
            format!("a user's first dev build, {name}: CPU beside {base}"),
            format!("≤ {most}"),
            format!(
                "{ratio:.2} ({} s to {} s, {} to {} crates)",
                shown(cpu.median(name)),
                shown(cpu.median(base)),
                crates.median(name),
                crates.median(base)
            ),
            ratio <= most,
        );
    }
    report.goal(
        "`cargo check` after a change of the user's own code",
        "≤ 1 s",
        format!("{} s", shown(slowest)),
        slowest <= 1.0,
    );
    for table in [cpu, wall, crates, check] {
        report.table(table);
    }
    Ok(())
}
