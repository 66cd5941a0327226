//! `compute-kfp kfp upload`: pipelines and versions, and the progress bar.

use std::time::Duration;

#[cfg(unix)]
use crate::program::terminal::Terminal;
use crate::program::world::{PACKAGE, World};
use compute_kfp_sandbox::Fault;

const UPLOAD: &str = "upload_pipeline";

/// Returns a package that takes several reads.
fn large() -> String {
    format!("{PACKAGE}{}", "# filler\n".repeat(40_000))
}

#[test]
fn a_new_name_creates_a_pipeline_and_a_known_name_a_version() {
    let world = World::new();
    let file = world.program.file("calibrate.yaml", PACKAGE);
    let first = world
        .program
        .run(&["kfp", "upload", &file, "--description", "of the fridge"]);
    let first = first.json();
    assert_eq!(first["pipeline"]["display_name"], "calibrate");
    assert_eq!(first["pipeline"]["description"], "of the fridge");
    assert_eq!(first["version"]["display_name"], "calibrate");
    assert!(
        first["version"]["pipeline_version_id"].is_string(),
        "{first}"
    );

    let arguments = [
        "kfp",
        "upload",
        &file,
        "--version-name",
        "v2",
        "-o",
        "jsonl",
    ];
    let second = world.program.run(&arguments).json();
    assert_eq!(
        second["pipeline"]["pipeline_id"],
        first["pipeline"]["pipeline_id"]
    );
    assert_eq!(second["version"]["display_name"], "v2");

    let again = [&arguments[..5], &["-o", "json"]].concat();
    assert_eq!(world.program.run(&again).failure(1)["kind"], "conflict");
}

#[test]
fn a_pipeline_has_the_name_that_its_package_gives_it() {
    let world = World::new();
    let packages = [
        ("other.yaml", PACKAGE.as_bytes().to_vec()),
        (
            "other.tar.gz",
            tar_gz(&[("a.yaml", "a: b"), ("pipeline.yaml", PACKAGE)]),
        ),
        (
            "other.zip",
            zip(&[("a.yaml", "a: b"), ("pipeline.yaml", PACKAGE)]),
        ),
        (
            "single.zip",
            zip(&[("a.txt", ""), ("calibrate.yml", PACKAGE)]),
        ),
    ];
    for (name, package) in packages {
        let file = world.program.file(name, package);
        let version = ["--version-name", name];
        let arguments = [&["kfp", "upload", &file], &version[..]].concat();
        let uploaded = world.program.run(&arguments).json();
        assert_eq!(uploaded["pipeline"]["display_name"], "calibrate");
        assert_eq!(uploaded["version"]["display_name"], name);
    }
    let nameless = world.program.file("nameless.yaml", "root: {}\n");
    let failure = world
        .program
        .run(&["kfp", "upload", &nameless, "-o", "json"]);
    let message = failure.failure(2)["message"].to_string();
    assert!(message.contains("pipelineInfo.name"), "{message}");
    assert!(message.contains("--name"), "{message}");
}

