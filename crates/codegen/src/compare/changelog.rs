//! Putting an entry into a changelog that is kept as Keep a Changelog says.

use std::fmt;

use super::Comparison;

/// Why a changelog was left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangelogError {
    reason: &'static str,
}

impl fmt::Display for ChangelogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason)
    }
}

impl std::error::Error for ChangelogError {}

/// The text of a changelog with the entry of a comparison under `## [Unreleased]`.
///
/// The entry has a heading of its own with both versions, so that it is added once: where the heading
/// is there already, the text stays as it is.
///
/// # Errors
///
/// The text has no line `## [Unreleased]`.
pub fn add_to_changelog(
    changelog: &str,
    comparison: &Comparison,
) -> Result<String, ChangelogError> {
    const UNRELEASED: &str = "## [Unreleased]\n";
    let Some(start) = changelog.find(UNRELEASED) else {
        return Err(ChangelogError {
            reason: "there is no line `## [Unreleased]`; add one where the entry is to stand",
        });
    };
    let heading = format!("### {} → {}\n", comparison.old, comparison.new);
    if comparison.is_empty() || changelog.contains(&heading) {
        return Ok(changelog.to_owned());
    }
    let (before, after) = changelog.split_at(start + UNRELEASED.len());
    let entry = comparison.changelog().replace("### ", "#### ");
    Ok(format!("{before}\n{heading}\n{entry}{after}"))
}
