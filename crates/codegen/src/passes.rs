//! The edits of progenitor's syntax tree, in the order in which they are applied.
//!
//! Each pass is one file that starts with its reason. It edits items, or writes items of the same
//! names from the model. Everything else stays as progenitor wrote it.
//! A test compares the clients with the output of stock progenitor for the same document, and fails
//! on any difference that the table of passes in README.md does not list.

mod builders;
mod client;
mod inline;
mod mocks;
mod names;
mod paging;
#[cfg(test)]
mod proof;
mod types;

use crate::model::Api;
use crate::placeholders::Placeholders;
use crate::tree::Tree;

/// The context of the passes, besides the tree.
pub(crate) struct Context<'a> {
    pub api: &'a Api,
    pub placeholders: &'a Placeholders<'a>,
    /// The crate that the code is for, as its users write it.
    pub crate_name: Option<&'a str>,
}

type Pass = fn(&Context<'_>, &mut Tree) -> Result<(), String>;

/// All passes, in order, each with the name of its file: each sees the result of those before it.
const PASSES: [(&str, Pass); 7] = [
    ("names", names::run),
    ("types", types::run),
    ("client", client::run),
    ("builders", builders::run),
    ("paging", paging::run),
    ("mocks", mocks::run),
    ("inline", inline::run),
];

/// Returns the tree after all passes.
///
/// # Errors
///
/// Returns an error, with the name of the pass, if a pass does not find what it expects.
pub(crate) fn apply(context: &Context<'_>, mut tree: Tree) -> Result<Tree, String> {
    for (name, pass) in PASSES {
        pass(context, &mut tree).map_err(|error| format!("pass `{name}`: {error}"))?;
    }
    Ok(tree)
}
