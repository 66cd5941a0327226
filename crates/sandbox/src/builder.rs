use std::io;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::credentials::{Credentials, KfpAccess};
use crate::data_file::DataFile;
use crate::fault::{Fault, invalid};
use crate::injection::Faults;
use crate::inspection::RequestLog;
use crate::kfp::KfpServer;
use crate::request_body::PERMITS;
use crate::sandbox::Sandbox;
use crate::seeding::{self, Seed};
use crate::server::{Shared, serve};
use crate::store::Store;

#[derive(Debug, Clone, Copy)]
enum ClockStart {
    /// At this time, or at the default one.
    Fixed(Option<SystemTime>),
    Wall,
}

/// Settles how a [`Sandbox`] starts: port, data, credentials, time.
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
    host: IpAddr,
    exposed: bool,
    port: u16,
    seeded: bool,
    recording: bool,
    credentials: Credentials,
    clock_start: ClockStart,
    speed: f64,
    short_pages: bool,
    kfp_server: KfpServer,
    multi_user: bool,
    request_time: Duration,
    faults: Vec<Fault>,
    data_file: Option<PathBuf>,
    seeds: Vec<Seed>,
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
            clock_start: ClockStart::Fixed(None),
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
    /// Listens on this port; 0, the default, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Listens on this address; `127.0.0.1` by default.
    ///
    /// An address that is not a loopback one needs [`exposed`](Self::exposed) too.
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = host;
        self
    }

    /// Allows a [`host`](Self::host) that other machines can reach.
    ///
    /// The credentials travel unencrypted and the default ones are public. Requests may name any
    /// host then; otherwise only `localhost` and IP addresses, so that pages of the web cannot reach
    /// the sandbox through a name of their own.
    pub fn exposed(mut self) -> Self {
        self.exposed = true;
        self
    }

    /// Starts with the seed data: calibrations, artifacts, artifact tasks and metrics. The default.
    pub fn seeded(mut self) -> Self {
        self.seeded = true;
        self
    }

    /// Starts without data; only the backend [`BACKEND_ID`](crate::BACKEND_ID) is known.
    pub fn empty(mut self) -> Self {
        self.seeded = false;
        self
    }

    /// Whether requests are kept for [`Sandbox::received`]; `true` by default.
    ///
    /// A server that runs for days should not keep them: they are never forgotten.
    pub fn recording(mut self, recording: bool) -> Self {
        self.recording = recording;
        self
    }

    /// Accepts this Compute user token in place of
    /// [`DEFAULT_COMPUTE_TOKEN`](crate::DEFAULT_COMPUTE_TOKEN).
    pub fn compute_token(mut self, token: impl Into<String>) -> Self {
        self.credentials.compute_token = token.into();
        self
    }

    /// Accepts this Compute backend API key in place of
    /// [`DEFAULT_COMPUTE_API_KEY`](crate::DEFAULT_COMPUTE_API_KEY).
    pub fn compute_api_key(mut self, key: impl Into<String>) -> Self {
        self.credentials.compute_api_key = key.into();
        self
    }

    /// Accepts this KFP token in place of [`DEFAULT_KFP_TOKEN`](crate::DEFAULT_KFP_TOKEN).
    pub fn kfp_token(mut self, token: impl Into<String>) -> Self {
        self.credentials.kfp_token = token.into();
        self
    }

    /// Answers as this KFP server; [`KfpServer::All`] by default.
    pub fn kfp_server(mut self, server: KfpServer) -> Self {
        self.kfp_server = server;
        self
    }

    /// Refuses KFP requests without the KFP token, as a proxy in front of a server may do.
    pub fn require_kfp_token(mut self) -> Self {
        self.credentials.kfp_access = KfpAccess::Token;
        self
    }

    /// Answers as a multi-user installation of KFP: requests need an identity and a namespace.
    ///
    /// The identity is the KFP token, or a header `kubeflow-userid` or
    /// `x-goog-authenticated-user-email`. Whoever has one may do everything.
    pub fn multi_user(mut self) -> Self {
        self.multi_user = true;
        self.credentials.kfp_access = KfpAccess::Identity;
        self
    }

    /// The first time that the server's clock gives; 2025-01-07T09:00:00Z by default, a day
    /// after the seeded data ends.
    ///
    /// Without a [`speed`](Self::speed) the clock does not follow the wall clock: each created
    /// object is 1.25 s younger than the one before, so that two runs of a test see the same times.
    pub fn clock_starts_at(mut self, start: SystemTime) -> Self {
        self.clock_start = ClockStart::Fixed(Some(start));
        self
    }

    /// Starts the server's clock at the time of the wall clock and lets it follow that.
    ///
    /// A clock that a [`data_file`](Self::data_file) holds is moved forward to the time of the wall
    /// clock. What was due in the meantime happens at the start.
    pub fn wall_clock(mut self) -> Self {
        self.clock_start = ClockStart::Wall;
        self.speed(1.0)
    }

    /// Lets the server's clock follow the wall clock, this many times as fast: 1 is real time, 60 a
    /// minute in each second.
    ///
    /// With 0, the default, jobs and runs stay in their states until [`Sandbox::advance`] lets time
    /// pass. A number that is negative or not finite counts as 0.
    pub fn speed(mut self, speed: f64) -> Self {
        self.speed = if speed.is_finite() {
            speed.max(0.0)
        } else {
            0.0
        };
        self
    }

    /// Limits the time that a client may take for the head of a request, and for its body; 30 s by
    /// default. Idle connections are closed after that time too.
    pub fn request_time(mut self, limit: Duration) -> Self {
        self.request_time = limit;
        self
    }

    /// Makes KFP's pages short: some are empty and some are half as long as asked for, although
    /// more follow. `false` by default.
    ///
    /// A real server may do so at any time; only a page without `next_page_token` is the last one.
    pub fn short_pages(mut self, short: bool) -> Self {
        self.short_pages = short;
        self
    }

    /// Also starts with this data, in the form in which the servers send it.
    ///
    /// Under the API and the kind of object there is a list of objects. Kinds are called as the
    /// lists of KFP are (`pipeline_versions`), and as the paths of Compute begin (`batch_jobs`).
    /// Ids and times of creation are made where they are left out; other fields of Compute stand at
    /// their beginning then, and other fields of KFP are not there. Objects may refer to others that
    /// do not exist. Nothing happens to seeded jobs and runs by itself.
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
    /// The content of a [`data_file`](Self::data_file) is a seed too. It has the clock, plans, logs
    /// and next ids under `sandbox`, and replaces everything that was there before it.
    ///
    /// What is wrong in it is an `InvalidInput` of [`start`](Self::start), with a JSON pointer to
    /// the place.
    pub fn seed(mut self, data: serde_json::Value) -> Self {
        self.seeds.push(Seed::Given(data));
        self
    }

    /// As [`seed`](Self::seed), from a file that is read at the start. There may be several.
    pub fn seed_file(mut self, path: impl AsRef<Path>) -> Self {
        self.seeds.push(Seed::File(path.as_ref().to_owned()));
        self
    }

    /// Keeps everything that the sandbox holds in this file; in memory only by default.
    ///
    /// A file that does not exist or is empty begins with the data that the sandbox would start
    /// with. Otherwise the sandbox holds what the file holds, and its clock continues from there. The
    /// file has the form of a [`seed`](Self::seed).
    ///
    /// The file is replaced as a whole every two seconds if anything has changed, and when the
    /// sandbox stops. If the process is killed, at most the last two seconds are lost. While the file
    /// cannot be written, requests that change anything are answered with 500.
    ///
    /// One sandbox at a time uses the file. Credentials that the sandbox was given are not in it,
    /// but the keys of registered backends are.
    pub fn data_file(mut self, path: impl AsRef<Path>) -> Self {
        self.data_file = Some(path.as_ref().to_owned());
        self
    }

    /// Starts with a fault in force, behind those that were given before; see [`Sandbox::fail`].
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Starts the server. It answers requests as soon as this returns.
    ///
    /// # Errors
    ///
    /// As [`start_blocking`](Self::start_blocking).
    pub async fn start(self) -> io::Result<Sandbox> {
        self.start_blocking()
    }

    /// Starts the server from code that is not async. It takes milliseconds and needs no runtime.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the host is not a loopback address and was not allowed with
    /// [`exposed`](Self::exposed), if a credential cannot be sent in a header, or if [`Sandbox::fail`] would
    /// refuse a fault or
    /// [`seed`](Self::seed) is wrong; `InvalidData` if the [`data_file`](Self::data_file) is none of this version,
    /// and `WouldBlock` if another sandbox uses it; otherwise what
    /// the operating system says, such as `AddrInUse` for a port that is taken.
    pub fn start_blocking(self) -> io::Result<Sandbox> {
        self.check_host()?;
        self.credentials.check()?;
        let (store, data_file) = self.store()?;
        let listener = TcpListener::bind((self.host, self.port))?;
        let address = listener.local_addr()?;
        let faults = Faults::default();
        for fault in &self.faults {
            fault.check().map_err(invalid)?;
            faults.add(fault.clone());
        }
        let shared = Arc::new(Shared {
            kfp_server: self.kfp_server,
            faults,
            log: RequestLog::new(self.recording),
            store: Mutex::new(store),
            data_file: data_file.map(Mutex::new),
            exposed: self.exposed,
            request_time: self.request_time,
            large_bodies: Semaphore::new(PERMITS),
            credentials: self.credentials,
        });
        let running = serve(listener, Arc::clone(&shared))?;
        Ok(Sandbox::new(address, shared, running))
    }

    fn check_host(&self) -> io::Result<()> {
        if self.exposed || self.host.is_loopback() {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "{} is not a loopback address: other machines could reach the sandbox; \
                 allow that explicitly if it is wanted",
                self.host
            ),
        ))
    }

    fn store(&self) -> io::Result<(Store, Option<DataFile>)> {
        let (data_file, held) = match &self.data_file {
            Some(path) => {
                let (file, held) = DataFile::open(path)?;
                (Some(file), held.map(|held| (path, held)))
            }
            None => (None, None),
        };
        let start = match self.clock_start {
            ClockStart::Fixed(start) => start,
            ClockStart::Wall => Some(SystemTime::now()),
        };
        let clock = start.map_or_else(Clock::default, |start| Clock::starting_at(start.into()));
        let mut store = if self.seeded && held.is_none() {
            Store::seeded(clock)
        } else {
            Store::empty(clock)
        };
        if let Some((path, held)) = held {
            seeding::restore(&mut store, path, &held)?;
        } else {
            for seed in &self.seeds {
                seed.sow(&mut store)?;
            }
        }
        if matches!(self.clock_start, ClockStart::Wall) {
            store.clock.set_to_wall_clock();
            store.agenda.postpone(store.clock.passed());
        }
        store.clock.set_speed(self.speed);
        store.kfp.short_pages = self.short_pages;
        store.kfp.server = self.kfp_server;
        store.kfp.multi_user = self.multi_user;
        store.is_changed = true;
        Ok((store, data_file))
    }
}
