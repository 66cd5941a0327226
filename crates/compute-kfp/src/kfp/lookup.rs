//! Lookup of a client's settings in variables, and in the files of a pod and of a user.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::context_file::ContextFile;
use super::{ClientBuilder, VARIABLES, without_api_path};
use crate::Error;
use crate::credentials::{IdentityHeader, SessionCookie};
use crate::settings::{Lookup, Origin, Setting, optional_content};

pub(super) const ENDPOINT: &str = "KF_PIPELINES_ENDPOINT";
pub(super) const TOKEN: &str = "KFP_TOKEN";
pub(super) const TOKEN_PATH: &str = "KF_PIPELINES_SA_TOKEN_PATH";
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
pub(super) struct Places<'a> {
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    pub root: &'a Path,
    pub home: Option<PathBuf>,
}

impl<'a> Places<'a> {
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
        let mut lookup = Lookup::new(self.variable);
        lookup.note(Setting::Endpoint, None, origin);
        if let Some(token) = lookup.text(Setting::Token, TOKEN)? {
            client = client.bearer_token(token);
        } else if let Some((path, origin)) = token_file {
            let shown = path.display().to_string();
            lookup.note(Setting::TokenFile, Some(shown), origin);
            client = client.token_file(path);
        }
        let context = self.home.as_ref().map(|home| home.join(CONTEXT_FILE));
        let context = context.map(|path| Ok::<_, Error>((ContextFile::read(&path)?, path)));
        let context = context.transpose()?;
        let (context, path) = context.unwrap_or_default();
        let of_context_file = || Origin::ContextFile(path.clone());
        client.transport = lookup.proxy_credentials(&VARIABLES, client.transport)?;
        if let Some(cookie) = context.cookie
            && !lookup.has(Setting::SessionCookie)
        {
            lookup.note(Setting::SessionCookie, None, of_context_file());
            let cookie = SessionCookie::new(cookie);
            client.of_context_file.push(Arc::new(cookie));
        }
        if let Some((name, value)) = context.header
            && !lookup.has(Setting::IdentityHeader)
        {
            let origin = of_context_file();
            lookup.note(Setting::IdentityHeader, Some(name.clone()), origin);
            let header = IdentityHeader::new(name, value);
            client.of_context_file.push(Arc::new(header));
        }
        let (transport, found) = VARIABLES.connect(self.variable, client.transport)?;
        client.transport = transport;
        lookup.found.extend(found);
        let of_pod = self.root.join(NAMESPACE_FILE);
        let namespace = match context.namespace {
            Some(namespace) => Some((namespace, of_context_file())),
            None => {
                optional_content(&of_pod)?.map(|namespace| (namespace, Origin::PodFile(of_pod)))
            }
        };
        if let Some((namespace, origin)) = namespace {
            lookup.note(Setting::Namespace, Some(namespace.clone()), origin);
            client = client.namespace(namespace);
        }
        client.found = lookup.found;
        Ok(client)
    }

    /// Returns the configured server, or that of the cluster if this is a pod.
    pub fn endpoint(&self) -> Result<Option<(String, Origin)>, Error> {
        let lookup = Lookup::new(self.variable);
        if let Some(endpoint) = lookup.unnoted(ENDPOINT)? {
            return Ok(Some((endpoint, Origin::Variable(ENDPOINT))));
        }
        let in_cluster = self.token_file().is_some() || lookup.unnoted(IN_CLUSTER)?.is_some();
        Ok(in_cluster.then(|| (IN_CLUSTER_ENDPOINT.to_owned(), Origin::Cluster)))
    }

    /// Returns the configured token file, or the usual one if it exists.
    fn token_file(&self) -> Option<(PathBuf, Origin)> {
        let named = Lookup::new(self.variable).value_of(TOKEN_PATH);
        if let Some(path) = named {
            return Some((path.into(), Origin::Variable(TOKEN_PATH)));
        }
        let usual = self.root.join(TOKEN_FILE);
        let found = usual.exists();
        found.then(|| (usual.clone(), Origin::PodFile(usual)))
    }
}

#[cfg(test)]
mod tests;
