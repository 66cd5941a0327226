//! Valid arguments of an operation, and the request with them.

use compute_kfp_runtime::operation::{BodyKind, Location, Operation, Parameter};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value, json};

use super::api_spec::ApiSpec;
use super::support::encoded;
use super::world::{PIPELINE, World};

impl World<'_> {
    /// Returns the arguments of an operation by parameter name, and `body`.
    pub fn arguments(&self, operation: &Operation, spec: &ApiSpec) -> Map<String, Value> {
        let mut arguments = Map::new();
        let query = self.query(operation);
        for parameter in operation.parameters {
            let text = match parameter.location {
                Location::Path => Some(self.path_value(operation, parameter.name)),
                _ => {
                    let given = query.iter().find(|(name, _)| *name == parameter.name);
                    given.map(|(_, text)| text.clone())
                }
            };
            if let Some(text) = text {
                arguments.insert(parameter.name.to_owned(), typed(parameter, text));
            }
        }
        if !matches!(
            operation.body().map(|body| body.kind),
            None | Some(BodyKind::Multipart(_))
        ) {
            let body = self
                .body(operation)
                .unwrap_or_else(|| self.value(spec, spec.body(operation), ""));
            arguments.insert("body".to_owned(), body);
        }
        arguments
    }

    /// Returns a valid request for the operation.
    pub fn request(&self, operation: &Operation, spec: &ApiSpec) -> RequestBuilder {
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        let mut path = self.path(operation);
        let query = self.query(operation);
        if !query.is_empty() {
            let pairs = query
                .iter()
                .map(|(name, value)| format!("{name}={}", encoded(value)));
            path = format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"));
        }
        let request = self.authorised(self.plain(method, &path), operation);
        match operation.body().map(|body| body.kind) {
            None => request,
            Some(BodyKind::Multipart(_)) => {
                let file = Part::text(PIPELINE.to_string()).file_name("again.json");
                request.multipart(Form::new().part("uploadfile", file))
            }
            Some(_) => request.json(&self.arguments(operation, spec)["body"]),
        }
    }

    /// Returns a value with the required properties of a schema, which refers to existing objects.
    fn value(&self, spec: &ApiSpec, schema: &Value, name: &str) -> Value {
        let schema = spec.resolve(schema);
        if let Some(alternatives) = schema["anyOf"].as_array() {
            return self.value(spec, &alternatives[0], name);
        }
        if let Some(names) = schema["enum"].as_array() {
            return names[0].clone();
        }
        if let Some(id) = self.id_of(name) {
            return id;
        }
        match (schema["type"].as_str(), schema["format"].as_str()) {
            (Some("string"), Some("date-time")) if name.starts_with("end") => {
                json!("2025-01-08T10:00:00Z")
            }
            (Some("string"), Some("date-time")) => json!("2025-01-08T09:00:00Z"),
            (Some("string"), _) => json!("text"),
            (Some("integer"), _) => json!(1),
            (Some("number"), _) => json!(0.5),
            (Some("boolean"), _) => json!(true),
            (Some("array"), _) => json!([]),
            _ => {
                let required = schema["required"].as_array();
                let required = required.into_iter().flatten().filter_map(Value::as_str);
                required
                    .map(|field| {
                        let of_field = &schema["properties"][field];
                        (field.to_owned(), self.value(spec, of_field, field))
                    })
                    .collect()
            }
        }
    }
}

fn typed(parameter: &Parameter, text: String) -> Value {
    match parameter.kind {
        "string" => text.into(),
        "array" => json!([text]),
        _ => serde_json::from_str(&text).unwrap(),
    }
}
