//! Checks what is configured, where it comes from, and whether it works.

mod check;
mod checkup;

use std::time::Duration;

use clap::{Arg, ArgMatches, Command, value_parser};

use self::check::{Check, Subject, worst};
use self::checkup::Checkup;
use crate::api::Api;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::output::{Format, Output};
use crate::profile;
use crate::settings::{Settings, Source};

/// Time limit of a response, unless --timeout sets another.
const PATIENCE: Duration = Duration::from_secs(10);

pub fn command() -> Command {
    Command::new("doctor")
        .about("Tell what is configured, where it comes from, and whether it works")
        .long_about(
            "Tell what is configured, where it comes from, and whether it works\n\nAsks each server \
             that is configured whether it is there, and then who is calling, each at most for 10 \
             s or as --timeout says. Secrets are not shown. With --dry-run nothing is asked.",
        )
        .after_help(
            "Exit status: 0 where nothing failed; else the first of 3 (a credential), 5 (no answer in \
             time), 2 (settings), 4 (not that API), 1 (anything else) that something failed with.",
        )
        .arg(
            Arg::new("api")
                .value_name("API")
                .value_parser(value_parser!(Api))
                .help("Only this one"),
        )
}

pub async fn run(globals: &Globals, matches: &ArgMatches) -> Result<(), Failure> {
    let wanted = matches.get_one::<Api>("api").copied();
    let globals = Globals {
        timeout: globals.timeout.or(Some(PATIENCE)),
        // What is wrong at times is to be told, too.
        retries: globals.retries.or(Some(0)),
        ..globals.clone()
    };
    let mut checks = vec![Check::of(Subject::Program, "version").ok(env!("CARGO_PKG_VERSION"))];
    match Settings::read(&globals) {
        Ok(settings) => {
            checks.extend(files(&globals, &settings));
            let checkup = async |api| match wanted.is_none_or(|wanted| wanted == api) {
                true => Checkup::new(&globals, &settings, api).checks().await,
                false => Vec::new(),
            };
            let (compute, kfp) = tokio::join!(checkup(Api::Compute), checkup(Api::Kfp));
            checks.extend(compute.into_iter().chain(kfp));
        }
        Err(failure) => checks.push(
            Check::of(Subject::Program, "config file")
                .failed(&failure)
                .remedy("correct what the message names; nothing else is checked until then"),
        ),
    }
    print(&globals, &checks)?;
    match worst(&checks) {
        None => Ok(()),
        Some(status) => Err(Failure::Diagnosed(status)),
    }
}

/// Checks the config file and the profile in it.
fn files(globals: &Globals, settings: &Settings<'_>) -> Vec<Check> {
    let file = Check::of(Subject::Program, "config file");
    let Some(path) = profile::path().filter(|path| path.exists()) else {
        return vec![file.skipped("there is none")];
    };
    let profile = Check::of(Subject::Program, "profile");
    let mut set = Api::ALL.into_iter().flat_map(|api| settings.of(api));
    let profile = match &globals.profile {
        Some(name) => profile.ok(name).source("option --profile"),
        None if set.any(|setting| matches!(setting.source, Source::Profile(_))) => {
            profile.ok(profile::DEFAULT).source("default")
        }
        None => profile.skipped("none is used"),
    };
    vec![file.ok(path.display()), profile]
}

fn print(globals: &Globals, checks: &[Check]) -> Result<(), Failure> {
    let mut output = Output::new(globals.output);
    if output.format() == Format::Table {
        output.text(&check::text(checks))?;
        return output.flush();
    }
    let checks = checks.iter().map(Check::json).collect();
    output.answer(&serde_json::Value::Array(checks), None)
}
