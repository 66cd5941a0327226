//! Black-box tests of the sandbox, in one program, so that it is linked once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, what fails must stop it"
)]

mod binary;
mod compute;
mod compute_backends;
mod compute_jobs;
mod compute_resources;
mod data_file;
mod every_operation;
mod faults;
mod hostile_requests;
mod kfp_artifacts;
mod kfp_lists;
mod kfp_pipelines;
mod kfp_recorded;
mod kfp_recurring_runs;
mod kfp_requests;
mod kfp_runs;
mod page;
mod process;
mod seeds;
mod server;
mod support;
