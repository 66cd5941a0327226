//! A dry run shows the request that a call sends.

use std::process::Command;

use crate::program::world::PACKAGE;
use crate::program::{Ended, Program, sandbox};
use compute_kfp_test_server::{Received, Response, TestServer};

/// Returns the headers in the first part of a dry run.
fn shown(dry: &Ended) -> Vec<(String, String)> {
    assert_eq!(dry.status, 0, "{dry:?}");
    let head = dry.output.lines().skip(1);
    let head = head.take_while(|line| !line.is_empty());
    head.map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn server() -> TestServer {
    TestServer::playing([Response::json(200, "{}")])
}

/// Returns the headers of a request, without those that the connection adds.
fn sent(request: &Received) -> Vec<(&str, &str)> {
    let own = ["host", "content-length", "accept-encoding"];
    let headers = request.headers.iter();
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| !own.contains(name))
        .collect();
    headers.sort_unstable();
    headers
}

#[test]
fn a_dry_run_shows_the_headers_that_the_call_sends_and_sends_nothing() {
    let server = server();
    let named = || Program::alone().variable("KF_PIPELINES_ENDPOINT", server.url());
    let pod_token = named();
    let token_file = pod_token.file("token", "t0ken-of-a-file");
    let context = named();
    let context_file = r#"{"client_authentication_cookie": "a=context",
        "client_authentication_header_name": "kubeflow-userid",
        "client_authentication_header_value": "user@example.org"}"#;
    context.file(".config/kfp/context.json", context_file);
    let cookies = named().variable("KFP_IDENTITY_HEADER", "kubeflow-userid: user@example.org");
    let cookie_file = cookies.file("cookie", "a=file");
    let by_file = format!("Bearer $(cat '{token_file}')");
    let cookie_by_file = format!("$(cat '{cookie_file}')");
    let userid = (
        "kubeflow-userid",
        "${KFP_IDENTITY_HEADER#*: }",
        "user@example.org",
    );
    for (program, words, expected) in [
        (named(), vec![], vec![]),
        (
            named().variable("KFP_TOKEN", "t0ken"),
            vec![],
            vec![("authorization", "Bearer $KFP_TOKEN", "Bearer t0ken")],
        ),
        (
            pod_token,
            vec!["--token-file", &token_file],
            vec![("authorization", &*by_file, "Bearer t0ken-of-a-file")],
        ),
        (
            context,
            vec![],
            vec![("cookie", "$KFP_COOKIE", "a=context"), userid],
        ),
        (
            cookies,
            vec!["--cookie-file", &cookie_file],
            vec![("cookie", &*cookie_by_file, "a=file"), userid],
        ),
    ] {
        let before = server.requests().len();
        let call = [&words[..], &["kfp", "list-runs"]].concat();
        let dry = program.run([&["--dry-run"], &call[..]].concat());
        let mut shown = shown(&dry);
        shown.sort_unstable();
        assert_eq!(server.requests().len(), before, "nothing is sent");
        assert_eq!(program.run(&call).status, 0);
        let requests = server.requests();
        let sent = sent(&requests[before]);
        let secrets = |name: &str| expected.iter().find(|(header, ..)| *header == name);
        assert_eq!(shown.len(), sent.len(), "{dry:?} {sent:?}");
        for ((name, shown), (sent_name, sent)) in shown.iter().zip(sent) {
            assert_eq!(name, sent_name);
            match secrets(name) {
                Some((_, placeholder, secret)) => {
                    assert_eq!((shown.as_str(), sent), (*placeholder, *secret));
                    assert!(!dry.output.contains(secret), "{dry:?}");
                }
                None => assert_eq!(shown, sent),
            }
        }
        assert_eq!(expected.len(), sent_secrets(&requests[before]));
    }
}

fn sent_secrets(request: &Received) -> usize {
    let secrets = ["authorization", "cookie", "kubeflow-userid"];
    let headers = request.headers.iter();
    headers
        .filter(|(name, _)| secrets.contains(&name.as_str()))
        .count()
}

