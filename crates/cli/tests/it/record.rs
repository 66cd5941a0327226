//! `compute-kfp record`: a quantum job as artifacts and metrics of a KFP task.

#[cfg(unix)]
use crate::program::terminal::Terminal;
use crate::program::world::{BELL, END, FAILING, World};
use crate::program::{Ended, WRONG_TOKEN, wait_for};
use compute_kfp::kfp;
use compute_kfp_sandbox::BACKEND_ID;
use serde_json::Value;

fn record<'a>(run: &'a str, job: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["record", "job", job, "--run", run], more].concat()
}

fn ended(world: &World, circuit: &str) -> String {
    let job = world.job(circuit);
    world.sandbox.advance(END);
    job
}

fn names(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap().iter();
    list.map(|item| item["name"].as_str().unwrap()).collect()
}

#[test]
fn results_become_artifacts_and_metrics() {
    let world = World::new();
    let (job, run) = (ended(&world, BELL), world.pipeline_run(false));
    let recorded = world.program.run(&record(&run, &job, &[])).json();
    assert_eq!(world.program.run(&record(&run, &job, &[])).json(), recorded);
    let [artifact] = &recorded["artifacts"].as_array().unwrap()[..] else {
        panic!("{recorded}");
    };
    assert_eq!(artifact["metadata"]["job_id"].to_string(), job);
    let name = artifact["name"].as_str().unwrap();
    let metrics = ["execution_time_in_seconds", "shots_requested", "shots_done"];
    assert_eq!(
        names(&recorded["metrics"]),
        metrics.map(|metric| format!("{name}.{metric}"))
    );

    let found = wait_for(world.kfp().list_run_artifacts(&run).send()).unwrap();
    assert_eq!(found.len(), 4);
    for found in found {
        assert_eq!(found.links.len(), 1);
        assert_eq!(
            found.links[0].task_id.as_deref(),
            recorded["task_id"].as_str()
        );
    }
}

#[test]
fn the_task_can_be_named() {
    let world = World::new();
    let (job, run) = (ended(&world, BELL), world.pipeline_run(false));
    let task = kfp::types::PipelineTask::builder().name("quantum");
    let task = wait_for(world.kfp().create_task(&run, task).send()).unwrap();
    let id = task.into_inner().task_id.unwrap();
    let arguments = record(&run, &job, &["--task", &id]);
    assert_eq!(world.program.run(&arguments).json()["task_id"], *id);
}

#[test]
fn the_calibration_is_of_the_job_s_backend_or_of_another() {
    let world = World::new();
    let (job, run) = (ended(&world, BELL), world.pipeline_run(false));
    let backends = ["--calibration", "--calibration=9"].map(|calibration| {
        let recorded = world
            .program
            .run(&record(&run, &job, &[calibration]))
            .json();
        let artifacts = recorded["artifacts"].as_array().unwrap();
        assert_eq!(artifacts.len(), 2);
        artifacts[1]["metadata"]["backend_id"].as_f64().unwrap()
    });
    assert_eq!(backends, [BACKEND_ID as f64, 9.0]);
    let arguments = record(&run, &job, &["-o", "json", "--calibration=4711"]);
    world.program.run(&arguments).failure(4);
    let arguments = record(&run, &job, &["-o", "json", "--calibration=best"]);
    world.program.run(&arguments).failure(2);
}

#[test]
fn a_job_without_results_is_not_recorded() {
    let world = World::new();
    let (planned, run) = (world.job(BELL), world.pipeline_run(false));
    let failure = world
        .program
        .run(&record(&run, &planned, &["-o", "json"]))
        .failure(1);
    let remedy = format!("`compute-kfp wait job {planned}`");
    assert!(
        failure["message"].as_str().unwrap().contains(&remedy),
        "{failure}"
    );
    let failed = ended(&world, FAILING);
    let failure = world
        .program
        .run(&record(&run, &failed, &["-o", "json"]))
        .failure(1);
    assert!(
        failure["message"].as_str().unwrap().contains("is failed"),
        "{failure}"
    );
    assert!(
        wait_for(world.kfp().list_run_artifacts(&run).send())
            .unwrap()
            .is_empty()
    );
}

#[test]
fn failures_have_the_documented_exit_status() {
    let world = World::new();
    assert_eq!(
        world
            .program
            .run(&record("run-1", "4711", &["-o", "json"]))
            .failure(4)["kind"],
        "not_found"
    );
    let (job, run) = (ended(&world, BELL), world.pipeline_run(false));
    let mut command = world.program.command(&record(&run, &job, &["-o", "json"]));
    Ended::of(command.env("COMPUTE_TOKEN", WRONG_TOKEN)).failure(3);
    let mut command = world.program.command(&record(&run, &job, &["-o", "json"]));
    Ended::of(command.env("KFP_TOKEN", WRONG_TOKEN)).failure(3);
}

#[test]
fn no_server_receives_the_credentials_of_the_other() {
    let world = World::new();
    let sent = world.sandbox.received().len();
    for option in ["--endpoint", "--token-file", "--dry-run"] {
        let value: &[&str] = match option {
            "--dry-run" => &[],
            _ => &["http://127.0.0.1:9"],
        };
        let arguments = record("run-1", "1", &[&[option], value].concat());
        assert_eq!(world.program.run(&arguments).status, 2, "{option}");
    }
    assert_eq!(world.sandbox.received().len(), sent);
}

#[cfg(unix)]
#[test]
fn a_terminal_shows_tables() {
    let world = World::new();
    let (job, run) = (ended(&world, BELL), world.pipeline_run(false));
    let ended = Terminal::start(80, world.program.command(&record(&run, &job, &[]))).end();
    assert_eq!(ended.status, 0);
    let screen = ended.screen();
    assert!(screen.contains("artifact_id"), "{screen}");
    assert!(screen.contains("shots_done"), "{screen}");
}
