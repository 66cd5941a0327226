//! The whole command line.

use clap::{Arg, ArgMatches, Command, value_parser};

use crate::api::Api;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::{
    advice, call, circuit, completions, doctor, globals, logs, man, operation_command, operations,
    record, sandbox, session, upload, wait,
};

pub fn command() -> Command {
    let command = Command::new("compute-kfp")
        .version(env!("CARGO_PKG_VERSION"))
        .about("The Quantum Inspire Compute API and Kubeflow Pipelines from the command line")
        .after_help(
            "Exit status: 0 done, 1 the API or the network refused, 2 usage, 3 not authenticated, \
             4 not found, 5 timed out, 6 the server does not have the operation.",
        )
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommands(Api::ALL.map(operation_command::of_api))
        .subcommand(operations::command())
        .subcommand(call_command())
        .subcommands(session::commands())
        .subcommand(wait::command())
        .subcommand(logs::command())
        .subcommand(circuit::command())
        .subcommand(record::command())
        .subcommand(sandbox::command())
        .subcommand(doctor::command())
        .subcommand(completions::command())
        .subcommand(man::command());
    globals::options(command)
}

fn call_command() -> Command {
    Command::new("call")
        .about("Call an operation with its arguments as JSON")
        .long_about(
            "Call an operation with its arguments as JSON\n\nThe keys are the names of parameters as the \
             description writes them, and `body`; a parameter that is a file is its path.",
        )
        .arg(
            Arg::new("api")
                .required(true)
                .value_name("API")
                .value_parser(value_parser!(Api)),
        )
        .arg(
            Arg::new("operation")
                .required(true)
                .value_name("OPERATION")
                .help("Short or upstream name of the operation"),
        )
        .arg(
            Arg::new("arguments")
                .value_name("JSON|@FILE|-")
                .default_value("{}")
                .help(r#"Such as {"run_id": "…"}; @FILE reads a file and - standard input"#),
        )
}

/// Returns the APIs that a command calls.
fn called(name: &str, matches: &ArgMatches) -> Vec<Api> {
    if let Some(api) = Api::of_name(name) {
        return vec![api];
    }
    match name {
        "call" => matches.get_one("api").copied().into_iter().collect(),
        "wait" => vec![match matches.subcommand_name() {
            Some("run") => Api::Kfp,
            _ => Api::Compute,
        }],
        "doctor" => match matches.get_one("api") {
            Some(api) => vec![*api],
            None => Api::ALL.to_vec(),
        },
        "record" => Api::ALL.to_vec(),
        "logs" | "circuit" | "login" | "logout" | "whoami" => vec![Api::Compute],
        _ => Vec::new(),
    }
}

/// Runs the command.
pub async fn run(globals: &Globals, matches: &ArgMatches) -> Result<(), Failure> {
    let Some((name, matches)) = matches.subcommand() else {
        return Ok(());
    };
    let apis = called(name, matches);
    globals.check(&apis)?;
    match dispatch(globals, name, matches).await {
        Err(Failure::Api(error)) => Err(advice::of(globals, &apis, error).await),
        ended => ended,
    }
}

async fn dispatch(globals: &Globals, name: &str, matches: &ArgMatches) -> Result<(), Failure> {
    if let Some(api) = Api::of_name(name) {
        return match matches.subcommand() {
            Some((upload::NAME, matches)) if api == Api::Kfp => upload::run(globals, matches).await,
            Some((operation, matches)) => call::operation(globals, api, operation, matches).await,
            None => Ok(()),
        };
    }
    match name {
        "operations" => operations::run(globals, matches),
        "call" => call::by_json(globals, matches).await,
        "wait" => wait::run(globals, matches).await,
        "logs" => logs::run(globals, matches).await,
        "circuit" => circuit::run(globals, matches).await,
        "record" => record::run(globals, matches).await,
        "sandbox" => sandbox::run(matches).await,
        "doctor" => doctor::run(globals, matches).await,
        "completions" => completions::run(matches),
        "man" => man::run(matches),
        "login" | "logout" | "whoami" => session::run(globals, name, matches).await,
        _ => Ok(()),
    }
}
