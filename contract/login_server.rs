//! The login server of `oidc/server.mjs`, as a process of its own.

use std::io;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// A login server that runs until this is dropped.
#[derive(Debug)]
pub struct LoginServer {
    url: String,
    /// With it ends the server's standard input, and so the server, however this program ends.
    _process: Child,
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
        let mut lines = BufReader::new(stdout).lines();
        let url = lines.next_line().await?;
        Ok(Self {
            url: url.ok_or_else(|| io::Error::other("the login server did not start"))?,
            _process: process,
        })
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }
}
