//! Certificates, protocols and proxies, against a server with certificates of its own.

use std::env;

use compute_kfp_runtime::credentials::BearerToken;
use compute_kfp_runtime::{
    ErrorKind, RetryPolicy, SettingsError, SettingsErrorKind, Transport, TransportBuilder,
};
use compute_kfp_test_server::{Authority, Received, Response, TestServer, Tls};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::child;
use crate::item::get;

/// Starts a server with a certificate of the authority that offers the protocols.
fn serve(authority: &Authority, protocols: &[&str], demands_certificate: bool) -> TestServer {
    let tls = Tls {
        protocols,
        demands_certificate,
        ..Tls::default()
    };
    TestServer::with_tls(authority, tls, |_| Response::empty(204))
}

fn lines(server: &TestServer) -> Vec<String> {
    let requests = server.requests();
    requests.iter().map(Received::first_line).collect()
}

fn to(server: &TestServer) -> TransportBuilder {
    Transport::builder(server.url()).no_proxy()
}

async fn send(builder: TransportBuilder) -> Result<(), compute_kfp_runtime::Error> {
    let transport = builder.build().unwrap();
    transport.send_empty(get()).await?;
    Ok(())
}

#[tokio::test]
async fn an_authority_of_ones_own_can_be_trusted() {
    let authority = Authority::new();
    let server = serve(&authority, &["http/1.1"], false);
    send(to(&server).root_certificate(authority.pem()))
        .await
        .unwrap();
    assert_eq!(lines(&server), ["GET /items HTTP/1.1"]);
}

#[tokio::test]
async fn an_authority_that_is_not_trusted_is_an_error_that_is_not_repeated() {
    let server = serve(&Authority::new(), &["http/1.1"], false);
    let other = Authority::new();
    for builder in [to(&server), to(&server).root_certificate(other.pem())] {
        let error = send(builder).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection);
        assert!(!error.was_sent());
        assert!(error.message().contains("certificate"), "{error:?}");
    }
    assert_eq!(lines(&server), [""; 0]);
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn a_certificate_that_is_refused_is_not_tried_again() {
    let server = serve(&Authority::new(), &["http/1.1"], false);
    let error = send(to(&server)).await.unwrap_err();
    assert_eq!((error.attempts(), error.is_retryable()), (1, false));
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_the_server_asks() {
    let authority = Authority::new();
    let server = serve(&authority, &["http/1.1"], true);
    let (certificate, key) = authority.issue("client");
    let trusting = to(&server).root_certificate(authority.pem());
    send(trusting.clone().client_certificate(certificate, key))
        .await
        .unwrap();
    let error = send(trusting).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn faults_of_tls_are_told_in_plain_words_with_the_remedy() {
    let authority = Authority::new();
    let with = |tls| TestServer::with_tls(&authority, tls, |_| Response::empty(204));
    let trusting = |server: &TestServer| to(server).root_certificate(authority.pem());
    let unknown = with(Tls::default());
    let other_host = with(Tls {
        other_host: Some("kfp.example.org"),
        ..Tls::default()
    });
    let expired = with(Tls {
        expired: true,
        ..Tls::default()
    });
    let demanding = with(Tls {
        demands_certificate: true,
        ..Tls::default()
    });
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let by_tls = format!("https://{}", plain.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut connection, _) = plain.accept().await.unwrap();
        let answer = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
        connection.write_all(answer).await.unwrap();
        // Until the client goes: a reset could take the answer with it.
        let _ = connection.read_to_end(&mut Vec::new()).await;
    });
    for (builder, kind, said) in [
        (
            to(&unknown),
            SettingsErrorKind::UnknownAuthority,
            "authority that is not trusted",
        ),
        (
            to(&unknown),
            SettingsErrorKind::UnknownAuthority,
            "`root_certificate`",
        ),
        (
            trusting(&other_host),
            SettingsErrorKind::WrongHost,
            "for another host name",
        ),
        (
            trusting(&expired),
            SettingsErrorKind::OutOfDate,
            "has expired",
        ),
        (
            trusting(&demanding),
            SettingsErrorKind::ClientCertificate,
            "`client_certificate`",
        ),
        (
            Transport::builder(by_tls).no_proxy(),
            SettingsErrorKind::NoTls,
            "does not use TLS",
        ),
    ] {
        let error = send(builder).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection, "{error:?}");
        assert!(error.message().contains(said), "{error}");
        assert_eq!(error.attempts(), 1, "{error}");
        assert_eq!(
            SettingsError::of(&error).map(SettingsError::kind),
            Some(kind)
        );
    }
}

