//! Operations: paths, parameters, bodies, answers and the credentials they take.

use indexmap::map::Entry;
use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value};

use super::{MAX_OPERATIONS, METHODS, Reader, flag, prose, text};
use crate::model::{
    Body, BodyContent, Kind, Location, Operation, Parameter, Part, Response, ResponseContent,
    Schema, Style, Success,
};
use crate::names::{NAME_OVERRIDE, operation_constant, operation_name, pascal, snake};
use crate::pointer::Pointer;

/// Methods every generated client has besides its operations.
const CLIENT_METHODS: [&str; 3] = ["call", "new", "transport"];
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
/// Headers that are not parameters, whatever a document says: OpenAPI gives them other places.
const OWN_HEADERS: [&str; 3] = ["accept", "authorization", "content-type"];
/// More of them is an accident.
const MAX_PARAMETERS: usize = 1_000;

impl<'a> Reader<'a> {
    pub(super) fn read_operations(&mut self) -> Vec<Operation> {
        let at = Pointer::root().at("paths");
        let Some(paths) = self.document.get("paths") else {
            self.problem(
                &at,
                "the document has no `paths`",
                "give an API description with operations",
            );
            return Vec::new();
        };
        let Some(paths) = self.object(paths, &at, "`paths`") else {
            return Vec::new();
        };
        if paths.len() > MAX_OPERATIONS {
            self.problem(
                &at,
                format!(
                    "{} paths, more than the {MAX_OPERATIONS} that are accepted",
                    paths.len()
                ),
                "check that this is an API description, and split it if it really is that large",
            );
            return Vec::new();
        }
        let mut operations = Vec::new();
        for (path, item) in paths {
            if path.starts_with("x-") {
                continue;
            }
            let at = at.at(path);
            let Some((item, item_at)) = self.resolve(item, &at) else {
                continue;
            };
            let Some(item) = self.object(item, &item_at, "the path") else {
                continue;
            };
            for method in METHODS {
                let Some(operation) = item.get(method) else {
                    continue;
                };
                let at = item_at.at(method);
                let Some(operation) = self.object(operation, &at, "the operation") else {
                    continue;
                };
                operations.extend(self.read_operation(path, method, item, operation, &at));
                if operations.len() > MAX_OPERATIONS {
                    self.problem(
                        &at,
                        format!("more than {MAX_OPERATIONS} operations"),
                        "check that this is an API description, and split it if it really is that large",
                    );
                    return operations;
                }
            }
        }
        self.check_names(&operations);
        operations
    }

    fn check_names(&mut self, operations: &[Operation]) {
        let mut ids = IndexMap::new();
        let mut builders: IndexMap<&str, &Operation> = IndexMap::new();
        let mut constants: IndexMap<&str, &Operation> = IndexMap::new();
        for operation in operations {
            if let Some(other) = ids.insert(&operation.upstream, operation) {
                self.problems.add(
                    &operation.place,
                    format!(
                        "the operationId `{}` also stands at `{}`",
                        operation.upstream, other.place
                    ),
                    "give each operation an id of its own",
                );
                continue;
            }
            let builder = builders.insert(&operation.builder, operation);
            let constant = constants.insert(&operation.constant, operation);
            if let Some(other) = builder.or(constant) {
                self.problems.add(
                    &operation.place,
                    format!(
                        "`{}` and `{}` (at `{}`) both become the method `{}`",
                        operation.upstream, other.upstream, other.place, operation.name
                    ),
                    format!("rename one of them in an overlay with `\"{NAME_OVERRIDE}\": \"…\"`"),
                );
            }
        }
    }

    fn read_operation(
        &mut self,
        path: &str,
        method: &str,
        item: &'a Map<String, Value>,
        operation: &'a Map<String, Value>,
        at: &Pointer,
    ) -> Option<Operation> {
        let upstream = text(operation, "operationId").unwrap_or_else(|| format!("{method} {path}"));
        let mut name = match operation.get(NAME_OVERRIDE).and_then(Value::as_str) {
            Some(name) => snake(name),
            None => operation_name(&upstream, method, path),
        };
        if CLIENT_METHODS.contains(&name.as_str()) {
            name.push('_');
        }
        let hint = pascal(&name);
        let parameters = self.read_parameters(path, item, operation, at, &hint);
        let body = self.read_body(operation, at, &hint);
        let success = self.read_success(operation, at, &hint);
        let responses = self.read_responses(operation, &success);
        let arguments = parameters
            .iter()
            .map(|parameter| (parameter.ident.clone(), parameter.place.clone()))
            .chain(body.iter().flat_map(Body::arguments));
        self.distinct(arguments, "argument");
        let place = self.place(at);
        Some(Operation {
            builder: hint,
            constant: operation_constant(&name),
            name,
            upstream,
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            summary: prose(operation, "summary"),
            description: prose(operation, "description"),
            deprecated: flag(operation, "deprecated"),
            tags: strings(operation.get("tags")),
            parameters,
            body,
            success,
            responses,
            success_status: success_status(operation),
            security: self.security(operation, at),
            paging: None,
            place,
        })
    }

