//! A client of either API, and the sources of its settings.

use compute_kfp::settings::{Found, Origin, Setting};
use compute_kfp::{Transport, TransportBuilder, compute, kfp};

use crate::api::Api;
use crate::failure::Failure;
use crate::server_settings::Source;
use crate::session::stored_login;
use crate::settings::Settings;

/// A client of either API, and the settings it is made from.
pub struct ApiClient {
    pub api: Api,
    pub transport: Transport,
    pub found: Vec<(Found, Source)>,
}

impl ApiClient {
    /// Creates the client of this API, or `None` if nothing configures it.
    pub fn if_configured(settings: &Settings<'_>, api: Api) -> Result<Option<Self>, Failure> {
        // The default server of the Compute API is public.
        if api == Api::Kfp
            && settings.of(api).is_empty()
            && !kfp::ClientBuilder::finds_server(&settings.variables(api))?
        {
            return Ok(None);
        }
        let client = Self::of(settings, api, |transport| transport)?;
        let mut found = client.found.iter();
        let is_default = found.all(|(found, _)| found.origin == Origin::Default);
        Ok((!is_default).then_some(client))
    }

    /// Creates the client of this API, with additional settings of its transport.
    pub fn of(
        settings: &Settings<'_>,
        api: Api,
        set: impl FnOnce(TransportBuilder) -> TransportBuilder,
    ) -> Result<Self, Failure> {
        let (transport, found) = match api {
            Api::Compute => {
                let builder = settings.compute_builder()?;
                let found = settings.sources(api, builder.found());
                (builder.transport(set).build()?.transport().clone(), found)
            }
            Api::Kfp => {
                let builder = settings.kfp_builder()?;
                let found = settings.sources(api, builder.found());
                (builder.transport(set).build()?.transport().clone(), found)
            }
        };
        Ok(Self {
            api,
            transport,
            found,
        })
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
        let found = settings.sources(Api::Compute, builder.found());
        let builder = builder.transport(|transport| settings.transport(transport));
        Ok(Self {
            api: Api::Compute,
            transport: builder.build()?.transport().clone(),
            found,
        })
    }

    /// Returns the configured namespace, for operations that take one.
    pub fn namespace(&self) -> Option<&str> {
        let (found, _) = self.found(Setting::Namespace)?;
        found.value.as_deref()
    }

    pub fn endpoint(&self) -> &str {
        self.transport.endpoint()
    }

    /// Returns all credentials of the API, or those of a proxy if there are no others.
    pub fn credentials(&self) -> Vec<&(Found, Source)> {
        use Setting::{ApiKey, IdentityHeader, Login, SessionCookie, Token, TokenFile};
        let of = |settings: &[Setting]| -> Vec<_> {
            let found = self.found.iter();
            found
                .filter(|(found, _)| settings.contains(&found.setting))
                .collect()
        };
        let of_api = of(&[Token, TokenFile, ApiKey, Login]);
        match of_api.is_empty() {
            true => of(&[SessionCookie, IdentityHeader]),
            false => of_api,
        }
    }

    /// Returns the credential of most calls: that of a user if there is a choice, which is found first.
    pub fn credential(&self) -> Option<&(Found, Source)> {
        self.credentials().into_iter().next()
    }

    /// Returns a message if another credential takes precedence over a login to this server.
    pub fn hidden_login(&self) -> Option<String> {
        let (credential, source) = self.credential()?;
        if self.source(Setting::Login).is_some() {
            return None;
        }
        // Without that credential, the login would also provide the server.
        let is_default = self.source(Setting::Endpoint) == Some(&Source::Other(Origin::Default));
        let login = stored_login((!is_default).then(|| self.endpoint().to_owned())).ok()??;
        login.is_logged_in().ok()?.then(|| {
            format!(
                "the {} ({source}) takes precedence over the login in `{}`; remove it to use the login",
                title(credential.setting),
                login.path().display()
            )
        })
    }

    pub fn found(&self, setting: Setting) -> Option<&(Found, Source)> {
        let mut found = self.found.iter();
        found.find(|(found, _)| found.setting == setting)
    }

    pub fn source(&self, setting: Setting) -> Option<&Source> {
        self.found(setting).map(|(_, source)| source)
    }
}

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
