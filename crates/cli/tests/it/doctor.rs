//! Findings and remedies of the doctor.

use crate::program::{Program, WRONG_TOKEN, sandbox};
use compute_kfp_sandbox::{Fault, Sandbox};
use serde_json::Value;

/// Creates a program with tokens for both APIs of a server.
fn with_tokens(server: &Sandbox, compute_token: &str, kfp_token: &str) -> Program {
    Program::alone()
        .variable("COMPUTE_ENDPOINT", server.url())
        .variable("COMPUTE_TOKEN", compute_token)
        .variable("KF_PIPELINES_ENDPOINT", server.url())
        .variable("KFP_TOKEN", kfp_token)
}

fn with_good_tokens(server: &Sandbox) -> Program {
    with_tokens(server, server.compute_token(), server.kfp_token())
}

/// Returns the exit status and all checks.
#[track_caller]
fn examined(program: &Program, words: &[&str]) -> (i32, Value) {
    let ended = program.run(words);
    let checks = serde_json::from_str(&ended.output);
    let checks = checks.unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    (ended.status, checks)
}

/// Returns the check of this name, of an API or of the program.
#[track_caller]
fn check<'a>(checks: &'a Value, api: Option<&str>, name: &str) -> &'a Value {
    let found = checks.as_array().unwrap().iter();
    let mut found = found.filter(|check| check["api"].as_str() == api && check["check"] == name);
    found
        .next()
        .unwrap_or_else(|| panic!("no {name} of {api:?} in {checks:#}"))
}

#[track_caller]
fn is(check: &Value, status: &str, source: Option<&str>) {
    assert_eq!(check["status"], status, "{check:#}");
    assert_eq!(check["source"].as_str(), source, "{check:#}");
    let needs_remedy = status == "failed" || status == "warning";
    assert!(!needs_remedy || check["remedy"].is_string(), "{check:#}");
}

const COMPUTE: Option<&str> = Some("compute");
const KFP: Option<&str> = Some("kfp");

#[test]
fn all_is_well_with_a_login_and_a_context_file() {
    let server = sandbox();
    let program = Program::alone()
        .variable("KF_PIPELINES_ENDPOINT", server.url())
        .variable("KFP_TOKEN", server.kfp_token());
    program.file(
        ".config/kfp/context.json",
        r#"{"namespace": "team-a", "client_authentication_cookie": "authservice_session=c00kie"}"#,
    );
    let login = program.run(&["login", "--endpoint", server.url()]);
    assert_eq!(login.status, 0, "{login:?}");
    let (status, checks) = examined(&program, &["doctor"]);
    assert_eq!(status, 0, "{checks:#}");

    let login_file = program.path(".quantuminspire/config.json");
    let login_file = format!("login file {}", login_file.display());
    let login_file = Some(login_file.as_str());
    is(check(&checks, None, "version"), "ok", None);
    assert_eq!(
        check(&checks, None, "version")["value"],
        env!("CARGO_PKG_VERSION")
    );
    is(check(&checks, None, "config file"), "skipped", None);
    is(check(&checks, COMPUTE, "endpoint"), "ok", login_file);
    assert_eq!(check(&checks, COMPUTE, "endpoint")["value"], server.url());
    is(check(&checks, COMPUTE, "login"), "ok", login_file);
    is(check(&checks, COMPUTE, "membership"), "ok", login_file);
    is(check(&checks, COMPUTE, "server"), "ok", None);
    is(check(&checks, COMPUTE, "access"), "ok", login_file);
    assert_eq!(
        check(&checks, COMPUTE, "access")["value"],
        "Sandbox User <user@example.com>"
    );

    let context_file = program.path(".config/kfp/context.json");
    let context_file = format!("context file {}", context_file.display());
    is(
        check(&checks, KFP, "endpoint"),
        "ok",
        Some("variable KF_PIPELINES_ENDPOINT"),
    );
    is(
        check(&checks, KFP, "token"),
        "ok",
        Some("variable KFP_TOKEN"),
    );
    is(
        check(&checks, KFP, "session cookie"),
        "ok",
        Some(&context_file),
    );
    is(check(&checks, KFP, "namespace"), "ok", Some(&context_file));
    assert_eq!(check(&checks, KFP, "namespace")["value"], "team-a");
    is(check(&checks, KFP, "server"), "ok", None);
    is(
        check(&checks, KFP, "access"),
        "ok",
        Some("variable KFP_TOKEN"),
    );
}

#[test]
fn without_any_settings_nothing_fails() {
    let (status, checks) = examined(&Program::alone(), &["doctor"]);
    assert_eq!(status, 0);
    for api in [COMPUTE, KFP] {
        is(check(&checks, api, "settings"), "skipped", None);
        assert!(check(&checks, api, "settings")["remedy"].is_string());
    }
    assert_eq!(checks.as_array().unwrap().len(), 4, "{checks:#}");
}

