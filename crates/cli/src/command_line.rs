//! The whole command line.

use std::io;
use std::pin::Pin;

use clap::{CommandFactory, Parser, Subcommand};

use crate::api::Api;
use crate::circuit::Circuit;
use crate::failure::Failure;
use crate::logs::Logs;
use crate::operation_command::OperationCommand;
use crate::options::Options;
use crate::record::Record;
use crate::session::{login, whoami};
use crate::{advice, call, doctor, operations, shell, upload, wait};

type Work<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + 'a>>;

/// Call the Quantum Inspire Compute API and Kubeflow Pipelines from the command line
#[derive(Clone, Debug, Parser)]
#[command(
    name = "compute-kfp",
    version,
    disable_help_subcommand = true,
    after_help = "Exit status: 0 done, 1 the API refused the request or the network failed, 2 usage, \
        3 not authenticated, 4 not found, 5 timed out, 6 the server lacks the operation."
)]
pub struct CommandLine {
    #[command(flatten)]
    pub options: Options,
    #[command(subcommand)]
    command: Commands,
}

#[derive(Clone, Debug, Subcommand)]
enum Commands {
    /// Call an operation of the Quantum Inspire Compute API
    #[command(subcommand, subcommand_value_name = "OPERATION")]
    Compute(OperationCommand),
    /// Call an operation of Kubeflow Pipelines (KFP) v2beta1
    #[command(subcommand, subcommand_value_name = "OPERATION")]
    Kfp(Kfp),
    Operations(operations::Arguments),
    Call(call::Arguments),
    Login(login::Arguments),
    Logout(login::Logout),
    Whoami(whoami::Arguments),
    /// Wait for a run or a job to end, and print each change of its state
    #[command(subcommand, after_help = wait::STATUS)]
    Wait(wait::Wait),
    /// Print the log of a job
    #[command(subcommand)]
    Logs(Logs),
    /// Run a circuit on Quantum Inspire
    #[command(subcommand)]
    Circuit(Circuit),
    /// Record a quantum job in a run of Kubeflow Pipelines
    #[command(subcommand)]
    Record(Record),
    Sandbox(compute_kfp_sandbox::command::Arguments),
    Doctor(doctor::Arguments),
    Completions(shell::Completions),
    Man(shell::Pages),
}

#[derive(Clone, Debug, Subcommand)]
enum Kfp {
    Upload(upload::Arguments),
    #[command(flatten)]
    Operation(OperationCommand),
}

impl CommandLine {
    /// Returns whether the command stops on Ctrl-C by itself.
    pub fn handles_ctrl_c(&self) -> bool {
        matches!(self.command, Commands::Sandbox(_))
    }

    pub async fn run(&self) -> Result<(), Failure> {
        let (apis, work) = self.work();
        if let Some(option) = self.options.server.option_for_one_server()
            && apis.len() > 1
        {
            return Err(Failure::Usage(format!(
                "--{option} is for one server, and this command calls two; set both up by a profile or \
                 by variables"
            )));
        }
        match work.await {
            Err(Failure::Api { error, .. }) => Err(advice::of(&self.options, &apis, error).await),
            ended => ended,
        }
    }

    /// Returns the APIs that the command calls, and its work.
    fn work(&self) -> (Vec<Api>, Work<'_>) {
        use Api::{Compute, Kfp};
        let options = &self.options;
        match &self.command {
            Commands::Compute(it) => (vec![Compute], Box::pin(call::run(options, Compute, it))),
            Commands::Kfp(self::Kfp::Operation(it)) => {
                (vec![Kfp], Box::pin(call::run(options, Kfp, it)))
            }
            Commands::Kfp(self::Kfp::Upload(it)) => (vec![Kfp], Box::pin(it.run(options))),
            Commands::Operations(it) => (vec![], Box::pin(async { it.run(options) })),
            Commands::Call(it) => (vec![it.api], Box::pin(it.run(options))),
            Commands::Login(it) => (vec![Compute], Box::pin(it.run(options))),
            Commands::Logout(it) => (vec![Compute], Box::pin(it.run(options))),
            Commands::Whoami(it) => (vec![Compute], Box::pin(it.run(options))),
            Commands::Wait(it) => (vec![it.api()], Box::pin(it.run(options))),
            Commands::Logs(Logs::Job(it)) => (vec![Compute], Box::pin(it.run(options))),
            Commands::Circuit(Circuit::Run(it)) => (vec![Compute], Box::pin(it.run(options))),
            Commands::Record(Record::Job(it)) => (Api::ALL.to_vec(), Box::pin(it.run(options))),
            Commands::Sandbox(it) => (vec![], Box::pin(serve(it.clone()))),
            Commands::Doctor(it) => (it.apis(), Box::pin(it.run(options))),
            Commands::Completions(it) => (vec![], Box::pin(async { it.run(Self::command()) })),
            Commands::Man(it) => (vec![], Box::pin(async { it.run(Self::command()) })),
        }
    }
}

async fn serve(sandbox: compute_kfp_sandbox::command::Arguments) -> Result<(), Failure> {
    sandbox.run().await.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => Failure::Usage(error.to_string()),
        _ => Failure::io("cannot run the sandbox", &error),
    })
}
