use std::fmt;
use std::io;
use std::time::Duration;

use compute_api_client::operations as compute;
use compute_kfp_runtime::dynamic;
use compute_kfp_runtime::operation::Operation;
use http::{HeaderValue, StatusCode};
use kfp_api_client::operations as kfp;

/// A deliberate fault for [`Sandbox::fail`](crate::Sandbox::fail).
///
/// By default it applies to every request for every operation, until
/// [`Sandbox::clear_faults`](crate::Sandbox::clear_faults). If several faults match a request, only the
/// one that was added first applies.
///
/// The request is received and recorded in any case. A status and a lost connection replace the
/// operation, unless the fault is [`after_the_operation`](Self::after_the_operation). With all other
/// faults, the operation is performed.
///
/// ```
/// use std::time::Duration;
/// use compute_kfp_sandbox::Fault;
///
/// # async fn example(sandbox: &compute_kfp_sandbox::Sandbox) -> std::io::Result<()> {
/// // The next two requests for a list of runs get a 503 that asks for a pause of a second:
/// sandbox.fail(Fault::status(503).retry_after(Duration::from_secs(1)).on("list_runs").times(2))?;
/// // One in twenty requests takes 200 ms longer, the same ones in each run of a test:
/// sandbox.fail(Fault::delay(Duration::from_millis(200)).rate(0.05).seed(7))?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[must_use = "a fault does nothing until it is given to a sandbox"]
pub struct Fault {
    pub(crate) operation: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) lost: Option<Lost>,
    pub(crate) delay: Duration,
    pub(crate) held: bool,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) after_the_operation: bool,
    pub(crate) times: Option<u64>,
    pub(crate) rate: Option<f64>,
    pub(crate) seed: u64,
}

/// The point where the connection is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    BeforeTheHead,
    InTheBody,
}

impl Fault {
    /// Responds with this status, from 200 to 599, and a body in the format of the API's errors.
    pub fn status(status: u16) -> Self {
        Self {
            status: Some(status),
            ..Self::default()
        }
    }

    /// Closes the connection without a response.
    pub fn disconnect() -> Self {
        Self {
            lost: Some(Lost::BeforeTheHead),
            ..Self::default()
        }
    }

    /// Closes the connection in the middle of the response body, or without a response if it has no
    /// body.
    pub fn cut() -> Self {
        Self {
            lost: Some(Lost::InTheBody),
            ..Self::default()
        }
    }

    /// Sends the response with this content type, whatever its content.
    pub fn content_type(content_type: impl Into<String>) -> Self {
        Self::default().with_content_type(content_type)
    }

    /// Delays the response by this time on the wall clock, not on the sandbox's clock.
    pub fn delay(delay: Duration) -> Self {
        Self {
            delay,
            ..Self::default()
        }
    }

    /// Holds requests until [`Sandbox::clear_faults`](crate::Sandbox::clear_faults): a delay
    /// that a test ends itself.
    ///
    /// The operation is performed when the wait ends.
    pub fn hold() -> Self {
        Self {
            held: true,
            ..Self::default()
        }
    }

    /// Limits the fault to the requests for one operation.
    ///
    /// The name is that of the client's method, such as `list_runs`, or the operation's id in
    /// the API's own spec, such as `RunService_ListRuns`. A name that both APIs have applies to both.
    pub fn on(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Limits the fault to this number of requests.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Applies the fault to a request with this probability, from 0 to 1.
    ///
    /// The choice of requests is the same for the same [`seed`](Self::seed).
    pub fn rate(mut self, rate: f64) -> Self {
        self.rate = Some(rate);
        self
    }

    /// Sets the seed of the choice by [`rate`](Self::rate) [default: 0].
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Adds a `Retry-After` header to the response, in whole seconds.
    pub fn retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    /// Also sets the content type; see [`content_type`](Self::content_type).
    pub fn with_content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Replaces the body of the response.
    pub fn with_body(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Performs the operation although the fault hides its outcome from the client.
    pub fn after_the_operation(mut self) -> Self {
        self.after_the_operation = true;
        self
    }

    /// Rejects faults that no server could have, and operations that neither API has.
    pub(crate) fn check(&self) -> Result<(), String> {
        if let Some(status) = self.status
            && !(200..=599).contains(&status)
        {
            return Err(format!("invalid status {status}: use one from 200 to 599"));
        }
        if let Some(rate) = self.rate
            && !(0.0..=1.0).contains(&rate)
        {
            return Err(format!("invalid rate {rate}: use a number from 0 to 1"));
        }
        if let Some(value) = &self.content_type
            && HeaderValue::from_str(value).is_err()
        {
            return Err("invalid content type: use visible ASCII characters".to_owned());
        }
        let Some(name) = &self.operation else {
            return Ok(());
        };
        let all = [compute::OPERATIONS, kfp::OPERATIONS].concat();
        let found = dynamic::find(&all, name);
        found.map(drop).map_err(|error| error.message().to_owned())
    }

    pub(crate) fn fits(&self, operation: &'static Operation) -> bool {
        let name = self.operation.as_ref();
        name.is_none_or(|name| dynamic::find(&[operation], name).is_ok())
    }

    /// Returns whether the operation is performed, even if its outcome is hidden from the client.
    pub(crate) fn lets_operation_be_done(&self) -> bool {
        let in_its_place = self.status.is_some() || self.lost == Some(Lost::BeforeTheHead);
        self.after_the_operation || !in_its_place
    }

    pub(crate) fn status_code(&self) -> Option<StatusCode> {
        self.status
            .and_then(|status| StatusCode::from_u16(status).ok())
    }
}

/// Formats the fault for [`Fault::read_all`], except for settings that its format lacks.
impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lost = self.lost.map(|lost| match lost {
            Lost::BeforeTheHead => "head",
            Lost::InTheBody => "body",
        });
        let delay = Some(self.delay.as_millis()).filter(|delay| *delay > 0);
        let settings = [
            self.held.then(|| "hold".to_owned()),
            setting("status", self.status),
            setting("cut", lost),
            setting("delay", delay.map(|delay| format!("{delay}ms"))),
            setting("content-type", self.content_type.as_ref()),
            self.body.as_ref().map(|_| "body".to_owned()),
            setting("retry-after", self.retry_after.map(|pause| pause.as_secs())),
            self.after_the_operation.then(|| "after".to_owned()),
            setting("times", self.times),
            setting("rate", self.rate),
            setting("seed", self.rate.map(|_| self.seed)),
        ];
        let settings: Vec<String> = settings.into_iter().flatten().collect();
        let operation = self.operation.as_deref().unwrap_or("*");
        write!(formatter, "{operation}:{}", settings.join(","))
    }
}

fn setting(name: &str, value: Option<impl fmt::Display>) -> Option<String> {
    value.map(|value| format!("{name}={value}"))
}

pub(crate) fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message.into())
}
