//! Flows against the sandbox, whose jobs and runs progress with its clock.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use compute_kfp::compute::types::{JobStatus, Result as JobResult};
use compute_kfp::kfp::types::{Experiment, ListExperimentsResponse};
use compute_kfp::kfp::{Filter, Sort};
use compute_kfp::paging::Items;
use compute_kfp::waiting::Wait;
use compute_kfp::{ErrorKind, compute, kfp, middleware};
use compute_kfp_sandbox::{BACKEND_ID, NAMESPACE, Sandbox};

use super::server::SOON;

pub const CIRCUIT: &str =
    "version 3.0\nqubit[2] q\nbit[2] b\nH q[0]\nCNOT q[0], q[1]\nb = measure q\n";
const PACKAGE: &str = "\
pipelineInfo:
  name: calibrate
schemaVersion: 2.1.0
root:
  inputDefinitions:
    parameters:
      shots: {parameterType: NUMBER_INTEGER, isOptional: true}
      fail: {parameterType: STRING, isOptional: true}
  dag:
    tasks:
      measure: {}
      fit:
        dependentTasks:
          - measure
";
/// Enough time for a job or a run to change its state.
const STEP: Duration = Duration::from_secs(10);

pub fn compute(sandbox: &Sandbox) -> compute::Client {
    let client = compute::Client::builder().endpoint(sandbox.url());
    let client = client.bearer_token(sandbox.compute_token());
    client.api_key(sandbox.compute_api_key()).build().unwrap()
}

fn kfp(sandbox: &Sandbox) -> kfp::Client {
    let client = kfp::Client::builder(sandbox.url()).bearer_token(sandbox.kfp_token());
    client.namespace(NAMESPACE).build().unwrap()
}

/// Starts a sandbox whose clock runs 100 times as fast.
async fn fast() -> Sandbox {
    Sandbox::builder().speed(100.0).start().await.unwrap()
}

/// Makes a wait advance the clock after each state.
fn stepping<T: compute_kfp::waiting::Progress>(wait: Wait<T>, sandbox: &Arc<Sandbox>) -> Wait<T> {
    let sandbox = sandbox.clone();
    wait.min_interval(SOON)
        .on_change(move |_| sandbox.advance(STEP))
}

async fn name_of_a_backend_type(compute: &compute::Client) -> String {
    let types = compute.read_backend_types().send().await.unwrap();
    types.into_inner().items.remove(0).name
}

#[tokio::test]
async fn a_circuit_runs_and_is_recorded_with_its_lineage() {
    let sandbox = fast().await;
    let (compute, kfp) = (compute(&sandbox), kfp(&sandbox));
    let backend_type = name_of_a_backend_type(&compute).await;
    let run = compute.run_circuit(CIRCUIT, backend_type).owner_id(1);
    let outcome = run.shots(64).min_interval(SOON).send().await.unwrap();
    assert!(outcome.job.succeeded(), "{outcome:?}");
    assert!(!outcome.results.is_empty());
    let stored = compute.read_results_by_job_id(outcome.job.id).size(100);
    let stored: Vec<JobResult> = stored.send().await.unwrap().into_inner().items;
    assert_eq!(outcome.results, stored);

    let calibration = compute.latest_calibration(BACKEND_ID).send().await.unwrap();
    let run = kfp::types::Run::builder().display_name("calibrate");
    let run = run.pipeline_spec(super::one_step());
    let run = kfp.create_run(run).send().await.unwrap();
    let run = run.into_inner().run_id.unwrap();
    let record = kfp.record_job(&outcome.job, &run);
    let record = record.results(&outcome.results).calibration(&calibration);
    let recorded = record.send().await.unwrap();
    let listed = kfp.list_run_artifacts(&run).send().await.unwrap();
    let artifacts = recorded.artifacts.iter().chain(&recorded.metrics);
    assert_eq!(listed.len(), artifacts.clone().count());
    for artifact in artifacts {
        let found = listed.iter().find(|found| found.artifact == *artifact);
        assert_eq!(found.unwrap().links.len(), 1);
    }
}

#[tokio::test]
async fn a_second_circuit_uses_the_project_of_the_first() {
    let sandbox = fast().await;
    let compute = compute(&sandbox);
    let backend_type = name_of_a_backend_type(&compute).await;
    for _ in 0..2 {
        let run = compute.run_circuit(CIRCUIT, &*backend_type).project("mine");
        run.owner_id(1).submit().await.unwrap();
    }
    let projects = compute.read_projects().name("mine").send().await.unwrap();
    assert_eq!(projects.total, 1);
}

