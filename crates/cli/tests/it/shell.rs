//! Completions, man pages, and the sandbox as a process.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::program::Program;
use compute_kfp::{compute, kfp};

#[test]
fn completions_know_operations_parameters_and_their_values() {
    let program = Program::alone();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = program.run(["completions", shell]);
        assert_eq!(script.status, 0, "{}", script.errors);
        for expected in ["list-runs", "page-token", "FULL", "read-job"] {
            assert!(
                script.output.contains(expected),
                "{shell} does not know {expected}"
            );
        }
    }
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    let program = Program::alone();
    let page = program.run(["man", "kfp", "get-run"]);
    assert!(
        page.output.contains(".TH") && page.output.contains("run\\-id"),
        "{page:?}"
    );
    let wrong = program.run(["man", "kfp", "nosuch"]);
    assert_eq!(wrong.status, 2, "{wrong:?}");

    let directory = program.path("man");
    let ended = program.run(["man", "--dir", directory.to_str().unwrap()]);
    assert_eq!(ended.status, 0, "{ended:?}");
    for (api, operations) in [
        ("compute", compute::operations::OPERATIONS),
        ("kfp", kfp::operations::OPERATIONS),
    ] {
        for operation in operations {
            let name = operation.name.replace('_', "-");
            assert!(
                directory
                    .join(format!("compute-kfp-{api}-{name}.1"))
                    .exists(),
                "{name}"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn the_sandbox_runs_until_ctrl_c_and_prints_the_variables_to_use() {
    let program = Program::alone();
    let mut sandbox = program
        .command(["sandbox", "--port", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(sandbox.stdout.take().unwrap()).lines();
    let mut user = Program::alone();
    for line in lines.take(6).map(Result::unwrap) {
        if let Some((name, value)) = line
            .strip_prefix("export ")
            .and_then(|set| set.split_once('='))
        {
            user = user.variable(name, value);
        }
    }
    let ended = user.run(["compute", "read-members"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    let pid = sandbox.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(sandbox.wait().unwrap().code(), Some(0));
}
