//! Typed mocks of the operations, for the tests of a program that uses them.
//!
//! A mock server has a method for each operation, named as that of the client. It takes what to expect
//! of a request and what to answer. For a server that keeps what it is sent, see
//! `compute-kfp-sandbox`.
//!
//! ```
//! use compute_kfp::compute::mock::{MockServerExt as _, httpmock::MockServer};
//! use compute_kfp::compute::{self, types};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> compute_kfp::Result<()> {
//! let server = MockServer::start();
//! let language = types::Language {
//!     id: 7,
//!     name: "cQASM".to_owned(),
//!     version: "3.0".to_owned(),
//! };
//! let read = server.read_language(|when, then| {
//!     when.id(7);
//!     then.ok(&language)
//! });
//! let detail = "the file is used by a job".to_owned();
//! server.delete_file(|when, then| {
//!     when.id(12);
//!     then.error(409, &types::HttpConflictError { detail })
//! });
//!
//! let client = compute::Client::builder()
//!     .endpoint(server.base_url())
//!     .bearer_token("any")
//!     .build()?;
//! assert_eq!(*client.read_language(7).send().await?, language);
//! read.assert();
//!
//! let error = client.delete_file(12).send().await.unwrap_err();
//! assert_eq!(error.to_string(), "delete_file: 409: the file is used by a job");
//! # Ok(())
//! # }
//! ```

pub use compute_api_client::mock::*;
