//! One call: its credentials, its attempts, and the time it may take.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use smallvec::SmallVec;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument as _, Span};

use super::attempt::Sending;
use super::{HeldCredentials, Inner, trace};
use crate::answer::Answer;
use crate::credentials::{Authorization, Pending};
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::middleware::Attempt;
use crate::operation::{Operation, SecurityScheme};
use crate::request::{Parts, Request};
use crate::retry::RetryPolicy;
use crate::secrets::Secrets;

type Authorizations<'a> = SmallVec<[(&'a HeldCredentials, Authorization); 1]>;

/// A call on its way to an answer; boxed, so that what waits for it is small.
pub(super) type Answering<'a> = Pending<'a, (Box<Call<'a>>, Answer)>;

/// How the body of a successful answer is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Taking {
    /// All of it, into memory.
    Whole,
    /// Piece by piece, by the caller.
    Streamed,
    /// Event by event, by the caller.
    Events,
}

pub(super) struct Call<'a> {
    transport: &'a Inner,
    operation: &'static Operation,
    endpoint: Cow<'a, Endpoint>,
    parts: Parts,
    taking: Taking,
    span: Span,
    /// In place of the transport's.
    retry: Option<RetryPolicy>,
    timeout: Duration,
    /// Not for uploads and streamed answers: their length decides how long they take.
    attempt_timeout: Option<Duration>,
    deadline: Option<Instant>,
    attempts: u32,
    /// What authorised the last attempt.
    authorizations: Authorizations<'a>,
    renewed: bool,
    /// Whether an attempt may have reached the server.
    sent: bool,
    last_failure: Option<Error>,
}

impl<'a> Call<'a> {
    /// Sends until an answer is a success, or nothing may be sent again.
    ///
    /// The time of the call, its deposit for retries and its span begin when it is first polled.
    pub fn begin(transport: &'a Inner, request: Request, taking: Taking) -> Answering<'a> {
        let operation = request.operation();
        match Self::new(transport, request, taking) {
            Ok(call) => call.answering(None),
            Err(error) => Box::pin(async move {
                let error = error.during(operation);
                let endpoint = transport.endpoint_of(operation);
                let endpoint = endpoint.unwrap_or(Cow::Borrowed(&transport.endpoint));
                trace::failed(&trace::call(&endpoint, operation), &error);
                Err(error)
            }),
        }
    }

    /// Refuses what cannot be sent.
    ///
    /// Boxed, since it goes into its [`Answering`] and comes out with each answer.
    fn new(transport: &'a Inner, request: Request, taking: Taking) -> Result<Box<Self>, Error> {
        let operation = request.operation();
        let endpoint = transport.endpoint_of(operation)?;
        let (parts, options) = request.into_parts(&endpoint)?;
        let bounded = taking == Taking::Whole && !parts.body.uploads();
        let timeout = options.timeout.unwrap_or(transport.timeout);
        let attempt_timeout = options.attempt_timeout.unwrap_or(transport.attempt_timeout);
        let retry = options.retry;
        Ok(Box::new(Self {
            transport,
            operation,
            endpoint,
            parts,
            taking,
            span: Span::none(),
            retry,
            timeout,
            attempt_timeout: bounded.then_some(attempt_timeout),
            deadline: None,
            attempts: 0,
            authorizations: SmallVec::new(),
            renewed: false,
            sent: false,
            last_failure: None,
        }))
    }

    /// Sends again after an answer that means nothing, or gives the error that the call ends with.
    pub fn answer_again(self: Box<Self>, error: Error) -> Answering<'a> {
        self.answering(Some(error))
    }

