//! Shell completions.

use std::io::Write;

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::{Shell, generate};

use crate::command;
use crate::failure::Failure;

pub fn command() -> Command {
    Command::new("completions")
        .about("Print completions for a shell")
        .long_about(
            "Print completions for a shell\n\n\
             bash: compute-kfp completions bash > ~/.local/share/bash-completion/completions/compute-kfp\n\
             zsh: compute-kfp completions zsh > a folder of $fpath, as _compute-kfp\n\
             fish: compute-kfp completions fish > ~/.config/fish/completions/compute-kfp.fish\n\
             powershell: compute-kfp completions powershell | Out-String | Invoke-Expression",
        )
        .arg(
            Arg::new("shell")
                .required(true)
                .value_name("SHELL")
                .value_parser(value_parser!(Shell)),
        )
}

pub fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some(shell) = matches.get_one::<Shell>("shell") else {
        return Ok(());
    };
    let mut command = command::command();
    let name = command.get_name().to_owned();
    // Written at once: the generators panic where a pipe is closed.
    let mut script = Vec::new();
    generate(*shell, &mut command, name, &mut script);
    std::io::stdout()
        .write_all(&script)
        .map_err(|error| Failure::io("standard output cannot be written", &error))
}
