//! The login server of `oidc/server.mjs`, as a process of its own.

use std::io;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};

/// A login server that runs until this is dropped.
#[derive(Debug)]
pub struct LoginServer {
    url: String,
    /// With it ends the server's standard input, and so the server, however this program ends.
    _process: Child,
    /// Its notices go there; closed, they would end it.
    _stdout: BufReader<ChildStdout>,
}

impl LoginServer {
    /// Starts a server on a port of its own.
    ///
    /// # Errors
    ///
    /// There is no `node`, or the server did not start; it says why on standard error.
    pub async fn start() -> io::Result<Self> {
        let mut process = Command::new("node")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/oidc/server.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut stdout = BufReader::new(stdout);
        let mut url = String::new();
        if stdout.read_line(&mut url).await? == 0 {
            return Err(io::Error::other("the login server did not start"));
        }
        Ok(Self {
            url: url.trim().to_owned(),
            _process: process,
            _stdout: stdout,
        })
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }
}
