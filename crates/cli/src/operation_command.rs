//! Commands of operations, built from the table of operations on demand.

use std::ffi::OsStr;
use std::fmt::Write;
use std::path::PathBuf;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{
    Arg, ArgAction, ArgMatches, Command, FromArgMatches, Subcommand, ValueHint, value_parser,
};
use compute_kfp::operation::{BodyKind, BodyPart, Operation, Paging, Parameter, Style};
use serde_json::Value;

use crate::api::{Api, kebab};
use crate::{body_help, options};

/// Names of the arguments that lists have in addition to their parameters.
pub const ALL: &str = "all";
pub const MAX_ITEMS: &str = "max-items";
pub const PAGE_SIZE: &str = "page-size";
/// Names of the arguments for bodies.
pub const BODY: &str = "body";
pub const SET: &str = "set";

const OWN: [&str; 5] = [ALL, MAX_ITEMS, PAGE_SIZE, BODY, SET];

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
        command.defer(|command| match Api::of_name(command.get_name()) {
            Some(api) => {
                command.subcommands(api.operations().iter().map(|it| of_operation(api, it)))
            }
            None => command,
        })
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        Api::ALL.into_iter().any(|api| find(api, name).is_some())
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

fn with_arguments(command: Command, api: Api) -> Command {
    match find(api, command.get_name()) {
        Some(operation) => with_arguments_of(command, operation),
        None => command,
    }
}

fn find(api: Api, command: &str) -> Option<&'static Operation> {
    let mut operations = api.operations().iter().copied();
    operations.find(|operation| kebab(operation.name) == command)
}

/// Adds the arguments of an operation to a command. Of several bodies, it takes the preferred one;
/// `call` takes all of them.
fn with_arguments_of(command: Command, operation: &'static Operation) -> Command {
    let parameters = operation
        .parameters
        .iter()
        .map(|parameter| of_parameter(operation, parameter));
    let mut command = command.long_about(long_about(operation)).args(parameters);
    if let Some((kind, required)) = operation.body {
        command = command.args(of_body(operation, kind, required));
    }
    if let Some(help) = body_help::of(operation) {
        command = command.after_long_help(help);
    }
    match operation.paging {
        Some(paging) => command.args(of_list(paging)),
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

fn of_parameter(operation: &Operation, parameter: &'static Parameter) -> Arg {
    let mut help = parameter.description.to_owned();
    if parameter.deprecated {
        help.insert_str(0, "Deprecated. ");
    }
    if let Some(largest) = parameter.maximum
        && !help.contains(&largest.to_string())
    {
        let _ = write!(help, " At most {largest}.");
    }
    let kind = match parameter.kind {
        "array" => parameter.items,
        kind => kind,
    };
    let list = parameter.kind == "array" && is_plain(kind);
    if list {
        help.push_str(" Can be repeated.");
    }
    let parser = JsonValue {
        kind: if list { kind } else { parameter.kind },
        values: parameter.values,
        bare: parameter.style != Style::Json,
    };
    let arg = named(parameter.argument, &long_of(operation, parameter))
        .value_name(value_name(parser.kind))
        .required(parameter.required)
        .help(help)
        .value_parser(parser)
        .allow_negative_numbers(matches!(parser.kind, "integer" | "number"));
    match (list, parser.kind) {
        (true, _) => arg.action(ArgAction::Append),
        (false, "boolean") => arg.num_args(0..=1).default_missing_value("true"),
        (false, _) => arg,
    }
}

/// Returns the option of a parameter, made unique among all options.
fn long_of(operation: &Operation, parameter: &Parameter) -> String {
    let long = kebab(parameter.argument);
    let lists = operation
        .paging
        .is_some_and(|paging| paging.page_size() == parameter.argument);
    let own = OWN.contains(&long.as_str()) && !lists;
    match own || options::is_taken(&long) {
        true => format!("parameter-{long}"),
        false => long,
    }
}

/// Returns an argument in kebab case with an alias in snake case.
fn named(id: &'static str, long: &str) -> Arg {
    let snake = long.replace('-', "_");
    let arg = Arg::new(id).long(long.to_owned());
    match snake == long {
        true => arg,
        false => arg.alias(snake),
    }
}

fn of_part(part: &'static BodyPart) -> Arg {
    let list = part.kind == "array" && (part.file || is_plain(part.items));
    let mut help = part.description.to_owned();
    if list {
        help.push_str(" Can be repeated.");
    }
    let arg = named(part.argument, &kebab(part.argument))
        .required(part.required)
        .help(help)
        .action(if list {
            ArgAction::Append
        } else {
            ArgAction::Set
        });
    if part.file {
        return of_file(arg);
    }
    let kind = if list { part.items } else { part.kind };
    let parser = JsonValue {
        kind,
        values: &[],
        bare: true,
    };
    arg.value_name(value_name(kind)).value_parser(parser)
}

fn of_file(arg: Arg) -> Arg {
    arg.value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .value_hint(ValueHint::FilePath)
}

fn of_body(operation: &Operation, kind: BodyKind, required: bool) -> Vec<Arg> {
    let body = named(BODY, BODY);
    match kind {
        BodyKind::Multipart(parts) => return parts.iter().map(of_part).collect(),
        BodyKind::Raw(media) => {
            let body = body.required(required);
            return vec![of_file(body).help(format!("File with the body, of type {media}"))];
        }
        _ => {}
    }
    let of_type = match operation.body_schema.map_or("", |schema| schema.name) {
        "" => String::new(),
        name => format!(", a `{name}`"),
    };
    vec![
        body.value_name("JSON|@FILE|-")
            .value_hint(ValueHint::FilePath)
            .required_unless_present_any(required.then_some(SET))
            .help(format!(
                "Body as JSON{of_type}; @FILE reads a file and - standard input"
            )),
        Arg::new(SET)
            .long(SET)
            .value_name("PATH=VALUE")
            .action(ArgAction::Append)
            .help(
                "Property of the body to set, such as spec.name=demo or tags.0=new; a value that is \
                 valid JSON is parsed as JSON. Can be repeated",
            ),
    ]
}

fn of_list(paging: Paging) -> Vec<Arg> {
    const HEADING: &str = "List options";
    let mut options = vec![
        Arg::new(ALL)
            .long(ALL)
            .action(ArgAction::SetTrue)
            .help("Read all pages, and write items as they arrive"),
        named(MAX_ITEMS, MAX_ITEMS)
            .value_name("N")
            .value_parser(value_parser!(u64))
            .help("Maximum number of items; reads as many pages as that takes"),
    ];
    // A parameter of that name is an option already.
    if kebab(paging.page_size()) != PAGE_SIZE {
        options.push(
            named(PAGE_SIZE, PAGE_SIZE)
                .value_name("N")
                .value_parser(value_parser!(u32))
                .help("Maximum number of items in a page"),
        );
    }
    options
        .into_iter()
        .map(|option| option.help_heading(HEADING))
        .collect()
}

fn is_plain(kind: &str) -> bool {
    matches!(kind, "string" | "integer" | "number" | "boolean")
}

fn value_name(kind: &str) -> &'static str {
    match kind {
        "string" => "STRING",
        "integer" => "INTEGER",
        "number" => "NUMBER",
        "boolean" => "BOOLEAN",
        _ => "JSON",
    }
}

/// A parser for a value of a JSON type. It accepts values that the spec does not list, too.
#[derive(Clone, Copy)]
struct JsonValue {
    kind: &'static str,
    values: &'static [&'static str],
    /// Whether a string needs no quotes if any JSON is accepted.
    bare: bool,
}

