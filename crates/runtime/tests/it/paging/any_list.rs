//! Any list with any sizes and faults yields its items in order, each once.

use std::collections::BTreeSet;

use compute_kfp_runtime::operation::Operation;
use compute_kfp_runtime::paging::{ListPage, ResumePoint};
use proptest::prelude::*;

use super::lists::{
    BY_NUMBER, BY_TIME, BY_TOKEN, NumberedPage, TimedPage, TokenPage, answer, drain, items, log,
    numbered_page, timed_page, token_page,
};
use super::server::{Query, Server, cut_off, hang_up};

#[derive(Clone, Debug)]
struct Reading {
    size: u32,
    prefetch: usize,
    /// Requests that fail, and `true` if in the middle of the response.
    faults: BTreeSet<(usize, bool)>,
}

fn reading() -> impl Strategy<Value = Reading> {
    let faults = prop::collection::btree_set((0..30_usize, any::<bool>()), 0..6);
    (1..40_u32, 0..5_usize, faults).prop_map(|(size, prefetch, faults)| Reading {
        size,
        prefetch,
        faults,
    })
}

/// Reads a list to its end, going on after each fault.
fn read<P: ListPage>(
    operation: &'static Operation,
    reading: Reading,
    page: impl Fn(&Query) -> String + Send + Sync + 'static,
) -> Vec<P::Item> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let faults = reading.faults.clone();
        let server = Server::start(move |number, query| {
            match faults.iter().find(|(broken, _)| *broken == number) {
                Some((_, true)) => cut_off(page(query)),
                Some((_, false)) => hang_up(),
                None => answer(page(query)),
            }
        });
        let (mut given, mut point) = (Vec::new(), None::<ResumePoint>);
        loop {
            let mut stream = items::<P>(&server, operation, |request| {
                request.page_size(reading.size);
                request.prefetch(reading.prefetch);
                if let Some(point) = &point {
                    request.resume(point.clone());
                }
            });
            let (more, error) = drain(&mut stream).await;
            given.extend(more);
            match error {
                Some(error) => point = Some(error.resume_point().unwrap().clone()),
                None => return given,
            }
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 64,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_list_by_tokens(length in 0..200_usize, reading in reading()) {
        let given = read::<TokenPage>(&BY_TOKEN, reading, move |query| token_page(query, length));
        prop_assert_eq!(given, (0..length as u64).collect::<Vec<_>>());
    }

    #[test]
    fn a_list_by_numbers(length in 0..200_usize, reading in reading()) {
        let given = read::<NumberedPage>(&BY_NUMBER, reading, move |query| numbered_page(query, length));
        prop_assert_eq!(given, (0..length as u64).collect::<Vec<_>>());
    }

    #[test]
    fn a_list_by_times(
        steps in prop::collection::vec(prop_oneof![3 => Just(0_i64), 2 => 1..3_i64], 0..150),
        reading in reading(),
        behind: bool,
    ) {
        let mut time = 1_000;
        let times: Vec<i64> = steps.iter().map(|step| { time += step; time }).collect();
        let whole = log(&times);
        let given = read::<TimedPage>(&BY_TIME, reading, move |query| timed_page(query, &times, behind));
        prop_assert_eq!(given, whole);
    }
}
