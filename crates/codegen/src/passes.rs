//! The edits of progenitor's syntax tree, in the order in which they are applied.
//!
//! Each pass is one file that starts with its reason. It edits items, or writes items of the same
//! names from the model. Everything else stays as progenitor wrote it.
//! A test compares the clients with the output of stock progenitor for the same document, and fails
//! on any difference that no pass declares.

mod builders;
mod client;
mod dynamic;
mod inline;
mod mocks;
mod names;
mod open_enums;
mod paging;
#[cfg(test)]
mod proof;
mod structs;
mod type_builders;
mod unions;

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

/// An edit of the tree.
pub(crate) struct Pass {
    /// The name of the file of the pass.
    pub name: &'static str,
    /// The differences that the pass may make to the public interface.
    #[cfg_attr(not(test), expect(dead_code, reason = "the test `proof` reads it"))]
    pub changes: &'static [(Change, Part)],
    run: fn(&Context<'_>, &mut Tree) -> Result<(), String>,
}

/// A kind of item in the generated interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// The client and its own functions.
    Client,
    /// A method of the client for an operation.
    Method,
    /// The builder of an operation.
    Builder,
    /// A method of an operation's builder.
    Setter,
    /// A struct or enum among the types.
    Type,
    /// A field of a struct.
    Field,
    /// A variant of an enum.
    Variant,
    /// The builder of a type.
    TypeBuilder,
    /// A method of a type's builder.
    TypeSetter,
    /// An implementation of a trait.
    Implementation,
    /// A module, or an item of one of progenitor's own modules.
    Module,
    /// The mocks.
    Mock,
    /// Documentation.
    Docs,
}

/// A kind of difference that a pass makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    Adds,
    Changes,
    Removes,
}

/// All passes, in order: each sees the result of those before it.
pub(crate) const PASSES: [Pass; 11] = [
    names::PASS,
    open_enums::PASS,
    unions::PASS,
    structs::PASS,
    type_builders::PASS,
    client::PASS,
    builders::PASS,
    paging::PASS,
    dynamic::PASS,
    mocks::PASS,
    inline::PASS,
];

/// Applies all passes.
///
/// # Errors
///
/// Returns an error, with the name of the pass, if a pass does not find what it expects.
pub(crate) fn apply(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    for pass in &PASSES {
        pass.apply(context, tree)?;
    }
    Ok(())
}

impl Pass {
    pub(crate) fn apply(&self, context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
        (self.run)(context, tree).map_err(|error| format!("pass `{}`: {error}", self.name))
    }
}
