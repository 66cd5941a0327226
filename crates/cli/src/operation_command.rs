//! Commands of operations, built from the table of operations on demand.

use std::ffi::OsStr;
use std::fmt::Write;
use std::path::PathBuf;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{
    Arg, ArgAction, ArgMatches, Command, FromArgMatches, Subcommand, ValueEnum, ValueHint,
    value_parser,
};
use compute_kfp::dynamic;
use compute_kfp::operation::{Body, BodyKind, Operation, Paging, Parameter};
use serde_json::Value;

use crate::api::{Api, kebab};
use crate::body_help;

/// Names of the arguments that lists have in addition to their parameters.
pub const ALL: &str = "all";
pub const MAX_ITEMS: &str = "max-items";
pub const PAGE_SIZE: &str = "page-size";
/// Names of the arguments for bodies.
pub const BODY: &str = "body";
pub const SET: &str = "set";

/// The command of an operation, with its arguments.
#[derive(Clone, Debug)]
pub struct OperationCommand {
    pub name: String,
    pub matches: ArgMatches,
}

impl FromArgMatches for OperationCommand {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let (name, matches) = matches
            .subcommand()
            .ok_or_else(|| clap::Error::new(ErrorKind::MissingSubcommand))?;
        Ok(Self {
            name: name.to_owned(),
            matches: matches.clone(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Each command is built when it is called. Otherwise each start would pay for all operations.
impl Subcommand for OperationCommand {
    fn augment_subcommands(command: Command) -> Command {
        let command = command.subcommand_help_heading("Operations");
        command.defer(|command| match Api::from_str(command.get_name(), false) {
            Ok(api) => command.subcommands(api.operations().iter().map(|it| of_operation(api, it))),
            Err(_) => command,
        })
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        let mut apis = Api::ALL.into_iter();
        apis.any(|api| dynamic::find(api.operations(), name).is_ok())
    }
}

/// Returns the command of an operation, without its arguments.
fn of_operation(api: Api, operation: &'static Operation) -> Command {
    let name = kebab(operation.name);
    let aliases = [operation.name, operation.id]
        .into_iter()
        .filter(|alias| *alias != name);
    let mut aliases: Vec<&str> = aliases.collect();
    aliases.dedup();
    let command = Command::new(name).aliases(aliases).about(operation.summary);
    match api {
        Api::Compute => command.defer(|command| with_arguments(command, Api::Compute)),
        Api::Kfp => command.defer(|command| with_arguments(command, Api::Kfp)),
    }
}

/// Adds the arguments of an operation to its command. Of several bodies, it takes the preferred one;
/// `call` takes all of them.
fn with_arguments(command: Command, api: Api) -> Command {
    let Ok(operation) = dynamic::find(api.operations(), command.get_name()) else {
        return command;
    };
    let parameters = operation.parameters.iter().map(of_parameter);
    let mut command = command.long_about(long_about(operation)).args(parameters);
    if let Some(body) = operation.body() {
        command = command.args(of_body(body, operation.body_required));
    }
    if let Some(help) = body_help::of(operation) {
        command = command.after_long_help(help);
    }
    match operation.paging {
        Some(paging) => {
            let command = command.next_help_heading("List options");
            command.args(of_list(paging))
        }
        None => command,
    }
}

fn long_about(operation: &Operation) -> String {
    let mut text = operation.summary.to_owned();
    if operation.deprecated {
        text.push_str("\n\nDeprecated: a later version of the API may remove it.");
    }
    if !operation.description.is_empty() {
        let _ = write!(text, "\n\n{}", operation.description);
    }
    let _ = write!(
        text,
        "\n\nRequest: {} {}, operation `{}` in the spec.",
        operation.method, operation.path, operation.id
    );
    let schemes = operation.security.iter().map(|all| {
        let names: Vec<&str> = all.iter().map(|scheme| scheme.name).collect();
        names.join(" and ")
    });
    match schemes.collect::<Vec<_>>().as_slice() {
        [] => text.push_str(" No credential is needed."),
        schemes => {
            let _ = write!(text, " Credential: {}.", schemes.join(", or "));
        }
    }
    text
}

fn of_parameter(parameter: &'static Parameter) -> Arg {
    let mut help = parameter.description.to_owned();
    if parameter.deprecated {
        help.insert_str(0, "Deprecated. ");
    }
    if let Some(largest) = parameter.maximum
        && !help.contains(&largest.to_string())
    {
        let _ = write!(help, " At most {largest}.");
    }
    let (is_list, kind) = match parameter.kind {
        "array" => (true, parameter.items),
        kind => (false, kind),
    };
    if is_list {
        help.push_str(" Can be repeated.");
    }
    let values = parameter.values;
    let arg = named(parameter.argument)
        .value_name(kind.to_uppercase())
        .required(parameter.required)
        .help(help)
        .value_parser(JsonValue { kind, values })
        .allow_negative_numbers(matches!(kind, "integer" | "number"));
    match (is_list, kind) {
        (true, _) => arg.action(ArgAction::Append),
        (false, "boolean") => arg.num_args(0..=1).default_missing_value("true"),
        (false, _) => arg,
    }
}

/// Returns an option in kebab case with an alias in snake case.
fn named(name: &'static str) -> Arg {
    let (long, snake) = (kebab(name), name.replace('-', "_"));
    match snake == long {
        true => Arg::new(name).long(long),
        false => Arg::new(name).long(long).alias(snake),
    }
}

fn of_body(body: &Body, required: bool) -> Vec<Arg> {
    if let BodyKind::Multipart(parts) = body.kind {
        let files = parts.iter().map(|part| {
            named(part.argument)
                .required(part.required)
                .help(part.description)
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .value_hint(ValueHint::FilePath)
        });
        return files.collect();
    }
    let of_type = match body.schema.map_or("", |schema| schema.name) {
        "" => String::new(),
        name => format!(", a `{name}`"),
    };
    vec![
        named(BODY)
            .value_name("JSON|@FILE|-")
            .value_hint(ValueHint::FilePath)
            .required_unless_present_any(required.then_some(SET))
            .help(format!(
                "Body as JSON{of_type}; @FILE reads a file and - standard input"
            )),
        named(SET)
            .value_name("PATH=VALUE")
            .value_parser(setting)
            .action(ArgAction::Append)
            .help(
                "Property of the body to set, such as spec.name=demo or tags.0=new; a value that is \
                 valid JSON is parsed as JSON. Can be repeated",
            ),
    ]
}

/// The path of a property, and its value.
pub type Setting = (Vec<String>, Value);

/// Parses `PATH=VALUE`. Dots separate names and indices; `\.` is a dot within a name.
fn setting(text: &str) -> Result<Setting, String> {
    /// Maximum depth of JSON, as when it is parsed.
    const DEEPEST: usize = 127;
    let example = "write PATH=VALUE, such as spec.name=demo";
    let (path, value) = text.split_once('=').ok_or(example)?;
    // No argument of a program contains a NUL.
    let path = path.replace(r"\.", "\0");
    let steps = path.split('.').map(|step| step.replace('\0', "."));
    let steps: Vec<String> = steps.collect();
    if steps.len() > DEEPEST {
        return Err(format!("a path has at most {DEEPEST} levels"));
    }
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((steps, value))
}

fn of_list(paging: Paging) -> Vec<Arg> {
    let mut options = vec![
        named(ALL)
            .action(ArgAction::SetTrue)
            .help("Read all pages, and write items as they arrive"),
        named(MAX_ITEMS)
            .value_name("N")
            .value_parser(value_parser!(u64))
            .help("Maximum number of items; reads as many pages as that takes"),
    ];
    // A parameter of that name is an option already.
    if kebab(paging.page_size()) != PAGE_SIZE {
        options.push(
            named(PAGE_SIZE)
                .value_name("N")
                .value_parser(value_parser!(u32))
                .help("Maximum number of items in a page"),
        );
    }
    options
}

/// A parser for a value of a JSON type. It accepts values that the spec does not list, too.
#[derive(Clone, Copy)]
struct JsonValue {
    kind: &'static str,
    values: &'static [&'static str],
}

impl TypedValueParser for JsonValue {
    type Value = Value;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Value, clap::Error> {
        let kind = self.kind;
        let parse = move |text: &str| match (kind, serde_json::from_str(text)) {
            ("string", _) => Ok(text.into()),
            ("boolean", Ok(value @ Value::Bool(_))) => Ok(value),
            ("number", Ok(value @ Value::Number(_))) => Ok(value),
            ("integer", Ok(value)) if value.is_i64() || value.is_u64() => Ok(value),
            _ => Err(format!("expected a value of type {kind}")),
        };
        parse.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let values = match (self.values, self.kind) {
            ([], "boolean") => &["true", "false"],
            ([], _) => return None,
            (values, _) => values,
        };
        Some(Box::new(values.iter().map(PossibleValue::new)))
    }
}
