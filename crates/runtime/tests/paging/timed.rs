//! Lists that are paged by time.

use compute_kfp_runtime::ErrorKind;

use crate::lists::{BY_TIME, Line, TimedPage, answer, drain, items, log, timed_page};
use crate::server::Server;

async fn read(
    times: &[i64],
    limit: u32,
    behind: bool,
) -> (Vec<Line>, Option<compute_kfp_runtime::Error>) {
    let served = times.to_vec();
    let server = Server::start(move |_, query| answer(timed_page(query, &served, behind))).await;
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
    let server = Server::start(|_, _| answer(body.to_owned())).await;
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
