//! `compute-kfp kfp upload`: pipelines and versions, and the progress bar.

use std::time::Duration;

#[cfg(unix)]
use crate::program::terminal::Terminal;
use crate::program::world::{PACKAGE, World};
use compute_kfp_sandbox::Fault;

const UPLOAD: &str = "upload_pipeline";

/// A package that is larger than what is read at once.
fn large() -> String {
    format!("{PACKAGE}{}", "# filler\n".repeat(40_000))
}

#[test]
fn a_name_makes_a_pipeline_and_then_versions_of_it() {
    let world = World::new();
    let file = world.program.file("calibrate.yaml", PACKAGE);
    let first = world
        .program
        .run(&["kfp", "upload", &file, "--description", "of the fridge"]);
    let first = first.json();
    assert_eq!(first["pipeline"]["display_name"], "calibrate");
    assert_eq!(first["pipeline"]["description"], "of the fridge");
    assert!(first["version"].is_null(), "{first}");

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
fn an_upload_that_was_turned_away_is_sent_again() {
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
fn what_cannot_be_uploaded_is_named() {
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
    world
        .program
        .run(&["kfp", "upload", &nonsense, "-o", "json"])
        .failure(1);
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
fn a_terminal_shows_how_far_it_is_and_is_left_clean() {
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
    assert!(screen.contains("│ pipeline    ┆ calibrate"), "{screen}");
}

/// Long enough for a bar to be drawn.
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
fn there_is_no_bar_where_standard_error_is_no_terminal() {
    let world = slow();
    let file = world.program.file("calibrate.yaml", large());
    let done = world.program.run(["kfp", "upload", &file]);
    assert_eq!((done.status, &*done.errors), (0, ""));
}
