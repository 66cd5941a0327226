//! The whole command line.

use std::io;

use clap::{CommandFactory, Parser, Subcommand};

use crate::api::Api;
use crate::failure::Failure;
use crate::operation_command::OperationCommand;
use crate::options::Options;
use crate::session::{login, logout, whoami};
use crate::{
    advice, call, circuit, completions, doctor, logs, man, operations, record, upload, wait,
};

/// Call the Quantum Inspire Compute API and Kubeflow Pipelines from the command line
#[derive(Clone, Debug, Parser)]
#[command(
    name = "compute-kfp",
    version,
    arg_required_else_help = true,
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
    #[command(
        subcommand,
        arg_required_else_help = true,
        subcommand_value_name = "OPERATION"
    )]
    Compute(OperationCommand),
    /// Call an operation of Kubeflow Pipelines (KFP) v2beta1
    #[command(
        subcommand,
        arg_required_else_help = true,
        subcommand_value_name = "OPERATION"
    )]
    Kfp(Kfp),
    Operations(operations::Arguments),
    Call(call::Arguments),
    Login(login::Arguments),
    Logout(logout::Arguments),
    Whoami(whoami::Arguments),
    /// Wait for a run or a job to end, and print each change of its state
    #[command(subcommand, arg_required_else_help = true, after_help = wait::STATUS)]
    Wait(wait::Wait),
    /// Print the log of a job
    #[command(subcommand, arg_required_else_help = true)]
    Logs(logs::Logs),
    /// Run a circuit on Quantum Inspire
    #[command(subcommand, arg_required_else_help = true)]
    Circuit(circuit::Circuit),
    /// Record a quantum job in a run of Kubeflow Pipelines
    #[command(subcommand, arg_required_else_help = true)]
    Record(record::Record),
    Sandbox(compute_kfp_sandbox::command::Arguments),
    Doctor(doctor::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
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

    /// Returns the APIs that the command calls.
    fn apis(&self) -> Vec<Api> {
        match &self.command {
            Commands::Kfp(_) => vec![Api::Kfp],
            Commands::Call(arguments) => vec![arguments.api],
            Commands::Wait(arguments) => vec![arguments.api()],
            Commands::Doctor(arguments) => match arguments.api {
                Some(api) => vec![api],
                None => Api::ALL.to_vec(),
            },
            Commands::Record(_) => Api::ALL.to_vec(),
            Commands::Compute(_)
            | Commands::Login(_)
            | Commands::Logout(_)
            | Commands::Whoami(_)
            | Commands::Logs(_)
            | Commands::Circuit(_) => vec![Api::Compute],
            Commands::Operations(_)
            | Commands::Sandbox(_)
            | Commands::Completions(_)
            | Commands::Man(_) => Vec::new(),
        }
    }

    /// Runs the command.
    pub async fn run(&self) -> Result<(), Failure> {
        let apis = self.apis();
        self.options.check(&apis)?;
        match self.dispatch().await {
            Err(Failure::Api { error, .. }) => Err(advice::of(&self.options, &apis, error).await),
            ended => ended,
        }
    }

    async fn dispatch(&self) -> Result<(), Failure> {
        let options = &self.options;
        match &self.command {
            Commands::Compute(operation) => call::run(options, Api::Compute, operation).await,
            Commands::Kfp(Kfp::Operation(operation)) => {
                call::run(options, Api::Kfp, operation).await
            }
            Commands::Kfp(Kfp::Upload(arguments)) => arguments.run(options).await,
            Commands::Operations(arguments) => arguments.run(options),
            Commands::Call(arguments) => arguments.run(options).await,
            Commands::Login(arguments) => arguments.run(options).await,
            Commands::Logout(arguments) => arguments.run(options).await,
            Commands::Whoami(arguments) => arguments.run(options).await,
            Commands::Wait(arguments) => arguments.run(options).await,
            Commands::Logs(arguments) => arguments.run(options).await,
            Commands::Circuit(arguments) => arguments.run(options).await,
            Commands::Record(arguments) => arguments.run(options).await,
            Commands::Sandbox(arguments) => serve(arguments.clone()).await,
            Commands::Doctor(arguments) => arguments.run(options).await,
            Commands::Completions(arguments) => arguments.run(Self::command()),
            Commands::Man(arguments) => arguments.run(Self::command()),
        }
    }
}

async fn serve(sandbox: compute_kfp_sandbox::command::Arguments) -> Result<(), Failure> {
    sandbox.run().await.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => Failure::Usage(error.to_string()),
        _ => Failure::io("cannot run the sandbox", &error),
    })
}
