//! Many calls at a time against a server that fails now and then: is one lost, or done twice?

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use compute_kfp_runtime::{Error, RetryPolicy, Transport};
use tokio::task::JoinSet;

use super::server::{GET, Item, POST, Server, Step, Visit, answer, call, head, item};
use compute_kfp_test_server::Response;

/// Number of concurrent calls.
const AT_A_TIME: usize = 64;
/// So many of a hundred visits meet a fault.
const FAULTS: u64 = 5;
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(500);
/// Duration of a slow response.
const SLOW: Duration = Duration::from_millis(50);

/// Results of all calls.
#[derive(Default)]
pub struct Figures {
    pub calls: usize,
    pub took: Duration,
    /// Calls that were answered.
    pub answered: usize,
    /// Calls that failed, by method, kind and whether they may have reached the server.
    pub failed: BTreeMap<String, usize>,
    /// Requests that reached the server, retries included.
    pub visits: usize,
    /// Checks that every call has a correct result and was executed once at most.
    pub violations: Vec<String>,
}

/// Makes so many calls, half of them `GET` and half `POST`; `done` counts those that are over.
pub async fn run(calls: usize, done: Arc<AtomicUsize>) -> Figures {
    let server = Arc::new(Server::start(calls, plan));
    let millisecond = Duration::from_millis(1);
    let policy = RetryPolicy::default().backoff(millisecond, 8 * millisecond);
    let client = server.transport().retry(policy);
    let client = client.attempt_timeout(ATTEMPT_TIMEOUT).build().unwrap();

    let begun = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..AT_A_TIME {
        let (server, client) = (server.clone(), client.clone());
        let (next, done) = (next.clone(), done.clone());
        workers.spawn(async move {
            let mut figures = Figures::default();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= calls {
                    return figures;
                }
                figures.count(number, send(&client, number).await, &server);
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let mut figures = Figures::default();
    for part in workers.join_all().await {
        figures.add(part);
    }
    figures.took = begun.elapsed();
    if figures.calls != calls {
        let lost = format!("{} calls of {calls} have a result", figures.calls);
        figures.violations.push(lost);
    }
    // A request that was under way when its time was up may have come after its call was over.
    for number in (0..calls).filter(|number| is_post(*number)) {
        if server.executions(number) > 1 {
            figures
                .violations
                .push(format!("POST {number} was done twice"));
        }
    }
    figures
}

fn is_post(number: usize) -> bool {
    number % 2 == 1
}

/// Five visits of a hundred meet a fault, the same ones in every run.
fn plan(visit: &Visit) -> Step {
    let mut hasher = DefaultHasher::new();
    (visit.number, visit.count).hash(&mut hasher);
    let drawn = hasher.finish();
    if drawn % 100 >= FAULTS {
        return Step::succeed();
    }
    let begun = [&head(200, "content-length: 500")[..], br#"{"number":"#];
    match drawn / 100 % 8 {
        0 => Step::refused(Response::raw("").then_reset()),
        1 => Step::done(Response::raw("").then_reset()),
        2 => Step::done(Response::raw(begun.concat()).then_close()),
        3 => Step::done(Response::raw("").then_stall()),
        4 => Step::done(item(visit.number).after(tokio::time::sleep(SLOW))),
        5 => Step::refused(answer(503, "", "")),
        6 => Step::refused(answer(503, "retry-after: 0", "")),
        _ => Step::refused(answer(429, "", "")),
    }
}

async fn send(client: &Transport, number: usize) -> Result<Item, Error> {
    let operation = if is_post(number) { &POST } else { &GET };
    let answer = client.send_json::<Item>(call(operation, number)).await?;
    Ok(answer.into_inner())
}

impl Figures {
    /// Takes in one call, and compares what its caller was told with what the server did.
    fn count(&mut self, number: usize, result: Result<Item, Error>, server: &Server) {
        let (visits, executions) = (server.visits(number), server.executions(number));
        self.calls += 1;
        self.visits += visits as usize;
        let method = if is_post(number) { "POST" } else { "GET" };
        let holds = match &result {
            Ok(item) => item.number == number && executions >= 1,
            Err(error) if error.was_sent() => visits <= error.attempts(),
            Err(_) => executions == 0,
        };
        if !holds {
            self.violations.push(format!(
                "{method} {number}: {result:?} after {visits} visits and {executions} executions"
            ));
        }
        match result {
            Ok(_) => self.answered += 1,
            Err(error) => {
                let sent = if error.was_sent() { "sent" } else { "not sent" };
                let what = format!("{method} {:?}, {sent}", error.kind());
                *self.failed.entry(what).or_default() += 1;
            }
        }
    }

    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.answered += other.answered;
        self.visits += other.visits;
        self.violations.extend(other.violations);
        for (what, count) in other.failed {
            *self.failed.entry(what).or_default() += count;
        }
    }
}
