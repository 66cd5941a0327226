//! Writing the model as an OpenAPI 3.0.3 document that stock progenitor accepts.
//!
//! Parts that progenitor refuses are written in the same form under an extension: `x-parameters`
//! beside `parameters`, `x-content` beside `content` and `x-responses` beside `responses`. The
//! upstream name of an operation or a schema is in `x-upstream-name`.

use serde_json::{Map, Value, json};

use crate::model::{
    Api, Body, BodyContent, FormPart, Kind, Location, NamedSchema, Object, Operation, Parameter,
    Response, ResponseContent, Schema, SchemeKind, SecurityScheme, Style, Success, Tagged,
};
use crate::placeholders::Placeholders;

/// Returns the document with the names of the API, or with placeholders for this generator's own run
/// of progenitor.
pub(crate) fn document(api: &Api, placeholders: Option<&Placeholders<'_>>) -> Value {
    Writer { api, placeholders }.document()
}

struct Writer<'a> {
    api: &'a Api,
    placeholders: Option<&'a Placeholders<'a>>,
}

impl Writer<'_> {
    fn document(&self) -> Value {
        let api = self.api;
        let mut paths = Map::new();
        for operation in &api.operations {
            let item = paths
                .entry(self.path(operation))
                .or_insert_with(|| json!({}));
            item[operation.method.to_ascii_lowercase()] = self.operation(operation);
        }
        let schemas: Map<String, Value> = api
            .schemas
            .iter()
            .map(|(name, schema)| (self.type_name(name), self.named(name, schema)))
            .collect();
        let mut info = json!({"title": api.title, "version": api.version});
        set(&mut info, "description", api.description.as_deref());
        let tags = api.tags.iter().map(|(name, description)| {
            let mut tag = json!({"name": name});
            set(&mut tag, "description", description.as_deref());
            tag
        });
        let servers = api.servers.iter().map(|server| {
            let mut value = json!({"url": server.url});
            set(&mut value, "description", server.description.as_deref());
            value
        });
        let mut document = json!({
            "openapi": "3.0.3",
            "info": info,
            "tags": tags.collect::<Vec<_>>(),
            "paths": paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": api.security_schemes.iter().map(scheme).collect::<Map<_, _>>(),
            },
        });
        if !api.servers.is_empty() {
            document["servers"] = servers.collect();
        }
        document
    }

    fn operation(&self, operation: &Operation) -> Value {
        let mut value = json!({
            "operationId": operation.name,
            "tags": operation.tags,
            "x-upstream-name": operation.upstream,
        });
        set(&mut value, "summary", operation.summary.as_deref());
        set(&mut value, "description", operation.description.as_deref());
        if operation.deprecated {
            value["deprecated"] = true.into();
        }
        if let Some(server) = &operation.server {
            value["servers"] = json!([{"url": server}]);
        }
        for (index, parameter) in operation.parameters.iter().enumerate() {
            // A path must declare all of its parameters.
            let in_path = parameter.location == Location::Path;
            let key = if in_path || is_expressible(self.api, parameter) {
                "parameters"
            } else {
                "x-parameters"
            };
            push(&mut value, key, self.parameter(index, parameter));
        }
        if let Some(body) = &operation.body {
            value["requestBody"] = self.body(body);
        }
        self.responses(operation, &mut value);
        let security = operation.security.iter().map(|schemes| {
            let known =
                |name: &&String| self.api.security_schemes.iter().any(|it| it.name == **name);
            let schemes = schemes.iter().filter(known);
            let schemes = schemes.map(|name| (name.clone(), json!([])));
            Value::Object(schemes.collect())
        });
        value["security"] = security.collect();
        value
    }

    fn parameter(&self, index: usize, parameter: &Parameter) -> Value {
        let mut value = json!({
            "name": self.parameter_name(index, parameter),
            "in": parameter.location.as_str(),
            "required": parameter.required,
        });
        set(&mut value, "description", parameter.description.as_deref());
        if parameter.deprecated {
            value["deprecated"] = true.into();
        }
        // A parameter has no null on the wire.
        let schema = Schema {
            description: None,
            nullable: false,
            ..parameter.schema.clone()
        };
        let in_path = parameter.location == Location::Path;
        if in_path && !is_expressible(self.api, parameter) {
            // progenitor supports only plain values in a path, and no `content`.
            value["schema"] = json!({"type": "string"});
            style(&mut value, "x-", parameter);
        } else if parameter.style == Style::Json {
            value["content"] = json!({"application/json": {"schema": self.schema(&schema)}});
        } else {
            style(&mut value, "", parameter);
            value["schema"] = self.schema(&schema);
        }
        value
    }

    fn body(&self, body: &Body) -> Value {
        let mut value = json!({"required": body.required, "content": {}});
        set(&mut value, "description", body.description.as_deref());
        for one in body.bodies() {
            let (media, content) = (one.media.as_str(), &one.content);
            let mut described = json!({});
            described["schema"] = match content {
                BodyContent::Json(schema) => self.schema(&Schema {
                    nullable: false,
                    ..schema.clone()
                }),
                BodyContent::Form(schema, _) => self.schema(schema),
                BodyContent::Multipart(parts) => self.multipart(parts),
                BodyContent::Raw if media == "text/plain" => json!({"type": "string"}),
                BodyContent::Raw => binary(),
            };
            let known = one.ident == "body" && is_known_body(content, media);
            let (key, encoded_by) = match known {
                true => ("content", "x-encoding"),
                false => ("x-content", "encoding"),
            };
            let encoding = encoding(content);
            if !encoding.is_empty() {
                described[encoded_by] = Value::Object(encoding);
            }
            value[key][media] = described;
        }
        value
    }

    fn multipart(&self, parts: &[FormPart]) -> Value {
        let properties = parts.iter().map(|part| {
            let schema = Schema {
                nullable: false,
                ..part.schema.clone()
            };
            (part.name.clone(), self.schema(&schema))
        });
        let mut value = json!({"type": "object", "properties": properties.collect::<Map<_, _>>()});
        for part in parts.iter().filter(|part| part.required) {
            push(&mut value, "required", json!(part.name));
        }
        value
    }

    /// Splits the responses: progenitor supports one type for all successes and one for all errors.
    fn responses(&self, operation: &Operation, value: &mut Value) {
        value["responses"] = json!({});
        let mut errors = operation.responses.iter().filter_map(error_type);
        let first = errors.next();
        let one_error = errors.all(|other| Some(other) == first);
        for response in &operation.responses {
            let (kept, statuses) = placed(operation, response);
            let typed = response.is_success || one_error;
            let key = if kept { "responses" } else { "x-responses" };
            for status in statuses {
                if value[key].get(status).is_none() {
                    value[key][status] = self.response(operation, response, typed);
                }
            }
        }
        if value["responses"].as_object().is_none_or(Map::is_empty) {
            let content = json!({"application/octet-stream": {"schema": binary()}});
            value["responses"] = json!({"200": {"description": "", "content": content}});
        }
    }

    fn response(&self, operation: &Operation, response: &Response, typed: bool) -> Value {
        let mut value = json!({"description": response.description});
        let (media, schema) = match (&response.content, &operation.success) {
            (ResponseContent::Empty, _) => return value,
            (ResponseContent::Json(Some(schema)), _) => ("application/json", self.schema(schema)),
            (ResponseContent::Json(None), _) => ("application/json", json!({})),
            // progenitor uses this as the name of the item's type.
            (ResponseContent::Stream(_), Success::Stream(item, _))
                if self.placeholders.is_some() =>
            {
                ("application/json", self.schema(item))
            }
            (ResponseContent::Other(media) | ResponseContent::Stream(media), _) => {
                (media.as_str(), binary())
            }
        };
        let named = matches!(response.content, ResponseContent::Json(Some(_)));
        let key = match typed && (response.is_success || named) {
            true => "content",
            false => "x-content",
        };
        value[key] = json!({media: {"schema": schema}});
        value
    }

    fn named(&self, name: &str, named: &NamedSchema) -> Value {
        let mut value = match &named.schema.kind {
            // The pass `types` writes the values.
            Kind::Enum(_) if self.placeholders.is_some() => {
                json!({"type": "string", "enum": ["value"]})
            }
            Kind::Enum(values) => {
                let values: Vec<&str> = values.iter().map(|it| it.value.as_str()).collect();
                json!({"type": "string", "enum": values})
            }
            Kind::Union(members) => {
                json!({"oneOf": members.iter().map(|it| self.schema(it)).collect::<Vec<_>>()})
            }
            Kind::Tagged(tagged) => self.tagged(tagged),
            Kind::Object(object) => self.object(name, object),
            other => self.schema(&Schema::of(other.clone())),
        };
        set(
            &mut value,
            "description",
            named.schema.description.as_deref(),
        );
        set(&mut value, "x-upstream-name", named.upstream.as_deref());
        if named.schema.deprecated {
            value["deprecated"] = true.into();
        }
        value
    }

    fn tagged(&self, tagged: &Tagged) -> Value {
        let variants = tagged.variants.iter();
        let mut members: Vec<Value> = variants.clone().map(|it| self.schema(&it.schema)).collect();
        if self.placeholders.is_some() {
            // Any other value is an alternative, so that progenitor does not read the tags itself.
            members.push(json!({}));
            return json!({"oneOf": members});
        }
        let targets = variants.zip(&members).flat_map(|(variant, member)| {
            let target = member.get("$ref");
            let values = variant.values.iter();
            values.filter_map(move |value| Some((value.clone(), target?.clone())))
        });
        let mapping: Map<String, Value> = targets.collect();
        let discriminator = json!({"propertyName": tagged.tag, "mapping": mapping});
        json!({"oneOf": members, "discriminator": discriminator})
    }

    fn object(&self, name: &str, object: &Object) -> Value {
        let properties = object.properties.iter();
        let required: Vec<String> = properties
            .clone()
            .filter(|(_, property)| property.required)
            .map(|(wire, _)| self.property(name, wire))
            .collect();
        let properties: Map<String, Value> = properties
            .map(|(wire, property)| {
                let schema = self.schema(&property.schema);
                (self.property(name, wire), schema)
            })
            .collect();
        let mut value = json!({"type": "object", "properties": properties});
        if !required.is_empty() {
            value["required"] = json!(required);
        }
        if let Some(additional) = &object.additional {
            value["additionalProperties"] = self.schema(additional);
        }
        value
    }

    fn schema(&self, schema: &Schema) -> Value {
        let mut value = self.kind(schema);
        if value.get("$ref").is_some()
            && (schema.nullable || schema.deprecated || schema.description.is_some())
        {
            value = json!({"allOf": [value]});
        }
        if schema.nullable && schema.kind != Kind::Any {
            value["nullable"] = true.into();
        }
        if schema.deprecated {
            value["deprecated"] = true.into();
        }
        set(&mut value, "description", schema.description.as_deref());
        if let Some(default) = schema.default.as_ref().filter(|it| fits(it, &schema.kind)) {
            value["default"] = default.clone();
        }
        value
    }

    fn kind(&self, schema: &Schema) -> Value {
        let mut value = match &schema.kind {
            Kind::Any => json!({}),
            Kind::Boolean => json!({"type": "boolean"}),
            Kind::Integer(rust) => {
                let format = match rust.strip_prefix('u') {
                    Some(bits) => format!("uint{bits}"),
                    None => rust.replacen('i', "int", 1),
                };
                json!({"type": "integer", "format": format})
            }
            Kind::Number => json!({"type": "number", "format": "double"}),
            Kind::Timestamp => json!({"type": "string", "format": "date-time"}),
            Kind::IntegerText { signed: true } => json!({"type": "string", "format": "int64"}),
            Kind::IntegerText { signed: false } => json!({"type": "string", "format": "uint64"}),
            Kind::Binary => binary(),
            Kind::String => json!({"type": "string"}),
            Kind::Array(items) => json!({"type": "array", "items": self.schema(items)}),
            Kind::Map(values) => {
                json!({"type": "object", "additionalProperties": self.schema(values)})
            }
            Kind::Reference(name) => {
                json!({"$ref": format!("#/components/schemas/{}", self.type_name(name))})
            }
            Kind::Enum(_) | Kind::Object(_) | Kind::Union(_) | Kind::Tagged(_) => json!({}),
        };
        if matches!(schema.kind, Kind::String | Kind::Number) {
            set(&mut value, "format", schema.format.as_deref());
        }
        value
    }

    fn type_name(&self, name: &str) -> String {
        let placeholder = self.placeholders.and_then(|it| it.type_name(name));
        placeholder.unwrap_or_else(|| name.to_owned())
    }

    fn property(&self, owner: &str, wire: &str) -> String {
        let placeholder = self.placeholders.and_then(|it| it.property(owner, wire));
        placeholder.unwrap_or_else(|| wire.to_owned())
    }

    /// Returns the name of a parameter. progenitor takes parameters of the same name for one,
    /// wherever they are.
    fn parameter_name(&self, index: usize, parameter: &Parameter) -> String {
        match (self.placeholders, parameter.location) {
            (Some(_), Location::Path) => format!("x_path_{index}"),
            _ => parameter.name.clone(),
        }
    }

    fn path(&self, operation: &Operation) -> String {
        let mut path = operation.path.clone();
        let parameters = operation.parameters.iter().enumerate();
        for (index, parameter) in parameters.filter(|(_, it)| it.location == Location::Path) {
            let name = self.parameter_name(index, parameter);
            path = path.replace(&format!("{{{}}}", parameter.name), &format!("{{{name}}}"));
        }
        path
    }
}

