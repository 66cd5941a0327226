//! How long the generator takes for both clients.

use std::process::Command;

use crate::cost;
use crate::report::{Report, Table, shown};
use crate::statistics::Samples;
use crate::user_crate::sdk_program;
use crate::{Bench, Result};

const APIS: [(&str, &str, &str); 2] = [
    (
        "compute.openapi.json",
        "compute.overlay.json",
        "compute_api_client",
    ),
    ("kfp.swagger.json", "kfp.overlay.json", "kfp_api_client"),
];

pub fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let generator = sdk_program(bench, "compute-kfp-codegen", "compute-kfp-codegen")?;
    let specs = bench.project().join("specs");
    let (mut cpu, mut wall) = (Samples::default(), Samples::default());
    for _ in 0..bench.rounds {
        let folder = tempfile::tempdir()?;
        let mut both = APIS.map(|(spec, overlay, name)| {
            let mut command = Command::new(&generator);
            command
                .arg("--spec")
                .arg(specs.join(spec))
                .arg("--overlay")
                .arg(specs.join(overlay))
                .args(["--strict", "--crate-name", name])
                .arg("--out")
                .arg(folder.path().join(name));
            command
        });
        let cost = cost::of_all(&mut both)?;
        cpu.push(cost.cpu_s);
        wall.push(cost.wall_s);
    }
    let took = wall.median();
    report.goal(
        "generation of both clients",
        "< 0.3 s",
        format!("{} s ({} s of CPU)", shown(took), shown(cpu.median())),
        took < 0.3,
    );
    report.table(
        Table::new(
            "Generation of both clients",
            "s",
            "The generator, in a release build, runs for both clients, as in the build script. Reading and writing are included.",
        )
        .row("wall", wall)
        .row("CPU", cpu),
    );
    Ok(())
}
