//! Shell completions and man pages.

use std::fs;
use std::path::PathBuf;

use clap::{Args, Command, ValueHint};
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use crate::failure::Failure;
use crate::output;

/// Print completions for a shell
///
/// bash: compute-kfp completions bash > ~/.local/share/bash-completion/completions/compute-kfp
/// zsh: compute-kfp completions zsh > DIRECTORY/_compute-kfp, with a directory of $fpath
/// fish: compute-kfp completions fish > ~/.config/fish/completions/compute-kfp.fish
/// powershell: compute-kfp completions powershell | Out-String | Invoke-Expression
#[derive(Args, Clone, Debug)]
#[command(verbatim_doc_comment)]
pub struct Completions {
    /// Shell that the completions are for
    shell: Shell,
}

impl Completions {
    pub fn run(&self, mut root: Command) -> Result<(), Failure> {
        let name = root.get_name().to_owned();
        // The generators panic if a pipe is closed.
        let mut script = Vec::new();
        generate(self.shell, &mut root, name, &mut script);
        output::bytes(&script)
    }
}

/// Print the man page of a command, or write all pages to a directory
#[derive(Args, Clone, Debug)]
pub struct Pages {
    /// Command, such as kfp list-runs [default: the program itself]
    command: Vec<String>,
    /// Directory to write the pages of all commands to
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath, conflicts_with = "command")]
    dir: Option<PathBuf>,
}

impl Pages {
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