/// Returns the statuses under which the document has a response, and whether progenitor supports it.
pub(crate) fn placed<'a>(operation: &Operation, response: &'a Response) -> (bool, Vec<&'a str>) {
    let (kept, statuses) = match response.status.as_str() {
        // progenitor treats the default as a success.
        status if status.eq_ignore_ascii_case("default") => match response.is_success {
            true => (true, vec!["200"]),
            false => (true, vec!["4XX", "5XX"]),
        },
        // A success keeps its type: the client accepts any successful status.
        status if status.starts_with('2') => {
            let status = if has_name(status) { status } else { "2XX" };
            (is_read(operation, response), vec![status])
        }
        status => (status.starts_with(['4', '5']), vec![status]),
    };
    (kept && statuses.iter().all(|it| has_name(it)), statuses)
}

/// Returns whether progenitor can send a parameter.
pub(crate) fn is_expressible(api: &Api, parameter: &Parameter) -> bool {
    let is_structured = match &parameter.schema.kind {
        Kind::Any | Kind::Map(_) | Kind::Object(_) => true,
        Kind::Reference(name) => {
            let named = api.schemas.get(name).map(|it| &it.schema.kind);
            !matches!(named, Some(Kind::Enum(_)))
        }
        _ => false,
    };
    parameter.location != Location::Cookie
        && parameter.style == Style::of(parameter.location)
        && !is_structured
}