#[test]
fn a_server_that_is_down_is_reported_and_gets_no_further_request() {
    let server = sandbox();
    let program = with_good_tokens(&server);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(server.shutdown());
    let (status, checks) = examined(&program, &["doctor"]);
    assert_eq!(status, 1);
    for api in [COMPUTE, KFP] {
        is(
            check(&checks, api, "endpoint"),
            "ok",
            check(&checks, api, "endpoint")["source"].as_str(),
        );
        is(check(&checks, api, "server"), "failed", None);
        is(check(&checks, api, "access"), "skipped", None);
    }
}

#[test]
fn a_server_that_does_not_respond_in_time_is_reported() {
    let server = sandbox();
    server.fail(Fault::hold().on("healthz")).unwrap();
    let program = with_good_tokens(&server);
    let (status, checks) = examined(&program, &["doctor", "--timeout", "0.5", "compute"]);
    assert_eq!(status, 5, "{checks:#}");
    is(check(&checks, COMPUTE, "server"), "failed", None);
    assert!(
        check(&checks, COMPUTE, "server")["remedy"]
            .as_str()
            .unwrap()
            .contains("--timeout")
    );
}

#[test]
fn a_wrong_token_is_reported_and_not_shown() {
    let server = sandbox();
    let program = with_tokens(&server, WRONG_TOKEN, WRONG_TOKEN);
    let (status, checks) = examined(&program, &["doctor"]);
    assert_eq!(status, 3);
    for (api, token) in [
        (COMPUTE, "variable COMPUTE_TOKEN"),
        (KFP, "variable KFP_TOKEN"),
    ] {
        is(check(&checks, api, "token"), "ok", Some(token));
        is(check(&checks, api, "server"), "ok", None);
        is(check(&checks, api, "access"), "failed", Some(token));
    }
}

#[test]
fn the_exit_status_of_a_credential_takes_precedence() {
    let server = sandbox();
    let program = with_tokens(&server, WRONG_TOKEN, server.kfp_token());
    server.fail(Fault::status(503).on("get_healthz")).unwrap();
    let (status, checks) = examined(&program, &["doctor"]);
    assert_eq!(status, 3);
    is(
        check(&checks, COMPUTE, "access"),
        "failed",
        Some("variable COMPUTE_TOKEN"),
    );
    is(check(&checks, KFP, "server"), "failed", None);
    let (status, checks) = examined(&program, &["doctor", "kfp"]);
    assert_eq!(status, 1, "of one API: {checks:#}");
}

#[test]
fn without_a_credential_the_server_responds_but_access_fails() {
    let server = sandbox();
    let examined = |api| {
        let (status, checks) = examined(
            &Program::alone(),
            &["doctor", api, "--endpoint", server.url()],
        );
        assert_eq!(status, 3);
        checks
    };
    let checks = examined("compute");
    is(
        check(&checks, COMPUTE, "endpoint"),
        "ok",
        Some("option --endpoint"),
    );
    is(check(&checks, COMPUTE, "credential"), "warning", None);
    is(check(&checks, COMPUTE, "server"), "ok", None);
    is(check(&checks, COMPUTE, "access"), "failed", None);
    assert_eq!(
        check(&checks, COMPUTE, "access")["remedy"],
        "log in with `compute-kfp login`"
    );
    let checks = examined("kfp");
    is(check(&checks, KFP, "credential"), "skipped", None);
    is(check(&checks, KFP, "access"), "failed", None);
}

#[test]
fn an_option_for_one_server_is_refused_if_both_are_checked() {
    let server = sandbox();
    let program = with_good_tokens(&server);
    let token = program.file("token", WRONG_TOKEN);
    for option in [
        &["--endpoint", server.url()][..],
        &["--token-file", &token],
        &["--client-certificate", &token],
        &["--allow-http"],
        &["--insecure-skip-tls-verify"],
    ] {
        let ended = program.run([&["doctor"], option].concat());
        assert_eq!(ended.status, 2, "{ended:?}");
        assert!(ended.errors.contains(option[0]), "{ended:?}");
    }
    assert!(server.received().is_empty());
}

