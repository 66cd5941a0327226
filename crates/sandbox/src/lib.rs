#![doc = include_str!("../README.md")]

mod addressing;
mod agenda;
mod authentication;
mod builder;
mod clock;
mod collection;
#[doc(hidden)]
pub mod command;
mod compute;
mod credentials;
mod data_file;
mod documents;
mod duration;
mod fault;
mod fault_text;
mod html;
mod injection;
mod inspection;
mod kfp;
mod login;
mod object;
mod operation;
mod percent;
mod request_body;
mod response;
mod sandbox;
mod seed_error;
mod seeding;
mod server;
mod shared;
mod specification;
mod store;
mod uuids;

pub use builder::SandboxBuilder;
pub use compute::store::BACKEND_ID;
pub use fault::Fault;
pub use inspection::ReceivedRequest;
pub use kfp::NAMESPACE;
#[doc(hidden)]
pub use kfp::package::pipeline_name;
pub use kfp::server::KfpServer;
pub use sandbox::Sandbox;
