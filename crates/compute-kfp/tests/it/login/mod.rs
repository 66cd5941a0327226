//! The login to Quantum Inspire: its file, its refreshes, its start and its end.

mod device;
mod environment;
mod file;
mod refresh;
mod server;
