//! An upload of 32 MiB.

use crate::report::{Report, Table, shown};
use crate::statistics::Samples;
use crate::{Bench, Candidate, Result};

const MIB: usize = 1024 * 1024;
const LENGTH: usize = 32 * MIB;
const UPLOADS: usize = 8;

const OURS: &str = "compute-kfp";
/// As fast as reqwest gets, which is not what it does of itself.
const REQWEST: &str = "reqwest, a stream of pieces of 64 KiB";
const REQWEST_FILE: &str = "reqwest, `Part::file`";

pub fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let file = bench.data.write_upload(LENGTH)?;
    let file = file.to_str().ok_or("the path is not UTF-8")?;
    let reqwest = Candidate::package(REQWEST, &bench.folder, "reqwest-upload")?;
    let candidates = [
        (Candidate::package(OURS, &bench.folder, "facade")?, "upload"),
        (reqwest.named(REQWEST_FILE), "upload"),
        (reqwest, "upload-pieces"),
    ];
    let mut rows = candidates.map(|candidate| (candidate, [(); 3].map(|()| Samples::default())));
    for _ in 0..bench.rounds {
        for ((candidate, work), [cpu, wall, memory]) in &mut rows {
            let arguments = [
                work,
                "--url",
                bench.nginx.url(),
                "--file",
                file,
                "--calls",
                &UPLOADS.to_string(),
            ];
            let figures = candidate
                .run(&arguments)?
                .ok_or("the candidate offers uploads")?;
            let bytes = (UPLOADS * LENGTH / MIB) as f64;
            cpu.push(bytes / (figures.cpu_ns / 1e9));
            wall.push(bytes / (figures.wall_ns / 1e9));
            memory.push((figures.resident_peak_kib - figures.resident_before_kib) / 1024.0);
        }
    }
    let text = "A file in a form, sent to nginx, which reads it into memory and drops it.";
    let mut tables = [
        Table::new("An upload of 32 MiB: CPU", "MiB per second of CPU", text).beside(REQWEST),
        Table::new(
            "An upload of 32 MiB: clock",
            "MiB per second on the clock",
            text,
        )
        .beside(REQWEST),
        Table::new("An upload of 32 MiB: memory", "MiB above idle", text),
    ];
    for ((candidate, _), samples) in rows {
        let filled = tables.into_iter().zip(samples);
        let filled: Vec<_> = filled
            .map(|(table, samples)| table.row(candidate.name, samples))
            .collect();
        tables = filled.try_into().map_err(|_| "three tables")?;
    }
    for (table, what) in tables.iter().zip(["second of CPU", "second on the clock"]) {
        let rate = table.median(OURS) / table.median(REQWEST);
        report.goal(
            format!("upload of 32 MiB, bytes per {what} relative to reqwest"),
            "≥ 0.95",
            shown(rate),
            rate >= 0.95,
        );
    }
    let above = tables[2].median(OURS);
    report.goal(
        "upload of 32 MiB, memory above idle",
        "≤ 10 MiB",
        format!("{} MiB", shown(above)),
        above <= 10.0,
    );
    for table in tables {
        report.table(table);
    }
    Ok(())
}
