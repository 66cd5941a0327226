//! Renewal of a token that a server rejected.

use std::sync::Arc;

use compute_kfp_runtime::ErrorKind;
use compute_kfp_runtime::credentials::{
    Authorization, BearerToken, Credentials, RenewedToken, SessionCookie,
};
use compute_kfp_runtime::operation::{Location, SchemeKind, SecurityScheme};
use tokio::task::JoinSet;

use super::vault::{Vault, failure, token};
use super::{bearer, refused};

#[tokio::test]
async fn all_that_were_refused_share_one_fetch() {
    let vault = Vault::holding([token("old"), token("new")]);
    let credentials = Arc::new(RenewedToken::new(vault.clone()));
    bearer(&credentials).await.unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        let credentials = credentials.clone();
        calls.spawn(async move { credentials.renew(&refused("old")).await });
    }
    while let Some(renewed) = calls.join_next().await {
        assert!(renewed.unwrap().unwrap());
    }
    assert_eq!(vault.fetches(), 2);
    assert_eq!(bearer(&credentials).await.unwrap(), "Bearer new");
}

#[tokio::test]
async fn a_token_that_was_replaced_already_is_not_fetched_again() {
    let vault = Vault::holding([token("new")]);
    let credentials = RenewedToken::new(vault.clone());
    bearer(&credentials).await.unwrap();
    assert!(credentials.renew(&refused("old")).await.unwrap());
    assert_eq!(vault.fetches(), 1);
}

#[tokio::test]
async fn the_same_token_again_is_not_worth_another_request() {
    let vault = Vault::holding([token("same"), token(" same\n")]);
    let credentials = RenewedToken::new(vault.clone());
    bearer(&credentials).await.unwrap();
    assert!(!credentials.renew(&refused("same")).await.unwrap());
    assert_eq!(vault.fetches(), 2);
}

#[tokio::test]
async fn a_failure_to_renew_is_told_and_does_not_last() {
    let vault = Vault::holding([token("old"), failure(), token("new")]);
    let credentials = RenewedToken::new(vault);
    bearer(&credentials).await.unwrap();
    let error = credentials.renew(&refused("old")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(credentials.renew(&refused("old")).await.unwrap());
}

#[tokio::test]
async fn a_refused_token_is_known_among_other_cookies() {
    static COOKIE: SecurityScheme = SecurityScheme::new(
        "session",
        SchemeKind::ApiKey {
            location: Location::Cookie,
            name: "session",
        },
    );
    let vault = Vault::holding([token("same"), token("same"), token("other")]);
    let session = Arc::new(RenewedToken::new(vault.clone()));
    let both: Vec<Arc<dyn Credentials>> =
        vec![Arc::new(SessionCookie::new("a=b")), session.clone()];
    let mut authorization = Authorization::new(&COOKIE, reqwest::Client::new());
    both.authorize(&mut authorization).await.unwrap();
    assert_eq!(authorization.headers()["cookie"], "a=b; session=same");
    assert!(!session.renew(&authorization).await.unwrap());
    assert!(session.renew(&authorization).await.unwrap());
    assert_eq!(vault.fetches(), 3);
}

#[tokio::test]
async fn what_never_changes_has_nothing_else_to_send() {
    let fixed = BearerToken::new("fixed");
    assert!(!fixed.renew(&refused("fixed")).await.unwrap());
}
