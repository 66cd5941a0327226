//! Crates as users write them, each a package and workspace of its own.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use serde_json::Value;
use tempfile::TempDir;

use crate::candidate::target_folder;
use crate::cost::{self, Cost};
use crate::rustc_times::{self, RustcTimes};
use crate::{Bench, Result};

/// A program that uses the SDK, or does without it.
pub struct UserCrate {
    /// As tables call it.
    pub name: String,
    folder: TempDir,
}

/// What came of a build.
pub struct Built {
    pub cost: Cost,
    /// Crates that the program stands on.
    pub crates: usize,
    /// Packages that are folders here, and none of a registry.
    local: BTreeSet<String>,
    program: Option<PathBuf>,
}

impl Built {
    pub fn program(&self) -> Result<&Path> {
        Ok(self.program.as_deref().ok_or("no program was built")?)
    }
}

const MESSAGES: &str = "--message-format=json-render-diagnostics";

/// What the SDK stands on, with the features that it turns on by itself.
const BASELINE: &str = r#"
chrono = { version = "0.4.41", default-features = false, features = ["serde", "std"] }
reqwest = { version = "0.13.4", default-features = false, features = ["http2", "multipart", "rustls", "stream", "system-proxy"] }
serde = { version = "1.0.228", features = ["derive"] }
serde_json = "1.0.145"
tokio = { version = "1.47", default-features = false, features = ["fs", "io-util", "macros", "rt", "sync", "time"] }
"#;

/// What the SDK's feature `oauth` stands on beside that: who writes a login by hand takes them too.
const LOGIN: &str = r#"
fs4 = { version = "1.1", default-features = false, features = ["sync"] }
oauth2 = { version = "5", default-features = false }
tempfile = { version = "3.23", default-features = false, features = ["getrandom"] }
"#;

impl UserCrate {
    /// What the names of their crates begin with.
    pub const PREFIX: &str = "user";

    /// A program without the SDK, with the types of the hand-written candidate.
    pub fn hand_written(bench: &Bench, name: &str) -> Result<Self> {
        Self::without_sdk(bench, name, BASELINE)
    }

    /// The same, with the crates that a login takes.
    pub fn hand_written_with_login(bench: &Bench, name: &str) -> Result<Self> {
        let dependencies = [BASELINE, LOGIN].concat();
        Self::without_sdk(bench, name, &dependencies)
    }

    fn without_sdk(bench: &Bench, name: &str, dependencies: &str) -> Result<Self> {
        let program = include_str!("../programs/hand_written.rs");
        let user = Self::new(bench, name, dependencies, program)?;
        let candidate = bench.folder.join("candidates/handwritten/src");
        for module in ["int64_text.rs", "kfp.rs"] {
            let target = user.folder.path().join("src").join(module);
            fs::copy(candidate.join(module), target)?;
        }
        Ok(user)
    }

    /// A program with the SDK; `features` is what its entry of `Cargo.toml` says of them.
    pub fn with_sdk(bench: &Bench, name: &str, features: &str, program: &str) -> Result<Self> {
        let path = bench.project().join("crates/compute-kfp");
        let dependencies = format!(
            "compute-kfp = {{ path = {path:?}{features} }}\n\
             tokio = {{ version = \"1.47\", default-features = false, features = [\"macros\", \"rt\"] }}\n"
        );
        Self::new(bench, name, &dependencies, program)
    }

