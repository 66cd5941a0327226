//! Typed mocks of the operations, to test programs that call them.
//!
//! A mock server has a method for each operation, with the name of the client's method. It takes the
//! expected request and the response to return. For a server that stores what it receives, see
//! `compute-kfp-sandbox`.
//!
//! ```
//! use compute_kfp::compute::mock::{MockServerExt as _, httpmock::MockServer};
//! use compute_kfp::compute::{self, types};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = MockServer::start();
//! let language = types::Language::builder().id(7).name("cQASM").version("3.0").build()?;
//! let read = server.read_language(|when, then| {
//!     when.id(7);
//!     then.ok(&language);
//! });
//! let missing = types::HttpNotFoundError::builder().detail("there is no such file").build()?;
//! server.delete_file(|when, then| {
//!     when.id(12);
//!     then.not_found(&missing);
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
//! assert_eq!(error.to_string(), "delete_file: 404: there is no such file");
//! # Ok(())
//! # }
//! ```

pub use compute_api_client::mock::*;
