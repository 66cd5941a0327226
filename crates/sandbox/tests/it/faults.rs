//! Deliberate faults, and their effect on the wire.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{Compute, Kfp, plain, send};
use compute_kfp_sandbox::{Fault, Sandbox};
use reqwest::Method;
use serde_json::json;

/// Reads everything from a connection until it is closed.
fn bytes_of(sandbox: &Sandbox, path: &str) -> String {
    let mut connection =
        TcpStream::connect(sandbox.url().strip_prefix("http://").unwrap()).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\r\n",
        sandbox.kfp_token()
    );
    connection.write_all(request.as_bytes()).unwrap();
    let mut response = Vec::new();
    connection.read_to_end(&mut response).unwrap();
    String::from_utf8(response).unwrap()
}

async fn status_of(sandbox: &Sandbox, path: &str) -> u16 {
    Kfp(sandbox).get(path).await.status.as_u16()
}

#[tokio::test]
async fn a_status_is_sent_the_given_number_of_times_in_the_format_of_each_api() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.fail(Fault::status(503).times(2)).unwrap();
    let kfp = Kfp(&sandbox).get("/runs").await.expect(503);
    assert_eq!(kfp["code"], 14);
    let compute = Compute(&sandbox).get("/backends").await.expect(503);
    assert!(compute["detail"].is_string());
    Compute(&sandbox).get("/backends").await.expect(200);
    assert_eq!(sandbox.faults(), []);
}

#[tokio::test]
async fn a_fault_on_one_operation_does_not_affect_others() {
    let sandbox = Sandbox::start().await.unwrap();
    for name in ["list_runs", "ExperimentService_ListExperiments"] {
        sandbox.fail(Fault::status(500).on(name)).unwrap();
    }
    assert_eq!(status_of(&sandbox, "/runs").await, 500);
    assert_eq!(status_of(&sandbox, "/experiments").await, 500);
    assert_eq!(status_of(&sandbox, "/artifacts").await, 200);
    sandbox.clear_faults();
    assert_eq!(status_of(&sandbox, "/runs").await, 200);
}

#[tokio::test]
async fn only_the_first_matching_fault_applies_to_a_request() {
    let sandbox = Sandbox::builder()
        .fault(Fault::status(500).on("list_runs").times(1))
        .fault(Fault::status(502))
        .start()
        .await
        .unwrap();
    assert_eq!(status_of(&sandbox, "/artifacts").await, 502);
    assert_eq!(status_of(&sandbox, "/runs").await, 500);
    assert_eq!(status_of(&sandbox, "/runs").await, 502);
}

#[tokio::test]
async fn a_failed_request_is_received_but_not_performed() {
    let sandbox = Sandbox::builder().empty().start().await.unwrap();
    sandbox.fail(Fault::status(503).times(1)).unwrap();
    sandbox.fail(Fault::disconnect().times(1)).unwrap();
    let experiment = json!({ "display_name": "e" });
    let request = || {
        Kfp(&sandbox)
            .request(Method::POST, "/experiments")
            .json(&experiment)
    };
    send(request()).await.expect(503);
    assert!(request().send().await.is_err());
    let received = sandbox.received();
    assert_eq!(received.len(), 2);
    for request in received {
        assert_eq!(request.json().unwrap(), experiment);
        assert_eq!(
            request.operation_id(),
            Some("ExperimentService_CreateExperiment")
        );
    }
    let held = Kfp(&sandbox).get("/experiments").await.expect(200);
    assert_eq!(held["total_size"], 1);
}

#[tokio::test]
async fn an_operation_can_be_performed_without_a_response_to_the_client() {
    let sandbox = Sandbox::builder().empty().start().await.unwrap();
    let fault = Fault::disconnect().after_the_operation();
    sandbox.fail(fault.on("create_experiment")).unwrap();
    let experiment = json!({ "display_name": "e" });
    let request = Kfp(&sandbox).request(Method::POST, "/experiments");
    assert!(request.json(&experiment).send().await.is_err());
    let held = Kfp(&sandbox).get("/experiments").await.expect(200);
    assert_eq!(
        crate::support::texts(&held["experiments"], "display_name"),
        ["Default", "e"]
    );
}