impl JsonValue {
    fn read(self, text: &str) -> Result<Value, String> {
        if self.kind == "string" {
            return Ok(text.into());
        }
        match (self.kind, serde_json::from_str(text)) {
            ("any", Ok(value @ (Value::Array(_) | Value::Object(_) | Value::String(_)))) => {
                Ok(value)
            }
            // Numbers stay strings, which are the same on the wire and keep their digits.
            ("any", _) if self.bare => Ok(text.into()),
            ("boolean", Ok(value @ Value::Bool(_))) => Ok(value),
            ("number", Ok(value @ Value::Number(_))) => Ok(value),
            ("integer", Ok(value)) if value.is_i64() || value.is_u64() => Ok(value),
            ("boolean", _) => Err("expected true or false".to_owned()),
            ("number", _) => Err("expected a number".to_owned()),
            ("integer", _) => Err("expected an integer".to_owned()),
            (_, value) => value.map_err(|error| format!("not valid JSON: {error}")),
        }
    }
}

impl TypedValueParser for JsonValue {
    type Value = Value;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Value, clap::Error> {
        let text = value.to_str().ok_or("not UTF-8".to_owned());
        text.and_then(|text| self.read(text)).map_err(|problem| {
            let name = arg.map(ToString::to_string).unwrap_or_default();
            let value = value.to_string_lossy();
            clap::Error::raw(
                ErrorKind::ValueValidation,
                format!("invalid value '{value}' for '{name}': {problem}\n"),
            )
            .with_cmd(command)
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        match (self.values, self.kind) {
            ([], "boolean") => Some(Box::new(
                ["true", "false"].map(PossibleValue::new).into_iter(),
            )),
            ([], _) => None,
            (values, _) => Some(Box::new(values.iter().map(PossibleValue::new))),
        }
    }
}
