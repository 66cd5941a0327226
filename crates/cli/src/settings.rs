//! The settings of an API, and the source of each.
//!
//! The server and the credential of an API come from a single source, so that a token never goes to a
//! server that another source names. The source is the requested profile, else the environment, else
//! the default profile. Only options override single settings, since their author sees both.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use compute_kfp::settings::Setting::{AllowHttp, Login};
use compute_kfp::settings::{Found, Origin, Variables};
use compute_kfp::{RetryPolicy, Transport, TransportBuilder, compute, kfp};

use crate::api::{Api, Client};
use crate::dry_run::Preview;
use crate::failure::{Failure, say};
use crate::globals::Globals;
use crate::profile::{self, Profile};
use crate::verbose::Verbose;

/// The source of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Option(&'static str),
    Profile(String),
    Environment(&'static str),
    /// Found by the SDK itself.
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

/// A setting, named by the equivalent variable.
#[derive(Clone, Debug)]
pub struct Setting {
    pub variable: &'static str,
    pub value: OsString,
    pub source: Source,
}

/// Settings from options, profiles and variables. Files of a login or a pod come after them.
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

    /// Returns the settings of an API. The SDK finds the others.
    pub fn of(&self, api: Api) -> Vec<Setting> {
        let variables = api.variables();
        let mut settings = self.place(api, &variables);
        let has = |settings: &[Setting], variable| {
            settings.iter().any(|setting| setting.variable == variable)
        };
        // What this machine needs to reach servers is no server's alone.
        for variable in [variables.certificate_authority, variables.proxy] {
            if !has(&settings, variable) {
                settings.extend(of_environment(variable));
            }
        }
        for (variable, value, option) in self.options(api, &variables) {
            let stands_for = [
                (variables.token_file, Some(variables.token)),
                (variables.cookie_file.unwrap_or_default(), variables.cookie),
            ];
            settings.retain(|setting| {
                setting.variable != variable
                    && !stands_for.contains(&(variable, Some(setting.variable)))
            });
            settings.push(Setting {
                variable,
                value,
                source: Source::Option(option),
            });
        }
        settings
    }

    /// Returns the settings of an API that are not used, each with the source that hides it.
    pub fn hidden(&self, api: Api) -> Vec<(Setting, Source)> {
        let variables = api.variables();
        let used = self.of(api);
        let by_variable = |name| used.iter().find(|setting| Some(setting.variable) == name);
        // Of the two, the SDK takes the value.
        let values = [
            (Some(variables.token_file), Some(variables.token)),
            (variables.cookie_file, variables.cookie),
        ];
        let file_of = |setting: &Setting| {
            let mut values = values.iter();
            let (_, value) = values.find(|(file, _)| *file == Some(setting.variable))?;
            by_variable(*value)
        };
        let set = variables.names().filter_map(of_environment);
        let set = set.chain(self.of_profile(api, &variables));
        set.filter_map(|setting| {
            let same = by_variable(Some(setting.variable));
            let hiding = match same.is_some_and(|used| used.source == setting.source) {
                true => file_of(&setting),
                false => same.or_else(|| file_of(&setting)).or(used.first()),
            };
            Some((setting, hiding?.source.clone()))
        })
        .collect()
    }

    fn options(
        &self,
        api: Api,
        variables: &Variables,
    ) -> Vec<(&'static str, OsString, &'static str)> {
        let endpoint = self.globals.endpoint.as_ref();
        let endpoint = endpoint.map(|url| (variables.endpoint, url.into(), "endpoint"));
        let token_file = self.globals.token_file.clone().map(PathBuf::into_os_string);
        let token_file = token_file.map(|path| (variables.token_file, path, "token-file"));
        let connection = self.globals.connection.iter();
        let connection = connection
            .filter_map(|(name, value)| Some((name.variable(api)?, value.clone(), name.option)));
        endpoint
            .into_iter()
            .chain(token_file)
            .chain(connection)
            .collect()
    }

    /// Returns the settings of the source that provides server and credentials.
    fn place(&self, api: Api, variables: &Variables) -> Vec<Setting> {
        let of_profile = self.of_profile(api, variables);
        if self.globals.profile.is_some() && !of_profile.is_empty() {
            return of_profile;
        }
        let of_environment: Vec<Setting> = variables.names().filter_map(of_environment).collect();
        let mut names = variables.server_names();
        let decides = names.any(|name| {
            of_environment
                .iter()
                .any(|setting| setting.variable == name)
        });
        match decides || of_profile.is_empty() {
            true => of_environment,
            false => of_profile,
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
        let connection = section.connection().into_iter();
        let connection =
            connection.filter_map(|(name, value)| Some(setting(name.variable(api)?, value)));
        endpoint
            .map(|endpoint| setting(variables.endpoint, endpoint.into()))
            .into_iter()
            .chain(token_file.map(|path| setting(variables.token_file, path)))
            .chain(connection)
            .collect()
    }

    /// Creates a client of the API from all settings.
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
        let held = held(builder.found());
        Ok(builder.transport(|transport| self.transport(transport, held)))
    }

    pub fn kfp_builder(&self) -> Result<kfp::ClientBuilder, Failure> {
        self.tell(Api::Kfp);
        let mut builder = kfp::ClientBuilder::from_variables(&self.variables(Api::Kfp))?;
        let endpoint = Api::Kfp.variables().endpoint;
        let is_elsewhere = self.of(Api::Kfp).iter().any(|setting| {
            setting.variable == endpoint && !matches!(setting.source, Source::Environment(_))
        });
        if is_elsewhere {
            builder = builder.without_context_credentials();
        }
        let held = held(builder.found());
        Ok(builder.transport(|transport| self.transport(transport, held)))
    }

    /// Returns the address from options, a profile or a variable.
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

    /// Returns the source of a setting. The SDK sees options and profiles as variables.
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

    /// Creates a client that sends nothing, and the preview of its request.
    pub fn preview(&self, api: Api) -> Result<(Client, Preview), Failure> {
        Ok(match api {
            Api::Compute => {
                let mut builder = self.compute_builder()?;
                let preview = Preview::new(self, api, builder.found());
                let found = builder.found().iter();
                if found.clone().any(|found| found.setting == Login) {
                    // No login is renewed for something that is not sent.
                    builder = builder.bearer_token("of a login");
                }
                let builder = builder.transport(|transport| preview.dry_run(transport));
                (Client::Compute(builder.build()?), preview)
            }
            Api::Kfp => {
                let builder = self.kfp_builder()?;
                let preview = Preview::new(self, api, builder.found());
                let builder = builder.transport(|transport| preview.dry_run(transport));
                (Client::Kfp(builder.build()?), preview)
            }
        })
    }

    /// Prints the sources of the settings if -vv is given.
    fn tell(&self, api: Api) {
        if self.globals.verbosity > 1 {
            for setting in self.of(api) {
                say(&format!("* {} by {}", setting.variable, setting.source));
            }
        }
    }

    /// Creates a transport to a server with the connection settings of an API and without credentials.
    pub fn anonymous(&self, api: Api, endpoint: &str) -> Result<Transport, Failure> {
        let transport = self.transport(Transport::builder(endpoint), Vec::new());
        let variables = api.variables();
        let (transport, _) = variables.connect(&self.variables(api), transport)?;
        Ok(transport.build()?)
    }

    /// Returns whether credentials may be sent over plain HTTP to any host.
    pub fn allows_http(&self, api: Api) -> Result<bool, Failure> {
        let variables = api.variables();
        let transport = Transport::builder(String::new());
        let (_, found) = variables.connect(&self.variables(api), transport)?;
        Ok(found.iter().any(|found| found.setting == AllowHttp))
    }

    /// Returns a lookup of variables: those of the API as configured here, all others from the
    /// environment.
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

    /// Applies all options for calls, for a client with credentials for these schemes.
    pub fn transport(
        &self,
        mut transport: TransportBuilder,
        held: Vec<&'static str>,
    ) -> TransportBuilder {
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
            _ => transport.middleware(Verbose { held }),
        }
    }
}

/// Returns the setting of a variable, if it is set.
fn of_environment(variable: &'static str) -> Option<Setting> {
    let value = env::var_os(variable).filter(|value| !value.is_empty())?;
    Some(Setting {
        variable,
        value,
        source: Source::Environment(variable),
    })
}

/// Returns the schemes that a client has credentials for.
fn held(found: &[Found]) -> Vec<&'static str> {
    use compute_kfp::settings::Setting::{ApiKey, IdentityHeader, SessionCookie, Token, TokenFile};
    use compute_kfp::{compute::operations as compute, kfp::operations as kfp};

    let schemes = found.iter().flat_map(|found| match found.setting {
        Token | TokenFile | Login => vec![&compute::SCHEME_USER_BEARER, &kfp::SCHEME_BEARER],
        ApiKey => vec![&compute::SCHEME_BACKEND],
        SessionCookie | IdentityHeader => vec![&kfp::SCHEME_BEARER],
        _ => Vec::new(),
    });
    schemes.map(|scheme| scheme.name).collect()
}
