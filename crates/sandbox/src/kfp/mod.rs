//! Kubeflow Pipelines v2beta1, with the behaviour of grpc-gateway.

mod artifacts;
mod cron;
pub(crate) mod error;
pub(crate) mod execution;
pub(crate) mod experiments;
mod filter;
mod listing;
mod message;
mod objects;
pub(crate) mod operations;
pub(crate) mod package;
mod parameters;
mod pipelines;
mod proto_json;
pub(crate) mod recurring_runs;
mod reports;
mod resource;
mod resources;
mod runs;
mod schedule;
pub(crate) mod seed;
pub(crate) mod server;
mod shown;
pub(crate) mod store;
mod tasks;
mod time;
mod visualizations;

/// Namespace of most of the seeded artifacts.
pub const NAMESPACE: &str = "quantum-calibration";
