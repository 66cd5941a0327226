//! What is told about a new description: what callers of the generated code and the wire notice.

use std::path::Path;
use std::process::{Command, Output};

use compute_kfp_codegen::{Comparison, Source, add_to_changelog, compare};
use serde_json::{Value, json};

fn description() -> Value {
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

/// What a change of the description above is told as.
fn comparison(change: impl FnOnce(&mut Value)) -> Comparison {
    let (old, mut new) = (description(), description());
    new["info"]["version"] = json!("2");
    change(&mut new);
    let source = |document: &Value| Source::from_text("greetings.json", document.to_string());
    compare(&source(&old), &source(&new)).unwrap()
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
fn the_same_description_changes_nothing() {
    let comparison = comparison(|_| {});
    assert!(comparison.is_empty() && !comparison.breaks_callers());
    assert_eq!(
        comparison.report(),
        "# From Greetings 1 to Greetings 2\n\nNothing changes.\n"
    );
}

#[test]
fn an_operation_that_is_gone_breaks_callers_and_is_told_once() {
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
fn a_new_optional_parameter_is_a_method_more() {
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
fn another_answer_breaks_who_reads_it() {
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
fn a_field_of_another_type_breaks_callers_and_a_new_one_breaks_nobody() {
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
fn a_new_value_of_an_enum_breaks_nobody_and_one_that_is_gone_does() {
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
fn a_path_that_moves_is_seen_on_the_wire_only() {
    let comparison = comparison(|new| {
        let paths = new["paths"].as_object_mut().unwrap();
        let item = paths.remove("/greetings").unwrap();
        paths.insert("/all".to_owned(), item);
    });
    assert!(!comparison.is_empty() && !comparison.breaks_callers());
    assert!(comparison.changelog().contains("delete_greetings"));
}

#[test]
fn the_entry_stands_once_under_what_is_not_released() {
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
    let error = add_to_changelog("# Changelog\n", &comparison).unwrap_err();
    assert!(error.to_string().contains("## [Unreleased]"), "{error}");
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_compute-kfp-spec-diff"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn the_binary_reports_writes_the_changelog_and_says_by_its_status_whether_callers_break() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("old.json", &description().to_string());
    let mut new = description();
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
    let output = run(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(3));
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains("delete_greetings"), "{report}");
    let changelog = std::fs::read_to_string(folder.path().join("CHANGELOG.md")).unwrap();
    assert!(changelog.contains("delete_greetings"), "{changelog}");
    let same = run(
        folder.path(),
        &["--fail-on-breaking", "old.json", "old.json"],
    );
    assert_eq!(same.status.code(), Some(0));
}

#[test]
fn a_file_that_cannot_be_used_is_named_and_the_changelog_stays() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("old.json", &description().to_string());
    write("broken.json", r#"{"openapi": "3.1.0", "paths": {"/x": 1}}"#);
    write("CHANGELOG.md", "## [Unreleased]\n");
    let output = run(
        folder.path(),
        &["--changelog", "CHANGELOG.md", "old.json", "broken.json"],
    );
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("broken.json#/"), "{error}");
    let changelog = std::fs::read_to_string(folder.path().join("CHANGELOG.md")).unwrap();
    assert_eq!(changelog, "## [Unreleased]\n");
    assert_eq!(run(folder.path(), &["old.json"]).status.code(), Some(2));
}
