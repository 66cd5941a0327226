//! The config file with named profiles.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};
use serde::Deserialize;

use crate::api::Api;
use crate::failure::Failure;
use crate::setting_name::{
    ALLOW_HTTP, CERTIFICATE_AUTHORITY, CLIENT_CERTIFICATE, CLIENT_KEY, COOKIE_FILE,
    IDENTITY_HEADER, INSECURE_SKIP_TLS_VERIFY, PROXY, SettingName,
};

/// The default profile.
pub const DEFAULT: &str = "default";

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
}

/// A named set of settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    compute: Option<Section>,
    kfp: Option<Section>,
}

/// The settings of one API in a profile.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Address of the server.
    pub endpoint: Option<String>,
    /// File with the bearer token.
    pub token_file: Option<PathBuf>,
    allow_http: Option<bool>,
    certificate_authority: Option<PathBuf>,
    client_certificate: Option<PathBuf>,
    client_key: Option<PathBuf>,
    insecure_skip_tls_verify: Option<bool>,
    proxy: Option<String>,
    cookie_file: Option<PathBuf>,
    identity_header: Option<String>,
}

impl Section {
    /// Returns the other settings, in the format of variables.
    pub fn connection(&self) -> Vec<(&'static SettingName, OsString)> {
        let flag = |value: Option<bool>| value.map(|value| value.to_string().into());
        let path = |path: &Option<PathBuf>| path.clone().map(PathBuf::into_os_string);
        let text = |text: &Option<String>| text.clone().map(OsString::from);
        let settings = [
            (&ALLOW_HTTP, flag(self.allow_http)),
            (&CERTIFICATE_AUTHORITY, path(&self.certificate_authority)),
            (&CLIENT_CERTIFICATE, path(&self.client_certificate)),
            (&CLIENT_KEY, path(&self.client_key)),
            (
                &INSECURE_SKIP_TLS_VERIFY,
                flag(self.insecure_skip_tls_verify),
            ),
            (&PROXY, text(&self.proxy)),
            (&COOKIE_FILE, path(&self.cookie_file)),
            (&IDENTITY_HEADER, text(&self.identity_header)),
        ];
        let settings = settings.into_iter();
        settings
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }
}

impl Profile {
    pub fn section(&self, api: Api) -> Option<&Section> {
        match api {
            Api::Compute => self.compute.as_ref(),
            Api::Kfp => self.kfp.as_ref(),
        }
    }
}

/// Returns the path of the file, if there is a home directory.
pub fn path() -> Option<PathBuf> {
    let strategy = choose_base_strategy().ok()?;
    Some(
        strategy
            .config_dir()
            .join("compute-kfp")
            .join("config.toml"),
    )
}

/// Returns the profile with that name, or the default one, which may be missing.
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
        (Some(profile), _) => {
            for api in Api::ALL {
                let section = profile.section(api).map(Section::connection);
                let mut settings = section.into_iter().flatten();
                if let Some((setting, _)) =
                    settings.find(|(setting, _)| setting.variable(api).is_none())
                {
                    return Err(Failure::Usage(format!(
                        "`{}` sets `{}` for {}, which has no such setting; remove it",
                        path.display(),
                        setting.key,
                        api.title()
                    )));
                }
            }
            Ok(profile)
        }
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
        // Not the error as a whole: it shows the line, which may hold a token.
        let line = error.span().map_or(1, |span| {
            let before = text.get(..span.start).unwrap_or_default();
            before.matches('\n').count() + 1
        });
        Failure::Usage(format!(
            "the config file `{}` is not as described, in line {line}: {}",
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
            let behind = rest.rsplit_once('"').map_or("", |(_, behind)| behind);
            format!("{before}string{behind}")
        }
        None => message.to_owned(),
    }
}
