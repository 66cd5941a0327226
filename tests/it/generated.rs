//! The checked-in code matches the specs.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use similar::TextDiff;

/// Maximum length of a difference; `git diff` after `make generate` shows all of it.
const SHOWN_LINES: usize = 80;

#[test]
fn the_checked_in_clients_match_the_specs() {
    let mut report = String::new();
    for directory in fs::read_dir(env!("OUT_DIR")).unwrap() {
        let directory = directory.unwrap();
        let checked_in = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("crates")
            .join(directory.file_name())
            .join("src/generated");
        for file in fs::read_dir(directory.path().join("generated")).unwrap() {
            let file = file.unwrap();
            let expected = fs::read_to_string(file.path()).unwrap();
            let path = checked_in.join(file.file_name());
            let present = fs::read_to_string(&path).unwrap_or_default();
            if present != expected {
                let diff = TextDiff::from_lines(&present, &expected);
                let diff = diff
                    .unified_diff()
                    .context_radius(2)
                    .header("checked in", "generated")
                    .to_string();
                let shown: Vec<&str> = diff.lines().take(SHOWN_LINES).collect();
                writeln!(report, "{}:\n{}", path.display(), shown.join("\n")).unwrap();
            }
        }
    }
    assert!(
        report.is_empty(),
        "stale code; run `make generate`\n\n{report}"
    );
}

#[test]
fn directories_of_generated_code_contain_only_generated_files() {
    for directory in fs::read_dir(env!("OUT_DIR")).unwrap() {
        let directory = directory.unwrap();
        let checked_in = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("crates")
            .join(directory.file_name())
            .join("src/generated");
        for file in fs::read_dir(checked_in).unwrap() {
            let file = file.unwrap();
            let generated = directory.path().join("generated").join(file.file_name());
            assert!(
                generated.exists(),
                "{} is not generated; remove it",
                file.path().display()
            );
        }
    }
}
