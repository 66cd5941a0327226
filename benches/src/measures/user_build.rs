//! What a user pays for the first build of a program, and for checking it after a change.

use std::collections::BTreeMap;

use crate::report::{Report, Table, shown};
use crate::rustc_times::{RustcTimes, crate_name};
use crate::statistics::Samples;
use crate::user_crate::UserCrate;
use crate::{Bench, Result};

const CHECKS: usize = 5;

const PLAIN: &str = "hand-written";
/// What has the same features as the SDK by default: its `oauth` logs in.
const WITH_LOGIN: &str = "hand-written, with `oauth2`";

/// What is compared with what, and how many times as much it may take.
const GOALS: [(&str, &str, f64); 4] = [
    ("both APIs", WITH_LOGIN, 1.15),
    ("both APIs without `oauth`", PLAIN, 1.15),
    ("Compute only", PLAIN, 1.05),
    ("KFP only", PLAIN, 1.05),
];

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
        "`cargo build` into an empty directory, with all downloads cached: cargo and the processes that it starts. reqwest, tokio, serde_json and chrono have the same versions and features in each build. Nothing is built incrementally, like crates of a registry.",
    );
    let mut wall = table("A user's first dev build, wall", "s", "The same builds.");
    let mut crates = table(
        "A user's first dev build, crates",
        "crates",
        "The same builds.",
    );
    let mut builds = users
        .each_ref()
        .map(|_| [(); 3].map(|()| Samples::default()));
    let mut least = LeastTimes::default();
    let mut built = Vec::new();
    // A turn of all of them takes minutes.
    for _ in 0..(bench.rounds / 2).max(1) {
        built.clear();
        for (user, [cpu, wall, crates]) in users.iter().zip(&mut builds) {
            let (whole, times) = user.build()?;
            cpu.push(whole.cost.cpu_s);
            wall.push(whole.cost.wall_s);
            #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
            crates.push(whole.crates as f64);
            least.add_whole(&times, whole.cost.cpu_s);
            built.push((whole, times));
        }
    }
    for _ in 0..bench.rounds {
        for (user, (whole, _)) in users.iter().zip(&built) {
            least.add(&user.build_local_again(whole)?);
        }
    }
    for (user, samples) in users.iter().zip(builds) {
        let [of_cpu, of_wall, of_crates] = samples;
        cpu = cpu.row(&user.name, of_cpu);
        wall = wall.row(&user.name, of_wall);
        crates = crates.row(&user.name, of_crates);
    }
    let mut by_crate = table(
        "A user's first dev build, CPU by crates",
        "s",
        "For each crate, the minimum of the times that rustc took for it in all builds, so that crates that several programs build count the same for each; plus the minimum for cargo and all build scripts. After the first turns, only the programs and the crates of the SDK are built again.",
    );
    for (user, (_, times)) in users.iter().zip(&built) {
        by_crate = by_crate.row(&user.name, [least.sum(times)].into_iter().collect());
    }
    let added = |name: &str, base: &str| {
        let times = |wanted: &str| {
            let mut all = users.iter().zip(&built);
            all.find_map(|(user, (_, times))| (user.name == wanted).then_some(times))
        };
        let mut table = Table::new(
            format!("Added to a build by {name}, relative to {base}"),
            "s of CPU",
            "By the same method. Negative figures are crates that only the other program builds. Crates that differ by less than 0.2 s are left out.",
        );
        if let Some((times, base)) = times(name).zip(times(base)) {
            for (crate_name, more) in least.difference(times, base) {
                if more.abs() >= 0.2 {
                    table = table.row(crate_name, [more].into_iter().collect());
                }
            }
        }
        table
    };
    let added: Vec<_> = GOALS.map(|(name, base, _)| added(name, base)).into();
    let mut check = table(
        "`cargo check` after a change of the user's own code",
        "s of wall time",
        "",
    );
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
    for (name, base, most) in GOALS {
        let ratio = by_crate.ratio(name, base);
        report.goal(
            format!("a user's first dev build, {name}: CPU relative to {base}"),
            format!("≤ {most}"),
            format!(
                "{ratio:.2} ({} s to {} s, {} to {} crates)",
                shown(by_crate.median(name)),
                shown(by_crate.median(base)),
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
    let tables = [cpu, wall, crates, by_crate];
    for table in tables.into_iter().chain(added).chain([check]) {
        report.table(table);
    }
    Ok(())
}

/// The least that each crate took in any build, and the least that all took that is no crate.
#[derive(Default)]
struct LeastTimes {
    by_unit: RustcTimes,
    rest_s: Option<f64>,
}

impl LeastTimes {
    fn add_whole(&mut self, times: &RustcTimes, all_s: f64) {
        self.add(times);
        let rest_s = all_s - times.values().sum::<f64>();
        self.rest_s = Some(self.rest_s.map_or(rest_s, |least| least.min(rest_s)));
    }

    fn add(&mut self, times: &RustcTimes) {
        for (unit, s) in times {
            let least = self.by_unit.entry(unit.clone()).or_insert(*s);
            *least = least.min(*s);
        }
    }

    /// What the crates of a build take by this, with the rest.
    fn sum(&self, build: &RustcTimes) -> f64 {
        self.rest_s.unwrap_or_default() + build.keys().map(|unit| self.of(unit)).sum::<f64>()
    }

    fn of(&self, unit: &str) -> f64 {
        self.by_unit.get(unit).copied().unwrap_or_default()
    }

    /// How much more each crate takes in a build than in another, the most first.
    fn difference(&self, build: &RustcTimes, other: &RustcTimes) -> Vec<(String, f64)> {
        let mut more = BTreeMap::new();
        let signed = [(build, 1.0), (other, -1.0)];
        for (times, sign) in signed {
            for unit in times.keys() {
                // Each program has a name of its own.
                let name = match crate_name(unit) {
                    name if name.starts_with(UserCrate::PREFIX) => "the program itself",
                    name => name,
                };
                *more.entry(name.to_owned()).or_default() += sign * self.of(unit);
            }
        }
        let mut more: Vec<(String, f64)> = more.into_iter().collect();
        more.sort_by(|(_, left), (_, right)| right.total_cmp(left));
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(of: &[(&str, f64)]) -> RustcTimes {
        of.iter()
            .map(|(unit, s)| ((*unit).to_owned(), *s))
            .collect()
    }

    #[test]
    fn a_slow_minute_does_not_move_what_programs_share() {
        let (quick, slow) = (
            times(&[("serde-1", 4.0), ("user_by_hand-2", 1.0)]),
            times(&[("serde-1", 8.0), ("sdk-3", 2.0), ("user_of_sdk-4", 2.0)]),
        );
        let mut least = LeastTimes::default();
        least.add_whole(&quick, 6.0);
        least.add_whole(&slow, 15.0);
        least.add(&times(&[("sdk-3", 1.0)]));
        assert_eq!(least.sum(&quick), 6.0);
        assert_eq!(least.sum(&slow), 8.0);
        let more = [("sdk", 1.0), ("the program itself", 1.0), ("serde", 0.0)];
        let more = more.map(|(name, s)| (name.to_owned(), s));
        assert_eq!(least.difference(&slow, &quick), more);
    }
}