#[tokio::test]
async fn jobs_and_batch_jobs_are_waited_for() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let compute = compute(&sandbox);
    let backend_type = name_of_a_backend_type(&compute).await;
    for (circuit, succeeded) in [(CIRCUIT, true), ("version 3.0\n// error\n", false)] {
        let run = compute.run_circuit(circuit, &*backend_type).owner_id(1);
        let job = run.submit().await.unwrap();
        assert_eq!(job.status, JobStatus::Planned);
        let wait = stepping(compute.wait_for_job(job.id), &sandbox);
        let ended = wait.send().await.unwrap();
        assert_eq!(ended.succeeded(), succeeded);
        assert_eq!(ended.message().is_none(), succeeded);
        let wait = compute.wait_for_batch_job(job.batch_job_id);
        assert!(stepping(wait, &sandbox).send().await.unwrap().succeeded());
    }
}

#[tokio::test]
async fn a_cancelled_job_ends_a_wait() {
    let sandbox = Sandbox::start().await.unwrap();
    let compute = compute(&sandbox);
    let backend_type = name_of_a_backend_type(&compute).await;
    let run = compute.run_circuit(CIRCUIT, backend_type).owner_id(1);
    let id = run.submit().await.unwrap().id;
    compute.cancel_job(id).send().await.unwrap();
    let ended = compute.wait_for_job(id).send().await.unwrap();
    assert_eq!(ended.state(), &JobStatus::Cancelled);
    assert!(!ended.succeeded());
}

#[tokio::test]
async fn a_followed_log_equals_the_final_log() {
    let sandbox = fast().await;
    let compute = compute(&sandbox);
    let backend_type = name_of_a_backend_type(&compute).await;
    let run = compute.run_circuit(CIRCUIT, backend_type).owner_id(1);
    let id = run.submit().await.unwrap().id;
    let follow = compute.follow_job_logs(id).min_interval(SOON);
    let mut lines = follow.max_interval(SOON).lines();
    let mut followed = Vec::new();
    while let Some(line) = lines.next().await {
        followed.push(line.unwrap());
    }
    let job = compute.read_job(id).send().await.unwrap();
    assert_eq!(job.status, JobStatus::Completed);
    let left = compute.get_job_logs(id).limit(200).send().await.unwrap();
    assert!(!followed.is_empty());
    assert_eq!(followed, left.logs);
}

#[tokio::test]
async fn a_package_is_uploaded_run_waited_for_and_watched() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let kfp = kfp(&sandbox);
    for _ in 0..2 {
        let content = compute_kfp::Content::from(PACKAGE.to_owned()).named("calibrate.yaml");
        let run = kfp.run_pipeline("calibrate").package(content);
        let run = run.experiment("50% + more").parameter("shots", 64);
        let run = run.send().await.unwrap();
        let id = run.run_id.unwrap();
        let wait = stepping(kfp.wait_for_run(&id), &sandbox);
        let ended = wait.send().await.unwrap();
        assert!(ended.succeeded(), "{ended:?}");

        let mut tasks = kfp.watch_run(&id).tasks();
        let mut names = Vec::new();
        while let Some(task) = tasks.next().await {
            names.push(task.unwrap().name.unwrap());
        }
        assert!(names.contains(&"measure".to_owned()), "{names:?}");
        assert!(names.contains(&"fit".to_owned()), "{names:?}");
    }
    let filter = kfp::Filter::eq("display_name", "50% + more");
    let experiments = kfp.list_experiments().namespace(NAMESPACE).filter(filter);
    let experiments = experiments.send().await.unwrap().into_inner().experiments;
    assert_eq!(experiments.unwrap().len(), 1);
    let pipeline = kfp.get_pipeline_by_name("calibrate").namespace(NAMESPACE);
    let pipeline = pipeline.send().await.unwrap().into_inner();
    let versions = kfp.list_pipeline_versions(pipeline.pipeline_id.unwrap());
    let versions = versions.send().await.unwrap();
    assert_eq!(versions.pipeline_versions.as_ref().unwrap().len(), 2);
}

