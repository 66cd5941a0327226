//! The login server of `oidc/server.mjs`, as a process.

use std::io;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};

/// A login server that runs until this is dropped.
#[derive(Debug)]
pub struct LoginServer {
    url: String,
    /// Closing it ends the server, however this program ends.
    _process: Child,
    /// The server's notices. The server would end if this were closed.
    _stdout: BufReader<ChildStdout>,
}

impl LoginServer {
    /// Starts a server on its own port.
    ///
    /// # Errors
    ///
    /// Fails if there is no `node`, or if the server does not start; standard error has the reason.
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

    /// Returns its address, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }
}
