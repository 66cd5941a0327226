use std::sync::{Arc, Mutex};

use compute_kfp::ErrorKind;
use compute_kfp::compute::RunCircuit;
use compute_kfp::compute::types::JobStatus;
use serde_json::{Value, json};

use super::jobs::job;
use super::server::{Clients as _, SOON};
use compute_kfp_test_server::{Received, Response, TestServer};

const BELL: &str = "version 3.0\nqubit[2] q\nH q[0]\nCNOT q[0], q[1]\n";
const NOW: &str = "2026-11-22T06:00:00";

fn page(items: &[Value]) -> Response {
    let count = items.len();
    json!({"items": items, "total": count, "page": 1, "size": 50, "pages": 1}).into()
}

fn backend_type(id: i64, name: &str, identifier: &str) -> Value {
    json!({
        "id": id, "name": name, "infrastructure": "x", "description": "", "image_id": "",
        "is_hardware": false, "supports_raw_data": true, "status": "idle", "nqubits": 5,
        "default_number_of_shots": 1024, "max_number_of_shots": 4096, "enabled": true,
        "identifier": identifier, "job_execution_time_limit": 60.0, "max_jobs_per_batch_job": 9,
        "batchjobs_per_queue_limit": 9,
    })
}

fn result(id: i64) -> Value {
    json!({
        "id": id, "created_on": NOW, "job_id": 7, "execution_time_in_seconds": 0.5,
        "shots_requested": 2, "shots_done": 2, "results": {"00": 1, "11": 1}, "raw_data": null,
    })
}

/// Returns the responses that a circuit run needs. `change` replaces some of them.
async fn service(
    change: impl Fn(&Received) -> Option<Response> + Send + Sync + 'static,
) -> TestServer {
    TestServer::start(move |request| {
        if let Some(response) = change(request) {
            return response;
        }
        let mut sent = match request.text() {
            "" => json!({}),
            _ => request.json(),
        };
        let mut stored = |id: i64, more: Value| {
            sent["id"] = id.into();
            sent["created_on"] = NOW.into();
            for (name, value) in more.as_object().unwrap() {
                sent[name] = value.clone();
            }
            Response::json(201, sent.clone())
        };
        match &*request.line() {
            "GET /backend_types/" => {
                let all = [
                    backend_type(1, "QX", "qx"),
                    backend_type(2, "Tuna-5", "tuna"),
                ];
                let fits = |kind: &&Value| {
                    ["name", "identifier"].iter().all(|key| {
                        request
                            .parameter(key)
                            .is_none_or(|wanted| kind[*key] == wanted)
                    })
                };
                page(&all.iter().filter(fits).cloned().collect::<Vec<_>>())
            }
            "GET /backend_types/2" => backend_type(2, "Tuna-5", "tuna").into(),
            "GET /projects" => page(&[]),
            "GET /members" => page(&[
                json!({"id": 30, "team_id": 1, "user_id": 1, "role": "member", "is_active": true}),
            ]),
            "POST /projects" => stored(31, json!({"starred": false})),
            "POST /algorithms" => stored(32, json!({"link": null})),
            "POST /commits" => stored(33, json!({"hash": "0"})),
            "GET /languages" => page(&[
                json!({"id": 40, "name": "cQASM", "version": "1.0"}),
                json!({"id": 41, "name": "cQASM", "version": "10.0"}),
                json!({"id": 42, "name": "cQASM", "version": "3.0"}),
                json!({"id": 43, "name": "Python", "version": "99"}),
            ]),
            "POST /files" => stored(34, json!({"generated": false})),
            "POST /batch_jobs" => stored(
                8,
                json!({
                    "status": "planned", "user_id": 1, "backend_id": null, "queued_at": null,
                    "reserved_at": null, "finished_at": null, "job_ids": [],
                    "aggregated_algorithm_type": "quantum",
                }),
            ),
            "POST /jobs" => Response::json(201, job("planned")),
            "PATCH /batch_jobs/8/enqueue" => json!({
                "id": 8, "created_on": NOW, "status": "queued", "user_id": 1, "backend_type_id": 2,
                "backend_id": null, "queued_at": NOW, "reserved_at": null, "finished_at": null,
                "job_ids": [7], "aggregated_algorithm_type": "quantum",
            })
            .into(),
            "GET /jobs/7" => job("completed").into(),
            "GET /results/job/7" => {
                let number: i64 = request.parameter("page").unwrap().parse().unwrap();
                json!({
                    "items": [result(number)], "total": 3, "page": number, "size": 1, "pages": 3,
                })
                .into()
            }
            other => panic!("{other}"),
        }
    })
}

