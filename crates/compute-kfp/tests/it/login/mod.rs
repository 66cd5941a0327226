//! The login to Quantum Inspire: its file, its refreshes, and how it begins and ends.

mod device;
mod environment;
mod file;
mod refresh;
mod server;
