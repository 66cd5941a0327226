//! `compute-kfp circuit run`: from a file to results and a histogram.

use std::fs::File;

use crate::program::Ended;
use crate::program::world::{BELL, FAILING, World};
#[cfg(unix)]
use crate::program::{terminal::Terminal, world::END};
use compute_kfp::compute::types::Result as JobResult;
use compute_kfp_sandbox::BACKEND_ID;
#[cfg(unix)]
use compute_kfp_sandbox::Fault;
use serde_json::{Value, json};

const RUN: [&str; 4] = ["circuit", "run", "--interval", "10ms"];

fn run<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&RUN[..], more].concat()
}

#[test]
fn results_are_those_of_the_api() {
    let world = World::fast();
    let file = world.program.file("bell.cq", BELL);
    for backend_type in ["Spin-2", "spin-2", &BACKEND_ID.to_string()] {
        let arguments = ["--backend-type", backend_type, "--shots", "64", &file];
        let results = world.program.run(&run(&arguments)).json();
        let [result] = &results.as_array().unwrap()[..] else {
            panic!("{results}");
        };
        assert_eq!(result["shots_requested"], 64);
        assert_eq!(result["results"], json!({"00": 32, "11": 32}));
        assert!(result["raw_data"].is_null());
        let job = result["job_id"].to_string();
        let stored = world
            .program
            .run(&["compute", "read-results-by-job-id", "--job-id", &job]);
        let read = |list: &Value| serde_json::from_value::<Vec<JobResult>>(list.clone()).unwrap();
        assert_eq!(read(&stored.json()["items"]), read(&results));
    }
    let names = world
        .program
        .run(&["compute", "read-algorithms", "--all", "-o", "jsonl"]);
    assert_eq!(
        names.output.matches(r#""name":"bell""#).count(),
        3,
        "{names:?}"
    );
}

#[test]
fn a_circuit_is_read_from_standard_input() {
    let world = World::fast();
    let file = world.program.file("bell.cq", BELL);
    let arguments = [
        "-",
        "--backend-type",
        "Spin-2",
        "--project",
        "mine",
        "--raw-data",
        "--name",
        "n",
    ];
    let mut command = world.program.command(&run(&arguments));
    let done = Ended::of(command.stdin(File::open(file).unwrap()));
    assert_eq!(done.json()[0]["raw_data"].as_array().unwrap().len(), 1024);
    let projects = world
        .program
        .run(&["compute", "read-projects", "--name", "mine"])
        .json();
    assert_eq!(projects["total"], 1);
}

#[test]
fn standard_error_reports_the_job_and_its_end() {
    let world = World::fast();
    let file = world.program.file("bell.cq", BELL);
    let done = world
        .program
        .run(&run(&["--backend-type", "Spin-2", &file]));
    let job = done.json()[0]["job_id"].to_string();
    let told: Vec<_> = done.errors.lines().collect();
    assert_eq!(
        told.last(),
        Some(&&*format!("job {job} is completed")),
        "{done:?}"
    );
    // Nothing disturbs a program that reads JSON.
    let done = world
        .program
        .run(&run(&["--backend-type", "Spin-2", &file, "-o", "json"]));
    assert_eq!(done.errors, "");
}

#[test]
fn a_job_that_failed_is_status_1_with_its_reason() {
    let world = World::fast();
    let file = world.program.file("bad.cq", FAILING);
    let arguments = run(&["--backend-type", "Spin-2", &file, "-o", "json"]);
    let done = world.program.run(&arguments);
    let failure = done.failure(1);
    assert_eq!(failure["kind"], "ended_badly");
    let message = failure["message"].as_str().unwrap();
    assert!(
        message.ends_with("ended as failed: Line 2 mentions an error"),
        "{message}"
    );
    assert_eq!(done.output, "");
}

#[test]
fn failures_have_the_documented_exit_status() {
    let world = World::new();
    let file = world.program.file("bell.cq", BELL);
    let arguments = run(&["--backend-type", "Spin-2", &file, "-o", "json"]);
    world.run_with_wrong_tokens(&arguments).failure(3);
    let unknown = world
        .program
        .run(&run(&["--backend-type", "Starmon-7", &file, "-o", "json"]));
    assert!(
        unknown.failure(4)["message"]
            .as_str()
            .unwrap()
            .contains("`Starmon-7`")
    );
    let late = world
        .program
        .run(&[&arguments[..], &["--timeout", "3"]].concat())
        .failure(5);
    assert!(
        late["message"].as_str().unwrap().contains("still planned"),
        "{late}"
    );
    let missing = world.program.run(&run(&[
        "--backend-type",
        "Spin-2",
        "no-such.cq",
        "-o",
        "json",
    ]));
    assert_eq!(missing.failure(1)["kind"], "io");

    let sent = world.sandbox.received().len();
    assert_eq!(
        world
            .program
            .run(&[&arguments[..], &["--dry-run"]].concat())
            .status,
        2
    );
    assert_eq!(world.program.run(&run(&[&file])).status, 2);
    assert_eq!(world.sandbox.received().len(), sent);
}

#[cfg(unix)]
#[test]
fn a_terminal_shows_the_states_and_then_a_histogram() {
    let world = World::new();
    let file = world.program.file("bell.cq", BELL);
    let results = json!({
        "items": [{
            "id": 1, "created_on": "2025-01-07T09:00:00", "job_id": 1,
            "execution_time_in_seconds": 0.25, "shots_requested": 1000, "shots_done": 1000,
            "results": {"01": 100, "00": 500, "11": 400}, "raw_data": null,
        }],
        "total": 1, "page": 1, "size": 50, "pages": 1,
    });
    let fault = Fault::content_type("application/json").with_body(results.to_string());
    world
        .sandbox
        .fail(fault.on("read_results_by_job_id"))
        .unwrap();
    let command = world
        .program
        .command(&run(&["--backend-type", "Spin-2", &file]));
    let mut terminal = Terminal::start(80, command);
    terminal.shows("is planned");
    world.sandbox.advance(END);
    let ended = terminal.end();
    assert_eq!(ended.status, 0, "{}", ended.text);
    assert!(ended.showed("submitting the circuit"), "{}", ended.text);
    let screen = ended.screen();
    assert!(!screen.contains("submitting"), "{screen}");
    let lines: Vec<_> = screen.lines().collect();
    let [.., end, head, first, second, third, next] = &lines[..] else {
        panic!("{screen}");
    };
    assert!(end.ends_with("is completed"), "{screen}");
    assert!(next.contains("compute-kfp record job 1"), "{screen}");
    assert_eq!(*head, "result 1: 1000 shots in 0.25 s");
    let blocks = |line: &str| line.matches('█').count();
    for (line, state, counted) in [
        (first, "00  █", "500   50.0%"),
        (second, "11  █", "400   40.0%"),
        (third, "01  █", "100   10.0%"),
    ] {
        assert!(
            line.starts_with(state) && line.ends_with(counted),
            "{screen}"
        );
        assert_eq!(line.chars().count(), 80, "{screen}");
    }
    assert_eq!(blocks(second), blocks(first) * 4 / 5, "{screen}");
    assert_eq!(blocks(third), blocks(first) / 5, "{screen}");
}

#[cfg(unix)]
#[test]
fn without_colour_nothing_is_overwritten() {
    let world = World::fast();
    let file = world.program.file("bell.cq", BELL);
    let mut command = world
        .program
        .command(&run(&["--backend-type", "Spin-2", &file]));
    command.env("NO_COLOR", "1");
    let ended = Terminal::start(80, command).end();
    assert_eq!(ended.status, 0);
    assert!(
        ended.screen().contains("is completed"),
        "{}",
        ended.screen()
    );
    assert!(!ended.text.contains('\u{1b}'), "{:?}", ended.text);
}
