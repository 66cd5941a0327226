//! One call: its credentials, its attempts, and its time limit.

use std::borrow::Cow;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout, timeout_at};
use tracing::{Instrument as _, Span};

use super::attempt::{Sending, Taking};
use super::{Inner, trace};
use crate::credentials::{Authorization, Credentials, Pending};
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::middleware::Attempt;
use crate::operation::{Operation, SchemeKind, SecurityScheme};
use crate::raw_response::RawResponse;
use crate::request::{ReadyRequest, Request};
use crate::retry::RetryPolicy;
use crate::secrets::Secrets;

/// Scheme of the credentials for a proxy, which no spec declares.
static PROXY: SecurityScheme = SecurityScheme::new("proxy", SchemeKind::Bearer);

type Authorizations<'a> = Vec<(&'a dyn Credentials, Authorization)>;

pub(super) struct RunningCall<'a> {
    transport: &'a Inner,
    operation: &'static Operation,
    endpoint: Cow<'a, Endpoint>,
    request: ReadyRequest,
    taking: Taking,
    span: Span,
    retry: RetryPolicy,
    timeout: Duration,
    /// `None` for uploads and streamed responses, because their length determines how long they
    /// take.
    attempt_timeout: Option<Duration>,
    /// Time at which the call must have ended; `None` for uploads and streamed responses.
    deadline: Option<Instant>,
    attempts: u32,
    /// Credentials of the last attempt.
    authorizations: Authorizations<'a>,
    renewed: bool,
    /// `true` if an attempt may have reached the server.
    sent: bool,
    last_failure: Option<Error>,
}

impl<'a> RunningCall<'a> {
    /// Starts the time limit of the call and its span; fails if the request cannot be sent.
    pub fn begin(
        transport: &'a Inner,
        request: Request,
        taking: Taking,
    ) -> Result<Box<Self>, Error> {
        let operation = request.operation();
        let endpoint = transport.endpoint_of(operation);
        let shown = endpoint.as_deref().unwrap_or(&transport.endpoint);
        let span = trace::call(shown, operation);
        let ready = endpoint.and_then(|endpoint| Ok((request.into_ready(&endpoint)?, endpoint)));
        let ((request, options), endpoint) = ready
            .map_err(|error| error.during(operation))
            .inspect_err(|error| trace::failed(&span, error))?;
        let settings = &transport.settings;
        let bounded = taking == Taking::Whole && !request.body.uploads();
        let timeout = options.timeout.unwrap_or(settings.timeout);
        let attempt_timeout = options.attempt_timeout.unwrap_or(settings.attempt_timeout);
        let call = Self {
            transport,
            operation,
            span,
            endpoint,
            request,
            taking,
            retry: options.retry.unwrap_or_else(|| settings.retry.clone()),
            timeout,
            attempt_timeout: bounded.then_some(attempt_timeout),
            deadline: Instant::now().checked_add(timeout).filter(|_| bounded),
            attempts: 0,
            authorizations: Vec::new(),
            renewed: false,
            sent: false,
            last_failure: None,
        };
        call.retry.deposit();
        Ok(Box::new(call))
    }

