//! Measures a page of 200 while the sandbox has 100,000 artifacts, and the start of a sandbox.
//!
//! `cargo bench -p compute-kfp-sandbox --bench pages`; another number of artifacts can be given:
//! `… --bench pages -- 5000`. With `taskset -c 0`, client and server share one core.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failure must stop the benchmark"
)]

use std::time::{Duration, Instant};

use compute_kfp_sandbox::Sandbox;
use serde_json::{Value, json};

const ARTIFACTS: usize = 100_000;
const BATCH: usize = 1_000;
const PAGE: usize = 200;
const REPEATED: usize = 500;

struct Client<'a> {
    sandbox: &'a Sandbox,
    http: reqwest::Client,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let wanted = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let wanted = wanted.unwrap_or(ARTIFACTS);
    let sandbox = started("first start").await;
    drop(started("next start").await);
    let client = Client {
        sandbox: &sandbox,
        http: reqwest::Client::new(),
    };
    let begun = Instant::now();
    client.create(wanted).await;
    println!("{wanted} artifacts created in {:.1?}", begun.elapsed());

    client.walk("default order", "", wanted).await;
    client
        .walk("newest first", "sort_by=created_at%20desc", wanted)
        .await;
    client.walk("by name", "sort_by=name", wanted).await;
    let filter = r#"{"predicates":[{"operation":"IS_SUBSTRING","key":"name","string_value":"7"}]}"#;
    let filter: String = filter.bytes().map(|byte| format!("%{byte:02X}")).collect();
    client
        .walk("by a filter", &format!("filter={filter}"), 0)
        .await;
    client.first_page_after_each_change().await;
}

/// Starts a sandbox. A start ends with the first response.
async fn started(what: &str) -> Sandbox {
    let begun = Instant::now();
    let seed = json!({ "kfp": {
        "runs": [{ "run_id": "run", "display_name": "run" }],
        "tasks": [{ "task_id": "task", "run_id": "run", "name": "task" }],
    } });
    let sandbox = Sandbox::builder()
        .empty()
        .seed(seed)
        .recording(false)
        .start()
        .await
        .unwrap();
    let running = begun.elapsed();
    let url = format!("{}/apis/v2beta1/artifacts", sandbox.url());
    let request = reqwest::Client::new()
        .get(url)
        .bearer_auth(sandbox.kfp_token());
    assert!(request.send().await.unwrap().status().is_success());
    let responded = begun.elapsed();
    println!("{what}: {running:.1?}, with its first response {responded:.1?}");
    sandbox
}

impl Client<'_> {
    async fn create(&self, wanted: usize) {
        for first in (0..wanted).step_by(BATCH) {
            let artifacts: Vec<Value> = (first..wanted.min(first + BATCH))
                .map(|number| {
                    let artifact = json!({
                        "name": format!("artifact-{}", number * 7919 % wanted),
                        "namespace": "team",
                        "type": "Dataset",
                        "uri": format!("minio://mlpipeline/artifacts/{number}"),
                        "metadata": { "shots": 4096, "format": "parquet" },
                    });
                    json!({
                        "artifact": artifact,
                        "run_id": "run",
                        "task_id": "task",
                        "producer_key": number.to_string(),
                    })
                })
                .collect();
            let request = self.http.post(self.url("artifacts:batchCreate"));
            let body = json!({ "artifacts": artifacts });
            let request = request.bearer_auth(self.sandbox.kfp_token()).json(&body);
            request.send().await.unwrap().error_for_status().unwrap();
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/apis/v2beta1/{path}", self.sandbox.url())
    }

    async fn page(&self, query: &str, token: &str) -> (Duration, Value) {
        let path = format!("artifacts?page_size={PAGE}&{query}&page_token={token}");
        let request = self
            .http
            .get(self.url(&path))
            .bearer_auth(self.sandbox.kfp_token());
        let begun = Instant::now();
        let body = request.send().await.unwrap().error_for_status().unwrap();
        let body = body.bytes().await.unwrap();
        (begun.elapsed(), serde_json::from_slice(&body).unwrap())
    }

    /// Reads all pages, and then the first and the last full page again and again.
    async fn walk(&self, what: &str, query: &str, at_least: usize) {
        let mut times = Vec::new();
        let mut seen = 0;
        let mut token = String::new();
        let mut deep = String::new();
        loop {
            let (time, page) = self.page(query, &token).await;
            times.push(time);
            seen += page["artifacts"].as_array().map_or(0, Vec::len);
            match page["next_page_token"].as_str() {
                Some(next) => deep = std::mem::replace(&mut token, next.to_owned()),
                None => break,
            }
        }
        assert!(seen >= at_least, "{what}: {seen} of {at_least}");
        let mut first = Vec::new();
        let mut last = Vec::new();
        for _ in 0..REPEATED {
            first.push(self.page(query, "").await.0);
            last.push(self.page(query, &deep).await.0);
        }
        let opening = times.first().copied().unwrap_or_default();
        println!(
            "{what}: {seen} artifacts; the very first page {opening:.2?}; medians: all pages {:.2?}, \
             first page {:.2?}, deep page {:.2?}",
            median(times),
            median(first),
            median(last),
        );
    }

    async fn first_page_after_each_change(&self) {
        let mut times = Vec::new();
        for _ in 0..REPEATED {
            self.create(1).await;
            times.push(self.page("", "").await.0);
        }
        println!(
            "after a change each time: median of the first page {:.2?}",
            median(times)
        );
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
