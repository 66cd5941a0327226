//! Remedies for errors, in the terms of the command line.

use std::time::Duration;

use compute_kfp::settings::Setting;
use compute_kfp::{Error, ErrorKind, RetryPolicy, SettingsError, SettingsErrorKind};

use crate::api::Api;
use crate::client::ApiClient;
use crate::failure::Failure;
use crate::options::Options;
use crate::server_settings::{
    ALLOW_HTTP, CERTIFICATE_AUTHORITY, CLIENT_CERTIFICATE, INSECURE_SKIP_TLS_VERIFY,
};
use crate::settings::Settings;

/// Time limit of a request that only serves advice.
const PATIENCE: Duration = Duration::from_secs(5);

/// Returns the failure of a command that calls these APIs, with advice.
pub async fn of(options: &Options, apis: &[Api], error: Error) -> Failure {
    if let Some(message) = of_settings(apis, &error) {
        return Failure::advised(error, Some(message), None);
    }
    let Ok(settings) = Settings::read(options) else {
        return error.into();
    };
    let called = error.operation().and_then(Api::of_operation);
    let hint = match called {
        Some(Api::Kfp) if is_page(&error) && !options.dry_run => {
            if let Some(moved) = api_below(&settings).await {
                return moved.into();
            }
            let hint = "the session may have ended, or the endpoint lacks the path of the API, such as \
                /pipeline; `compute-kfp doctor` shows the settings";
            Some(hint.to_owned())
        }
        Some(Api::Compute) if error.kind() == ErrorKind::Authentication => {
            let client = ApiClient::if_configured(&settings, Api::Compute)
                .ok()
                .flatten();
            client.and_then(|client| client.hidden_login())
        }
        _ => None,
    };
    Failure::advised(error, None, hint)
}

/// Returns the message of an error that a setting can fix, with the names of that setting.
pub fn of_settings(apis: &[Api], error: &Error) -> Option<String> {
    let fault = SettingsError::of(error)?;
    let called = error.operation().and_then(Api::of_operation);
    let apis = called.as_ref().map_or(apis, std::slice::from_ref);
    let remedy = match fault.kind() {
        SettingsErrorKind::PlainHttp => {
            format!("use https, or allow it by {}", ALLOW_HTTP.ways(apis))
        }
        SettingsErrorKind::UnknownAuthority => format!(
            "trust that authority by {}",
            CERTIFICATE_AUTHORITY.ways(apis)
        ),
        SettingsErrorKind::ClientCertificate => {
            format!("set one by {}", CLIENT_CERTIFICATE.ways(apis))
        }
        SettingsErrorKind::SelfSigned => format!(
            "issue a certificate with `CA:FALSE`, or for tests accept any by {}",
            INSECURE_SKIP_TLS_VERIFY.ways(apis)
        ),
        _ => return None,
    };
    Some(format!("{fault}; {remedy}"))
}

/// Returns whether the response was a web page with a success status.
pub fn is_page(error: &Error) -> bool {
    let is_success = error.status().is_some_and(|status| status.is_success());
    is_success && error.kind() == ErrorKind::Authentication
}

/// Looks for the KFP API below `/pipeline`, where the Kubeflow dashboard has it. Returns an error that
/// says so if it is there.
pub async fn api_below(settings: &Settings<'_>) -> Option<Error> {
    const BELOW: &str = "/pipeline";
    let client = ApiClient::if_configured(settings, Api::Kfp)
        .ok()
        .flatten()?;
    let endpoint = client.endpoint();
    if endpoint.ends_with(BELOW) || client.source(Setting::Endpoint).is_none() {
        return None;
    }
    let below = format!("{endpoint}{BELOW}");
    // The same server, so its credentials may go there.
    let builder = settings.kfp_builder().ok()?.transport(|transport| {
        let transport = transport.endpoint(&below).timeout(PATIENCE);
        transport.retry(RetryPolicy::never())
    });
    builder.build().ok()?.get_healthz().send().await.ok()?;
    Some(Error::configuration(format!(
        "`{endpoint}` responds with a web page: the API is at `{below}`; use that as the endpoint"
    )))
}
