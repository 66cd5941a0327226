//! Requests and output of calls.

#[cfg(unix)]
use crate::program::terminal::Terminal;
use crate::program::{Program, sandbox};
use compute_kfp_sandbox::Sandbox;
use compute_kfp_test_server::{Response, TestServer};
use serde_json::{Value, json};

fn sandbox_with_runs(runs: usize) -> (Sandbox, Program) {
    let runs: Vec<Value> = (0..runs)
        .map(|number| json!({ "display_name": format!("run-{number}") }))
        .collect();
    let program = Program::alone();
    let seed = program.file("seed.json", json!({ "kfp": { "runs": runs } }).to_string());
    let sandbox = Sandbox::builder()
        .empty()
        .seed_file(seed)
        .start_blocking()
        .unwrap();
    let program = Program::with(&sandbox);
    (sandbox, program)
}

fn names(items: &[Value]) -> Vec<&str> {
    items
        .iter()
        .map(|item| item["display_name"].as_str().unwrap())
        .collect()
}

#[test]
fn one_page_is_what_the_server_sent_and_all_pages_are_a_line_for_each_item() {
    let (sandbox, program) = sandbox_with_runs(25);
    let page = program.run([
        "kfp",
        "list-runs",
        "--page-size",
        "10",
        "--sort-by",
        "created_at",
    ]);
    let page: Value = serde_json::from_str(&page.output).unwrap();
    assert_eq!(page["runs"].as_array().unwrap().len(), 10);
    assert!(page["next_page_token"].is_string());

    let all = program.run(["kfp", "RunService_ListRuns", "--page-size", "10", "--all"]);
    let lines: Vec<Value> = all
        .output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 25);
    assert_eq!(names(&lines)[24], "run-24");
    let pages = sandbox
        .received()
        .iter()
        .filter(|request| request.path().ends_with("/runs"))
        .count();
    assert_eq!(pages, 1 + 3);
}

#[test]
fn max_items_limits_the_items_written_and_the_pages_read() {
    let (sandbox, program) = sandbox_with_runs(25);
    let some = program.run(["kfp", "list_runs", "--page_size", "10", "--max_items", "12"]);
    assert_eq!(some.output.lines().count(), 12, "{some:?}");
    assert_eq!(sandbox.received().len(), 2);
}

#[test]
fn numbered_lists_take_the_same_options() {
    let sandbox = sandbox();
    let program = Program::with(&sandbox);
    let all = program.run(["compute", "read-languages", "--all", "--page-size", "1"]);
    assert_eq!(all.status, 0, "{all:?}");
    let sizes = sandbox.received();
    assert!(
        sizes
            .iter()
            .all(|request| request.query_value("size").as_deref() == Some("1"))
    );
    assert_eq!(all.output.lines().count(), sizes.len().max(1));
}

#[test]
fn responses_are_written_in_the_requested_format() {
    let (_sandbox, program) = sandbox_with_runs(2);
    let list = |format| program.run(["--output", format, "kfp", "list-runs"]).output;
    let json: Value = serde_json::from_str(&list("json")).unwrap();
    let jsonl = list("jsonl");
    let lines: Vec<Value> = jsonl
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(json["runs"], Value::Array(lines));
    let yaml: Value = serde_saphyr::from_str(&list("yaml")).unwrap();
    assert_eq!(
        yaml["runs"][1]["display_name"],
        json["runs"][1]["display_name"]
    );
    let table = list("table");
    assert!(
        table.contains("run_id") && table.contains("run-1"),
        "{table}"
    );
    assert!(
        table.lines().all(|line| line.chars().count() <= 100),
        "{table}"
    );
    assert!(!table.contains('\u{1b}'), "no colour in a pipe");

    let more = program.run(["--output", "table", "kfp", "list-runs", "--page-size", "1"]);
    assert!(more.errors.contains("--all"), "{more:?}");
    let no_more = program.run(["--output", "table", "kfp", "list-runs"]);
    assert_eq!(no_more.errors, "");

    let one = program.run(["kfp", "list-runs", "--all", "--output", "yaml"]);
    assert_eq!(one.output.matches("\n---\n").count(), 1, "{one:?}");
}

#[test]
fn tables_leave_unset_times_empty() {
    let runs = json!({ "runs": [
        { "run_id": "1", "finished_at": "1970-01-01T00:00:00Z", "scheduled_at": "1970-01-01T00:00:00.000Z" },
        { "run_id": "2", "finished_at": "1970-01-01T00:00:00.5Z" },
    ] });
    let server = TestServer::playing([
        Response::from(runs.clone()),
        Response::from(runs["runs"][0].clone()),
        Response::from(runs.clone()),
    ]);
    let program = Program::alone().variable("KF_PIPELINES_ENDPOINT", server.url());
    let list = program.run(["-o", "table", "kfp", "list-runs"]).output;
    let epochs: Vec<&str> = list.lines().filter(|line| line.contains("1970")).collect();
    assert_eq!(epochs.len(), 1, "{list}");
    assert!(epochs[0].contains(".5Z"), "{list}");
    assert!(!list.contains("scheduled_at"), "{list}");
    let one = ["-o", "table", "kfp", "get-run", "--run-id", "1"];
    let one = program.run(one).output;
    assert!(
        one.contains("finished_at") && !one.contains("1970"),
        "{one}"
    );
    let all = program.run(["kfp", "list-runs"]).json();
    assert_eq!(all, runs, "programs get what was sent");
}

