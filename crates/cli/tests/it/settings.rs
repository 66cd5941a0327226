//! Sources of settings.

use crate::program::{Ended, Program, sandbox};
use compute_kfp_sandbox::Sandbox;

/// Lists runs, with these options.
fn list(program: &Program, words: &[&str]) -> Ended {
    program.run(words.iter().chain(&["kfp", "list-runs"]).copied())
}

fn profile(program: &Program, name: &str, sandbox: &Sandbox) -> String {
    let token = program.file(&format!("{name}.token"), sandbox.kfp_token());
    format!(
        "[profiles.{name}.kfp]\nendpoint = \"{}\"\ntoken_file = \"{token}\"\n",
        sandbox.url()
    )
}

#[test]
fn a_named_profile_precedes_the_environment_which_precedes_the_default_profile() {
    let [usual, named, around, given] = [sandbox(), sandbox(), sandbox(), sandbox()];
    let asked = |sandbox: &Sandbox| sandbox.received().len();
    let mut program = Program::alone();
    let profiles = profile(&program, "default", &usual) + &profile(&program, "work", &named);
    program.file(".config/compute-kfp/config.toml", profiles);

    assert_eq!(list(&program, &[]).status, 0);
    assert_eq!(asked(&usual), 1);
    program = program
        .variable("KF_PIPELINES_ENDPOINT", around.url())
        .variable("KFP_TOKEN", around.kfp_token());
    assert_eq!(list(&program, &[]).status, 0);
    assert_eq!(asked(&around), 1);
    assert_eq!(list(&program, &["--profile", "work"]).status, 0);
    assert_eq!(asked(&named), 1);
    assert_eq!(
        list(&program, &["--profile", "work", "--endpoint", given.url()]).status,
        0
    );
    assert_eq!(asked(&given), 1);
}

#[test]
fn a_token_of_the_environment_does_not_go_to_the_server_of_a_profile() {
    let sandbox = sandbox();
    let program = Program::alone().variable("KFP_TOKEN", sandbox.kfp_token());
    program.file(
        ".config/compute-kfp/config.toml",
        format!("[profiles.other.kfp]\nendpoint = \"{}\"\n", sandbox.url()),
    );
    let ended = list(&program, &["--profile", "other"]);
    assert_eq!(ended.status, 3, "{ended:?}");
    assert!(
        sandbox
            .received()
            .iter()
            .all(|request| request.header("authorization").is_none())
    );
}

#[test]
fn a_token_file_option_overrides_the_token_of_the_environment_for_both_apis() {
    let sandbox = sandbox();
    let program = Program::with(&sandbox)
        .variable("KFP_TOKEN", "old")
        .variable("COMPUTE_TOKEN", "old");
    for (api, operation, token) in [
        ("kfp", "list-runs", sandbox.kfp_token()),
        ("compute", "read-members", sandbox.compute_token()),
    ] {
        let path = program.file("token", token);
        let ended = program.run(["--token-file", &path, api, operation]);
        assert_eq!(ended.status, 0, "{ended:?}");
    }
}

#[test]
fn mistakes_in_the_config_file_are_reported_with_their_line() {
    let program = Program::alone();
    let ended = list(&program, &["--profile", "work"]);
    assert_eq!(ended.status, 2, "{ended:?}");
    assert!(
        ended.errors.contains("config.toml` has no profile `work`"),
        "{ended:?}"
    );
    for (text, said) in [
        ("[profiles.work.kfp]\nendpont = \"x\"\n", "endpont"),
        ("[profiles.work\n", "line 1"),
        ("profiles = 3\n", "line 1"),
    ] {
        program.file(".config/compute-kfp/config.toml", text);
        let ended = list(&program, &[]);
        assert_eq!(ended.status, 2, "{ended:?}");
        assert!(
            ended.errors.contains("config.toml") && ended.errors.contains(said),
            "{ended:?}"
        );
    }
    program.file(
        ".config/compute-kfp/config.toml",
        "[profiles.a]\n[profiles.b]\n",
    );
    let ended = list(&program, &["--profile", "c"]);
    assert!(ended.errors.contains("it has a, b"), "{ended:?}");
}

