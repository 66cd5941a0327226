//! Shell completions.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

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
pub struct Arguments {
    /// Shell that the completions are for
    shell: Shell,
}

impl Arguments {
    pub fn run(&self, mut root: Command) -> Result<(), Failure> {
        let name = root.get_name().to_owned();
        // The generators panic if a pipe is closed.
        let mut script = Vec::new();
        generate(self.shell, &mut root, name, &mut script);
        output::bytes(&script)
    }
}
