//! A host whose address changes: how a test makes a server refuse connections for a while.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use compute_kfp_runtime::{Transport, TransportBuilder};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::TcpSocket;

use super::server::Server;

/// Addresses of one host, one for each connection that is begun; the last stays.
pub struct Addresses {
    addresses: Vec<SocketAddr>,
    asked: AtomicUsize,
    /// Bound and not listening: every connection to it is refused.
    _closed: TcpSocket,
}

impl Addresses {
    /// `open` tells for each connection whether it leads to the server.
    pub fn of(server: &Server, open: &[bool]) -> Arc<Self> {
        let closed = TcpSocket::new_v4().unwrap();
        closed.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = |open: &bool| match open {
            true => server.address(),
            false => closed.local_addr().unwrap(),
        };
        Arc::new(Self {
            addresses: open.iter().map(address).collect(),
            asked: AtomicUsize::new(0),
            _closed: closed,
        })
    }

    pub fn transport(self: &Arc<Self>) -> TransportBuilder {
        let resolver = self.clone();
        // Without a port, so that the resolver decides it.
        Transport::builder("http://localhost")
            .no_proxy()
            .configure_http(move |http| http.dns_resolver(resolver.clone()))
    }

    /// Number of connections that were opened.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolve for Addresses {
    fn resolve(&self, _: Name) -> Resolving {
        let next = self.asked.fetch_add(1, Ordering::SeqCst);
        let address = self.addresses.get(next).or(self.addresses.last());
        let found: Addrs = Box::new(address.copied().into_iter());
        Box::pin(std::future::ready(Ok(found)))
    }
}
