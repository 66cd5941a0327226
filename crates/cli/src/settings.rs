//! What is configured for an API, and where each setting comes from.
//!
//! One place decides for the server and the credential of an API together, so that a token never
//! goes to a server that another place names: a profile that was asked for, the environment, the
//! default profile. Only options overrule single settings, as whoever writes them sees both.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use compute_kfp::credentials::ApiKey;
use compute_kfp::environment::{Origin, Variables};
use compute_kfp::{RetryPolicy, TransportBuilder, compute, kfp};

use crate::api::{Api, Client};
use crate::dry_run::Preview;
use crate::failure::{Failure, say};
use crate::globals::Globals;
use crate::profile::{self, Profile};
use crate::verbose::Verbose;

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Option(&'static str),
    Profile(String),
    Environment(&'static str),
    /// What the SDK finds by itself.
    Elsewhere(Origin),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(name) => write!(f, "option --{name}"),
            Self::Profile(name) => write!(f, "profile {name}"),
            Self::Environment(name) => write!(f, "variable {name}"),
            Self::Elsewhere(origin) => origin.fmt(f),
        }
    }
}

/// One setting, by the variable that it is as good as.
#[derive(Clone, Debug)]
pub struct Setting {
    pub variable: &'static str,
    pub value: OsString,
    pub source: Source,
}

/// What options, profiles and variables say; files of a login or a pod come after them.
pub struct Settings<'a> {
    globals: &'a Globals,
    profile: Profile,
}

impl<'a> Settings<'a> {
    pub fn read(globals: &'a Globals) -> Result<Self, Failure> {
        Ok(Self {
            globals,
            profile: profile::read(globals.profile.as_deref())?,
        })
    }

    /// What is set for an API; what is not set is left to the SDK.
    pub fn of(&self, api: Api) -> Vec<Setting> {
        let variables = api.variables();
        let mut settings = self.base(api, &variables);
        if let Some(endpoint) = &self.globals.endpoint {
            settings.retain(|setting| setting.variable != variables.endpoint);
            settings.push(Setting {
                variable: variables.endpoint,
                value: endpoint.into(),
                source: Source::Option("endpoint"),
            });
        }
        if let Some(path) = &self.globals.token_file {
            settings.retain(|setting| {
                ![variables.token, variables.token_file].contains(&setting.variable)
            });
            settings.push(Setting {
                variable: variables.token_file,
                value: path.into(),
                source: Source::Option("token-file"),
            });
        }
        settings
    }

    fn base(&self, api: Api, variables: &Variables) -> Vec<Setting> {
        let of_profile = self.of_profile(api, variables);
        if self.globals.profile.is_some() && !of_profile.is_empty() {
            return of_profile;
        }
        let of_environment: Vec<Setting> = variables
            .names()
            .filter_map(|variable| {
                let value = env::var_os(variable).filter(|value| !value.is_empty())?;
                Some(Setting {
                    variable,
                    value,
                    source: Source::Environment(variable),
                })
            })
            .collect();
        match of_environment.is_empty() {
            true => of_profile,
            false => of_environment,
        }
    }

    fn of_profile(&self, api: Api, variables: &Variables) -> Vec<Setting> {
        let Some(section) = self.profile.section(api) else {
            return Vec::new();
        };
        let name = self.globals.profile.as_deref().unwrap_or(profile::DEFAULT);
        let setting = |variable, value: OsString| Setting {
            variable,
            value,
            source: Source::Profile(name.to_owned()),
        };
        let endpoint = section.endpoint.as_ref();
        let token_file = section.token_file.clone().map(PathBuf::into_os_string);
        endpoint
            .map(|endpoint| setting(variables.endpoint, endpoint.into()))
            .into_iter()
            .chain(token_file.map(|path| setting(variables.token_file, path)))
            .collect()
    }

    /// A client of the API, as everything says.
    pub fn client(&self, api: Api) -> Result<Client, Failure> {
        Ok(match api {
            Api::Compute => Client::Compute(self.compute()?),
            Api::Kfp => Client::Kfp(self.kfp()?),
        })
    }

