//! The user and membership that a credential belongs to.

use clap::Args;
use compute_kfp::compute::types::Member;
use compute_kfp::settings::{Found, Setting};
use compute_kfp::{Error, ErrorKind, Response, compute};
use serde_json::{Value, json};

use super::stored_login;
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

/// The owner of a credential, as far as the server reveals it.
pub struct Identity {
    /// The name and email address, or the best substitute.
    pub name: String,
    /// The known properties, as JSON.
    pub properties: Value,
}

impl Identity {
    /// Finds the owner of this credential of the client.
    pub async fn of(client: &compute::Client, credential: &Found) -> Result<Self, Error> {
        if credential.setting == Setting::ApiKey {
            let backend = client.read_backend_self().send().await?.into_inner();
            return Ok(Self {
                name: format!("backend {}", backend.name),
                properties: json!({"backend": backend.name, "backend_id": backend.id}),
            });
        }
        let login = match credential.setting {
            Setting::Login => stored_login(Some(client.transport().endpoint().to_owned()))?,
            _ => None,
        };
        let chosen = match login.map_or(Ok(None), |login| login.team_member_id())? {
            Some(id) => if_visible(client.read_member(id).send().await)?,
            None => None,
        };
        let (user_id, member) = match chosen {
            Some(member) => (Some(member.user_id), Some(member)),
            None => only_one(client).await?,
        };
        let user = match user_id {
            Some(id) => if_visible(client.read_user(id).send().await)?,
            None => None,
        };
        let team = match &member {
            Some(member) => if_visible(client.read_team(member.team_id).send().await)?,
            None => None,
        };
        let name = match (&user, user_id) {
            (Some(user), _) => format!("{} <{}>", user.full_name, user.email),
            (None, Some(id)) => format!("user {id}"),
            (None, None) => "unknown user".to_owned(),
        };
        let (user, member) = (user.as_ref(), member.as_ref());
        let properties = json!({
            "name": user.map(|user| &user.full_name),
            "email": user.map(|user| &user.email),
            "user_id": user_id,
            "team": team.map(|team| team.name),
            "team_id": member.map(|member| member.team_id),
            "role": member.map(|member| &member.role),
            "team_member_id": member.map(|member| member.id),
        });
        Ok(Self { name, properties })
    }
}

/// Returns the only user of all memberships, and the only membership.
async fn only_one(client: &compute::Client) -> Result<(Option<i64>, Option<Member>), Error> {
    let page = client.read_members().send().await?.into_inner();
    let listed = i64::try_from(page.items.len()).unwrap_or(i64::MAX);
    let Some(first) = page.items.first().filter(|_| page.total <= listed) else {
        return Ok((None, None));
    };
    let user_id = first.user_id;
    let alone = page.items.iter().all(|member| member.user_id == user_id);
    let user_id = alone.then_some(user_id);
    let member = match page.items.as_slice() {
        [member] => Some(member.clone()),
        _ => None,
    };
    Ok((user_id, member))
}

/// Returns `None` if the server has no such object or does not show it.
pub fn if_visible<T>(response: Result<Response<T>, Error>) -> Result<Option<T>, Error> {
    match response {
        Ok(response) => Ok(Some(response.into_inner())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Permission) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