async fn lines(server: &TestServer) -> Vec<String> {
    server.requests().iter().map(Received::line).collect()
}

fn sent(server: &TestServer, line: &str) -> Value {
    let requests = server.requests();
    let request = requests.iter().find(|request| request.line() == line);
    request.unwrap().json()
}

fn run(server: &TestServer) -> RunCircuit {
    let client = server.compute();
    client.run_circuit(BELL, "Tuna-5").min_interval(SOON)
}

#[tokio::test]
async fn a_circuit_runs_from_its_text_to_the_results_of_all_pages() {
    let server = service(|request| {
        let is_first = request.line() == "GET /jobs/7" && request.index == 11;
        is_first.then(|| job("running").into())
    })
    .await;
    let states = Arc::new(Mutex::new(Vec::new()));
    let seen = states.clone();
    let run = run(&server).shots(2).name("bell");
    let run = run.on_change(move |job, state| seen.lock().unwrap().push((job, state.clone())));
    let outcome = run.send().await.unwrap();

    assert!(outcome.job.succeeded());
    let seen = [(7, JobStatus::Running), (7, JobStatus::Completed)];
    assert_eq!(*states.lock().unwrap(), seen);
    let ids: Vec<_> = outcome.results.iter().map(|result| result.id).collect();
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(outcome.final_result, None);
    assert_eq!(
        lines(&server).await,
        [
            "GET /backend_types/",
            "GET /projects",
            "GET /members",
            "POST /projects",
            "POST /algorithms",
            "POST /commits",
            "GET /languages",
            "POST /files",
            "POST /batch_jobs",
            "POST /jobs",
            "PATCH /batch_jobs/8/enqueue",
            "GET /jobs/7",
            "GET /jobs/7",
            "GET /results/job/7",
            "GET /results/job/7",
            "GET /results/job/7",
        ]
    );
    assert_eq!(
        sent(&server, "POST /projects"),
        json!({"owner_id": 30, "name": "compute-kfp", "description": ""})
    );
    assert_eq!(
        sent(&server, "POST /algorithms"),
        json!({"project_id": 31, "type": "quantum", "shared": "private", "name": "bell"})
    );
    assert_eq!(
        sent(&server, "POST /files"),
        json!({
            "commit_id": 33, "content": BELL, "language_id": 41, "compile_stage": "none",
            "compile_properties": {}, "name": "bell",
        })
    );
    assert_eq!(
        sent(&server, "POST /batch_jobs"),
        json!({"backend_type_id": 2})
    );
    assert_eq!(
        sent(&server, "POST /jobs"),
        json!({"file_id": 34, "batch_job_id": 8, "number_of_shots": 2})
    );
}

#[tokio::test]
async fn a_backend_type_is_found_by_id_name_or_identifier() {
    for (server, run) in [
        (service(|_| None).await, "by id"),
        (service(|_| None).await, "by identifier"),
    ] {
        let client = server.compute();
        let run = match run {
            "by id" => client.run_circuit(BELL, 2),
            _ => client.run_circuit(BELL, "tuna"),
        };
        run.submit().await.unwrap();
        assert_eq!(sent(&server, "POST /batch_jobs")["backend_type_id"], 2);
    }
}

