//! Man pages.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};
use clap_mangen::Man;

use crate::command;
use crate::failure::Failure;

pub fn command() -> Command {
    Command::new("man")
        .about("Print the manual page of a command, or write all pages into a folder")
        .arg(
            Arg::new("command")
                .value_name("COMMAND")
                .num_args(0..)
                .help("Such as kfp list-runs; all of it where none is given"),
        )
        .arg(
            Arg::new("dir")
                .long("dir")
                .value_name("FOLDER")
                .value_parser(value_parser!(PathBuf))
                .value_hint(ValueHint::DirPath)
                .conflicts_with("command")
                .help("Write the pages of all commands into this folder"),
        )
}

pub fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let mut root = command::command();
    if let Some(folder) = matches.get_one::<PathBuf>("dir") {
        return fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(root, folder))
            .map_err(|error| {
                Failure::io(format!("`{}` cannot be written", folder.display()), &error)
            });
    }
    root.build();
    let mut command = &root;
    for name in matches.get_many::<String>("command").into_iter().flatten() {
        command = command.find_subcommand(name).ok_or_else(|| {
            Failure::Usage(format!(
                "`{}` has no command `{}`; `{} --help` lists them",
                command.get_bin_name().unwrap_or(command.get_name()),
                name.escape_debug(),
                command.get_bin_name().unwrap_or(command.get_name()),
            ))
        })?;
    }
    let mut page = Vec::new();
    Man::new(command.clone())
        .render(&mut page)
        .and_then(|()| std::io::stdout().write_all(&page))
        .map_err(|error| Failure::io("standard output cannot be written", &error))
}
