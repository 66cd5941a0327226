//! Faults in string form: `get_run:status=503,times=2;*:delay=200ms,rate=0.05`.

use std::io;
use std::str::FromStr;
use std::time::Duration;

use crate::duration;
use crate::fault::{Fault, Lost, invalid};

/// The invalid part of the string, and the reason.
type Problem<'a> = (&'a str, String);

const SETTINGS: &str = "status, cut, delay, content-type, retry-after, after, times, rate or seed";

impl Fault {
    /// Parses faults from a string, in the format of the binary's `--faults`.
    ///
    #[doc = concat!("```text\n", include_str!("fault_text.txt"), "\n```")]
    ///
    /// ```
    /// use std::time::Duration;
    /// use compute_kfp_sandbox::Fault;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let faults = Fault::read_all("get_run:status=503,times=2; *:delay=200ms,rate=0.05")?;
    /// let delay = Fault::delay(Duration::from_millis(200));
    /// assert_eq!(faults, [Fault::status(503).on("get_run").times(2), delay.rate(0.05)]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns `InvalidInput` if the string does not have this format, or if
    /// [`Sandbox::fail`](crate::Sandbox::fail) rejects one of the faults. The message has the column,
    /// counted from 1.
    pub fn read_all(text: &str) -> io::Result<Vec<Self>> {
        let pieces = text.split(';').map(str::trim);
        let faults = pieces.filter(|piece| !piece.is_empty()).map(read_one);
        faults.collect::<Result<_, _>>().map_err(|(part, problem)| {
            let offset = part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
            let before = text.get(..offset).unwrap_or_default();
            let column = before.chars().count() + 1;
            invalid(format!("faults, column {column}: {problem}"))
        })
    }
}

fn read_one(piece: &str) -> Result<Fault, Problem<'_>> {
    let (operation, settings) = piece.split_once(':').ok_or_else(|| {
        let form = "expected an operation or *, then : and settings, as in *:status=503";
        (piece, form.to_owned())
    })?;
    let (operation, settings) = (operation.trim(), settings.trim());
    let mut fault = Fault::default();
    if operation != "*" {
        fault = fault.on(operation);
        fault.check().map_err(|problem| (operation, problem))?;
    }
    for setting in settings.split(',') {
        set(&mut fault, setting.trim())?;
    }
    let replaces = fault.status.is_some() || fault.lost.is_some();
    let changes = fault.content_type.is_some() || fault.retry_after.is_some();
    if !replaces && !changes && fault.delay.is_zero() {
        let message = "no effect: add status, cut, delay, content-type or retry-after";
        return Err((settings, message.to_owned()));
    }
    Ok(fault)
}

fn set<'a>(fault: &mut Fault, setting: &'a str) -> Result<(), Problem<'a>> {
    if setting == "after" {
        fault.after_the_operation = true;
        return Ok(());
    }
    let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
    let (name, value) = (name.trim(), value.trim());
    match name {
        "status" => fault.status = Some(parse(value, "a status")?),
        "cut" if value == "head" => fault.lost = Some(Lost::BeforeTheHead),
        "cut" if value == "body" => fault.lost = Some(Lost::InTheBody),
        "cut" => return Err((value, "invalid value: use head or body".to_owned())),
        "delay" => {
            let message = || format!("invalid duration {value:?}: use a format like 200ms or 1.5s");
            fault.delay = duration::parse(value).ok_or_else(|| (value, message()))?;
        }
        "content-type" => fault.content_type = Some(value.to_owned()),
        "retry-after" => {
            fault.retry_after = Some(Duration::from_secs(parse(value, "a number of seconds")?));
        }
        "times" => fault.times = Some(parse(value, "a whole number")?),
        "rate" => fault.rate = Some(parse(value, "a number")?),
        "seed" => fault.seed = parse(value, "a whole number")?,
        _ => return Err((name, format!("unknown setting {name:?}: use {SETTINGS}"))),
    }
    fault.check().map_err(|problem| (value, problem))
}

fn parse<'a, T: FromStr>(value: &'a str, wanted: &str) -> Result<T, Problem<'a>> {
    let refuse = |_| (value, format!("invalid value {value:?}: expected {wanted}"));
    value.parse().map_err(refuse)
}
