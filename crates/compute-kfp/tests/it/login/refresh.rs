//! Refreshes: when they happen, and how the new tokens are stored.

use std::error::Error as _;
use std::path::Path;
use std::time::Duration;

use compute_kfp::compute::{Client, Login};
use compute_kfp::{Error, ErrorKind};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::server::{World, tokens};

async fn call(client: &Client) -> Result<(), Error> {
    client.read_members().send().await.map(|_| ())
}

fn write(path: &Path, config: &Value) {
    std::fs::write(path, config.to_string()).unwrap();
}

#[tokio::test]
async fn a_valid_token_is_sent_unchanged() {
    let world = World::with_tokens(300);
    let before = std::fs::read(world.path()).unwrap();
    call(&world.client()).await.unwrap();
    assert_eq!(
        world.calls("/members"),
        [Some("Bearer access-0".to_owned())]
    );
    assert_eq!(world.refreshes(), [""; 0]);
    assert_eq!(std::fs::read(world.path()).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_calls_with_an_expired_token_cause_one_refresh() {
    let world = World::with_tokens(-60);
    // A busy machine may take longer than the default to accept a thousand connections.
    let client = Client::builder()
        .login(world.login())
        .transport(|transport| transport.connect_timeout(Duration::from_secs(60)))
        .build()
        .unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..1000 {
        let client = client.clone();
        calls.spawn(async move { call(&client).await });
    }
    for called in calls.join_all().await {
        called.unwrap();
    }
    assert_eq!(world.refreshes(), ["refresh-0"]);
    assert_eq!(world.calls("/members").len(), 1000);
    assert_eq!(world.account()["tokens"]["refresh_token"], "refresh-1");
}

#[tokio::test]
async fn a_token_that_expires_within_the_margin_is_refreshed() {
    let world = World::with_tokens(4);
    call(&world.client()).await.unwrap();
    assert_eq!(
        world.calls("/members"),
        [Some("Bearer access-1".to_owned())]
    );
}

#[tokio::test]
async fn a_refused_token_is_refreshed_once_and_the_call_retried_once() {
    let world = World::with_tokens(300);
    let mut config = world.config(300);
    config["auths"][&world.url]["tokens"]["access_token"] = "revoked".into();
    world.store(&config);
    call(&world.client()).await.unwrap();
    let sent = ["Bearer revoked", "Bearer access-1"].map(|sent| Some(sent.to_owned()));
    assert_eq!(world.calls("/members"), sent);
    assert_eq!(world.refreshes(), ["refresh-0"]);
}

#[tokio::test]
async fn new_tokens_are_stored_and_the_rest_is_preserved() {
    let world = World::with_tokens(-60);
    call(&world.client()).await.unwrap();
    let mut expected = world.config(-60);
    let account = &mut expected["auths"][&world.url]["tokens"];
    account["access_token"] = "access-1".into();
    account["refresh_token"] = "refresh-1".into();
    account["generated_at"] = world.account()["tokens"]["generated_at"].clone();
    assert_eq!(
        world.stored().to_string(),
        expected.to_string(),
        "the order of keys, too"
    );
    call(&world.client()).await.unwrap();
    assert_eq!(world.refreshes(), ["refresh-0"], "the stored token is good");
}

#[tokio::test]
async fn a_response_without_a_refresh_token_keeps_the_old_one() {
    let world = World::with_tokens(-60);
    world.set(|state| state.rotates = false);
    call(&world.client()).await.unwrap();
    assert_eq!(world.account()["tokens"]["access_token"], "access-1");
    assert_eq!(world.account()["tokens"]["refresh_token"], "refresh-0");
}

#[tokio::test]
async fn two_programs_share_one_refresh() {
    let world = World::with_tokens(-60);
    let (one, other) = (world.client(), world.client());
    let (first, second) = tokio::join!(call(&one), call(&other));
    first.unwrap();
    second.unwrap();
    assert_eq!(world.refreshes(), ["refresh-0"]);
}

#[tokio::test]
async fn tokens_that_another_program_stored_meanwhile_are_used() {
    for (expire_after, refreshes) in [
        (300, vec!["refresh-0"]),
        (-60, vec!["refresh-0", "refresh-5"]),
    ] {
        let world = World::with_tokens(-60);
        let mut theirs = world.config(0);
        theirs["auths"][&world.url]["tokens"] = tokens(5, expire_after);
        let path = world.path();
        world.set(|state| {
            state.meanwhile = Some(Box::new(move |state| {
                state.issued = 5;
                write(&path, &theirs);
            }));
        });
        call(&world.client()).await.unwrap();
        assert_eq!(world.refreshes(), refreshes);
    }
}

#[tokio::test]
async fn a_refused_refresh_says_what_to_do_and_changes_nothing() {
    let world = World::with_tokens(-60);
    world.set(|state| state.issued = 9);
    let before = std::fs::read(world.path()).unwrap();
    let error = call(&world.client()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    for words in ["invalid_grant: no such token: [redacted]", "log in again"] {
        assert!(error.message().contains(words), "{error}");
    }
    assert!(error.source().is_some());
    assert!(
        !format!("{error} {error:?}").contains("refresh-0"),
        "{error:?}"
    );
    assert_eq!(std::fs::read(world.path()).unwrap(), before);
    assert_eq!(world.calls("/members"), []);
}

#[tokio::test]
async fn tokens_that_cannot_be_stored_are_used_and_stored_with_the_next() {
    let world = World::with_tokens(-60);
    let good = std::fs::read(world.path()).unwrap();
    let path = world.path();
    world.set(|state| {
        state.meanwhile = Some(Box::new(move |_| std::fs::write(path, "{broken").unwrap()));
    });
    let client = world.client();
    call(&client).await.unwrap();
    assert_eq!(
        std::fs::read(world.path()).unwrap(),
        b"{broken",
        "nothing is lost"
    );

    std::fs::write(world.path(), good).unwrap();
    world.set(|state| state.access_is_good = false);
    call(&client).await.unwrap();
    assert_eq!(world.refreshes(), ["refresh-0", "refresh-1"]);
    assert_eq!(world.account()["tokens"]["refresh_token"], "refresh-2");
}

#[tokio::test]
async fn a_login_without_tokens_is_an_error_that_says_so() {
    let world = World::with_tokens(300);
    let mut config = world.config(300);
    config["auths"][&world.url]["tokens"] = Value::Null;
    world.store(&config);
    let error = call(&world.client()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(
        error.message().contains("log in with `Login::device`"),
        "{error}"
    );
    let mut config = world.config(-60);
    config["auths"][&world.url]["tokens"]["refresh_token"] = json!(null);
    world.store(&config);
    let error = call(&world.client()).await.unwrap_err();
    assert!(error.message().contains("has no refresh token"), "{error}");
}

#[tokio::test]
async fn a_refresh_token_is_not_spent_where_its_successor_cannot_be_stored() {
    let world = World::with_tokens(-60);
    let before = std::fs::read(world.path()).unwrap();
    // A directory in place of the new file has the effect of a full disk.
    let in_the_way = world.directory.path().join(".config.json.new/x");
    std::fs::create_dir_all(&in_the_way).unwrap();
    let error = call(&world.client()).await.unwrap_err();
    assert!(error.message().contains("cannot be written"), "{error}");
    assert_eq!(world.refreshes(), [""; 0]);
    assert_eq!(std::fs::read(world.path()).unwrap(), before);

    std::fs::remove_dir_all(in_the_way.parent().unwrap()).unwrap();
    call(&world.client()).await.unwrap();
    assert_eq!(world.refreshes(), ["refresh-0"]);
}

#[tokio::test]
async fn files_of_a_killed_program_are_replaced() {
    let world = World::with_tokens(-60);
    let left = world.directory.path().join(".config.json.new");
    std::fs::write(&left, "refresh-of-another").unwrap();
    call(&world.client()).await.unwrap();
    assert_eq!(world.account()["tokens"]["refresh_token"], "refresh-1");
    assert!(!left.exists());
}

#[tokio::test]
async fn a_refresh_is_stored_even_if_its_caller_is_dropped() {
    let world = World::with_tokens(-60);
    let (arrived, mut arrival) = tokio::sync::mpsc::unbounded_channel();
    world.set(|state| state.meanwhile = Some(Box::new(move |_| arrived.send(()).unwrap())));
    let client = world.client();
    let caller = tokio::spawn(async move { call(&client).await });
    arrival.recv().await.unwrap();
    caller.abort();
    Login::settled().await;
    assert_eq!(world.account()["tokens"]["refresh_token"], "refresh-1");
}

#[tokio::test]
async fn a_token_of_unknown_lifetime_serves_more_than_one_call() {
    let world = World::with_tokens(-60);
    world.set(|state| state.tells_lifetime = false);
    let client = world.client();
    for _ in 0..3 {
        call(&client).await.unwrap();
    }
    call(&world.client()).await.unwrap();
    assert_eq!(world.refreshes(), ["refresh-0"]);
}

#[tokio::test]
async fn a_refresh_is_retried_when_the_login_server_is_unavailable() {
    let world = World::with_tokens(-60);
    world.set(|state| state.unavailable = 2);
    call(&world.client()).await.unwrap();
    assert_eq!(world.refreshes(), ["refresh-0"; 3]);
    assert_eq!(world.account()["tokens"]["refresh_token"], "refresh-1");
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_lock_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::with_tokens(-60);
    call(&world.client()).await.unwrap();
    let lock = world.directory.path().join(".config.json.lock");
    let mode = std::fs::metadata(lock).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}
