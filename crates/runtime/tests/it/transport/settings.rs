//! Endpoints, and what is wrong with some.

use compute_kfp_runtime::{ErrorKind, Transport};

use crate::item::get;
use compute_kfp_test_server::{Response, TestServer};

#[tokio::test]
async fn an_endpoint_may_have_a_path_and_end_in_slashes() {
    let server = TestServer::playing([Response::json(200, "{}")]);
    for (suffix, target) in [
        ("", "/items"),
        ("/", "/items"),
        ("/pipeline", "/pipeline/items"),
        ("/pipeline//", "/pipeline/items"),
        ("/a/../b%20c", "/b%20c/items"),
    ] {
        let endpoint = format!(" {}{suffix}\n", server.url());
        let transport = Transport::builder(endpoint).build().unwrap();
        transport.send_empty(get()).await.unwrap();
        assert_eq!(server.requests().last().unwrap().target, target);
        assert!(!transport.endpoint().ends_with('/'));
    }
}

#[test]
fn an_endpoint_set_again_replaces_the_former() {
    let builder = Transport::builder("not an address").endpoint("https://example.org/");
    assert_eq!(builder.build().unwrap().endpoint(), "https://example.org");
}

#[test]
fn a_bad_endpoint_is_explained_without_showing_its_password() {
    for (endpoint, said) in [
        ("", "not a URL"),
        ("example.org", "not a URL"),
        ("localhost:8080", "`localhost`"),
        ("ftp://example.org", "`ftp`"),
        ("file:///etc/passwd", "`file`"),
        ("https://", "not a URL"),
        ("https://example.org:99999", "not a URL"),
        (
            "https://alice:hunter22@example.org",
            "user name or password",
        ),
        ("https://hunter22@example.org", "user name or password"),
        ("https://:hunter22@example.org", "user name or password"),
        ("https://alice:hunter22@exa mple.org", "not a URL"),
        ("https://alice:hunter22@example.org:x", "not a URL"),
        ("ftp://alice:hunter22@example.org", "`ftp`"),
        ("alice:hunter22@example.org", "not http or https"),
        ("https://example.org?key=hunter22", "`?` or `#`"),
        ("https://example.org#hunter22", "`?` or `#`"),
    ] {
        let error = Transport::builder(endpoint).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.message().contains(said), "{endpoint}: {error}");
        assert!(error.message().contains("https://example.org`"), "{error}");
        assert!(
            !format!("{error} {error:?}").contains("hunter22"),
            "{error:?}"
        );
        assert!(!error.was_sent());
    }
}

#[test]
fn an_application_that_no_header_can_hold_is_refused() {
    let builder = Transport::builder("https://example.org").application("my\napp");
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.message().contains("my\\napp"), "{error}");
}
