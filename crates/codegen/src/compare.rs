//! Comparing two versions of a spec: changes for callers of the generated code, and on the wire.

mod surface;
mod wire;

use crate::error::Error;
use crate::spec::Spec;
use crate::{lift, model, on_a_large_stack, tree};
use surface::{Item, Surface, surface};

pub use wire::WireChange;

/// The differences between two versions of a spec.
#[derive(Clone, Debug)]
pub struct Comparison {
    old: String,
    new: String,
    /// Public items that are gone.
    removed: Vec<String>,
    /// Items whose declaration changed, with both declarations.
    changed: Vec<String>,
    added: Vec<String>,
    wire: Vec<WireChange>,
}

/// Compares two versions of a spec, each with its overlays.
///
/// # Errors
///
/// Returns an error if code cannot be generated from one of them.
///
/// ```
/// use compute_kfp_codegen::{Spec, compare};
///
/// let description = |path: &str| {
///     let paths = format!(r#"{{"{path}": {{"get": {{"operationId": "hello", "responses": {{"204": {{"description": "Said."}}}}}}}}}}"#);
///     let text = format!(r#"{{"openapi": "3.1.0", "info": {{"title": "Greetings", "version": "1"}}, "paths": {paths}}}"#);
///     Spec::from_string("greetings.json", text)
/// };
/// let moved = compare(&description("/hello"), &description("/greeting"))?;
/// assert!(!moved.breaks_callers());
/// assert!(moved.wire_changes().iter().any(|change| change.place == "#/paths/~1hello/get"));
/// # Ok::<(), compute_kfp_codegen::Error>(())
/// ```
pub fn compare(old: &Spec, new: &Spec) -> Result<Comparison, Error> {
    let before = on_a_large_stack(old, Version::of)?;
    let after = on_a_large_stack(new, Version::of)?;
    let wire = on_a_large_stack(new, |spec| {
        wire::changes(spec.name(), &before.document, &after.document)
    })?;
    let (mut removed, mut changed) = (Vec::new(), Vec::new());
    let mut added = after.surface;
    for (item, declared) in before.surface {
        match added.remove(&item) {
            Some(now) if now == declared => {}
            Some(now) => changed.push(format!("{item}: `{declared}` is now `{now}`")),
            None => removed.push(item),
        }
    }
    // Parts of an item that was added or removed are not reported separately.
    let is_part = |item: &Item, of: &[Item]| of.iter().any(|whole| item.belongs_to(whole));
    let gone = removed.iter().filter(|it| !is_part(it, &removed));
    let come: Vec<Item> = added.keys().cloned().collect();
    let come = (added.iter()).filter(|(item, _)| !is_part(item, &come));
    let come = come.map(|(item, declared)| match item {
        Item::Field(..) => format!("{item}: `{declared}`"),
        _ => item.to_string(),
    });
    Ok(Comparison {
        old: before.name,
        new: after.name,
        removed: gone.map(Item::to_string).collect(),
        changed,
        added: come.collect(),
        wire,
    })
}

/// One of the two versions.
struct Version {
    name: String,
    document: serde_json::Value,
    surface: Surface,
}

impl Version {
    fn of(spec: &Spec) -> Result<Self, Error> {
        let lifted = lift(spec)?;
        let (api, _) = model(spec, &lifted)?;
        let surface = surface(&api, &tree(spec, &api)?);
        Ok(Self {
            name: format!("{} {}", api.title, api.version),
            document: lifted.document,
            surface,
        })
    }
}

impl Comparison {
    /// Returns whether nothing changed, neither for callers nor on the wire.
    pub fn is_empty(&self) -> bool {
        self.removed.is_empty()
            && self.changed.is_empty()
            && self.added.is_empty()
            && self.wire.is_empty()
    }

    /// Returns whether code that compiled with the old version may not compile with the new one: an
    /// item was removed or its declaration changed. New fields break nothing, because types are
    /// `#[non_exhaustive]`.
    pub fn breaks_callers(&self) -> bool {
        !self.removed.is_empty() || !self.changed.is_empty()
    }

    /// Returns the changes on the wire.
    pub fn wire_changes(&self) -> &[WireChange] {
        &self.wire
    }

    /// Returns all changes as Markdown.
    pub fn report(&self) -> String {
        let mut report = format!("# From {} to {}\n", self.old, self.new);
        if self.is_empty() {
            report.push_str("\nNothing changes.\n");
        }
        for (title, lines) in self.sections() {
            report.push_str(&section(2, title, lines));
        }
        let wire: Vec<String> = self.wire.iter().map(WireChange::line).collect();
        report.push_str(&section(2, "On the wire", &wire));
        report
    }

    /// Returns the changes for callers as a changelog entry.
    pub fn changelog(&self) -> String {
        let mut entry = String::new();
        for (title, lines) in self.sections() {
            entry.push_str(&section(3, title, lines));
        }
        if entry.is_empty() && !self.wire.is_empty() {
            let lines: Vec<String> = self.wire.iter().map(WireChange::line).collect();
            entry.push_str(&section(3, "Changed", &lines));
        }
        entry.trim_start().to_owned()
    }

    /// Returns the titles of the sections and one line per change.
    fn sections(&self) -> [(&'static str, &[String]); 3] {
        [
            ("Removed (breaks callers)", &self.removed),
            ("Changed (breaks callers)", &self.changed),
            ("Added", &self.added),
        ]
    }
}

/// Returns a changelog in the format of Keep a Changelog with the entry of a comparison under
/// `## [Unreleased]`.
///
/// The heading of the entry names both versions. A changelog that has it is returned unchanged.
/// The result is `None` if the changelog has no line `## [Unreleased]`.
pub fn add_to_changelog(changelog: &str, comparison: &Comparison) -> Option<String> {
    const UNRELEASED: &str = "## [Unreleased]\n";
    let start = changelog.find(UNRELEASED)?;
    let heading = format!("### {} → {}\n", comparison.old, comparison.new);
    if comparison.is_empty() || changelog.contains(&heading) {
        return Some(changelog.to_owned());
    }
    let (before, after) = changelog.split_at(start + UNRELEASED.len());
    let entry = comparison.changelog().replace("### ", "#### ");
    Some(format!("{before}\n{heading}\n{entry}{after}"))
}

fn section(level: usize, title: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let marks = "#".repeat(level);
    format!("\n{marks} {title}\n\n- {}\n", lines.join("\n- "))
}
