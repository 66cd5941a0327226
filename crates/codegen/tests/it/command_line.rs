//! The binary: exit statuses, messages and files.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const GOOD: &str = r#"{"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/x": {"get": {"operationId": "x", "responses": {"204": {"description": ""}}}}}}"#;
const OTHER: &str = r#"{"openapi": "3.1.0", "info": {"title": "T", "version": "2"}, "paths": {}}"#;
const BROKEN: &str = r#"{"openapi": "3.1.0", "paths": {"/x": 1}}"#;
const RENAME: &str = r#"{"overlay": "1.0.0", "info": {"title": "", "version": ""}, "actions": [{"target": "$.paths['/x'].get", "update": {"x-rust-name": "renamed"}}]}"#;
const STALE: &str = r#"{"overlay": "1.0.0", "info": {"title": "", "version": ""}, "actions": [{"target": "$.paths['/gone']", "remove": true}]}"#;

fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_compute-kfp-codegen"))
        .current_dir(directory)
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

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(directory).into_iter().flatten();
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
    let here = directory(&[("api.json", GOOD)]);
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
    let here = directory(&[("api.json", GOOD)]);
    let output = run(here.path(), &["--spec", "api.json", "--out", "deep/out"]);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    assert_eq!(stdout(&output), "1 operation, 0 types, 0 warnings\n");
    assert!(output.stderr.is_empty());
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
fn a_spec_that_cannot_be_generated_is_status_1_and_a_line_with_the_place() {
    let here = directory(&[("api.json", BROKEN)]);
    let output = run(here.path(), &["--spec", "api.json", "--out", "out"]);
    assert_eq!(status(&output), 1);
    assert_eq!(
        stderr(&output),
        "error: api.json#/paths/~1x: the path is not an object; use an object\n"
    );
    assert!(!here.path().join("out").exists());
}

