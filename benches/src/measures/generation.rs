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
        let (mut cpu_s, mut wall_s) = (0.0, 0.0);
        for (spec, overlay, name) in APIS {
            let (cost, _) = cost::of(
                Command::new(&generator)
                    .arg("--spec")
                    .arg(specs.join(spec))
                    .arg("--overlay")
                    .arg(specs.join(overlay))
                    .args(["--strict", "--crate-name", name])
                    .arg("--out")
                    .arg(folder.path().join(name)),
            )?;
            cpu_s += cost.cpu_s;
            wall_s += cost.wall_s;
        }
        cpu.push(cpu_s);
        wall.push(wall_s);
    }
    let took = cpu.median();
    report.goal(
        "generation of both clients",
        "< 0.3 s",
        format!("{} s of CPU", shown(took)),
        took < 0.3,
    );
    report.table(
        Table::new(
            "Generation of both clients",
            "s",
            "One run of the generator (release) after the other, reading and writing included.",
        )
        .row("CPU", cpu)
        .row("wall", wall),
    );
    Ok(())
}
