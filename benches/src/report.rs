//! The results as a page of Markdown.

use std::fmt::Write as _;

use crate::Result;
use crate::candidate::Candidate;
use crate::statistics::Samples;

/// All tables.
#[derive(Default)]
pub struct Report(Vec<Table>);

/// A table of figures, or only text if it has no rows.
pub struct Table {
    title: String,
    /// Subject and method of the measurement.
    text: String,
    unit: &'static str,
    rows: Vec<(String, Samples)>,
    /// Row that the others are compared with.
    reference: Option<String>,
}

impl Table {
    pub fn new(title: impl Into<String>, unit: &'static str, text: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            text: text.into(),
            unit,
            rows: Vec::new(),
            reference: None,
        }
    }

    pub fn row(mut self, what: impl Into<String>, samples: Samples) -> Self {
        self.add(what, samples);
        self
    }

    pub fn add(&mut self, what: impl Into<String>, samples: Samples) {
        self.rows.push((what.into(), samples));
    }

    pub fn rows(mut self, rows: Vec<(Candidate, Samples)>) -> Self {
        let rows = rows
            .into_iter()
            .map(|(candidate, samples)| (candidate.name.to_owned(), samples));
        self.rows.extend(rows);
        self
    }

    /// Compares the rows with this one.
    pub fn beside(mut self, reference: impl Into<String>) -> Self {
        self.reference = Some(reference.into());
        self
    }

    fn samples(&self, what: &str) -> Option<&Samples> {
        let mut rows = self.rows.iter();
        rows.find_map(|(name, samples)| (name == what).then_some(samples))
    }
}

impl Report {
    pub fn table(&mut self, table: Table) {
        self.0.push(table);
    }

    /// Adds the error of a measure.
    pub fn failed(&mut self, measure: &str, error: &dyn std::error::Error) {
        let text = format!("Failed: {error}");
        self.table(Table::new(format!("`{measure}`"), "", text));
    }

    /// Returns the whole page.
    pub fn markdown(&self, machine: &[String]) -> Result<String> {
        let mut text = String::from(
            "# Results\n\nWritten by `make bench`; [README.md](README.md) says how it measures.\n\n",
        );
        for line in machine {
            writeln!(text, "- {line}")?;
        }
        for table in &self.0 {
            table.write(&mut text)?;
        }
        Ok(text)
    }
}

impl Table {
    fn write(&self, text: &mut String) -> Result<()> {
        writeln!(text, "\n## {}", self.title)?;
        if !self.text.is_empty() {
            writeln!(text, "\n{}", self.text)?;
        }
        if self.rows.is_empty() {
            return Ok(());
        }
        text.push('\n');
        let reference = self.reference.as_deref();
        let compared = reference.map_or(String::new(), |name| format!(" relative to {name} |"));
        let ruled = reference.map_or("", |_| "--:|");
        writeln!(
            text,
            "| | {}, median | least to most |{compared}",
            self.unit
        )?;
        writeln!(text, "|---|--:|--:|{ruled}")?;
        let base = reference.map(|name| self.samples(name));
        for (what, samples) in &self.rows {
            write!(
                text,
                "| {what} | {} | {} to {} |",
                shown(samples.median()),
                shown(samples.least()),
                shown(samples.greatest())
            )?;
            let ratio = base.map(|base| base.and_then(|base| samples.beside(base)));
            match ratio {
                Some(Some(ratio)) => writeln!(text, " {ratio:.2} |")?,
                Some(None) => text.push_str(" – |\n"),
                None => text.push('\n'),
            }
        }
        Ok(())
    }
}

/// Formats a figure with three significant digits.
fn shown(figure: f64) -> String {
    let places = match figure.abs() {
        figure if figure >= 100.0 => 0,
        figure if figure >= 10.0 => 1,
        _ => 2,
    };
    format!("{figure:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_as_many_digits_as_they_are_worth() {
        let figures = [0.75, 16.44, 856.2, 120_800.0].map(shown);
        assert_eq!(figures, ["0.75", "16.4", "856", "120800"]);
    }
}