/// The sandbox ties a token to the order and the filter of its list, as KFP does.
#[tokio::test]
async fn a_filter_and_an_order_hold_over_all_pages() {
    let sandbox = Sandbox::builder().short_pages(true).start().await.unwrap();
    let kfp = kfp(&sandbox);
    for number in 0..9 {
        for name in [format!("50% + \"é\" {number}"), format!("other {number}")] {
            let experiment = Experiment::builder()
                .display_name(name)
                .namespace(NAMESPACE);
            kfp.create_experiment(experiment).send().await.unwrap();
        }
    }
    let list = |sort: Sort, text: &str| {
        let list = kfp.list_experiments().namespace(NAMESPACE).page_size(3);
        list.filter(Filter::contains("display_name", text))
            .sort_by(sort)
    };
    let descending = || list(Sort::descending("display_name"), "50% + \"é\"");
    let names = async |items: Items<ListExperimentsResponse>| -> compute_kfp::Result<Vec<_>> {
        let found = items.collect().await?.into_iter();
        Ok(found.map(|found| found.display_name.unwrap()).collect())
    };
    let expected: Vec<_> = (0..9)
        .rev()
        .map(|number| format!("50% + \"é\" {number}"))
        .collect();
    for prefetch in [0, 2] {
        let items = descending().prefetch(prefetch).items();
        assert_eq!(names(items).await.unwrap(), expected);
    }

    let mut first = descending().items();
    for _ in 0..5 {
        first.next().await.unwrap().unwrap();
    }
    let point = first.resume_point().unwrap().clone();
    let rest = descending().resume(point.clone()).items();
    assert_eq!(names(rest).await.unwrap(), expected[5..]);
    for other in [
        list(Sort::ascending("display_name"), "50% + \"é\""),
        list(Sort::descending("display_name"), "other"),
    ] {
        let error = names(other.resume(point.clone()).items())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(!error.was_sent());
    }
}

#[tokio::test]
async fn the_tasks_of_a_run_are_watched_while_it_runs() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    // The clock advances by a second with each response.
    let clock = sandbox.clone();
    let tick = middleware::after(move |_, _| clock.advance(Duration::from_secs(1)));
    let kfp = kfp::Client::builder(sandbox.url()).bearer_token(sandbox.kfp_token());
    let kfp = kfp.namespace(NAMESPACE);
    let kfp = kfp.transport(|transport| transport.middleware(tick));
    let kfp = kfp.build().unwrap();
    let content = compute_kfp::Content::from(PACKAGE.to_owned()).named("calibrate.yaml");
    let run = kfp.run_pipeline("calibrate").package(content);
    let id = run.send().await.unwrap().run_id.unwrap();
    let watch = kfp.watch_run(&id).min_interval(SOON).max_interval(SOON);
    let mut tasks = watch.tasks();
    let mut states = BTreeMap::<String, Vec<String>>::new();
    while let Some(task) = tasks.next().await {
        let task = task.unwrap();
        let of_task = states.entry(task.name.unwrap()).or_default();
        of_task.push(task.state.unwrap().to_string());
    }
    for name in ["measure", "fit"] {
        let states = &states[name];
        assert!(
            states.windows(2).all(|pair| pair[0] != pair[1]),
            "{states:?}"
        );
        assert_eq!(states.last().unwrap(), "SUCCEEDED");
    }
    assert!(states["fit"].len() > 1, "{states:?}");
}

#[tokio::test]
async fn a_run_that_fails_or_is_cancelled_ends_a_wait() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let kfp = kfp(&sandbox);
    let content = || compute_kfp::Content::from(PACKAGE.to_owned()).named("calibrate.yaml");
    let run = kfp
        .run_pipeline("calibrate")
        .package(content())
        .parameter("fail", "fit");
    let id = run.send().await.unwrap().run_id.unwrap();
    let ended = stepping(kfp.wait_for_run(id), &sandbox)
        .send()
        .await
        .unwrap();
    assert!(!ended.succeeded());
    assert_eq!(ended.message(), Some("Task fit failed"));

    let run = kfp.run_pipeline("calibrate").send().await.unwrap();
    let id = run.run_id.unwrap();
    kfp.terminate_run(&id).send().await.unwrap();
    let ended = stepping(kfp.wait_for_run(id), &sandbox)
        .send()
        .await
        .unwrap();
    assert!(!ended.succeeded());
    assert_eq!(ended.state(), &kfp::types::RuntimeState::Canceled);
}
