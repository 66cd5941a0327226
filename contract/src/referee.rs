//! Mock servers that judge requests by an API description: processes of `referees/`.

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use compute_kfp::middleware::Reply;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Which referee it is.
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
    /// With it ends the standard input of `run.mjs`, and so the server, however this program ends.
    _process: Child,
}

/// What a referee says about a request and about its own answer.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Status of the answer.
    pub status: u16,
    /// What is wrong with the request.
    pub request: Vec<String>,
    /// Where the referee's own answer breaks the description, as far as it looks.
    pub answer: Vec<String>,
}

impl Referee {
    /// Starts a referee for a description, on a port of its own.
    ///
    /// # Errors
    ///
    /// There is no `node`, it is not installed (`make contract` does it), or it did not start.
    pub async fn start(kind: Kind, description: &Path) -> io::Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("referees");
        let mut process = Command::new("node")
            .arg(folder.join("run.mjs"))
            .args(kind.command(&folder, free_port()?))
            .arg(description)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut lines = BufReader::new(stdout).lines();
        let mut said = String::new();
        let url = loop {
            let Some(line) = lines.next_line().await? else {
                return Err(io::Error::other(format!(
                    "{kind:?} did not start: {said}"
                )));
            };
            if let Some(url) = kind.address(&line) {
                break url;
            }
            said += &line;
            said.push('\n');
        };
        // What it prints of each request has to go somewhere.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            kind,
            url,
            _process: process,
        })
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What its answer says about the request.
    pub fn verdict(&self, reply: &Reply) -> Verdict {
        let mut verdict = match self.kind {
            Kind::Steady => steady_verdict(reply),
            Kind::Prism => prism_verdict(reply),
        };
        verdict.status = reply.status().as_u16();
        let is_silent = verdict.request.is_empty() && verdict.answer.is_empty();
        if !reply.status().is_success() && is_silent {
            let body = String::from_utf8_lossy(reply.body().unwrap_or_default());
            verdict.request.push(format!("{}: {body}", verdict.status));
        }
        verdict
    }
}

impl Kind {
    fn command(self, folder: &Path, port: u16) -> Vec<PathBuf> {
        let bin = folder.join("node_modules/.bin");
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
            // Without `--errors`, which lets an answer of its own that breaks the description hide
            // what is said about the request; the header of each answer holds both.
            Self::Prism => {
                let given = ["mock", "--port", &port].map(PathBuf::from);
                std::iter::once(bin.join("prism")).chain(given).collect()
            }
        }
    }

    /// The address, if the line tells that requests are awaited now.
    fn address(self, line: &str) -> Option<String> {
        let before = match self {
            Self::Steady => "Ready to accept requests on ",
            Self::Prism => "Prism is listening on ",
        };
        let (_, rest) = line.split_once(before)?;
        rest.split_whitespace().next().map(str::to_owned)
    }
}

/// A port that was free a moment ago; Steady does not tell which one it got.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// All of Steady's diagnostics are about the request, whether it lets them pass or not.
fn steady_verdict(reply: &Reply) -> Verdict {
    let header = |name: &str| {
        let value = reply.headers().get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let mut request = Vec::new();
    for number in 1.. {
        let part = |part| header(&format!("x-steady-error-{number}-{part}"));
        let Some(code) = part("code") else { break };
        request.push(format!(
            "{code} at {}: {}",
            part("path").unwrap_or_default(),
            part("message").unwrap_or_default()
        ));
    }
    if request.is_empty() && header("x-steady-request-valid").as_deref() != Some("true") {
        request.push("it does not say that the request is valid".to_owned());
    }
    Verdict {
        request,
        ..Verdict::default()
    }
}

fn prism_verdict(reply: &Reply) -> Verdict {
    let mut verdict = Verdict::default();
    let Some(header) = reply.headers().get("sl-violations") else {
        return verdict;
    };
    let violations: Vec<Value> = match serde_json::from_slice(header.as_bytes()) {
        Ok(violations) => violations,
        Err(error) => {
            verdict.request.push(format!("sl-violations: {error}"));
            return verdict;
        }
    };
    for violation in violations {
        let place: Vec<_> = violation["location"].as_array().into_iter().flatten().collect();
        let place: Vec<_> = place.into_iter().filter_map(Value::as_str).collect();
        let words = format!(
            "{} at {}: {}",
            violation["code"],
            place.join("."),
            violation["message"].as_str().unwrap_or_default()
        );
        match place.first() {
            Some(&"response") => verdict.answer.push(words),
            _ => verdict.request.push(words),
        }
    }
    verdict
}