/// Returns whether progenitor supports this kind of body.
pub(crate) fn is_known_body(content: &BodyContent, media: &str) -> bool {
    match content {
        BodyContent::Json(_) => media == "application/json",
        BodyContent::Form(..) => media == "application/x-www-form-urlencoded",
        BodyContent::Multipart(_) => false,
        BodyContent::Raw => ["text/plain", "application/octet-stream"].contains(&media),
    }
}

/// Adds the style and `explode` if they are not the defaults of the location.
fn style(value: &mut Value, prefix: &str, parameter: &Parameter) {
    let usual = Style::of(parameter.location);
    let is_form = usual == Style::Form;
    if (parameter.style, parameter.explode) != (usual, is_form) {
        value[format!("{prefix}style")] = parameter.style.as_str().into();
        value[format!("{prefix}explode")] = parameter.explode.into();
    }
    if parameter.reserved {
        value["allowReserved"] = true.into();
    }
}

/// Returns the encoding of fields and parts that are not written in the default way.
fn encoding(content: &BodyContent) -> Map<String, Value> {
    let mut encoding = Map::new();
    match content {
        BodyContent::Form(_, fields) => {
            for field in fields {
                let written = match field.style {
                    Style::Json => json!({"contentType": "application/json"}),
                    style => json!({"style": style.as_str(), "explode": field.explode}),
                };
                encoding.insert(field.name.clone(), written);
            }
        }
        BodyContent::Multipart(parts) => {
            for part in parts {
                if let Some(media) = &part.media {
                    encoding.insert(part.name.clone(), json!({"contentType": media}));
                }
            }
        }
        BodyContent::Json(_) | BodyContent::Raw => {}
    }
    encoding
}

