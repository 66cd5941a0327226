//! What goes wrong on purpose, and what is seen of it on the wire.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{Compute, Kfp, plain, send};
use compute_kfp_sandbox::{Fault, Sandbox};
use reqwest::Method;
use serde_json::json;

/// Everything that comes back on a connection until it is closed.
fn bytes_of(sandbox: &Sandbox, path: &str) -> String {
    let mut connection =
        TcpStream::connect(sandbox.url().strip_prefix("http://").unwrap()).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\r\n",
        sandbox.kfp_token()
    );
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

async fn status_of(sandbox: &Sandbox, path: &str) -> u16 {
    Kfp(sandbox).get(path).await.status.as_u16()
}

#[tokio::test]
async fn a_status_comes_as_often_as_it_is_told_to_and_in_the_form_of_each_api() {
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
async fn a_fault_on_one_operation_leaves_the_others_alone() {
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
async fn of_several_faults_the_first_one_that_fits_meets_a_request() {
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
async fn what_was_sent_is_received_but_not_done() {
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
async fn an_operation_can_be_done_although_the_client_does_not_get_to_know_it() {
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
fn a_connection_closed_before_the_head_carries_nothing() {
    let sandbox = Sandbox::builder()
        .fault(Fault::disconnect())
        .start_blocking()
        .unwrap();
    assert_eq!(bytes_of(&sandbox, "/apis/v2beta1/artifacts"), "");
}

#[test]
fn a_cut_answer_has_its_head_and_half_of_the_body_that_the_head_announces() {
    let sandbox = Sandbox::builder()
        .fault(Fault::cut())
        .start_blocking()
        .unwrap();
    let answer = bytes_of(&sandbox, "/apis/v2beta1/artifacts");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
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
    let answer = Kfp(&sandbox)
        .request(Method::GET, "/runs")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(answer.headers()["content-type"], "text/html");
    assert_eq!(answer.text().await.unwrap(), "<p>slow down");

    sandbox.clear_faults();
    sandbox.fail(Fault::content_type("text/plain")).unwrap();
    let answer = Kfp(&sandbox).get("/artifacts").await;
    assert_eq!(answer.headers["content-type"], "text/plain");
    assert!(answer.expect(200)["artifacts"].is_array());
}

#[tokio::test]
async fn a_delay_passes_before_the_answer_comes() {
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
async fn a_held_request_is_answered_once_the_faults_are_cleared() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox
        .fail(Fault::hold().on("get_healthz").times(1))
        .unwrap();
    let kfp = Kfp(&sandbox);
    let mut held = Box::pin(kfp.get("/healthz"));
    // The other request is answered while the first one waits.
    tokio::select! {
        biased;
        answer = &mut held => panic!("{}", answer.body),
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
async fn the_same_seed_meets_the_same_requests_at_about_the_rate() {
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
async fn a_rate_of_0_meets_nothing() {
    let fault = Fault::status(500).rate(0.0);
    let sandbox = Sandbox::builder().fault(fault).start().await.unwrap();
    for _ in 0..20 {
        send(plain(&sandbox, Method::GET, "/healthz"))
            .await
            .expect(200);
    }
}

#[test]
fn what_cannot_be_is_refused_with_the_reason() {
    let sandbox = Sandbox::builder().start_blocking().unwrap();
    for (fault, told) in [
        (
            Fault::status(500).on("list_rnus"),
            "no operation is called \"list_rnus\"; the nearest name is \"list_runs\"",
        ),
        (
            Fault::status(99),
            "99 is no status to answer with: take one from 200 to 599",
        ),
        (
            Fault::status(101),
            "101 is no status to answer with: take one from 200 to 599",
        ),
        (
            Fault::status(500).rate(1.5),
            "the rate 1.5 is not from 0 to 1",
        ),
        (
            Fault::status(500).rate(f64::NAN),
            "the rate NaN is not from 0 to 1",
        ),
        (
            Fault::content_type("a\nb"),
            "the content type cannot be sent in a header: use visible ASCII",
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
fn faults_are_read_from_text_and_shown_as_such() {
    let text = "get_run:status=503,retry-after=5,times=2;*:cut=body,delay=1500ms,rate=0.5,seed=7";
    let faults = Fault::read_all(text).unwrap();
    let cut = Fault::cut().with_delay(Duration::from_millis(1500));
    let status = Fault::status(503).retry_after(Duration::from_secs(5));
    assert_eq!(
        faults,
        [status.on("get_run").times(2), cut.rate(0.5).seed(7)]
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
fn a_text_that_is_wrong_is_refused_at_its_place() {
    for (text, told) in [
        (
            "*",
            "column 1: a fault is an operation or *, then : and settings, as in *:status=503",
        ),
        (
            "*:status=503; get_rum:status=1",
            "column 15: no operation is called \"get_rum\"; the nearest name is \"get_run\"",
        ),
        ("*:status=x", "column 10: \"x\" is not a status"),
        (
            "*:times=1, status=700",
            "column 19: 700 is no status to answer with: take one from 200 to 599",
        ),
        (
            "*:cut=tail",
            "column 7: a connection is cut at head or body",
        ),
        (
            "*:delay=5",
            "column 9: \"5\" is no time: write 200ms or 1.5s",
        ),
        (
            "*:delay=-5s",
            "column 9: \"-5s\" is no time: write 200ms or 1.5s",
        ),
        (
            "*:delay=1e99s",
            "column 9: \"1e99s\" is no time: write 200ms or 1.5s",
        ),
        (
            "*:speed=5",
            "column 3: \"speed\" is no setting: take status, cut, delay, content-type, retry-after, after, times, rate or seed",
        ),
        ("*:rate=2", "column 8: the rate 2 is not from 0 to 1"),
        (
            "*: times=2",
            "column 4: this does nothing: add status, cut, delay, content-type or retry-after",
        ),
    ] {
        let error = Fault::read_all(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
        assert_eq!(error.to_string(), format!("faults, {told}"), "{text}");
    }
}
