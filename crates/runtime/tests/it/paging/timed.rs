//! Lists that are paged by time.

use std::sync::{Arc, Mutex};

use compute_kfp_runtime::paging::{Items, ResumePoint};
use compute_kfp_runtime::{Error, ErrorKind, Transport};
use serde_json::json;

use super::lists::{
    BY_TIME, Line, TimedPage, answer, drain, items, log, page_of_lines, pages, timed_page,
};
use super::server::Server;

fn line(timestamp: i64, text: &str) -> Line {
    let line = text.to_owned();
    Line { timestamp, line }
}

/// A log to which the test writes, and its server.
async fn writable(lines: Vec<Line>) -> (Arc<Mutex<Vec<Line>>>, Server) {
    let log = Arc::new(Mutex::new(lines));
    let served = log.clone();
    let server =
        Server::start(move |_, query| answer(page_of_lines(query, &served.lock().unwrap(), false)));
    (log, server)
}

/// The lines behind a point that was kept as another process would get it, or all of them.
fn read_from(transport: &Transport, limit: u32, point: Option<&ResumePoint>) -> Items<TimedPage> {
    let kept = point.map(|point| serde_json::to_string(point).unwrap());
    let pages = pages::<TimedPage>(transport, &BY_TIME, |request| {
        request.page_size(limit);
        if let Some(kept) = kept {
            request.resume(serde_json::from_str(&kept).unwrap());
        }
    });
    pages.items()
}

async fn read(times: &[i64], limit: u32, behind: bool) -> (Vec<Line>, Option<Error>) {
    let served = times.to_vec();
    let server = Server::start(move |_, query| answer(timed_page(query, &served, behind)));
    let mut lines = items::<TimedPage>(&server, &BY_TIME, |request| request.page_size(limit));
    drain(&mut lines).await
}

#[tokio::test]
async fn lines_that_share_a_time_are_all_given_and_none_twice() {
    let times = [1, 1, 2, 2, 2, 2, 2, 3, 4, 4, 4, 9];
    for limit in 1..=13 {
        for behind in [false, true] {
            let (lines, error) = read(&times, limit, behind).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(lines, log(&times), "{limit} {behind}");
        }
    }
}

#[tokio::test]
async fn lines_whose_text_is_the_same_are_not_taken_for_one() {
    let body = r#"{"lines": [{"timestamp": 1, "line": "x"}, {"timestamp": 1, "line": "x"}], "next_start": null}"#;
    let server = Server::start(|_, _| answer(body.to_owned()));
    let lines = items::<TimedPage>(&server, &BY_TIME, |_| {})
        .collect()
        .await
        .unwrap();
    assert_eq!(lines.len(), 2);
}

#[tokio::test]
async fn more_lines_of_one_time_than_a_page_holds_are_an_error_that_says_so() {
    let times = vec![7; 300];
    let (lines, error) = read(&times, 100, false).await;
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("same time"), "{error}");
    assert_eq!(lines, log(&times)[..200]);
    assert!(error.resume_point().is_some());
}

#[tokio::test]
async fn a_log_without_lines_ends() {
    let (lines, error) = read(&[], 10, false).await;
    assert!(lines.is_empty() && error.is_none());
}

