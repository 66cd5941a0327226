//! What there is to call an API with, and where each part of it comes from.

use compute_kfp::environment::{Found, Origin, Setting};
use compute_kfp::{compute, kfp};

use crate::api::{Api, Client};
use crate::failure::Failure;
use crate::settings::{Settings, Source};

/// A client, and what it is made from.
pub struct Setup {
    pub client: Client,
    pub found: Vec<(Found, Source)>,
}

impl Setup {
    /// Of this API; `None` if nothing sets it up.
    pub fn of(settings: &Settings<'_>, api: Api) -> Result<Option<Self>, Failure> {
        let (client, found) = match api {
            Api::Compute => {
                let builder = settings.compute_builder()?;
                let found = builder.found().to_vec();
                if found.iter().all(|found| found.origin == Origin::Default) {
                    return Ok(None);
                }
                (Client::Compute(builder.build()?), found)
            }
            Api::Kfp => {
                let is_set = !settings.of(api).is_empty();
                if !is_set && !kfp::ClientBuilder::finds_server(&settings.variables(api))? {
                    return Ok(None);
                }
                let builder = settings.kfp_builder()?;
                let found = builder.found().to_vec();
                (Client::Kfp(builder.build()?), found)
            }
        };
        Ok(Some(Self::new(settings, api, client, found)))
    }

    /// Of the login to this server, whatever else is set.
    pub fn of_login(settings: &Settings<'_>, endpoint: &str) -> Result<Self, Failure> {
        let variable = Api::Compute.variables().endpoint;
        let only_the_server = |name: &str| (name == variable).then(|| endpoint.into());
        let builder = compute::ClientBuilder::from_variables(&only_the_server)?;
        let found = builder.found().to_vec();
        let builder = builder.transport(|transport| settings.transport(transport));
        let client = Client::Compute(builder.build()?);
        let mut setup = Self::new(settings, Api::Compute, client, found);
        if settings.endpoint(Api::Compute)?.is_none() {
            for (found, source) in &mut setup.found {
                if found.setting == Setting::Endpoint {
                    *source = Source::Elsewhere(Origin::Default);
                }
            }
        }
        Ok(setup)
    }

    fn new(settings: &Settings<'_>, api: Api, client: Client, found: Vec<Found>) -> Self {
        let found = found.into_iter().map(|found| {
            let source = settings.source(api, &found.origin);
            (found, source)
        });
        Self {
            client,
            found: found.collect(),
        }
    }

    /// A client of the same server that holds no credential.
    pub fn anonymous(&self, settings: &Settings<'_>) -> Result<Client, Failure> {
        Ok(match &self.client {
            Client::Compute(client) => {
                let builder = compute::Client::builder().endpoint(client.transport().endpoint());
                let builder = builder.transport(|transport| settings.transport(transport));
                Client::Compute(builder.build()?)
            }
            Client::Kfp(client) => {
                let builder = kfp::Client::builder(client.transport().endpoint());
                let builder = builder.transport(|transport| settings.transport(transport));
                Client::Kfp(builder.build()?)
            }
        })
    }

    /// The address of the server.
    pub fn endpoint(&self) -> &str {
        match &self.client {
            Client::Compute(client) => client.transport().endpoint(),
            Client::Kfp(client) => client.transport().endpoint(),
        }
    }

    /// Everything that authorises calls.
    pub fn credentials(&self) -> impl Iterator<Item = &(Found, Source)> {
        self.found
            .iter()
            .filter(|(found, _)| !matches!(found.setting, Setting::Endpoint | Setting::Namespace))
    }

    /// What authorises most calls: as a user where there is a choice.
    pub fn credential(&self) -> Option<&(Found, Source)> {
        let of_user = |(found, _): &&(Found, Source)| found.setting != Setting::ApiKey;
        let found = self.credentials().find(of_user);
        found.or_else(|| self.credentials().next())
    }

    /// Where this setting comes from.
    pub fn source(&self, setting: Setting) -> Option<&Source> {
        let found = self
            .found
            .iter()
            .find(|(found, _)| found.setting == setting);
        found.map(|(_, source)| source)
    }
}

/// What a setting is called.
pub fn title(setting: Setting) -> &'static str {
    match setting {
        Setting::Endpoint => "endpoint",
        Setting::Token => "token",
        Setting::TokenFile => "token file",
        Setting::ApiKey => "API key",
        Setting::Login => "login",
        Setting::SessionCookie => "session cookie",
        Setting::IdentityHeader => "identity header",
        Setting::Namespace => "namespace",
        _ => "setting",
    }
}
