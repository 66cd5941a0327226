//! Swagger 2.0, as grpc-gateway emits it, to OpenAPI 3.0.3.
//!
//! No converter crate is used: those reorder properties, share request bodies between operations
//! and lose the places of parameters, which would show in the generated code and in error messages.

use serde_json::{Map, Value, json};

use super::{ORIGINAL_PLACE, strings};
use crate::part::METHODS;
use crate::pointer::Pointer;

type Object = Map<String, Value>;

/// Keys of a Swagger parameter that do not move into its schema in OpenAPI 3. Extensions stay, too.
const PARAMETER_KEYS: [&str; 8] = [
    "$ref",
    "name",
    "in",
    "description",
    "required",
    "allowEmptyValue",
    "collectionFormat",
    "schema",
];

const FORMS: [&str; 2] = ["multipart/form-data", "application/x-www-form-urlencoded"];

pub(super) fn lift(mut document: Value) -> Value {
    let shared = Shared::of(&document);
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        let at = Pointer::root().at("paths").at(path);
        let Some(item) = item.as_object_mut() else {
            continue;
        };
        spread_parameters(item, &at);
        for method in METHODS {
            if let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) {
                shared.lift_operation(&at.at(method), operation);
            }
        }
    }

    let servers = servers(&document);
    let Value::Object(mut old) = document else {
        return document;
    };
    let mut lifted = Object::new();
    lifted.insert("openapi".into(), "3.0.3".into());
    for key in ["info", "tags", "externalDocs", "security"] {
        if let Some(value) = old.remove(key) {
            lifted.insert(key.into(), value);
        }
    }
    if let Some(servers) = servers {
        lifted.insert("servers".into(), servers);
    }
    lifted.insert("paths".into(), old.remove("paths").unwrap_or(Value::Null));
    lifted.insert(
        "components".into(),
        json!({
            "schemas": old.remove("definitions").unwrap_or_else(|| json!({})),
            "securitySchemes": security_schemes(old.remove("securityDefinitions")),
        }),
    );
    let mut lifted = Value::Object(lifted);
    rewrite_schemas(&mut lifted);
    lifted
}

/// What the top of a Swagger document says for all operations.
struct Shared {
    /// The host and path of the server.
    address: Option<String>,
    consumes: Vec<String>,
    produces: Vec<String>,
}

impl Shared {
    fn of(document: &Value) -> Self {
        Self {
            address: address(document),
            consumes: strings(document.get("consumes")),
            produces: strings(document.get("produces")),
        }
    }

    fn lift_operation(&self, at: &Pointer, operation: &mut Object) {
        let list = |operation: &mut Object, key: &str, inherited: &[String]| {
            operation
                .remove(key)
                .map_or_else(|| inherited.to_vec(), |own| strings(Some(&own)))
        };
        let consumes = list(operation, "consumes", &self.consumes);
        let produces = list(operation, "produces", &self.produces);
        let schemes = strings(operation.remove("schemes").as_ref());
        if let Some(address) = self.address.as_ref().filter(|_| !schemes.is_empty()) {
            operation.insert("servers".into(), with_schemes(&schemes, address));
        }
        self.lift_parameters(at, operation, &consumes);
        self.lift_responses(operation, &produces);
    }

    fn lift_parameters(&self, at: &Pointer, operation: &mut Object, consumes: &[String]) {
        let parameters = match operation.remove("parameters") {
            Some(Value::Array(parameters)) => parameters,
            Some(other) => {
                operation.insert("parameters".into(), other);
                return;
            }
            None => return,
        };
        let mut kept = Vec::new();
        let mut form = Vec::new();
        for (index, parameter) in parameters.into_iter().enumerate() {
            let place = parameter
                .get(ORIGINAL_PLACE)
                .and_then(Value::as_str)
                .map_or_else(|| at.at("parameters").at(index).into(), str::to_owned);
            let mut parameter = match parameter {
                Value::Object(parameter) if !parameter.contains_key("$ref") => parameter,
                unreadable => {
                    kept.push(unreadable);
                    continue;
                }
            };
            parameter.insert(ORIGINAL_PLACE.into(), place.into());
            match parameter.get("in").and_then(Value::as_str) {
                Some("body") if !operation.contains_key("requestBody") => {
                    operation.insert("requestBody".into(), body(parameter, consumes));
                }
                Some("formData") => form.push(parameter),
                _ => kept.push(Value::Object(plain(parameter))),
            }
        }
        if !form.is_empty() {
            operation.insert("requestBody".into(), form_body(at, form, consumes));
        }
        operation.insert("parameters".into(), Value::Array(kept));
    }

