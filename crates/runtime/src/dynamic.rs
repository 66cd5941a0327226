//! Calling any operation by its name, with JSON in and out.
//!
//! It is for who does not know the operations when they write their program: a command line, a proxy,
//! a test of all of them. A [`Call`] is checked against the table of operations, and goes the way of
//! the typed builders: the same credentials, retries, limits, checks of paths, errors and traces.

mod arguments;
mod call;
mod find;
mod value_page;

pub use self::call::Call;
pub use self::find::find;
pub use self::value_page::ValuePage;
