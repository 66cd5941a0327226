//! Lookup of a client's settings in variables, and in the files of a pod and of a user.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::context_file::ContextFile;
use super::{ClientBuilder, VARIABLES, without_api_path};
use crate::Error;
use crate::credentials::{IdentityHeader, SessionCookie};
use crate::settings::{self, Origin, Setting, optional_content, text};

pub(super) const ENDPOINT: &str = "KF_PIPELINES_ENDPOINT";
pub(super) const TOKEN: &str = "KFP_TOKEN";
pub(super) const TOKEN_PATH: &str = "KF_PIPELINES_SA_TOKEN_PATH";
pub(super) const COOKIE: &str = "KFP_COOKIE";
pub(super) const COOKIE_FILE: &str = "KFP_COOKIE_FILE";
pub(super) const IDENTITY_HEADER: &str = "KFP_IDENTITY_HEADER";
/// Variable that Kubernetes sets in each pod.
const IN_CLUSTER: &str = "KUBERNETES_SERVICE_HOST";

/// Address of KFP in a cluster. It is the same if users have their own namespaces.
const IN_CLUSTER_ENDPOINT: &str = "http://ml-pipeline.kubeflow.svc.cluster.local:8888";

/// Path of the token file, relative to the root of the file system.
const TOKEN_FILE: &str = "var/run/secrets/kubeflow/pipelines/token";
const NAMESPACE_FILE: &str = "var/run/secrets/kubernetes.io/serviceaccount/namespace";
/// Path of the context file, relative to the user's home directory.
const CONTEXT_FILE: &str = ".config/kfp/context.json";

/// The places to look. Tests use their own.
pub(super) struct Lookup<'a> {
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    pub root: &'a Path,
    pub home: Option<PathBuf>,
}

impl<'a> Lookup<'a> {
    pub fn of_this_machine(variable: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self {
            variable,
            root: Path::new("/"),
            home: env::home_dir(),
        }
    }

    /// Returns a builder with all settings that are found.
    pub fn client(&self) -> Result<ClientBuilder, Error> {
        let (endpoint, origin) = self.endpoint()?.ok_or_else(|| {
            Error::configuration(format!(
                "no endpoint of a KFP server; outside of a cluster, set `{ENDPOINT}` to its address"
            ))
        })?;
        let is_in_cluster = without_api_path(&endpoint) == IN_CLUSTER_ENDPOINT;
        let token_file = self.token_file().filter(|(_, origin)| {
            // The pod got its token for the server of the cluster, and no other may receive it.
            is_in_cluster || !matches!(origin, Origin::PodFile(_))
        });
        let mut client = ClientBuilder::new(endpoint);
        client.note(Setting::Endpoint, None, origin);
        client = match (self.text(TOKEN)?, token_file) {
            (Some(token), _) => {
                client.note(Setting::Token, None, Origin::Variable(TOKEN));
                client.bearer_token(token)
            }
            (None, Some((path, origin))) => {
                client.note(Setting::TokenFile, Some(path.display().to_string()), origin);
                client.token_file(path)
            }
            (None, None) => client,
        };
        client = self.with_cookie(client)?;
        client = self.with_identity_header(client)?;
        let (transport, found) = VARIABLES.connect(self.variable, client.transport)?;
        client.transport = transport;
        client.found.extend(found);
        let context_file = self.home.as_ref().map(|home| home.join(CONTEXT_FILE));
        if let Some(path) = &context_file {
            client = Self::with_context_file(client, path)?;
        }
        if client.namespace.is_some() {
            return Ok(client);
        }
        let path = self.root.join(NAMESPACE_FILE);
        Ok(match optional_content(&path)? {
            Some(namespace) => {
                let origin = Origin::PodFile(path);
                client.note(Setting::Namespace, Some(namespace.clone()), origin);
                client.namespace(namespace)
            }
            None => client,
        })
    }

    fn with_cookie(&self, mut client: ClientBuilder) -> Result<ClientBuilder, Error> {
        if let Some(cookie) = self.text(COOKIE)? {
            client.note(Setting::SessionCookie, None, Origin::Variable(COOKIE));
            return Ok(client.session_cookie(cookie));
        }
        let file = (self.variable)(COOKIE_FILE).filter(|path| !path.is_empty());
        let Some(file) = file else { return Ok(client) };
        let cookie = settings::read("session cookie", &file)?;
        client.note(Setting::SessionCookie, None, Origin::Variable(COOKIE_FILE));
        Ok(client.session_cookie(String::from_utf8_lossy(&cookie)))
    }

    fn with_identity_header(&self, mut client: ClientBuilder) -> Result<ClientBuilder, Error> {
        let Some(header) = self.text(IDENTITY_HEADER)? else {
            return Ok(client);
        };
        // The value is not shown, since it is a credential.
        let (name, value) = header.split_once(':').ok_or_else(|| {
            Error::configuration(
                "invalid identity header: write it as `NAME: VALUE`, such as `kubeflow-userid: user@example.org`",
            )
        })?;
        let origin = Origin::Variable(IDENTITY_HEADER);
        client.note(
            Setting::IdentityHeader,
            Some(name.trim().to_owned()),
            origin,
        );
        Ok(client.identity_header(name.trim(), value.trim()))
    }

    /// Adds the settings of the context file that the variables leave open.
    fn with_context_file(mut client: ClientBuilder, path: &Path) -> Result<ClientBuilder, Error> {
        let context = ContextFile::read(path)?;
        let origin = || Origin::ContextFile(path.to_owned());
        let has = |client: &ClientBuilder, setting| {
            client.found.iter().any(|found| found.setting == setting)
        };
        if let Some(cookie) = context.cookie
            && !has(&client, Setting::SessionCookie)
        {
            client.note(Setting::SessionCookie, None, origin());
            client
                .of_context_file
                .push(Arc::new(SessionCookie::new(cookie)));
        }
        if let Some((name, value)) = context.header
            && !has(&client, Setting::IdentityHeader)
        {
            client.note(Setting::IdentityHeader, Some(name.clone()), origin());
            let header = IdentityHeader::new(name, value);
            client.of_context_file.push(Arc::new(header));
        }
        if let Some(namespace) = context.namespace {
            client.note(Setting::Namespace, Some(namespace.clone()), origin());
            client = client.namespace(namespace);
        }
        Ok(client)
    }

    /// Returns the configured server, or that of the cluster if this is a pod.
    pub fn endpoint(&self) -> Result<Option<(String, Origin)>, Error> {
        if let Some(endpoint) = self.text(ENDPOINT)? {
            return Ok(Some((endpoint, Origin::Variable(ENDPOINT))));
        }
        let in_cluster = self.token_file().is_some() || self.text(IN_CLUSTER)?.is_some();
        Ok(in_cluster.then(|| (IN_CLUSTER_ENDPOINT.to_owned(), Origin::Cluster)))
    }

    /// Returns the configured token file, or the usual one if it exists.
    fn token_file(&self) -> Option<(PathBuf, Origin)> {
        let named = (self.variable)(TOKEN_PATH).filter(|path| !path.is_empty());
        if let Some(path) = named {
            return Some((path.into(), Origin::Variable(TOKEN_PATH)));
        }
        let usual = self.root.join(TOKEN_FILE);
        let found = usual.exists();
        found.then(|| (usual.clone(), Origin::PodFile(usual)))
    }

    fn text(&self, name: &str) -> Result<Option<String>, Error> {
        text(name, (self.variable)(name))
    }
}

#[cfg(test)]
mod tests;
