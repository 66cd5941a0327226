//! Sources, renewal and secrecy of credentials.
//!
//! One program, so that the server of the transport's tests is built once.

mod environment;
mod proxies;
mod refusals;
mod renewal;
mod runtimes;
mod secrecy;
mod token_files;
mod vault;

use std::sync::LazyLock;

use compute_kfp_runtime::credentials::{Authorization, Credentials};
use compute_kfp_runtime::operation::{Operation, SchemeKind, SecurityScheme};
use compute_kfp_runtime::{Error, Request, Transport};

use crate::item::OPERATION;
use compute_kfp_test_server::{Received, Response, TestServer};

static USER: SecurityScheme = SecurityScheme::new("user", SchemeKind::Bearer);
static FOR_USERS: Operation = OPERATION.security(&[&[&USER]]);

/// One for all, as each reads the certificates of the machine.
static HTTP: LazyLock<reqwest::Client> = LazyLock::new(reqwest::Client::new);

fn authorization() -> Authorization {
    Authorization::new(&USER, HTTP.clone())
}

/// One that a server refused.
fn refused(token: &str) -> Authorization {
    let mut refused = authorization();
    refused.token(token).unwrap();
    refused
}

/// The header that the credentials make of their token.
async fn bearer(credentials: &impl Credentials) -> Result<String, Error> {
    let mut authorization = authorization();
    credentials.authorize(&mut authorization).await?;
    let header = &authorization.headers()["authorization"];
    Ok(header.to_str().unwrap().to_owned())
}

/// Returns the request that a server receives with these credentials.
async fn received(credentials: impl Credentials) -> Result<Received, Error> {
    let server = TestServer::playing([Response::json(200, "{}")]);
    let transport = Transport::builder(server.url()).credentials("user", credentials);
    let call = Request::new(&FOR_USERS);
    transport.build()?.send_empty(call).await?;
    Ok(server.only())
}