/// OpenSSL takes it.
#[cfg(feature = "rustls")]
#[tokio::test]
async fn a_certificate_of_an_authority_is_told_from_one_of_an_unknown_authority() {
    let authority = Authority::new();
    let tls = Tls {
        of_authority: true,
        ..Tls::default()
    };
    let server = TestServer::with_tls(&authority, tls, |_| Response::empty(204));
    let trusting = to(&server).root_certificate(authority.pem());
    let error = send(trusting.clone()).await.unwrap_err();
    let fault = SettingsError::of(&error).map(SettingsError::kind);
    assert_eq!(fault, Some(SettingsErrorKind::SelfSigned), "{error:?}");
    send(trusting.danger_accept_invalid_certs(true))
        .await
        .unwrap();
}

#[tokio::test]
async fn the_check_of_certificates_can_be_turned_off() {
    let server = serve(&Authority::new(), &["http/1.1"], false);
    send(to(&server).danger_accept_invalid_certs(true))
        .await
        .unwrap();
    send(to(&server).danger_accept_invalid_certs(false))
        .await
        .unwrap_err();
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn http_2_is_spoken_where_it_is_offered() {
    let authority = Authority::new();
    let server = serve(&authority, &["h2", "http/1.1"], false);
    let trusting = to(&server).root_certificate(authority.pem());
    send(trusting.clone()).await.unwrap();
    send(trusting.configure_http(|http| http.http1_only()))
        .await
        .unwrap();
    assert_eq!(lines(&server), ["GET /items HTTP/2", "GET /items HTTP/1.1"]);
}

#[tokio::test]
async fn a_proxy_is_used_for_http_and_for_https() {
    let authority = Authority::new();
    let server = serve(&authority, &["http/1.1"], false);
    let proxy = TestServer::proxy();
    send(
        to(&server)
            .root_certificate(authority.pem())
            .proxy(proxy.url()),
    )
    .await
    .unwrap();
    let port = server.url().rsplit(':').next().unwrap().to_owned();
    assert_eq!(
        lines(&proxy),
        [format!("CONNECT localhost:{port} HTTP/1.1")]
    );
    assert_eq!(server.requests().len(), 1);

    let plain = Transport::builder("http://kfp.example.org").proxy(proxy.url());
    send(plain).await.unwrap();
    assert_eq!(
        lines(&proxy)[1],
        "GET http://kfp.example.org/items HTTP/1.1"
    );
}

/// Runs the test in a process that has this proxy in its environment.
fn through_environment(proxy: &str, variables: &[(&str, &str)]) {
    let mut child = child::only("tls::the_variables_of_other_programs_name_the_proxy");
    child.env(CHILD, "1");
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        child.env_remove(name);
    }
    child
        .env("NO_PROXY", "")
        .env("no_proxy", "")
        .env("http_proxy", proxy);
    child.envs(variables.iter().copied());
    child::run(child);
}

const CHILD: &str = "TLS_TEST_CHILD";

#[tokio::test(flavor = "multi_thread")]
async fn servers_on_this_machine_and_in_a_cluster_are_reached_without_the_proxy_of_the_environment()
{
    if let Some(server) = env::var_os(CHILD) {
        let server = Transport::builder(server.to_str().unwrap());
        send(server).await.unwrap();
        for inside in [
            "http://ml-pipeline.kubeflow:8888",
            "http://ml-pipeline.kfp.svc",
        ] {
            // The proxy would answer for a name that does not exist.
            let inside = Transport::builder(inside).retry(RetryPolicy::never());
            send(inside).await.unwrap_err();
        }
        return;
    }
    let (server, proxy) = (
        TestServer::playing([Response::empty(204)]),
        TestServer::proxy(),
    );
    let mut child = child::only(
        "tls::servers_on_this_machine_and_in_a_cluster_are_reached_without_the_proxy_of_the_environment",
    );
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, proxy.url());
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    child.env(CHILD, server.url());
    tokio::task::spawn_blocking(|| child::run(child))
        .await
        .unwrap();
    assert_eq!(lines(&proxy), [""; 0]);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_server_on_this_machine_is_reached_without_the_proxy_of_the_environment() {
    if let Some(login) = env::var_os(CHILD) {
        let remote = Transport::builder("https://kfp.example.org")
            .build()
            .unwrap();
        let request = http::Request::post(login.to_str().unwrap());
        let request = request.body(b"client_secret=s3cret".to_vec()).unwrap();
        remote.http_client().send(request).await.unwrap();
        return;
    }
    let (login, proxy) = (
        TestServer::playing([Response::empty(204)]),
        TestServer::proxy(),
    );
    let mut child = child::only(
        "tls::a_login_server_on_this_machine_is_reached_without_the_proxy_of_the_environment",
    );
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, proxy.url());
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    child.env(CHILD, login.url());
    tokio::task::spawn_blocking(|| child::run(child))
        .await
        .unwrap();
    assert_eq!(lines(&proxy), [""; 0]);
    assert_eq!(login.only().text(), "client_secret=s3cret");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_of_the_environment_gets_the_password_of_its_variable() {
    let proxy = TestServer::proxy();
    let url = proxy.url().replace("http://", "http://alice:s3cret@");
    tokio::task::spawn_blocking(move || through_environment(&url, &[]))
        .await
        .unwrap();
    let request = proxy.only();
    assert_eq!(
        request.header("proxy-authorization"),
        Some("Basic YWxpY2U6czNjcmV0")
    );
}