#[test]
fn responses_do_not_control_the_terminal() {
    let sandbox = sandbox();
    let program = Program::with(&sandbox);
    let body = r#"{"display_name": "red \u001b[31m alert"}"#;
    let made = program.run([
        "kfp",
        "create-experiment",
        "--body",
        body,
        "--output",
        "table",
    ]);
    assert_eq!(made.status, 0, "{made:?}");
    assert!(
        made.output.contains("red") && !made.output.contains('\u{1b}'),
        "{made:?}"
    );
}

#[test]
fn bodies_come_from_strings_files_standard_input_and_set() {
    let sandbox = sandbox();
    let program = Program::with(&sandbox);
    let sent = |words: &[&str], input: Option<&str>| {
        let words = ["kfp", "create-experiment"].iter().chain(words).copied();
        let mut command = program.command(words);
        if let Some(input) = input {
            let path = program.file("input.json", input);
            command.stdin(std::fs::File::open(path).unwrap());
        }
        // That the name is taken the second time does not matter.
        let ended = crate::program::Ended::of(&mut command);
        assert_ne!(ended.status, 2, "{ended:?}");
        serde_json::from_slice::<Value>(sandbox.received().last().unwrap().body()).unwrap()
    };
    let body = json!({ "display_name": "e", "description": "d" });
    let text = body.to_string();
    assert_eq!(sent(&["--body", &text], None), body);
    let at = format!("@{}", program.file("body.json", &text));
    assert_eq!(sent(&["--body", &at], None), body);
    assert_eq!(sent(&["--body", "-"], Some(&text)), body);
    assert_eq!(
        sent(
            &[
                "--body",
                &text,
                "--set",
                "description=other",
                "--set",
                "namespace="
            ],
            None
        ),
        json!({ "display_name": "e", "description": "other", "namespace": "" })
    );
    let program_dry = |words: &[&str]| {
        let words = ["--dry-run", "kfp", "create-run"]
            .iter()
            .chain(words)
            .copied();
        program.run(words)
    };
    let dry = program_dry(&[
        "--set",
        "display_name=7 lives",
        "--set",
        "runtime_config.parameters.shots=1024",
        "--set",
        r"labels.a\.b=true",
        "--set",
        "display_name=\"8\"",
    ]);
    let expected = r#"{"display_name":"8","runtime_config":{"parameters":{"shots":1024}},"labels":{"a.b":true}}"#;
    assert!(dry.output.contains(expected), "{dry:?}");
    let dry = program_dry(&[
        "--body",
        r#"{"tags": [1]}"#,
        "--set",
        "tags.1=2",
        "--set",
        "tags.0=0",
    ]);
    assert!(dry.output.contains(r#"{"tags":[0,2]}"#), "{dry:?}");
    for wrong in ["no-sign", "tags.9=1", "display_name.x=1"] {
        let body = r#"{"tags": [], "display_name": "n"}"#;
        let ended = program_dry(&["--body", body, "--set", wrong]);
        assert_eq!(ended.status, 2, "{ended:?}");
        assert!(ended.errors.contains("--set"), "{ended:?}");
    }
}

#[test]
fn verbose_logs_requests_with_their_headers_and_hides_secrets() {
    let sandbox = sandbox();
    let program = Program::with(&sandbox);
    let told = program.run(["-vv", "compute", "read-members"]);
    assert_eq!(told.status, 0, "{told:?}");
    for expected in [
        "> GET ",
        "/members",
        "user-agent: compute-kfp-cli/",
        "< 200 OK in ",
        "< content-type: application/json",
        "COMPUTE_TOKEN by variable",
        "[hidden]",
    ] {
        assert!(told.errors.contains(expected), "{expected}: {told:?}");
    }
    assert!(!told.errors.contains(sandbox.compute_token()));
    let told = program.run(["-v", "compute", "read-backend-self"]);
    assert!(told.errors.contains("credential of `backend`"), "{told:?}");
}

#[test]
fn verbose_logs_no_credential_that_is_not_sent() {
    let server = TestServer::playing([Response::json(200, "{}")]);
    let told = Program::alone().run(["-v", "--endpoint", server.url(), "kfp", "list-runs"]);
    assert_eq!(told.status, 0, "{told:?}");
    assert!(!told.errors.contains("credential"), "{told:?}");
}

#[test]
fn items_are_written_before_the_next_page_arrives() {
    let (go_on, may_go_on) = tokio::sync::oneshot::channel::<()>();
    let may_go_on = std::sync::Mutex::new(Some(may_go_on));
    let server = TestServer::keeping_alive(move |request| match request.index {
        0 => json!({ "runs": [{ "run_id": "1" }], "next_page_token": "t" }).into(),
        _ => {
            let may_go_on = may_go_on.lock().unwrap().take().unwrap();
            let page = Response::from(json!({ "runs": [{ "run_id": "2" }] }));
            page.after(async { may_go_on.await.unwrap() })
        }
    });
    let program = Program::alone();
    let mut listing = program.start(["--endpoint", server.url(), "kfp", "list-runs", "--all"]);
    assert_eq!(listing.json()["run_id"], "1");
    go_on.send(()).unwrap();
    assert_eq!(listing.json()["run_id"], "2");
    assert_eq!(listing.end().status, 0);
}

#[test]
fn a_header_does_not_control_the_terminal() {
    let answer = "HTTP/1.1 200 OK\r\nx-note: \u{9b}31mred\r\ncontent-length: 2\r\n\r\n{}";
    let server = TestServer::playing([Response::raw(answer)]);
    let ended = Program::alone().run(["-v", "--endpoint", server.url(), "kfp", "get-healthz"]);
    assert!(ended.errors.contains("x-note: \u{fffd}31mred"), "{ended:?}");
}

#[test]
fn a_value_that_the_spec_does_not_list_is_sent_with_a_warning() {
    let sandbox = sandbox();
    let program = Program::with(&sandbox);
    let ended = program.run(["kfp", "list-runs", "--view", "HUGE"]);
    assert!(
        ended.errors.contains("warning: `HUGE`") && ended.errors.contains("DEFAULT, FULL"),
        "{ended:?}"
    );
    let sent = sandbox.received();
    assert_eq!(
        sent.last().unwrap().query_value("view").as_deref(),
        Some("HUGE")
    );
}

#[test]
fn calls_by_json_accept_both_names_and_report_mistakes() {
    let sandbox = sandbox();
    let program = Program::with(&sandbox);
    let upload = program.file(
        "p.json",
        r#"{"pipelineInfo": {"name": "p"}, "schemaVersion": "2.1.0", "root": {"dag": {}}}"#,
    );
    let arguments = json!({ "uploadfile": upload, "name": "uploaded" }).to_string();
    let made = program.run(["call", "kfp", "upload-pipeline", &arguments]);
    assert_eq!(made.status, 0, "{made:?}");
    let made: Value = serde_json::from_str(&made.output).unwrap();
    assert_eq!(made["display_name"], "uploaded");
    for (operation, arguments, said) in [
        ("get_run", r#"{"run": 1}"#, "/run_id"),
        ("get_run", "{", "invalid JSON in the arguments"),
        ("get_runn", "{}", "`get_run`"),
        ("upload_pipeline", r#"{"uploadfile": 1}"#, "/uploadfile"),
    ] {
        let ended = program.run(["call", "kfp", operation, arguments]);
        assert_eq!(ended.status, 2, "{ended:?}");
        assert!(ended.errors.contains(said), "{ended:?}");
    }
}

#[test]
fn no_format_lets_a_server_control_the_terminal() {
    let evil = "\u{1b}[31m\u{9b}31m\u{7f}";
    let answer = json!({"pipelines": [{evil: evil, "name": evil}], "next_page_token": evil});
    let server = TestServer::start(move |_| answer.clone().into());
    let program = Program::alone().variable("KF_PIPELINES_ENDPOINT", server.url());
    for format in ["json", "jsonl", "yaml", "table"] {
        let ended = program.run(["kfp", "list-pipelines", "-o", format]);
        assert_eq!(ended.status, 0, "{}", ended.errors);
        let steers = |letter: char| letter.is_control() && letter != '\n';
        assert!(
            !ended.output.contains(steers),
            "{format}: {:?}",
            ended.output
        );
        if format == "json" {
            assert_eq!(ended.json()["pipelines"][0]["name"], evil);
        }
    }
    let error = json!({"code": 3, "message": evil, "details": []});
    let server = TestServer::start(move |_| Response::json(400, error.clone()));
    let program = Program::alone().variable("KF_PIPELINES_ENDPOINT", server.url());
    for format in ["json", "table"] {
        let ended = program.run(["kfp", "list-pipelines", "-o", format]);
        let steers = |letter: char| letter.is_control() && letter != '\n';
        assert!(
            !ended.errors.contains(steers),
            "{format}: {:?}",
            ended.errors
        );
    }
}

#[cfg(unix)]
#[test]
fn names_and_values_of_a_server_do_not_control_the_terminal() {
    let evil = "\u{1b}[31m\u{9b}31m\u{7f}";
    let answer = json!({"pipelines": [{evil: evil, "name": evil}]});
    let server = TestServer::start(move |_| answer.clone().into());
    let program = Program::alone().variable("KF_PIPELINES_ENDPOINT", server.url());
    for format in [&[][..], &["-o", "json"], &["-o", "yaml"]] {
        let line = [&["kfp", "list-pipelines"], format].concat();
        let ended = Terminal::start(80, program.command(line)).end();
        assert_eq!(ended.status, 0, "{}", ended.text);
        for sequence in ["\u{1b}[31m", "\u{9b}", "\u{7f}"] {
            assert!(!ended.text.contains(sequence), "{:?}", ended.text);
        }
    }
}