    fn new(bench: &Bench, name: &str, dependencies: &str, program: &str) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("compute-kfp-user")
            .tempdir()?;
        // Programs of several such crates lie in one folder.
        let package = name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        let manifest = format!(
            "[package]\nname = \"{}-{package}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [workspace]\n\n[dependencies]\n{dependencies}",
            Self::PREFIX
        );
        fs::write(folder.path().join("Cargo.toml"), manifest)?;
        fs::create_dir(folder.path().join("src"))?;
        fs::write(folder.path().join("src/main.rs"), program)?;
        // The same versions for all.
        fs::copy(
            bench.project().join("Cargo.lock"),
            folder.path().join("Cargo.lock"),
        )?;
        let name = name.to_owned();
        let user = Self { name, folder };
        cost::of(&mut user.cargo("fetch"))?;
        Ok(user)
    }

    /// Builds all of it, in a folder where nothing is built yet.
    ///
    /// Crates of a registry are never built incrementally. Those of the SDK would be, since it is a
    /// path here, and take up to twice the time.
    pub fn build(&self) -> Result<(Built, RustcTimes)> {
        let target = self.target();
        if target.exists() {
            fs::remove_dir_all(&target)?;
        }
        self.build_what_is_missing()
    }

    /// Builds once more what no registry has: the program, and the crates of the SDK.
    pub fn build_local_again(&self, built: &Built) -> Result<RustcTimes> {
        let mut cargo = self.cargo("clean");
        cargo.env("CARGO_TARGET_DIR", self.target());
        cargo.arg("--offline");
        for package in &built.local {
            cargo.args(["--package", package]);
        }
        cost::of(&mut cargo)?;
        Ok(self.build_what_is_missing()?.1)
    }

    fn build_what_is_missing(&self) -> Result<(Built, RustcTimes)> {
        let times = tempfile::tempdir()?;
        let mut cargo = self.cargo("build");
        cargo.env("CARGO_TARGET_DIR", self.target());
        cargo.env("CARGO_INCREMENTAL", "0");
        rustc_times::write_down(&mut cargo, times.path())?;
        let built = built(cargo.args(["--offline", MESSAGES]))?;
        Ok((built, rustc_times::read(times.path())?))
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("target")
    }

    /// Checks it, as an editor does, in a folder of its own.
    pub fn check(&self) -> Result<Built> {
        let mut cargo = self.cargo("check");
        cargo.env("CARGO_TARGET_DIR", self.folder.path().join("checked"));
        built(cargo.args(["--offline", MESSAGES]))
    }

    /// Builds the program by the profile `release`, beside the candidates, and strips it.
    pub fn stripped(&self, bench: &Bench) -> Result<PathBuf> {
        let mut cargo = self.cargo("build");
        cargo.env("CARGO_TARGET_DIR", target_folder(&bench.folder)?);
        let built = built(cargo.args(["--release", "--offline", MESSAGES]))?;
        let stripped = self.folder.path().join("stripped");
        cost::of(
            Command::new("strip")
                .arg("-o")
                .arg(&stripped)
                .arg(built.program()?),
        )?;
        read_from_disk(&stripped)?;
        Ok(stripped)
    }

    /// Lets the user save the program.
    pub fn touch(&self) -> Result<()> {
        let program = self.folder.path().join("src/main.rs");
        let text = fs::read(&program)?;
        Ok(fs::write(program, text)?)
    }

    fn cargo(&self, command: &str) -> Command {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.arg(command).current_dir(self.folder.path());
        // As users have it, whatever these benchmarks are built with.
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

/// Lets a file be read from the disk when it is used next, as a program that was installed some time ago.
///
/// Of a file that was written just now, the kernel maps larger pieces, which count for half a MiB of
/// resident memory.
fn read_from_disk(path: &Path) -> Result<()> {
    let file = File::open(path)?;
    file.sync_all()?;
    let (from_start, to_end) = (0, 0);
    let advice = PosixFadviseAdvice::POSIX_FADV_DONTNEED;
    Ok(posix_fadvise(&file, from_start, to_end, advice)?)
}

/// A program of the SDK's workspace.
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
    let mut local = BTreeSet::new();
    let mut program = None;
    for line in output.split(|byte| *byte == b'\n') {
        let Ok(message) = serde_json::from_slice::<Value>(line) else {
            continue;
        };
        if message["reason"] != "compiler-artifact" {
            continue;
        }
        let package = message["package_id"].as_str().unwrap_or_default();
        if package.starts_with("path+") {
            local.insert(package.to_owned());
        }
        if let Some(path) = message["executable"].as_str() {
            program = Some(path.into());
        } else {
            crates.insert(package.to_owned());
        }
    }
    Ok(Built {
        cost,
        crates: crates.len(),
        local,
        program,
    })
}