#[test]
fn unused_settings_are_listed_with_the_source_that_hides_them() {
    let program = Program::alone()
        .variable("KFP_TOKEN", WRONG_TOKEN)
        .variable("KF_PIPELINES_SA_TOKEN_PATH", "token");
    program.file(
        ".config/compute-kfp/config.toml",
        "[profiles.default.kfp]\nendpoint = \"https://kfp.example.org\"\n",
    );
    let not_used = |words: &[&str]| {
        let (_, checks) = examined(&program, &[&["doctor", "kfp", "--dry-run"], words].concat());
        let checks = checks.as_array().unwrap().clone();
        let hidden = checks.into_iter().filter(|it| it["check"] == "not used");
        hidden
            .map(|it| it["value"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let endpoint = "KF_PIPELINES_ENDPOINT of profile default, hidden by";
    assert_eq!(
        not_used(&["--endpoint", "https://other.example.org"]),
        [
            "variable KF_PIPELINES_SA_TOKEN_PATH, hidden by variable KFP_TOKEN",
            &format!("{endpoint} option --endpoint"),
        ]
    );
    assert_eq!(
        not_used(&["--profile", "default"]),
        [
            "variable KFP_TOKEN, hidden by profile default",
            "variable KF_PIPELINES_SA_TOKEN_PATH, hidden by profile default",
        ]
    );
}

#[test]
fn a_login_that_another_setting_hides_is_reported() {
    let server = sandbox();
    let mut program = Program::alone();
    let login = program.run(["login", "--endpoint", server.url()]);
    assert_eq!(login.status, 0, "{login:?}");
    program = program.variable("COMPUTE_API_KEY", server.compute_api_key());
    let hidden = "API key (variable COMPUTE_API_KEY) takes precedence over the login";
    let endpoint = ["--endpoint", server.url()];
    let whoami = program.run([&["whoami"], &endpoint[..]].concat());
    assert_eq!(whoami.status, 0, "{whoami:?}");
    assert!(whoami.errors.contains(hidden), "{whoami:?}");
    let call = program.run([&["compute", "read-members"], &endpoint[..]].concat());
    assert_eq!(call.status, 3, "{call:?}");
    assert!(call.errors.contains(hidden), "{call:?}");
    let (_, checks) = examined(&program, &[&["doctor", "compute"], &endpoint[..]].concat());
    let file = check(&checks, COMPUTE, "login file");
    is(file, "warning", None);
    assert!(file["value"].as_str().unwrap().contains(hidden), "{file}");
}

#[test]
fn a_broken_config_file_is_named() {
    let server = sandbox();
    let program = with_good_tokens(&server);
    program.file(
        ".config/compute-kfp/config.toml",
        "[profiles.default.compute]\nendpoind = 1\n",
    );
    let (status, checks) = examined(&program, &["doctor"]);
    assert_eq!(status, 2);
    let file = check(&checks, None, "config file");
    is(file, "failed", None);
    assert!(
        file["value"].as_str().unwrap().contains("config.toml"),
        "{file:#}"
    );
    assert_eq!(server.received().len(), 0);
}

#[test]
fn a_broken_file_of_one_api_leaves_the_other_to_be_checked() {
    let server = sandbox();
    let program = Program::alone()
        .variable("KF_PIPELINES_ENDPOINT", server.url())
        .variable("KFP_TOKEN", server.kfp_token());
    program.file(
        ".quantuminspire/config.json",
        r#"{"auths": "sandbox-refresh-token"#,
    );
    let (status, checks) = examined(&program, &["doctor"]);
    assert_eq!(status, 2);
    is(check(&checks, COMPUTE, "settings"), "failed", None);
    let message = check(&checks, COMPUTE, "settings")["value"]
        .as_str()
        .unwrap();
    assert!(message.contains(".quantuminspire/config.json"), "{message}");
    is(
        check(&checks, KFP, "access"),
        "ok",
        Some("variable KFP_TOKEN"),
    );

    let program = with_good_tokens(&server);
    program.file(".config/kfp/context.json", "[");
    program.file(".quantuminspire/config.json", "[");
    let (status, checks) = examined(&program, &["doctor"]);
    assert_eq!(status, 2);
    is(check(&checks, COMPUTE, "login file"), "warning", None);
    is(
        check(&checks, COMPUTE, "access"),
        "ok",
        Some("variable COMPUTE_TOKEN"),
    );
    let sources = "variable KF_PIPELINES_ENDPOINT, variable KFP_TOKEN";
    is(check(&checks, KFP, "settings"), "failed", Some(sources));
}

#[test]
fn an_address_with_a_password_is_refused_and_not_shown() {
    let program = Program::alone().variable(
        "COMPUTE_ENDPOINT",
        "https://user:s3cret-passw0rd@compute.example.org",
    );
    let (status, checks) = examined(&program, &["doctor"]);
    assert_eq!(status, 2);
    is(
        check(&checks, COMPUTE, "settings"),
        "failed",
        Some("variable COMPUTE_ENDPOINT"),
    );
}

#[test]
fn profiles_and_token_files_are_listed() {
    let server = sandbox();
    let program = Program::alone();
    program.file("token", server.compute_token());
    let profiles = format!(
        "[profiles.lab.compute]\nendpoint = {0:?}\ntoken_file = {1:?}\n\
         [profiles.lab.kfp]\nendpoint = {0:?}\ntoken_file = {2:?}\n",
        server.url(),
        program.path("token"),
        program.path("nothing"),
    );
    program.file(".config/compute-kfp/config.toml", &profiles);
    let (status, checks) = examined(&program, &["doctor", "--profile", "lab"]);
    assert_eq!(status, 3);
    is(check(&checks, None, "config file"), "ok", None);
    is(
        check(&checks, None, "profile"),
        "ok",
        Some("option --profile"),
    );
    is(
        check(&checks, COMPUTE, "token file"),
        "ok",
        Some("profile lab"),
    );
    is(check(&checks, COMPUTE, "access"), "ok", Some("profile lab"));
    is(
        check(&checks, KFP, "token file"),
        "failed",
        Some("profile lab"),
    );
}

#[test]
fn only_the_profile_in_use_is_listed() {
    let server = sandbox();
    let kfp = format!("kfp]\nendpoint = {:?}\n", server.url());
    let file = ".config/compute-kfp/config.toml";
    let program = Program::alone();
    program.file(file, format!("[profiles.lab.{kfp}"));
    let (_, checks) = examined(&program, &["doctor", "--dry-run"]);
    is(check(&checks, None, "profile"), "skipped", None);
    is(check(&checks, KFP, "settings"), "skipped", None);
    program.file(file, format!("[profiles.default.{kfp}"));
    let (_, checks) = examined(&program, &["doctor", "--dry-run"]);
    is(check(&checks, None, "profile"), "ok", Some("default"));
    is(
        check(&checks, KFP, "endpoint"),
        "ok",
        Some("profile default"),
    );
}

#[test]
fn a_login_that_has_ended_must_be_renewed() {
    let server = sandbox();
    let program = Program::alone();
    let login = program.run(&["login", "--endpoint", server.url()]);
    assert_eq!(login.status, 0, "{login:?}");
    let path = program.path(".quantuminspire/config.json");
    let mut file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let tokens = &mut file["auths"][server.url()]["tokens"];
    tokens["generated_at"] = 0.into();
    tokens["refresh_token"] = WRONG_TOKEN.into();
    program.file(".quantuminspire/config.json", file.to_string());
    let (status, checks) = examined(&program, &["doctor"]);
    assert_eq!(status, 3);
    is(check(&checks, COMPUTE, "server"), "ok", None);
    let access = check(&checks, COMPUTE, "access");
    assert_eq!(access["status"], "failed");
    assert_eq!(access["remedy"], "log in with `compute-kfp login`");
    let refused = program.run(&["whoami"]);
    assert_eq!(refused.status, 3, "{refused:?}");
}

#[test]
fn a_user_and_a_backend_are_checked_side_by_side() {
    let server = sandbox();
    let program = with_good_tokens(&server).variable("COMPUTE_API_KEY", WRONG_TOKEN);
    let (status, checks) = examined(&program, &["doctor", "compute"]);
    assert_eq!(status, 3);
    let access: Vec<(&str, &str)> = checks
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["check"] == "access")
        .map(|check| {
            (
                check["source"].as_str().unwrap(),
                check["status"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        access,
        [
            ("variable COMPUTE_TOKEN", "ok"),
            ("variable COMPUTE_API_KEY", "failed")
        ]
    );
}

#[test]
fn a_dry_run_sends_no_request() {
    let server = sandbox();
    let (status, checks) = examined(&with_good_tokens(&server), &["doctor", "--dry-run"]);
    assert_eq!(status, 0);
    is(check(&checks, COMPUTE, "server"), "skipped", None);
    is(check(&checks, KFP, "access"), "skipped", None);
    assert_eq!(server.received().len(), 0);
}

#[test]
fn people_get_marks_and_remedies() {
    let server = sandbox();
    let program = with_tokens(&server, server.compute_token(), WRONG_TOKEN);
    let ended = program.run(&["doctor", "--output", "table"]);
    assert_eq!(ended.status, 3);
    let lines: Vec<&str> = ended.output.lines().collect();
    let endpoint = format!(
        "  ✔ endpoint     {}  (variable COMPUTE_ENDPOINT)",
        server.url()
    );
    assert!(lines.contains(&endpoint.as_str()), "{}", ended.output);
    assert!(
        lines.iter().any(|line| line.starts_with("  ✘ access")),
        "{}",
        ended.output
    );
    assert!(
        lines
            .iter()
            .any(|line| line.trim_start().starts_with("→ replace the credential")),
        "{}",
        ended.output
    );
    assert_eq!(ended.errors, "", "everything is said");
}