#[test]
fn a_connection_closed_before_the_head_sends_nothing() {
    let sandbox = Sandbox::builder()
        .fault(Fault::disconnect())
        .start_blocking()
        .unwrap();
    assert_eq!(bytes_of(&sandbox, "/apis/v2beta1/artifacts"), "");
}

#[test]
fn a_cut_response_has_its_head_and_half_of_the_announced_body() {
    let sandbox = Sandbox::builder()
        .fault(Fault::cut())
        .start_blocking()
        .unwrap();
    let response = bytes_of(&sandbox, "/apis/v2beta1/artifacts");
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    let announced = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let announced: usize = announced.unwrap().parse().unwrap();
    assert_eq!(body.len(), announced / 2);
    assert!(body.starts_with(r#"{"artifacts":["#));
}

#[tokio::test]
async fn content_type_retry_after_and_body_are_changed() {
    let sandbox = Sandbox::start().await.unwrap();
    let fault = Fault::status(429)
        .retry_after(Duration::from_secs(7))
        .with_content_type("text/html")
        .with_body("<p>slow down");
    sandbox.fail(fault).unwrap();
    let response = Kfp(&sandbox)
        .request(Method::GET, "/runs")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "7");
    assert_eq!(response.headers()["content-type"], "text/html");
    assert_eq!(response.text().await.unwrap(), "<p>slow down");

    sandbox.clear_faults();
    sandbox.fail(Fault::content_type("text/plain")).unwrap();
    let response = Kfp(&sandbox).get("/artifacts").await;
    assert_eq!(response.headers["content-type"], "text/plain");
    assert!(response.expect(200)["artifacts"].is_array());
}

#[tokio::test]
async fn a_delay_passes_before_the_response() {
    let delay = Duration::from_millis(30);
    let sandbox = Sandbox::builder()
        .fault(Fault::delay(delay))
        .start()
        .await
        .unwrap();
    let before = sandbox.now();
    let started = Instant::now();
    Kfp(&sandbox).get("/artifacts").await.expect(200);
    assert!(started.elapsed() >= delay);
    assert_eq!(sandbox.now(), before, "the sandbox's clock stands still");
}

#[tokio::test]
async fn a_held_request_gets_its_response_when_the_faults_are_cleared() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox
        .fail(Fault::hold().on("get_healthz").times(1))
        .unwrap();
    let kfp = Kfp(&sandbox);
    let mut held = Box::pin(kfp.get("/healthz"));
    // The other request is returned while the first one waits.
    tokio::select! {
        biased;
        response = &mut held => panic!("{}", response.body),
        () = async {
            while sandbox.received().is_empty() {
                tokio::task::yield_now().await;
            }
            kfp.get("/healthz").await.expect(200);
        } => {}
    }
    sandbox.clear_faults();
    held.await.expect(200);
}

#[tokio::test]
async fn the_same_seed_selects_the_same_requests_at_about_the_rate() {
    let mut met = Vec::new();
    for seed in [1, 1, 2] {
        let fault = Fault::status(500).rate(0.25).seed(seed);
        let sandbox = Sandbox::builder().fault(fault).start().await.unwrap();
        let client = reqwest::Client::new();
        let mut statuses = Vec::new();
        for _ in 0..200 {
            let url = format!("{}/healthz", sandbox.url());
            statuses.push(client.get(url).send().await.unwrap().status().as_u16());
        }
        met.push(statuses);
    }
    assert_eq!(met[0], met[1]);
    assert_ne!(met[0], met[2]);
    let failed = met[0].iter().filter(|status| **status == 500).count();
    assert!((25..=75).contains(&failed), "{failed} of 200");
}

