//! The address of a server.

use url::{Position, Url};

use crate::error::Error;
use crate::settings_error::SettingsError;

/// Returns scheme, host and port of an address, which identify a server.
pub(crate) fn origin(url: &Url) -> String {
    let server = &url[Position::BeforeHost..Position::AfterPort];
    format!("{}://{server}", url.scheme())
}

/// Returns whether two endpoints are the same: white space around them and slashes at their end do not
/// count.
pub fn is_same_server(one: &str, other: &str) -> bool {
    base(one) == base(other)
}

fn base(endpoint: &str) -> &str {
    endpoint.trim().trim_end_matches('/')
}

/// Returns whether requests to this address stay on this machine, inside a cluster, or encrypted.
pub(crate) fn is_private(url: &Url) -> bool {
    url.scheme() == "https" || is_inside(url)
}

pub(crate) fn is_inside(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(host)) => is_name_inside(host),
        None => false,
    }
}

/// Returns whether a name is resolved only on this machine or by the DNS of a cluster, never by
/// public DNS.
fn is_name_inside(host: &str) -> bool {
    let is_complete = |name: &str| {
        name == "localhost" || name.ends_with(".localhost") || name.ends_with(".svc.cluster.local")
    };
    // With a dot at its end, a name is never completed by the search list of a pod.
    if let Some(name) = host.strip_suffix('.') {
        return is_complete(name);
    }
    is_complete(host)
        || host.ends_with(".svc")
        || match host.split_once('.') {
            None => true,
            Some((_, namespace)) => is_only_a_namespace(namespace),
        }
}

/// Returns whether `SERVICE.NAMESPACE` cannot be a public name.
///
/// A top-level domain has neither digits nor hyphens, unless it is internationalised, and none has
/// the name of the usual namespace of KFP.
fn is_only_a_namespace(label: &str) -> bool {
    let has_other_than_letters = label.bytes().any(|byte| !byte.is_ascii_alphabetic());
    let is_label = !label.is_empty() && !label.contains('.') && !label.starts_with("xn--");
    is_label && (has_other_than_letters || label == "kubeflow")
}

/// The address of a server.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// Base URL, without a trailing slash.
    base: String,
    pub url: Url,
}

impl Endpoint {
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |what: &str| {
            Error::configuration(format!(
                "invalid endpoint: it {what}; use an address such as `https://example.org`"
            ))
        };
        let url =
            Url::parse(text.trim()).map_err(|error| wrong(&format!("is not a URL ({error})")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong(&format!(
                "has the scheme `{}`, not http or https",
                url.scheme()
            )));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(wrong("has no host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(
                "has a user name or password; set them as credentials",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("has a `?` or `#`"));
        }
        let base = base(url.as_str()).to_owned();
        Ok(Self { base, url })
    }

    pub fn as_str(&self) -> &str {
        &self.base
    }

    /// Returns an error if credentials would be sent unencrypted, unless that is allowed.
    pub fn check_credentials(&self, allow_plain_http: bool) -> Result<(), Error> {
        match allow_plain_http || is_private(&self.url) {
            true => Ok(()),
            false => {
                let message = format!("`{}` would receive credentials over plain HTTP", self.base);
                Err(SettingsError::plain_http(message).into())
            }
        }
    }

    /// Returns the address of a path that starts with a slash, and of a query without its `?`.
    pub fn join(&self, path: &str, query: &str) -> Url {
        let mut url = self.url.clone();
        match url.path().trim_end_matches('/') {
            "" => url.set_path(path),
            base => {
                let whole = [base, path].concat();
                url.set_path(&whole);
            }
        }
        url.set_query((!query.is_empty()).then_some(query));
        url
    }
}
