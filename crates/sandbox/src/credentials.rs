use std::fmt;
use std::io;

use crate::fault::invalid;

#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) compute_token: String,
    pub(crate) compute_api_key: String,
    pub(crate) kfp_token: String,
    /// Whether KFP requests need the token.
    pub(crate) kfp_token_required: bool,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            compute_token: "sandbox-compute-user-token".to_owned(),
            compute_api_key: "sandbox-compute-backend-key".to_owned(),
            kfp_token: "sandbox-kfp-token".to_owned(),
            kfp_token_required: false,
        }
    }
}

impl Credentials {
    pub(crate) fn check(&self) -> io::Result<()> {
        for (name, credential) in [
            ("the Compute token", &self.compute_token),
            ("the Compute API key", &self.compute_api_key),
            ("the KFP token", &self.kfp_token),
        ] {
            let is_plain = credential.bytes().all(|byte| byte.is_ascii_graphic());
            if credential.is_empty() || !is_plain {
                return Err(invalid(format!(
                    "{name} is not valid in a header: use visible ASCII characters without spaces"
                )));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials(redacted)")
    }
}
