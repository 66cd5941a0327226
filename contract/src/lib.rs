//! Foundations of the contract tests: calls of every operation, generated from the specs; the typed
//! clients by the operation names of the specs; and the processes of the referees.

pub mod by_name;
pub mod cases;
mod login_server;
pub mod prism_spec;
pub mod random;
pub mod referee;
pub mod request;
mod value;
pub mod variant;

pub use login_server::LoginServer;
