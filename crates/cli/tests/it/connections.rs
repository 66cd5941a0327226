//! Connections to servers: TLS, plain HTTP, proxies.

use crate::program::{Ended, Program};
use compute_kfp_test_server::{Authority, Received, Response, TestServer, Tls};

const LIST: [&str; 2] = ["kfp", "list-runs"];

/// The three ways to change a setting: an option, a key of a profile, a variable.
fn ways(option: &str, value: Option<&str>, endpoint: &str) -> [Program; 3] {
    let key = option.replace('-', "_");
    let variable = format!("KFP_{}", key.to_uppercase());
    let program = || {
        Program::alone()
            .variable("KF_PIPELINES_ENDPOINT", endpoint)
            .variable("KFP_TOKEN", "t0ken")
    };
    let by_profile = Program::alone();
    let token = by_profile.file("token", "t0ken");
    let toml = value.map_or("true".to_owned(), |value| format!("{value:?}"));
    by_profile.file(
        ".config/compute-kfp/config.toml",
        format!("[profiles.default.kfp]\nendpoint = {endpoint:?}\ntoken_file = {token:?}\n{key} = {toml}\n"),
    );
    [
        program(),
        by_profile,
        program().variable(&variable, value.unwrap_or("true")),
    ]
}

/// Calls by each of the three ways; `words` come before the command.
#[track_caller]
fn each_way(option: &str, value: Option<&str>, endpoint: &str, words: &[&str]) {
    let [by_option, by_profile, by_variable] = ways(option, value, endpoint);
    let flag = format!("--{option}");
    let given: Vec<&str> = std::iter::once(flag.as_str()).chain(value).collect();
    for (program, given) in [
        (by_option, given),
        (by_profile, Vec::new()),
        (by_variable, Vec::new()),
    ] {
        let ended = program.run([words, &given, &LIST].concat());
        assert_eq!(ended.status, 0, "{ended:?}");
    }
}

fn with_tls(authority: &Authority, tls: Tls<'_>) -> TestServer {
    TestServer::with_tls(authority, tls, |_| Response::json(200, "{}"))
}

fn list(endpoint: &str, words: &[&str]) -> Ended {
    let program = Program::alone()
        .variable("KF_PIPELINES_ENDPOINT", endpoint)
        .variable("KFP_TOKEN", "t0ken");
    program.run([words, &LIST].concat())
}

#[test]
fn plain_http_is_refused_and_the_message_names_the_ways_to_allow_it() {
    for words in [&["--dry-run"][..], &[]] {
        let ended = list("http://kfp.example.org", words);
        assert_eq!(ended.status, 2, "{ended:?}");
        for way in [
            "--allow-http",
            "`allow_http` in a profile",
            "KFP_ALLOW_HTTP=true",
        ] {
            assert!(ended.errors.contains(way), "{ended:?}");
        }
        assert!(!ended.errors.contains("allow_plain_http"), "{ended:?}");
    }
    let program = Program::alone()
        .variable("KF_PIPELINES_ENDPOINT", "http://kfp.example.org")
        .variable("KFP_TOKEN", "t0ken");
    let doctor = program.run(["doctor", "kfp"]);
    assert_eq!(doctor.status, 2, "{doctor:?}");
    assert!(doctor.output.contains("--allow-http"), "{doctor:?}");
    each_way("allow-http", None, "http://10.1.2.3:31380", &["--dry-run"]);
    let inside = list("http://ml-pipeline.kubeflow:8888", &["--dry-run"]);
    assert_eq!(inside.status, 0, "{inside:?}");
}

#[test]
fn an_authority_can_be_trusted_and_the_message_names_the_ways() {
    let authority = Authority::new();
    let server = with_tls(&authority, Tls::default());
    let directory = Program::alone();
    let file = directory.file("ca.pem", authority.pem());
    let refused = list(server.url(), &[]);
    assert_eq!(refused.status, 1, "{refused:?}");
    for way in [
        "authority that is not trusted",
        "--certificate-authority FILE",
        "`certificate_authority` in a profile",
        "KFP_CERTIFICATE_AUTHORITY=FILE",
    ] {
        assert!(refused.errors.contains(way), "{refused:?}");
    }
    each_way("certificate-authority", Some(&file), server.url(), &[]);
    let standard = Program::alone()
        .variable("KF_PIPELINES_ENDPOINT", server.url())
        .variable("SSL_CERT_FILE", file);
    assert_eq!(standard.run(LIST).status, 0);
    let missing = list(server.url(), &["--certificate-authority", "missing.pem"]);
    assert_eq!(missing.status, 2, "{missing:?}");
    assert!(missing.errors.contains("`missing.pem`"), "{missing:?}");
}

