//! Parameters: their locations, styles and names.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use indexmap::map::Entry;
use serde_json::Value;

use super::naming::Unnamed;
use super::node::Node;
use super::{Reader, any, is_json};
use crate::model::{Body, BodyContent, InPageToken, Kind, Location, Parameter, Schema, Style};
use crate::names::{NAME_OVERRIDE, pascal, snake};
use crate::pointer::Pointer;
use crate::template::{Piece, pieces};

/// Extensions of a parameter; the generator's README describes them.
const IN_PAGE_TOKEN: &str = "x-in-page-token";
const DECODED_TWICE: &str = "x-decoded-twice";
const REPEATED_IN_BODY: &str = "x-repeated-in-body";
/// Depth to which deep objects in a `deepObject` are checked for a warning.
const MAX_NESTED: usize = 3;
/// Maximum number of parameters of an operation.
const MAX_PARAMETERS: usize = 1_000;
/// Methods that an operation's builder can have besides its parameters, and variables in its code.
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
    pub(super) fn read_parameters(&mut self, of: &Unnamed<'a>, hint: &str) -> Vec<Parameter> {
        let mut found: IndexMap<(Location, String), Parameter> = IndexMap::new();
        // An operation overrides the parameters of its path.
        for (holder, shared) in [(&of.operation, false), (&of.item, true)] {
            let Some(list) = holder.get("parameters") else {
                continue;
            };
            let count = list.value.as_array().map(Vec::len);
            if count.is_none() {
                self.problems
                    .add(&list.at, "`parameters` is not a list", "use a list");
            }
            if self.exceeds(MAX_PARAMETERS, count.unwrap_or(0), "parameters", &list.at) {
                continue;
            }
            for parameter in list.items() {
                let Some(parameter) = self.read_parameter(parameter, hint) else {
                    continue;
                };
                match found.entry((parameter.location, parameter.name.clone())) {
                    Entry::Vacant(free) => {
                        free.insert(parameter);
                    }
                    Entry::Occupied(_) if shared => {}
                    Entry::Occupied(other) => {
                        let message = format!(
                            "the parameter `{}` is also declared at `{}`",
                            parameter.name,
                            other.get().place
                        );
                        self.problems
                            .add(parameter.place, message, "declare it once");
                    }
                }
            }
        }
        let mut found: Vec<Parameter> = found.into_values().collect();
        self.check_path(of.path, &mut found, &of.operation.at);
        short_identifiers(&mut found);
        found
    }

    fn check_path(&mut self, path: &str, found: &mut Vec<Parameter>, at: &Pointer) {
        let Some(names) = template_names(path) else {
            self.problems.add(
                at,
                format!("invalid path template {path:?}"),
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
                self.problems.add(
                    at,
                    format!("`{{{name}}}` occurs twice in the path"),
                    "use each parameter once",
                );
            }
            if !found
                .iter()
                .filter(in_path)
                .any(|parameter| parameter.name == *name)
            {
                self.problems.warn(
                    at,
                    format!("the path parameter `{name}` is not declared"),
                    "it is a required string",
                );
                found.push(Parameter {
                    place: String::from(at),
                    name: (*name).to_owned(),
                    argument: (*name).to_owned(),
                    ident: argument_name(name),
                    location: Location::Path,
                    style: Style::Simple,
                    required: true,
                    schema: Schema::of(Kind::String),
                    ..Parameter::default()
                });
            }
        }
        // Arguments are in the order of the path, then in the order of the document.
        found.sort_by_key(|parameter| match parameter.location {
            Location::Path => names
                .iter()
                .position(|name| *name == parameter.name)
                .unwrap_or(usize::MAX - 1),
            _ => usize::MAX,
        });
    }

    fn read_parameter(&mut self, parameter: Node<'a>, hint: &str) -> Option<Parameter> {
        let node = self.resolve(parameter)?;
        self.object(&node, "the parameter")?;
        let at = &node.at;
        let Some(name) = node.text("name") else {
            self.problems
                .add(at, "the parameter has no name", "add a `name`");
            return None;
        };
        let location = match node.str("in") {
            Some("path") => Location::Path,
            Some("query") => Location::Query,
            Some("header") => Location::Header,
            Some("cookie") => Location::Cookie,
            Some("body") => {
                self.problems.add(
                    at,
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
                    at,
                    format!("the parameter `{name}` has {given}"),
                    "use path, query, header or cookie (in Swagger 2.0 also body or formData)",
                );
                return None;
            }
        };
        if location == Location::Header
            && let Some(instead) = sent_otherwise(&name)
        {
            let message = format!("OpenAPI ignores the header parameter `{name}`");
            self.problems.warn(at, message, instead);
            return None;
        }
        let hint = pascal(&format!("{hint} {name}"));
        let content = node.child("content");
        let (schema, json) = match (node.get("schema"), content.entries().next()) {
            (Some(schema), _) => (self.schema(&schema, &hint), false),
            (None, Some((media, content))) => {
                let schema = content.get("schema");
                let mut schema = schema.map_or_else(any, |schema| self.schema(&schema, &hint));
                if !is_json(media) {
                    self.leave_writing_to_caller(&mut schema);
                }
                (schema, is_json(media))
            }
            (None, None) if content.value.is_object() => (any(), true),
            (None, None) => (Schema::of(Kind::String), false),
        };
        let (style, explode) = match json {
            true => (Style::Json, false),
            false => self.style(&node, &name, location),
        };
        if style != Style::Json && self.is_nested(&schema, style == Style::DeepObject, 0) {
            self.problems.warn(
                at,
                format!("the parameter `{name}` contains a nested list or object"),
                "no style can express it; the inner value is sent as JSON",
            );
        }
        let given = node.str(NAME_OVERRIDE);
        let in_page_token = self.in_page_token(&node);
        Some(Parameter {
            ident: argument_name(given.unwrap_or(&name)),
            given: given.is_some(),
            place: at.into(),
            argument: name.clone(),
            name,
            location,
            style,
            explode,
            reserved: location == Location::Query && node.flag("allowReserved"),
            required: location == Location::Path || node.flag("required"),
            deprecated: node.flag("deprecated"),
            description: node.prose("description").or(schema.description.clone()),
            schema,
            maximum: node.value.get("schema").and_then(maximum),
            in_page_token,
            decoded_twice: node.flag(DECODED_TWICE),
            repeated_in_body: node.flag(REPEATED_IN_BODY),
        })
    }

    /// Reads which part of a parameter a page token holds.
    fn in_page_token(&mut self, node: &Node<'a>) -> InPageToken {
        let Some(held) = node.value.get(IN_PAGE_TOKEN) else {
            return InPageToken::Nothing;
        };
        let except = held.get("predicates-except").and_then(Value::as_str);
        match (held, except) {
            (Value::Bool(true), _) => InPageToken::Whole,
            (Value::Bool(false), _) => InPageToken::Nothing,
            (_, Some(prefix)) => InPageToken::PredicatesExcept(prefix.to_owned()),
            _ => {
                self.problems.add(
                    &node.at,
                    format!("`{IN_PAGE_TOKEN}` is neither a boolean nor an exception"),
                    "write `true`, or `{\"predicates-except\": \"PREFIX OF KEYS\"}`",
                );
                InPageToken::Nothing
            }
        }
    }

    /// Returns the style of a parameter or of a form field, and whether its members are separate.
    pub(super) fn style(
        &mut self,
        node: &Node<'a>,
        name: &str,
        location: Location,
    ) -> (Style, bool) {
        let usual = Style::of(location);
        let style = match node.str("style") {
            None => usual,
            Some(given) => {
                let fitting = Style::named(given).filter(|style| match style {
                    Style::Form | Style::Simple => *style == usual,
                    Style::Label | Style::Matrix => location == Location::Path,
                    Style::DeepObject => location == Location::Query,
                    _ => true,
                });
                if fitting.is_none() {
                    let place = location.as_str();
                    self.problems.warn(
                        node.at.at("style"),
                        format!("the style `{given}` of `{name}` is not supported for a {place}"),
                        format!("the style `{}` is used", usual.as_str()),
                    );
                }
                fitting.unwrap_or(usual)
            }
        };
        let explode = node.value.get("explode").and_then(Value::as_bool);
        (style, explode.unwrap_or(style == Style::Form))
    }

    /// Returns whether the value has a nested list or object that the style cannot express.
    pub(super) fn is_nested(&self, schema: &Schema, deep: bool, depth: usize) -> bool {
        let is_compound = |inner: &Schema| {
            let kind = self.known_kind(&inner.kind);
            matches!(kind, Some(Kind::Array(_) | Kind::Object(_) | Kind::Map(_)))
        };
        let is_lost = |inner: &Schema| {
            let is_written = deep && depth < MAX_NESTED;
            is_compound(inner) && (!is_written || self.is_nested(inner, deep, depth + 1))
        };
        match self.known_kind(&schema.kind) {
            Some(Kind::Array(items)) => is_compound(items),
            Some(Kind::Map(values)) => is_lost(values),
            Some(Kind::Object(object)) => {
                let properties = object.properties.values().map(|it| &it.schema);
                properties.chain(object.additional.as_deref()).any(is_lost)
            }
            Some(Kind::Union(members)) => {
                depth < MAX_NESTED && members.iter().any(|it| self.is_nested(it, deep, depth + 1))
            }
            _ => false,
        }
    }

    /// Returns the shape, also that of a named schema.
    pub(super) fn known_kind<'k>(&'k self, kind: &'k Kind) -> Option<&'k Kind> {
        match kind {
            Kind::Reference(name) => self.named.get(name).map(|named| &named.schema.kind),
            kind => Some(kind),
        }
    }
}

