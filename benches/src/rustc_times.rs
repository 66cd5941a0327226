//! CPU time of each crate of a build: this program stands between cargo and rustc as `RUSTC_WRAPPER`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::{env, fs};

use crate::{Result, cost};

/// Where the times go; set, it makes this program a wrapper of rustc.
const FOLDER: &str = "COMPUTE_KFP_BENCHES_RUSTC_TIMES";

/// CPU seconds of rustc and of the linker by the name of the crate and the hash that cargo gives it,
/// which is another for another version, profile, or choice of features.
pub type RustcTimes = BTreeMap<String, f64>;

/// Lets a build write down what each crate takes, into an empty folder.
pub fn write_down(cargo: &mut Command, folder: &Path) -> Result<()> {
    cargo.env("RUSTC_WRAPPER", env::current_exe()?);
    cargo.env(FOLDER, folder);
    Ok(())
}

/// What a build has written down.
pub fn read(folder: &Path) -> Result<RustcTimes> {
    let times = fs::read_dir(folder)?.map(|entry| {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        Ok((name, fs::read_to_string(entry.path())?.parse()?))
    });
    times.collect()
}

/// Runs rustc and writes down what it took, where cargo has started this program for that.
pub fn wrapped_rustc() -> Option<ExitCode> {
    let folder = env::var_os(FOLDER)?;
    let status = run_rustc(env::args_os().skip(1).collect(), Path::new(&folder));
    Some(status.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    }))
}

fn run_rustc(words: Vec<OsString>, folder: &Path) -> Result<ExitCode> {
    let [rustc, arguments @ ..] = words.as_slice() else {
        return Err("cargo did not say which rustc to run".into());
    };
    let (cost, status) = cost::of_status(Command::new(rustc).args(arguments))?;
    // Questions to rustc, which come before the build, have no such name.
    if let Some(unit) = unit(&words) {
        fs::write(folder.join(unit), cost.cpu_s.to_string())?;
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// The name of the crate with the hash of cargo's.
fn unit(words: &[OsString]) -> Option<String> {
    let texts: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let mut pairs = texts.windows(2);
    let name = pairs.find_map(|pair| (pair[0] == "--crate-name").then(|| pair[1].clone()))?;
    let hash = texts
        .iter()
        .find_map(|word| word.strip_prefix("extra-filename="))?;
    Some(format!("{name}{hash}"))
}

/// The name of the crate alone.
pub fn crate_name(unit: &str) -> &str {
    unit.rsplit_once('-').map_or(unit, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_known_by_its_name_and_the_hash_of_cargo() {
        let words = "rustc --crate-name compute_kfp --edition=2024 src/lib.rs -C metadata=1a -C \
                     extra-filename=-0f3c -C linker=cc";
        let words: Vec<_> = words.split(' ').map(OsString::from).collect();
        let unit = unit(&words).unwrap();
        assert_eq!(unit, "compute_kfp-0f3c");
        assert_eq!(crate_name(&unit), "compute_kfp");
    }

    #[test]
    fn a_question_to_rustc_is_no_crate() {
        let words = "rustc - --crate-name ___ --print=file-names --crate-type bin";
        let words: Vec<_> = words.split(' ').map(OsString::from).collect();
        assert_eq!(unit(&words), None);
    }
}
