//! Calls of any operation by its name, with JSON in and out.
//!
//! It is for programs that do not know the operations at compile time: a command line, a proxy, a
//! test of all operations. A [`Call`] is checked against the table of operations. It then takes the
//! same path as the typed builders: the same credentials, retries, limits, path checks, errors and
//! traces.

mod arguments;
mod call;
mod find;
mod value_page;

pub use self::call::Call;
pub use self::find::find;
pub use self::value_page::ValuePage;
