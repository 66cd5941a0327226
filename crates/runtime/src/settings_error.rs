//! Faults that a setting of the client can fix.

use std::error::Error as StdError;
use std::fmt;

use crate::error::{Error, causes};

/// The reason why a client cannot use its server, if a setting of the client can fix it.
///
/// It is the [`source`](StdError::source) of the [`Error`]. The message of that error names the
/// method of [`TransportBuilder`](crate::TransportBuilder) that fixes it. A program with its own
/// settings names those instead.
///
/// ```
/// use compute_kfp_runtime::credentials::BearerToken;
/// use compute_kfp_runtime::{SettingsError, SettingsErrorKind, Transport};
///
/// let transport = Transport::builder("http://kfp.example.org")
///     .credentials("Bearer", BearerToken::new("token"));
/// let error = transport.build().unwrap_err();
/// assert!(error.message().contains("`allow_plain_http`"));
/// let fault = SettingsError::of(&error).unwrap();
/// assert_eq!(fault.kind(), SettingsErrorKind::PlainHttp);
/// assert_eq!(fault.to_string(), "`http://kfp.example.org` would receive credentials over plain HTTP");
/// ```
#[derive(Debug)]
pub struct SettingsError {
    kind: SettingsErrorKind,
    message: String,
    source: Option<reqwest::Error>,
}

/// The kind of a [`SettingsError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SettingsErrorKind {
    /// Credentials would be sent unencrypted to a remote host.
    PlainHttp,
    /// The authority that signed the server's certificate is not trusted.
    UnknownAuthority,
    /// The server's certificate is a CA certificate, as a self-signed one may be.
    SelfSigned,
    /// The server's certificate is for other host names.
    WrongHost,
    /// The server's certificate has expired or is not valid yet.
    OutOfDate,
    /// The server requires a client certificate, or a different one.
    ClientCertificate,
    /// The server does not use TLS on this port.
    NoTls,
}

impl SettingsErrorKind {
    fn fault_and_remedy(self) -> (&'static str, &'static str) {
        match self {
            Self::PlainHttp => (
                "credentials would be sent over plain HTTP",
                "use https, or allow it with `allow_plain_http`",
            ),
            Self::UnknownAuthority => (
                "the certificate of the server is signed by an authority that is not trusted",
                "add the certificate of that authority with `root_certificate`",
            ),
            Self::SelfSigned => (
                "the certificate of the server is that of an authority, as a self-signed one may be",
                "use a server certificate with `CA:FALSE`, or for tests accept any with `danger_accept_invalid_certs`",
            ),
            Self::WrongHost => (
                "the certificate of the server is for another host name",
                "use a host name of the certificate as the endpoint",
            ),
            Self::OutOfDate => (
                "the certificate of the server has expired or is not valid yet",
                "renew it on the server, or correct the clock",
            ),
            Self::ClientCertificate => (
                "the server requires a client certificate that it accepts",
                "set a certificate and its key with `client_certificate`",
            ),
            Self::NoTls => (
                "the server does not use TLS on this port",
                "use http as the scheme of the endpoint, or another port",
            ),
        }
    }
}

impl SettingsError {
    /// Returns the fault that caused an error, if there is one.
    pub fn of(error: &Error) -> Option<&Self> {
        causes(error).find_map(|cause| cause.downcast_ref())
    }

    /// Returns the kind of the fault.
    pub fn kind(&self) -> SettingsErrorKind {
        self.kind
    }

    pub(crate) fn plain_http(message: String) -> Self {
        Self {
            kind: SettingsErrorKind::PlainHttp,
            message,
            source: None,
        }
    }

    /// Returns the TLS fault that an HTTP client met, or the unchanged error.
    pub(crate) fn of_tls(error: reqwest::Error) -> Result<Self, reqwest::Error> {
        let Some((kind, detail)) = causes(&error).find_map(of_cause) else {
            return Err(error);
        };
        let (what, _) = kind.fault_and_remedy();
        Ok(Self {
            kind,
            message: format!("{what} ({detail})"),
            source: Some(error),
        })
    }

    /// Returns the fault and its remedy.
    pub(crate) fn advice(&self) -> String {
        let (_, remedy) = self.kind.fault_and_remedy();
        format!("{self}; {remedy}")
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for SettingsError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

impl From<SettingsError> for Error {
    fn from(fault: SettingsError) -> Self {
        Self::configuration(fault.advice()).caused_by(fault)
    }
}

#[cfg(feature = "rustls")]
fn of_rustls(cause: &(dyn StdError + 'static)) -> Option<SettingsErrorKind> {
    use rustls::{AlertDescription, CertificateError, Error};

    let kind = match cause.downcast_ref()? {
        Error::InvalidCertificate(error) => match error {
            CertificateError::UnknownIssuer => SettingsErrorKind::UnknownAuthority,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                SettingsErrorKind::WrongHost
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => SettingsErrorKind::OutOfDate,
            // An error of webpki, by its name.
            CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                SettingsErrorKind::SelfSigned
            }
            _ => return None,
        },
        Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA,
        ) => SettingsErrorKind::ClientCertificate,
        Error::InvalidMessage(_) => SettingsErrorKind::NoTls,
        _ => return None,
    };
    Some(kind)
}

#[cfg(not(feature = "rustls"))]
fn of_rustls(_: &(dyn StdError + 'static)) -> Option<SettingsErrorKind> {
    None
}

/// Recognises an error by the words of OpenSSL, which has no types for its errors.
#[cfg(feature = "native-tls")]
fn of_native_tls(text: &str) -> Option<SettingsErrorKind> {
    const WORDS: [(&str, SettingsErrorKind); 10] = [
        ("issuer certificate", SettingsErrorKind::UnknownAuthority),
        (
            "self-signed certificate",
            SettingsErrorKind::UnknownAuthority,
        ),
        (
            "self signed certificate",
            SettingsErrorKind::UnknownAuthority,
        ),
        ("ostname mismatch", SettingsErrorKind::WrongHost),
        ("certificate has expired", SettingsErrorKind::OutOfDate),
        ("not yet valid", SettingsErrorKind::OutOfDate),
        (
            "alert certificate required",
            SettingsErrorKind::ClientCertificate,
        ),
        (
            "alert bad certificate",
            SettingsErrorKind::ClientCertificate,
        ),
        ("alert unknown ca", SettingsErrorKind::ClientCertificate),
        ("wrong version number", SettingsErrorKind::NoTls),
    ];
    let mut words = WORDS.into_iter();
    let (_, kind) = words.find(|(words, _)| text.contains(words))?;
    Some(kind)
}

#[cfg(not(feature = "native-tls"))]
fn of_native_tls(_: &str) -> Option<SettingsErrorKind> {
    None
}

/// Returns the kind of a TLS fault, and its message.
fn of_cause(cause: &(dyn StdError + 'static)) -> Option<(SettingsErrorKind, String)> {
    let text = cause.to_string();
    let kind = of_rustls(cause).or_else(|| of_native_tls(&text))?;
    Some((kind, text))
}
