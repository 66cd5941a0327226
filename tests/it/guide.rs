//! The pages of the guide: their examples are compiled, and what they name exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use compute_kfp::{compute, kfp};
use serde_json::Value;

use crate::facade_methods::methods;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The README, CONTRIBUTING and the pages of the guide.
fn pages() -> Vec<(PathBuf, String)> {
    let guide = fs::read_dir(root().join("docs")).unwrap();
    let guide = guide.map(|entry| entry.unwrap().path());
    let guide = guide.filter(|path| path.extension().is_some_and(|end| end == "md"));
    let top = ["README.md", "CONTRIBUTING.md"].map(|name| root().join(name));
    top.into_iter()
        .chain(guide)
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path, text)
        })
        .collect()
}

/// The text between each `open` and the next `close`.
fn between<'t>(text: &'t str, open: &str, close: &str) -> impl Iterator<Item = &'t str> {
    let close = close.to_owned();
    text.split(open)
        .skip(1)
        .filter_map(move |rest| Some(rest.split_once(&*close)?.0))
}

/// The anchor of a heading, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|char| char.is_alphanumeric() || " -_".contains(*char));
    kept.map(|char| if char == ' ' { '-' } else { char })
        .collect::<String>()
        .to_lowercase()
}

#[test]
fn every_page_with_rust_is_compiled() {
    let compiled = fs::read_to_string(root().join("docs/guide.rs")).unwrap();
    for (path, text) in pages() {
        let name = path.file_name().unwrap().to_str().unwrap();
        if text.contains("```rust") {
            assert!(
                compiled.contains(name),
                "{name} is missing in docs/guide.rs"
            );
        }
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    for (path, text) in pages() {
        for link in between(&text, "](", ")").filter(|link| !link.contains("://")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                _ => path.parent().unwrap().join(file),
            };
            assert!(target.exists(), "{}: {link}", path.display());
            if !heading.is_empty() {
                let target = fs::read_to_string(target).unwrap();
                let mut headings = target.lines().filter(|line| line.starts_with('#'));
                let found = headings.any(|it| anchor(it.trim_start_matches(['#', ' '])) == heading);
                assert!(found, "{}: {link}", path.display());
            }
        }
    }
}

#[test]
fn methods_that_the_pages_name_exist() {
    let names = |module: &str, operations: &[&compute_kfp::operation::Operation]| {
        let generated = operations.iter().map(|it| it.name.to_owned());
        let both = methods(module).into_iter().chain(generated);
        both.collect::<BTreeSet<String>>()
    };
    let mut of_kfp = names("kfp", kfp::operations::OPERATIONS);
    of_kfp.extend(methods("record"));
    let of_compute = names("compute", compute::operations::OPERATIONS);
    for (path, text) in pages() {
        for (client, known) in [("kfp.", &of_kfp), ("compute.", &of_compute)] {
            for code in between(&text, &format!("`{client}"), "`") {
                let end = code.find(|char: char| char != '_' && !char.is_alphanumeric());
                let name = &code[..end.unwrap_or(code.len())];
                // `kfp.Client` is a class of Python.
                let is_method = name.starts_with(|char: char| char.is_ascii_lowercase());
                assert!(
                    !is_method || known.contains(name),
                    "{}: {client}{name}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn the_picture_of_the_crates_shows_their_dependencies() {
    let page = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let picture = between(&page, "```mermaid\n", "```").next().unwrap();
    let shown: BTreeSet<_> = picture
        .lines()
        .filter_map(|line| line.trim().split_once(" --> "))
        .map(|(user, used)| (user.to_owned(), used.to_owned()))
        .collect();

    let metadata = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let directory = |path: &Value| {
        let name = Path::new(path.as_str()?).file_name()?.to_str()?;
        Some(name.to_owned())
    };
    let mut declared = BTreeSet::new();
    for package in metadata["packages"].as_array().unwrap() {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        let directory_of_package = manifest.parent().unwrap();
        if directory_of_package.parent() != Some(&root().join("crates")) {
            continue;
        }
        let user = directory_of_package.file_name().unwrap();
        for used in package["dependencies"].as_array().unwrap() {
            if let (Value::Null, Some(used)) = (&used["kind"], directory(&used["path"])) {
                declared.insert((user.to_str().unwrap().to_owned(), used));
            }
        }
    }
    assert_eq!(shown, declared);
}
