//! What the builders of both clients have in common.

/// Defines the methods that the builders of both clients have.
macro_rules! common_methods {
    () => {
        /// Returns what [`from_variables`](Self::from_variables) found, and where. Later settings are
        /// not included.
        pub fn found(&self) -> &[Found] {
            &self.found
        }

        /// Sets the token of a user, sent as `Bearer <token>`.
        pub fn bearer_token(self, token: impl Into<String>) -> Self {
            self.credentials(BearerToken::new(token))
        }

        /// Sets the file with the token of a user, sent as `Bearer <token>`. The file is read again
        /// when it changes.
        pub fn token_file(self, path: impl Into<PathBuf>) -> Self {
            self.credentials(TokenFile::new(path))
        }

        /// Configures the transport: time limits, sizes, the HTTP client.
        ///
        /// ```
        /// # #[cfg(feature = "compute")] {
        /// use std::time::Duration;
        ///
        /// let client = compute_kfp::compute::Client::builder()
        ///     .transport(|transport| transport.timeout(Duration::from_secs(10)))
        ///     .build()?;
        /// # }
        /// # Ok::<(), compute_kfp::Error>(())
        /// ```
        pub fn transport(mut self, set: impl FnOnce(TransportBuilder) -> TransportBuilder) -> Self {
            self.transport = set(self.transport);
            self
        }
    };
}
pub(crate) use common_methods;
