//! OAuth 2: discovery of a login server, refreshing and revoking tokens, login on another device,
//! and tokens for programs with their own account.
//!
//! Requests are sent only over HTTPS, to this machine, or inside a cluster, unless plain HTTP is
//! allowed explicitly. Redirects are not followed, responses are read up to 1 MiB, and an exchange
//! ends after 30 s. If a login server refuses a request, the error is of kind
//! [`Authentication`](crate::ErrorKind::Authentication) and contains its `error` and
//! `error_description`. Temporary failures, such as an unreachable server, keep their kind: see
//! [`Error::of_credential`](crate::Error::of_credential).
//!
//! ```no_run
//! use compute_kfp_runtime::oauth::{DeviceLogin, Provider};
//!
//! # async fn example(http: &compute_kfp_runtime::HttpClient) -> compute_kfp_runtime::Result<()> {
//! let url = "https://login.example.org/.well-known/openid-configuration";
//! let provider = Provider::discover(http, url).await?;
//! let login = DeviceLogin::new("my-client").scope("openid offline_access").audience("kfp");
//! let pending = login.start(http, &provider).await?;
//! println!("open {} and enter {}", pending.verification_uri(), pending.user_code());
//! let tokens = pending.finish().await?;
//! println!("logged in for {:?}", tokens.expires_in());
//! # Ok(())
//! # }
//! ```

mod client_credentials;
mod device_login;
mod exchange;
mod provider;
mod tokens;

pub use self::client_credentials::ClientCredentials;
pub use self::device_login::{DeviceLogin, PendingLogin};
pub use self::provider::Provider;
pub use self::tokens::Tokens;
