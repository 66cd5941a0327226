//! One call: its credentials, its attempts, and the time it may take.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use http::header::{ACCEPT, USER_AGENT};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::Instrument as _;

use super::attempt::Sending;
use super::{Held, Inner, trace};
use crate::answer::Answer;
use crate::credentials::{Authorization, Credentials};
use crate::error::{Error, ErrorKind};
use crate::middleware::Attempt;
use crate::operation::{Operation, SecurityScheme};
use crate::request::{Parts, Request};
use crate::retry::RetryPolicy;
use crate::secrets::Secrets;

/// How the body of a successful answer is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Taking {
    /// All of it, into memory.
    Whole,
    /// Piece by piece, by the caller.
    Streamed,
}

pub(super) struct Call<'a> {
    transport: &'a Inner,
    operation: &'static Operation,
    parts: Parts,
    taking: Taking,
    retry: RetryPolicy,
    timeout: Duration,
    /// Not for uploads and streamed answers: their length decides how long they take.
    attempt_timeout: Option<Duration>,
    deadline: Option<Instant>,
    attempts: u32,
    /// What authorised the last attempt.
    authorizations: Vec<(Arc<dyn Credentials>, Authorization)>,
    renewed: bool,
    /// Whether an attempt may have reached the server.
    sent: bool,
    last_failure: Option<Error>,
}

impl<'a> Call<'a> {
    /// Refuses what cannot be sent, and starts the clock.
    pub fn new(transport: &'a Inner, request: Request, taking: Taking) -> Result<Self, Error> {
        let operation = request.operation();
        let (mut parts, options) = request
            .into_parts(&transport.endpoint)
            .map_err(|error| error.during(operation))?;
        parts.headers.insert(
            ACCEPT,
            HeaderValue::from_static(match taking {
                Taking::Whole => "application/json",
                Taking::Streamed => "*/*",
            }),
        );
        if !parts.headers.contains_key(USER_AGENT) {
            let user_agent = transport.user_agent.clone();
            parts.headers.insert(USER_AGENT, user_agent);
        }
        let bounded = taking == Taking::Whole && !parts.body.uploads();
        let timeout = options.timeout.unwrap_or(transport.timeout);
        let attempt_timeout = options.attempt_timeout.unwrap_or(transport.attempt_timeout);
        let retry = options.retry.unwrap_or_else(|| transport.retry.clone());
        retry.deposit();
        Ok(Self {
            transport,
            operation,
            parts,
            taking,
            retry,
            timeout,
            attempt_timeout: bounded.then_some(attempt_timeout),
            deadline: Instant::now().checked_add(timeout),
            attempts: 0,
            authorizations: Vec::new(),
            renewed: false,
            sent: false,
            last_failure: None,
        })
    }

    /// Sends until there is an answer of success, or the call may not be sent again.
    pub async fn answer(mut self) -> Result<(Self, Answer), Error> {
        loop {
            self.authorize().await?;
            match self.attempt().await {
                Ok(answer) => return Ok((self, answer)),
                Err(error) => self.again(error).await?,
            }
        }
    }

    /// Gets what the credentials add to the next attempt; where they fail, the call ends.
    async fn authorize(&mut self) -> Result<(), Error> {
        let authorizing = self.authorizations();
        let authorized = self.until(self.authorization_end(), false, authorizing);
        self.authorizations = authorized
            .await
            .map_err(|error| self.at_this_point(error))?;
        Ok(())
    }

    /// Sends once; an answer without success is an error.
    async fn attempt(&mut self) -> Result<Answer, Error> {
        let mut secrets = Secrets::default();
        for (_, authorization) in &self.authorizations {
            secrets.add(authorization.headers());
        }
        self.attempts += 1;
        trace::sending(self.attempts);
        let sending = Sending {
            transport: self.transport,
            parts: &self.parts,
            secrets: &secrets,
            taking: self.taking,
        };
        let attempt = Attempt {
            operation: self.operation,
            number: self.attempts,
            url: self.parts.url.clone(),
            headers: self.parts.headers.clone(),
        };
        let span = trace::attempt(&self.transport.endpoint, self.operation, self.attempts);
        let answered = self
            .in_time(sending.run(attempt))
            .instrument(span.clone())
            .await;
        let answer = match answered {
            Ok(reply) => Answer::new(reply, &self.parts.url, secrets),
            Err(error) => {
                trace::failed(&span, &error);
                return Err(error);
            }
        };
        trace::answered(&span, answer.status);
        if answer.status.is_success() {
            return Ok(answer);
        }
        let error = answer.failure();
        trace::failed(&span, &error);
        Err(error)
    }

    /// Returns when the call is to be sent again, or with the error it ends with.
    pub async fn again(&mut self, error: Error) -> Result<(), Error> {
        let error = self.at_this_point(error);
        self.sent = error.was_sent();
        let is_repeatable = self.parts.body.is_repeatable();
        if !self.renewed && asks_for_credentials(&error) {
            self.renewed = true;
            let renewed = self
                .until(self.authorization_end(), true, self.renew())
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
        let Some(wait) = self.retry.wait(self.attempts, &error) else {
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
        if !self.retry.withdraw() {
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
    async fn authorizations(&self) -> Result<Vec<(Arc<dyn Credentials>, Authorization)>, Error> {
        let held = &self.transport.credentials;
        let security = self.operation.security;
        if security.is_empty() || held.is_empty() {
            return Ok(Vec::new());
        }
        let fitting = security.iter().find_map(|alternative| {
            let pairs = alternative
                .iter()
                .map(|scheme| Some((*scheme, find(held, scheme.name)?)));
            pairs.collect::<Option<Vec<_>>>()
        });
        let fitting = fitting.ok_or_else(|| {
            Error::authentication(format!(
                "the client holds no credential for {}; nothing was sent",
                named(security)
            ))
        })?;
        let mut authorizations = Vec::with_capacity(fitting.len());
        for (scheme, credentials) in fitting {
            let mut authorization = Authorization::new(scheme, self.transport.http.clone());
            credentials.authorize(&mut authorization).await?;
            authorizations.push((credentials.clone(), authorization));
        }
        Ok(authorizations)
    }

    /// Whether there is now something else to send than was refused.
    async fn renew(&self) -> Result<bool, Error> {
        let mut renewed = false;
        for (credentials, refused) in &self.authorizations {
            renewed |= credentials.renew(refused).await?;
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

fn find<'a>(held: &'a Held, scheme: &str) -> Option<&'a Arc<dyn Credentials>> {
    held.iter()
        .find(|(known, _)| known == scheme)
        .map(|(_, credentials)| credentials)
}

/// The alternatives of an operation, for a message.
fn named(alternatives: &[&[&SecurityScheme]]) -> String {
    let named = alternatives.iter().map(|alternative| {
        let names: Vec<String> = alternative
            .iter()
            .map(|scheme| format!("`{}`", scheme.name))
            .collect();
        names.join(" and ")
    });
    named.collect::<Vec<_>>().join(" or ")
}
