//! Reports about a new version of a spec: changes for callers and on the wire.

use std::path::Path;
use std::process::{Command, Output};

use compute_kfp_codegen::{Comparison, Spec, add_to_changelog, compare};
use serde_json::{Value, json};

fn spec() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Greetings", "version": "1" },
        "paths": {
            "/greetings/{name}": { "get": {
                "operationId": "read_greeting",
                "parameters": [
                    { "name": "name", "in": "path", "required": true, "schema": { "type": "string" } },
                    { "name": "tone", "in": "query", "schema": { "$ref": "#/components/schemas/Tone" } }
                ],
                "responses": { "200": { "description": "", "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Greeting" }
                } } } }
            } },
            "/greetings": { "delete": {
                "operationId": "delete_greetings",
                "responses": { "204": { "description": "" } }
            } }
        },
        "components": { "schemas": {
            "Greeting": { "type": "object", "required": ["text"], "properties": {
                "text": { "type": "string" },
                "tone": { "$ref": "#/components/schemas/Tone" }
            } },
            "Tone": { "type": "string", "enum": ["warm", "cold"] }
        } }
    })
}

/// Compares the spec above with a changed version.
fn comparison(change: impl FnOnce(&mut Value)) -> Comparison {
    let (old, mut new) = (spec(), spec());
    new["info"]["version"] = json!("2");
    change(&mut new);
    let spec = |document: &Value| Spec::from_string("greetings.json", document.to_string());
    compare(&spec(&old), &spec(&new)).unwrap()
}

#[track_caller]
fn assert_told(comparison: &Comparison, section: &str, line: &str) {
    let report = comparison.report();
    let (_, after) = report
        .split_once(&format!("\n## {section}\n"))
        .unwrap_or_else(|| panic!("no {section} in {report}"));
    let lines = after.split("\n## ").next().unwrap();
    assert!(lines.contains(&format!("- {line}")), "{report}");
}

#[test]
fn the_same_spec_changes_nothing() {
    let comparison = comparison(|_| {});
    assert!(comparison.is_empty() && !comparison.breaks_callers());
    assert_eq!(
        comparison.report(),
        "# From Greetings 1 to Greetings 2\n\nNothing changes.\n"
    );
}

#[test]
fn a_removed_operation_breaks_callers_and_is_reported_once() {
    let comparison = comparison(|new| {
        new["paths"].as_object_mut().unwrap().remove("/greetings");
    });
    assert!(comparison.breaks_callers());
    assert_told(
        &comparison,
        "Removed (breaks callers)",
        "the operation `delete_greetings`",
    );
    assert_eq!(
        comparison.changelog().matches("delete_greetings").count(),
        1
    );
}

#[test]
fn a_new_operation_breaks_nobody() {
    let comparison = comparison(|new| {
        new["paths"]["/greetings"]["post"] = json!({
            "operationId": "create_greeting", "responses": { "204": { "description": "" } }
        });
    });
    assert!(!comparison.breaks_callers());
    assert_told(&comparison, "Added", "the operation `create_greeting`");
    assert!(
        comparison
            .wire_changes()
            .iter()
            .all(|change| !change.breaks_old_clients)
    );
}

#[test]
fn a_parameter_that_becomes_required_is_a_new_argument() {
    let comparison = comparison(|new| {
        new["paths"]["/greetings/{name}"]["get"]["parameters"][1]["required"] = json!(true);
    });
    assert!(comparison.breaks_callers());
    let changed = "Changed (breaks callers)";
    assert_told(
        &comparison,
        changed,
        "the operation `read_greeting`: `(name: impl Into<String>)` is now `(name: impl Into<String>, tone: impl Into<types::Tone>)`",
    );
    assert_told(
        &comparison,
        "Removed (breaks callers)",
        "`tone` of the operation `read_greeting`",
    );
    assert!(
        comparison
            .wire_changes()
            .iter()
            .any(|change| change.breaks_old_clients)
    );
}

#[test]
fn a_new_optional_parameter_is_a_new_method() {
    let comparison = comparison(|new| {
        let parameters = &mut new["paths"]["/greetings/{name}"]["get"]["parameters"];
        let parameter = json!({ "name": "loud", "in": "query", "schema": { "type": "boolean" } });
        parameters.as_array_mut().unwrap().push(parameter);
    });
    assert!(!comparison.breaks_callers());
    assert_told(
        &comparison,
        "Added",
        "`loud` of the operation `read_greeting`",
    );
}

#[test]
fn a_different_response_type_breaks_callers() {
    let comparison = comparison(|new| {
        let get = &mut new["paths"]["/greetings/{name}"]["get"];
        get["responses"]["200"]["content"]["application/json"]["schema"] =
            json!({ "type": "string" });
    });
    assert!(comparison.breaks_callers());
    assert_told(
        &comparison,
        "Changed (breaks callers)",
        "`send` of the operation `read_greeting`",
    );
}

