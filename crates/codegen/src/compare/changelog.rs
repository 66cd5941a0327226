//! Adding an entry to a changelog in the format of Keep a Changelog.

use super::Comparison;

/// Returns a changelog with the entry of a comparison under `## [Unreleased]`.
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
