//! Man pages.

use std::fs;
use std::path::PathBuf;

use clap::{Args, Command, ValueHint};
use clap_mangen::Man;

use crate::failure::Failure;
use crate::output;

/// Print the man page of a command, or write all pages to a directory
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Command, such as kfp list-runs [default: the program itself]
    command: Vec<String>,
    /// Directory to write the pages of all commands to
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath, conflicts_with = "command")]
    dir: Option<PathBuf>,
}

impl Arguments {
    pub fn run(&self, mut root: Command) -> Result<(), Failure> {
        if let Some(directory) = &self.dir {
            return fs::create_dir_all(directory)
                .and_then(|()| clap_mangen::generate_to(root, directory))
                .map_err(|error| {
                    Failure::io(format!("cannot write `{}`", directory.display()), &error)
                });
        }
        root.build();
        let mut command = &root;
        for name in &self.command {
            let parent = command.get_bin_name().unwrap_or(command.get_name());
            command = command.find_subcommand(name).ok_or_else(|| {
                Failure::Usage(format!(
                    "`{parent}` has no command `{}`; `{parent} --help` lists them",
                    name.escape_debug(),
                ))
            })?;
        }
        let mut page = Vec::new();
        Man::new(command.clone())
            .render(&mut page)
            .map_err(|error| Failure::io("cannot render the page", &error))?;
        output::bytes(&page)
    }
}
