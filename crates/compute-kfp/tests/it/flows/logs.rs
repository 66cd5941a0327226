use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use compute_kfp::compute::FollowJobLogs;
use compute_kfp::{Error, ErrorKind};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::jobs::job;
use super::server::{Clients as _, SOON, broken};
use compute_kfp_test_server::{Received, Response, TestServer};

type Line = (i64, String);

/// Serves a log as the service does: `limit` lines from `start` on, and the time of the next page.
fn page(log: &[Line], request: &Received, largest: usize) -> Value {
    let number = |name| Some(request.parameter(name)?.parse::<i64>().unwrap());
    let start = number("start").unwrap_or(i64::MIN);
    let limit = usize::try_from(number("limit").unwrap_or(100)).unwrap();
    assert!(limit <= 200);
    let mut rest = log.iter().filter(|(time, _)| *time >= start);
    let lines = rest.by_ref().take(limit.min(largest));
    let lines: Vec<_> = lines
        .map(|(time, line)| json!({"timestamp": time, "line": line}))
        .collect();
    json!({"logs": lines, "next_start": rest.next().map(|(time, _)| time)})
}

/// A job whose log grows by one part with each request for its state. It ends with the last part.
async fn writing(parts: Vec<Vec<Line>>, largest: usize, faults: Vec<usize>) -> TestServer {
    let written = Arc::new(Mutex::new((0, Vec::new())));
    TestServer::start(move |request| {
        if faults.contains(&request.index) {
            return match request.index % 2 {
                0 => broken(),
                _ => Response::json(503, json!({"detail": "restarting"})),
            };
        }
        let mut written = written.lock().unwrap();
        let (count, log) = &mut *written;
        if request.path() == "/jobs/7/logs" {
            return page(log, request, largest).into();
        }
        assert_eq!(request.path(), "/jobs/7");
        // The log grows until the response that says the job has ended.
        log.extend(parts.get(*count).cloned().into_iter().flatten());
        *count += 1;
        job(if *count > parts.len() {
            "completed"
        } else {
            "running"
        })
        .into()
    })
}

async fn read(follow: FollowJobLogs) -> Result<Vec<Line>, Error> {
    let mut lines = follow.min_interval(SOON).max_interval(SOON).lines();
    let mut read = Vec::new();
    while let Some(line) = lines.next().await {
        let line = line?;
        read.push((line.timestamp, line.line));
    }
    assert!(lines.next().await.is_none());
    Ok(read)
}

fn lines(from: usize, times: impl IntoIterator<Item = i64>) -> Vec<Line> {
    let times = times.into_iter().enumerate();
    times
        .map(|(index, time)| (time, format!("line {}", from + index)))
        .collect()
}

#[tokio::test]
async fn a_log_is_followed_to_its_end() {
    let parts = vec![lines(0, [1, 2]), vec![], lines(2, [2, 2, 3]), lines(5, [9])];
    let whole = parts.concat();
    let server = writing(parts, 200, vec![]).await;
    assert_eq!(
        read(server.compute().follow_job_logs(7)).await.unwrap(),
        whole
    );
}

#[tokio::test]
async fn lines_written_while_the_job_ends_are_not_lost() {
    let reads = AtomicUsize::new(0);
    let server = TestServer::start(move |request| {
        if request.path() == "/jobs/7" {
            return job(if reads.load(Ordering::SeqCst) > 0 {
                "failed"
            } else {
                "running"
            })
            .into();
        }
        // The job writes and ends between its first page and the next request for its state.
        let log = match reads.fetch_add(1, Ordering::SeqCst) {
            0 => lines(0, [1]),
            _ => lines(0, [1, 1, 2]),
        };
        page(&log, request, 200).into()
    });
    let read = read(server.compute().follow_job_logs(7)).await.unwrap();
    assert_eq!(read, lines(0, [1, 1, 2]));
}

#[tokio::test]
async fn equal_lines_of_one_time_are_all_returned() {
    let same = |count| vec![(5, "retrying".to_owned()); count];
    let server = writing(vec![same(2), same(3)], 200, vec![]).await;
    let read = read(server.compute().follow_job_logs(7)).await.unwrap();
    assert_eq!(read, same(5));
}

#[tokio::test]
async fn the_log_of_an_ended_job_is_read_once() {
    let log = lines(0, 0..450);
    let served = log.clone();
    let server = TestServer::start(move |request| match request.path() {
        "/jobs/7" => job("cancelled").into(),
        _ => page(&served, request, 200).into(),
    });
    let follow = server.compute().follow_job_logs(7);
    assert_eq!(read(follow).await.unwrap(), log);
    // The state, and three pages that each begin with the last line of the one before.
    assert_eq!(server.requests().len(), 4);

    let late = read(server.compute().follow_job_logs(7).start(440)).await;
    assert_eq!(late.unwrap(), log[440..]);
}

#[tokio::test]
async fn more_lines_of_one_time_than_a_page_holds_are_an_error() {
    let log = vec![(5, "noise".to_owned()); 201];
    let server = writing(vec![log], 200, vec![]).await;
    let error = read(server.compute().follow_job_logs(7)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("5 ns"), "{error}");
}

#[tokio::test]
async fn a_refusal_ends_a_log() {
    let server = TestServer::start(|request| match request.path() {
        "/jobs/7" => job("running").into(),
        _ => Response::json(403, json!({"detail": "not yours"})),
    });
    let error = read(server.compute().follow_job_logs(7)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_line_comes_once_and_in_order(
        steps in prop::collection::vec(prop::collection::vec(0..3_i64, 0..12), 0..6),
        largest in 20_usize..40,
        faults in prop::collection::vec(0..24_usize, 0..8),
    ) {
        let (mut time, mut count) = (0, 0);
        let mut parts = Vec::new();
        for step in steps {
            let times: Vec<i64> = step.iter().map(|later| { time += later; time }).collect();
            parts.push(lines(count, times));
            count += step.len();
        }
        // A full page of lines with the same time cannot be resumed.
        let whole = parts.concat();
        let mut times: Vec<i64> = whole.iter().map(|(time, _)| *time).collect();
        times.dedup();
        let most = times.iter().map(|time| whole.iter().filter(|(other, _)| other == time).count()).max();
        prop_assume!(most.unwrap_or(0) < largest);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let read = runtime.block_on(async {
            let server = writing(parts, largest, faults).await;
            read(server.compute().follow_job_logs(7)).await
        });
        prop_assert_eq!(read.unwrap(), whole);
    }
}
