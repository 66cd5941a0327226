//! Parameters: where each is sent, in which style, and what it is called.

use indexmap::map::Entry;
use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value};

use super::{Reader, any, flag, prose, text};
use crate::model::{Kind, Location, Parameter, Schema, Style};
use crate::names::{NAME_OVERRIDE, pascal, snake};
use crate::pointer::Pointer;

/// Headers that are not parameters, whatever a document says: OpenAPI gives them other places.
const OWN_HEADERS: [&str; 3] = ["accept", "authorization", "content-type"];
/// More of them is an accident.
const MAX_PARAMETERS: usize = 1_000;
/// Methods that an operation's builder can have besides its parameters, and the
/// variables its code uses.
const BUILDER_NAMES: [&str; 12] = [
    "client",
    "clone",
    "fmt",
    "items",
    "max_items",
    "new",
    "options",
    "pages",
    "prefetch",
    "request",
    "resume",
    "send",
];

impl<'a> Reader<'a> {
    pub(super) fn read_parameters(
        &mut self,
        path: &str,
        item: &'a Map<String, Value>,
        operation: &'a Map<String, Value>,
        at: &Pointer,
        hint: &str,
    ) -> Vec<Parameter> {
        let mut found: IndexMap<(Location, String), Parameter> = IndexMap::new();
        // A path's parameters hold for its operations, unless the operation has its own.
        let shared_at = Pointer::root().at("paths").at(path);
        for (holder, holder_at, shared) in [(operation, at.clone(), false), (item, shared_at, true)]
        {
            let list = match holder.get("parameters") {
                None => continue,
                Some(Value::Array(list)) => list,
                Some(_) => {
                    self.problem(
                        &holder_at.at("parameters"),
                        "`parameters` is not a list",
                        "write a list",
                    );
                    continue;
                }
            };
            for (index, value) in list.iter().enumerate() {
                let at = holder_at.at("parameters").at(index);
                if index == MAX_PARAMETERS {
                    self.problem(
                        &at,
                        format!("more than {MAX_PARAMETERS} parameters"),
                        "use a body",
                    );
                    break;
                }
                let Some(parameter) = self.read_parameter(value, &at, hint) else {
                    continue;
                };
                match found.entry((parameter.location, parameter.name.clone())) {
                    Entry::Vacant(free) => {
                        free.insert(parameter);
                    }
                    Entry::Occupied(_) if shared => {}
                    Entry::Occupied(other) => {
                        let message = format!(
                            "the parameter `{}` also stands at `{}`",
                            parameter.name,
                            other.get().place
                        );
                        self.problems.add(parameter.place, message, "name it once");
                    }
                }
            }
        }
        let mut found: Vec<Parameter> = found.into_values().collect();
        self.check_path(path, &mut found, at);
        short_identifiers(&mut found);
        found
    }

    fn check_path(&mut self, path: &str, found: &mut Vec<Parameter>, at: &Pointer) {
        let Some(names) = template_names(path) else {
            self.problem(
                at,
                format!("the path {path:?} is not a template"),
                "start it with `/` and write each parameter as `{name}`",
            );
            return;
        };
        let in_path = |parameter: &&Parameter| parameter.location == Location::Path;
        for parameter in found.iter().filter(in_path) {
            if !names.contains(&parameter.name.as_str()) {
                self.problems.add(
                    &parameter.place,
                    format!("the path `{path}` has no `{{{}}}`", parameter.name),
                    "add it to the path or remove the parameter",
                );
            }
        }
        for (index, name) in names.iter().enumerate() {
            if names[..index].contains(name) {
                self.problem(
                    at,
                    format!("`{{{name}}}` stands twice in the path"),
                    "name each parameter once",
                );
            }
            if !found
                .iter()
                .filter(in_path)
                .any(|parameter| parameter.name == *name)
            {
                self.warn(
                    at,
                    format!("the path parameter `{name}` is not described"),
                    "it is a required text",
                );
                found.push(Parameter {
                    place: String::from(at),
                    name: (*name).to_owned(),
                    ident: argument_name(name),
                    given: false,
                    location: Location::Path,
                    style: Style::Comma,
                    required: true,
                    deprecated: false,
                    description: None,
                    schema: Schema::of(Kind::String),
                    maximum: None,
                });
            }
        }
        // Arguments stand in the order of the path, then in the order of the document.
        found.sort_by_key(|parameter| match parameter.location {
            Location::Path => names
                .iter()
                .position(|name| *name == parameter.name)
                .unwrap_or(usize::MAX - 1),
            _ => usize::MAX,
        });
    }