    fn security(&mut self, operation: &'a Map<String, Value>, at: &Pointer) -> Vec<Vec<String>> {
        let (declared, at) = match operation.get("security") {
            Some(own) => (Some(own), at.at("security")),
            None => (
                self.document.get("security"),
                Pointer::root().at("security"),
            ),
        };
        let schemes = self.document.pointer("/components/securitySchemes");
        let alternatives = declared.and_then(Value::as_array).into_iter().flatten();
        let mut found = Vec::new();
        for (index, alternative) in alternatives.enumerate() {
            let Some(alternative) = alternative.as_object() else {
                continue;
            };
            for name in alternative.keys() {
                if schemes.and_then(|schemes| schemes.get(name)).is_none() {
                    self.problem(
                        &at.at(index).at(name),
                        format!("the security scheme `{name}` is not defined"),
                        "define it, or a request would be sent without its credential",
                    );
                }
            }
            found.push(alternative.keys().cloned().collect());
        }
        found
    }

    fn read_parameters(
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

    fn check_path(&mut self, path: &str, found: &mut [Parameter], at: &Pointer) {
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
                self.problem(
                    at,
                    format!("the path parameter `{name}` is not described"),
                    "add a parameter with `in: path` and that name",
                );
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
        let place = self.place(&at);
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
        Some(Parameter {
            ident: argument_name(&name),
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

    fn read_body(
        &mut self,
        operation: &'a Map<String, Value>,
        at: &Pointer,
        hint: &str,
    ) -> Option<Body> {
        let value = operation.get("requestBody")?;
        let (value, at) = self.resolve(value, &at.at("requestBody"))?;
        let object = self.object(value, &at, "the request body")?;
        let place = self.place(&at);
        let content = object.get("content").and_then(Value::as_object)?;
        let preferred = [
            "application/json",
            "multipart/form-data",
            "application/x-www-form-urlencoded",
        ];
        let (media, value) = preferred
            .iter()
            .find_map(|wanted| content.iter().find(|(media, _)| essence(media) == *wanted))
            .or_else(|| content.iter().find(|(media, _)| is_json(media)))
            .or_else(|| content.iter().next())?;
        let at = at.at("content").at(media).at("schema");
        let schema = |reader: &mut Self| match value.get("schema") {
            Some(schema) => reader.schema(schema, &at, &format!("{hint}Body")),
            None => any(),
        };
        let content = match essence(media) {
            _ if is_json(media) => BodyContent::Json(schema(self).without_integer_text()),
            "application/x-www-form-urlencoded" => {
                BodyContent::Form(schema(self).without_integer_text())
            }
            "multipart/form-data" => {
                let parts = value
                    .get("schema")
                    .map_or_else(Vec::new, |schema| self.read_parts(schema, &at));
                if parts.is_empty() {
                    self.problem(
                        &at,
                        "the multipart body names no parts",
                        "give its schema `properties`",
                    );
                }
                BodyContent::Multipart(parts)
            }
            other => BodyContent::Raw(other.to_owned()),
        };
        // Swagger has no optional body without a default, and FastAPI marks its own.
        let required = flag(object, "required");
        Some(Body {
            place,
            required,
            description: prose(object, "description"),
            content,
        })
    }

    fn read_parts(&mut self, schema: &'a Value, at: &Pointer) -> Vec<Part> {
        let mut schema = schema;
        let mut at = at.clone();
        for _ in 0..16 {
            let Some((next, next_at)) = self.resolve(schema, &at) else {
                return Vec::new();
            };
            (schema, at) = (next, next_at);
            match schema
                .get("allOf")
                .and_then(Value::as_array)
                .map(Vec::as_slice)
            {
                Some([only]) => (schema, at) = (only, at.at("allOf").at(0)),
                _ => break,
            }
        }
        let required = strings(schema.get("required"));
        let properties = schema.get("properties").and_then(Value::as_object);
        properties
            .into_iter()
            .flatten()
            .map(|(name, part)| Part {
                place: self.place(&at.at("properties").at(name)),
                ident: argument_name(name),
                required: required.contains(name),
                file: part.get("format").and_then(Value::as_str) == Some("binary"),
                description: part.as_object().and_then(|part| prose(part, "description")),
                name: name.clone(),
            })
            .collect()
    }

    /// What a call returns: all successful answers are read into one type.
    fn read_success(
        &mut self,
        operation: &'a Map<String, Value>,
        at: &Pointer,
        hint: &str,
    ) -> Success {
        let at = at.at("responses");
        let Some(responses) = operation.get("responses") else {
            return Success::Bytes;
        };
        let Some(responses) = self.object(responses, &at, "the list of responses") else {
            return Success::Bytes;
        };
        let succeeded = |status: &str| status.starts_with('2');
        let mut chosen: Vec<_> = responses
            .iter()
            .filter(|(status, _)| succeeded(status))
            .collect();
        if chosen.is_empty() {
            chosen = responses
                .iter()
                .filter(|(status, _)| *status == "default")
                .collect();
        }
        let mut schemas: Vec<Schema> = Vec::new();
        let mut empty = false;
        let mut bytes = chosen.is_empty();
        for (status, response) in chosen {
            let Some((response, at)) = self.resolve(response, &at.at(status)) else {
                continue;
            };
            let content = response
                .get("content")
                .and_then(Value::as_object)
                .filter(|content| !content.is_empty());
            let Some(content) = content else {
                empty = true;
                continue;
            };
            match content.iter().find(|(media, _)| is_json(media)) {
                Some((media, value)) => {
                    let at = at.at("content").at(media).at("schema");
                    let schema = match value.get("schema") {
                        Some(schema) => self.schema(schema, &at, &format!("{hint}Response")),
                        None => any(),
                    };
                    if !schemas.contains(&schema) {
                        schemas.push(schema);
                    }
                }
                None => bytes = true,
            }
        }
        let mut schemas: Vec<Schema> = schemas
            .into_iter()
            .map(Schema::without_integer_text)
            .collect();
        match (schemas.len(), bytes, empty) {
            (0, false, _) => Success::Empty,
            (1, false, false) => Success::Json(schemas.swap_remove(0)),
            (1, false, true) => Success::OptionalJson(schemas.swap_remove(0)),
            (_, false, false) => Success::Json(any()),
            (_, false, true) => Success::OptionalJson(any()),
            (_, true, _) => Success::Bytes,
        }
    }
}

impl Reader<'_> {
    /// The declared responses. A broken one was reported with the success, or is left out.
    fn read_responses(&self, operation: &Map<String, Value>, success: &Success) -> Vec<Response> {
        let declared = operation.get("responses").and_then(Value::as_object);
        let declared = declared.into_iter().flatten();
        let read = |(status, response): (&String, &Value)| {
            let response = self.find(response)?.as_object()?;
            let content = response.get("content").and_then(Value::as_object);
            let content = content.and_then(|content| {
                let json = content.iter().find(|(media, _)| is_json(media));
                json.or_else(|| content.iter().next())
            });
            let content = match (content, success) {
                (None, _) => ResponseContent::Empty,
                (Some((media, _)), _) if !is_json(media) => {
                    ResponseContent::Other(essence(media).to_owned())
                }
                (Some(_), Success::Json(schema) | Success::OptionalJson(schema))
                    if status.starts_with('2') =>
                {
                    ResponseContent::Json(Some(schema.clone()))
                }
                (Some((_, value)), _) => {
                    ResponseContent::Json(value.get("schema").and_then(|it| self.named_type(it)))
                }
            };
            Some(Response {
                status: status.clone(),
                description: prose(response, "description").unwrap_or_default(),
                content,
            })
        };
        declared.filter_map(read).collect()
    }

    /// Follows references; those that lead nowhere are not reported.
    fn find<'v>(&'v self, mut value: &'v Value) -> Option<&'v Value> {
        for _ in 0..16 {
            let Some(target) = value.get("$ref") else {
                return Some(value);
            };
            value = self.document.pointer(target.as_str()?.strip_prefix('#')?)?;
        }
        None
    }
}

impl Body {
    /// The arguments it takes, with the places they come from.
    fn arguments(&self) -> Vec<(String, String)> {
        match &self.content {
            BodyContent::Multipart(parts) => parts
                .iter()
                .map(|part| (part.ident.clone(), part.place.clone()))
                .collect(),
            _ => vec![("body".to_owned(), self.place.clone())],
        }
    }
}

/// The first status of success that the document gives.
fn success_status(operation: &Map<String, Value>) -> u16 {
    operation
        .get("responses")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(status, _)| status.parse().ok())
        .find(|status| (200..300).contains(status))
        .unwrap_or(200)
}

fn any() -> Schema {
    Schema::of(Kind::Any)
}

fn essence(media: &str) -> &str {
    media.split(';').next().unwrap_or(media).trim()
}

fn is_json(media: &str) -> bool {
    let media = essence(media);
    media == "application/json" || media.ends_with("+json") || media == "*/*"
}

fn strings(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// The argument or method for something a request carries.
fn argument_name(upstream: &str) -> String {
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
    let short =
        |parameter: &Parameter| parameter.name.rsplit_once('.').map(|(_, last)| snake(last));
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
