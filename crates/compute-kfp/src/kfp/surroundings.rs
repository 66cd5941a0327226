//! What a client finds in its environment: variables, and the files of a pod and of a user.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::ClientBuilder;
use super::context::Context;
use crate::Error;
use crate::environment::text;

const ENDPOINT: &str = "KF_PIPELINES_ENDPOINT";
const TOKEN: &str = "KFP_TOKEN";
const TOKEN_PATH: &str = "KF_PIPELINES_SA_TOKEN_PATH";
/// Kubernetes sets it in each pod.
const IN_CLUSTER: &str = "KUBERNETES_SERVICE_HOST";

/// Where KFP is installed, also where users have namespaces of their own.
const IN_CLUSTER_ENDPOINT: &str = "http://ml-pipeline.kubeflow.svc.cluster.local:8888";

/// Below the root of the file system.
const TOKEN_FILE: &str = "var/run/secrets/kubeflow/pipelines/token";
const NAMESPACE_FILE: &str = "var/run/secrets/kubernetes.io/serviceaccount/namespace";
/// Below the home of the user.
const CONTEXT_FILE: &str = ".config/kfp/context.json";

/// Where to look; tests look elsewhere.
pub(super) struct Surroundings<'a> {
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    pub root: &'a Path,
    pub home: Option<PathBuf>,
}

impl Surroundings<'_> {
    /// A client with all that is found.
    pub fn client(&self) -> Result<ClientBuilder, Error> {
        let token_file = self.token_file();
        let mut client = ClientBuilder::new(self.endpoint(token_file.is_some())?);
        client = match (self.text(TOKEN)?, token_file) {
            (Some(token), _) => client.bearer_token(token),
            (None, Some(path)) => client.token_file(path),
            (None, None) => client,
        };
        let context = match &self.home {
            Some(home) => Context::read(&home.join(CONTEXT_FILE))?,
            None => Context::default(),
        };
        if let Some(cookie) = context.cookie {
            client = client.session_cookie(cookie);
        }
        if let Some((name, value)) = context.header {
            client = client.identity_header(name, value);
        }
        let namespace = match context.namespace {
            Some(namespace) => Some(namespace),
            None => text_of(&self.root.join(NAMESPACE_FILE))?,
        };
        Ok(match namespace {
            Some(namespace) => client.namespace(namespace),
            None => client,
        })
    }

    fn endpoint(&self, has_token_file: bool) -> Result<String, Error> {
        if let Some(endpoint) = self.text(ENDPOINT)? {
            return Ok(endpoint);
        }
        if has_token_file || self.text(IN_CLUSTER)?.is_some() {
            return Ok(IN_CLUSTER_ENDPOINT.to_owned());
        }
        Err(Error::configuration(format!(
            "no KFP server is named and this is no pod of a cluster; set `{ENDPOINT}` to its address"
        )))
    }

    /// The file that is named, or the usual one where it exists.
    fn token_file(&self) -> Option<PathBuf> {
        let named = (self.variable)(TOKEN_PATH).filter(|path| !path.is_empty());
        named.map(PathBuf::from).or_else(|| {
            let usual = self.root.join(TOKEN_FILE);
            usual.exists().then_some(usual)
        })
    }

    fn text(&self, name: &str) -> Result<Option<String>, Error> {
        text(name, (self.variable)(name))
    }
}

/// What is in a file, where there is one and it is not empty.
pub(super) fn text_of(path: &Path) -> Result<Option<String>, Error> {
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(path).map_err(|error| {
        Error::configuration(format!(
            "the file `{}` cannot be read: {error}; correct or remove it",
            path.display()
        ))
        .caused_by(error)
    })?;
    Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests;
