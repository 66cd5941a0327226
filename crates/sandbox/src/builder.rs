use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::credentials::Credentials;
use crate::fault::Fault;
use crate::kfp::server::KfpServer;
use crate::seeding::Seed;

/// 2025-01-07T09:00:00Z
const DEFAULT_START: Duration = Duration::from_secs(1_736_240_400);

#[derive(Debug, Clone, Copy)]
pub(crate) enum ClockStart {
    At(SystemTime),
    Wall,
}

/// Configures a [`Sandbox`](crate::Sandbox) before its start: port, data, credentials, time.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let sandbox = compute_kfp_sandbox::Sandbox::builder().empty().kfp_token("s3cret").start().await?;
/// assert_eq!(sandbox.kfp_token(), "s3cret");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `start`"]
pub struct SandboxBuilder {
    pub(crate) host: IpAddr,
    pub(crate) exposed: bool,
    pub(crate) port: u16,
    pub(crate) seeded: bool,
    pub(crate) recording: bool,
    pub(crate) credentials: Credentials,
    pub(crate) clock_start: ClockStart,
    pub(crate) speed: f64,
    pub(crate) short_pages: bool,
    pub(crate) kfp_server: KfpServer,
    pub(crate) multi_user: bool,
    pub(crate) request_time: Duration,
    pub(crate) faults: Vec<Fault>,
    pub(crate) data_file: Option<PathBuf>,
    pub(crate) seeds: Vec<Seed>,
}

impl Default for SandboxBuilder {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            exposed: false,
            port: 0,
            seeded: true,
            recording: true,
            credentials: Credentials::default(),
            clock_start: ClockStart::At(SystemTime::UNIX_EPOCH + DEFAULT_START),
            speed: 0.0,
            short_pages: false,
            kfp_server: KfpServer::All,
            multi_user: false,
            request_time: Duration::from_secs(30),
            faults: Vec::new(),
            data_file: None,
            seeds: Vec::new(),
        }
    }
}

