//! The binary: exit statuses, what it says, and what it does to the folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const GOOD: &str = r#"{"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/x": {"get": {"operationId": "x", "responses": {"204": {"description": ""}}}}}}"#;
const OTHER: &str = r#"{"openapi": "3.1.0", "info": {"title": "T", "version": "2"}, "paths": {}}"#;
const BROKEN: &str = r#"{"openapi": "3.1.0", "paths": {"/x": 1}}"#;
const RENAME: &str = r#"{"overlay": "1.0.0", "info": {"title": "", "version": ""}, "actions": [{"target": "$.paths['/x'].get", "update": {"x-rust-name": "renamed"}}]}"#;
const STALE: &str = r#"{"overlay": "1.0.0", "info": {"title": "", "version": ""}, "actions": [{"target": "$.paths['/gone']", "remove": true}]}"#;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_compute-kfp-codegen"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read(path).unwrap(),
            )
        })
        .collect()
}

#[test]
fn the_prepared_document_is_written_with_the_code_or_without_it() {
    let here = folder(&[("api.json", GOOD)]);
    let output = run(
        here.path(),
        &["--spec", "api.json", "--emit-openapi", "openapi.json"],
    );
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let alone = std::fs::read(here.path().join("openapi.json")).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&alone).unwrap();
    assert_eq!(document["openapi"], "3.0.3");

    let both = [
        "--spec",
        "api.json",
        "--emit-openapi",
        "again.json",
        "--out",
        "out",
    ];
    assert_eq!(status(&run(here.path(), &both)), 0);
    assert_eq!(
        std::fs::read(here.path().join("again.json")).unwrap(),
        alone
    );
    assert!(here.path().join("out/client.rs").is_file());

    let nowhere = run(
        here.path(),
        &[
            "--spec",
            "api.json",
            "--emit-openapi",
            "missing/openapi.json",
        ],
    );
    assert_eq!(status(&nowhere), 1);
    assert!(
        stderr(&nowhere).contains("missing/openapi.json"),
        "{}",
        stderr(&nowhere)
    );
}

#[test]
fn a_spec_becomes_six_files_and_status_0() {
    let here = folder(&[("api.json", GOOD)]);
    let output = run(here.path(), &["--spec", "api.json", "--out", "deep/out"]);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    assert!(output.stdout.is_empty() && output.stderr.is_empty());
    let names: Vec<String> = files(&here.path().join("deep/out")).into_keys().collect();
    assert_eq!(
        names,
        [
            "builder.rs",
            "client.rs",
            "mock.rs",
            "mod.rs",
            "operations.rs",
            "types.rs"
        ]
    );
}

#[test]
fn what_cannot_be_generated_gives_status_1_and_a_line_with_the_place() {
    let here = folder(&[("api.json", BROKEN)]);
    let output = run(here.path(), &["--spec", "api.json", "--out", "out"]);
    assert_eq!(status(&output), 1);
    assert_eq!(
        stderr(&output),
        "error: api.json#/paths/~1x: the path is not an object; write it as an object\n"
    );
    assert!(!here.path().join("out").exists());
}