/// Sets the names that `call` and the command line use for parameters and parts: their own names,
/// unless an earlier one has the same.
pub(super) fn name_for_call(parameters: &mut [Parameter], mut body: Option<&mut Body>) {
    let mut taken: HashSet<String> = HashSet::new();
    let mut free = |wanted: &str, kind: &str| {
        let mut name = wanted.to_owned();
        while !taken.insert(name.clone()) {
            name = format!("{name}_{kind}");
        }
        name
    };
    for one in body.iter().flat_map(|body| body.bodies()) {
        if !matches!(one.content, BodyContent::Multipart(_)) {
            free(&one.ident, "body");
        }
    }
    for parameter in parameters {
        parameter.argument = free(&parameter.name, parameter.location.as_str());
    }
    for one in body.iter_mut().flat_map(|body| body.bodies_mut()) {
        for part in one.content.parts_mut() {
            part.argument = free(&part.name, "part");
        }
    }
}

/// Returns the name of an argument or method.
pub(super) fn argument_name(upstream: &str) -> String {
    let mut name = snake(upstream);
    if BUILDER_NAMES.contains(&name.as_str()) {
        name.push('_');
    }
    name
}

/// Returns what OpenAPI has instead of a header parameter that it ignores.
fn sent_otherwise(header: &str) -> Option<&'static str> {
    Some(match header.to_ascii_lowercase().as_str() {
        "accept" => "the client sends the media types of the responses; declare them there",
        "authorization" => {
            "the client sends its credentials; declare a security scheme for the operation"
        }
        "content-type" => "the client sends the media type of the request body; declare it there",
        _ => return None,
    })
}