#[test]
fn times_are_plain_seconds_or_have_units() {
    let sandbox = sandbox();
    let program = Program::with(&sandbox);
    for time in ["10", "2.5", "10s", "1m30s", "500ms"] {
        let ended = list(&program, &["--timeout", time]);
        assert_eq!(ended.status, 0, "{time}: {ended:?}");
    }
    for time in ["", "soon", "-1", "1e300", "NaN"] {
        let ended =
            program.run([&format!("--timeout={time}"), "kfp", "list-runs"].map(|word| word));
        assert_eq!(ended.status, 2, "{time}: {ended:?}");
    }
}

#[test]
fn the_namespace_of_the_context_file_is_the_default() {
    let sandbox = sandbox();
    let program = Program::with(&sandbox);
    program.file(".config/kfp/context.json", r#"{"namespace": "team-a"}"#);
    let namespace = || sandbox.received().last().unwrap().query_value("namespace");
    let ended = list(&program, &[]);
    assert_eq!(namespace().as_deref(), Some("team-a"), "{ended:?}");
    program.run(["kfp", "list-runs", "--namespace", "team-b"]);
    assert_eq!(namespace().as_deref(), Some("team-b"));
}

#[test]
fn each_api_has_its_own_part_of_a_profile_and_its_own_token_file() {
    let sandbox = sandbox();
    let mut program = Program::alone();
    let token = program.file("compute.token", sandbox.compute_token());
    let profile = format!(
        "[profiles.default.compute]\nendpoint = \"{}\"\ntoken_file = \"{token}\"\n",
        sandbox.url()
    );
    program.file(".config/compute-kfp/config.toml", profile);
    assert_eq!(program.run(["compute", "read-members"]).status, 0);
    assert_eq!(list(&program, &[]).status, 2, "no server of KFP is named");

    let token = program.file("kfp.token", sandbox.kfp_token());
    program = program
        .variable("KF_PIPELINES_ENDPOINT", sandbox.url())
        .variable("KF_PIPELINES_SA_TOKEN_PATH", token);
    assert_eq!(list(&program, &[]).status, 0);
}

#[test]
fn an_error_in_the_config_file_shows_no_value_of_it() {
    let program = Program::alone();
    for text in [
        "[profiles.a]\ntoken = \"s3cr3t-t0ken\"\n",
        "[profiles.a]\nallow_http = \"s3cr3t-t0ken\"\n",
        "[profiles.a]\n\"s3cr3t-t0ken\n",
    ] {
        program.file(".config/compute-kfp/config.toml", text);
        let ended = program.run(["--profile", "a", "kfp", "list-runs"]);
        assert_eq!(ended.status, 2, "{}", ended.errors);
        assert!(ended.errors.contains("line 2"), "{}", ended.errors);
        assert!(!ended.errors.contains("s3cr3t"), "{}", ended.errors);
    }
}

#[test]
fn each_connection_option_sets_the_variable_of_its_api() {
    let options = [
        ("--endpoint=http://127.0.0.1:9", "KF_PIPELINES_ENDPOINT"),
        ("--token-file=f", "KF_PIPELINES_SA_TOKEN_PATH"),
        ("--cookie-file=f", "KFP_COOKIE_FILE"),
        ("--identity-header=a: b", "KFP_IDENTITY_HEADER"),
        ("--client-certificate=f", "KFP_CLIENT_CERTIFICATE"),
        ("--client-key=f", "KFP_CLIENT_KEY"),
        ("--certificate-authority=f", "KFP_CERTIFICATE_AUTHORITY"),
        ("--proxy=http://127.0.0.1:9", "KFP_PROXY"),
        ("--allow-http", "KFP_ALLOW_HTTP"),
        ("--insecure-skip-tls-verify", "KFP_INSECURE_SKIP_TLS_VERIFY"),
    ];
    let program = Program::alone();
    let words = options.map(|(option, _)| option).into_iter();
    let call = ["-vv", "--dry-run", "kfp", "list-runs"];
    let kfp = program.run(words.clone().chain(call));
    let compute = program.run(words.chain(["-vv", "--dry-run", "compute", "read-members"]));
    for (option, of_kfp) in options {
        let name = option.split('=').next().unwrap();
        let of_compute = name.replace("--", "COMPUTE_").replace('-', "_");
        for (variable, told) in [
            (of_kfp, &kfp),
            (of_compute.to_uppercase().as_str(), &compute),
        ] {
            let line = format!("* {variable} by option {name}\n");
            assert!(told.errors.contains(&line), "{line}: {told:?}");
        }
    }
}