#[test]
fn a_dry_run_hides_secrets() {
    let sandbox = sandbox();
    let program = Program::with(&sandbox);
    let create = ["compute", "create-project", "--set", "name=it's"];
    let dry = program.run([&["--dry-run"], &create[..]].concat());
    assert_eq!(dry.status, 0, "{dry:?}");
    assert!(sandbox.received().is_empty());
    let url = format!("{}/projects", sandbox.url());
    assert!(dry.output.starts_with(&format!("POST {url}\n")), "{dry:?}");
    for expected in [
        "authorization: Bearer $COMPUTE_TOKEN",
        "accept: application/json",
        "curl --request POST",
    ] {
        assert!(dry.output.contains(expected), "{dry:?}");
    }
}

#[test]
fn a_dry_run_reports_the_errors_of_the_call() {
    let program = Program::alone().variable("COMPUTE_API_KEY", "k3y");
    let dry = |program: &Program, words: &[&str]| {
        let ended = program.run([&["--dry-run"], words].concat());
        (ended.status, ended.errors)
    };
    let (status, errors) = dry(&program, &["compute", "read-members"]);
    assert_eq!(status, 3, "{errors}");
    let (status, errors) = dry(
        &program,
        &["--token-file", "missing", "compute", "read-members"],
    );
    assert_eq!(status, 3, "{errors}");
    assert!(errors.contains("missing"), "{errors}");
    // Without a credential, plain HTTP is fine.
    let (status, errors) = dry(
        &Program::alone(),
        &["--endpoint", "http://kfp.example.org", "kfp", "list-runs"],
    );
    assert_eq!(status, 0, "{errors}");
}

#[test]
fn a_dry_run_refreshes_no_login() {
    let server = sandbox();
    let program = Program::alone();
    let login = program.run(["login", "--endpoint", server.url()]);
    assert_eq!(login.status, 0, "{login:?}");
    let before = server.received().len();
    let dry = program.run(["--dry-run", "compute", "read-members"]);
    assert!(dry.output.contains("Bearer $COMPUTE_TOKEN"), "{dry:?}");
    assert_eq!(server.received().len(), before);
}

/// Runs the curl command of a dry run in a shell, if there is one.
fn by_curl(program: &Program, dry: &Ended) -> bool {
    let (_, curl) = dry.output.split_once("\ncurl ").unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("curl --silent --noproxy '*' {curl}")]);
    let variables = program.command([""]);
    for (name, value) in variables.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    shell.output().unwrap().status.success()
}

#[test]
fn curl_sends_what_the_call_sends() {
    if Command::new("curl").arg("--version").output().is_err() {
        return;
    }
    let file = Program::alone();
    let package = file.file("p.yaml", PACKAGE);
    for words in [
        &["compute", "create-project", "--set", "name=it's"][..],
        &["kfp", "list-runs", "--sort-by", "created_at desc"],
        &["kfp", "upload-pipeline", "--uploadfile", &package],
    ] {
        let sandbox = sandbox();
        let program = Program::with(&sandbox);
        let dry = program.run([&["--dry-run"], words].concat());
        assert!(by_curl(&program, &dry), "{dry:?}");
        program.run(words);
        let received = sandbox.received();
        let [curl, call] = <[_; 2]>::try_from(received).unwrap();
        assert_eq!(
            (curl.method(), curl.path(), curl.query()),
            (call.method(), call.path(), call.query())
        );
        for name in ["authorization", "accept", "user-agent"] {
            assert_eq!(curl.header(name), call.header(name));
        }
        match words.contains(&"upload-pipeline") {
            // Each has its own boundary.
            true => assert!(String::from_utf8_lossy(curl.body()).contains(PACKAGE)),
            false => assert_eq!(curl.body(), call.body()),
        }
    }
}
