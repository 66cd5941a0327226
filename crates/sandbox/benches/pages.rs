//! Measures a page of 200 runs while the sandbox has 10,000: `make bench-sandbox`.

#![allow(clippy::unwrap_used, reason = "a failure must stop the benchmark")]

use std::time::{Duration, Instant};

use compute_kfp_sandbox::Sandbox;
use reqwest::{Client, Url};
use serde_json::{Value, json};

const RUNS: usize = 10_000;
const PAGE: &str = "200";
const FILTER: &str =
    r#"{"predicates":[{"operation":"IS_SUBSTRING","key":"name","string_value":"7"}]}"#;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let run = |number| json!({ "display_name": format!("run {}", number * 7919 % RUNS) });
    let runs: Vec<Value> = (0..RUNS).map(run).collect();
    let sandbox = Sandbox::builder().empty().recording(false);
    let sandbox = sandbox.seed(json!({ "kfp": { "runs": runs } }));
    let sandbox = sandbox.start().await.unwrap();
    let url = format!("{}/apis/v2beta1/runs", sandbox.url());
    let http = Client::new();
    for (order, name, value) in [
        ("as created", "sort_by", ""),
        ("newest first", "sort_by", "created_at desc"),
        ("by name", "sort_by", "name"),
        ("with a filter", "filter", FILTER),
    ] {
        let mut times = Vec::new();
        let mut token = Some(String::new());
        while let Some(after) = token {
            let query = [(name, value), ("page_size", PAGE), ("page_token", &after)];
            let url = Url::parse_with_params(&url, query).unwrap();
            let (time, page) = page(&http, url).await;
            times.push(time);
            token = page["next_page_token"].as_str().map(str::to_owned);
        }
        let (first, pages) = (times[0], times.len());
        times.sort_unstable();
        let median = times[pages / 2];
        println!("{order}: {pages} pages; the first {first:.2?}, median {median:.2?}");
    }
}

/// Reads a page. The time is that of the client and of the sandbox together.
async fn page(http: &Client, url: Url) -> (Duration, Value) {
    let begun = Instant::now();
    let response = http.get(url).send().await.unwrap();
    let body = response.error_for_status().unwrap().bytes().await.unwrap();
    (begun.elapsed(), serde_json::from_slice(&body).unwrap())
}
