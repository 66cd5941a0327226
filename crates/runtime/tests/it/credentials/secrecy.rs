//! Nothing that a person or a log gets to see has a secret in it.

use std::error::Error as _;
use std::fmt::Debug;
use std::fs;
use std::sync::Arc;

use compute_kfp_runtime::Error;
use compute_kfp_runtime::credentials::{
    AccessToken, ApiKey, BearerToken, Credentials, IdentityHeader, RenewedToken, SessionCookie,
    TokenFile, TokenVariable,
};
use tempfile::tempdir;

use super::vault::{Vault, expired, failure, token};
use super::{authorization, received, refused};

const SECRET: &str = "s3cret";
/// Cannot be sent in a header.
const BROKEN: &str = "s3cret\u{7f}";

fn shown(value: &dyn Debug) -> String {
    format!("{value:?}\n{value:#?}\n")
}

/// Everything to be seen of an error and what led to it.
fn shown_of(error: &Error) -> String {
    let mut shown = format!("{error}\n{}", shown(error));
    let mut cause = error.source();
    while let Some(next) = cause {
        shown.push_str(&format!("{next}\n{next:?}\n"));
        cause = next.source();
    }
    shown
}

#[tokio::test]
async fn no_provider_and_no_error_shows_a_secret() {
    let directory = tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let good: Vec<Arc<dyn Credentials>> = vec![
        Arc::new(BearerToken::new(SECRET)),
        Arc::new(ApiKey::new(SECRET)),
        Arc::new(RenewedToken::new(Vault::holding([token(SECRET)]))),
        Arc::new(TokenFile::new(file("good", SECRET.as_bytes()))),
        Arc::new(SessionCookie::new(format!("session={SECRET}"))),
        Arc::new(IdentityHeader::new("user-id", SECRET)),
        Arc::new(vec![
            Arc::new(BearerToken::new(SECRET)) as Arc<dyn Credentials>
        ]),
    ];
    let mut seen = shown(&AccessToken::new(SECRET));
    for credentials in good {
        let mut authorization = authorization();
        credentials.authorize(&mut authorization).await.unwrap();
        let sent = authorization.headers().values().next().unwrap();
        assert!(sent.to_str().unwrap().contains(SECRET) && sent.is_sensitive());
        seen.push_str(&shown(&authorization));
        seen.push_str(&shown(&credentials));
    }

    let large = SECRET.repeat(200_000);
    let bad: Vec<Arc<dyn Credentials>> = vec![
        Arc::new(BearerToken::new(BROKEN)),
        Arc::new(ApiKey::new(BROKEN)),
        Arc::new(RenewedToken::new(Vault::holding([token(BROKEN)]))),
        Arc::new(TokenFile::new(file("broken", BROKEN.as_bytes()))),
        Arc::new(TokenFile::new(file("not text", b"s3cret\xff"))),
        Arc::new(TokenFile::new(file("large", large.as_bytes()))),
        Arc::new(TokenFile::new(directory.path().join("missing"))),
        Arc::new(TokenVariable::new("CREDENTIALS_TEST_UNSET")),
        Arc::new(SessionCookie::new(SECRET)),
        Arc::new(SessionCookie::new(format!("session={BROKEN}"))),
        Arc::new(IdentityHeader::new("user-id", BROKEN)),
        Arc::new(IdentityHeader::new("user id", SECRET)),
    ];
    for credentials in bad {
        seen.push_str(&shown(&credentials));
        seen.push_str(&shown_of(&received(credentials).await.unwrap_err()));
    }

    let failing = RenewedToken::new(Vault::holding([expired(SECRET), failure(), failure()]));
    failing.authorize(&mut authorization()).await.unwrap();
    let error = failing.authorize(&mut authorization()).await.unwrap_err();
    seen.push_str(&shown_of(&error));
    let error = failing.renew(&refused(SECRET)).await.unwrap_err();
    seen.push_str(&shown_of(&error));
    seen.push_str(&shown(&failing));

    assert!(seen.contains("the vault is sealed") && seen.contains("SessionCookie"));
    assert!(!seen.contains("s3c"), "{seen}");
}