    fn lift_responses(&self, operation: &mut Object, produces: &[String]) {
        let Some(responses) = operation
            .get_mut("responses")
            .and_then(Value::as_object_mut)
        else {
            return;
        };
        for response in responses.values_mut() {
            let Some(response) = response.as_object_mut() else {
                continue;
            };
            response.remove("examples");
            let Some(mut schema) = response.remove("schema") else {
                continue;
            };
            let mut media = produces.to_vec();
            if schema.get("type").and_then(Value::as_str) == Some("file") {
                schema = json!({"type": "string", "format": "binary"});
                media.retain(|media| !media.starts_with("application/json"));
                if media.is_empty() {
                    media.push("application/octet-stream".into());
                }
            } else if media.is_empty() {
                media.push("application/json".into());
            }
            response.insert("content".into(), content(&media, &schema));
        }
    }
}

/// Appends the parameters of a path item to those of each of its operations.
fn spread_parameters(item: &mut Object, at: &Pointer) {
    let Some(Value::Array(mut shared)) = item.remove("parameters") else {
        return;
    };
    for (index, parameter) in shared.iter_mut().enumerate() {
        if let Some(parameter) = parameter.as_object_mut() {
            let place = String::from(at.at("parameters").at(index));
            parameter.insert(ORIGINAL_PLACE.into(), place.into());
        }
    }
    let is_same = |a: &Value, b: &Value| {
        a.get("name").is_some() && ["name", "in"].iter().all(|key| a.get(key) == b.get(key))
    };
    for method in METHODS {
        let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) else {
            continue;
        };
        let own = operation.entry("parameters").or_insert_with(|| json!([]));
        if let Some(own) = own.as_array_mut() {
            let inherited = shared.iter();
            let inherited = inherited.filter(|it| !own.iter().any(|own| is_same(own, it)));
            let inherited: Vec<Value> = inherited.cloned().collect();
            own.extend(inherited);
        }
    }
}

fn content(media: &[String], schema: &Value) -> Value {
    media
        .iter()
        .map(|media| (media.clone(), json!({"schema": schema})))
        .collect::<Object>()
        .into()
}

fn body(mut parameter: Object, consumes: &[String]) -> Value {
    let schema = parameter.remove("schema").unwrap_or_else(|| json!({}));
    // A form has its own parameters; other media types are meant for other operations.
    let is_form = |media: &&String| FORMS.iter().any(|form| media.starts_with(form));
    let mut media: Vec<String> = consumes.iter().filter(|it| !is_form(it)).cloned().collect();
    if media.is_empty() {
        media.push("application/json".to_owned());
    }
    parameter.remove("in");
    parameter.remove("name");
    parameter.insert("content".into(), content(&media, &schema));
    Value::Object(parameter)
}

fn form_body(at: &Pointer, fields: Vec<Object>, consumes: &[String]) -> Value {
    let has_file = fields
        .iter()
        .any(|field| field.get("type").and_then(Value::as_str) == Some("file"));
    let [multipart, urlencoded] = FORMS;
    let media = if has_file || consumes.iter().any(|media| media.starts_with(multipart)) {
        multipart
    } else {
        urlencoded
    };
    let mut properties = Object::new();
    let mut encoding = Object::new();
    let mut required = Vec::new();
    for field in fields {
        let Some(name) = field.get("name").and_then(Value::as_str).map(str::to_owned) else {
            continue;
        };
        if field.get("required") == Some(&Value::Bool(true)) {
            required.push(Value::String(name.clone()));
        }
        let mut field = plain(field);
        if let (Some(style), Some(explode)) = (field.remove("style"), field.remove("explode")) {
            encoding.insert(name.clone(), json!({"style": style, "explode": explode}));
        }
        let mut schema = field.remove("schema").unwrap_or_default();
        for key in [ORIGINAL_PLACE, "description"] {
            if let Some(value) = field.remove(key) {
                schema[key] = value;
            }
        }
        properties.insert(name, schema);
    }
    let any_required = !required.is_empty();
    let mut schema = json!({"type": "object", "properties": properties});
    if any_required {
        schema["required"] = Value::Array(required);
    }
    let mut content = json!({"schema": schema});
    if !encoding.is_empty() {
        content["encoding"] = Value::Object(encoding);
    }
    json!({
        ORIGINAL_PLACE: at.at("parameters").as_str(),
        "required": any_required,
        "content": {media: content},
    })
}

