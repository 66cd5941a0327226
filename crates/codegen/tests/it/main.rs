//! Tests of the generator, in one program, so that it is linked once.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test, what fails must stop it"
)]

mod body_fields;
mod broken;
mod command_line;
mod compiles;
mod generation_table;
mod names;
mod prepared_document;
mod references;
mod remedies;
mod spec_diff;
mod warnings;
mod yaml;
