//! Credentials for a proxy in front of the server, alone and with a token.

use std::sync::Arc;

use compute_kfp_runtime::ErrorKind;
use compute_kfp_runtime::credentials::{BearerToken, Credentials, IdentityHeader, SessionCookie};

use super::received;

#[tokio::test]
async fn a_session_cookie_is_sent_as_it_is() {
    let request = received(SessionCookie::new(" session=abc=; csrf=def\n"));
    let request = request.await.unwrap();
    assert_eq!(request.header("cookie"), Some("session=abc=; csrf=def"));
    assert_eq!(request.header("authorization"), None);
}

#[tokio::test]
async fn an_identity_is_sent_in_its_header() {
    let request = received(IdentityHeader::new("kubeflow-userid", "user@example.org"));
    let request = request.await.unwrap();
    assert_eq!(request.header("kubeflow-userid"), Some("user@example.org"));
    assert_eq!(request.header("authorization"), None);
}

#[tokio::test]
async fn all_of_several_credentials_are_sent() {
    let several: Vec<Arc<dyn Credentials>> = vec![
        Arc::new(BearerToken::new("token")),
        Arc::new(SessionCookie::new("session=abc")),
        Arc::new(SessionCookie::new("csrf=def")),
        Arc::new(IdentityHeader::new("kubeflow-userid", "user")),
        Arc::new(IdentityHeader::new("x-tenant", "team-a")),
    ];
    let request = received(several).await.unwrap();
    assert_eq!(request.header("authorization"), Some("Bearer token"));
    assert_eq!(request.header("cookie"), Some("session=abc; csrf=def"));
    assert_eq!(request.header("kubeflow-userid"), Some("user"));
    assert_eq!(request.header("x-tenant"), Some("team-a"));
}

#[tokio::test]
async fn cookies_that_are_none_are_refused() {
    for (cookies, problem) in [
        ("", "name=value"),
        ("s3cret", "name=value"),
        ("=s3cret", "name=value"),
        ("session=s3cret; secure", "name=value"),
        ("session=s3cret\r\nx-admin: yes", "`cookie`"),
    ] {
        let error = received(SessionCookie::new(cookies)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication, "{cookies}");
        assert!(error.message().contains(problem), "{error}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        assert!(!error.was_sent());
    }
}

#[tokio::test]
async fn headers_that_cannot_be_are_refused() {
    for (name, value, kind) in [
        ("", "user", ErrorKind::Configuration),
        ("user id", "user", ErrorKind::Configuration),
        ("user\r\nid", "user", ErrorKind::Configuration),
        ("user-id", "", ErrorKind::Authentication),
        ("user-id", "a\r\nb", ErrorKind::Authentication),
    ] {
        let error = received(IdentityHeader::new(name, value))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let shown = match kind {
            ErrorKind::Configuration => format!("{name:?}"),
            _ => "`user-id`".to_owned(),
        };
        assert!(error.message().contains(&shown), "{error}");
    }
}
