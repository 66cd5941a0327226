//! The sandbox, as a command.

use clap::{ArgMatches, Args, Command, FromArgMatches};
use compute_kfp_sandbox::command::Arguments;

use crate::failure::Failure;

pub const NAME: &str = "sandbox";

pub fn command() -> Command {
    Arguments::augment_args(Command::new(NAME))
}

/// Serves until Ctrl-C. It handles Ctrl-C itself to stop cleanly.
pub async fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let arguments =
        Arguments::from_arg_matches(matches).map_err(|error| Failure::Usage(error.to_string()))?;
    arguments.run().await.map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidInput => Failure::Usage(error.to_string()),
        _ => Failure::io("the sandbox cannot run", &error),
    })
}
