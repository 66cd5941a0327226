//! Servers: the base of the paths of operations.
//!
//! A relative server becomes a prefix of the paths. The first absolute server is the default
//! endpoint. An operation's own server is stored with the operation.

use http::Uri;
use serde_json::Value;

use super::Reader;
use super::naming::Unnamed;
use super::node::Node;
use crate::model::Server;
use crate::template::{Piece, pieces};

/// The servers at the top of a document.
#[derive(Default)]
pub(super) struct Servers {
    /// Prefix of all paths.
    pub prefix: String,
    /// Absolute servers, the default endpoint first.
    pub absolute: Vec<Server>,
}

/// An address without a trailing slash.
#[derive(Clone, Debug, PartialEq)]
enum Address {
    Absolute(String),
    Relative(String),
}

impl<'a> Reader<'a> {
    pub(super) fn read_servers(&mut self) -> Servers {
        let mut servers = Servers::default();
        let mut is_first = true;
        for server in self.root().child("servers").items() {
            let reason = match address(&server) {
                Ok(Address::Relative(path)) if is_first => {
                    servers.prefix = path;
                    is_first = false;
                    continue;
                }
                Ok(Address::Relative(path)) if path == servers.prefix => continue,
                Ok(Address::Relative(_)) => "its path differs from that of the first".to_owned(),
                Ok(Address::Absolute(url)) => match url.strip_suffix(&servers.prefix) {
                    Some(url) => {
                        is_first = false;
                        servers.absolute.push(Server {
                            url: url.to_owned(),
                            description: server.text("description"),
                        });
                        continue;
                    }
                    None => format!("its path does not end with `{}`", servers.prefix),
                },
                Err(reason) => reason,
            };
            self.problems.warn(
                &server.at,
                format!("the server cannot be used: {reason}"),
                "the documentation does not list it; callers can set any endpoint",
            );
        }
        let urls = servers.absolute.iter().map(|server| &*server.url);
        if let Some(preferred) = preferred(&urls.collect::<Vec<_>>()) {
            let default = servers.absolute.remove(preferred);
            servers.absolute.insert(0, default);
        }
        servers
    }

    /// Returns the prefix of an operation's path, and its own server if it has one.
    pub(super) fn own_server(
        &mut self,
        servers: &Servers,
        of: &Unnamed<'a>,
    ) -> (String, Option<String>) {
        let shared = (servers.prefix.clone(), None);
        let own: Vec<Node<'a>> = of.operation.child("servers").items().collect();
        let own = match own.is_empty() {
            true => of.item.child("servers").items().collect(),
            false => own,
        };
        if own.is_empty() {
            return shared;
        }
        let mut usable = Vec::new();
        let mut reasons = Vec::new();
        for server in &own {
            match address(server) {
                Ok(address) => usable.push(address),
                Err(reason) => reasons.push(reason),
            }
        }
        if usable.is_empty() {
            self.problems.warn(
                &of.operation.at,
                format!(
                    "the server of the operation cannot be used: {}",
                    reasons.join("; ")
                ),
                "the operation is sent to the endpoint of the client",
            );
            return shared;
        }
        let default = servers.absolute.first().map_or("", |server| &server.url);
        let urls: Vec<&str> = usable.iter().map(Address::as_str).collect();
        let own = match &usable[preferred(&urls).unwrap_or(0)] {
            Address::Absolute(url) => url.clone(),
            // The path is relative to the host, not to the path of the default server.
            Address::Relative(path) => match path_of(default) {
                "" => return (path.clone(), None),
                base => format!("{}{path}", &default[..default.len() - base.len()]),
            },
        };
        match own == format!("{default}{}", servers.prefix) {
            true => shared,
            false => (String::new(), Some(own)),
        }
    }
}

impl Address {
    fn as_str(&self) -> &str {
        match self {
            Self::Absolute(text) | Self::Relative(text) => text,
        }
    }
}

/// Returns the index of the preferred server: the first, or its HTTPS variant if that is declared.
fn preferred(urls: &[&str]) -> Option<usize> {
    let first = urls.first()?;
    let encrypted = first.replacen("http://", "https://", 1);
    urls.iter().position(|url| *url == encrypted)
}

fn path_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    url[host..].find('/').map_or("", |at| &url[host + at..])
}

/// Returns the address of a server, or the reason why it cannot be used.
fn address(server: &Node<'_>) -> Result<Address, String> {
    let url = server.str("url").ok_or("it has no `url`")?;
    let url = with_defaults(url.trim(), server.value.get("variables"))?;
    if url.contains(['?', '#']) {
        return Err(format!("`{url}` has a `?` or `#`"));
    }
    let is_absolute = url.contains("://") || url.starts_with("//");
    if !is_absolute {
        let path = url.trim_start_matches("./").trim_matches('/');
        if path
            .split('/')
            .any(|part| part == ".." || part.contains(':'))
        {
            return Err(format!("`{url}` is neither a URL nor a path"));
        }
        return Ok(Address::Relative(match path {
            "" | "." => String::new(),
            path => format!("/{path}"),
        }));
    }
    let url = match url.strip_prefix("//") {
        Some(rest) => format!("https://{rest}"),
        None => url,
    };
    let parsed: Uri = (url.parse()).map_err(|error| format!("`{url}` is not a URL ({error})"))?;
    if !matches!(parsed.scheme_str(), Some("http" | "https")) {
        return Err(format!("the scheme of `{url}` is not http or https"));
    }
    let host = parsed.host().unwrap_or("");
    let is_odd = |authority: &str| authority.contains('@') || authority.ends_with(':');
    if host.is_empty() || parsed.authority().is_some_and(|it| is_odd(it.as_str())) {
        return Err("the address has no host or has a user name".to_owned());
    }
    Ok(Address::Absolute(url.trim_end_matches('/').to_owned()))
}

/// Replaces the variables of a template by their defaults.
fn with_defaults(template: &str, variables: Option<&Value>) -> Result<String, String> {
    let pieces = pieces(template);
    let pieces = pieces.ok_or_else(|| format!("the braces of `{template}` do not match"))?;
    let mut url = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => url.push_str(text),
            Piece::Name(name) => match variables.and_then(|it| it.get(name)?.get("default")) {
                Some(Value::String(text)) => url.push_str(text),
                Some(value @ (Value::Number(_) | Value::Bool(_))) => {
                    url.push_str(&value.to_string());
                }
                _ => {
                    return Err(format!(
                        "the variable `{name}` of `{template}` has no default"
                    ));
                }
            },
        }
    }
    Ok(url)
}