/// Returns the names in a path template, or `None` if it is invalid.
fn template_names(path: &str) -> Option<Vec<&str>> {
    if !path.starts_with('/') || path.contains(char::is_control) {
        return None;
    }
    let names = pieces(path)?.into_iter().filter_map(|piece| match piece {
        Piece::Name(name) => Some(name),
        Piece::Text(_) => None,
    });
    Some(names.collect())
}

/// Returns `artifact_id` for `artifact.artifact_id`, if no other parameter has that name.
fn short_identifiers(found: &mut [Parameter]) {
    let short = |it: &Parameter| match it.name.rsplit_once('.') {
        Some((_, last)) if !it.given => Some(snake(last)),
        _ => None,
    };
    let mut uses: HashMap<String, usize> = HashMap::new();
    for parameter in found.iter() {
        let short = short(parameter).filter(|it| *it != parameter.ident);
        for name in short.into_iter().chain([parameter.ident.clone()]) {
            *uses.entry(name).or_default() += 1;
        }
    }
    for parameter in found {
        if let Some(short) = short(parameter)
            && uses.get(&short) == Some(&1)
            && short != "body"
            && !BUILDER_NAMES.contains(&short.as_str())
        {
            parameter.ident = short;
        }
    }
}

/// Returns the maximum of an integer schema, if it is declared in the schema itself.
fn maximum(schema: &Value) -> Option<i64> {
    let maximum = schema.get("maximum")?.as_i64()?;
    match schema.get("exclusiveMaximum") {
        Some(Value::Bool(true)) => maximum.checked_sub(1),
        _ => Some(maximum),
    }
}