#[tokio::test]
async fn the_error_names_what_is_missing_and_nothing_is_created() {
    let server = service(|_| None).await;
    let client = server.compute();
    let error = client.run_circuit(BELL, "Tuna-99").submit().await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("Tuna-99"), "{error}");
    assert!(server.requests().iter().all(|r| r.method == "GET"));
}

#[tokio::test]
async fn an_existing_project_is_used() {
    let server = service(|request| {
        (request.line() == "GET /projects").then(|| {
            page(&[
                json!({"id": 50, "created_on": NOW, "owner_id": 1, "name": "mine too", "description": "", "starred": false}),
                json!({"id": 51, "created_on": NOW, "owner_id": 1, "name": "mine", "description": "", "starred": false}),
            ])
        })
    })
    .await;
    run(&server).project("mine").submit().await.unwrap();
    assert_eq!(sent(&server, "POST /algorithms")["project_id"], 51);
    assert!(!lines(&server).await.contains(&"POST /projects".to_owned()));
}

#[tokio::test]
async fn a_user_with_several_memberships_has_to_choose() {
    let several = |request: &Received| (request.line() == "GET /members").then(|| page(&[]));
    let server = service(several).await;
    let error = run(&server).submit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.message().contains("owner_id"), "{error}");

    let server = service(several).await;
    run(&server).owner_id(77).submit().await.unwrap();
    assert_eq!(sent(&server, "POST /projects")["owner_id"], 77);
}

#[tokio::test]
async fn a_version_of_a_language_can_be_chosen() {
    let server = service(|_| None).await;
    let submitted = run(&server).language_version("3.0").submit().await;
    submitted.unwrap();
    assert_eq!(sent(&server, "POST /files")["language_id"], 42);
    let error = run(&server)
        .language("OpenQASM")
        .submit()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("OpenQASM"), "{error}");
}

#[tokio::test]
async fn a_circuit_that_failed_says_why() {
    let server = service(|request| match &*request.line() {
        "GET /jobs/7" => Some(job("failed").into()),
        "GET /results/job/7" => Some(page(&[])),
        _ => None,
    })
    .await;
    let outcome = run(&server).send().await.unwrap();
    assert!(!outcome.job.succeeded());
    assert_eq!(outcome.job.message(), Some("the fridge is warm"));
    assert!(outcome.results.is_empty());
}

#[tokio::test]
async fn a_hybrid_program_has_a_final_result_or_none() {
    for there in [true, false] {
        let server = service(move |request| match &*request.line() {
            "GET /jobs/7" => {
                let mut hybrid = job("completed");
                hybrid["algorithm_type"] = "hybrid".into();
                Some(hybrid.into())
            }
            "GET /final_results/job/7" if there => Some(
                json!({"id": 9, "created_on": NOW, "job_id": 7, "final_result": {"energy": -1.1}})
                    .into(),
            ),
            "GET /final_results/job/7" => Some(Response::json(404, json!({"detail": "none"}))),
            _ => None,
        })
        .await;
        let run = run(&server).algorithm_type("hybrid").language("Python");
        let outcome = run.send().await.unwrap();
        let energy = outcome
            .final_result
            .map(|found| found.final_result["energy"].clone());
        assert_eq!(energy, there.then(|| json!(-1.1)));
        assert_eq!(sent(&server, "POST /algorithms")["type"], "hybrid");
        assert_eq!(sent(&server, "POST /files")["language_id"], 43);
    }
}

#[tokio::test]
async fn cancelling_sends_only_the_status() {
    let server = TestServer::playing([job("cancelled")]);
    server.compute().cancel_job(7).send().await.unwrap();
    let [request] = server.requests().try_into().unwrap();
    assert_eq!(request.line(), "PATCH /jobs/7");
    assert_eq!(request.json(), json!({"status": "cancelled"}));
}
