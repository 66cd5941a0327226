use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::sync::Semaphore;

use crate::builder::{ClockStart, SandboxBuilder};
use crate::clock::Clock;
use crate::data_file::DataFile;
use crate::fault::{Fault, invalid};
use crate::injection::Faults;
use crate::inspection::ReceivedRequest;
use crate::request_body::PERMITS;
use crate::seeding;
use crate::server::{Running, serve};
use crate::shared::Shared;
use crate::store::Store;

/// A running in-memory server for the Compute API and for KFP, both on one port.
///
/// It stops when it is dropped: new connections are refused, and active requests end. To wait for
/// that, use [`shutdown`](Self::shutdown).
///
/// `Debug` does not show the credentials.
pub struct Sandbox {
    url: String,
    shared: Arc<Shared>,
    running: Running,
}

impl Sandbox {
    /// Starts a server with seed data and default credentials on a free loopback port.
    ///
    /// # Errors
    ///
    /// Returns an error if no port is free or no thread can be started.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Returns a builder to configure port, data, credentials and time before the start.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }

    /// Returns the endpoint of both APIs, such as `http://127.0.0.1:40123`, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the Compute user token, to send as `Authorization: Bearer <token>`.
    #[must_use]
    pub fn compute_token(&self) -> &str {
        &self.shared.settings.credentials.compute_token
    }

    /// Returns the Compute backend API key, to send as `Authorization: <key>`.
    #[must_use]
    pub fn compute_api_key(&self) -> &str {
        &self.shared.settings.credentials.compute_api_key
    }

    /// Returns the KFP token, to send as `Authorization: Bearer <token>`.
    #[must_use]
    pub fn kfp_token(&self) -> &str {
        &self.shared.settings.credentials.kfp_token
    }

    /// Returns the requests received so far, in the order of their completion. Rejected ones are
    /// included.
    ///
    /// A request is recorded before its response is sent. The list is empty if
    /// [`recording`](crate::SandboxBuilder::recording) is off.
    #[must_use]
    pub fn received(&self) -> Vec<ReceivedRequest> {
        self.shared.received().clone()
    }

    /// Adds a fault that is active from now on, after the faults that are active already.
    ///
    /// # Errors
    ///
    /// Returns `InvalidInput` if no operation has the name that the fault is [`on`](Fault::on) (the
    /// message has the nearest ones), or if a status, rate or content type is invalid.
    pub fn fail(&self, fault: Fault) -> io::Result<()> {
        self.shared.faults.add(fault)
    }

    /// Returns the active faults, each with the remaining [`times`](Fault::times).
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.shared.faults.all()
    }

    /// Removes all faults, and releases the requests that [`Fault::hold`] holds.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Advances the server's clock. Everything due in that time happens: jobs and runs go through their
    /// states, and write logs and results.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # async fn example(sandbox: &compute_kfp_sandbox::Sandbox) {
    /// // A job that was just enqueued runs by now:
    /// sandbox.advance(Duration::from_secs(3));
    /// // … and by now it has ended:
    /// sandbox.advance(Duration::from_secs(10));
    /// # }
    /// ```
    pub fn advance(&self, by: Duration) {
        let mut store = self.shared.store();
        store.clock.advance(by);
        store.is_changed = true;
    }

    /// Returns the time of the server's clock.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.shared.store().clock.reading.into()
    }

    /// Writes the [`data_file`](crate::SandboxBuilder::data_file) now, if there is one.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written.
    pub fn save(&self) -> io::Result<()> {
        self.shared.store().is_changed = true;
        self.shared.save().map(drop)
    }

    /// Stops the server and waits until its port is free again.
    ///
    /// Active requests get one second to end. Then the data file is written. To see its errors, call
    /// [`save`](Self::save) first.
    pub async fn shutdown(self) {
        let _ = self.stop().await;
    }

    pub(crate) async fn stop(self) -> io::Result<()> {
        let Running { stop, stopped } = self.running;
        drop(stop);
        // Without an outcome, the server's thread has already ended.
        stopped.await.unwrap_or(Ok(()))
    }
}

impl SandboxBuilder {
    /// Starts the server. It accepts requests as soon as this returns.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`start_blocking`](Self::start_blocking).
    pub async fn start(self) -> io::Result<Sandbox> {
        self.start_blocking()
    }

    /// Starts the server from code that is not async. It takes milliseconds and needs no runtime.
    ///
    /// # Errors
    ///
    /// Returns `InvalidInput` if the host is not a loopback address and was not allowed with
    /// [`exposed`](Self::exposed), if a credential cannot be sent in a header, if [`Sandbox::fail`]
    /// would reject a fault, or if a [`seed`](Self::seed) is invalid. Returns `InvalidData` if the
    /// [`data_file`](Self::data_file) is not one of this version, and `WouldBlock` if another sandbox
    /// uses it. Otherwise returns the error of the operating system, such as `AddrInUse` for a port in
    /// use.
    pub fn start_blocking(self) -> io::Result<Sandbox> {
        self.check_host()?;
        self.credentials.check()?;
        let (store, data_file) = self.store()?;
        let listener = TcpListener::bind((self.host, self.port))?;
        let address = listener.local_addr()?;
        let faults = Faults::default();
        for fault in &self.faults {
            faults.add(fault.clone())?;
        }
        let shared = Arc::new(Shared {
            faults,
            received: Mutex::default(),
            store: Mutex::new(store),
            data_file: data_file.map(Mutex::new),
            large_bodies: Semaphore::new(PERMITS),
            settings: self,
        });
        let address = SocketAddr::new(reachable(address.ip()), address.port());
        Ok(Sandbox {
            url: format!("http://{address}"),
            running: serve(listener, Arc::clone(&shared))?,
            shared,
        })
    }

    fn check_host(&self) -> io::Result<()> {
        if self.exposed || self.host.is_loopback() {
            return Ok(());
        }
        Err(invalid(format!(
            "{} is not a loopback address: other machines could reach the sandbox; \
             allow this explicitly if intended",
            self.host
        )))
    }

    fn store(&self) -> io::Result<(Store, Option<DataFile>)> {
        let opened = self.data_file.as_deref().map(DataFile::open).transpose()?;
        let (data_file, held) = opened.unzip();
        let held = self.data_file.as_deref().zip(held.flatten());
        let start = match self.clock_start {
            ClockStart::At(start) => start,
            ClockStart::Wall => SystemTime::now(),
        };
        let clock = Clock::starting_at(start.into());
        let mut store = if self.seeded && held.is_none() {
            seeding::seeded(clock)
        } else {
            seeding::empty(clock)
        };
        if let Some((path, held)) = held {
            let name = path.display().to_string();
            seeding::sow(&mut store, &name, &held)
                .map_err(|problem| io::Error::new(io::ErrorKind::InvalidData, problem))?;
        } else {
            for seed in &self.seeds {
                seed.sow(&mut store)?;
            }
        }
        if matches!(self.clock_start, ClockStart::Wall) {
            store.clock.set_to_wall_clock();
            store.agenda.postpone(store.clock.passed);
        }
        store.clock.set_speed(self.speed);
        store.kfp.short_pages = self.short_pages;
        store.kfp.server = self.kfp_server;
        store.kfp.multi_user = self.multi_user;
        Ok((store, data_file))
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sandbox")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Returns an address to connect to. "All addresses" is only a place to listen on.
fn reachable(listening: IpAddr) -> IpAddr {
    match listening {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}
