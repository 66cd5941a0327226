//! Output of commands on standard output.

mod histogram;
mod table;

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::printable::{harmless, printable, steers};

/// The output formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Indented JSON
    Json,
    /// A line of JSON for each item
    Jsonl,
    /// YAML
    Yaml,
    /// Tables for people
    Table,
}

impl Format {
    pub fn usual() -> Self {
        match io::stdout().is_terminal() {
            true => Self::Table,
            false => Self::Json,
        }
    }

    /// Writes a response. `items` names the property that holds the items, if it is a page of a list.
    pub fn response(self, response: &Value, items: Option<&str>) -> Result<(), Failure> {
        let listed = match items.map(|name| response.get(name)) {
            // Protobuf leaves out an empty list.
            Some(None | Some(Value::Null)) => Some(&[][..]),
            Some(Some(list)) => list.as_array().map(Vec::as_slice),
            None => response.as_array().map(Vec::as_slice),
        };
        self.text(&match (self, listed) {
            (Self::Json, _) => harmless_json(format!("{response:#}")),
            (Self::Yaml, _) => yaml(response)?,
            (Self::Jsonl, listed) => lines(listed.unwrap_or(std::slice::from_ref(response))),
            (Self::Table, Some(items)) => table::of_items(items),
            (Self::Table, None) => table::of_object(response),
        })
    }

    /// Writes a part of a list as it arrives.
    pub fn items(self, items: &[Value]) -> Result<(), Failure> {
        match self {
            Self::Json | Self::Jsonl => self.text(&lines(items)),
            Self::Yaml => items
                .iter()
                .try_for_each(|item| self.text(&format!("---\n{}", yaml(item)?))),
            Self::Table if items.is_empty() => Ok(()),
            Self::Table => self.text(&table::of_items(items)),
        }
    }

    /// Writes an event of a wait. `line` is its form for people.
    pub fn event(self, event: &Value, line: &str) -> Result<(), Failure> {
        match self {
            Self::Table => self.text(line),
            _ => self.items(std::slice::from_ref(event)),
        }
    }

    /// Writes a histogram of the outcomes, for people.
    pub fn histogram(self, counts: &Map<String, Value>) -> Result<(), Failure> {
        self.text(&histogram::of_counts(counts, table::width()))
    }

    /// Writes a string. Adds a line end unless the string is empty.
    pub fn text(self, text: &str) -> Result<(), Failure> {
        match text.is_empty() {
            true => Ok(()),
            false => bytes(format!("{}\n", harmless(text)).as_bytes()),
        }
    }
}

/// Writes bytes unchanged.
pub fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut to = io::stdout().lock();
    let written = to.write_all(bytes).and_then(|()| to.flush());
    written.map_err(|error| Failure::io("cannot write to standard output", &error))
}

fn lines(items: &[Value]) -> String {
    let lines = items.iter().map(|item| harmless_json(item.to_string()));
    lines.collect::<Vec<_>>().join("\n")
}

/// Escapes the control characters that JSON itself leaves unescaped.
fn harmless_json(json: String) -> String {
    if !json.contains(steers) {
        return json;
    }
    let escaped = json.chars().map(|letter| match steers(letter) {
        true => format!("\\u{:04x}", u32::from(letter)),
        false => letter.to_string(),
    });
    escaped.collect()
}

fn yaml(value: &Value) -> Result<String, Failure> {
    let text = serde_saphyr::to_string(value)
        .map_err(|error| Failure::Io(format!("cannot write the response as YAML: {error}")))?;
    Ok(text.trim_end().to_owned())
}
