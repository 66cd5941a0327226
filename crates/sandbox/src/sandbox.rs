use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::fault::Fault;
use crate::inspection::ReceivedRequest;
use crate::server::Running;
use crate::shared::Shared;

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
    pub(crate) fn new(address: SocketAddr, shared: Arc<Shared>, running: Running) -> Self {
        let address = SocketAddr::new(reachable(address.ip()), address.port());
        Self {
            url: format!("http://{address}"),
            shared,
            running,
        }
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
        store.catch_up();
        store.clock.advance(by);
        store.is_changed = true;
        store.catch_up();
    }

    /// Returns the time of the server's clock.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        let mut store = self.shared.store();
        store.clock.follow();
        store.clock.reading.into()
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