#[test]
fn a_changed_field_type_breaks_callers_and_a_new_field_breaks_nobody() {
    let comparison = comparison(|new| {
        let properties = &mut new["components"]["schemas"]["Greeting"]["properties"];
        properties["text"] = json!({ "type": "integer" });
        properties["language"] = json!({ "type": "string" });
    });
    assert!(comparison.breaks_callers());
    assert_told(
        &comparison,
        "Changed (breaks callers)",
        "the field `text` of `Greeting`: `String` is now `i64`",
    );
    assert_told(
        &comparison,
        "Added",
        "the field `language` of `Greeting`: `Option<String>`",
    );
    let added = self::comparison(|new| {
        let properties = &mut new["components"]["schemas"]["Greeting"]["properties"];
        properties["language"] = json!({ "type": "string" });
    });
    assert!(!added.breaks_callers());
}

#[test]
fn a_new_value_of_an_enum_breaks_nobody_and_a_removed_one_breaks_callers() {
    let more = comparison(|new| {
        new["components"]["schemas"]["Tone"]["enum"] = json!(["warm", "cold", "dry"]);
    });
    assert!(!more.breaks_callers());
    assert_told(&more, "Added", "the value `Dry` of `Tone`");
    let fewer = comparison(|new| {
        new["components"]["schemas"]["Tone"]["enum"] = json!(["warm"]);
    });
    assert!(fewer.breaks_callers());
    assert_told(
        &fewer,
        "Removed (breaks callers)",
        "the value `Cold` of `Tone`",
    );
}

#[test]
fn a_moved_path_only_changes_the_wire() {
    let comparison = comparison(|new| {
        let paths = new["paths"].as_object_mut().unwrap();
        let item = paths.remove("/greetings").unwrap();
        paths.insert("/all".to_owned(), item);
    });
    assert!(!comparison.is_empty() && !comparison.breaks_callers());
    assert!(comparison.changelog().contains("delete_greetings"));
}

#[test]
fn the_entry_is_added_once_under_unreleased() {
    let comparison = comparison(|new| {
        new["paths"].as_object_mut().unwrap().remove("/greetings");
    });
    let changelog = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- x\n\n## [0.1.0]\n";
    let once = add_to_changelog(changelog, &comparison).unwrap();
    assert_eq!(
        once,
        "# Changelog\n\n## [Unreleased]\n\n### Greetings 1 → Greetings 2\n\n#### Removed (breaks callers)\n\n- the operation `delete_greetings`\n\n### Added\n\n- x\n\n## [0.1.0]\n"
    );
    assert_eq!(add_to_changelog(&once, &comparison).unwrap(), once);
    assert_eq!(add_to_changelog("# Changelog\n", &comparison), None);
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_compute-kfp-spec-diff"))
        .current_dir(directory)
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn the_binary_reports_writes_the_changelog_and_exits_with_a_status_if_callers_break() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    write("old.json", &spec().to_string());
    let mut new = spec();
    new["paths"].as_object_mut().unwrap().remove("/greetings");
    write("new.json", &new.to_string());
    write("CHANGELOG.md", "## [Unreleased]\n");
    let arguments = [
        "--changelog",
        "CHANGELOG.md",
        "--fail-on-breaking",
        "old.json",
        "new.json",
    ];
    let output = run(directory.path(), &arguments);
    assert_eq!(output.status.code(), Some(3));
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains("delete_greetings"), "{report}");
    let changelog = std::fs::read_to_string(directory.path().join("CHANGELOG.md")).unwrap();
    assert!(changelog.contains("delete_greetings"), "{changelog}");
    let same = run(
        directory.path(),
        &["--fail-on-breaking", "old.json", "old.json"],
    );
    assert_eq!(same.status.code(), Some(0));
}

#[test]
fn an_unusable_file_is_named_and_the_changelog_is_unchanged() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    write("old.json", &spec().to_string());
    write("broken.json", r#"{"openapi": "3.1.0", "paths": {"/x": 1}}"#);
    write("CHANGELOG.md", "## [Unreleased]\n");
    let output = run(
        directory.path(),
        &["--changelog", "CHANGELOG.md", "old.json", "broken.json"],
    );
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("broken.json#/"), "{error}");
    let changelog = std::fs::read_to_string(directory.path().join("CHANGELOG.md")).unwrap();
    assert_eq!(changelog, "## [Unreleased]\n");
    write("README.md", "# Readme\n");
    let output = run(
        directory.path(),
        &["--changelog", "README.md", "old.json", "old.json"],
    );
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    let expected = "README.md: the line `## [Unreleased]` is missing";
    assert!(error.contains(expected), "{error}");
    assert_eq!(run(directory.path(), &["old.json"]).status.code(), Some(2));
}
