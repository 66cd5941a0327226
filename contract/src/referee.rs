//! Mock servers that check requests against a spec: processes of `referees/`.

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// The kind of a referee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `@stdy/cli`: reads OpenAPI 3.0 and 3.1.
    Steady,
    /// `@stoplight/prism-cli`: reads Swagger 2.0, too.
    Prism,
}

/// A mock server that runs until this is dropped.
#[derive(Debug)]
pub struct Referee {
    kind: Kind,
    url: String,
    /// Closing it ends `run.mjs`, and so the server, however this program ends.
    _process: Child,
}

impl Referee {
    /// Starts a referee for a spec, on its own port.
    ///
    /// # Errors
    ///
    /// Fails if there is no `node`, if the referee is not installed (`make contract` installs it), or if
    /// it does not start.
    pub async fn start(kind: Kind, spec: &Path) -> io::Result<Self> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("referees");
        let mut process = Command::new("node")
            .arg(directory.join("run.mjs"))
            .args(kind.command(&directory, free_port()?))
            .arg(spec)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut lines = BufReader::new(stdout).lines();
        let mut said = String::new();
        let url = loop {
            let Some(line) = lines.next_line().await? else {
                return Err(io::Error::other(format!("{kind:?} did not start: {said}")));
            };
            if let Some(url) = kind.address(&line) {
                break url;
            }
            said += &line;
            said.push('\n');
        };
        // Drained, so that the referee can go on printing.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            kind,
            url,
            _process: process,
        })
    }

    /// Returns its address, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the faults of the request that got this response.
    pub fn complaints(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Vec<String> {
        let mut complaints = match self.kind {
            Kind::Steady => steady_complaints(headers),
            Kind::Prism => prism_complaints(headers),
        };
        if !status.is_success() && complaints.is_empty() {
            let body = String::from_utf8_lossy(body);
            complaints.push(format!("{status}: {body}"));
        }
        complaints
    }
}

impl Kind {
    fn command(self, directory: &Path, port: u16) -> Vec<PathBuf> {
        let bin = directory.join("node_modules/.bin");
        let port = port.to_string();
        match self {
            Self::Steady => {
                let given = [
                    "--no-color",
                    "--log-format=text",
                    "--reject-on-sdk-error",
                    "--validator-strict-oneof",
                    "--port",
                    &port,
                ];
                let given = given.iter().map(PathBuf::from);
                std::iter::once(bin.join("steady")).chain(given).collect()
            }
            // Without `--errors`: an invalid response of Prism's own would hide its findings about the
            // request. The header of each response has both.
            Self::Prism => {
                let given = ["mock", "--port", &port].map(PathBuf::from);
                std::iter::once(bin.join("prism")).chain(given).collect()
            }
        }
    }

    /// Returns the address, if the line reports that the server listens.
    fn address(self, line: &str) -> Option<String> {
        let before = match self {
            Self::Steady => "Ready to accept requests on ",
            Self::Prism => "Prism is listening on ",
        };
        let (_, rest) = line.split_once(before)?;
        rest.split_whitespace().next().map(str::to_owned)
    }
}

/// Returns a port that was free a moment ago, since Steady does not report its port.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Returns Steady's diagnostics. All are about the request, including those it tolerates.
fn steady_complaints(headers: &HeaderMap) -> Vec<String> {
    let header = |name: &str| {
        let value = headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let mut complaints = Vec::new();
    for number in 1.. {
        let part = |part| header(&format!("x-steady-error-{number}-{part}"));
        let Some(code) = part("code") else { break };
        let (place, words) = (part("path"), part("message"));
        complaints.push(format!(
            "{code} at {}: {}",
            place.unwrap_or_default(),
            words.unwrap_or_default()
        ));
    }
    if complaints.is_empty() && header("x-steady-request-valid").as_deref() != Some("true") {
        complaints.push("Steady does not say that the request is valid".to_owned());
    }
    complaints
}

/// Returns Prism's violations, without those of its own response.
fn prism_complaints(headers: &HeaderMap) -> Vec<String> {
    let Some(header) = headers.get("sl-violations") else {
        return Vec::new();
    };
    let violations: Vec<Value> = match serde_json::from_slice(header.as_bytes()) {
        Ok(violations) => violations,
        Err(error) => return vec![format!("sl-violations cannot be read: {error}")],
    };
    let about_the_request = |violation: &Value| violation["location"][0] != "response";
    let complaints = violations.iter().filter(|found| about_the_request(found));
    complaints.map(Value::to_string).collect()
}
