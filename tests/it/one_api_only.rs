//! Users of one API compile one client, and no user's build generates code.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

const PUBLISHED: [&str; 4] = [
    "compute-kfp",
    "compute-kfp-runtime",
    "compute-api-client",
    "kfp-api-client",
];

fn cargo(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .arg("--locked")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// Returns the packages that a user of the facade compiles.
fn compiled_with(features: &str) -> BTreeSet<String> {
    let arguments = [
        "tree",
        "-p",
        "compute-kfp",
        "--no-default-features",
        "--features",
        features,
        "-e",
        "normal,build",
    ];
    let tree = cargo(&[&arguments[..], &["--prefix", "none", "--format", "{p}"]].concat());
    let tree = String::from_utf8(tree).unwrap();
    tree.lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_features_choose_the_clients() {
    for (features, with_compute, with_kfp) in [
        ("compute,rustls", true, false),
        ("kfp,rustls", false, true),
        ("compute,kfp,rustls", true, true),
    ] {
        let compiled = compiled_with(features);
        assert_eq!(
            compiled.contains("compute-api-client"),
            with_compute,
            "{features}"
        );
        assert_eq!(compiled.contains("kfp-api-client"), with_kfp, "{features}");
    }
}

#[test]
fn users_compile_neither_the_generator_nor_a_server() {
    let compiled = compiled_with("compute,kfp,rustls,schemars");
    for unwanted in [
        "compute-kfp-codegen",
        "compute-kfp-sandbox",
        "progenitor",
        "axum",
    ] {
        assert!(!compiled.contains(unwanted), "{unwanted}");
    }
}

#[test]
fn the_features_choose_the_tls_implementation() {
    let (rustls, native) = (compiled_with("kfp,rustls"), compiled_with("kfp,native-tls"));
    assert!(rustls.contains("rustls") && !rustls.contains("native-tls"));
    assert!(native.contains("native-tls") && !native.contains("rustls"));
}

#[test]
fn the_published_crates_have_no_build_script_and_no_build_dependencies() {
    let metadata: Value =
        serde_json::from_slice(&cargo(&["metadata", "--format-version", "1", "--no-deps"]))
            .unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    for name in PUBLISHED {
        let package = packages
            .iter()
            .find(|package| package["name"] == name)
            .unwrap();
        let targets = package["targets"].as_array().unwrap();
        assert!(
            targets
                .iter()
                .all(|target| target["kind"][0] != "custom-build"),
            "{name} has a build script"
        );
        let dependencies = package["dependencies"].as_array().unwrap();
        assert!(
            dependencies
                .iter()
                .all(|dependency| dependency["kind"] != "build"),
            "{name}"
        );
        assert!(package["publish"].is_null(), "{name} cannot be published");
    }
}