    fn read_parameter(&mut self, value: &'a Value, at: &Pointer, hint: &str) -> Option<Parameter> {
        let (value, at) = self.resolve(value, at)?;
        let object = self.object(value, &at, "the parameter")?;
        let place = String::from(&at);
        let Some(name) = text(object, "name") else {
            self.problems
                .add(place, "the parameter has no name", "give it a `name`");
            return None;
        };
        let location = match object.get("in").and_then(Value::as_str) {
            Some("path") => Location::Path,
            Some("query") => Location::Query,
            Some("header") => Location::Header,
            Some("cookie") => Location::Cookie,
            Some("body") => {
                self.problems.add(
                    place,
                    format!("the parameter `{name}` is a second body"),
                    "remove it: an operation has one body",
                );
                return None;
            }
            other => {
                let given = other.map_or("no location".to_owned(), |other| {
                    format!("the unknown location `{other}`")
                });
                self.problems.add(
                    place,
                    format!("the parameter `{name}` has {given}"),
                    "use path, query, header or cookie (in Swagger 2.0 also body or formData)",
                );
                return None;
            }
        };
        if location == Location::Header && OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str())
        {
            return None;
        }
        if let Some(style @ ("deepObject" | "matrix" | "label")) =
            object.get("style").and_then(Value::as_str)
        {
            self.problems.add(
                place,
                format!("the parameter `{name}` has the style `{style}`, which is not supported"),
                "use form, simple, spaceDelimited or pipeDelimited, or `content` for JSON",
            );
            return None;
        }
        let hint = pascal(&format!("{hint} {name}"));
        let (schema, json) = match (object.get("schema"), object.get("content")) {
            (Some(schema), _) => (self.schema(schema, &at.at("schema"), &hint), false),
            (None, Some(Value::Object(content))) => match content.iter().next() {
                Some((media, content)) => {
                    let at = at.at("content").at(media).at("schema");
                    (
                        content
                            .get("schema")
                            .map_or_else(any, |schema| self.schema(schema, &at, &hint)),
                        true,
                    )
                }
                None => (any(), true),
            },
            (None, _) => (Schema::of(Kind::String), false),
        };
        let structured = matches!(schema.kind, Kind::Any | Kind::Map(_) | Kind::Object(_))
            || matches!(&schema.kind, Kind::Reference(name) if !self.is_enum(name));
        let explode = object.get("explode").and_then(Value::as_bool);
        let style = match object.get("style").and_then(Value::as_str) {
            _ if json || structured => Style::Json,
            Some("spaceDelimited") if explode != Some(true) => Style::Space,
            Some("pipeDelimited") if explode != Some(true) => Style::Pipe,
            _ if location == Location::Query && explode.unwrap_or(true) => Style::Repeat,
            _ => Style::Comma,
        };
        let given = object.get(NAME_OVERRIDE).and_then(Value::as_str);
        Some(Parameter {
            ident: argument_name(given.unwrap_or(&name)),
            given: given.is_some(),
            place,
            name,
            location,
            style,
            required: location == Location::Path || flag(object, "required"),
            deprecated: flag(object, "deprecated"),
            description: prose(object, "description").or(schema.description.clone()),
            schema,
            maximum: object.get("schema").and_then(maximum),
        })
    }

    fn is_enum(&self, name: &str) -> bool {
        self.named
            .get(name)
            .is_some_and(|named| matches!(named.schema.kind, Kind::Enum(_)))
    }
}

/// The argument or method for something a request carries.
pub(super) fn argument_name(upstream: &str) -> String {
    let mut name = snake(upstream);
    if BUILDER_NAMES.contains(&name.as_str()) {
        name.push('_');
    }
    name
}

/// The names in a path template, or nothing where it is none.
fn template_names(path: &str) -> Option<Vec<&str>> {
    let mut rest = path
        .strip_prefix('/')
        .filter(|path| !path.contains(char::is_control))?;
    let mut names = Vec::new();
    while let Some(open) = rest.find(['{', '}']) {
        if rest[open..].starts_with('}') {
            return None;
        }
        let close = rest[open..].find('}')? + open;
        let name = &rest[open + 1..close];
        if name.is_empty() || name.contains('{') {
            return None;
        }
        names.push(name);
        rest = &rest[close + 1..];
    }
    Some(names)
}

/// `artifact_id` for `artifact.artifact_id`, where nothing else has that name.
fn short_identifiers(found: &mut [Parameter]) {
    let short = |it: &Parameter| match it.name.rsplit_once('.') {
        Some((_, last)) if !it.given => Some(snake(last)),
        _ => None,
    };
    let mut uses: IndexMap<String, usize> = IndexMap::new();
    for parameter in found.iter() {
        let names: IndexSet<String> = short(parameter)
            .into_iter()
            .chain([parameter.ident.clone()])
            .collect();
        for name in names {
            *uses.entry(name).or_default() += 1;
        }
    }
    for parameter in found {
        let Some(short) = short(parameter) else {
            continue;
        };
        let free = uses.get(&short) == Some(&1) && short != "body";
        if free && !BUILDER_NAMES.contains(&short.as_str()) {
            parameter.ident = short;
        }
    }
}

/// The largest whole number that a schema allows, where it stands in the schema itself.
fn maximum(schema: &Value) -> Option<i64> {
    let maximum = schema.get("maximum")?.as_i64()?;
    match schema.get("exclusiveMaximum") {
        Some(Value::Bool(true)) => maximum.checked_sub(1),
        _ => Some(maximum),
    }
}
