//! TLS, with a certificate authority that lives as long as its test.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;

use super::{Settings, Shared, Stream};
use crate::{Received, Response, TestServer};

/// TLS settings of a server.
#[derive(Clone, Copy, Default)]
pub struct Tls<'a> {
    /// Protocols that the server offers, such as `h2`.
    pub protocols: &'a [&'a str],
    /// `true` if clients need a certificate of the same authority.
    pub demands_certificate: bool,
    /// Host name in the certificate [default: `localhost`].
    pub other_host: Option<&'a str>,
    /// `true` if the certificate has expired.
    pub expired: bool,
    /// `true` if the certificate is a CA certificate, as a self-signed one may be.
    pub of_authority: bool,
}

impl TestServer {
    /// Starts a server at `https://localhost` that has a certificate of this authority.
    pub fn with_tls(
        authority: &Authority,
        tls: Tls<'_>,
        respond: impl Fn(&Received) -> Response + Send + Sync + 'static,
    ) -> Self {
        let settings = Settings {
            tls: Some(authority.acceptor(tls)),
            ..Settings::default()
        };
        let server = Self::start_with(settings, Box::new(respond));
        let port = server.address().port();
        server.with_url(format!("https://localhost:{port}"))
    }
}

/// A certificate authority.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// Creates an authority with a key of its own.
    #[allow(clippy::new_without_default, reason = "no two are equal")]
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = named("an authority of a test");
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// Returns the certificate of the authority, in PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Issues a certificate for `localhost`; returns it and its key, in PEM.
    pub fn issue(&self, name: &str) -> (String, String) {
        self.issue_for(name, Tls::default())
    }

    fn issue_for(&self, name: &str, tls: Tls<'_>) -> (String, String) {
        let host = tls.other_host.unwrap_or("localhost");
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        if tls.of_authority {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        if tls.expired {
            params.not_after = date_time_ymd(2001, 1, 1);
        }
        params.distinguished_name = named(name);
        params.use_authority_key_identifier_extension = true;
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn acceptor(&self, tls: Tls<'_>) -> TlsAcceptor {
        let (certificate, key) = self.issue_for("server", tls);
        let config = ServerConfig::builder();
        let config = if tls.demands_certificate {
            let mut roots = RootCertStore::empty();
            let root = CertificateDer::from_pem_slice(self.pem().as_bytes()).unwrap();
            roots.add(root).unwrap();
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots));
            config.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            config.with_no_client_auth()
        };
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let mut config = config.with_single_cert(chain, key).unwrap();
        let protocols = tls.protocols.iter();
        config.alpn_protocols = protocols
            .map(|protocol| protocol.as_bytes().to_vec())
            .collect();
        TlsAcceptor::from(Arc::new(config))
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

impl Stream for TlsStream<TcpStream> {
    fn reset(&mut self) {
        self.get_ref().0.set_zero_linger().unwrap();
    }
}

pub(super) async fn serve(stream: TlsStream<TcpStream>, shared: &Shared) {
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        serve_http_2(stream, shared).await;
    } else {
        super::serve(stream, shared).await;
    }
}

/// Records requests without their bodies, and responds with statuses.
async fn serve_http_2(stream: TlsStream<TcpStream>, shared: &Shared) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((parts, mut respond))) = connection.accept().await {
        let target = parts.uri().path_and_query();
        let headers = parts.headers().iter();
        let mut request = Received {
            index: 0,
            method: parts.method().to_string(),
            target: target.map_or_else(|| "/".to_owned(), ToString::to_string),
            version: "HTTP/2",
            headers: headers
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect(),
            body: Vec::new(),
        };
        shared.log.add(&mut request);
        let response = (shared.respond)(&request);
        let response = http::Response::builder().status(response.status());
        respond
            .send_response(response.body(()).unwrap(), true)
            .unwrap();
    }
}