fn tar_gz(files: &[(&str, &str)]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(gzip);
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        let written = archive.append_data(&mut header, name, content.as_bytes());
        written.unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    use std::io::Write as _;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, content) in files {
        archive.start_file(*name, options).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_pipeline_can_have_another_name_than_its_file() {
    let world = World::multi_user();
    let file = world.program.file("calibrate.yaml", PACKAGE);
    let arguments = [
        "kfp",
        "upload",
        &file,
        "--name",
        "nightly",
        "--namespace",
        "team-b",
    ];
    let uploaded = world.program.run(&arguments).json();
    assert_eq!(uploaded["pipeline"]["display_name"], "nightly");
    assert_eq!(uploaded["pipeline"]["namespace"], "team-b");
}

#[test]
fn an_upload_that_was_refused_is_retried() {
    let world = World::new();
    let file = world.program.file("calibrate.yaml", PACKAGE);
    world
        .sandbox
        .fail(Fault::status(429).on(UPLOAD).times(1))
        .unwrap();
    let uploaded = world.program.run(&["kfp", "upload", &file]).json();
    assert_eq!(uploaded["pipeline"]["display_name"], "calibrate");
    let sent = world.sandbox.received();
    let uploads = sent
        .iter()
        .filter(|request| request.path().ends_with("/upload"));
    assert_eq!(uploads.count(), 2);
}

#[test]
fn files_that_cannot_be_uploaded_are_named() {
    let world = World::new();
    let missing = world
        .program
        .run(&["kfp", "upload", "no-such.yaml", "-o", "json"])
        .failure(1);
    assert_eq!(missing["kind"], "io");
    assert!(
        missing["message"]
            .as_str()
            .unwrap()
            .contains("`no-such.yaml`"),
        "{missing}"
    );
    let file = world.program.file("calibrate.yaml", PACKAGE);
    assert_eq!(
        world
            .program
            .run(&["kfp", "upload", &file, "--dry-run"])
            .status,
        2
    );
    assert!(world.sandbox.received().is_empty());

    world
        .run_with_wrong_tokens(&["kfp", "upload", &file, "-o", "json"])
        .failure(3);
    let nonsense = world.program.file("nonsense.yaml", "[");
    let arguments = ["kfp", "upload", &nonsense, "--name", "n", "-o", "json"];
    world.program.run(&arguments).failure(1);
}

#[test]
fn an_upload_that_takes_too_long_is_status_5() {
    let world = World::new();
    let file = world.program.file("calibrate.yaml", PACKAGE);
    world.sandbox.fail(Fault::hold().on(UPLOAD)).unwrap();
    let arguments = ["kfp", "upload", &file, "--timeout", "1", "-o", "json"];
    assert_eq!(world.program.run(&arguments).failure(5)["kind"], "timeout");
}

#[cfg(unix)]
#[test]
fn a_terminal_shows_the_progress_and_is_left_clean() {
    let world = World::new();
    let (name, content) = ("calibrate.yaml", large());
    let file = world.program.file(name, &content);
    world.sandbox.fail(Fault::hold().on(UPLOAD)).unwrap();
    let mut terminal = Terminal::start(80, world.program.command(&["kfp", "upload", &file]));
    let kib = content.len() as f64 / 1024.0;
    let all = format!("{kib:.2} KiB/{kib:.2} KiB");
    terminal.shows(&all);
    world.sandbox.clear_faults();
    let ended = terminal.end();
    assert_eq!(ended.status, 0, "{}", ended.text);
    assert!(ended.showed(name) && ended.showed(&all) && ended.showed("B/s"));
    let screen = ended.screen();
    assert!(!screen.contains("KiB"), "{screen}");
    assert!(
        screen.contains("│ pipeline            ┆ calibrate"),
        "{screen}"
    );
}

/// Time after which a bar has been drawn.
fn slow() -> World {
    let world = World::new();
    let hold = Fault::delay(Duration::from_millis(300)).on(UPLOAD);
    world.sandbox.fail(hold).unwrap();
    world
}

#[cfg(unix)]
#[test]
fn there_is_no_bar_without_colour() {
    let world = slow();
    let file = world.program.file("calibrate.yaml", large());
    let mut command = world.program.command(["kfp", "upload", &file]);
    command.env("NO_COLOR", "1");
    let ended = Terminal::start(80, command).end();
    assert_eq!(ended.status, 0, "{}", ended.text);
    assert!(!ended.text.contains("KiB"), "{}", ended.text);
    assert!(!ended.text.contains('\u{1b}'), "{:?}", ended.text);
}

#[test]
fn there_is_no_bar_if_standard_error_is_not_a_terminal() {
    let world = slow();
    let file = world.program.file("calibrate.yaml", large());
    let done = world.program.run(["kfp", "upload", &file]);
    assert_eq!((done.status, &*done.errors), (0, ""));
}
