//! Start, stop, and received requests.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant, SystemTime};

use crate::support::{Compute, Kfp, plain, send};
use compute_kfp_sandbox::Sandbox;
use reqwest::Method;
use serde_json::json;

fn address(sandbox: &Sandbox) -> String {
    sandbox.url().strip_prefix("http://").unwrap().to_owned()
}

/// Sends bytes that no HTTP library would send, and returns the response.
fn exchange(sandbox: &Sandbox, request: &[u8]) -> String {
    let mut connection = TcpStream::connect(address(sandbox)).unwrap();
    connection.write_all(request).unwrap();
    let mut response = Vec::new();
    connection.read_to_end(&mut response).unwrap();
    String::from_utf8(response).unwrap()
}

#[tokio::test]
async fn two_sandboxes_run_side_by_side_and_share_nothing() {
    let (one, other) = (
        Sandbox::start().await.unwrap(),
        Sandbox::start().await.unwrap(),
    );
    assert_ne!(one.url(), other.url());
    Compute(&one)
        .create(json!({ "data": {} }))
        .await
        .expect(201);
    assert_eq!(one.received().len(), 1);
    assert_eq!(other.received().len(), 0);
    let total = |page: serde_json::Value| page["total"].as_u64().unwrap();
    let of_one = total(Compute(&one).get("/metadata/backend/7").await.expect(200));
    let of_other = total(Compute(&other).get("/metadata/backend/7").await.expect(200));
    assert_eq!(of_one, of_other + 1);
}

#[tokio::test]
async fn two_sandboxes_that_get_the_same_requests_give_the_same_ids_and_times() {
    let mut created = Vec::new();
    for _ in 0..2 {
        let sandbox = Sandbox::start().await.unwrap();
        let pipeline = json!({ "name": "p" });
        created.push((
            Kfp(&sandbox).post("/pipelines", pipeline).await.expect(200),
            Compute(&sandbox)
                .create(json!({ "data": {} }))
                .await
                .expect(201),
            Kfp(&sandbox)
                .get("/artifacts?page_size=200")
                .await
                .expect(200),
        ));
    }
    assert_eq!(created[0], created[1]);
}

#[tokio::test]
async fn a_sandbox_listens_on_the_given_port() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let sandbox = Sandbox::builder().port(port).start().await.unwrap();
    assert_eq!(sandbox.url(), format!("http://127.0.0.1:{port}"));
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = Sandbox::builder().port(port).start().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[tokio::test]
async fn an_address_that_others_can_reach_must_be_allowed() {
    let everywhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let error = Sandbox::builder()
        .host(everywhere)
        .start()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);

    let sandbox = Sandbox::builder()
        .host(everywhere)
        .exposed()
        .start()
        .await
        .unwrap();
    assert!(sandbox.url().starts_with("http://127.0.0.1:"));
    Kfp(&sandbox).get("/artifacts").await.expect(200);
}