#[test]
fn a_file_that_cannot_be_read_gives_status_1_and_its_name() {
    let here = folder(&[("api.json", GOOD)]);
    std::fs::write(here.path().join("latin1.json"), b"\"\xe4\"").unwrap();
    for spec in ["missing.json", ".", "latin1.json"] {
        let output = run(here.path(), &["--spec", spec, "--out", "out"]);
        assert_eq!(status(&output), 1);
        assert!(
            stderr(&output).starts_with(&format!("error: {spec}#: ")),
            "{}",
            stderr(&output)
        );
    }
    let output = run(
        here.path(),
        &[
            "--spec",
            "api.json",
            "--overlay",
            "missing.json",
            "--out",
            "out",
        ],
    );
    assert!(
        stderr(&output).contains("missing.json"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn wrong_usage_gives_status_2_and_help_gives_0() {
    let here = folder(&[("api.json", GOOD)]);
    for arguments in [
        &[][..],
        &["--spec", "api.json"],
        &["--spec", "api.json", "--out", "out", "--what"],
        &["api.json"],
    ] {
        assert_eq!(status(&run(here.path(), arguments)), 2, "{arguments:?}");
    }
    assert_eq!(status(&run(here.path(), &["--help"])), 0);
}

#[test]
fn a_folder_is_not_touched_where_generation_fails() {
    let here = folder(&[
        ("api.json", GOOD),
        ("broken.json", BROKEN),
        ("stale.json", STALE),
        ("other.json", OTHER),
    ]);
    run(here.path(), &["--spec", "api.json", "--out", "out"]);
    let before = files(&here.path().join("out"));
    for arguments in [
        &["--spec", "broken.json", "--out", "out"][..],
        &[
            "--spec",
            "other.json",
            "--overlay",
            "stale.json",
            "--strict",
            "--out",
            "out",
        ],
    ] {
        assert_eq!(status(&run(here.path(), arguments)), 1);
        assert_eq!(files(&here.path().join("out")), before);
    }
}

#[test]
fn a_folder_keeps_what_it_held_where_one_file_cannot_be_written() {
    let here = folder(&[("api.json", GOOD), ("other.json", OTHER)]);
    let out = here.path().join("out");
    run(here.path(), &["--spec", "api.json", "--out", "out"]);
    std::fs::remove_file(out.join("types.rs")).unwrap();
    std::fs::create_dir(out.join("types.rs")).unwrap();
    let before = files(&out);
    let output = run(here.path(), &["--spec", "other.json", "--out", "out"]);
    assert_eq!(status(&output), 1);
    assert!(stderr(&output).contains("types.rs"), "{}", stderr(&output));
    assert_eq!(files(&out), before);
}

#[test]
fn a_file_in_place_of_the_folder_gives_status_1() {
    let here = folder(&[("api.json", GOOD), ("out", "")]);
    let output = run(here.path(), &["--spec", "api.json", "--out", "out"]);
    assert_eq!(status(&output), 1);
    assert!(stderr(&output).contains("out"), "{}", stderr(&output));
}

#[test]
fn two_runs_from_other_folders_give_the_same_bytes_and_leave_equal_files_alone() {
    let spec = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/specs/fastapi.json");
    let (first, second) = (folder(&[]), folder(&[]));
    std::fs::copy(spec, second.path().join("renamed.json")).unwrap();
    assert_eq!(
        status(&run(first.path(), &["--spec", spec, "--out", "out"])),
        0
    );
    assert_eq!(
        status(&run(
            second.path(),
            &["--spec", "./renamed.json", "--out", "elsewhere/out"]
        )),
        0
    );
    assert_eq!(
        files(&first.path().join("out")),
        files(&second.path().join("elsewhere/out"))
    );

    let written = || {
        std::fs::metadata(first.path().join("out/types.rs"))
            .unwrap()
            .modified()
            .unwrap()
    };
    let before = written();
    assert_eq!(
        status(&run(first.path(), &["--spec", spec, "--out", "out"])),
        0
    );
    assert_eq!(written(), before);
}

#[cfg(unix)]
#[test]
fn files_are_readable_by_others_as_the_umask_allows() {
    use std::os::unix::fs::PermissionsExt as _;

    let here = folder(&[("api.json", GOOD)]);
    run(here.path(), &["--spec", "api.json", "--out", "out"]);
    let mode = |path: &str| {
        std::fs::metadata(here.path().join(path))
            .unwrap()
            .permissions()
            .mode()
    };
    assert_eq!(mode("out/mod.rs"), mode("api.json"));
}

#[test]
fn overlays_are_applied_in_order_and_one_that_matches_nothing_is_a_warning_or_with_strict_an_error()
{
    let here = folder(&[
        ("api.json", GOOD),
        ("rename.json", RENAME),
        ("stale.json", STALE),
    ]);
    let arguments = [
        "--spec",
        "api.json",
        "--overlay",
        "rename.json",
        "--overlay",
        "stale.json",
        "--out",
        "out",
    ];
    let output = run(here.path(), &arguments);
    assert_eq!(status(&output), 0);
    let text = stderr(&output);
    assert!(
        text.starts_with("warning: stale.json#/actions/0: `$.paths['/gone']` matches nothing"),
        "{text}"
    );
    assert!(
        std::fs::read_to_string(here.path().join("out/client.rs"))
            .unwrap()
            .contains("pub fn renamed(&self)")
    );

    let output = run(here.path(), &[&arguments[..], &["--strict"]].concat());
    assert_eq!(status(&output), 1);
    assert!(
        stderr(&output).starts_with("error: stale.json#/actions/0"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn with_the_name_of_the_crate_the_documentation_shows_how_to_call() {
    let here = folder(&[("api.json", GOOD)]);
    run(
        here.path(),
        &[
            "--spec",
            "api.json",
            "--out",
            "out",
            "--crate-name",
            "orchard",
        ],
    );
    let client = std::fs::read_to_string(here.path().join("out/client.rs")).unwrap();
    assert!(client.contains("client: &orchard::Client"), "{client}");
}
