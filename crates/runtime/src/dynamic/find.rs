//! Lookup of operations and arguments by name.

use crate::error::Error;
use crate::operation::Operation;

/// Minimum similarity of a name to be suggested, from 0 to 1.
const ALIKE: f64 = 0.8;
/// Maximum number of suggested names.
const PROPOSED: usize = 3;

/// Returns the operation with this name, in snake or kebab case, or with this `operationId`.
///
/// # Errors
///
/// Returns an error of kind [`InvalidRequest`](crate::ErrorKind::InvalidRequest) if there is no
/// such operation. The message suggests the most similar names.
///
/// ```
/// use compute_kfp_runtime::dynamic::find;
/// # use compute_kfp_runtime::operation::Operation;
/// # static LIST_RUNS: Operation = Operation::new("list_runs", "RunService_ListRuns", "GET", "/runs");
/// # static OPERATIONS: &[&Operation] = &[&LIST_RUNS];
///
/// assert_eq!(find(OPERATIONS, "list-runs")?.id, "RunService_ListRuns");
///
/// let error = find(OPERATIONS, "lists_run").unwrap_err();
/// assert_eq!(error.message(), "there is no operation `lists_run`; did you mean `list_runs`?");
/// # Ok::<(), compute_kfp_runtime::Error>(())
/// ```
pub fn find(operations: &[&'static Operation], name: &str) -> Result<&'static Operation, Error> {
    let snake = name.replace('-', "_");
    let by_name = operations.iter().find(|operation| operation.name == snake);
    let found = by_name.or_else(|| operations.iter().find(|operation| operation.id == name));
    found.copied().ok_or_else(|| {
        let names = operations
            .iter()
            .flat_map(|operation| [(operation.name, snake.as_str()), (operation.id, name)]);
        let remedy = match proposal(names) {
            Some(proposal) => format!("did you mean {proposal}?"),
            None => "see the table of operations".to_owned(),
        };
        Error::invalid(format!(
            "there is no operation `{}`; {remedy}",
            name.escape_debug()
        ))
    })
}

/// Returns the names most similar to the given one, for a message. Each name comes with the string
/// it is compared to.
pub(super) fn proposal<'a>(names: impl Iterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let mut alike: Vec<(f64, &str)> = names
        .map(|(name, given)| (strsim::jaro_winkler(name, given), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let mut proposed: Vec<String> = Vec::new();
    for (_, name) in alike {
        let name = format!("`{name}`");
        if proposed.len() < PROPOSED && !proposed.contains(&name) {
            proposed.push(name);
        }
    }
    (!proposed.is_empty()).then(|| proposed.join(" or "))
}
