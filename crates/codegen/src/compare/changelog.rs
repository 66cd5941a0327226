//! Adding an entry to a changelog in the format of Keep a Changelog.

use std::fmt;

use super::Comparison;

/// The reason why a changelog was not changed.
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

/// Returns a changelog with the entry of a comparison under `## [Unreleased]`.
///
/// The heading of the entry names both versions. A changelog that has it is returned unchanged.
///
/// # Errors
///
/// Returns an error if the changelog has no line `## [Unreleased]`.
pub fn add_to_changelog(
    changelog: &str,
    comparison: &Comparison,
) -> Result<String, ChangelogError> {
    const UNRELEASED: &str = "## [Unreleased]\n";
    let Some(start) = changelog.find(UNRELEASED) else {
        return Err(ChangelogError {
            reason: "the line `## [Unreleased]` is missing; add it above the latest release",
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
