//! The config file with named profiles.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};
use serde::Deserialize;

use crate::api::Api;
use crate::failure::Failure;
use crate::server_settings::ServerSettings;

pub const DEFAULT: &str = "default";

/// The settings of each API, by the name of the section.
pub type Profile = BTreeMap<Api, ServerSettings>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
}

/// Returns the path of the file, if there is a home directory.
pub fn path() -> Option<PathBuf> {
    let strategy = choose_base_strategy().ok()?;
    let directory = strategy.config_dir();
    Some(directory.join("compute-kfp").join("config.toml"))
}

/// Returns the profile with that name, or the default one, which may be missing.
pub fn read(name: Option<&str>) -> Result<Profile, Failure> {
    // Without a home directory, there is no file at this path either.
    let path = path().unwrap_or_default();
    let mut profiles = profiles(&path)?;
    match (profiles.remove(name.unwrap_or(DEFAULT)), name) {
        (Some(profile), _) => Ok(profile),
        (None, None) => Ok(Profile::default()),
        (None, Some(name)) => {
            let known: Vec<&str> = profiles.keys().map(String::as_str).collect();
            let known = match known.as_slice() {
                [] => "it has no profiles".to_owned(),
                known => format!("it has {}", known.join(", ")),
            };
            Err(Failure::Usage(format!(
                "`{}` has no profile `{name}`; {known}",
                path.display()
            )))
        }
    }
}

fn profiles(path: &Path) -> Result<BTreeMap<String, Profile>, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => {
            let what = format!("cannot read the config file `{}`", path.display());
            return Err(Failure::io(what, &error));
        }
    };
    let file: File = toml::from_str(&text).map_err(|error| {
        // Not the error as a whole: it shows the line, which may hold a token.
        let line = error.span().map_or(1, |span| {
            let before = text.get(..span.start).unwrap_or_default();
            before.matches('\n').count() + 1
        });
        Failure::Usage(format!(
            "invalid config file `{}`, line {line}: {}",
            path.display(),
            without_values(error.message())
        ))
    })?;
    Ok(file.profiles)
}

/// Returns a message of the parser without the values that it quotes.
fn without_values(message: &str) -> String {
    match message.split_once("string \"") {
        Some((before, rest)) => {
            let after = rest.rsplit_once('"').map_or("", |(_, after)| after);
            format!("{before}string{after}")
        }
        None => message.to_owned(),
    }
}