#[test]
fn a_client_certificate_is_sent_and_the_message_names_the_ways() {
    let authority = Authority::new();
    let tls = Tls {
        demands_certificate: true,
        ..Tls::default()
    };
    let server = with_tls(&authority, tls);
    let directory = Program::alone();
    let ca = directory.file("ca.pem", authority.pem());
    let (certificate, key) = authority.issue("client");
    let both = directory.file("both.pem", format!("{certificate}{key}"));
    let (certificate, key) = (
        directory.file("client.pem", certificate),
        directory.file("key.pem", key),
    );
    let trusting = ["--certificate-authority", &ca];
    let refused = list(server.url(), &trusting);
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(
        refused.errors.contains("--client-certificate FILE"),
        "{refused:?}"
    );
    each_way("client-certificate", Some(&both), server.url(), &trusting);
    let apart = ["--client-certificate", &certificate, "--client-key", &key];
    let ended = list(server.url(), &[&trusting[..], &apart].concat());
    assert_eq!(ended.status, 0, "{ended:?}");
}

#[test]
fn tls_verification_can_be_turned_off_and_the_doctor_warns() {
    let server = with_tls(&Authority::new(), Tls::default());
    each_way("insecure-skip-tls-verify", None, server.url(), &[]);
    let program = Program::alone().variable("KF_PIPELINES_ENDPOINT", server.url());
    let doctor = program.run(["doctor", "kfp", "--insecure-skip-tls-verify", "-o", "jsonl"]);
    assert!(
        doctor
            .output
            .contains("any certificate of the server is accepted"),
        "{doctor:?}"
    );
}

#[test]
fn certificate_faults_that_no_setting_fixes_have_their_own_messages() {
    let authority = Authority::new();
    let directory = Program::alone();
    let ca = directory.file("ca.pem", authority.pem());
    let other = Tls {
        other_host: Some("kfp.example.org"),
        ..Tls::default()
    };
    let expired = Tls {
        expired: true,
        ..Tls::default()
    };
    for (tls, said) in [(other, "another host name"), (expired, "has expired")] {
        let server = with_tls(&authority, tls);
        let ended = list(server.url(), &["--certificate-authority", &ca]);
        assert_eq!(ended.status, 1, "{ended:?}");
        assert!(ended.errors.contains(said), "{ended:?}");
    }
}

#[test]
fn a_proxy_is_used_whichever_way_it_is_set() {
    let proxy = TestServer::start(|_| Response::json(200, "{}"));
    each_way(
        "proxy",
        Some(proxy.url()),
        "http://kfp.example.org",
        &["--allow-http"],
    );
    let standard = Program::alone()
        .variable("KF_PIPELINES_ENDPOINT", "http://kfp.example.org")
        .variable("http_proxy", proxy.url());
    assert_eq!(standard.run(LIST).status, 0);
    let lines = proxy.requests();
    let lines: Vec<String> = lines.iter().map(Received::first_line).collect();
    assert_eq!(lines.len(), 4);
    for line in lines {
        assert!(
            line.starts_with("GET http://kfp.example.org/apis/"),
            "{line}"
        );
    }
}

#[test]
fn cookies_and_identity_reach_the_server_whichever_way_they_are_set() {
    let server = TestServer::start(|_| Response::json(200, "{}"));
    let directory = Program::alone();
    let cookie = directory.file("cookie", "authservice_session=abc\n");
    each_way("cookie-file", Some(&cookie), server.url(), &[]);
    let header = "kubeflow-userid: user@example.org";
    each_way("identity-header", Some(header), server.url(), &[]);
    let requests = server.requests();
    let (cookies, identities) = requests.split_at(3);
    for request in cookies {
        assert_eq!(request.header("cookie"), Some("authservice_session=abc"));
    }
    for request in identities {
        assert_eq!(request.header("kubeflow-userid"), Some("user@example.org"));
    }
}

