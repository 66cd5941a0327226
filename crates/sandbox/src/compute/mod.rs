//! The Quantum Inspire Compute API, with the behaviour of FastAPI.

mod backends;
mod compilation;
mod creation;
pub(crate) mod error;
pub(crate) mod given;
pub(crate) mod jobs;
mod queue;
mod request;
mod resources;
mod results;
pub(crate) mod rules;
mod schema;
pub(crate) mod store;
mod time;