#[tokio::test]
async fn a_rate_of_0_applies_to_nothing() {
    let fault = Fault::status(500).rate(0.0);
    let sandbox = Sandbox::builder().fault(fault).start().await.unwrap();
    for _ in 0..20 {
        send(plain(&sandbox, Method::GET, "/healthz"))
            .await
            .expect(200);
    }
}

#[test]
fn an_invalid_fault_is_rejected_with_the_reason() {
    let sandbox = Sandbox::builder().start_blocking().unwrap();
    for (fault, told) in [
        (
            Fault::status(500).on("list_rnus"),
            "there is no operation `list_rnus`; did you mean `list_runs` or `list_experiments` or `list_metrics`?",
        ),
        (
            Fault::status(99),
            "invalid status 99: use one from 200 to 599",
        ),
        (
            Fault::status(101),
            "invalid status 101: use one from 200 to 599",
        ),
        (
            Fault::status(500).rate(1.5),
            "invalid rate 1.5: use a number from 0 to 1",
        ),
        (
            Fault::status(500).rate(f64::NAN),
            "invalid rate NaN: use a number from 0 to 1",
        ),
        (
            Fault::content_type("a\nb"),
            "invalid content type: use visible ASCII characters",
        ),
    ] {
        let builder = Sandbox::builder().fault(fault.clone());
        for error in [
            sandbox.fail(fault).unwrap_err(),
            builder.start_blocking().unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert_eq!(error.to_string(), told);
        }
    }
    assert_eq!(sandbox.faults(), []);
}

#[test]
fn faults_are_parsed_from_strings_and_formatted_alike() {
    let text = "get_run:status=503,retry-after=5,times=2;*:cut=body;*:delay=1500ms,rate=0.5,seed=7";
    let faults = Fault::read_all(text).unwrap();
    let delay = Fault::delay(Duration::from_millis(1500));
    let status = Fault::status(503).retry_after(Duration::from_secs(5));
    assert_eq!(
        faults,
        [
            status.on("get_run").times(2),
            Fault::cut(),
            delay.rate(0.5).seed(7)
        ]
    );
    let shown: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(shown.join(";"), text);
    let spaced = Fault::read_all(" list_runs : cut = head , after ; ; ").unwrap();
    assert_eq!(
        spaced,
        [Fault::disconnect().after_the_operation().on("list_runs")]
    );
    assert_eq!(Fault::read_all("").unwrap(), []);
}

#[test]
fn an_invalid_string_is_rejected_with_the_column() {
    for (text, told) in [
        (
            "*",
            "column 1: expected an operation or *, then : and settings, as in *:status=503",
        ),
        (
            "*:status=503; get_rum:status=1",
            "column 15: there is no operation `get_rum`; did you mean `get_run` or `get_metric` or `get_experiment`?",
        ),
        (
            "*:status=x",
            "column 10: invalid value \"x\": expected a status",
        ),
        (
            "*:times=1, status=700",
            "column 19: invalid status 700: use one from 200 to 599",
        ),
        ("*:cut=tail", "column 7: invalid value: use head or body"),
        (
            "*:delay=5",
            "column 9: invalid duration \"5\": use a format like 200ms or 1.5s",
        ),
        (
            "*:delay=-5s",
            "column 9: invalid duration \"-5s\": use a format like 200ms or 1.5s",
        ),
        (
            "*:delay=1e99s",
            "column 9: invalid duration \"1e99s\": use a format like 200ms or 1.5s",
        ),
        (
            "*:speed=5",
            "column 3: unknown setting \"speed\": use status, cut, delay, content-type, retry-after, after, times, rate or seed",
        ),
        (
            "*:rate=2",
            "column 8: invalid rate 2: use a number from 0 to 1",
        ),
        (
            "*: times=2",
            "column 4: no effect: add status, cut, delay, content-type or retry-after",
        ),
    ] {
        let error = Fault::read_all(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
        assert_eq!(error.to_string(), format!("faults, {told}"), "{text}");
    }
}
