//! Tokens that are fetched, cached while they are valid, and refreshed before they expire.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret as _, SecretString};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::{Authorization, Credentials, Pending};
use crate::error::Error;
use crate::http_client::HttpClient;

const MARGIN: Duration = Duration::from_secs(5);

/// A token and its expiry.
///
/// ```
/// use std::time::Duration;
///
/// use compute_kfp_runtime::credentials::AccessToken;
///
/// let token = AccessToken::new("s3cret").expires_in(Duration::from_secs(300));
/// assert!(!format!("{token:?}").contains("s3cret"));
/// assert!(token.outlasts(Duration::from_secs(5)) && !token.outlasts(Duration::from_secs(600)));
/// ```
#[derive(Clone, Debug)]
pub struct AccessToken {
    text: SecretString,
    expiry: Option<SystemTime>,
}

impl AccessToken {
    /// Creates a token without a known expiry.
    pub fn new(token: impl Into<String>) -> Self {
        Self {
            text: SecretString::from(token.into()),
            expiry: None,
        }
    }

    /// Sets the time at which the token expires.
    pub fn expires_at(mut self, expiry: SystemTime) -> Self {
        self.expiry = Some(expiry);
        self
    }

    /// Sets the lifetime of the token, counted from now.
    ///
    /// An unrepresentable lifetime means no expiry.
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.expiry = SystemTime::now().checked_add(lifetime);
        self
    }

    pub(super) fn text(&self) -> &str {
        self.text.expose_secret()
    }

    /// Returns whether the token is still valid `margin` from now, as is one without a known expiry.
    pub fn outlasts(&self, margin: Duration) -> bool {
        self.expiry.is_none_or(|expiry| {
            SystemTime::now()
                .checked_add(margin)
                .is_some_and(|then| then < expiry)
        })
    }
}

/// A source of tokens.
///
/// Closures that return a future implement it; see [`RenewedToken`].
pub trait TokenSource: Send + Sync + 'static {
    /// Fetches a new token.
    ///
    /// It may be slow: it is called only when a token is needed, and never concurrently. `http`
    /// uses the client's connections, with its proxy and certificates.
    ///
    /// # Errors
    ///
    /// Any error. The caller gets it as the source of the error that
    /// [`Error::of_credential`](crate::Error::of_credential) creates: of kind
    /// [`Authentication`](crate::ErrorKind::Authentication), unless the failure is temporary.
    fn fetch<'a>(&'a self, http: &'a HttpClient) -> Pending<'a, AccessToken>;
}

impl<F, Fetch> TokenSource for F
where
    F: Fn() -> Fetch + Send + Sync + 'static,
    Fetch: Future<Output = Result<AccessToken, Error>> + Send + 'static,
{
    fn fetch<'a>(&'a self, _: &'a HttpClient) -> Pending<'a, AccessToken> {
        Box::pin(self())
    }
}

/// A token that is fetched from a source when it is needed, and sent as `Bearer <token>`.
///
/// It is cached until shortly before it expires (see [`margin`](Self::margin)), or until a server
/// rejects it. If several calls need a token concurrently, one fetch serves them all, and all share
/// its outcome. The fetch continues if the call that started it is dropped.
///
/// If a fetch fails, a token that has not expired yet is still sent. Otherwise the waiting calls
/// fail, and the next call fetches again.
///
/// ```
/// use std::time::Duration;
///
/// use compute_kfp_runtime::credentials::{AccessToken, RenewedToken};
///
/// let credentials = RenewedToken::new(async || {
///     let token = "from-the-vault";
///     Ok(AccessToken::new(token).expires_in(Duration::from_secs(300)))
/// });
/// # drop(credentials);
/// ```
pub struct RenewedToken<S> {
    source: Arc<S>,
    margin: Duration,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    held: Option<AccessToken>,
    /// The fetch in progress. A completed fetch has removed itself. A fetch that is still here but
    /// has no sender was aborted.
    fetch: Option<Fetching>,
}

/// The outcome of a fetch, once it is complete.
type Fetching = watch::Receiver<Option<Result<AccessToken, Arc<Error>>>>;

impl<S: TokenSource> RenewedToken<S> {
    /// Creates credentials that fetch their first token when the first call needs one.
    pub fn new(source: S) -> Self {
        Self {
            source: Arc::new(source),
            margin: MARGIN,
            state: Arc::default(),
        }
    }

    /// Sets how long before the expiry of a token the next one is fetched [default: 5 s].
    ///
    /// The margin covers the duration of a request and clock differences.
    pub fn margin(mut self, margin: Duration) -> Self {
        self.margin = margin;
        self
    }

    /// Returns the cached token if it is `good`, otherwise fetches one.
    async fn token(
        &self,
        http: &HttpClient,
        good: impl Fn(&AccessToken) -> bool,
    ) -> Result<AccessToken, Error> {
        // A fetch ends with the runtime that runs it; the second time, this one's may run it.
        for _ in 0..2 {
            let mut fetching = {
                let mut state = lock(&self.state);
                if let Some(held) = state.held.as_ref().filter(|held| good(held)) {
                    return Ok(held.clone());
                }
                match &state.fetch {
                    Some(fetching) if fetching.has_changed().is_ok() => fetching.clone(),
                    _ => state.fetch.insert(self.begin(http)?).clone(),
                }
            };
            if let Ok(fetched) = fetching.wait_for(Option::is_some).await
                && let Some(fetched) = fetched.clone()
            {
                return fetched.map_err(|error| {
                    Error::of_credential(format!("no token could be fetched: {error}"), error)
                });
            }
        }
        Err(Error::authentication(
            "the fetch of a token was aborted; its source may have panicked",
        ))
    }

    /// Starts a fetch in its own task, so that a replacement token is not lost if the caller is
    /// dropped.
    fn begin(&self, http: &HttpClient) -> Result<Fetching, Error> {
        let runtime = Handle::try_current().map_err(|error| {
            Error::configuration("a Tokio runtime is required to fetch tokens").caused_by(error)
        })?;
        let (sender, fetching) = watch::channel(None);
        let (source, state, http) = (self.source.clone(), self.state.clone(), http.clone());
        runtime.spawn(async move {
            let fetched = source.fetch(&http).await.map_err(Arc::new);
            let mut state = lock(&state);
            if let Ok(token) = &fetched {
                state.held = Some(token.clone());
            }
            state.fetch = None;
            sender.send_replace(Some(fetched));
        });
        Ok(fetching)
    }
}

/// Ignores poisoning: no operation under the lock can leave the state inconsistent.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: TokenSource> Credentials for RenewedToken<S> {
    fn authorize<'a>(&'a self, authorization: &'a mut Authorization) -> Pending<'a, ()> {
        Box::pin(async move {
            let fresh = |token: &AccessToken| token.outlasts(self.margin);
            let token = match self.token(authorization.http(), fresh).await {
                Ok(token) => token,
                Err(error) => {
                    let held = lock(&self.state).held.clone();
                    held.filter(|held| held.outlasts(Duration::ZERO))
                        .ok_or(error)?
                }
            };
            authorization.token(token.text())
        })
    }

    fn renew<'a>(&'a self, refused: &'a Authorization) -> Pending<'a, bool> {
        Box::pin(async move {
            let another = |token: &AccessToken| !refused.carries(token.text());
            let token = self.token(refused.http(), another).await?;
            Ok(another(&token))
        })
    }
}

impl<S> fmt::Debug for RenewedToken<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenewedToken")
            .field("margin", &self.margin)
            .finish_non_exhaustive()
    }
}
