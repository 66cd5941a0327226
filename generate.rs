//! Copies the code that the build script generated into the client crates.
//!
//! `cargo run --bin generate` copies the code and prints the generator's warnings. With `--check` it
//! copies nothing, and fails if checked-in code is stale or if there is a warning: an overlay action
//! that matches nothing, or a part of a spec that is left out.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => copy(),
        ["--check"] => check(),
        _ => {
            eprintln!("usage: generate [--check]");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn copy() -> Result<(), Box<dyn Error>> {
    for warning in warnings()? {
        eprintln!("warning: {warning}");
    }
    each_file(|name, target, text| {
        if fs::read_to_string(target).is_ok_and(|present| present == text) {
            return Ok(());
        }
        println!("{name}");
        if let Some(directory) = target.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(target, text)
    })
}

fn check() -> Result<(), Box<dyn Error>> {
    let mut stale = Vec::new();
    each_file(|name, target, text| {
        if !fs::read_to_string(target).is_ok_and(|present| present == text) {
            stale.push(format!("{name} is stale; run `make generate`"));
        }
        Ok(())
    })?;
    stale.extend(warnings()?);
    if stale.is_empty() {
        Ok(())
    } else {
        Err(stale.join("\n").into())
    }
}

fn warnings() -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for directory in fs::read_dir(env!("OUT_DIR"))? {
        let warnings = fs::read_to_string(directory?.path().join("warnings.txt"))?;
        found.extend(warnings.lines().map(str::to_owned));
    }
    Ok(found)
}

/// Calls a function for every generated file, with its name, its path in the workspace and its content.
fn each_file(
    mut visit: impl FnMut(&str, &Path, &str) -> io::Result<()>,
) -> Result<(), Box<dyn Error>> {
    for directory in fs::read_dir(env!("OUT_DIR"))? {
        let directory = directory?;
        for file in fs::read_dir(directory.path().join("generated"))? {
            let file = file?;
            let name = Path::new("crates")
                .join(directory.file_name())
                .join("src/generated")
                .join(file.file_name());
            let target = Path::new(env!("CARGO_MANIFEST_DIR")).join(&name);
            visit(
                &name.display().to_string(),
                &target,
                &fs::read_to_string(file.path())?,
            )?;
        }
    }
    Ok(())
}
