//! Output of commands on standard output.

mod histogram;
mod table;

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

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

/// Writes responses to standard output.
pub struct Output {
    to: BufWriter<Stdout>,
    format: Format,
}

impl Output {
    pub fn new(wanted: Option<Format>) -> Self {
        let usual = match io::stdout().is_terminal() {
            true => Format::Table,
            false => Format::Json,
        };
        Self {
            to: BufWriter::new(io::stdout()),
            format: wanted.unwrap_or(usual),
        }
    }

    pub fn format(&self) -> Format {
        self.format
    }

    /// Writes a response. `items` names the property that holds the items, if it is a page of a list.
    pub fn response(&mut self, response: &Value, items: Option<&str>) -> Result<(), Failure> {
        let listed = match items.map(|name| response.get(name)) {
            // Protobuf leaves out an empty list.
            Some(None | Some(Value::Null)) => Some(&[][..]),
            Some(Some(list)) => list.as_array().map(Vec::as_slice),
            None => response.as_array().map(Vec::as_slice),
        };
        match (self.format, listed) {
            (Format::Json, _) => self.json(response),
            (Format::Yaml, _) => self.yaml(response),
            (Format::Jsonl, Some(items)) => items.iter().try_for_each(|item| self.line(item)),
            (Format::Jsonl, None) => self.line(response),
            (Format::Table, Some(items)) => self.print(&table::of_items(items)),
            (Format::Table, None) => self.print(&table::of_object(response)),
        }?;
        self.flush()
    }

    /// Writes a part of a list as it arrives.
    pub fn items(&mut self, items: &[Value]) -> Result<(), Failure> {
        match self.format {
            Format::Json | Format::Jsonl => items.iter().try_for_each(|item| self.line(item)),
            Format::Yaml => items.iter().try_for_each(|item| {
                self.print("---")?;
                self.yaml(item)
            }),
            Format::Table if items.is_empty() => Ok(()),
            Format::Table => self.print(&table::of_items(items)),
        }?;
        self.flush()
    }

    /// Writes an event of a wait. `line` is its form for people.
    pub fn event(&mut self, event: &Value, line: &str) -> Result<(), Failure> {
        match self.format {
            Format::Table => self.text(line),
            _ => self.items(std::slice::from_ref(event)),
        }
    }

    /// Writes a histogram of the outcomes, for people.
    pub fn histogram(&mut self, counts: &Map<String, Value>) -> Result<(), Failure> {
        self.text(&histogram::of_counts(counts, table::width()))
    }

    /// Writes bytes unchanged.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        written(self.to.write_all(bytes))?;
        self.flush()
    }

    /// Writes a string. Adds a line end unless the string is empty.
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.print(text)?;
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Failure> {
        written(self.to.flush())
    }

    fn print(&mut self, text: &str) -> Result<(), Failure> {
        match text.is_empty() {
            true => Ok(()),
            false => written(writeln!(self.to, "{}", harmless(text))),
        }
    }

    fn json(&mut self, value: &Value) -> Result<(), Failure> {
        self.json_text(serde_json::to_string_pretty(value))
    }

    fn line(&mut self, value: &Value) -> Result<(), Failure> {
        self.json_text(serde_json::to_string(value))
    }

    fn json_text(&mut self, text: serde_json::Result<String>) -> Result<(), Failure> {
        let text = text.map_err(io::Error::from);
        written(text.and_then(|text| writeln!(self.to, "{}", harmless_json(text))))
    }

    fn yaml(&mut self, value: &Value) -> Result<(), Failure> {
        let text = serde_saphyr::to_string(value)
            .map_err(|error| Failure::Io(format!("cannot write the response as YAML: {error}")))?;
        self.print(text.trim_end())
    }
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

fn written(result: io::Result<()>) -> Result<(), Failure> {
    result.map_err(|error| Failure::io("cannot write to standard output", &error))
}
