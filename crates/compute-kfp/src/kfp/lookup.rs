//! Lookup of a client's settings in variables, and in the files of a pod and of a user.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::context_file::{ContextFile, content};
use super::{Client, ClientBuilder, VARIABLES, without_api_path};
use crate::Error;
use crate::settings::{Lookup, Origin, Setting};

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
        let mut lookup = Lookup::new(&VARIABLES, self.variable);
        let endpoint = self.endpoint(&mut lookup)?.ok_or_else(|| {
            Error::configuration(format!(
                "no endpoint of a KFP server; outside of a cluster, set `{}` to its address",
                VARIABLES.endpoint
            ))
        })?;
        let is_in_cluster = without_api_path(&endpoint) == IN_CLUSTER_ENDPOINT;
        let mut client = Client::builder(endpoint);
        let of_pod = self.root.join(TOKEN_FILE);
        if let Some(token) = lookup.token()? {
            client = client.credentials(token);
        } else if is_in_cluster && of_pod.exists() {
            // The pod got its token for the server of the cluster, and no other may receive it.
            let shown = of_pod.display().to_string();
            let origin = Origin::PodFile(of_pod.clone());
            lookup.note(Setting::TokenFile, Some(shown), origin);
            client = client.token_file(of_pod);
        }
        client.transport = lookup.proxy_credentials(client.transport)?;
        let context = match &self.home {
            Some(home) => ContextFile::read(home.join(CONTEXT_FILE))?,
            None => ContextFile::default(),
        };
        let of_context_file = || Origin::ContextFile(context.path.clone());
        for (setting, shown, credentials) in context.credentials {
            if !lookup.has(setting) {
                lookup.note(setting, shown, of_context_file());
                client.of_context_file.push(credentials);
            }
        }
        client.transport = lookup.connections(client.transport)?;
        let of_pod = self.root.join(NAMESPACE_FILE);
        let namespace = match context.namespace {
            Some(namespace) => Some((namespace, of_context_file())),
            None => content(&of_pod)?.map(|namespace| (namespace, Origin::PodFile(of_pod))),
        };
        if let Some((namespace, origin)) = namespace {
            lookup.note(Setting::Namespace, Some(namespace.clone()), origin);
            client = client.namespace(namespace);
        }
        client.found = lookup.found;
        Ok(client)
    }

    /// Returns whether there is a server: a configured one, or that of the cluster.
    pub fn has_endpoint(&self) -> Result<bool, Error> {
        let mut lookup = Lookup::new(&VARIABLES, self.variable);
        Ok(self.endpoint(&mut lookup)?.is_some())
    }

    /// Returns the configured server, or that of the cluster if this is a pod.
    fn endpoint(&self, lookup: &mut Lookup<'_>) -> Result<Option<String>, Error> {
        if let Some(endpoint) = lookup.text(Setting::Endpoint, VARIABLES.endpoint)? {
            return Ok(Some(endpoint));
        }
        let mut of_pod = [VARIABLES.token_file, IN_CLUSTER].iter();
        let is_pod = of_pod.any(|name| lookup.value_of(name).is_some());
        if !is_pod && !self.root.join(TOKEN_FILE).exists() {
            return Ok(None);
        }
        lookup.note(Setting::Endpoint, None, Origin::Cluster);
        Ok(Some(IN_CLUSTER_ENDPOINT.to_owned()))
    }
}

#[cfg(test)]
mod tests;
