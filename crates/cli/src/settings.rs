//! The settings of an API, and the source of each.
//!
//! The server and the credential of an API come from a single source, so that a token never goes to a
//! server that another source names. The source is the requested profile, else the environment, else
//! the default profile. Only options override single settings, since their author sees both.

use std::env;
use std::ffi::OsString;

use compute_kfp::settings::{Found, Origin, Setting, Variables};
use compute_kfp::{Error, RetryPolicy, Transport, TransportBuilder, compute, kfp};

use crate::api::Api;
use crate::failure::{Failure, say};
use crate::options::{Options, with};
use crate::profile::{self, Profile};
use crate::server_settings::{ConfigValue, Source};
use crate::verbose::Verbose;

/// Settings from options, profiles and variables. Files of a login or a pod come after them.
pub struct Settings<'a> {
    pub options: &'a Options,
    profile: Profile,
}

impl<'a> Settings<'a> {
    pub fn read(options: &'a Options) -> Result<Self, Failure> {
        Ok(Self {
            options,
            profile: profile::read(options.profile.as_deref())?,
        })
    }

    /// Returns the settings of an API. The SDK finds the others.
    pub fn of(&self, api: Api) -> Vec<ConfigValue> {
        let variables = api.variables();
        let mut settings = self.of_one_source(api, &variables);
        // This machine needs them to reach any server.
        for variable in [variables.certificate_authority, variables.proxy] {
            if find(&settings, variable).is_none() {
                settings.extend(of_environment(variable));
            }
        }
        for option in self.options.server.values(api, Source::option) {
            // A file that an option names replaces the value that another source sets.
            let replaced = [Some(option.variable), value_of(&variables, option.variable)];
            settings.retain(|setting| !replaced.contains(&Some(setting.variable)));
            settings.push(option);
        }
        settings
    }

    /// Returns the settings of an API that are not used, each with the source that hides it.
    pub fn hidden(&self, api: Api) -> Vec<(ConfigValue, Source)> {
        let variables = api.variables();
        let used = self.of(api);
        let set = variables.names().filter_map(of_environment);
        let set = set.chain(self.of_profile(api));
        set.filter_map(|setting| {
            // The SDK prefers a value to the file that holds it.
            let value = value_of(&variables, setting.variable).and_then(|name| find(&used, name));
            let hiding = match find(&used, setting.variable) {
                Some(same) if same.source == setting.source => value,
                same => same.or(value).or(used.first()),
            };
            Some((setting, hiding?.source.clone()))
        })
        .collect()
    }

    /// Returns the settings of the source that provides server and credentials.
    fn of_one_source(&self, api: Api, variables: &Variables) -> Vec<ConfigValue> {
        let of_profile = self.of_profile(api);
        if self.options.profile.is_some() && !of_profile.is_empty() {
            return of_profile;
        }
        let of_environment: Vec<_> = variables.names().filter_map(of_environment).collect();
        let mut names = variables.server_names();
        let names_a_server = names.any(|name| find(&of_environment, name).is_some());
        match names_a_server || of_profile.is_empty() {
            true => of_environment,
            false => of_profile,
        }
    }

    fn of_profile(&self, api: Api) -> Vec<ConfigValue> {
        let name = self.options.profile.as_deref().unwrap_or(profile::DEFAULT);
        let source = |_: &str| Source::Profile(name.to_owned());
        let section = self.profile.get(&api);
        section.map_or(Vec::new(), |section| section.values(api, source))
    }

    pub fn compute(&self) -> Result<compute::Client, Failure> {
        Ok(self.compute_builder()?.build()?)
    }

    pub fn kfp(&self) -> Result<kfp::Client, Failure> {
        Ok(self.kfp_builder()?.build()?)
    }

    pub fn compute_builder(&self) -> Result<compute::ClientBuilder, Failure> {
        self.log(Api::Compute);
        let mut builder = compute::ClientBuilder::from_variables(&self.variables(Api::Compute))?;
        let mut found = builder.found().iter();
        if self.options.dry_run && found.any(|found| found.setting == Setting::Login) {
            // Nothing is sent, so no login needs a refresh.
            builder = builder.bearer_token("of a login");
        }
        Ok(builder.transport(|transport| self.transport(transport)))
    }