#[test]
fn a_proxy_that_is_given_sees_no_credential_of_plain_http_unless_that_is_allowed() {
    let inside = || {
        Transport::builder("http://ml-pipeline.kubeflow:8888")
            .credentials("user", BearerToken::new("t0ken"))
    };
    for (proxy, allowed) in [
        ("http://proxy.example.org:3128", false),
        ("socks5://proxy.example.org", false),
        ("http://localhost:3128", true),
        ("https://proxy.example.org", true),
    ] {
        let built = inside().proxy(proxy).build();
        assert_eq!(built.is_ok(), allowed, "{proxy}: {built:?}");
        inside()
            .proxy(proxy)
            .allow_plain_http(true)
            .build()
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_variables_of_other_programs_name_the_proxy() {
    let plain = || Transport::builder("http://kfp.example.org").retry(RetryPolicy::never());
    if env::var_os(CHILD).is_some() {
        let outcome = send(plain()).await;
        assert_eq!(outcome.is_ok(), env::var("no_proxy").unwrap().is_empty());
        // Without the proxy the name does not exist.
        send(plain().no_proxy()).await.unwrap_err();
        return;
    }
    let proxy = TestServer::proxy();
    let url = proxy.url().to_owned();
    let children = tokio::task::spawn_blocking(move || {
        through_environment(&url, &[]);
        let spared = "kfp.example.org";
        through_environment(&url, &[("NO_PROXY", spared), ("no_proxy", spared)]);
    });
    children.await.unwrap();
    assert_eq!(lines(&proxy), ["GET http://kfp.example.org/items HTTP/1.1"]);
}

/// A process in which the system trusts only what is in this file.
fn where_the_system_trusts(file: &std::path::Path, test: &str, server: &str) {
    let mut child = child::only(test);
    child.env(CHILD, server).env("SSL_CERT_FILE", file);
    child.env("SSL_CERT_DIR", file.with_file_name("missing"));
    child::run(child);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_needs_no_certificates_of_the_system() {
    let builder = |url: &str| Transport::builder(url).no_proxy();
    if let Some(url) = env::var_os(CHILD) {
        send(builder(url.to_str().unwrap())).await.unwrap();
        return;
    }
    // It answers whatever is asked without an address of its own.
    let server = TestServer::proxy();
    let url = server.url().to_owned();
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("none.pem");
    let test = "tls::a_server_without_tls_needs_no_certificates_of_the_system";
    let child = tokio::task::spawn_blocking(move || where_the_system_trusts(&missing, test, &url));
    child.await.unwrap();
    assert_eq!(lines(&server), ["GET /items HTTP/1.1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_beside_the_operations_trust_the_system_also_where_the_endpoint_is_plain() {
    if let Some(url) = env::var_os(CHILD) {
        let plain = Transport::builder("http://localhost").no_proxy().build();
        let request = http::Request::get(url.to_str().unwrap()).body(Vec::new());
        let answer = plain.unwrap().http_client().send(request.unwrap()).await;
        assert!(answer.unwrap().status().is_success());
        return;
    }
    let authority = Authority::new();
    let server = serve(&authority, &["http/1.1"], false);
    let url = format!("{}/tokens", server.url());
    let directory = tempfile::tempdir().unwrap();
    let trusted = directory.path().join("trusted.pem");
    std::fs::write(&trusted, authority.pem()).unwrap();
    let test =
        "tls::requests_beside_the_operations_trust_the_system_also_where_the_endpoint_is_plain";
    let child = tokio::task::spawn_blocking(move || where_the_system_trusts(&trusted, test, &url));
    child.await.unwrap();
    assert_eq!(lines(&server), ["GET /tokens HTTP/1.1"]);
}

#[test]
fn what_cannot_be_read_is_a_configuration_error_that_shows_no_key() {
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----";
    let builder = || Transport::builder("https://example.org");
    for (builder, said) in [
        (builder().root_certificate("no PEM"), "root certificate"),
        (builder().root_certificate(Vec::new()), "root certificate"),
        (
            builder().client_certificate("no PEM", KEY),
            "client certificate",
        ),
        (
            builder().client_certificate(Authority::new().pem(), KEY),
            "certificate",
        ),
        (builder().proxy("http://alice:c2VjcmV0@:0:"), "proxy"),
    ] {
        assert!(!format!("{builder:?}").contains("c2VjcmV0"), "{builder:?}");
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.message().contains(said), "{error}");
        assert!(
            !format!("{error} {error:?}").contains("c2VjcmV0"),
            "{error:?}"
        );
    }
}
