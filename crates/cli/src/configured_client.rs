//! A client and the sources of its settings.

use compute_kfp::compute::Login;
use compute_kfp::settings::{Found, Origin, Setting};
use compute_kfp::{compute, kfp};

use crate::api::{Api, Client};
use crate::failure::Failure;
use crate::settings::{Settings, Source};

/// A client and the settings it is made from.
pub struct ConfiguredClient {
    pub client: Client,
    pub found: Vec<(Found, Source)>,
}

impl ConfiguredClient {
    /// Creates the client of this API, or `None` if nothing configures it.
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

    /// Creates the client of the login to this server, regardless of other credentials.
    pub fn of_login(settings: &Settings<'_>, endpoint: &str) -> Result<Self, Failure> {
        let variables = Api::Compute.variables();
        let set = settings.variables(Api::Compute);
        let hidden = [
            Some(variables.token),
            Some(variables.token_file),
            variables.api_key,
        ];
        let of_the_login = |name: &str| match name == variables.endpoint {
            true => Some(endpoint.into()),
            false => set(name).filter(|_| !hidden.contains(&Some(name))),
        };
        let builder = compute::ClientBuilder::from_variables(&of_the_login)?;
        let found = builder.found().to_vec();
        let held = vec![compute::operations::SCHEME_USER_BEARER.name];
        let builder = builder.transport(|transport| settings.transport(transport, held));
        let client = Client::Compute(builder.build()?);
        let mut configured = Self::new(settings, Api::Compute, client, found);
        if settings.endpoint(Api::Compute)?.is_none() {
            for (found, source) in &mut configured.found {
                if found.setting == Setting::Endpoint {
                    *source = Source::Elsewhere(Origin::Default);
                }
            }
        }
        Ok(configured)
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

    /// Creates a client of the same server without credentials.
    pub fn anonymous(&self, settings: &Settings<'_>) -> Result<Client, Failure> {
        Ok(match &self.client {
            Client::Compute(_) => {
                Client::Compute(settings.anonymous(Api::Compute, self.endpoint())?.into())
            }
            Client::Kfp(_) => Client::Kfp(settings.anonymous(Api::Kfp, self.endpoint())?.into()),
        })
    }

    /// Returns the address of the server.
    pub fn endpoint(&self) -> &str {
        match &self.client {
            Client::Compute(client) => client.transport().endpoint(),
            Client::Kfp(client) => client.transport().endpoint(),
        }
    }

    /// Returns all credentials.
    pub fn credentials(&self) -> impl Iterator<Item = &(Found, Source)> {
        self.found.iter().filter(|(found, _)| {
            matches!(
                found.setting,
                Setting::Token
                    | Setting::TokenFile
                    | Setting::ApiKey
                    | Setting::Login
                    | Setting::SessionCookie
                    | Setting::IdentityHeader
            )
        })
    }

    /// Returns the credential of most calls: that of a user if there is a choice.
    pub fn credential(&self) -> Option<&(Found, Source)> {
        let of_user = |(found, _): &&(Found, Source)| found.setting != Setting::ApiKey;
        let found = self.credentials().find(of_user);
        found.or_else(|| self.credentials().next())
    }

    /// Returns a message if another credential takes precedence over a login to this server.
    pub fn hidden_login(&self) -> Option<String> {
        let (credential, source) = self.credential()?;
        if self.source(Setting::Login).is_some() {
            return None;
        }
        let login = Login::from_default_file().ok()?;
        // Without that credential, the login would also provide the server.
        let login = match self.source(Setting::Endpoint) {
            Some(Source::Elsewhere(Origin::Default)) => login,
            _ => login.host(self.endpoint()),
        };
        login.is_logged_in().ok()?.then(|| {
            format!(
                "the {} ({source}) takes precedence over the login in `{}`; remove it to use the login",
                title(credential.setting),
                login.path().display()
            )
        })
    }

    /// Returns the source of this setting.
    pub fn source(&self, setting: Setting) -> Option<&Source> {
        let found = self
            .found
            .iter()
            .find(|(found, _)| found.setting == setting);
        found.map(|(_, source)| source)
    }
}

/// Returns the name of a setting.
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
        Setting::AllowHttp => "plain HTTP",
        Setting::CertificateAuthority => "certificate authority",
        Setting::ClientCertificate => "client certificate",
        Setting::InsecureSkipTlsVerify => "TLS verification",
        Setting::Proxy => "proxy",
        _ => "setting",
    }
}
