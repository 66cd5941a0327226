//! What both clients and their builders have in common.

/// Implements the conversions of a client of this crate, with the values of its other fields.
macro_rules! conversions {
    ($api:ident $(, $field:ident: $value:expr)?) => {
        impl std::ops::Deref for Client {
            type Target = $api::Client;

            fn deref(&self) -> &Self::Target {
                &self.api
            }
        }

        impl From<Transport> for Client {
            fn from(transport: Transport) -> Self {
                Self {
                    api: $api::Client::new(transport),
                    request_limit: request_limit(),
                    $($field: $value,)?
                }
            }
        }
    };
}

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
            self.credentials(crate::credentials::BearerToken::new(token))
        }

        /// Sets the file with the token of a user, sent as `Bearer <token>`. The file is read again
        /// when it changes.
        pub fn token_file(self, path: impl Into<std::path::PathBuf>) -> Self {
            self.credentials(crate::credentials::TokenFile::new(path))
        }

        /// Adds session cookies, `name=value; other=value`, as the proxy in front of the server sets
        /// them after a login. Every request sends them.
        pub fn session_cookie(self, cookies: impl Into<String>) -> Self {
            let cookies = crate::credentials::SessionCookie::new(cookies);
            self.transport(|transport| transport.proxy_credentials(cookies))
        }

        /// Adds a header that identifies the caller, such as `kubeflow-userid`, for a server that
        /// trusts it. Every request sends it.
        pub fn identity_header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
            let header = crate::credentials::IdentityHeader::new(name, value);
            self.transport(|transport| transport.proxy_credentials(header))
        }

        /// Configures the transport: time limits, sizes, the HTTP client.
        pub fn transport(mut self, set: impl FnOnce(TransportBuilder) -> TransportBuilder) -> Self {
            self.transport = set(self.transport);
            self
        }
    };
}
pub(crate) use {common_methods, conversions};
