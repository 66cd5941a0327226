#![doc = include_str!("../README.md")]

mod addressing;
mod agenda;
mod authentication;
mod builder;
mod clock;
mod collection;
pub mod command;
mod compute;
mod credentials;
mod data_file;
mod documents;
mod fault;
mod fault_text;
mod injection;
mod inspection;
mod kfp;
mod login;
mod operation;
mod page;
mod path_template;
mod percent;
mod reply;
mod request_body;
mod sandbox;
mod seeding;
mod server;
mod specification;
mod store;

pub use builder::SandboxBuilder;
pub use compute::BACKEND_ID;
pub use credentials::{DEFAULT_COMPUTE_API_KEY, DEFAULT_COMPUTE_TOKEN, DEFAULT_KFP_TOKEN};
pub use fault::Fault;
pub use inspection::ReceivedRequest;
pub use kfp::package::pipeline_name;
pub use kfp::{KfpServer, NAMESPACE};
pub use sandbox::Sandbox;