#[test]
fn an_unreadable_file_is_status_1_and_is_named() {
    let here = directory(&[("api.json", GOOD)]);
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
fn wrong_usage_is_status_2_and_help_is_0() {
    let here = directory(&[("api.json", GOOD)]);
    for arguments in [
        &[][..],
        &["--spec", "api.json"],
        &["--spec", "api.json", "--out", "out", "--what"],
        &["--spec", "api.json", "--out", "out", "--crate", "here"],
        &["--spec", "api.json", "--out", "out", "--name", "here"],
        &["--spec", "api.json", "--out", "out", "--runtime", "here"],
        &["api.json"],
    ] {
        assert_eq!(status(&run(here.path(), arguments)), 2, "{arguments:?}");
    }
    assert_eq!(status(&run(here.path(), &["--help"])), 0);
}

#[test]
fn a_directory_is_unchanged_if_generation_fails() {
    let here = directory(&[
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
fn a_directory_is_unchanged_if_one_file_cannot_be_written() {
    let here = directory(&[("api.json", GOOD), ("other.json", OTHER)]);
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
fn a_file_instead_of_the_directory_is_status_1() {
    let here = directory(&[("api.json", GOOD), ("out", "")]);
    let output = run(here.path(), &["--spec", "api.json", "--out", "out"]);
    assert_eq!(status(&output), 1);
    assert!(stderr(&output).contains("out"), "{}", stderr(&output));
}

#[test]
fn runs_from_different_directories_write_the_same_bytes_and_skip_equal_files() {
    let spec = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/specs/fastapi.json");
    let (first, second) = (directory(&[]), directory(&[]));
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

    let here = directory(&[("api.json", GOOD)]);
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
    let here = directory(&[
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
fn the_documentation_has_examples_if_the_name_of_the_crate_is_known() {
    let here = directory(&[("api.json", GOOD)]);
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

#[test]
fn a_crate_has_a_manifest_a_library_a_readme_and_the_code() {
    let spec = r#"{"openapi": "3.1.0", "info": {"title": "The \"Orchard\" API", "version": "2"}, "servers": [{"url": "https://orchard.example.org/v2"}], "paths": {"/trees": {"get": {"operationId": "list_trees", "security": [{"key": []}], "responses": {"204": {"description": ""}}}}}, "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}}}"#;
    let here = directory(&[("api.json", spec)]);
    let output = run(
        here.path(),
        &["--spec", "api.json", "--crate", "new/client"],
    );
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    assert_eq!(stdout(&output), "1 operation, 0 types, 0 warnings\n");
    let text =
        |file: &str| std::fs::read_to_string(here.path().join("new/client").join(file)).unwrap();
    let manifest = text("Cargo.toml");
    for line in [
        "name = \"the-orchard-api\"",
        r#"description = "Client of The \"Orchard\" API 2""#,
        "edition = \"2024\"",
        "compute-kfp-runtime = { path = ",
        concat!(
            "version = \"",
            env!("CARGO_PKG_VERSION"),
            "\", default-features = false"
        ),
        "dynamic = [",
        "mock = [",
        "schemars = [",
    ] {
        assert!(manifest.contains(line), "{line}: {manifest}");
    }
    assert!(!manifest.contains("[workspace]"));
    for line in [
        "use the_orchard_api::credentials::ApiKey;",
        "Transport::builder(\"https://orchard.example.org/v2\")",
        ".credentials(operations::SCHEME_KEY.name, ApiKey::new(\"key\"))",
        "client.list_trees().send().await?",
    ] {
        assert!(
            text("README.md").contains(line),
            "{line}: {}",
            text("README.md")
        );
    }
    assert!(text("src/lib.rs").contains("mod generated;"));
    assert!(text("src/generated/client.rs").contains("client: &the_orchard_api::Client"));
}

#[test]
fn the_name_and_the_runtime_of_a_crate_can_be_set() {
    let here = directory(&[("api.json", GOOD)]);
    std::fs::create_dir(here.path().join("runtime")).unwrap();
    let arguments = [
        "--spec",
        "api.json",
        "--crate",
        "client",
        "--name",
        "orchard",
        "--runtime",
        "runtime",
    ];
    let output = run(here.path(), &arguments);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let manifest = std::fs::read_to_string(here.path().join("client/Cargo.toml")).unwrap();
    let runtime = here.path().join("runtime").canonicalize().unwrap();
    assert!(manifest.contains("name = \"orchard\""));
    assert!(
        manifest.contains(&format!("path = \"{}\"", runtime.display())),
        "{manifest}"
    );

    for (option, value) in [
        ("--runtime", "missing"),
        ("--name", "two words"),
        ("--name", "serde"),
        ("--name", "fn"),
    ] {
        let output = run(
            here.path(),
            &["--spec", "api.json", "--crate", "other", option, value],
        );
        assert_eq!(status(&output), 1);
        assert!(stderr(&output).contains(value), "{}", stderr(&output));
        assert!(!here.path().join("other").exists());
    }
}

#[test]
fn files_of_the_user_are_kept_and_the_code_is_replaced() {
    let here = directory(&[("api.json", GOOD), ("rename.json", RENAME)]);
    assert_eq!(
        status(&run(
            here.path(),
            &["--spec", "api.json", "--crate", "client"]
        )),
        0
    );
    let path = |file: &str| here.path().join("client").join(file);
    std::fs::write(path("README.md"), "Mine.").unwrap();
    let manifest = std::fs::read(path("Cargo.toml")).unwrap();
    let output = run(
        here.path(),
        &[
            "--spec",
            "api.json",
            "--overlay",
            "rename.json",
            "--crate",
            "client",
        ],
    );
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    assert_eq!(
        stdout(&output).replace('\\', "/"),
        "kept client/Cargo.toml\nkept client/README.md\nkept client/src/lib.rs\n1 operation, 0 types, 0 warnings\n"
    );
    assert_eq!(std::fs::read_to_string(path("README.md")).unwrap(), "Mine.");
    assert_eq!(std::fs::read(path("Cargo.toml")).unwrap(), manifest);
    let client = std::fs::read_to_string(path("src/generated/client.rs")).unwrap();
    assert!(client.contains("pub fn renamed("));
}

#[test]
fn a_crate_below_a_workspace_without_it_is_its_own_workspace() {
    let workspace = "[workspace]\nmembers = [\"members/*\"]\nresolver = \"3\"\n";
    let here = directory(&[("api.json", GOOD), ("Cargo.toml", workspace)]);
    for (directory, alone) in [("members/client", false), ("client", true)] {
        let output = run(here.path(), &["--spec", "api.json", "--crate", directory]);
        assert_eq!(status(&output), 0, "{}", stderr(&output));
        let manifest = here.path().join(directory).join("Cargo.toml");
        let manifest = std::fs::read_to_string(manifest).unwrap();
        assert_eq!(manifest.contains("\n[workspace]\n"), alone, "{directory}");
    }
}

#[test]
fn yaml_is_read_and_references_to_other_files_are_followed() {
    let here = directory(&[
        ("api.yaml", "openapi: 3.1.0\npaths:\n  /x: {$ref: x.yaml}\n"),
        (
            "x.yaml",
            "get: {operationId: x, responses: {204: {description: Done.}}}\n",
        ),
        (
            "fix.yaml",
            "overlay: 1.0.0\ninfo: {title: Fix, version: 1.0.0}\nactions: [{target: \"$.paths['/x'].get\", update: {x-rust-name: renamed}}]\n",
        ),
    ]);
    let arguments = [
        "--spec",
        "api.yaml",
        "--overlay",
        "fix.yaml",
        "--out",
        "out",
        "--strict",
    ];
    let output = run(here.path(), &arguments);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let client = std::fs::read_to_string(here.path().join("out/client.rs")).unwrap();
    assert!(client.contains("pub fn renamed("));

    std::fs::remove_file(here.path().join("x.yaml")).unwrap();
    let output = run(here.path(), &arguments);
    assert_eq!(status(&output), 1);
    assert!(
        stderr(&output).starts_with("error: api.yaml#/paths/~1x: `x.yaml` cannot be read: "),
        "{}",
        stderr(&output)
    );
}
