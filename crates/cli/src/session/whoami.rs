//! The server, user and membership that commands use.

use clap::Command;
use compute_kfp::Error;
use compute_kfp::settings::Setting;
use serde_json::{Map, Value, json};

use super::Identity;
use crate::api::{Api, Client};
use crate::failure::{Failure, warn};
use crate::globals::Globals;
use crate::output::Output;
use crate::settings::Settings;
use crate::setup::{Setup, title};

pub const NAME: &str = "whoami";

pub fn command() -> Command {
    Command::new(NAME)
        .about("Tell who is logged in to Quantum Inspire")
        .long_about(
            "Tell who is logged in to Quantum Inspire\n\nAlso which server, which membership, and \
             where the credential comes from.",
        )
}

pub async fn run(globals: &Globals) -> Result<(), Failure> {
    let settings = Settings::read(globals)?;
    let setup = Setup::of(&settings, Api::Compute)?;
    let setup = setup.ok_or_else(|| nobody(compute_kfp::compute::DEFAULT_ENDPOINT))?;
    answer(globals, &setup).await
}

/// Requests the identity of the client from the server, and prints it.
pub async fn answer(globals: &Globals, setup: &Setup) -> Result<(), Failure> {
    let Client::Compute(client) = &setup.client else {
        return Ok(());
    };
    let endpoint = setup.endpoint();
    let (credential, source) = setup.credential().ok_or_else(|| nobody(endpoint))?;
    if let Some(hidden) = setup.hidden_login() {
        warn(&hidden);
    }
    let identity = Identity::of(client, credential).await?;
    let mut told = Map::new();
    for (name, value) in identity.properties() {
        told.insert(name.to_owned(), value);
    }
    let endpoint_source = setup.source(Setting::Endpoint).map(ToString::to_string);
    let by: [(&str, Value); 4] = [
        ("endpoint", json!(endpoint)),
        ("endpoint_source", json!(endpoint_source)),
        ("credential", json!(title(credential.setting))),
        ("credential_source", json!(source.to_string())),
    ];
    told.extend(by.map(|(name, value)| (name.to_owned(), value)));
    Output::new(globals.output).answer(&Value::Object(told), None)
}

fn nobody(endpoint: &str) -> Failure {
    let message = format!(
        "there is no credential for `{endpoint}`; log in with `compute-kfp login`, or set COMPUTE_TOKEN"
    );
    Error::authentication(message).into()
}
