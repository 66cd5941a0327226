//! Every fault with every method: what becomes of the call, and how often the server acted.
//!
//! The table in `docs/faults.md` is what these calls gave.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use compute_kfp_runtime::credentials::{Authorization, Credentials, Pending};
use compute_kfp_runtime::operation::Operation;
use compute_kfp_runtime::{Error, ErrorKind, RetryPolicy, Transport, TransportBuilder};
use tokio::task::JoinSet;

use super::addresses::Addresses;
use super::catalogue::{self, Again, Fault, MAX_RESPONSE};
use super::server::{DELETE, GET, Item, PATCH, POST, PUT, Server, Step, call};

const METHODS: [&Operation; 5] = [&GET, &PUT, &DELETE, &POST, &PATCH];
const ATTEMPTS: u32 = 3;
/// Time limit of an attempt that nothing else ends; a good response takes far less.
const LIMIT: Duration = Duration::from_secs(1);

/// Duration of a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lasting {
    Once,
    Always,
}

/// The result of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Outcome {
    failure: Option<Failure>,
    attempts: u32,
    executions: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Failure {
    kind: ErrorKind,
    was_sent: bool,
    is_retryable: bool,
}

/// One fault with one method; its place in the table is the number of its call.
#[derive(Clone, Copy)]
struct Cell {
    fault: usize,
    lasting: Lasting,
    method: &'static Operation,
}

impl Cell {
    fn of(number: usize) -> Self {
        Self {
            fault: number / (2 * METHODS.len()),
            lasting: match number / METHODS.len() % 2 {
                0 => Lasting::Once,
                _ => Lasting::Always,
            },
            method: METHODS[number % METHODS.len()],
        }
    }
}