    pub fn kfp_builder(&self) -> Result<kfp::ClientBuilder, Failure> {
        self.log(Api::Kfp);
        let mut builder = kfp::ClientBuilder::from_variables(&self.variables(Api::Kfp))?;
        let settings = self.of(Api::Kfp);
        let endpoint = find(&settings, Api::Kfp.variables().endpoint);
        if endpoint.is_some_and(|endpoint| !endpoint.source.is_environment()) {
            builder = builder.without_context_credentials();
        }
        Ok(builder.transport(|transport| self.transport(transport)))
    }

    /// Returns the address from options, a profile or a variable.
    pub fn endpoint(&self, api: Api) -> Option<String> {
        let settings = self.of(api);
        let endpoint = find(&settings, api.variables().endpoint)?;
        Some(endpoint.value.to_string_lossy().into_owned())
    }

    /// Returns each setting with its source. The SDK sees options and profiles as variables.
    pub fn sources(&self, api: Api, found: &[Found]) -> Vec<(Found, Source)> {
        let settings = self.of(api);
        let found = found.iter().map(|found| {
            let source = match &found.origin {
                // Only the endpoint of a login is not among the settings.
                Origin::Variable(name) => find(&settings, name)
                    .map_or(Source::Other(Origin::Default), |it| it.source.clone()),
                other => Source::Other(other.clone()),
            };
            (found.clone(), source)
        });
        found.collect()
    }

    /// Prints the sources of the settings if -vv is given.
    fn log(&self, api: Api) {
        if self.options.verbosity > 1 {
            for setting in self.of(api) {
                say(&format!("* {} by {}", setting.variable, setting.source));
            }
        }
    }

    /// Returns a builder of a transport to a server with the connection settings of an API and without
    /// credentials.
    pub fn connections(&self, api: Api, endpoint: &str) -> Result<TransportBuilder, Error> {
        let transport = self.transport(Transport::builder(endpoint));
        let variables = api.variables();
        variables.connect(&self.variables(api), transport)
    }

    /// Returns a lookup of variables: those of the API as configured here, all others from the
    /// environment.
    pub fn variables(&self, api: Api) -> impl Fn(&str) -> Option<OsString> {
        let settings = self.of(api);
        move |name| {
            if api.variables().names().any(|known| known == name) {
                return find(&settings, name).map(|setting| setting.value.clone());
            }
            env::var_os(name)
        }
    }

    /// Applies all options for calls.
    pub fn transport(&self, transport: TransportBuilder) -> TransportBuilder {
        let application = concat!("compute-kfp-cli/", env!("CARGO_PKG_VERSION"));
        let transport = transport.application(application);
        let transport = with(transport, self.options.timeout, TransportBuilder::timeout);
        let retry = |retries: u32| RetryPolicy::default().max_attempts(retries.saturating_add(1));
        let retry = self.options.retries.map(retry);
        let transport = with(transport, retry, TransportBuilder::retry);
        match self.options.verbosity {
            0 => transport,
            _ => transport.middleware(Verbose),
        }
    }
}

pub fn find<'a>(settings: &'a [ConfigValue], variable: &str) -> Option<&'a ConfigValue> {
    let mut settings = settings.iter();
    settings.find(|setting| setting.variable == variable)
}

/// Returns the variable of a secret, if this is the variable of the file that can hold it.
fn value_of(variables: &Variables, file: &str) -> Option<&'static str> {
    match file {
        file if file == variables.token_file => Some(variables.token),
        file if file == variables.cookie_file => Some(variables.cookie),
        _ => None,
    }
}

/// Returns the setting of a variable, if it is set.
fn of_environment(variable: &'static str) -> Option<ConfigValue> {
    let value = env::var_os(variable).filter(|value| !value.is_empty())?;
    Some(ConfigValue {
        variable,
        value,
        source: Source::Other(Origin::Variable(variable)),
    })
}
