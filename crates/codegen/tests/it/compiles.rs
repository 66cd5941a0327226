//! Generated code compiles without warnings in its own crate, and its types round-trip.
//!
//! This builds crates with different features than the workspace, which takes minutes: `ci/tests` runs it.

mod nasty;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use compute_kfp_codegen::{Spec, generate, write};

const MANIFEST: &str = r#"[package]
name = "scratch"
version = "0.0.0"
edition = "2024"

[features]
schemars = []
dynamic = []
mock = []

# The same whatever the features are, so that they are built once.
[dependencies]
compute-kfp-runtime = { path = "CRATES/runtime", default-features = false, features = ["dynamic", "mock", "schemars"] }
compute-kfp-test-server = { path = "CRATES/test-server" }
schemars = "1"
serde = { version = "1", features = ["derive"] }
# Calls by name send parameters in the order of their JSON.
serde_json = { version = "1", features = ["preserve_order"] }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }

[workspace]
resolver = "3"
"#;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn scratch() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("scratch")
}

fn put(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    if std::fs::read_to_string(path).is_ok_and(|present| present == text) {
        return;
    }
    std::fs::write(path, text).unwrap();
}

fn documents() -> Vec<(&'static str, String)> {
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specs");
    vec![
        ("names", nasty::names()),
        ("members", nasty::members()),
        ("everywhere", nasty::everywhere()),
        ("prose", nasty::prose()),
        ("empty", r#"{"openapi": "3.1.0", "paths": {}}"#.to_owned()),
        ("fastapi", read(here.join("fastapi.json"))),
        ("grpc_gateway", read(here.join("grpc_gateway.json"))),
        ("wire", read(here.join("wire.json"))),
        ("streams", read(here.join("streams.json"))),
        ("shapes", read(here.join("shapes.json"))),
        ("swagger", read(here.join("swagger.json"))),
    ]
}

/// Returns the profiles and the build dependencies of the workspace. A crate with them has the macros
/// that the workspace compiled.
fn shared_sections() -> String {
    let manifest = std::fs::read_to_string(workspace().join("Cargo.toml")).unwrap();
    let sections = manifest.split("\n[").filter(|section| {
        let name = section.split(']').next().unwrap();
        name.starts_with("profile.dev") || name.ends_with("build-dependencies")
    });
    let sections: String = sections.map(|section| format!("\n[{section}")).collect();
    sections.replace(
        "compute-kfp-codegen.workspace = true",
        r#"compute-kfp-codegen = { path = "CRATES/codegen" }"#,
    )
}

/// Writes a crate with the code of the specs and a program that reads and writes its types.
fn write_crate(directory: &Path) {
    let crates = workspace().join("crates").canonicalize().unwrap();
    let manifest = format!("{MANIFEST}{}", shared_sections());
    put(
        &directory.join("Cargo.toml"),
        &manifest.replace("CRATES", &crates.display().to_string()),
    );
    put(
        &directory.join("Cargo.lock"),
        &std::fs::read_to_string(workspace().join("Cargo.lock")).unwrap(),
    );
    let mut library = "//! Scratch.\n#![deny(warnings, missing_docs)]\n\n".to_owned();
    for (name, text) in documents() {
        let spec = Spec::from_string(format!("{name}.json"), text);
        let generated = generate(&spec).unwrap_or_else(|error| panic!("{name}: {error}"));
        write(&generated, directory.join("src").join(name)).unwrap();
        writeln!(library, "/// Generated.\npub mod {name};").unwrap();
    }
    put(&directory.join("src/lib.rs"), &library);
    put(
        &directory.join("src/main.rs"),
        include_str!("compiles/program.rs"),
    );
    put(
        &directory.join("src/sending.rs"),
        include_str!("compiles/sending.rs"),
    );
}

fn cargo(directory: &Path, arguments: &[&str]) {
    // Shared dependencies with the same features are built only once.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let output = Command::new(env!("CARGO"))
        .current_dir(directory)
        .args(arguments)
        .env("CARGO_TARGET_DIR", target)
        .env("RUSTDOCFLAGS", "-D warnings")
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "cargo {arguments:?} failed:\n{errors}\n{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
#[ignore = "takes minutes to compile: `ci/tests` runs it"]
fn generated_code_compiles_without_warnings_with_and_without_schemas_and_round_trips() {
    let directory = scratch();
    write_crate(&directory);
    cargo(&directory, &["check", "--lib"]);
    cargo(
        &directory,
        &["doc", "--no-deps", "--lib", "--features", "dynamic,mock"],
    );
    cargo(&directory, &["run", "--features", "schemars,dynamic,mock"]);
}

#[test]
#[ignore = "takes minutes to compile: `ci/tests` runs it"]
fn a_written_crate_compiles_with_its_features_and_without_and_so_does_its_example() {
    let runtime = workspace().join("crates/runtime");
    let mut specs = documents();
    specs.retain(|(spec, _)| ["fastapi", "grpc_gateway"].contains(spec));
    for (spec, text) in specs {
        let name = format!("{}-client", spec.replace('_', "-"));
        // It is below this workspace but not a member of it.
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
        let _ = std::fs::remove_dir_all(&directory);
        let spec = Spec::from_string(spec, text).for_crate(name.replace('-', "_"));
        let generated = generate(&spec).unwrap();
        compute_kfp_codegen::write_crate(&generated, &directory, &name, Some(&runtime)).unwrap();
        put(
            &directory.join("Cargo.lock"),
            &std::fs::read_to_string(workspace().join("Cargo.lock")).unwrap(),
        );
        cargo(&directory, &["check", "--no-default-features"]);
        let features = "dynamic,mock,schemars";
        cargo(&directory, &["test", "--doc", "--features", features]);
    }
}

/// Returns the documentation of all items of a file, one string per item.
fn documentation(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut text = String::new();
    for line in code.lines().map(str::trim_start) {
        match line.strip_prefix("///") {
            Some(doc) => {
                text.push_str(doc.strip_prefix(' ').unwrap_or(doc));
                text.push('\n');
            }
            None => found.push(std::mem::take(&mut text)),
        }
    }
    found
}

#[test]
fn no_prose_becomes_a_test() {
    use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

    for (name, text) in documents() {
        for (_, code) in generate(&Spec::from_string(name, text)).unwrap().files() {
            for doc in documentation(code) {
                let is_test = Parser::new(&doc).any(|event| match event {
                    Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => &*info != "text",
                    Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => true,
                    _ => false,
                });
                assert!(!is_test, "{doc}");
            }
        }
    }
}