/// Returns the type of an error response; `None` if the response is no error or has no content.
fn error_type(response: &Response) -> Option<Option<&Schema>> {
    if response.is_success || !response.status.starts_with(['4', '5', 'd', 'D']) {
        return None;
    }
    Some(match &response.content {
        ResponseContent::Json(schema) => schema.as_ref(),
        _ => None,
    })
}

/// Returns whether a successful response contains what the call returns.
fn is_read(operation: &Operation, response: &Response) -> bool {
    matches!(
        (&operation.success, &response.content),
        (
            Success::Json(_) | Success::OptionalJson(_),
            ResponseContent::Json(_)
        ) | (Success::Bytes, ResponseContent::Other(_))
            | (Success::Empty, ResponseContent::Empty)
            | (Success::Stream(..), ResponseContent::Stream(_))
    )
}

/// Returns whether progenitor knows the name of a status, which its mocks need.
fn has_name(status: &str) -> bool {
    let known = |status: http::StatusCode| status.canonical_reason().is_some();
    status.ends_with("XX") || status.parse().is_ok_and(known)
}

/// Returns whether a default is valid for its schema; otherwise progenitor refuses the document.
fn fits(default: &Value, kind: &Kind) -> bool {
    match kind {
        Kind::Boolean => default.is_boolean(),
        Kind::Integer("i64") => default.is_i64(),
        Kind::Number => default.is_number(),
        Kind::String => default.is_string(),
        _ => false,
    }
}

fn scheme(scheme: &SecurityScheme) -> (String, Value) {
    let mut value = match &scheme.kind {
        SchemeKind::Bearer => json!({"type": "http", "scheme": "bearer"}),
        SchemeKind::Basic => json!({"type": "http", "scheme": "basic"}),
        SchemeKind::ApiKey { location, name } => {
            json!({"type": "apiKey", "in": location.as_str(), "name": name})
        }
    };
    set(&mut value, "description", scheme.description.as_deref());
    (scheme.name.clone(), value)
}

fn binary() -> Value {
    json!({"type": "string", "format": "binary"})
}

fn set(value: &mut Value, key: &str, text: Option<&str>) {
    if let Some(text) = text {
        value[key] = text.into();
    }
}

fn push(value: &mut Value, key: &str, item: Value) {
    match value.get_mut(key).and_then(Value::as_array_mut) {
        Some(list) => list.push(item),
        None => value[key] = json!([item]),
    }
}
