//! Remedies for errors, in the terms of the command line.

use std::time::Duration;

use compute_kfp::{Error, ErrorKind, RetryPolicy, SettingsError, SettingsErrorKind};

use crate::api::Api;
use crate::client::ApiClient;
use crate::failure::Failure;
use crate::options::{Options, with};
use crate::settings::Settings;

/// Time limit of a request that only serves advice.
const PATIENCE: Duration = Duration::from_secs(5);

/// Returns the failure of a command that calls these APIs, with advice.
pub async fn of(options: &Options, apis: &[Api], error: Error) -> Failure {
    if let Some(message) = of_settings(apis, &error) {
        let message = Some(message);
        return Failure::Api { error, message };
    }
    let Ok(settings) = Settings::read(options) else {
        return error.into();
    };
    if !options.dry_run
        && let Some(moved) = moved(&settings, &error).await
    {
        return moved.into();
    }
    let note = match called_api(&error) {
        Some(Api::Kfp) if is_page(&error) => Some(
            "the session may have ended, or the endpoint lacks the path of the API, such as /pipeline"
                .to_owned(),
        ),
        Some(Api::Compute) if error.kind() == ErrorKind::Authentication => {
            let client = ApiClient::if_configured(&settings, Api::Compute);
            client.ok().flatten().and_then(|client| client.hidden_login())
        }
        _ => None,
    };
    with(error, note.as_deref(), Error::with_note).into()
}

/// Returns the message of an error that a setting can fix, with the names of that setting.
pub fn of_settings(apis: &[Api], error: &Error) -> Option<String> {
    let fault = SettingsError::of(error)?;
    let called = called_api(error);
    let apis = called.as_ref().map_or(apis, std::slice::from_ref);
    let (remedy, option) = match fault.kind() {
        SettingsErrorKind::PlainHttp => ("use https, or allow it by", "allow-http"),
        SettingsErrorKind::UnknownAuthority => {
            ("trust that authority by", "certificate-authority FILE")
        }
        SettingsErrorKind::ClientCertificate => ("set one by", "client-certificate FILE"),
        SettingsErrorKind::SelfSigned => (
            "issue a certificate with `CA:FALSE`, or for tests accept any by",
            "insecure-skip-tls-verify",
        ),
        _ => return None,
    };
    let (name, value) = option.split_once(' ').unwrap_or((option, "true"));
    let key = name.replace('-', "_");
    let variables = apis.iter().filter_map(|api| api.variable(&key));
    let variables: Vec<String> = variables.map(|name| format!("{name}={value}")).collect();
    Some(format!(
        "{fault}; {remedy} --{option}, `{key}` in a profile, or {}",
        variables.join(" or ")
    ))
}

fn called_api(error: &Error) -> Option<Api> {
    error.operation().and_then(Api::of_operation)
}

/// Returns whether the response was a web page with a success status.
fn is_page(error: &Error) -> bool {
    let is_success = error.status().is_some_and(|status| status.is_success());
    is_success && error.kind() == ErrorKind::Authentication
}

/// Looks for the KFP API below `/pipeline`, where the Kubeflow dashboard has it, if a call of it
/// returned a web page. Returns an error that says so if it is there.
pub async fn moved(settings: &Settings<'_>, error: &Error) -> Option<Error> {
    const BELOW: &str = "/pipeline";
    let client = settings.kfp().ok()?;
    let endpoint = client.transport().endpoint();
    if called_api(error) != Some(Api::Kfp) || !is_page(error) || endpoint.ends_with(BELOW) {
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
