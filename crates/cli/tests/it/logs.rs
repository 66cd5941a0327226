//! `compute-kfp logs`: the log of a job, complete or followed.

use std::time::Duration;

#[cfg(unix)]
use crate::program::terminal::Terminal;
use crate::program::world::{BELL, END, FAILING, World};
use compute_kfp::compute::types::JobLogLine;
use serde_json::Value;

/// More lines than fit in a page of the log.
fn long() -> String {
    "X q[0]\n".repeat(500)
}

fn text(line: &str) -> String {
    let line: JobLogLine = serde_json::from_str(line).unwrap();
    line.line
}

#[test]
fn all_pages_of_the_log_are_printed() {
    let world = World::new();
    let job = world.job(&long());
    world.sandbox.advance(END);
    let done = world.program.run(&["logs", "job", &job]);
    assert_eq!(done.status, 0, "{done:?}");
    let lines: Vec<_> = done.output.lines().map(text).collect();
    assert_eq!(lines.len(), 2 + 500 + 2);
    assert_eq!(lines[0], format!("job {job} started"));
    assert_eq!(lines[503], format!("job {job} completed"));
}

#[test]
fn tables_show_times_and_no_control_characters() {
    let world = World::new();
    let job = world.job("X q[0] // \u{1b}[31m\u{7}red\n");
    world.sandbox.advance(END);
    let done = world
        .program
        .run(&["logs", "job", &job, "--output", "table"]);
    assert_eq!(done.status, 0);
    for line in done.output.lines() {
        let (time, _) = line.split_once(' ').unwrap();
        assert!(
            time.starts_with("2025-01-07T") && time.ends_with('Z'),
            "{line}"
        );
    }
    assert!(
        done.output.contains(" executing X q[0] // �[31m�red\n"),
        "{done:?}"
    );
}

#[test]
fn a_log_is_followed_until_the_job_has_ended() {
    let world = World::new();
    let job = world.job(BELL);
    let mut going = world
        .program
        .start(&["logs", "job", &job, "--follow", "--interval", "10ms"]);
    world.sandbox.advance(Duration::from_secs(2));
    assert_eq!(text(&going.line().unwrap()), format!("job {job} started"));
    assert_eq!(text(&going.line().unwrap()), "compiling");
    world.sandbox.advance(Duration::from_secs(1));
    assert_eq!(text(&going.line().unwrap()), "executing version 3.0");
    world.sandbox.advance(END);
    let mut rest = Vec::new();
    while let Some(line) = going.line() {
        rest.push(text(&line));
    }
    assert_eq!(rest.last(), Some(&format!("job {job} completed")));
    assert_eq!(rest.len(), BELL.lines().count() - 1 + 2);
    assert_eq!(going.end().status, 0);
}

#[test]
fn a_closed_pipe_ends_it_without_an_error() {
    let world = World::new();
    let job = world.job(&long());
    let mut going = world
        .program
        .start(&["logs", "job", &job, "--follow", "--interval", "10ms"]);
    world.sandbox.advance(Duration::from_secs(2));
    going.line().unwrap();
    going.close();
    world.sandbox.advance(END);
    assert_eq!(going.end().status, 0);
}

#[test]
fn failures_have_the_documented_exit_status() {
    let world = World::new();
    for follow in [&[][..], &["--follow"]] {
        let arguments = [&["logs", "job", "4711", "-o", "json"], follow].concat();
        assert_eq!(
            world.program.run(&arguments).failure(4)["kind"],
            "not_found"
        );
        world.run_with_wrong_tokens(&arguments).failure(3);
    }
    let job = world.job(FAILING);
    let arguments = [
        "logs",
        "job",
        &job,
        "--follow",
        "--timeout",
        "1",
        "-o",
        "json",
    ];
    let failure: Value = world.program.run(&arguments).failure(5);
    assert_eq!(failure["kind"], "timeout");
    assert_eq!(
        world
            .program
            .run(&["logs", "job", &job, "--dry-run"])
            .status,
        2
    );
}

#[cfg(unix)]
#[test]
fn a_terminal_shows_lines_with_times() {
    let world = World::new();
    let job = world.job(BELL);
    let mut terminal = Terminal::start(
        80,
        world
            .program
            .command(&["logs", "job", &job, "-f", "--interval", "10ms"]),
    );
    world.sandbox.advance(Duration::from_secs(2));
    terminal.shows("Z compiling");
    world.sandbox.advance(END);
    let ended = terminal.end();
    assert_eq!(ended.status, 0);
    let screen = ended.screen();
    assert!(screen.starts_with("2025-01-07T"), "{screen}");
    assert!(
        screen.ends_with(&format!(" job {job} completed")),
        "{screen}"
    );
    assert!(!ended.text.contains('\u{1b}'), "{:?}", ended.text);
}