    pub fn compute(&self) -> Result<compute::Client, Failure> {
        Ok(self.compute_builder()?.build()?)
    }

    pub fn kfp(&self) -> Result<kfp::Client, Failure> {
        Ok(self.kfp_builder()?.build()?)
    }

    pub fn compute_builder(&self) -> Result<compute::ClientBuilder, Failure> {
        self.tell(Api::Compute);
        let builder = compute::ClientBuilder::from_variables(&self.variables(Api::Compute))?;
        Ok(builder.transport(|transport| self.transport(transport)))
    }

    pub fn kfp_builder(&self) -> Result<kfp::ClientBuilder, Failure> {
        self.tell(Api::Kfp);
        let builder = kfp::ClientBuilder::from_variables(&self.variables(Api::Kfp))?;
        Ok(builder.transport(|transport| self.transport(transport)))
    }

    /// The address that options, a profile or a variable give.
    pub fn endpoint(&self, api: Api) -> Result<Option<String>, Failure> {
        let name = api.variables().endpoint;
        let mut settings = self.of(api).into_iter();
        let Some(setting) = settings.find(|setting| setting.variable == name) else {
            return Ok(None);
        };
        let endpoint = setting.value.into_string().map_err(|_| {
            Failure::Usage(format!(
                "the address of the server, set by {}, is not UTF-8; set it anew",
                setting.source
            ))
        })?;
        Ok(Some(endpoint))
    }

    /// Where a setting comes from that the SDK found in what it takes for a variable.
    pub fn source(&self, api: Api, origin: &Origin) -> Source {
        match origin {
            Origin::Variable(name) => {
                let mut settings = self.of(api).into_iter();
                let setting = settings.find(|setting| setting.variable == *name);
                setting.map_or(Source::Environment(name), |setting| setting.source)
            }
            other => Source::Elsewhere(other.clone()),
        }
    }

    /// A client that sends nothing, and what it would send.
    pub fn preview(&self, api: Api) -> Result<(Client, Preview), Failure> {
        let preview = Preview::default();
        let variables = self.variables(api);
        // No login is renewed for something that is not sent.
        let hidden = || ApiKey::new("hidden");
        let client = match api {
            Api::Compute => Client::Compute(
                compute::ClientBuilder::from_variables(&variables)?
                    .user_credentials(hidden())
                    .backend_credentials(hidden())
                    .transport(|transport| self.transport(transport).middleware(preview.clone()))
                    .build()?,
            ),
            Api::Kfp => Client::Kfp(
                kfp::ClientBuilder::from_variables(&variables)?
                    .credentials(hidden())
                    .transport(|transport| self.transport(transport).middleware(preview.clone()))
                    .build()?,
            ),
        };
        Ok((client, preview))
    }

    /// With -vv, where settings come from.
    fn tell(&self, api: Api) {
        if self.globals.verbosity > 1 {
            for setting in self.of(api) {
                say(&format!("* {} by {}", setting.variable, setting.source));
            }
        }
    }

    /// Looks variables up: those of the API as they are set here, all others in the environment.
    pub fn variables(&self, api: Api) -> impl Fn(&str) -> Option<OsString> {
        let settings = self.of(api);
        move |name| {
            if api.variables().names().any(|known| known == name) {
                let setting = settings.iter().find(|setting| setting.variable == name);
                return setting.map(|setting| setting.value.clone());
            }
            env::var_os(name)
        }
    }

    /// Everything about the connection that options say.
    pub fn transport(&self, mut transport: TransportBuilder) -> TransportBuilder {
        transport = transport.application(concat!("compute-kfp-cli/", env!("CARGO_PKG_VERSION")));
        if let Some(limit) = self.globals.timeout {
            transport = transport.timeout(limit);
        }
        if let Some(retries) = self.globals.retries {
            let policy = RetryPolicy::default().max_attempts(retries.saturating_add(1));
            transport = transport.retry(policy);
        }
        match self.globals.verbosity {
            0 => transport,
            _ => transport.middleware(Verbose),
        }
    }
}
