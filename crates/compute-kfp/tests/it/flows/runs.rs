use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use compute_kfp::ErrorKind;
use compute_kfp::credentials::{AccessToken, RenewedToken};
use compute_kfp::kfp::types::{Run, RuntimeState};
use compute_kfp::waiting::{Progress, Unfinished};
use compute_kfp::{RetryPolicy, kfp};
use serde_json::{Value, json};

use super::server::{Clients as _, NEVER, SOON, broken, later};
use compute_kfp_test_server::{Response, TestServer};

fn run(state: &str) -> Value {
    json!({"run_id": "r1", "display_name": "nightly", "state": state})
}

/// States that `on_change` was called with.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn note(&self) -> impl FnMut(&RuntimeState) + Send + use<> {
        let seen = self.0.clone();
        move |state| seen.lock().unwrap().push(state.to_string())
    }

    fn states(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_wait_goes_through_every_state_to_the_end() {
    // The server omits a state of zero.
    let responses = [
        json!({"run_id": "r1"}),
        run("PENDING"),
        run("RUNNING"),
        run("RUNNING"),
        run("PAUSED"),
        run("RUNNING"),
        run("SUCCEEDED"),
    ];
    let server = TestServer::playing(responses);
    let seen = Seen::default();
    let wait = server.kfp().wait_for_run("r1").min_interval(SOON);
    let ended = wait.max_interval(SOON).on_change(seen.note()).send().await;
    let ended = ended.unwrap();

    assert!(ended.succeeded());
    assert_eq!(ended.state(), &RuntimeState::Succeeded);
    assert_eq!(ended.message(), None);
    assert_eq!(ended.display_name.as_deref(), Some("nightly"));
    assert_eq!(
        seen.states(),
        [
            "RUNTIME_STATE_UNSPECIFIED",
            "PENDING",
            "RUNNING",
            "PAUSED",
            "RUNNING",
            "SUCCEEDED"
        ],
    );
    let paths: Vec<_> = server.requests().into_iter().map(|r| r.target).collect();
    assert_eq!(paths, vec!["/apis/v2beta1/runs/r1"; 7]);
}

#[tokio::test]
async fn each_final_state_ends_a_wait() {
    for (state, succeeded) in [
        ("SUCCEEDED", true),
        ("SKIPPED", true),
        ("FAILED", false),
        ("CANCELED", false),
    ] {
        let server = TestServer::playing([run("CANCELING"), run(state)]);
        let wait = server.kfp().wait_for_run("r1").min_interval(SOON);
        let ended = wait.send().await.unwrap();
        assert_eq!(ended.state().as_str(), state);
        assert_eq!(ended.succeeded(), succeeded, "{state}");
        assert_eq!(server.requests().len(), 2);
    }
}

#[test]
fn no_other_state_is_final() {
    let is_final = |state: &str| Run::builder().state(state).build().is_final();
    let last: Vec<_> = RuntimeState::KNOWN
        .iter()
        .filter(|state| is_final(state))
        .collect();
    assert_eq!(last, [&"SUCCEEDED", &"SKIPPED", &"FAILED", &"CANCELED"]);
    assert!(!is_final("succeeded"));
    assert!(!Run::default().is_final());
}

#[tokio::test]
async fn a_failed_run_says_why() {
    let why = |error: Value| async move {
        let mut failed = run("FAILED");
        failed["error"] = error;
        let server = TestServer::playing([failed]);
        let ended = server.kfp().wait_for_run("r1").send().await.unwrap();
        ended.message().map(str::to_owned)
    };
    let plain = json!({"code": 13, "message": "OOMKilled"});
    assert_eq!(why(plain).await.as_deref(), Some("OOMKilled"));
    let detailed = json!({"code": 13, "message": "rpc: chain", "details": [
        {"@type": "type.googleapis.com/google.rpc.Status", "code": 13, "message": "out of memory"},
    ]});
    assert_eq!(why(detailed).await.as_deref(), Some("out of memory"));
    assert_eq!(why(json!({"code": 13})).await, None);
}

#[tokio::test]
async fn an_unknown_state_is_reported_and_does_not_end_a_wait() {
    let server = TestServer::playing([run("HIBERNATING"), run("FAILED")]);
    let seen = Seen::default();
    let wait = server.kfp().wait_for_run("r1").min_interval(SOON);
    let ended = wait.on_change(seen.note()).send().await.unwrap();
    assert!(!ended.succeeded());
    assert_eq!(seen.states(), ["HIBERNATING", "FAILED"]);
}

#[tokio::test]
async fn transient_faults_do_not_end_a_wait() {
    let refused = |status| Response::json(status, json!({"message": "later"}));
    let server = TestServer::playing([
        broken(),
        run("RUNNING").into(),
        refused(500),
        refused(502),
        refused(503),
        refused(504),
        refused(429),
        refused(408),
        broken(),
        run("SUCCEEDED").into(),
    ]);
    let wait = server.kfp().wait_for_run("r1").min_interval(SOON);
    let ended = wait.max_interval(SOON).send().await.unwrap();
    assert!(ended.succeeded());
    assert_eq!(server.requests().len(), 10);
}

#[tokio::test]
async fn a_wait_honours_retry_after() {
    let responses = [run("RUNNING").into(), later(1), run("SUCCEEDED").into()];
    let server = TestServer::playing(responses);
    let started = std::time::Instant::now();
    let wait = server.kfp().wait_for_run("r1").min_interval(SOON);
    assert!(wait.send().await.unwrap().succeeded());
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn permanent_faults_end_a_wait() {
    for (status, kind) in [
        (400, ErrorKind::InvalidRequest),
        (401, ErrorKind::Authentication),
        (403, ErrorKind::Permission),
        (404, ErrorKind::NotFound),
        (501, ErrorKind::Unsupported),
    ] {
        let refusal = Response::json(status, json!({"message": "no"}));
        let server = TestServer::playing([run("RUNNING").into(), refusal]);
        let wait = server.kfp().wait_for_run("r1").min_interval(SOON);
        let error = wait.send().await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert!(Unfinished::<Run>::of(&error).is_none());
        // The release is requested if the server does not have the operation.
        let requests = server.requests().len();
        assert_eq!(
            requests,
            if error.kind() == ErrorKind::Unsupported {
                3
            } else {
                2
            }
        );
    }
}

#[tokio::test]
async fn a_limit_ends_a_wait_with_the_last_state() {
    let server = TestServer::playing([run("RUNNING")]);
    let wait = server.kfp().wait_for_run("r1").timeout(NEVER);
    // From the first state on, time passes by itself.
    let wait = wait.min_interval(NEVER * 2);
    let error = wait.on_change(|_| tokio::time::pause()).send().await;
    let error = error.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        error.message().starts_with("run `r1` was still RUNNING"),
        "{error}"
    );
    let unfinished = Unfinished::<Run>::of(&error).unwrap();
    assert_eq!(unfinished.last().unwrap().state(), &RuntimeState::Running);
    assert!(unfinished.fault().is_none());
    assert!(Unfinished::<compute_kfp::compute::types::Job>::of(&error).is_none());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn the_time_limit_includes_outages() {
    let failure = Response::json(503, json!({"message": "restarting"}));
    let server = TestServer::playing([run("RUNNING").into(), failure]);
    let wait = server.kfp().wait_for_run("r1").timeout(NEVER);
    let wait = wait.min_interval(SOON).max_interval(NEVER);
    let error = wait
        .max_outage(NEVER * 2)
        .on_change(|_| tokio::time::pause());
    let error = error.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let unfinished = Unfinished::<Run>::of(&error).unwrap();
    assert_eq!(unfinished.last().unwrap().state(), &RuntimeState::Running);
}

#[tokio::test]
async fn the_time_limit_includes_the_time_of_a_request() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let kfp = kfp::Client::builder(url)
        .transport(|transport| transport.timeout(NEVER))
        .build()
        .unwrap();
    let wait = kfp.wait_for_run("r1").timeout(Duration::from_millis(20));
    let error = wait.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let unfinished = Unfinished::<Run>::of(&error).unwrap();
    assert!(unfinished.last().is_none());
    assert_eq!(unfinished.to_string(), "no state was read");
}

#[tokio::test]
async fn an_outage_ends_a_wait_with_its_cause_and_the_last_state() {
    let failure = Response::json(500, json!({"message": "the database is gone"}));
    let server = TestServer::playing([run("PENDING").into(), failure]);
    let wait = server.kfp().wait_for_run("r1").min_interval(SOON);
    let error = wait.max_outage(Duration::ZERO).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert!(error.message().contains("the database is gone"), "{error}");
    let unfinished = Unfinished::<Run>::of(&error).unwrap();
    assert_eq!(unfinished.last().unwrap().state(), &RuntimeState::Pending);
    let fault = unfinished.fault().unwrap();
    assert_eq!(fault.status().unwrap().as_u16(), 500);
    assert!(unfinished.source().is_some());
}

#[tokio::test]
async fn the_error_of_a_limit_shows_only_the_state_of_the_run() {
    let mut secret = run("RUNNING");
    secret["runtime_config"] = json!({"parameters": {"password": "hunter2"}});
    let server = TestServer::playing([secret]);
    let wait = server.kfp().wait_for_run("r1").timeout(NEVER);
    let wait = wait.min_interval(NEVER * 2);
    let error = wait.on_change(|_| tokio::time::pause()).send().await;
    let shown = format!("{:#?}", error.unwrap_err());
    assert!(shown.contains("Running"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[tokio::test]
async fn a_token_that_expires_is_renewed_in_the_middle() {
    let server = TestServer::start(|request| {
        let token = request.header("authorization").unwrap();
        match (request.index, token) {
            (0, "Bearer t1") => run("RUNNING").into(),
            (_, "Bearer t1") => Response::json(401, json!({"message": "expired"})),
            (_, "Bearer t2") => run("SUCCEEDED").into(),
            _ => panic!("{token}"),
        }
    });
    let issued = Arc::new(Mutex::new(0));
    let source = move || {
        let mut issued = issued.lock().unwrap();
        *issued += 1;
        std::future::ready(Ok(AccessToken::new(format!("t{issued}"))))
    };
    let kfp = kfp::Client::builder(server.url())
        .credentials(RenewedToken::new(source))
        .transport(|transport| transport.retry(RetryPolicy::never()))
        .build()
        .unwrap();
    let ended = kfp.wait_for_run("r1").min_interval(SOON).send().await;
    assert!(ended.unwrap().succeeded());
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn nothing_is_sent_after_a_wait_is_dropped() {
    let server = TestServer::playing([run("RUNNING")]);
    let kfp = server.kfp();
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let wait = kfp.wait_for_run("r1").min_interval(SOON);
    let wait = wait.on_change(move |_| sender.send(()).unwrap());
    tokio::select! {
        ended = wait.send() => panic!("{ended:?}"),
        () = async { seen.recv().await.unwrap() } => {}
    }
    let sent = server.requests().len();
    // Enough yields for a request that is still in flight.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.requests().len(), sent);
    assert!(seen.recv().await.is_none());
}

#[tokio::test]
async fn nothing_is_sent_before_the_changes_are_polled() {
    let server = TestServer::playing([run("PENDING"), run("RUNNING"), run("FAILED")]);
    let mut changes = server.kfp().wait_for_run("r1").min_interval(SOON).changes();
    assert!(server.requests().is_empty());
    for state in ["PENDING", "RUNNING", "FAILED"] {
        let run = changes.next().await.unwrap().unwrap();
        assert_eq!(run.state.unwrap(), state);
    }
    assert!(changes.next().await.is_none());
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn changes_end_after_an_error() {
    let refusal = Response::json(403, json!({"message": "no"}));
    let server = TestServer::playing([run("RUNNING").into(), refusal]);
    let mut changes = server.kfp().wait_for_run("r1").min_interval(SOON).changes();
    changes.next().await.unwrap().unwrap();
    let error = changes.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert!(changes.next().await.is_none());
    assert_eq!(server.requests().len(), 2);
}