#[tokio::test]
async fn a_line_that_is_written_among_those_of_its_time_is_given_once() {
    let letters = ["a", "b", "c", "d", "e"];
    let (log, server) = writable(Vec::new()).await;
    let transport = server.transport();
    for before in 0..letters.len() {
        for taken in 1..letters.len() {
            for limit in 2..=6 {
                *log.lock().unwrap() = letters.map(|letter| line(7, letter)).to_vec();
                let mut stream = read_from(&transport, limit, None);
                let mut given = Vec::new();
                for _ in 0..taken {
                    given.push(stream.next().await.unwrap().unwrap());
                }
                log.lock().unwrap().insert(before, line(7, "between"));
                let here = stream.resume_point().unwrap().clone();
                // A page that was read before does not hold it; then it is behind the end.
                let (mut read_on, error) = drain(&mut stream).await;
                assert!(error.is_none(), "{error:?}");
                let mut behind = read_from(&transport, limit, stream.resume_point());
                read_on.extend(drain(&mut behind).await.0);
                let mut resumed = read_from(&transport, limit, Some(&here));
                let (resumed, error) = drain(&mut resumed).await;
                assert!(error.is_none(), "{error:?}");
                for rest in [read_on, resumed] {
                    let lines = given.iter().cloned().chain(rest);
                    let mut texts: Vec<_> = lines.map(|line| line.line).collect();
                    texts.sort();
                    let expected = ["a", "b", "between", "c", "d", "e"];
                    assert_eq!(texts, expected, "{before} {taken} {limit}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_stream_goes_on_behind_any_line_of_several_of_one_time() {
    let times = [1, 2, 2, 2, 2, 2, 2, 3, 3];
    let whole = log(&times);
    for limit in [1, 2, 3, 7, 100] {
        let (_, server) = writable(whole.clone()).await;
        let transport = server.transport();
        let mut stream = read_from(&transport, limit, None);
        for given in 1..=whole.len() {
            stream.next().await.unwrap().unwrap();
            let mut rest = read_from(&transport, limit, stream.resume_point());
            let (lines, error) = drain(&mut rest).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(lines, whole[given..], "{limit} {given}");
        }
    }
}

#[tokio::test]
async fn what_is_written_behind_the_end_is_given_from_there_on() {
    let (log, server) = writable(Vec::new()).await;
    let mut point: Option<ResumePoint> = None;
    for parts in [
        vec![],
        vec![line(5, "a"), line(5, "x")],
        vec![],
        // Among those of the last time, and behind them.
        vec![line(5, "a"), line(5, "b"), line(6, "c")],
        vec![line(6, "c")],
    ] {
        log.lock().unwrap().extend(parts.clone());
        let mut stream = items::<TimedPage>(&server, &BY_TIME, |request| {
            if let Some(point) = &point {
                request.resume(point.clone());
            }
        });
        let (given, error) = drain(&mut stream).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(given, parts);
        point = Some(stream.resume_point().unwrap().clone());
    }
}

#[tokio::test]
async fn a_server_that_always_says_where_to_go_on_has_an_end() {
    // Where nothing is left, it goes on behind the last line, or where it was asked to start.
    let lines = log(&[1, 1, 2, 5, 5]);
    for limit in [1, 2, 3, 5, 100] {
        let served = lines.clone();
        let server = Server::start(move |_, query| {
            let mut page: serde_json::Value =
                serde_json::from_str(&page_of_lines(query, &served, true)).unwrap();
            if page["next_start"].is_null() {
                let last = page["lines"].as_array().unwrap().last();
                let start = query
                    .get("start")
                    .map(|start| start.parse::<i64>().unwrap());
                let last = last.map(|line| line["timestamp"].as_i64().unwrap() + 1);
                page["next_start"] = json!(last.or(start));
            }
            answer(page.to_string())
        });
        let mut stream = items::<TimedPage>(&server, &BY_TIME, |request| {
            request.page_size(limit);
        });
        let (given, error) = drain(&mut stream).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(given, lines);
        // It stands on the last line, and not behind it: others of its time may come.
        let point = serde_json::to_value(stream.resume_point().unwrap()).unwrap();
        assert_eq!(point["position"]["time"]["last"], 5);
    }
}

#[tokio::test]
async fn no_more_is_asked_for_than_the_description_allows() {
    let (_, server) = writable(log(&[1; 150])).await;
    let lines = items::<TimedPage>(&server, &BY_TIME, |request| request.page_size(u32::MAX));
    assert_eq!(lines.collect().await.unwrap().len(), 150);
    assert_eq!(server.queries(), ["limit=200"]);
}

#[test]
fn a_point_that_counts_its_items_is_refused_with_what_to_do() {
    let old = json!({
        "operation": "by_time", "position": {"time": {"last": 5, "given": 3}}, "given": 3,
    });
    let error = serde_json::from_value::<ResumePoint>(old).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("start the list from the beginning"),
        "{error}"
    );
    let unknown = json!({"operation": "by_time", "position": "start"});
    assert!(serde_json::from_value::<ResumePoint>(unknown).is_err());
}

#[tokio::test]
async fn a_point_holds_nothing_of_what_the_lines_say() {
    let (_, server) = writable(vec![line(5, "password=hunter2")]).await;
    let mut stream = items::<TimedPage>(&server, &BY_TIME, |_| {});
    stream.next().await.unwrap().unwrap();
    let point = stream.resume_point().unwrap();
    // The same in another process, on another machine: what was written down goes on to fit.
    let expected = json!({
        "operation": "by_time", "given": 1, "given_of_page": 0,
        "position": {"time": {"last": 5, "given": {"1192205690487230704": 1}}},
    });
    assert_eq!(serde_json::to_value(point).unwrap(), expected);
    assert!(!format!("{point:?}").contains("hunter2"));
}
