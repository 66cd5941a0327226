//! Long lists: item by item, page by page, and with prefetched pages.

use candidate::{Measuring, Result, Task};
use compute_kfp::{compute, kfp};

/// Reads as many runs as the task has calls, one by one.
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

/// Reads the same runs page by page, without `items`.
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

/// Reads as many pages of jobs as the task has calls, and prefetches `at_once` of them.
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
