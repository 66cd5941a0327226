use std::io;
use std::mem;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use tokio::sync::Semaphore;

use crate::builder::{ClockStart, SandboxBuilder};
use crate::clock::Clock;
use crate::data_file::DataFile;
use crate::fault::invalid;
use crate::injection::Faults;
use crate::request_body::PERMITS;
use crate::sandbox::Sandbox;
use crate::seeding;
use crate::server::serve;
use crate::shared::Shared;
use crate::store::Store;

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
    pub fn start_blocking(mut self) -> io::Result<Sandbox> {
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
        let running = serve(listener, Arc::clone(&shared))?;
        Ok(Sandbox::new(address, shared, running))
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

    fn store(&mut self) -> io::Result<(Store, Option<DataFile>)> {
        let (data_file, held) = match &self.data_file {
            Some(path) => {
                let (file, held) = DataFile::open(path)?;
                (Some(file), held.map(|held| (path, held)))
            }
            None => (None, None),
        };
        let clock = match self.clock_start {
            None => Clock::default(),
            Some(ClockStart::At(start)) => Clock::starting_at(start.into()),
            Some(ClockStart::Wall) => Clock::starting_at(SystemTime::now().into()),
        };
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
            for seed in mem::take(&mut self.seeds) {
                seed.sow(&mut store)?;
            }
        }
        if matches!(self.clock_start, Some(ClockStart::Wall)) {
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
