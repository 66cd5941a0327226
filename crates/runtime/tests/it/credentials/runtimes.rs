//! Credentials that outlive the runtime that fetched for them, and sources that break off.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use compute_kfp_runtime::ErrorKind;
use compute_kfp_runtime::credentials::{AccessToken, RenewedToken};
use tokio::runtime::Runtime;

use super::bearer;
use super::vault::{Vault, token};

fn poll<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Begins a fetch in a runtime of its own, which is then gone.
fn begin_and_vanish(credentials: &RenewedToken<Vault>, before_it_is_gone: impl FnOnce()) {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let mut call = std::pin::pin!(bearer(credentials));
        assert!(poll(call.as_mut()).is_pending());
    });
    before_it_is_gone();
}

#[test]
fn a_fetch_that_died_with_its_runtime_is_begun_anew() {
    let (vault, answers) = Vault::new();
    let credentials = RenewedToken::new(vault);
    begin_and_vanish(&credentials, || {});
    answers.send(token("anew")).unwrap();
    let sent = Runtime::new().unwrap().block_on(bearer(&credentials));
    assert_eq!(sent.unwrap(), "Bearer anew");
}

#[test]
fn a_call_that_waits_for_the_fetch_of_another_runtime_survives_it() {
    let (vault, answers) = Vault::new();
    let credentials = RenewedToken::new(vault);
    let mut call = std::pin::pin!(bearer(&credentials));
    begin_and_vanish(&credentials, || assert!(poll(call.as_mut()).is_pending()));
    answers.send(token("anew")).unwrap();
    let sent = Runtime::new().unwrap().block_on(call);
    assert_eq!(sent.unwrap(), "Bearer anew");
}

#[test]
fn runtimes_share_a_token() {
    let vault = Vault::holding([token("shared")]);
    let credentials = RenewedToken::new(vault.clone());
    for _ in 0..2 {
        let sent = Runtime::new().unwrap().block_on(bearer(&credentials));
        assert_eq!(sent.unwrap(), "Bearer shared");
    }
    assert_eq!(vault.fetches(), 1);
}

#[tokio::test]
async fn a_source_that_panics_fails_the_call_and_not_the_next() {
    let broken = Arc::new(AtomicBool::new(true));
    let source = {
        let broken = broken.clone();
        move || {
            assert!(!broken.load(Ordering::SeqCst), "as the test wants it");
            async { Ok(AccessToken::new("mended")) }
        }
    };
    let credentials = RenewedToken::new(source);
    let error = bearer(&credentials).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(error.message().contains("aborted"), "{error}");
    broken.store(false, Ordering::SeqCst);
    assert_eq!(bearer(&credentials).await.unwrap(), "Bearer mended");
}

#[test]
fn without_a_runtime_there_is_an_error() {
    let credentials = RenewedToken::new(Vault::holding([token("never")]));
    let call = std::pin::pin!(bearer(&credentials));
    let Poll::Ready(Err(error)) = poll(call) else {
        panic!("it waits for a runtime");
    };
    assert_eq!(error.kind(), ErrorKind::Configuration);
}
