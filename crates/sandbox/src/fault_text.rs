//! Faults written as text: `get_run:status=503,times=2;*:delay=200ms,rate=0.05`.

use std::str::FromStr;
use std::time::Duration;

use crate::fault::{Fault, Lost};

/// What is wrong, and the column at which it is, counted from 1.
type Problem = (usize, String);

const SETTINGS: &str = "status, cut, delay, content-type, retry-after, after, times, rate or seed";

/// A piece of the text, and the column at which it begins.
#[derive(Clone, Copy)]
struct Piece<'a> {
    text: &'a str,
    column: usize,
}

impl<'a> Piece<'a> {
    fn split(self, separator: char) -> impl Iterator<Item = Self> {
        let mut column = self.column;
        self.text.split(separator).map(move |text| {
            let piece = Self { text, column };
            column += text.chars().count() + 1;
            piece
        })
    }

    fn split_once(self, separator: char) -> (Self, Option<Self>) {
        let (before, after) = match self.text.split_once(separator) {
            Some((before, after)) => (before, Some(after)),
            None => (self.text, None),
        };
        let column = self.column + before.chars().count() + 1;
        let before = Self {
            text: before,
            column: self.column,
        };
        (before, after.map(|text| Self { text, column }))
    }

    fn trimmed(self) -> Self {
        let text = self.text.trim_start();
        let skipped = self.text.chars().count() - text.chars().count();
        Self {
            text: text.trim_end(),
            column: self.column + skipped,
        }
    }

    fn problem(self, message: impl Into<String>) -> Problem {
        (self.column, message.into())
    }

    fn parse<T: FromStr>(self, wanted: &str) -> Result<T, Problem> {
        let refuse = |_| self.problem(format!("{:?} is not {wanted}", self.text));
        self.text.parse().map_err(refuse)
    }
}

pub(crate) fn read(text: &str) -> Result<Vec<Fault>, Problem> {
    let all = Piece { text, column: 1 };
    all.split(';')
        .map(Piece::trimmed)
        .filter(|piece| !piece.text.is_empty())
        .map(read_one)
        .collect()
}

fn read_one(piece: Piece<'_>) -> Result<Fault, Problem> {
    let (operation, settings) = piece.split_once(':');
    let operation = operation.trimmed();
    let settings = settings.ok_or_else(|| {
        piece.problem("a fault is an operation or *, then : and settings, as in *:status=503")
    })?;
    let mut fault = Fault::none();
    if operation.text != "*" {
        fault = fault.on(operation.text);
        fault
            .check()
            .map_err(|problem| operation.problem(problem))?;
    }
    let undone = fault.clone();
    for setting in settings.split(',') {
        set(&mut fault, setting.trimmed())?;
    }
    let chosen_only = Fault {
        times: fault.times,
        rate: fault.rate,
        seed: fault.seed,
        after_the_operation: fault.after_the_operation,
        ..undone
    };
    if fault == chosen_only {
        let message = "this does nothing: add status, cut, delay, content-type or retry-after";
        return Err(settings.trimmed().problem(message));
    }
    Ok(fault)
}

fn set(fault: &mut Fault, setting: Piece<'_>) -> Result<(), Problem> {
    let (name, value) = setting.split_once('=');
    let name = name.trimmed();
    if name.text == "after" && value.is_none() {
        fault.after_the_operation = true;
        return Ok(());
    }
    let unknown = || name.problem(format!("{:?} is no setting: take {SETTINGS}", name.text));
    let value = match value {
        Some(value) => value.trimmed(),
        None => return Err(unknown()),
    };
    match name.text {
        "status" => fault.status = Some(value.parse("a status")?),
        "cut" => {
            fault.lost = Some(match value.text {
                "head" => Lost::BeforeTheHead,
                "body" => Lost::InTheBody,
                _ => return Err(value.problem("a connection is cut at head or body")),
            });
        }
        "delay" => fault.delay = duration(value)?,
        "content-type" => fault.content_type = Some(value.text.to_owned()),
        "retry-after" => {
            fault.retry_after = Some(Duration::from_secs(value.parse("a number of seconds")?));
        }
        "times" => fault.times = Some(value.parse("a whole number")?),
        "rate" => fault.rate = value.parse("a number")?,
        "seed" => fault.seed = value.parse("a whole number")?,
        _ => return Err(unknown()),
    }
    fault.check().map_err(|problem| value.problem(problem))
}

fn duration(value: Piece<'_>) -> Result<Duration, Problem> {
    let refuse = || {
        let message = format!("{:?} is no time: write 200ms or 1.5s", value.text);
        value.problem(message)
    };
    let (number, unit) = match value.text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (value.text.strip_suffix('s').ok_or_else(refuse)?, 1.0),
    };
    let number: f64 = number.parse().map_err(|_| refuse())?;
    Duration::try_from_secs_f64(number * unit).map_err(|_| refuse())
}
