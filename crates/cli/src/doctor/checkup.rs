//! All checks of one API.

use std::fs::File;
use std::time::Instant;

use compute_kfp::settings::{Found, Setting};
use compute_kfp::{Error, ErrorKind, SettingsError, compute, kfp};

use super::check::Check;
use crate::advice;
use crate::api::Api;
use crate::client::{ApiClient, title};
use crate::failure::Failure;
use crate::options::with;
use crate::server_settings::Source;
use crate::session::stored_login;
use crate::session::whoami::Identity;
use crate::settings::Settings;

pub struct Checkup<'a> {
    pub settings: &'a Settings<'a>,
    pub api: Api,
}

impl Checkup<'_> {
    pub async fn checks(&self) -> Vec<Check> {
        let configured = match ApiClient::if_configured(self.settings, self.api) {
            Ok(Some(configured)) => configured,
            Ok(None) => return vec![self.not_configured()],
            Err(failure) => return vec![self.broken(failure)],
        };
        let mut checks = self.configured(&configured);
        if self.settings.options.dry_run {
            let not_sent = "nothing is sent in a dry run";
            checks.push(self.check("server").skipped(not_sent));
            checks.push(self.check("access").skipped(not_sent));
            return checks;
        }
        let server = self.server(&configured).await;
        let responds = server.is_ok();
        checks.push(server);
        match responds {
            true => checks.extend(self.access(&configured).await),
            false => checks.push(self.check("access").skipped("the server does not respond")),
        }
        checks
    }

    fn check(&self, name: &'static str) -> Check {
        Check::of(Some(self.api), name)
    }

    fn not_configured(&self) -> Check {
        let check = self.check("settings").skipped("nothing is configured");
        check.remedy(match self.api {
            Api::Compute => {
                "to use this API, log in with `compute-kfp login`, or set COMPUTE_TOKEN"
            }
            Api::Kfp => "to use this API, set KF_PIPELINES_ENDPOINT or create a profile",
        })
    }

    /// Returns the failed check of the settings, with the sources that were searched.
    fn broken(&self, failure: Failure) -> Check {
        let mut sources: Vec<String> = self
            .settings
            .of(self.api)
            .iter()
            .map(|setting| setting.source.to_string())
            .collect();
        sources.dedup();
        let check = self.check("settings").failed(&failure);
        let sources = (!sources.is_empty()).then(|| sources.join(", "));
        with(check, sources, Check::source).remedy("correct the setting that the message names")
    }

    fn configured(&self, configured: &ApiClient) -> Vec<Check> {
        let found = configured.found.iter();
        let found = found.map(|(found, source)| self.setting(configured, found, source));
        let mut checks: Vec<Check> = found.collect();
        if configured.credential().is_none() {
            checks.push(match self.api {
                Api::Compute => self
                    .check("credential")
                    .warning("none")
                    .remedy("log in with `compute-kfp login`, or set COMPUTE_TOKEN"),
                Api::Kfp => self.check("credential").skipped("none"),
            });
        }
        let hidden = self.settings.hidden(self.api).into_iter();
        checks.extend(hidden.map(|(hidden, by)| {
            let (name, source) = (hidden.variable, hidden.source);
            let place = match source.is_environment() {
                true => source.to_string(),
                false => format!("{name} of {source}"),
            };
            self.check("not used")
                .skipped(format!("{place}, hidden by {by}"))
        }));
        if self.api == Api::Compute {
            checks.extend(self.login_file(configured));
        }
        checks
    }

    fn setting(&self, configured: &ApiClient, found: &Found, source: &Source) -> Check {
        let check = self.check(title(found.setting)).source(source);
        match &found.value {
            Some(path) if found.setting == Setting::TokenFile => match File::open(path) {
                Ok(_) => check.ok(path),
                Err(error) => {
                    let message = format!("cannot read `{path}`: {error}");
                    check
                        .failed(&Error::authentication(message).into())
                        .remedy("correct the path, or write the token to this file")
                }
            },
            Some(value) => check.ok(value),
            None => match found.setting {
                Setting::Endpoint => check.ok(configured.endpoint()),
                Setting::AllowHttp => check.ok("allowed for any host"),
                Setting::InsecureSkipTlsVerify => check
                    .warning("off: any certificate of the server is accepted")
                    .remedy(
                        "use --certificate-authority to trust the authority of the server instead",
                    ),
                _ => check.ok("set, not shown"),
            },
        }
    }

    /// Checks the membership of the login in use, or a login file that is not used.
    fn login_file(&self, configured: &ApiClient) -> Option<Check> {
        let file = self.check("login file");
        let login = match stored_login(Some(configured.endpoint().to_owned())) {
            Ok(login) => login?,
            Err(error) => {
                let check = file.warning(error.message());
                return Some(check.remedy("the file is not used; correct or remove it"));
            }
        };
        let path = login.path().display();
        if let Some(hidden) = configured.hidden_login() {
            return Some(
                file.warning(hidden)
                    .remedy("remove that credential, or end the login with `compute-kfp logout`"),
            );
        }
        if configured.source(Setting::Login).is_none() {
            return Some(file.skipped(format!("`{path}` holds no login to this server")));
        }
        let check = self
            .check("membership")
            .source(format!("login file {path}"));
        Some(match login.team_member_id() {
            Ok(Some(id)) => check.ok(id),
            Ok(None) => check
                .warning("none is selected")
                .remedy("select one with `compute-kfp login --team-member ID`"),
            Err(error) => check.failed(&error.into()),
        })
    }

    /// Checks whether the server responds. A proxy that requires a credential counts as a response.
    async fn server(&self, configured: &ApiClient) -> Check {
        let check = self.check("server");
        let sent = Instant::now();
        let response = self.health(configured.endpoint()).await;
        let took = sent.elapsed().as_millis();
        let Err(error) = response else {
            return check.ok(format!("responds in {took} ms"));
        };
        if let Some(moved) = advice::moved(self.settings, &error).await {
            return self.refused(check, None, moved);
        }
        match error.kind() {
            ErrorKind::Authentication | ErrorKind::Permission if error.status().is_some() => {
                check.ok(format!("responds in {took} ms and requires a credential"))
            }
            _ => self.refused(check, None, error),
        }
    }

    async fn health(&self, endpoint: &str) -> Result<(), Error> {
        let anonymous = self.settings.connections(self.api, endpoint)?.build()?;
        match self.api {
            Api::Compute => {
                let client = compute::Client::from(anonymous);
                client.healthz().send().await.map(drop)
            }
            Api::Kfp => {
                let client = kfp::Client::from(anonymous);
                client.get_healthz().send().await.map(drop)
            }
        }
    }

    /// Checks whether the server accepts each of the credentials.
    async fn access(&self, configured: &ApiClient) -> Vec<Check> {
        if self.api == Api::Kfp {
            return vec![self.access_to_kfp(configured).await];
        }
        let client = compute::Client::from(configured.transport.clone());
        let mut checks = Vec::new();
        for (credential, source) in configured.credentials() {
            let check = self.check("access");
            let check = match Identity::of(&client, credential).await {
                Ok(identity) => check.ok(identity.name),
                Err(error) => self.refused(check, Some(credential), error),
            };
            checks.push(check.source(source));
        }
        if checks.is_empty() {
            let error = Error::authentication("there is no credential");
            checks.push(self.refused(self.check("access"), None, error));
        }
        checks
    }

    async fn access_to_kfp(&self, configured: &ApiClient) -> Check {
        let client = kfp::Client::from(configured.transport.clone());
        let mut request = client.list_pipelines().page_size(1);
        if let Some(namespace) = configured.namespace() {
            request = request.namespace(namespace);
        }
        let credential = configured.credential();
        let check = self.check("access");
        let check = match request.send().await {
            Ok(_) => check.ok("pipelines can be listed"),
            Err(error) => self.refused(check, credential.map(|(found, _)| found), error),
        };
        with(check, credential.map(|(_, source)| source), Check::source)
    }

    /// Returns the check of a failed call, with a remedy.
    fn refused(&self, check: Check, credential: Option<&Found>, error: Error) -> Check {
        let by_login = credential.is_none_or(|found| found.setting == Setting::Login);
        let remedy = match error.kind() {
            _ if SettingsError::of(&error).is_some() => {
                "correct the setting that the message names"
            }
            ErrorKind::Authentication if self.api == Api::Compute && by_login => {
                "log in with `compute-kfp login`"
            }
            ErrorKind::Authentication => "replace the credential, which is invalid or has expired",
            ErrorKind::Permission => "request the permission, or use another account or namespace",
            ErrorKind::Connection => "check the address, the network and the proxy",
            ErrorKind::Timeout => "try again, or increase --timeout",
            ErrorKind::Server | ErrorKind::RateLimited => {
                "try again later; if it persists, contact the operator of the server"
            }
            ErrorKind::NotFound | ErrorKind::Protocol => {
                "check that the endpoint is the address of this API"
            }
            _ => "correct the setting that the message names",
        };
        check.failed(&error.into()).remedy(remedy)
    }
}
