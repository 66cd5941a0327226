//! Long lists: item by item, page by page, all at once, and with pages fetched ahead.

use std::time::Duration;

use candidate::{Measuring, Result, Task};
use compute_kfp::{compute, kfp};

/// What the caller does with a page, while which it has nothing to compute.
const WORK_ON_PAGE: Duration = Duration::from_millis(20);

/// As many runs as there are to be calls, one by one.
pub async fn items(task: &Task, kfp: &kfp::Client) -> Result<()> {
    let measuring = Measuring::begin()?;
    let list = kfp.list_runs().page_size(200).max_items(task.calls);
    let mut runs = list.items();
    let mut seen = 0;
    while let Some(run) = runs.next().await {
        std::hint::black_box(run?);
        seen += 1;
    }
    task.check(seen)?;
    measuring.end(seen)
}

/// The same, page by page, as someone would write it who does not know of `items`.
pub async fn pages(task: &Task, kfp: &kfp::Client) -> Result<()> {
    let measuring = Measuring::begin()?;
    let (mut seen, mut token) = (0, None);
    while seen < task.calls {
        let mut list = kfp.list_runs().page_size(200);
        if let Some(token) = token {
            list = list.page_token(token);
        }
        let page = list.send().await?.into_inner();
        for run in page.runs.into_iter().flatten() {
            std::hint::black_box(run);
            seen += 1;
        }
        token = page.next_page_token;
        if token.is_none() {
            break;
        }
    }
    task.check(seen)?;
    measuring.end(seen)
}

/// All runs in memory.
pub async fn held(task: &Task, kfp: &kfp::Client) -> Result<()> {
    let measuring = Measuring::begin()?;
    let list = kfp.list_runs().page_size(200).max_items(task.calls);
    let runs = list.items().collect().await?;
    task.check(runs.len() as u64)?;
    measuring.end(task.calls)
}

/// As many pages of runs as there are to be calls, as many ahead as are allowed at once, and with
/// some work on each of them.
pub async fn runs_ahead(task: &Task, kfp: &kfp::Client, work: bool) -> Result<()> {
    let measuring = Measuring::begin()?;
    let list = kfp.list_runs().page_size(200).prefetch(ahead(task));
    let mut pages = list.max_items(task.calls * 200).pages();
    let mut seen = 0;
    while let Some(page) = pages.next().await {
        std::hint::black_box(page?);
        seen += 1;
        if work {
            tokio::time::sleep(WORK_ON_PAGE).await;
        }
    }
    task.check(seen)?;
    measuring.end(seen)
}

/// As many pages of jobs as there are to be calls, as many ahead as are allowed at once.
pub async fn jobs_ahead(task: &Task, compute: &compute::Client) -> Result<()> {
    let measuring = Measuring::begin()?;
    let list = compute.read_jobs().size(100).prefetch(ahead(task));
    let mut pages = list.max_items(task.calls * 100).pages();
    let mut seen = 0;
    while let Some(page) = pages.next().await {
        std::hint::black_box(page?);
        seen += 1;
    }
    task.check(seen)?;
    measuring.end(seen)
}

fn ahead(task: &Task) -> usize {
    if task.at_once > 1 { task.at_once } else { 0 }
}