#[test]
fn the_compute_api_takes_a_cookie_and_an_identity_header() {
    let server = TestServer::start(|_| Response::json(200, r#"{"items": [], "total": 0}"#));
    let program = Program::alone().variable("COMPUTE_API_KEY", "k3y-of-a-backend");
    let cookie = program.file("cookie", "session=c00kie\n");
    let profile = format!(
        "[profiles.behind-proxy.compute]\nendpoint = {:?}\ncookie_file = {cookie:?}\n\
         identity_header = \"x-user: user@example.org\"\n",
        server.url()
    );
    program.file(".config/compute-kfp/config.toml", &profile);
    let options = ["--profile", "behind-proxy", "-v"];
    let call = program.run([&options[..], &["compute", "read-backend-types"]].concat());
    assert!(call.errors.contains("credential of `proxy`"), "{call:?}");
    let doctor = program.run([&options[..2], &["doctor", "compute"]].concat());
    assert!(doctor.output.contains("session cookie"), "{doctor:?}");
    assert!(doctor.output.contains("x-user"), "{doctor:?}");
    for ended in [call, doctor] {
        let shown = format!("{ended:?}");
        assert!(
            !shown.contains("c00kie") && !shown.contains("user@example.org"),
            "{shown}"
        );
    }
    let request = &server.requests()[0];
    assert_eq!(request.header("cookie"), Some("session=c00kie"));
    assert_eq!(request.header("x-user"), Some("user@example.org"));
    let both = program.run(["--cookie-file", "cookie", "doctor"]);
    assert_eq!(both.status, 2, "{both:?}");
}

#[test]
fn credentials_of_the_context_file_stay_with_the_server_of_the_environment() {
    let server = TestServer::start(|_| Response::json(200, "{}"));
    let with_context = |program: Program| {
        program.file(
            ".config/kfp/context.json",
            r#"{"client_authentication_cookie": "authservice_session=c00kie"}"#,
        );
        program
    };
    let around = with_context(Program::alone().variable("KF_PIPELINES_ENDPOINT", server.url()));
    assert_eq!(around.run(LIST).status, 0);
    let named = with_context(Program::alone());
    let profile = format!("[profiles.lab.kfp]\nendpoint = {:?}\n", server.url());
    named.file(".config/compute-kfp/config.toml", profile);
    for place in [["--profile", "lab"], ["--endpoint", server.url()]] {
        assert_eq!(named.run([place, LIST].concat()).status, 0);
    }
    let requests = server.requests();
    let cookies: Vec<_> = requests.iter().map(|it| it.header("cookie")).collect();
    assert_eq!(cookies, [Some("authservice_session=c00kie"), None, None]);
}

#[test]
fn permissions_of_the_environment_do_not_apply_to_a_profile() {
    let program = Program::alone().variable("KFP_ALLOW_HTTP", "true");
    let token = program.file("token", "t0ken");
    program.file(
        ".config/compute-kfp/config.toml",
        format!("[profiles.default.kfp]\nendpoint = \"http://kfp.example.org\"\ntoken_file = {token:?}\n"),
    );
    let ended = program.run(["--dry-run", "kfp", "list-runs"]);
    assert_eq!(ended.status, 2, "{ended:?}");
}

/// A dashboard with the API below `/pipeline`.
fn dashboard(below: &'static str) -> TestServer {
    TestServer::start(move |request| match request.path().starts_with(below) {
        true => Response::json(200, "{}"),
        false => Response::new(
            200,
            "content-type: text/html",
            "<!doctype html><title>Kubeflow</title>",
        ),
    })
}

#[test]
fn an_endpoint_that_lacks_the_path_below_the_dashboard_is_named() {
    let server = dashboard("/pipeline/");
    let right = format!("{}/pipeline", server.url());
    let ended = list(server.url(), &["-o", "json"]);
    let error = ended.failure(2);
    assert_eq!(error["kind"], "configuration");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&format!("`{right}`")), "{message}");
    assert_eq!(list(&right, &[]).status, 0);

    let program = Program::alone().variable("KF_PIPELINES_ENDPOINT", server.url());
    let doctor = program.run(["doctor", "kfp"]);
    assert_eq!(doctor.status, 2, "{doctor:?}");
    assert!(doctor.output.contains(&right), "{doctor:?}");
}

#[test]
fn a_web_page_without_an_api_below_is_an_authentication_error() {
    let server = dashboard("/nothing");
    let ended = list(server.url(), &[]);
    assert_eq!(ended.status, 3, "{ended:?}");
    assert!(ended.errors.contains("/pipeline"), "{ended:?}");
}

#[test]
fn an_endpoint_may_end_with_the_path_of_the_api() {
    let server = TestServer::start(|_| Response::json(200, "{}"));
    let ended = list(&format!("{}/apis/v2beta1", server.url()), &[]);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert_eq!(server.only().path(), "/apis/v2beta1/runs");
}

#[test]
fn a_login_uses_the_configured_connection() {
    let proxy = TestServer::start(|_| Response::json(404, "{}"));
    let login = [
        "login",
        "--endpoint",
        "http://compute.example.org",
        "--proxy",
        proxy.url(),
    ];
    let refused = Program::alone().run(login);
    assert_eq!(refused.status, 2, "{refused:?}");
    assert!(refused.errors.contains("--allow-http"), "{refused:?}");
    let allowed = Program::alone().run([&login[..], &["--allow-http"]].concat());
    assert_eq!(allowed.status, 4, "{allowed:?}");
    let line = proxy.only().first_line();
    assert!(
        line.starts_with("GET http://compute.example.org/"),
        "{line}"
    );
}