/// Moves the schema of a parameter into a key of its own.
fn plain(parameter: Object) -> Object {
    let stays =
        |key: &str| PARAMETER_KEYS.contains(&key) || key.starts_with("x-") && key != "x-nullable";
    let (mut parameter, mut schema): (Object, Object) =
        (parameter.into_iter()).partition(|(key, _)| stays(key));
    match schema.get("type").and_then(Value::as_str) {
        Some("file") => {
            schema.insert("type".into(), "string".into());
            schema.insert("format".into(), "binary".into());
        }
        Some("array") => {
            let usual = match parameter.get("in").and_then(Value::as_str) {
                Some("query" | "formData") => "form",
                _ => "simple",
            };
            let format = parameter.remove("collectionFormat");
            let (style, explode) = list_style(format.as_ref().and_then(Value::as_str), usual);
            parameter.insert("style".into(), style.into());
            parameter.insert("explode".into(), explode.into());
        }
        _ => {}
    }
    parameter.insert("schema".into(), Value::Object(schema));
    parameter
}

/// Returns the style of a list, and whether it is exploded, for a `collectionFormat`.
fn list_style(format: Option<&str>, usual: &'static str) -> (&'static str, bool) {
    match format {
        Some("multi") => ("form", true),
        Some("ssv") => ("spaceDelimited", false),
        Some("tsv") => ("tabDelimited", false),
        Some("pipes") => ("pipeDelimited", false),
        _ => (usual, false),
    }
}

fn servers(old: &Value) -> Option<Value> {
    let Some(address) = address(old) else {
        let base = base_path(old);
        return (!base.is_empty()).then(|| json!([{"url": base}]));
    };
    let mut schemes = strings(old.get("schemes"));
    if schemes.is_empty() {
        schemes.push("https".to_owned());
    }
    Some(with_schemes(&schemes, &address))
}

fn with_schemes(schemes: &[String], address: &str) -> Value {
    let url = |scheme| json!({"url": format!("{scheme}://{address}")});
    schemes.iter().map(url).collect()
}

/// Returns the host and path of the server.
fn address(document: &Value) -> Option<String> {
    let host = document.get("host")?.as_str().filter(|it| !it.is_empty())?;
    Some(format!("{host}{}", base_path(document)))
}

fn base_path(document: &Value) -> String {
    let base = document.get("basePath").and_then(Value::as_str);
    match base.unwrap_or("").trim_matches('/') {
        "" => String::new(),
        path => format!("/{path}"),
    }
}

fn security_schemes(definitions: Option<Value>) -> Value {
    let Some(Value::Object(mut definitions)) = definitions else {
        return json!({});
    };
    for definition in definitions.values_mut() {
        let Some(scheme) = definition.as_object_mut() else {
            continue;
        };
        match scheme.get("type").and_then(Value::as_str) {
            Some("basic") => {
                scheme.insert("type".into(), "http".into());
                scheme.insert("scheme".into(), "basic".into());
            }
            Some("oauth2") => {
                let flow = match scheme.remove("flow").as_ref().and_then(Value::as_str) {
                    Some("application") => "clientCredentials",
                    Some("accessCode") => "authorizationCode",
                    Some("password") => "password",
                    _ => "implicit",
                };
                let mut details = Object::new();
                for key in ["authorizationUrl", "tokenUrl", "scopes"] {
                    if let Some(value) = scheme.remove(key) {
                        details.insert(key.into(), value);
                    }
                }
                scheme.insert("flows".into(), json!({flow: details}));
            }
            _ => {}
        }
    }
    Value::Object(definitions)
}

/// Rewrites reference targets and `x-nullable`, which Swagger spells differently.
fn rewrite_schemas(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(target)) = map.get_mut("$ref")
                && let Some(name) = target.strip_prefix("#/definitions/")
            {
                *target = format!("#/components/schemas/{name}");
            }
            if map.get("x-nullable").is_some_and(Value::is_boolean)
                && let Some(nullable) = map.shift_remove("x-nullable")
            {
                map.insert("nullable".into(), nullable);
            }
            map.values_mut().for_each(rewrite_schemas);
        }
        Value::Array(items) => items.iter_mut().for_each(rewrite_schemas),
        _ => {}
    }
}
