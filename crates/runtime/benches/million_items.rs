//! A list of a million items, read as a stream: it is whole and in order, and memory stays flat.
//!
//! `make soak` runs it; another number of items can be given:
//! `cargo bench -p compute-kfp-runtime --bench million_items -- 50000`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, what fails must stop it"
)]

#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/it/paging/lists.rs"]
mod lists;
mod memory;
#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/it/paging/server.rs"]
mod server;

use std::process::ExitCode;
use std::time::Instant;

use lists::{
    BY_NUMBER, BY_TOKEN, NumberedPage, TokenPage, answer, items, numbered_page, token_page,
};
use memory::Memory;
use server::Server;

use compute_kfp_runtime::paging::{Items, ListPage};

const ITEMS: u64 = 1_000_000;
const PAGE: u32 = 200;
/// Maximum growth of memory after the first fifth of the items, in KiB.
const MAX_GROWTH: usize = 16 * 1024;

#[tokio::main]
async fn main() -> ExitCode {
    let wanted = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let wanted: u64 = wanted.unwrap_or(ITEMS);
    let length = usize::try_from(wanted).unwrap();
    let mut flat = true;
    for prefetch in [0, 4] {
        let server = Server::start(move |_, query| answer(token_page(query, length)));
        let list = items::<TokenPage>(&server, &BY_TOKEN, |request| {
            request.page_size(PAGE);
            request.prefetch(prefetch);
        });
        flat &= read(&format!("by token, prefetch {prefetch}"), list, wanted).await;

        let server = Server::start(move |_, query| answer(numbered_page(query, length)));
        let list = items::<NumberedPage>(&server, &BY_NUMBER, |request| {
            request.page_size(PAGE);
            request.prefetch(prefetch);
        });
        flat &= read(&format!("by number, prefetch {prefetch}"), list, wanted).await;
    }
    if flat {
        ExitCode::SUCCESS
    } else {
        println!("memory grew by more than {MAX_GROWTH} KiB");
        ExitCode::FAILURE
    }
}

async fn read<P: ListPage<Item = u64>>(what: &str, mut items: Items<P>, wanted: u64) -> bool {
    let mut memory = Memory::default();
    let begun = Instant::now();
    let mut expected = 0;
    while let Some(item) = items.next().await {
        assert_eq!(item.unwrap(), expected);
        expected += 1;
        if expected % 10_000 == 1 {
            memory.sample(expected >= wanted / 5);
        }
    }
    assert_eq!(expected, wanted);
    let seconds = begun.elapsed().as_secs_f64();
    println!("{what}: {wanted} items in {seconds:.1} s; {memory}");
    memory.growth() <= MAX_GROWTH
}
