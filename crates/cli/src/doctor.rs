//! Checks what is configured, where it comes from, and whether it works.

mod check;
mod checkup;

use std::time::Duration;

use clap::Args;
use serde_json::json;

use self::check::{Check, worst};
use self::checkup::Checkup;
use crate::api::Api;
use crate::failure::Failure;
use crate::options::Options;
use crate::output::Format;
use crate::profile;
use crate::server_settings::Source;
use crate::settings::Settings;

/// Default time limit of a response.
const PATIENCE: Duration = Duration::from_secs(10);

/// Check what is configured, where it comes from, and whether it works
///
/// The command sends requests to each configured server: first to check that it responds, then to find
/// out who is calling. Each request takes at most 10 s, or as long as --timeout allows. Secrets are not
/// shown. With --dry-run nothing is sent.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Exit status: 0 nothing failed; otherwise the first of these that applies: \
    3 a credential failed, 5 no response in time, 2 invalid settings, 4 not the right API, 1 anything else."
)]
pub struct Arguments {
    /// API to check [default: both]
    api: Option<Api>,
}

impl Arguments {
    pub fn apis(&self) -> Vec<Api> {
        self.api.map_or(Api::ALL.to_vec(), |api| vec![api])
    }

    pub async fn run(&self, options: &Options) -> Result<(), Failure> {
        let options = Options {
            timeout: options.timeout.or(Some(PATIENCE)),
            // An intermittent fault is worth a report, too.
            retries: options.retries.or(Some(0)),
            ..options.clone()
        };
        let version = Check::of(None, "version");
        let mut checks = vec![version.ok(env!("CARGO_PKG_VERSION"))];
        match Settings::read(&options) {
            Ok(settings) => {
                checks.extend(files(&options, &settings));
                for api in self.apis() {
                    let settings = &settings;
                    checks.extend(Checkup { settings, api }.checks().await);
                }
            }
            Err(failure) => checks.push(
                Check::of(None, "config file")
                    .failed(&failure)
                    .remedy("correct the config file; nothing else is checked until then"),
            ),
        }
        match options.format() {
            Format::Table => Format::Table.text(&check::text(&checks)),
            format => format.response(&json!(checks), None),
        }?;
        match worst(&checks) {
            None => Ok(()),
            Some(status) => Err(Failure::Silent(status)),
        }
    }
}

/// Checks the config file and the profile in it.
fn files(options: &Options, settings: &Settings<'_>) -> Vec<Check> {
    let file = Check::of(None, "config file");
    let Some(path) = profile::path().filter(|path| path.exists()) else {
        return vec![file.skipped("none")];
    };
    let profile = Check::of(None, "profile");
    let mut set = Api::ALL.into_iter().flat_map(|api| settings.of(api));
    let profile = match &options.profile {
        Some(name) => profile.ok(name).source("option --profile"),
        None if set.any(|setting| matches!(setting.source, Source::Profile(_))) => {
            profile.ok(profile::DEFAULT).source("default")
        }
        None => profile.skipped("none"),
    };
    vec![file.ok(path.display()), profile]
}
