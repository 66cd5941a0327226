//! The results as a page of Markdown.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::Result;
use crate::candidate::Candidate;
use crate::statistics::Samples;

/// What stands between the figures and the notes.
const NOTES: &str = "\n## Notes\n";

/// Everything that was measured.
#[derive(Default)]
pub struct Report {
    goals: Vec<Goal>,
    tables: Vec<Table>,
}

struct Goal {
    measure: String,
    wanted: String,
    figure: String,
    is_met: bool,
}

/// Figures that are to be compared; without rows, a text by itself.
pub struct Table {
    title: String,
    /// What was measured, and how.
    text: String,
    unit: &'static str,
    rows: Vec<(String, Samples)>,
    /// The row that the others are compared with.
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
        self.rows.push((what.into(), samples));
        self
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

    /// The median of a row; 0 where there is no such row.
    pub fn median(&self, what: &str) -> f64 {
        self.samples(what).map_or(0.0, Samples::median)
    }

    /// A row beside another, as [`Samples::beside`] has it; no number where one of them is missing.
    pub fn ratio(&self, what: &str, other: &str) -> f64 {
        let both = self.samples(what).zip(self.samples(other));
        both.and_then(|(samples, other)| samples.beside(other))
            .unwrap_or(f64::NAN)
    }

    fn samples(&self, what: &str) -> Option<&Samples> {
        let mut rows = self.rows.iter();
        rows.find_map(|(name, samples)| (name == what).then_some(samples))
    }
}

impl Report {
    pub fn table(&mut self, table: Table) {
        self.tables.push(table);
    }

    /// Compares a figure with what is wanted: `wanted` is how the goal says it, and `is_met` whether
    /// the figure is as wanted.
    pub fn goal(
        &mut self,
        measure: impl Into<String>,
        wanted: impl Into<String>,
        figure: impl Into<String>,
        is_met: bool,
    ) {
        self.goals.push(Goal {
            measure: measure.into(),
            wanted: wanted.into(),
            figure: figure.into(),
            is_met,
        });
    }

    /// Says that a measure ended with an error.
    pub fn failed(&mut self, measure: &str, error: &dyn std::error::Error) {
        let text = format!("It could not be measured: {error}");
        self.table(Table::new(format!("`{measure}`"), "", text));
    }

    /// The whole page; what `notes/` of the folder says is put behind the figures.
    pub fn markdown(&self, machine: &[String], folder: &Path) -> Result<String> {
        let mut text = String::from(
            "# Results\n\nWritten by `make bench`. The notes below the figures explain them, and say what was tried.\n\n",
        );
        for line in machine {
            writeln!(text, "- {line}")?;
        }
        text.push_str("\n## Goals\n\n| measure | goal | figure | |\n|---|---|---|---|\n");
        for goal in &self.goals {
            let Goal {
                measure,
                wanted,
                figure,
                is_met,
            } = goal;
            let verdict = if *is_met { "met" } else { "**missed**" };
            writeln!(text, "| {measure} | {wanted} | {figure} | {verdict} |")?;
        }
        text.push_str("\n## Figures\n");
        for table in &self.tables {
            table.write(&mut text)?;
        }
        text.push_str(&notes(folder)?);
        Ok(text)
    }
}

/// The results again, with the notes as they are now behind the figures as they were.
pub fn with_notes(results: &str, folder: &Path) -> Result<String> {
    let figures = results.split_once(NOTES).map(|(figures, _)| figures);
    let figures = figures.ok_or("the results have no notes")?;
    Ok(format!("{figures}{}", notes(folder)?))
}

/// What `notes/` of the folder says, under one heading.
fn notes(folder: &Path) -> Result<String> {
    let mut text = String::from(NOTES);
    for note in texts(&folder.join("notes"))? {
        write!(text, "\n{note}")?;
    }
    Ok(text)
}

/// The texts of a folder, in the order of their names.
fn texts(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    let mut paths: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    let texts = paths.iter().map(fs::read_to_string);
    Ok(texts.collect::<std::io::Result<_>>()?)
}

impl Table {
    fn write(&self, text: &mut String) -> Result<()> {
        writeln!(text, "\n### {}\n\n{}", self.title, self.text)?;
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

/// Three digits that mean something.
pub fn shown(figure: f64) -> String {
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

    #[test]
    fn the_results_hold_the_notes_as_they_are_now() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let results = fs::read_to_string(folder.join("RESULTS.md")).unwrap();
        let current = with_notes(&results, folder).unwrap();
        assert!(
            results == current,
            "`cargo run -- --notes` puts the notes into the results"
        );
    }
}