    fn answering(mut self: Box<Self>, meaningless: Option<Error>) -> Answering<'a> {
        Box::pin(async move {
            if meaningless.is_none() {
                self.span = trace::call(&self.endpoint, self.operation);
                self.deadline = Instant::now().checked_add(self.timeout);
                self.retry().deposit();
            }
            let span = self.span.clone();
            let answer = self.next_answer(meaningless).instrument(span).await?;
            Ok((self, answer))
        })
    }

    async fn next_answer(&mut self, meaningless: Option<Error>) -> Result<Answer, Error> {
        if let Some(error) = meaningless {
            self.wait(error).await?;
        }
        loop {
            let outcome = match self.authorize().await {
                Ok(()) => self.attempt().await,
                Err(error) if error.is_retryable() => {
                    self.attempts += 1;
                    Err(error)
                }
                Err(error) => return Err(self.ended(error)),
            };
            match outcome {
                Ok(answer) => return Ok(answer),
                Err(error) => self.wait(error).await?,
            }
        }
    }

    async fn wait(&mut self, error: Error) -> Result<(), Error> {
        match self.next_attempt(error).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.ended(error)),
        }
    }

    fn ended(&self, error: Error) -> Error {
        trace::failed(&self.span, &error);
        error
    }

    /// Gets what the credentials add to the next attempt; where they fail, the call ends.
    async fn authorize(&mut self) -> Result<(), Error> {
        let authorized = {
            let authorizing = pin!(self.authorizations());
            self.until(self.authorization_end(), false, authorizing)
                .await
        };
        self.authorizations = authorized.map_err(|error| self.at_this_point(error))?;
        Ok(())
    }

    /// Sends once; an answer without success is an error.
    async fn attempt(&mut self) -> Result<Answer, Error> {
        let mut secrets = Secrets::default();
        for (_, authorization) in &self.authorizations {
            secrets.add(authorization.shared_headers());
        }
        self.attempts += 1;
        trace::sending(self.attempts);
        let sending = Sending {
            transport: self.transport,
            http: match self.operation.server {
                None => &self.transport.http.calls,
                Some(_) => self.transport.http.others(),
            },
            parts: &self.parts,
            secrets: &secrets,
            taking: self.taking,
            longest_silence: self.longest_silence(),
        };
        let attempt = Attempt {
            operation: self.operation,
            number: self.attempts,
            url: self.parts.url.clone(),
            headers: sending.headers(),
        };
        let span = trace::attempt(&self.endpoint, self.operation, self.attempts);
        let answered = {
            // Pinned here, as each function that it were handed to would make room for it.
            let running = pin!(sending.run(attempt).instrument(span.clone()));
            self.in_time(running).await
        };
        let answer = match answered {
            Ok(reply) => {
                let mut answer = Answer::new(reply, secrets);
                answer.may_be_empty = self.operation.method == "DELETE";
                answer
            }
            Err(error) => {
                trace::failed(&span, &error);
                return Err(error);
            }
        };
        trace::answered(&span, answer.status);
        if answer.status.is_success() {
            return Ok(answer);
        }
        let error = answer.failure(&self.parts.url);
        trace::failed(&span, &error);
        Err(error)
    }

    /// Returns when the call is to be sent again, or with the error it ends with.
    async fn next_attempt(&mut self, error: Error) -> Result<(), Error> {
        let mut error = self.at_this_point(error);
        let may_be_its_own = self.sent
            && self.operation.method == "DELETE"
            && error.status() == Some(http::StatusCode::NOT_FOUND);
        if may_be_its_own {
            error =
                error.with_note("an attempt before, whose response was lost, may have deleted it");
        }
        self.sent = error.was_sent();
        let is_repeatable = self.parts.body.is_repeatable();
        if !self.renewed && asks_for_credentials(&error) {
            self.renewed = true;
            let renewed = self
                .until(self.authorization_end(), true, pin!(self.renew()))
                .await;
            return match renewed {
                // The next call gets on with the new credential.
                Ok(true) if !is_repeatable => Err(error),
                Ok(true) => {
                    tracing::debug!("the credential was renewed, the call is sent once more");
                    Ok(())
                }
                Ok(false) => Err(error),
                Err(failed) => Err(self.at_this_point(failed)),
            };
        }
        if !is_repeatable {
            return Err(error);
        }
        let Some(wait) = self.retry().wait(self.attempts, &error) else {
            return Err(error);
        };
        let next = Instant::now().checked_add(wait);
        if self
            .bound()
            .is_some_and(|end| next.is_none_or(|next| next >= end))
        {
            tracing::debug!(?wait, "no time is left to send the call again");
            return Err(error);
        }
        if !self.retry().withdraw() {
            tracing::warn!(
                operation = self.operation.name,
                "the retry budget is used up; the call is not sent again"
            );
            return Err(error);
        }
        tracing::debug!(?wait, kind = ?error.kind(), "the call is sent again");
        self.last_failure = Some(error);
        sleep(wait).await;
        Ok(())
    }

    fn retry(&self) -> &RetryPolicy {
        self.retry.as_ref().unwrap_or(&self.transport.retry)
    }

    /// How long nothing may move, unless the time of an attempt is over by then.
    fn longest_silence(&self) -> Option<Duration> {
        let silence = self.transport.read_timeout;
        let is_bounded = self.attempt_timeout.is_some_and(|limit| limit <= silence);
        (!is_bounded).then_some(silence)
    }

    fn at_this_point(&self, error: Error) -> Error {
        error.during(self.operation).after(self.attempts, self.sent)
    }

    /// When the call has to be over; uploads and streamed answers are excepted.
    fn bound(&self) -> Option<Instant> {
        self.deadline.filter(|_| self.attempt_timeout.is_some())
    }

    /// When credentials have to be there; what is excepted may by now have taken longer than a call.
    fn authorization_end(&self) -> Option<Instant> {
        self.bound()
            .or_else(|| Instant::now().checked_add(self.timeout))
    }

    /// Runs one attempt within its own limit and that of the call.
    async fn in_time<T>(
        &self,
        attempt: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let end = self
            .attempt_timeout
            .and_then(|limit| Some((limit, Instant::now().checked_add(limit)?)));
        match (end, self.bound()) {
            (Some((limit, end)), bound) if bound.is_none_or(|bound| end < bound) => {
                match timeout_at(end, attempt).await {
                    Ok(outcome) => outcome,
                    Err(_) => Err(Error::slow(limit)),
                }
            }
            (_, bound) => self.until(bound, true, attempt).await,
        }
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
            let late = Error::late(self.timeout, sent);
            Err(match &self.last_failure {
                Some(failure) => late.caused_by(failure.to_string()),
                None => late,
            })
        })
    }

    /// What the first credentials that the operation declares and the client holds add.
    async fn authorizations(&self) -> Result<Authorizations<'a>, Error> {
        let transport = self.transport;
        let security = self.operation.security;
        let mut authorizations = SmallVec::new();
        if security.is_empty() || transport.credentials.is_empty() {
            return Ok(authorizations);
        }
        let mut alternatives = security.iter();
        let fitting = alternatives.find(|schemes| {
            let mut schemes = schemes.iter();
            schemes.all(|scheme| transport.held(scheme).is_some())
        });
        let fitting = fitting.ok_or_else(|| {
            Error::authentication(format!(
                "the client holds no credential for {}; nothing was sent",
                named(security)
            ))
        })?;
        for scheme in *fitting {
            if let Some(held) = transport.held(scheme) {
                let authorization = held.authorization(scheme, &transport.http).await?;
                authorizations.push((held, authorization));
            }
        }
        Ok(authorizations)
    }

    /// Whether there is now something else to send than was refused.
    async fn renew(&self) -> Result<bool, Error> {
        let mut renewed = false;
        for (held, refused) in &self.authorizations {
            renewed |= held.credentials.renew(refused).await?;
        }
        Ok(renewed)
    }
}

/// Whether the server, or a proxy before it, did not accept who is calling.
///
/// A login page may stand for an answer that a proxy lost; only what may be repeated is.
fn asks_for_credentials(error: &Error) -> bool {
    match error.status() {
        Some(status) if status == http::StatusCode::UNAUTHORIZED => true,
        Some(_) => error.kind() == ErrorKind::Authentication && error.is_idempotent(),
        None => false,
    }
}

/// The alternatives of an operation, for a message.
fn named(alternatives: &[&[&SecurityScheme]]) -> String {
    let mut named = String::new();
    for alternative in alternatives {
        named.push_str(if named.is_empty() { "" } else { " or " });
        for (index, scheme) in alternative.iter().enumerate() {
            let between = if index == 0 { "" } else { " and " };
            let _ = write!(named, "{between}`{}`", scheme.name);
        }
    }
    named
}
