//! Typed mocks of the operations, to test programs that call them.
//!
//! A mock server has a method for each operation, with the name of the client's method. It takes the
//! expected request and the response to return. For a server that stores what it receives, see
//! `compute-kfp-sandbox`.
//!
//! ```
//! use compute_kfp::kfp::mock::{MockServerExt as _, httpmock::MockServer};
//! use compute_kfp::kfp::{self, types};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> compute_kfp::Result<()> {
//! let server = MockServer::start();
//! let run = types::Run::builder().run_id("r-1").display_name("nightly");
//! let runs = types::ListRunsResponse::builder().runs([run.build()]).build();
//! let list = server.list_runs(|when, then| {
//!     when.namespace("ml");
//!     then.ok(&runs);
//! });
//! let gone = types::GoogleRpcStatus::builder().code(5).message("run r-2 not found").build();
//! server.get_run(|when, then| {
//!     when.run_id("r-2");
//!     then.client_error(404, &gone);
//! });
//!
//! let client = kfp::Client::builder(server.base_url()).build()?;
//! let page = client.list_runs().namespace("ml").send().await?;
//! assert_eq!(*page, runs);
//! list.assert();
//!
//! let error = client.get_run("r-2").send().await.unwrap_err();
//! assert_eq!(error.to_string(), "get_run: 404: run r-2 not found");
//! # Ok(())
//! # }
//! ```

pub use kfp_api_client::mock::*;
