//! Options that every command has.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};

use compute_kfp::{Error, ErrorKind};

use crate::api::Api;
use crate::failure::Failure;
use crate::output::Format;
use crate::setting_name::{SETTING_NAMES, SettingName};

const HEADING: &str = "Global options";
const CONNECTION: &str = "Connection options";
const INTERVAL: &str = "interval";

/// What every command is told.
#[derive(Clone, Debug, Default)]
pub struct Globals {
    /// The format that was asked for.
    pub output: Option<Format>,
    pub endpoint: Option<String>,
    pub token_file: Option<PathBuf>,
    pub profile: Option<String>,
    /// Further settings, as variables have them.
    pub connection: Vec<(&'static SettingName, OsString)>,
    pub timeout: Option<Duration>,
    pub retries: Option<u32>,
    pub verbosity: u8,
    pub dry_run: bool,
}

impl Globals {
    pub fn of(matches: &ArgMatches) -> Self {
        Self {
            output: matches.get_one("output").copied(),
            endpoint: matches.get_one("endpoint").cloned(),
            token_file: matches.get_one("token-file").cloned(),
            profile: matches.get_one("profile").cloned(),
            connection: SETTING_NAMES
                .into_iter()
                .filter_map(|name| Some((name, name.given(matches)?)))
                .collect(),
            timeout: matches.get_one("timeout").copied(),
            retries: matches.get_one("retries").copied(),
            verbosity: matches.get_count("verbose"),
            dry_run: matches.get_flag("dry-run"),
        }
    }

    /// Whether a program reads what goes wrong.
    pub fn speaks_json(&self) -> bool {
        matches!(self.output, Some(Format::Json | Format::Jsonl))
    }

    /// Gives work up that --timeout limits as a whole; `late` says what was not done then.
    pub async fn in_time<T>(
        &self,
        late: &str,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let Some(limit) = self.timeout else {
            return work.await;
        };
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
            let limit = humantime::format_duration(limit);
            let message = format!("{late} after {limit}; allow more with --timeout");
            Err(Error::new(ErrorKind::Timeout, message).into())
        })
    }

    /// Refuses options that do not fit the APIs that a command calls: what is for one server must not
    /// go to two, and not every API has every setting.
    pub fn check(&self, apis: &[Api]) -> Result<(), Failure> {
        let options = self.connection.iter().map(|(name, _)| *name);
        if let [api] = apis {
            let mut options = options;
            return match options.find(|name| name.variable(*api).is_none()) {
                Some(name) => Err(Failure::Usage(format!(
                    "{} has no --{}; leave it out",
                    api.title(),
                    name.option
                ))),
                None => Ok(()),
            };
        }
        let given = [
            self.endpoint.as_ref().map(|_| "endpoint"),
            self.token_file.as_ref().map(|_| "token-file"),
        ];
        let options = options.filter(|name| name.of_one_server);
        let options = options.map(|name| name.option);
        let mut options = given.into_iter().flatten().chain(options);
        match options.next().filter(|_| apis.len() > 1) {
            Some(option) => Err(Failure::Usage(format!(
                "--{option} is for one server, and this command calls two; set both up by a profile or \
                 by variables"
            ))),
            None => Ok(()),
        }
    }

    /// For commands of several requests, each of which depends on the answers before.
    pub fn refuse_dry_run(&self, reason: &str) -> Result<(), Failure> {
        match self.dry_run {
            true => Err(Failure::Usage(format!(
                "there is no preview: {reason}; nothing was sent; leave out --dry-run"
            ))),
            false => Ok(()),
        }
    }
}

/// An option with a value, as commands of their own have it.
pub fn text(name: &'static str, value: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value)
}

/// How often something that goes on is asked for.
pub fn interval() -> Arg {
    Arg::new(INTERVAL)
        .long(INTERVAL)
        .value_name("TIME")
        .value_parser(duration)
        .help(
            "Shortest time between two requests; 1s unless given, and longer while nothing changes",
        )
}

pub fn interval_of(matches: &ArgMatches) -> Option<Duration> {
    matches.get_one(INTERVAL).copied()
}

pub fn options(command: Command) -> Command {
    let options = [
        Arg::new("output")
            .long("output")
            .short('o')
            .value_name("FORMAT")
            .value_parser(value_parser!(Format))
            .help("How answers are written; a table on a terminal, JSON otherwise"),
        Arg::new("endpoint")
            .long("endpoint")
            .value_name("URL")
            .value_hint(ValueHint::Url)
            .help("Address of the server"),
        Arg::new("token-file")
            .long("token-file")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .value_hint(ValueHint::FilePath)
            .help("File with the bearer token, read again when it changes"),
        Arg::new("profile")
            .long("profile")
            .value_name("NAME")
            .help("Settings of that name in the config file"),
        Arg::new("timeout")
            .long("timeout")
            .value_name("TIME")
            .value_parser(duration)
            .help("Limit of the whole call, such as 10s or 2m; a plain number is seconds"),
        Arg::new("retries")
            .long("retries")
            .value_name("N")
            .value_parser(value_parser!(u32))
            .help("How often a call that failed is repeated at most, where that is safe"),
        Arg::new("verbose")
            .long("verbose")
            .short('v')
            .action(ArgAction::Count)
            .help("Tell on standard error what is sent and how long it takes; -vv also where settings come from"),
        Arg::new("dry-run")
            .long("dry-run")
            .action(ArgAction::SetTrue)
            .help("Print the request and the same as curl, and send nothing"),
    ];
    let connection = SETTING_NAMES.map(|name| name.arg().help_heading(CONNECTION));
    let options = options.map(|option| option.help_heading(HEADING));
    let options = options.into_iter().chain(connection);
    command.args(options.map(|option| option.global(true)))
}

/// Whether another option may not have that long name.
pub fn is_taken(long: &str) -> bool {
    const HELP: &str = "help";
    let globals = options(Command::new(""));
    let taken = globals
        .get_arguments()
        .any(|arg| arg.get_long() == Some(long));
    taken || long == HELP
}

/// A length of time: `10s`, `1m 30s`, or seconds as a plain number.
fn duration(text: &str) -> Result<Duration, String> {
    let remedy = "give a time such as 10s, 1m30s or 2.5, which is seconds";
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|_| remedy.to_owned());
    }
    humantime::parse_duration(text).map_err(|error| format!("{error}; {remedy}"))
}