#[tokio::test]
async fn every_method_meets_every_fault_as_documented() {
    let elsewhere = Server::failing(0, Step::succeed());
    let faults = Arc::new(catalogue::all(elsewhere.url()));
    let outcomes = outcomes(&faults).await;

    let mut wrong = String::new();
    for (number, outcome) in outcomes.iter().enumerate() {
        let cell = Cell::of(number);
        let (name, method) = (faults[cell.fault].name, cell.method.method);
        let expected = expected(&faults[cell.fault], cell);
        if *outcome != expected {
            let _ = writeln!(
                wrong,
                "{name}, {:?}, {method}:\n  expected {expected:?}\n  found    {outcome:?}",
                cell.lasting
            );
        }
        let twice = matches!(method, "POST" | "PATCH") && outcome.executions > 1;
        assert!(!twice, "{method} twice: {name}");
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert_eq!(elsewhere.connections(), 0);
    compare(&document(&faults, &outcomes));
}

fn is_sent_again(again: Again, method: &Operation) -> bool {
    match again {
        Again::None => false,
        Again::Idempotent | Again::RenewedIdempotent => {
            matches!(method.method, "GET" | "PUT" | "DELETE")
        }
        Again::All | Again::Renewed => true,
    }
}

/// Returns the result that the rules define for a fault and a method.
fn expected(fault: &Fault, cell: Cell) -> Outcome {
    let again = is_sent_again(fault.again, cell.method);
    let is_renewed = matches!(fault.again, Again::Renewed | Again::RenewedIdempotent);
    let attempts = match (again, cell.lasting) {
        (false, _) => 1,
        (true, Lasting::Once) => 2,
        (true, Lasting::Always) if is_renewed => 2,
        (true, Lasting::Always) => ATTEMPTS,
    };
    let recovered = again && cell.lasting == Lasting::Once;
    let acts = fault.step.as_ref().is_some_and(|step| step.acts);
    let failed = attempts - u32::from(recovered);
    Outcome {
        failure: fault.kind.filter(|_| !recovered).map(|kind| Failure {
            kind,
            was_sent: fault.step.is_some(),
            is_retryable: again && !is_renewed,
        }),
        attempts,
        executions: u32::from(recovered) + if acts { failed } else { 0 },
    }
}

/// Returns the results of all cells, in their order.
async fn outcomes(faults: &Arc<Vec<Fault>>) -> Vec<Outcome> {
    let cells = faults.len() * METHODS.len() * 2;
    let known = faults.clone();
    let server = Server::start(cells, move |visit| {
        let cell = Cell::of(visit.number);
        match &known[cell.fault].step {
            Some(step) if cell.lasting == Lasting::Always || visit.count == 1 => step.clone(),
            _ => Step::succeed(),
        }
    });
    let server = Arc::new(server);
    let client = set_up(server.transport()).build().unwrap();
    let hasty = set_up(server.transport()).attempt_timeout(LIMIT);
    let hasty = hasty.build().unwrap();

    let mut outcomes: Vec<(usize, Outcome)> = Vec::new();
    // Apart, so that the time limit of the one does not depend on how long the other take.
    for endless in [false, true] {
        let mut calls = JoinSet::new();
        for number in 0..cells {
            let fault = &faults[Cell::of(number).fault];
            if fault.endless != endless {
                continue;
            }
            let (refused, server) = (fault.step.is_none(), server.clone());
            let client = if endless { &hasty } else { &client }.clone();
            calls.spawn(async move {
                let outcome = if refused {
                    refused_outcome(&server, number).await
                } else {
                    let error = send(&client, number).await.err();
                    Outcome::new(error, server.visits(number), server.executions(number))
                };
                (number, outcome)
            });
        }
        outcomes.extend(calls.join_all().await);
    }
    outcomes.sort_by_key(|(number, _)| *number);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

impl Outcome {
    fn new(error: Option<Error>, attempts: u32, executions: u32) -> Self {
        if let Some(error) = &error {
            assert_eq!(error.attempts(), attempts, "{error:?}");
        }
        Self {
            failure: error.map(|error| Failure {
                kind: error.kind(),
                was_sent: error.was_sent(),
                is_retryable: error.is_retryable(),
            }),
            attempts,
            executions,
        }
    }
}

/// A call to a server that is not there at the first attempts.
async fn refused_outcome(server: &Server, number: usize) -> Outcome {
    let addresses = match Cell::of(number).lasting {
        Lasting::Once => Addresses::of(server, &[false, true]),
        Lasting::Always => Addresses::of(server, &[false]),
    };
    let client = set_up(addresses.transport()).build().unwrap();
    let error = send(&client, number).await.err();
    let attempts = addresses.asked().try_into().unwrap();
    Outcome::new(error, attempts, server.executions(number))
}

fn set_up(transport: TransportBuilder) -> TransportBuilder {
    let millisecond = Duration::from_millis(1);
    let policy = RetryPolicy::default()
        .max_attempts(ATTEMPTS)
        .backoff(millisecond, millisecond)
        .budget(u16::MAX, 0.0);
    transport
        .credentials("user", Renewed)
        .max_response_bytes(MAX_RESPONSE)
        .retry(policy)
}

async fn send(client: &Transport, number: usize) -> Result<Item, Error> {
    let request = call(Cell::of(number).method, number);
    Ok(client.send_json::<Item>(request).await?.into_inner())
}

/// A credential that is renewed whenever a server refuses it.
#[derive(Debug)]
struct Renewed;

impl Credentials for Renewed {
    fn authorize<'a>(&'a self, authorization: &'a mut Authorization) -> Pending<'a, ()> {
        Box::pin(async move { authorization.token("token-of-the-matrix") })
    }

    fn renew<'a>(&'a self, _: &'a Authorization) -> Pending<'a, bool> {
        Box::pin(async { Ok(true) })
    }
}

const INTRODUCTION: &str = "\
Results of calls when the server or the network fails: one row for each fault, one column for each
method. The test that plays every fault to every method over real sockets writes this page.

A cell has three parts: the result for the caller (a response, or an error of that kind), the number
of requests, and the number of times that the server acted on one. `Connection 3/2` is an error of the
kind `ErrorKind::Connection` after three attempts, two of which had an effect. Three attempts are
allowed here, and the credential can be renewed. No `POST` or `PATCH` has an effect twice.
";

const STAYS: &str = "\
# A fault that stays

The last two columns: whether the request may have reached the server (`was_sent`), and for which
methods the error allows a safe retry (`is_retryable`).
";

fn document(faults: &[Fault], outcomes: &[Outcome]) -> String {
    let methods = METHODS
        .map(|method| format!("`{}`", method.method))
        .join(" | ");
    let mut once = format!("| fault | {methods} |\n|---|---|---|---|---|---|\n");
    let mut always =
        format!("| fault | {methods} | sent | retryable |\n|---|---|---|---|---|---|---|---|\n");
    for (fault, outcomes) in faults.iter().zip(outcomes.chunks(2 * METHODS.len())) {
        let (first, stays) = outcomes.split_at(METHODS.len());
        let _ = writeln!(once, "| {} | {} |", fault.name, fields(first));
        let _ = writeln!(
            always,
            "| {} | {} | {} | {} |",
            fault.name,
            fields(stays),
            sent(stays),
            retryable(stays)
        );
    }
    format!("{INTRODUCTION}\n# A fault that happens once\n\n{once}\n{STAYS}\n{always}")
}

fn fields(outcomes: &[Outcome]) -> String {
    let field = |outcome: &Outcome| {
        let result = match outcome.failure {
            None => "response".to_owned(),
            Some(failure) => format!("`{:?}`", failure.kind),
        };
        format!("{result} {}/{}", outcome.attempts, outcome.executions)
    };
    outcomes.iter().map(field).collect::<Vec<_>>().join(" | ")
}

fn sent(outcomes: &[Outcome]) -> &'static str {
    let mut failures = outcomes.iter().filter_map(|outcome| outcome.failure);
    match failures.next() {
        None => "yes",
        Some(first) => {
            assert!(failures.all(|failure| failure.was_sent == first.was_sent));
            if first.was_sent { "yes" } else { "no" }
        }
    }
}

fn retryable(outcomes: &[Outcome]) -> String {
    let retryable = |(method, outcome): (&Operation, &Outcome)| {
        let failure = outcome.failure.filter(|failure| failure.is_retryable);
        failure.map(|_| method.method)
    };
    let methods = METHODS.into_iter().zip(outcomes).filter_map(retryable);
    match methods.collect::<Vec<_>>()[..] {
        [] => "no".to_owned(),
        ref all if all.len() == METHODS.len() => "all".to_owned(),
        ref some => some.join(", "),
    }
}

/// Compares with what is checked in, or replaces it.
fn compare(document: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faults.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        return std::fs::write(path, document).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    let difference = similar::TextDiff::from_lines(checked_in.as_str(), document);
    assert!(
        checked_in == document,
        "docs/faults.md is not what the test found (`-` is the file); if that is right, run\n  \
         UPDATE_DOCS=1 cargo test -p compute-kfp-runtime --test it faults\n\n{}",
        difference.unified_diff()
    );
}
