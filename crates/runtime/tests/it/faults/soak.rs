//! The soak of `make soak`, short enough for every run of the tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::load;

#[tokio::test]
async fn no_call_is_lost_and_no_post_is_done_twice() {
    let done = Arc::new(AtomicUsize::new(0));
    let figures = load::run(2000, done.clone()).await;
    assert!(figures.violations.is_empty(), "{:#?}", figures.violations);
    assert_eq!((figures.calls, done.load(Ordering::Relaxed)), (2000, 2000));
    let failed: usize = figures.failed.values().sum();
    assert_eq!(figures.answered + failed, 2000);
    // Faults were met, and most of them were overcome.
    assert!(failed > 0 && figures.visits > 2000, "{:?}", figures.failed);
    assert!(!figures.failed.keys().any(|what| what.contains("not sent")));
}
