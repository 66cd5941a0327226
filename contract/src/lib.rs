//! What the contract tests stand on: calls of every operation made from the API descriptions, the
//! typed clients behind the names of the descriptions, and the processes of the referees.

pub mod by_name;
pub mod cases;
mod login_server;
pub mod prism_description;
pub mod random;
pub mod referee;
pub mod request;
mod value;

pub use login_server::LoginServer;
