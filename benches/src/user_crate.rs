//! Programs of users, each a package and workspace of its own.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::candidate::target_directory;
use crate::cost::{self, Cost};
use crate::{Bench, Result};

/// A program with or without the SDK.
pub struct UserCrate {
    /// Name in tables.
    pub name: String,
    directory: TempDir,
}

/// Result of a build.
pub struct Built {
    pub cost: Cost,
    /// Number of dependencies.
    pub crates: usize,
    program: Option<PathBuf>,
}

impl Built {
    pub fn program(&self) -> Result<&Path> {
        Ok(self.program.as_deref().ok_or("no program was built")?)
    }
}

const MESSAGES: &str = "--message-format=json-render-diagnostics";

/// Main dependencies of the SDK, with the features it enables.
const BASELINE: &str = r#"
chrono = { version = "0.4.41", default-features = false, features = ["serde", "std"] }
reqwest = { version = "0.13.4", default-features = false, features = ["http2", "multipart", "rustls", "stream", "system-proxy"] }
serde = { version = "1.0.228", features = ["derive"] }
serde_json = "1.0.145"
tokio = { version = "1.47", default-features = false, features = ["fs", "io-util", "macros", "rt", "sync", "time"] }
"#;

/// Further dependencies of the SDK's feature `oauth`.
const LOGIN: &str = r#"
fs4 = { version = "1.1", default-features = false, features = ["sync"] }
oauth2 = { version = "5", default-features = false }
tempfile = { version = "3.23", default-features = false, features = ["getrandom"] }
"#;

impl UserCrate {
    /// Creates a program without the SDK, with the types of the hand-written candidate.
    pub fn hand_written(bench: &Bench, name: &str) -> Result<Self> {
        Self::without_sdk(bench, name, BASELINE)
    }

    /// Creates the same program, with the dependencies of a login.
    pub fn hand_written_with_login(bench: &Bench, name: &str) -> Result<Self> {
        let dependencies = [BASELINE, LOGIN].concat();
        Self::without_sdk(bench, name, &dependencies)
    }

    fn without_sdk(bench: &Bench, name: &str, dependencies: &str) -> Result<Self> {
        let program = include_str!("../programs/hand_written.rs");
        let user = Self::new(bench, name, dependencies, program)?;
        let candidate = bench.directory.join("candidates/handwritten/src");
        for module in ["int64_text.rs", "kfp.rs"] {
            let target = user.directory.path().join("src").join(module);
            fs::copy(candidate.join(module), target)?;
        }
        Ok(user)
    }

    /// Creates a program with the SDK. `features` is added to its entry in `Cargo.toml`.
    pub fn with_sdk(bench: &Bench, name: &str, features: &str, program: &str) -> Result<Self> {
        let path = bench.project().join("crates/compute-kfp");
        let dependencies = format!(
            "compute-kfp = {{ path = {path:?}{features} }}\n\
             tokio = {{ version = \"1.47\", default-features = false, features = [\"macros\", \"rt\"] }}\n"
        );
        Self::new(bench, name, &dependencies, program)
    }

    fn new(bench: &Bench, name: &str, dependencies: &str, program: &str) -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("compute-kfp-user")
            .tempdir()?;
        // Several of these programs are built into one directory.
        let package = name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        let manifest = format!(
            "[package]\nname = \"user-{package}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [workspace]\n\n[dependencies]\n{dependencies}"
        );
        fs::write(directory.path().join("Cargo.toml"), manifest)?;
        fs::create_dir(directory.path().join("src"))?;
        fs::write(directory.path().join("src/main.rs"), program)?;
        // The same versions for all.
        fs::copy(
            bench.project().join("Cargo.lock"),
            directory.path().join("Cargo.lock"),
        )?;
        let name = name.to_owned();
        let user = Self { name, directory };
        cost::of(&mut user.cargo("fetch"))?;
        Ok(user)
    }

    /// Builds the program and its dependencies from nothing.
    pub fn build(&self) -> Result<Built> {
        let target = self.directory.path().join("target");
        if target.exists() {
            fs::remove_dir_all(&target)?;
        }
        let mut cargo = self.cargo("build");
        cargo.env("CARGO_TARGET_DIR", target);
        // Crates of a registry are never built incrementally. Those of the SDK would be, as they are paths.
        cargo.env("CARGO_INCREMENTAL", "0");
        built(cargo.args(["--offline", MESSAGES]))
    }

    /// Checks the program, as an editor does, in a separate directory.
    pub fn check(&self) -> Result<Built> {
        let mut cargo = self.cargo("check");
        cargo.env("CARGO_TARGET_DIR", self.directory.path().join("checked"));
        built(cargo.args(["--offline", MESSAGES]))
    }

    /// Builds the program with the profile `release`, and strips it.
    pub fn stripped(&self, bench: &Bench) -> Result<PathBuf> {
        let mut cargo = self.cargo("build");
        cargo.env("CARGO_TARGET_DIR", target_directory(&bench.directory)?);
        let built = built(cargo.args(["--release", "--offline", MESSAGES]))?;
        let stripped = self.directory.path().join("stripped");
        cost::of(
            Command::new("strip")
                .arg("-o")
                .arg(&stripped)
                .arg(built.program()?),
        )?;
        read_from_disk(&stripped)?;
        Ok(stripped)
    }

    /// Saves the program again, so that cargo sees a change.
    pub fn touch(&self) -> Result<()> {
        let program = self.directory.path().join("src/main.rs");
        let text = fs::read(&program)?;
        Ok(fs::write(program, text)?)
    }

    fn cargo(&self, command: &str) -> Command {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.arg(command).current_dir(self.directory.path());
        // The settings of these benchmarks are not those of users.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PROFILE_")
                || text == "CARGO_INCREMENTAL"
                || text == "RUSTFLAGS"
            {
                cargo.env_remove(&name);
            }
        }
        cargo
    }
}

/// Drops a file from the page cache, as if the program had been installed some time ago. The kernel maps
/// larger pieces of a cached file, which adds half a MiB of resident memory.
fn read_from_disk(path: &Path) -> Result<()> {
    File::open(path)?.sync_all()?;
    let mut dd = Command::new("dd");
    dd.arg(format!("if={}", path.display()));
    cost::of(dd.args(["iflag=nocache", "count=0"]))?;
    Ok(())
}

/// Builds a program of the SDK's workspace.
pub fn sdk_program(bench: &Bench, package: &str, program: &str) -> Result<PathBuf> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(bench.project()).args([
        "build",
        "--release",
        MESSAGES,
        "--package",
        package,
        "--bin",
        program,
    ]);
    Ok(built(&mut cargo)?.program()?.to_owned())
}

fn built(cargo: &mut Command) -> Result<Built> {
    let (cost, output) = cost::of(cargo)?;
    let mut crates = BTreeSet::new();
    let mut program = None;
    for line in output.split(|byte| *byte == b'\n') {
        let Ok(message) = serde_json::from_slice::<Value>(line) else {
            continue;
        };
        if message["reason"] != "compiler-artifact" {
            continue;
        }
        let package = message["package_id"].as_str().unwrap_or_default();
        if let Some(path) = message["executable"].as_str() {
            program = Some(path.into());
        } else {
            crates.insert(package.to_owned());
        }
    }
    Ok(Built {
        cost,
        crates: crates.len(),
        program,
    })
}