impl SandboxBuilder {
    /// Sets the port to listen on [default: 0, a free port].
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the address to listen on [default: `127.0.0.1`].
    ///
    /// An address that is not a loopback address needs [`exposed`](Self::exposed), too.
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = host;
        self
    }

    /// Allows a [`host`](Self::host) that other machines can reach.
    ///
    /// Credentials are sent unencrypted, and the default ones are public. With this setting, requests
    /// may name any host. Without it they may only name `localhost` and IP addresses, so that web pages
    /// cannot reach the sandbox through a name of their own.
    pub fn exposed(mut self) -> Self {
        self.exposed = true;
        self
    }

    /// Starts without data [default: with calibrations, artifacts, artifact tasks and metrics]. Only
    /// the backend [`BACKEND_ID`](crate::BACKEND_ID) is known.
    pub fn empty(mut self) -> Self {
        self.seeded = false;
        self
    }

    /// Sets whether requests are recorded for [`Sandbox::received`](crate::Sandbox::received) [default: `true`].
    ///
    /// Turn this off for a server that runs for days: recorded requests are never removed.
    pub fn recording(mut self, recording: bool) -> Self {
        self.recording = recording;
        self
    }

    /// Sets the accepted Compute user token [default: `sandbox-compute-user-token`].
    pub fn compute_token(mut self, token: impl Into<String>) -> Self {
        self.credentials.compute_token = token.into();
        self
    }

    /// Sets the accepted Compute backend API key [default: `sandbox-compute-backend-key`].
    pub fn compute_api_key(mut self, key: impl Into<String>) -> Self {
        self.credentials.compute_api_key = key.into();
        self
    }

    /// Sets the accepted KFP token [default: `sandbox-kfp-token`].
    pub fn kfp_token(mut self, token: impl Into<String>) -> Self {
        self.credentials.kfp_token = token.into();
        self
    }

    /// Sets the KFP server to behave as [default: [`KfpServer::All`]].
    pub fn kfp_server(mut self, server: KfpServer) -> Self {
        self.kfp_server = server;
        self
    }

    /// Rejects KFP requests without the KFP token, as a proxy in front of a server may do.
    pub fn require_kfp_token(mut self) -> Self {
        self.credentials.kfp_token_required = true;
        self
    }

    /// Behaves as a multi-user installation of KFP: requests need an identity and a namespace.
    ///
    /// The identity is the KFP token, or a header `kubeflow-userid` or
    /// `x-goog-authenticated-user-email`. Every identity has all permissions.
    pub fn multi_user(mut self) -> Self {
        self.multi_user = true;
        self
    }

    /// Sets the first time of the server's clock [default: 2025-01-07T09:00:00Z, a day after the end of
    /// the seeded data].
    ///
    /// Without a [`speed`](Self::speed), the clock does not follow the wall clock. Each created object
    /// is 1.25 s younger than the one before, so two runs of a test see the same times.
    pub fn clock_starts_at(mut self, start: SystemTime) -> Self {
        self.clock_start = ClockStart::At(start);
        self
    }

    /// Starts the server's clock at the time of the wall clock, and follows it.
    ///
    /// The clock of a [`data_file`](Self::data_file) is advanced to the time of the wall clock. Events
    /// that were due in the meantime happen at the start.
    pub fn wall_clock(mut self) -> Self {
        self.clock_start = ClockStart::Wall;
        self.speed(1.0)
    }

    /// Sets the speed of the server's clock relative to the wall clock [default: 0]. 1 is real time, 60
    /// is a minute in each second.
    ///
    /// With 0, jobs and runs stay in their states until [`Sandbox::advance`](crate::Sandbox::advance) is called. A number that
    /// is negative or not finite counts as 0.
    pub fn speed(mut self, speed: f64) -> Self {
        self.speed = if speed.is_finite() {
            speed.max(0.0)
        } else {
            0.0
        };
        self
    }

    /// Sets the time limit for the head of a request, and for its body [default: 30 s]. After the same
    /// time, connections are closed that are idle or whose client reads nothing of a response.
    pub fn request_time(mut self, limit: Duration) -> Self {
        self.request_time = limit;
        self
    }

    /// Sets whether KFP's pages are short [default: `false`]. Some are then empty and some are half as
    /// long as requested, although more follow.
    ///
    /// A real server may do so at any time. Only a page without `next_page_token` is the last one.
    pub fn short_pages(mut self, short: bool) -> Self {
        self.short_pages = short;
        self
    }

    /// Adds [initial data](crate#initial-data), in the format in which the servers send it.
    ///
    /// Fields that are omitted get initial values for Compute, and are absent for KFP. Objects may refer
    /// to others that do not exist.
    ///
    /// ```
    /// use compute_kfp_sandbox::Sandbox;
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let seed = json!({
    ///     "compute": { "projects": [{ "id": 40, "name": "calibration" }] },
    ///     "kfp": { "experiments": [{ "display_name": "nightly", "namespace": "team-a" }] },
    /// });
    /// let sandbox = Sandbox::builder().empty().seed(seed).start().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The content of a [`data_file`](Self::data_file) is a valid seed, too. It replaces all data before
    /// it.
    ///
    /// If the data is invalid, [`start`](Self::start) fails with `InvalidInput` and a JSON pointer to
    /// the place.
    pub fn seed(mut self, data: serde_json::Value) -> Self {
        self.seeds.push(Seed::Given(data));
        self
    }

    /// Adds initial data like [`seed`](Self::seed), from a file that is read at the start. It can be
    /// repeated.
    pub fn seed_file(mut self, path: impl AsRef<Path>) -> Self {
        self.seeds.push(Seed::File(path.as_ref().to_owned()));
        self
    }

    /// Sets the file that stores all data of the sandbox [default: in memory only].
    ///
    /// If the file does not exist or is empty, the sandbox starts with its usual data. Otherwise it
    /// starts with the content of the file, and its clock continues from there. The file has the format
    /// of a [`seed`](Self::seed).
    ///
    /// The file is replaced as a whole at most every two seconds, and when the sandbox stops. Only one
    /// sandbox at a time can use it. It does not contain the configured credentials, but it contains the
    /// keys of registered backends. The section [From a shell](crate#from-a-shell) has more about it.
    pub fn data_file(mut self, path: impl AsRef<Path>) -> Self {
        self.data_file = Some(path.as_ref().to_owned());
        self
    }

    /// Adds a fault that is active from the start, after the faults added before; see
    /// [`Sandbox::fail`](crate::Sandbox::fail).
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }
}
