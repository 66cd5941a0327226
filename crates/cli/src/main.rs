//! A command line for every operation of both APIs.

mod advice;
mod api;
mod arguments;
mod bar;
mod body_help;
mod call;
mod circuit;
mod client;
mod command_line;
mod doctor;
mod dry_run;
mod failure;
mod logs;
mod operation_command;
mod operations;
mod options;
mod output;
mod printable;
mod profile;
mod quoting;
mod record;
mod server_settings;
mod session;
mod settings;
mod shell;
mod upload;
mod verbose;
mod wait;

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use compute_kfp::compute::Login;

use crate::api::kebab;
use crate::command_line::CommandLine;
use crate::failure::Failure;

fn main() -> ExitCode {
    let command_line = match CommandLine::try_parse() {
        Ok(command_line) => command_line,
        Err(error) => return not_understood(error),
    };
    // The worker ends the program after Ctrl-C while this thread reads the terminal.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Failure::io("cannot start the async runtime", &error));
    let ended = runtime.and_then(|runtime| {
        let ended = runtime.block_on(run(&command_line));
        // A thread may hang in a read of the terminal.
        runtime.shutdown_background();
        ended
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(command_line.options.speaks_json()),
    }
}

/// Runs a command. Ctrl-C ends it, and the program if it hangs in a read of the terminal or a pipe.
async fn run(command_line: &CommandLine) -> Result<(), Failure> {
    /// Time for work that can end on its own.
    const GRACE: Duration = Duration::from_millis(300);
    if command_line.handles_ctrl_c() {
        return command_line.run().await;
    }
    let (listens, listening) = tokio::sync::oneshot::channel();
    let (press, pressed) = tokio::sync::oneshot::channel();
    tokio::spawn(async {
        // In this order, Ctrl-C is listened for before the work begins.
        let (heard, _) = tokio::join!(biased; tokio::signal::ctrl_c(), async { listens.send(()) });
        if heard.is_ok() {
            let _ = press.send(());
            tokio::time::sleep(GRACE).await;
            Login::settled().await;
            std::process::exit(Failure::INTERRUPTED.status().into());
        }
    });
    let _ = listening.await;
    let ended = tokio::select! {
        ended = command_line.run() => ended,
        Ok(()) = pressed => Err(Failure::INTERRUPTED),
    };
    // A refresh token is spent; its successor is not yet in the file.
    Login::settled().await;
    ended
}

/// Prints help and versions on standard output, and usage errors on standard error.
fn not_understood(mut error: clap::Error) -> ExitCode {
    let mistake =
        error.use_stderr() && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if let Some(ContextValue::Strings(similar)) = error.remove(ContextKind::SuggestedSubcommand) {
        let nearest = ContextValue::Strings(nearest(&similar));
        error.insert(ContextKind::SuggestedSubcommand, nearest);
    }
    if mistake && wants_json() {
        let text = error.render().to_string();
        let message = text.trim().trim_start_matches("error: ");
        return Failure::Usage(message.to_owned()).report(true);
    }
    // A closed pipe is no error.
    let _ = error.print();
    match error.use_stderr() {
        true => ExitCode::from(2),
        false => ExitCode::SUCCESS,
    }
}

/// Returns the most similar names, each in one spelling. clap lists the most similar last.
fn nearest(similar: &[String]) -> Vec<String> {
    const SHOWN: usize = 3;
    let mut nearest: Vec<String> = Vec::new();
    for name in similar.iter().rev().map(|name| kebab(name)) {
        if nearest.len() < SHOWN && !nearest.contains(&name) {
            nearest.push(name);
        }
    }
    nearest
}

/// Returns whether the command line asks for JSON, even if it cannot be parsed as a whole.
fn wants_json() -> bool {
    let words: Vec<String> = env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let line = words.join(" ");
    let mut ways = ["-o json", "-ojson", "--output json", "--output=json"].into_iter();
    ways.any(|way| line.contains(way))
}
