//! The server, user and membership that commands use.

use clap::Args;
use compute_kfp::settings::Setting;
use compute_kfp::{Error, compute};
use serde_json::json;

use super::Identity;
use crate::api::Api;
use crate::client::{ApiClient, title};
use crate::failure::{Failure, warn};
use crate::options::Options;
use crate::settings::Settings;

/// Show the authenticated user of Quantum Inspire
///
/// Also shows the server, the membership, and where the credential comes from.
#[derive(Args, Clone, Debug)]
pub struct Arguments {}

impl Arguments {
    pub async fn run(&self, options: &Options) -> Result<(), Failure> {
        options.refuse_dry_run("`whoami` is more than one request")?;
        let settings = Settings::read(options)?;
        let configured = ApiClient::if_configured(&settings, Api::Compute)?;
        let configured = configured.ok_or_else(|| nobody(compute::DEFAULT_ENDPOINT))?;
        print(options, &configured).await
    }
}

/// Requests the identity of the client from the server, and prints it.
pub async fn print(options: &Options, configured: &ApiClient) -> Result<(), Failure> {
    let endpoint = configured.endpoint();
    let (credential, source) = configured.credential().ok_or_else(|| nobody(endpoint))?;
    if let Some(hidden) = configured.hidden_login() {
        warn(&hidden);
    }
    let client = compute::Client::from(configured.transport.clone());
    let identity = Identity::of(&client, credential).await?;
    let endpoint_source = configured.source(Setting::Endpoint);
    let mut shown = identity.properties;
    shown["endpoint"] = json!(endpoint);
    shown["endpoint_source"] = json!(endpoint_source.map(ToString::to_string));
    shown["credential"] = json!(title(credential.setting));
    shown["credential_source"] = json!(source.to_string());
    options.format().response(&shown, None)
}

fn nobody(endpoint: &str) -> Failure {
    let message = format!(
        "no credential for `{endpoint}`; log in with `compute-kfp login`, or set COMPUTE_TOKEN"
    );
    Error::authentication(message).into()
}
