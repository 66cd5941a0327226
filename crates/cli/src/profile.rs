//! The config file with named profiles.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};
use serde::Deserialize;

use crate::api::Api;
use crate::failure::Failure;

/// The profile that counts where none is named.
pub const DEFAULT: &str = "default";

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
}

/// Settings under a name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    compute: Option<Section>,
    kfp: Option<Section>,
}

/// What a profile says of one API.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Address of the server.
    pub endpoint: Option<String>,
    /// File with the bearer token.
    pub token_file: Option<PathBuf>,
}

impl Profile {
    pub fn section(&self, api: Api) -> Option<&Section> {
        match api {
            Api::Compute => self.compute.as_ref(),
            Api::Kfp => self.kfp.as_ref(),
        }
    }
}

/// Where the file is, if there is a home folder.
pub fn path() -> Option<PathBuf> {
    let strategy = choose_base_strategy().ok()?;
    Some(
        strategy
            .config_dir()
            .join("compute-kfp")
            .join("config.toml"),
    )
}

/// The profile of that name, or the default one, which need not be there.
pub fn read(name: Option<&str>) -> Result<Profile, Failure> {
    let Some(path) = path() else {
        return match name {
            None => Ok(Profile::default()),
            Some(name) => Err(Failure::Usage(format!(
                "there is no home folder to look for the profile `{name}` in; leave out --profile"
            ))),
        };
    };
    let profiles = profiles(&path)?;
    let found = profiles.get(name.unwrap_or(DEFAULT)).cloned();
    match (found, name) {
        (Some(profile), _) => Ok(profile),
        (None, None) => Ok(Profile::default()),
        (None, Some(name)) => {
            let known: Vec<&str> = profiles.keys().map(String::as_str).collect();
            let known = match known.as_slice() {
                [] => "it has none".to_owned(),
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
            let what = format!("the config file `{}` cannot be read", path.display());
            return Err(Failure::io(what, &error));
        }
    };
    let file: File = toml::from_str(&text).map_err(|error| {
        Failure::Usage(format!(
            "the config file `{}` is not as described: {}",
            path.display(),
            error.to_string().trim_end()
        ))
    })?;
    Ok(file.profiles)
}