#[tokio::test]
async fn a_credential_that_is_invalid_in_a_header_is_rejected() {
    for credential in ["", "two words", "line\nbreak", "é"] {
        let error = Sandbox::builder()
            .kfp_token(credential)
            .start()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}

#[tokio::test]
async fn credentials_can_be_chosen() {
    let sandbox = Sandbox::builder()
        .compute_token("t1")
        .compute_api_key("k1")
        .kfp_token("t2")
        .require_kfp_token()
        .start()
        .await
        .unwrap();
    let tokens = [
        sandbox.compute_token(),
        sandbox.compute_api_key(),
        sandbox.kfp_token(),
    ];
    assert_eq!(tokens, ["t1", "k1", "t2"]);
    Compute(&sandbox).get("/metadata/1").await.expect(200);
    Compute(&sandbox)
        .create(json!({ "data": {} }))
        .await
        .expect(201);
    Kfp(&sandbox).get("/metrics").await.expect(200);
    let old =
        plain(&sandbox, Method::GET, "/apis/v2beta1/metrics").bearer_auth("sandbox-kfp-token");
    send(old).await.expect(401);
}

#[tokio::test]
async fn an_empty_sandbox_has_only_its_backend() {
    let sandbox = Sandbox::builder().empty().start().await.unwrap();
    assert_eq!(Kfp(&sandbox).get("/artifacts").await.expect(200), json!({}));
    assert_eq!(Kfp(&sandbox).get("/metrics").await.expect(200), json!({}));
    let page = Compute(&sandbox)
        .get("/metadata/backend/7")
        .await
        .expect(200);
    let nothing = json!({ "items": [], "total": 0, "page": 1, "size": 50, "pages": 0 });
    assert_eq!(page, nothing);
    Compute(&sandbox)
        .create(json!({ "backend_id": 7, "data": {} }))
        .await
        .expect(201);
}

#[tokio::test]
async fn the_clock_starts_at_the_given_time() {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let sandbox = Sandbox::builder()
        .clock_starts_at(start)
        .start()
        .await
        .unwrap();
    let mut times = Vec::new();
    for _ in 0..5 {
        let metadata = Compute(&sandbox)
            .create(json!({ "data": {} }))
            .await
            .expect(201);
        times.push(metadata["created_on"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        times,
        [
            "2027-01-15T08:00:00",
            "2027-01-15T08:00:01.250000",
            "2027-01-15T08:00:02.500000",
            "2027-01-15T08:00:03.750000",
            "2027-01-15T08:00:05",
        ]
    );
}

#[tokio::test]
async fn after_a_shutdown_the_port_is_free_again() {
    let sandbox = Sandbox::start().await.unwrap();
    let address = address(&sandbox);
    let idle = TcpStream::connect(&address).unwrap();
    sandbox.shutdown().await;
    assert!(TcpStream::connect(&address).is_err());
    drop(idle);
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_hold_up_a_shutdown_for_long() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut stuck = TcpStream::connect(address(&sandbox)).unwrap();
    stuck
        .write_all(b"POST /metadata HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{")
        .unwrap();
    Kfp(&sandbox).get("/artifacts").await.expect(200);
    let started = Instant::now();
    sandbox.shutdown().await;
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_dropped_sandbox_stops() {
    let sandbox = Sandbox::builder().start_blocking().unwrap();
    let address = address(&sandbox);
    drop(sandbox);
    let deadline = Instant::now() + Duration::from_secs(5);
    while TcpStream::connect(&address).is_ok() {
        assert!(Instant::now() < deadline, "still listening");
        std::thread::yield_now();
    }
}

#[test]
fn a_sandbox_serves_code_without_a_runtime() {
    let sandbox = Sandbox::builder().start_blocking().unwrap();
    let response = exchange(&sandbox, b"GET /metadata/1 HTTP/1.0\r\n\r\n");
    assert!(
        response.starts_with("HTTP/1.0 401") || response.starts_with("HTTP/1.1 401"),
        "{response}"
    );
    assert_eq!(sandbox.received().len(), 1);
}

#[tokio::test]
async fn a_sandbox_serves_a_thread_that_blocks_inside_a_runtime() {
    let sandbox = Sandbox::start().await.unwrap();
    assert!(exchange(&sandbox, b"GET /metadata/1 HTTP/1.0\r\n\r\n").contains("Not authenticated"));
}

#[tokio::test]
async fn a_received_request_shows_what_was_sent() {
    let sandbox = Sandbox::start().await.unwrap();
    let request = Kfp(&sandbox)
        .request(Method::POST, "/experiments?a=1&a=x%2By&b=")
        .header("X-Request-Id", "r-1")
        .json(&json!({ "display_name": "n" }));
    send(request).await.expect(200);

    let received = sandbox.received();
    let [request] = received.as_slice() else {
        panic!("{received:?}")
    };
    let operation = "ExperimentService_CreateExperiment";
    assert_eq!(request.operation_id(), Some(operation));
    assert_eq!(request.method(), "POST");
    assert_eq!(request.path(), "/apis/v2beta1/experiments");
    assert_eq!(request.query(), Some("a=1&a=x%2By&b="));
    assert_eq!(request.query_values("a"), ["1", "x+y"]);
    assert_eq!(request.query_value("b").as_deref(), Some(""));
    assert_eq!(request.query_value("c"), None);
    assert_eq!(request.header("x-request-id"), Some("r-1"));
    assert_eq!(
        request.header("Authorization"),
        Some("Bearer sandbox-kfp-token")
    );
    assert_eq!(request.body(), br#"{"display_name":"n"}"#);
    assert_eq!(request.json().unwrap()["display_name"], "n");
}

#[tokio::test]
async fn rejected_and_unknown_requests_are_recorded_too() {
    let sandbox = Sandbox::start().await.unwrap();
    send(plain(&sandbox, Method::GET, "/metadata/1"))
        .await
        .expect(401);
    send(plain(&sandbox, Method::GET, "/nowhere"))
        .await
        .expect(404);
    let operations: Vec<_> = sandbox
        .received()
        .iter()
        .map(|r| r.operation_id().map(str::to_owned))
        .collect();
    assert_eq!(
        operations,
        [Some("read_metadata_metadata__id__get".to_owned()), None]
    );
}

#[tokio::test]
async fn nothing_is_recorded_with_recording_off() {
    let sandbox = Sandbox::builder().recording(false).start().await.unwrap();
    Kfp(&sandbox).get("/artifacts").await.expect(200);
    assert!(sandbox.received().is_empty());
}

#[tokio::test]
async fn debug_output_shows_no_credentials() {
    let builder = Sandbox::builder()
        .compute_token("s3cret-a")
        .compute_api_key("s3cret-b");
    let builder = builder.kfp_token("s3cret-c");
    let builder_shown = format!("{builder:?}");
    let sandbox = builder.start().await.unwrap();
    Kfp(&sandbox).get("/artifacts").await.expect(200);
    Compute(&sandbox).get("/metadata/1").await.expect(200);
    let cookie = plain(&sandbox, Method::GET, "/metadata/1").header("cookie", "s3cret-d");
    send(cookie).await.expect(401);
    for shown in [
        builder_shown,
        format!("{sandbox:?}"),
        format!("{:?}", sandbox.received()),
    ] {
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}

#[test]
fn garbage_in_place_of_http_gets_a_400() {
    let sandbox = Sandbox::builder().start_blocking().unwrap();
    assert!(exchange(&sandbox, b"\x16\x03\x01 garbage\r\n\r\n").starts_with("HTTP/1.1 400"));
}

#[test]
fn two_authorization_headers_count_as_none() {
    let sandbox = Sandbox::builder().start_blocking().unwrap();
    let request = format!(
        "GET /metadata/1 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         authorization: Bearer {0}\r\nauthorization: Bearer {0}\r\n\r\n",
        sandbox.compute_token()
    );
    assert!(exchange(&sandbox, request.as_bytes()).starts_with("HTTP/1.1 401"));
}

#[tokio::test]
async fn time_advances_on_request_but_not_past_its_end() {
    let sandbox = Sandbox::builder().empty().start().await.unwrap();
    let before = sandbox.now();
    assert_eq!(sandbox.now(), before);
    sandbox.advance(Duration::from_millis(1500));
    let passed = sandbox.now().duration_since(before).unwrap();
    assert_eq!(passed, Duration::from_millis(1500));
    let spec = crate::support::spec(&[]);
    let run = json!({ "display_name": "r", "pipeline_spec": spec });
    for _ in 0..2 {
        sandbox.advance(Duration::MAX);
        let created = Kfp(&sandbox).post("/runs", run.clone()).await;
        assert_eq!(created.expect(200)["state"], "PENDING");
    }
    let runs = Kfp(&sandbox).get("/runs").await.expect(200);
    assert_eq!(
        crate::support::texts(&runs["runs"], "state"),
        ["SUCCEEDED"; 2]
    );
}

#[tokio::test]
async fn both_apis_report_their_health() {
    let sandbox = Sandbox::start().await.unwrap();
    send(plain(&sandbox, Method::GET, "/healthz"))
        .await
        .expect(200);
    let health = Kfp(&sandbox).get("/healthz").await.expect(200);
    assert_eq!(health["pipeline_store"], "database");
}

#[tokio::test]
async fn the_closest_path_is_the_operation() {
    let sandbox = Sandbox::builder().empty().start().await.unwrap();
    let backend = "read_backend_backends__id__get";
    for (method, path, operation) in [
        (
            Method::GET,
            "/backends/me",
            Some("read_backend_self_backends_me_get"),
        ),
        (Method::GET, "/backends/1", Some(backend)),
        (Method::GET, "/backends/1%2F2", Some(backend)),
        (Method::GET, "/backends/1/2", None),
        (
            Method::GET,
            "/apis/v2beta1/runs/a",
            Some("RunService_GetRun"),
        ),
        (Method::GET, "/apis/v2beta1/runs/", None),
        (
            Method::POST,
            "/apis/v2beta1/runs/a:archive",
            Some("RunService_ArchiveRun"),
        ),
        (Method::POST, "/apis/v2beta1/runs/:archive", None),
    ] {
        let _ = plain(&sandbox, method.clone(), path).send().await.unwrap();
        let received = sandbox.received().pop().unwrap();
        assert_eq!(received.operation_id(), operation, "{method} {path}");
    }
}

#[tokio::test]
async fn no_document_hides_an_operation() {
    let tables = [
        compute_api_client::operations::OPERATIONS,
        kfp_api_client::operations::OPERATIONS,
    ];
    for operation in tables.concat() {
        assert!(operation.path != "/" && !operation.path.starts_with("/openapi"));
    }
}