    /// Sends the request until a response is a success, or it must not be retried. It is retried first
    /// if the last response could not be decoded.
    ///
    /// The future is boxed, so that the one that awaits it is small.
    pub fn response(&mut self, undecodable: Option<Error>) -> Pending<'_, RawResponse> {
        let span = self.span.clone();
        let response = async {
            let response = self.next_response(undecodable).await;
            response.inspect_err(|error| trace::failed(&self.span, error))
        };
        Box::pin(response.instrument(span))
    }

    async fn next_response(&mut self, mut failure: Option<Error>) -> Result<RawResponse, Error> {
        loop {
            if let Some(error) = failure {
                self.next_attempt(error).await?;
            }
            failure = match self.authorize().await {
                Ok(()) => match self.attempt().await {
                    Ok(response) => return Ok(response),
                    Err(error) => Some(error),
                },
                Err(error) if error.is_retryable() => {
                    self.attempts += 1;
                    Some(error)
                }
                Err(error) => return Err(error),
            };
        }
    }

    /// Gets the credentials for the next attempt; if that fails, the call ends.
    async fn authorize(&mut self) -> Result<(), Error> {
        let authorized = {
            let authorizing = pin!(self.authorizations());
            self.until(self.authorization_end(), false, authorizing)
                .await
        };
        self.authorizations = authorized.map_err(|error| self.at_this_point(error))?;
        Ok(())
    }

    /// Sends the request once; an unsuccessful response is an error.
    async fn attempt(&mut self) -> Result<RawResponse, Error> {
        let mut secrets = Secrets::default();
        for (_, authorization) in &self.authorizations {
            secrets.add(authorization.headers());
        }
        self.attempts += 1;
        trace::sending(self.attempts);
        let sending = Sending {
            transport: self.transport,
            http: match self.operation.server {
                None => &self.transport.http.calls,
                Some(_) => &self.transport.http.others().0,
            },
            request: &self.request,
            secrets: &secrets,
            taking: self.taking,
            longest_silence: self.longest_silence(),
        };
        let attempt = Attempt {
            operation: self.operation,
            number: self.attempts,
            url: self.request.url.clone(),
            headers: sending.headers(),
            security: self
                .authorizations
                .iter()
                .map(|(_, it)| it.scheme())
                .collect(),
        };
        let span = trace::attempt(&self.endpoint, self.operation, self.attempts);
        let running = sending.run(attempt).instrument(span.clone());
        let received = self.in_time(running).await;
        let response = RawResponse {
            response: received.inspect_err(|error| trace::failed(&span, error))?,
            operation: self.operation,
            longest_silence: self.transport.settings.longest_silence(),
            limit: self.transport.settings.max_response_bytes,
            secrets,
        };
        let status = response.response.status();
        trace::received(&span, status);
        if status.is_success() {
            return Ok(response);
        }
        let error = response.failure(&self.request.url);
        trace::failed(&span, &error);
        Err(error)
    }

    /// Waits until the call must be sent again, or returns the error that ends it.
    async fn next_attempt(&mut self, error: Error) -> Result<(), Error> {
        let mut error = self.at_this_point(error);
        let may_be_its_own = self.sent
            && self.operation.method == "DELETE"
            && error.status() == Some(http::StatusCode::NOT_FOUND);
        if may_be_its_own {
            error =
                error.with_note("an earlier attempt, whose response was lost, may have deleted it");
        }
        self.sent = error.was_sent();
        let is_repeatable = self.request.body.is_repeatable();
        if !self.renewed && asks_for_credentials(&error) {
            self.renewed = true;
            let renewed = self
                .until(self.authorization_end(), true, pin!(self.renew()))
                .await;
            return match renewed {
                Ok(true) if is_repeatable => {
                    tracing::debug!("credential renewed, retrying request");
                    Ok(())
                }
                // The next call uses a new credential.
                Ok(_) => Err(error),
                Err(failed) => Err(self.at_this_point(failed)),
            };
        }
        if !is_repeatable {
            return Err(error);
        }
        let Some(wait) = self.retry.wait(self.attempts, &error) else {
            return Err(error);
        };
        let next = Instant::now().checked_add(wait);
        if self
            .deadline
            .is_some_and(|end| next.is_none_or(|next| next >= end))
        {
            tracing::debug!(?wait, "no time left for a retry");
            return Err(error);
        }
        if !self.retry.withdraw() {
            tracing::warn!(
                operation = self.operation.name,
                "retry budget exhausted, not retrying"
            );
            return Err(error);
        }
        tracing::debug!(?wait, kind = ?error.kind(), "retrying request");
        self.last_failure = Some(error);
        sleep(wait).await;
        Ok(())
    }

    /// Returns the maximum time without progress, unless the time limit of the attempt is shorter.
    fn longest_silence(&self) -> Option<Duration> {
        let silence = self.transport.settings.longest_silence();
        let is_bounded = self.attempt_timeout.is_some_and(|limit| limit <= silence);
        (!is_bounded).then_some(silence)
    }

    fn at_this_point(&self, error: Error) -> Error {
        error.during(self.operation).after(self.attempts, self.sent)
    }

    /// Returns the time by which credentials must be available. Exempt calls may have taken longer
    /// than the time limit by now, so for them it starts anew.
    fn authorization_end(&self) -> Option<Instant> {
        self.deadline
            .or_else(|| Instant::now().checked_add(self.timeout))
    }

    /// Runs one attempt within its own time limit and that of the call.
    async fn in_time<T>(
        &self,
        attempt: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let attempt = async {
            // A longer limit never ends before that of the call.
            match self.attempt_timeout.filter(|limit| *limit < self.timeout) {
                Some(limit) => timeout(limit, attempt).await.unwrap_or_else(|_| {
                    let message = format!("the response was not complete after {limit:?}");
                    Err(Error::new(ErrorKind::Timeout, message).sent(true))
                }),
                None => attempt.await,
            }
        };
        self.until(self.deadline, true, attempt).await
    }

    async fn until<T>(
        &self,
        end: Option<Instant>,
        sent: bool,
        step: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let Some(end) = end else {
            return step.await;
        };
        timeout_at(end, step).await.unwrap_or_else(|_| {
            let message = format!("the call timed out after {:?}", self.timeout);
            let late = Error::new(ErrorKind::Timeout, message).sent(sent);
            Err(match &self.last_failure {
                Some(failure) => late.caused_by(failure.to_string()),
                None => late,
            })
        })
    }

    /// Returns the authorizations that the operation needs, and those for a proxy.
    async fn authorizations(&self) -> Result<Authorizations<'a>, Error> {
        let transport = self.transport;
        let operation = self.operation;
        let mut held: Vec<(_, &dyn Credentials)> = Vec::new();
        if !operation.security.is_empty() && !transport.settings.credentials.is_empty() {
            let schemes = operation.schemes(|scheme| transport.held(scheme).is_some());
            let schemes = schemes.ok_or_else(|| {
                Error::authentication(format!(
                    "the client holds no credential for {}; nothing was sent",
                    named(operation.security)
                ))
            })?;
            let schemes = schemes.iter().copied();
            held.extend(schemes.filter_map(|scheme| Some((scheme, transport.held(scheme)?))));
        }
        if operation.server.is_none() && !transport.settings.proxy_credentials.is_empty() {
            held.push((&PROXY, &transport.settings.proxy_credentials));
        }
        let mut authorizations = Vec::new();
        for (scheme, held) in held {
            let mut authorization = Authorization::over(scheme, transport.http.clone());
            held.authorize(&mut authorization).await?;
            authorizations.push((held, authorization));
        }
        Ok(authorizations)
    }

    /// Returns whether the credentials were renewed after a rejection.
    async fn renew(&self) -> Result<bool, Error> {
        let mut renewed = false;
        for (held, refused) in &self.authorizations {
            renewed |= held.renew(refused).await?;
        }
        Ok(renewed)
    }
}

/// Returns whether the server, or a proxy in front of it, did not accept the caller.
///
/// A login page may replace a response that a proxy lost, so only idempotent calls are repeated
/// after one.
fn asks_for_credentials(error: &Error) -> bool {
    match error.status() {
        Some(status) if status == http::StatusCode::UNAUTHORIZED => true,
        Some(_) => error.kind() == ErrorKind::Authentication && error.is_idempotent(),
        None => false,
    }
}

/// Formats the alternatives of an operation, for a message.
fn named(alternatives: &[&[&SecurityScheme]]) -> String {
    let quoted = |scheme: &&SecurityScheme| format!("`{}`", scheme.name);
    let all = |schemes: &&[_]| schemes.iter().map(quoted).collect::<Vec<_>>().join(" and ");
    alternatives
        .iter()
        .map(all)
        .collect::<Vec<_>>()
        .join(" or ")
}
