//! Failures of commands.

use std::net::TcpListener;

#[cfg(unix)]
use crate::program::terminal::Terminal;
use crate::program::world::World;
use crate::program::{Program, WRONG_TOKEN, sandbox};
use compute_kfp_sandbox::{Fault, Sandbox};
use serde_json::Value;

#[test]
fn the_exit_status_depends_on_the_kind_of_failure() {
    let faults = Fault::read_all(
        "read_backends:status=500;read_languages:delay=60s;read_members:status=403",
    )
    .unwrap();
    let builder = faults
        .into_iter()
        .fold(Sandbox::builder().require_kfp_token(), |builder, fault| {
            builder.fault(fault)
        });
    let sandbox = builder.start_blocking().unwrap();
    let program = Program::with(&sandbox);
    let unreachable = format!(
        "http://{}",
        TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
    );
    let token = program.file("token", WRONG_TOKEN);
    for (words, status, kind) in [
        (vec!["compute", "read-members"], 1, "permission"),
        (
            vec!["--retries", "0", "compute", "read-backends"],
            1,
            "server",
        ),
        (
            vec![
                "--retries",
                "0",
                "--endpoint",
                &unreachable,
                "compute",
                "read-members",
            ],
            1,
            "connection",
        ),
        (vec!["kfp", "get-run", "--run-id", ""], 2, "invalid_request"),
        (vec!["kfp", "get-run"], 2, "usage"),
        (vec!["kfp", "get-rum", "--run-id", "x"], 2, "usage"),
        (
            vec!["--endpoint", "nonsense", "kfp", "list-runs"],
            2,
            "configuration",
        ),
        (
            vec!["--token-file", &token, "kfp", "list-runs"],
            3,
            "authentication",
        ),
        (vec!["kfp", "get-run", "--run-id", "nosuch"], 4, "not_found"),
        (
            vec![
                "--timeout",
                "0.2",
                "--retries",
                "0",
                "compute",
                "read-languages",
            ],
            5,
            "timeout",
        ),
    ] {
        let ended = program.run(
            ["--output", "json"]
                .into_iter()
                .chain(words.iter().copied()),
        );
        let error = ended.failure(status);
        assert_eq!(error["kind"], kind, "{words:?}: {ended:?}");
        assert!(!error["message"].as_str().unwrap().is_empty());
        assert_eq!(ended.output, "");
        for key in ["status", "operation", "request_id"] {
            assert!(error.get(key).is_some(), "{error}");
        }

        let plain = program.run(words.iter().copied());
        assert_eq!(plain.status, status, "{plain:?}");
        assert!(plain.errors.starts_with("error: "), "{plain:?}");
    }
}

#[test]
fn an_error_names_operation_status_and_request() {
    let sandbox = sandbox();
    let ended = Program::with(&sandbox).run(["-o", "json", "kfp", "get-run", "--run-id", "nosuch"]);
    let error = ended.failure(4);
    assert_eq!(error["status"], 404);
    assert_eq!(error["operation"], "get_run");
    assert!(
        error["message"].as_str().unwrap().contains("nosuch"),
        "{error}"
    );
}

#[test]
fn retries_are_limited_by_the_option() {
    for (retries, requests) in [("0", 1), ("2", 3)] {
        let fault = Fault::read_all("read_backends:status=503").unwrap();
        let builder = fault
            .into_iter()
            .fold(Sandbox::builder(), |builder, fault| builder.fault(fault));
        let sandbox = builder.start_blocking().unwrap();
        let ended = Program::with(&sandbox).run(["--retries", retries, "compute", "read-backends"]);
        assert_eq!(ended.status, 1);
        assert_eq!(sandbox.received().len(), requests);
    }
}

#[test]
fn mistyped_names_are_reported_with_the_nearest_names() {
    let program = Program::alone();
    for (words, nearest) in [
        (vec!["kfp", "list-rums"], "'list-runs'"),
        (vec!["compute", "read_jbos"], "'read-jobs'"),
        (
            vec!["kfp", "list-runs", "--page-sise", "3"],
            "'--page-size'",
        ),
        (vec!["oprations"], "'operations'"),
    ] {
        let ended = program.run(words);
        assert_eq!(ended.status, 2, "{ended:?}");
        assert!(ended.errors.contains(nearest), "{ended:?}");
    }
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let sandbox = sandbox();
    let program = Program::with(&sandbox);
    for words in [
        &["operations", "--output", "json"][..],
        &["completions", "bash"],
        &["man"],
        &["compute", "--help"],
    ] {
        let mut going = program.start(words);
        going.close();
        let ended = going.end();
        assert_eq!((ended.status, &*ended.errors), (0, ""), "{words:?}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_call_in_progress() {
    let fault = Fault::read_all("read_languages:delay=60s").unwrap();
    let builder = fault
        .into_iter()
        .fold(Sandbox::builder(), |builder, fault| builder.fault(fault));
    let sandbox = builder.start_blocking().unwrap();
    let going = Program::with(&sandbox).start(["compute", "read-languages"]);
    while sandbox.received().is_empty() {
        std::thread::yield_now();
    }
    going.interrupt();
    let ended = going.end();
    assert_eq!((ended.status, &*ended.errors), (130, ""));
}

#[test]
fn help_and_versions_exit_with_status_0() {
    let program = Program::alone();
    for words in [
        &["--help"][..],
        &["--version"],
        &["kfp", "--help"],
        &["call", "--help"],
    ] {
        let ended = program.run(words.iter().copied());
        assert_eq!((ended.status, ended.errors.as_str()), (0, ""), "{ended:?}");
    }
    let nothing: Value = program.run(["--output", "json", "nosuch"]).failure(2);
    assert_eq!(nothing["kind"], "usage");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_read_of_the_terminal() {
    let world = World::new();
    let lines: [&[&str]; 3] = [
        &["kfp", "create-experiment", "--body", "-"],
        &["call", "kfp", "create_experiment", "-"],
        &["circuit", "run", "-", "--backend-type", "Spin-2"],
    ];
    for line in lines {
        let mut terminal = Terminal::start(80, world.program.command(line));
        terminal.shows("Ctrl-D");
        terminal.press_ctrl_c();
        let ended = terminal.end();
        assert_eq!(ended.status, 130, "{line:?}: {}", ended.text);
    }
}
