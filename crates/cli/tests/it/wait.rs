//! `compute-kfp wait`: its output and exit status.

#[cfg(unix)]
use crate::program::terminal::Terminal;
use crate::program::world::{BEGIN, BELL, END, FAILING, World};

#[test]
fn each_state_of_a_job_is_a_line_as_it_arrives() {
    let world = World::new();
    let job = world.job(BELL);
    let mut going = world
        .program
        .start(&["wait", "job", &job, "--interval", "10ms"]);
    let planned = going.json();
    assert_eq!(planned["state"], "planned");
    assert!(
        planned["time"].as_str().unwrap().ends_with('Z'),
        "{planned}"
    );
    world.sandbox.advance(BEGIN);
    assert_eq!(going.json()["state"], "running");
    world.sandbox.advance(END);
    assert_eq!(going.json()["state"], "completed");
    assert_eq!(going.line(), None);
    assert_eq!(going.end().status, 0);
}

#[test]
fn each_state_of_a_run_is_a_line_as_it_arrives() {
    let world = World::new();
    let run = world.pipeline_run(false);
    let mut going =
        world
            .program
            .start(&["wait", "run", &run, "--interval", "10ms", "-o", "table"]);
    assert!(going.line().unwrap().ends_with(" PENDING"));
    world.sandbox.advance(BEGIN);
    assert!(going.line().unwrap().ends_with(" RUNNING"));
    world.sandbox.advance(END);
    assert!(going.line().unwrap().ends_with(" SUCCEEDED"));
    assert_eq!(going.end().status, 0);
}

#[test]
fn a_run_or_job_that_failed_is_status_1_with_its_reason() {
    let world = World::new();
    let (job, run) = (world.job(FAILING), world.pipeline_run(true));
    world.sandbox.advance(END);

    let done = world.program.run(&["wait", "job", &job]);
    assert_eq!(done.status, 1);
    assert_eq!(
        done.errors,
        format!("error: job {job} ended as failed: Line 2 mentions an error\n")
    );
    assert!(done.output.contains("Line 2 mentions an error"), "{done:?}");

    let failure = world
        .program
        .run(&["wait", "run", &run, "--output", "json"])
        .failure(1);
    assert_eq!(failure["kind"], "ended_badly");
    let message = failure["message"].as_str().unwrap();
    assert!(
        message.starts_with(&format!("run {run} ended as FAILED: ")),
        "{message}"
    );
}

#[test]
fn a_missing_run_or_job_is_status_4() {
    let world = World::new();
    for arguments in [["wait", "job", "4711"], ["wait", "run", "no-such-run"]] {
        let failure = world
            .program
            .run(&[&arguments[..], &["-o", "json"]].concat())
            .failure(4);
        assert_eq!(failure["kind"], "not_found");
    }
}

#[test]
fn a_wrong_token_is_status_3() {
    let world = World::new();
    for arguments in [["wait", "job", "4711"], ["wait", "run", "no-such-run"]] {
        let arguments = [&arguments[..], &["-o", "json"]].concat();
        world.run_with_wrong_tokens(&arguments).failure(3);
    }
}

#[test]
fn a_wait_that_takes_too_long_is_status_5_and_names_the_last_state() {
    let world = World::new();
    let job = world.job(BELL);
    let arguments = ["wait", "job", &job, "--timeout", "3", "--interval", "10ms"];
    let done = world
        .program
        .run(&[&arguments[..], &["-o", "json"]].concat());
    let failure = done.failure(5);
    assert_eq!(failure["kind"], "timeout");
    let message = failure["message"].as_str().unwrap();
    assert!(message.contains("still planned"), "{message}");
}

#[test]
fn a_closed_pipe_ends_it_without_an_error() {
    let world = World::new();
    let job = world.job(FAILING);
    let mut going = world
        .program
        .start(&["wait", "job", &job, "--interval", "10ms"]);
    going.line().unwrap();
    going.close();
    world.sandbox.advance(END);
    assert_eq!(going.end().status, 0);
}

#[test]
fn a_dry_run_is_refused_and_sends_nothing() {
    let world = World::new();
    let done = world.program.run(&["wait", "job", "1", "--dry-run"]);
    assert_eq!(done.status, 2);
    assert!(
        done.errors.contains("--dry-run is not possible"),
        "{done:?}"
    );
    assert!(world.sandbox.received().is_empty());
}

#[cfg(unix)]
#[test]
fn a_terminal_shows_the_current_state_until_the_end() {
    let world = World::new();
    let job = world.job(BELL);
    let command = world
        .program
        .command(&["wait", "job", &job, "--interval", "10ms"]);
    let mut terminal = Terminal::start(80, command);
    let present = format!("job {job} planned");
    terminal.shows(&present);
    world.sandbox.advance(END);
    let ended = terminal.end();
    assert_eq!(ended.status, 0);
    assert!(ended.showed(&present));
    let screen = ended.screen();
    let states: Vec<_> = screen
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    assert_eq!(states, ["planned", "completed"], "{screen}");
}

#[cfg(unix)]
#[test]
fn without_colour_there_are_only_lines() {
    let world = World::new();
    let job = world.job(BELL);
    world.sandbox.advance(END);
    let mut command = world.program.command(&["wait", "job", &job]);
    command.env("NO_COLOR", "1");
    let ended = Terminal::start(80, command).end();
    assert_eq!(ended.status, 0);
    assert!(ended.screen().ends_with(" completed"), "{}", ended.screen());
    assert!(!ended.text.contains('\u{1b}'), "{:?}", ended.text);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_and_leaves_the_terminal_clean() {
    let world = World::new();
    let job = world.job(BELL);
    let mut terminal = Terminal::start(80, world.program.command(&["wait", "job", &job]));
    // The line of the state is written, and after it the bar.
    terminal.shows("Z planned");
    terminal.shows(&format!("job {job} planned"));
    terminal.press_ctrl_c();
    let ended = terminal.end();
    assert_eq!(ended.status, 130);
    let screen = ended.screen();
    assert!(screen.contains(" planned"), "{screen}");
    assert!(!screen.contains(&format!("job {job}")), "{screen}");
}
