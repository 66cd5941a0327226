//! The workspace from the position of a user, and the generated code, in one program, so that it is
//! linked once.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test, what fails must stop it"
)]

mod every_operation;
mod facade_methods;
mod founding_operations;
mod generated;
mod guide;
mod lists;
mod one_api_only;
mod operation_table;
mod wire_format;
