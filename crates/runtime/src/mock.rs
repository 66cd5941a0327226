//! What the typed mocks of generated clients consist of, on a mock server of [`httpmock`].
//!
//! Generated clients have a method on [`httpmock::MockServer`] for each operation. What it expects is
//! a [`When`] that it fills by the names of the description, as a builder fills a
//! [`Request`](crate::Request); what it answers is a [`Then`].

mod then;
mod when;

pub use httpmock;

pub use self::then::{Bytes, Nothing, Then};
pub use self::when::When;
