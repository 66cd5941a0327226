//! The code for each construct of a spec, in a spec that has nothing else.

use compute_kfp_codegen::{Generated, Overlay, Spec, generate, openapi30};
use serde_json::{Value, json};

fn generated(document: &Value) -> Generated {
    generate(&Spec::from_string("api.json", document.to_string()))
        .unwrap_or_else(|error| panic!("{error}"))
}

fn with_schemas(schemas: Value) -> Generated {
    generated(&json!({"openapi": "3.0.3", "paths": {}, "components": {"schemas": schemas}}))
}

fn with_schemas_31(schemas: Value) -> Generated {
    generated(&json!({"openapi": "3.1.0", "paths": {}, "components": {"schemas": schemas}}))
}

/// A property `p` of an object `A`.
fn with_property(property: Value) -> Generated {
    with_schemas(json!({"A": {"type": "object", "properties": {"p": property}}}))
}

fn with_property_31(property: Value) -> Generated {
    with_schemas_31(json!({
        "A": {"type": "object", "properties": {"p": property}},
        "B": {"type": "object", "properties": {"b": {"type": "string"}}},
    }))
}

fn with_operation(operation: Value) -> Generated {
    generated(&json!({"openapi": "3.0.3", "paths": {"/x": {"post": operation}}}))
}

fn with_parameters(parameters: Value) -> Generated {
    with_operation(json!({"operationId": "x", "parameters": parameters, "responses": {"204": {}}}))
}

fn responding(responses: Value) -> Generated {
    generated(&json!({
        "openapi": "3.0.3", "paths": {"/x": {"get": {"operationId": "x", "responses": responses}}},
        "components": {"schemas": {"A": {"properties": {"a": {}}}, "B": {"properties": {"b": {}}}}},
    }))
}

/// Code without line breaks, which makes it easy to search.
fn flat(code: &str) -> String {
    let mut code = code.split_whitespace().collect::<Vec<_>>().join(" ");
    for module in [
        "boxed", "convert", "future", "iter", "marker", "ops", "option", "result", "string", "vec",
    ] {
        code = code.replace(&format!("::std::{module}::"), "");
    }
    code.replace("::compute_kfp_runtime", "runtime")
        .replace(" .", ".")
        .replace("( ", "(")
        .replace(", )", ")")
        .replace(" )", ")")
        .replace("< ", "<")
        .replace(", >", ">")
}

#[track_caller]
fn has(generated: &Generated, file: &str, code: &str) {
    let text = generated.file(file).unwrap();
    assert!(flat(text).contains(&flat(code)), "no `{code}` in\n{text}");
}

#[track_caller]
fn lacks(generated: &Generated, code: &str) {
    for (file, text) in generated.files() {
        assert!(
            !flat(text).contains(&flat(code)),
            "`{code}` in {file}:\n{text}"
        );
    }
}

#[track_caller]
fn field(property: Value, code: &str) {
    has(&with_property(property), "types.rs", code);
}

#[track_caller]
fn field_31(property: Value, code: &str) {
    has(&with_property_31(property), "types.rs", code);
}

fn json_response(schema: Value) -> Value {
    json!({"description": "", "content": {"application/json": {"schema": schema}}})
}

fn refer(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

// Dialects

#[test]
fn swagger_2_0_is_read_with_its_bodies_forms_and_definitions() {
    let generated = generated(&json!({
        "swagger": "2.0", "consumes": ["application/json"], "produces": ["application/json"],
        "paths": {
            "/a/{id}": {
                "parameters": [{"$ref": "#/parameters/id"}],
                "put": {
                    "operationId": "AService_PutA",
                    "parameters": [{"name": "a", "in": "body", "required": true, "schema": {"$ref": "#/definitions/v1A"}}],
                    "responses": {"200": {"schema": {"$ref": "#/definitions/v1A"}}},
                },
            },
            "/upload": {"post": {
                "operationId": "upload", "parameters": [{"name": "file", "in": "formData", "type": "file", "required": true}],
                "responses": {"200": {"schema": {"type": "file"}}},
            }},
        },
        "parameters": {"id": {"name": "id", "in": "path", "required": true, "type": "string"}},
        "definitions": {"v1A": {"type": "object", "properties": {"n": {"type": "string", "x-nullable": true}}}},
    }));
    has(
        &generated,
        "client.rs",
        "pub fn put_a(&self, id: impl Into<String>, body: impl TryInto<types::A, Error: Into<runtime::BuildError>>) -> builder::PutA<'_>",
    );
    has(
        &generated,
        "client.rs",
        "pub fn upload(&self, file: impl Into<runtime::Content>) -> builder::Upload<'_>",
    );
    has(
        &generated,
        "builder.rs",
        "Result<runtime::Response<runtime::ByteStream>, runtime::Error>",
    );
    has(&generated, "types.rs", "pub n: runtime::Nullable<String>");
    has(&generated, "types.rs", "#[doc(alias = \"v1A\")]");
}

#[test]
fn a_required_property_may_be_missing_only_in_documents_of_grpc_gateway() {
    let thing = json!({"type": "object", "required": ["p"], "properties": {
        "p": {"type": "string"}, "ratio": {"type": "number"},
    }});
    let swagger = |paths: Value, more: &str| {
        let definitions = json!({"A": thing, more: {"type": "object", "properties": {"a": {}}}});
        generated(&json!({"swagger": "2.0", "paths": paths, "definitions": definitions}))
    };
    let operation = |id: &str, tag: &str| json!({"/a": {"get": {"operationId": id, "tags": [tag], "responses": {}}}});
    for strict in [
        swagger(json!({}), "B"),
        swagger(operation("Things_List", "Things"), "B"),
        swagger(operation("list", "ThingService"), "B"),
        with_schemas(json!({"A": thing, "rpcStatus": thing})),
    ] {
        has(&strict, "types.rs", "pub p: String");
        lacks(&strict, "number_text");
    }
    for relaxed in [
        swagger(json!({}), "googlerpcStatus"),
        swagger(json!({}), "protobufAny"),
        swagger(json!({}), "runtimeError"),
        swagger(operation("ThingService_List", "ThingService"), "B"),
    ] {
        has(&relaxed, "types.rs", "pub p: Option<String>");
        has(
            &relaxed,
            "types.rs",
            "serialize_with = \"runtime::number_text::serialize\"",
        );
    }
}

#[test]
fn openapi_3_1_any_of_null_is_a_nullable_shape() {
    field_31(
        json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
        "pub p: runtime::Nullable<String>",
    );
    field_31(
        json!({"anyOf": [refer("B"), {"type": "null"}]}),
        "pub p: runtime::Nullable<B>",
    );
    field_31(
        json!({"oneOf": [{"type": "null"}, {"type": "integer"}]}),
        "pub p: runtime::Nullable<i64>",
    );
    field_31(
        json!({"type": ["boolean", "null"]}),
        "pub p: runtime::Nullable<bool>",
    );
}

#[test]
fn openapi_3_1_const_examples_and_numeric_bounds_are_supported() {
    field_31(json!({"const": "fixed"}), "pub p: Option<AP>");
    has(
        &with_property_31(json!({"const": "fixed"})),
        "types.rs",
        "Fixed = \"fixed\"",
    );
    field_31(json!({"const": 404}), "pub p: Option<i64>");
    field_31(
        json!({"type": "integer", "exclusiveMinimum": 0, "examples": [1]}),
        "pub p: Option<i64>",
    );
}

#[test]
fn openapi_3_1_tuples_are_lists_of_any_of_their_types() {
    field_31(
        json!({"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}]}),
        "pub p: Option<Vec<f64>>",
    );
    let mixed = with_property_31(
        json!({"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "integer"}}),
    );
    has(&mixed, "types.rs", "pub p: Option<Vec<APItem>>");
    has(&mixed, "types.rs", "Integer(i64)");
}

#[test]
fn openapi_3_1_references_may_have_siblings() {
    let generated = with_property_31(
        json!({"$ref": "#/components/schemas/B", "description": "Said here.", "default": {}}),
    );
    has(&generated, "types.rs", "/// Said here.");
    has(&generated, "types.rs", "pub p: Option<B>");
}

#[test]
fn openapi_3_2_is_read_as_3_1() {
    let property = json!({"type": ["string", "null"]});
    let schemas = json!({"A": {"properties": {"p": property}}});
    let document = json!({"openapi": "3.2.0", "paths": {}, "components": {"schemas": schemas}});
    has(
        &generated(&document),
        "types.rs",
        "pub p: runtime::Nullable<String>",
    );
}

#[test]
fn openapi_3_1_webhooks_are_left_out() {
    let document = json!({"openapi": "3.1.0", "paths": {}, "webhooks": {"w": {"post": {"requestBody": {"$ref": "#/missing"}}}}});
    generated(&document);
}

// Responses

#[test]
fn the_return_type_covers_all_successful_responses() {
    let returned = |responses: Value, ty: &str, send: &str| {
        let generated = responding(responses);
        has(
            &generated,
            "builder.rs",
            &format!("Result<runtime::Response<{ty}>, runtime::Error>"),
        );
        has(
            &generated,
            "builder.rs",
            &format!("transport().{send}(self.request)"),
        );
    };
    let a = json_response(refer("A"));
    returned(json!({"200": a}), "types::A", "send_json");
    returned(json!({"200": a, "201": a}), "types::A", "send_json");
    returned(
        json!({"200": a, "204": {}}),
        "Option<types::A>",
        "send_optional_json",
    );
    returned(
        json!({"200": a, "201": json_response(refer("B"))}),
        "::serde_json::Value",
        "send_json",
    );
    returned(json!({"204": {}}), "()", "send_empty");
    returned(json!({"default": a}), "types::A", "send_json");
    returned(
        json!({"200": a, "default": json_response(refer("B"))}),
        "types::A",
        "send_json",
    );
    returned(
        json!({"200": a, "400": json_response(refer("B")), "422": {}, "5XX": {}}),
        "types::A",
        "send_json",
    );
    returned(
        json!({"200": json_response(json!({"type": "array", "items": refer("A")}))}),
        "Vec<types::A>",
        "send_json",
    );
    returned(
        json!({"200": json_response(json!({"type": "object", "properties": {}}))}),
        "::serde_json::Map<String, ::serde_json::Value>",
        "send_json",
    );
}

#[test]
fn a_response_that_is_not_json_is_a_stream_of_bytes() {
    let binary = json!({"200": {"description": "", "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}});
    has(
        &responding(binary),
        "builder.rs",
        "Response<runtime::ByteStream>",
    );
    has(
        &responding(json!({})),
        "builder.rs",
        "Response<runtime::ByteStream>",
    );
}

// Tables, calls by name, mocks

/// An operation with a list in the query and in the body, and a response.
fn with_lists() -> Generated {
    generated(&json!({
        "openapi": "3.0.3",
        "paths": {"/x/{id}": {"post": {
            "operationId": "x",
            "parameters": [
                {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
                {"name": "ids", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}},
                {"name": "open", "in": "query", "schema": {}},
            ],
            "requestBody": {"required": true, "content": {"application/json": {
                "schema": {"type": "array", "items": refer("A")},
            }}},
            "responses": {"400": {}, "201": json_response(refer("A"))},
        }}},
        "components": {"schemas": {"A": {"type": "object", "properties": {"a": {"type": "string"}}}}},
    }))
}

#[test]
fn the_table_has_the_shapes_of_items_bodies_and_responses() {
    for fact in [
        "Parameter::new(\"ids\", Location::Query, \"array\").items(\"integer\")",
        "Parameter::new(\"open\", Location::Query, \"any\")",
        "BodySchema::new(\"array\", \"A\")",
        ".success_status(201).response(ResponseKind::Json)",
    ] {
        has(&with_lists(), "operations.rs", fact);
    }
    let without = with_parameters(json!([]));
    let facts = "Operation::new(\"x\", \"x\", \"POST\", \"/x\").success_status(204);";
    has(&without, "operations.rs", facts);
    let bytes = responding(json!({"200": {"content": {"text/plain": {}}}}));
    has(&bytes, "operations.rs", ".response(ResponseKind::Bytes)");
    let either = responding(json!({"200": json_response(refer("A")), "204": {}}));
    has(
        &either,
        "operations.rs",
        ".response(ResponseKind::OptionalJson)",
    );
}

#[test]
fn any_operation_can_be_called_by_name_and_no_operation_conflicts_with_that() {
    let generated = with_operation(json!({"operationId": "call", "responses": {"204": {}}}));
    has(
        &generated,
        "client.rs",
        "#[cfg(feature = \"dynamic\")] pub fn call(&self, operation: &str, arguments: impl Into<::serde_json::Value>) -> Result<runtime::dynamic::Call, runtime::Error>",
    );
    has(&generated, "client.rs", "pub fn call_(&self)");
}

#[test]
fn each_operation_has_a_mock_with_its_names_and_types() {
    let generated = with_lists();
    has(&generated, "mod.rs", "#[cfg(feature = \"mock\")]");
    for code in [
        "fn x<F>(&self, config_fn: F) -> runtime::mock::httpmock::Mock<'_> where F: FnOnce(operations::XWhen, operations::XThen);",
        "pub fn id(self, value: impl Into<String>) -> Self",
        "pub fn ids(self, value: impl IntoIterator<Item = impl Into<i64>>) -> Self",
        "Self(self.0.with(|when| when.json_body_obj(&value)))",
        "pub fn created(self, value: &types::A) -> Self",
        "pub fn bad_request(self) -> Self",
    ] {
        has(&generated, "mock.rs", code);
    }
    let nothing = with_parameters(json!([]));
    has(&nothing, "mock.rs", "pub fn no_content(self) -> Self");
}

#[test]
fn methods_are_grouped_by_tag_with_a_heading_and_a_sentence() {
    let operation =
        |id: &str, tags: Value| json!({"get": {"operationId": id, "tags": tags, "responses": {}}});
    let generated = generated(&json!({
        "openapi": "3.0.3",
        "tags": [{"name": "ThingService", "description": "Things to read."}],
        "paths": {
            "/a": operation("a", json!(["ThingService"])),
            "/b": operation("b", json!(["Other"])),
            "/c": operation("c", json!([])),
            "/d": operation("d", json!(["ThingService"])),
        },
    }));
    let client = generated.file("client.rs").unwrap();
    let place = |text: &str| {
        client
            .find(text)
            .unwrap_or_else(|| panic!("no {text} in {client}"))
    };
    let order = [
        "/// # Thing\n///\n/// Things to read.\nimpl Client {",
        "pub fn a(",
        "pub fn d(",
        "/// # Other\n///\n/// Operations with the tag `Other`.\nimpl Client {",
        "pub fn b(",
        "pub fn c(",
    ];
    assert!(order.map(place).is_sorted(), "{client}");
}

#[test]
fn json_schemas_are_derived_with_a_feature() {
    let derive = "#[cfg_attr(feature = \"schemars\", derive(::schemars::JsonSchema))]";
    has(
        &with_property(json!({"type": "string"})),
        "types.rs",
        derive,
    );
}

#[test]
fn a_mock_responds_with_each_error_in_its_own_type() {
    let generated = responding(json!({
        "200": json_response(refer("A")), "404": json_response(refer("A")), "422": json_response(refer("B")),
    }));
    for method in [
        "pub fn ok(self, value: &types::A) -> Self",
        "pub fn not_found(self, value: &types::A) -> Self",
        "pub fn unprocessable_entity(self, value: &types::B) -> Self",
    ] {
        has(&generated, "mock.rs", method);
    }
}

// Bodies

#[test]
fn required_parts_of_a_multipart_body_are_arguments_and_optional_ones_methods() {
    let schema = json!({"type": "object", "required": ["file"], "properties": {
        "file": {"type": "string", "format": "binary"}, "caption": {"type": "string"},
    }});
    let generated = with_operation(json!({
        "operationId": "upload", "responses": {"204": {}},
        "requestBody": {"required": true, "content": {"multipart/form-data": {"schema": schema}}},
    }));
    has(
        &generated,
        "client.rs",
        "pub fn upload(&self, file: impl Into<runtime::Content>)",
    );
    has(
        &generated,
        "builder.rs",
        "request.file_part(\"file\", file)",
    );
    has(
        &generated,
        "builder.rs",
        "pub fn caption(mut self, caption: impl Into<String>)",
    );
    for part in [
        "BodyPart::new(\"file\", true).required()",
        "BodyPart::new(\"caption\", false)",
    ] {
        has(&generated, "operations.rs", part);
    }
}

#[test]
fn forms_strings_and_json_are_sent_in_their_own_formats() {
    let sent = |media: &str, required: bool| {
        with_operation(
            json!({"operationId": "x", "responses": {"204": {}}, "requestBody": {
                "required": required, "content": {media: {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}}},
            }}),
        )
    };
    has(
        &sent("application/x-www-form-urlencoded", true),
        "builder.rs",
        "request.form_body(body)",
    );
    has(
        &sent("application/merge-patch+json", true),
        "builder.rs",
        "request.json_body(body)",
    );
    has(
        &sent("text/plain", true),
        "builder.rs",
        "request.raw_body(\"text/plain\", body)",
    );
    has(
        &sent("application/json", false),
        "builder.rs",
        "pub fn body(mut self, body: impl TryInto<types::XBody",
    );
    has(
        &sent("application/json", false),
        "client.rs",
        "pub fn x(&self) -> builder::X<'_>",
    );
}

fn with_body(content: Value) -> Generated {
    with_operation(json!({
        "operationId": "x", "responses": {"204": {}},
        "requestBody": {"required": true, "content": content},
    }))
}

#[test]
fn a_body_has_the_declared_media_type() {
    let object = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    for media in [
        "application/merge-patch+json",
        "application/vnd.api+json",
        "text/json",
        "application/json; charset=utf-8",
    ] {
        let generated = with_body(json!({media: {"schema": object}}));
        has(
            &generated,
            "operations.rs",
            &format!(
                "Body::new(\"body\", BodyKind::Json).media(\"{media}\").schema(BodySchema::new(\"object\", \"XBody\"))"
            ),
        );
        has(&generated, "operations.rs", ".body_required()");
        has(
            &generated,
            "client.rs",
            "pub fn x(&self, body: impl TryInto<types::XBody",
        );
        has(
            &generated,
            "mock.rs",
            "pub fn body(self, value: &types::XBody)",
        );
    }
    let range = with_body(json!({"*/*": {"schema": object}}));
    has(
        &range,
        "operations.rs",
        "Body::new(\"body\", BodyKind::Json).schema(",
    );
    for (range, schema) in [
        ("image/*", json!({})),
        ("*/*", json!({"type": "string", "format": "binary"})),
        ("application/*", json!({"type": "string"})),
    ] {
        let generated = with_body(json!({range: {"schema": schema}}));
        let body = format!("Body::new(\"body\", BodyKind::Raw(\"{range}\"))]).body_required()");
        has(&generated, "operations.rs", &body);
    }
    has(
        &with_body(json!({"image/*": {}})),
        "operations.rs",
        "BodyKind::Raw(\"image/*\")",
    );
}

#[test]
fn a_call_accepts_what_the_document_declares() {
    let accepts = |responses: Value, expected: Option<&str>| {
        let generated = responding(responses);
        match expected {
            Some(media) => has(
                &generated,
                "operations.rs",
                &format!(".accept(\"{media}\")"),
            ),
            None => lacks(&generated, ".accept("),
        }
    };
    accepts(
        json!({"200": {"content": {"application/vnd.api+json": {"schema": {}}}}}),
        Some("application/vnd.api+json"),
    );
    accepts(
        json!({"200": {"content": {"application/json": {}, "application/hal+json": {}, "text/html": {}}}}),
        Some("application/json, application/hal+json"),
    );
    accepts(
        json!({"200": {"content": {"text/csv": {}, "application/pdf": {}}}}),
        Some("text/csv, application/pdf"),
    );
    accepts(
        json!({"200": {"content": {"application/json": {}}}, "400": {"content": {"application/problem+json": {}}}}),
        None,
    );
    accepts(
        json!({"200": {"content": {"application/octet-stream": {}}}}),
        None,
    );
    accepts(json!({"200": {"content": {"*/*": {}}}}), None);
    accepts(json!({"204": {}}), None);
}

#[test]
fn each_media_type_of_a_body_has_a_setter_and_none_is_an_argument() {
    let object = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let upload = json!({"type": "object", "required": ["file"], "properties": {
        "file": {"type": "string", "format": "binary"}, "body": {"type": "string"},
    }});
    let generated = with_body(json!({
        "application/xml": {"schema": object}, "multipart/form-data": {"schema": upload},
        "application/json": {"schema": object}, "application/x-www-form-urlencoded": {"schema": object},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}, "text/plain": {},
    }));
    has(&generated, "client.rs", "pub fn x(&self) -> builder::X<'_>");
    for setter in [
        "pub fn body(mut self, body: impl TryInto<types::XBody",
        "pub fn file(mut self, file: impl Into<runtime::Content>)",
        "pub fn body_part(mut self, body_part: impl Into<String>)",
        "pub fn body_form(mut self, body_form: impl TryInto<types::XBody",
        "request.form_body(body_form)",
        "request.raw_body(\"application/xml\", body_xml)",
        "pub fn body_octet_stream(mut self, body_octet_stream: impl Into<runtime::Content>)",
        "pub fn body_text(mut self,",
    ] {
        has(&generated, "builder.rs", setter);
    }
    for entry in [
        "Body::new(\"body_xml\", BodyKind::Raw(\"application/xml\"))",
        "BodyPart::new(\"body\", false).argument(\"body_part\")",
    ] {
        has(&generated, "operations.rs", entry);
    }
}

#[test]
fn parts_have_the_types_and_media_types_that_are_declared() {
    let object = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let parts = json!({"type": "object", "allOf": [
        {"type": "object", "properties": {"base": {"type": "boolean"}}},
        {"type": "object", "required": ["files"], "properties": {
            "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
            "maybe": {"type": "string", "format": "binary", "nullable": true},
            "tags": {"type": "array", "items": {"type": "string"}},
            "meta": object, "page": object, "count": {"type": "integer"},
            "key": {"type": "string", "format": "byte"},
        }},
    ]});
    let encoding = json!({"maybe": {"contentType": "image/png, image/jpeg"}, "page": {"contentType": "application/xml"}});
    let generated =
        with_body(json!({"multipart/form-data": {"schema": parts, "encoding": encoding}}));
    has(
        &generated,
        "client.rs",
        "pub fn x(&self, files: impl IntoIterator<Item = impl Into<runtime::Content>>)",
    );
    for setter in [
        "pub fn base(mut self, base: bool)",
        "pub fn maybe(mut self, maybe: impl Into<runtime::Content>)",
        "pub fn tags(mut self, tags: impl IntoIterator<Item = impl Into<String>>)",
        "pub fn meta(mut self, meta: impl Into<types::XBodyMeta>)",
        "pub fn page(mut self, page: impl Into<String>)",
        "pub fn count(mut self, count: i64)",
        "pub fn key(mut self, key: impl Into<String>)",
    ] {
        has(&generated, "builder.rs", setter);
    }
    for part in [
        "BodyPart::new(\"files\", true).kind(\"array\").items(\"string\").required()",
        "BodyPart::new(\"maybe\", true).media(\"image/png\")",
        "BodyPart::new(\"meta\", false).kind(\"object\")",
    ] {
        has(&generated, "operations.rs", part);
    }
    let headers = json!({"meta": {"headers": {"X-A": {"schema": {"type": "string"}}}}});
    let schema = json!({"type": "object", "properties": {"meta": object}});
    let headers =
        with_body(json!({"multipart/form-data": {"schema": schema, "encoding": headers}}));
    let at = "/paths/~1x/post/requestBody/content";
    let part = format!("{at}/multipart~1form-data/encoding/meta/headers");
    warns(&headers, &part, "not sent");
    warns(
        &with_body(json!({})),
        "/paths/~1x/post/requestBody",
        "no body is sent",
    );
    let without = with_body(json!({"multipart/form-data": {"schema": {"type": "object"}}}));
    warns(
        &without,
        "/paths/~1x/post/requestBody/content/multipart~1form-data/schema",
        "declares no parts",
    );
}

#[test]
fn fields_of_a_form_have_the_styles_that_are_declared() {
    let list = json!({"type": "array", "items": {"type": "string"}});
    let object = json!({"type": "object", "properties": {"R": {"type": "integer"}}});
    let schema = json!({"type": "object", "properties": {"l": list, "m": list, "o": object, "p": object, "q": object}});
    let encoding = json!({"m": {"explode": false}, "p": {"style": "deepObject"}, "q": {"contentType": "application/json"}});
    let generated = with_body(
        json!({"application/x-www-form-urlencoded": {"schema": schema, "encoding": encoding}}),
    );
    for field in [
        "Parameter::new(\"m\", Location::Query, \"any\").style(Style::Form, false)",
        "Parameter::new(\"p\", Location::Query, \"any\").style(Style::DeepObject, false)",
        "Parameter::new(\"q\", Location::Query, \"any\").style(Style::Json, false)",
    ] {
        has(&generated, "operations.rs", field);
    }
    lacks(&generated, "Parameter::new(\"l\"");
    lacks(&generated, "Parameter::new(\"o\"");
}

#[test]
fn swagger_2_0_sends_every_media_type_that_it_consumes() {
    let generated = generated(&json!({
        "swagger": "2.0", "consumes": ["application/json", "application/xml", "multipart/form-data"],
        "paths": {"/x": {"post": {
            "operationId": "x", "responses": {},
            "parameters": [{"name": "a", "in": "body", "required": true, "schema": {"type": "object"}}],
        }}},
    }));
    has(
        &generated,
        "operations.rs",
        ", Body::new(\"body_xml\", BodyKind::Raw(\"application/xml\"))",
    );
}

// Shapes

#[test]
fn titles_and_constraints_are_ignored() {
    let generated = with_schemas(json!({
        "A": {"type": "object", "title": "B", "additionalProperties": false, "properties": {
            "p": {"type": "string", "title": "A", "minLength": 1, "maxLength": 2, "pattern": "^a$"},
            "q": {"type": "integer", "minimum": 1, "maximum": 2, "multipleOf": 3, "title": "A"},
            "r": {"type": "array", "items": {"type": "string", "title": "B"}, "uniqueItems": true, "minItems": 1},
        }},
        "B": {"type": "object", "properties": {"a": {"allOf": [refer("A")], "title": "A"}}},
    }));
    has(&generated, "types.rs", "pub p: Option<String>");
    has(&generated, "types.rs", "pub q: Option<i64>");
    has(&generated, "types.rs", "pub r: Option<Vec<String>>");
    has(&generated, "types.rs", "pub a: Option<A>");
    lacks(&generated, "deny_unknown_fields");
    lacks(&generated, "extra");
}

#[test]
fn a_property_may_have_the_name_of_the_field_for_undeclared_properties() {
    let generated = with_schemas(json!({"A": {
        "type": "object", "properties": {"extra": {"type": "string"}, "z": {"type": "integer"}},
        "additionalProperties": {"type": "integer"},
    }}));
    has(&generated, "types.rs", "pub extra: Option<String>");
    has(
        &generated,
        "types.rs",
        "#[serde(flatten)] pub extra_properties: ::std::collections::BTreeMap<String, i64>",
    );
}

#[test]
fn undeclared_properties_are_kept_if_the_spec_allows_them() {
    let extra = |additional: Value| {
        with_schemas(json!({"A": {"properties": {"p": {}}, "additionalProperties": additional}}))
    };
    has(
        &extra(json!(true)),
        "types.rs",
        "#[serde(flatten)] pub extra: ::serde_json::Map<String, ::serde_json::Value>",
    );
    has(
        &extra(json!({"type": "integer"})),
        "types.rs",
        "pub extra: ::std::collections::BTreeMap<String, i64>",
    );
    field(
        json!({"type": "object", "additionalProperties": {"type": "string"}}),
        "pub p: Option<::std::collections::BTreeMap<String, String>>",
    );
}

#[test]
fn enums_are_open_and_an_enum_of_a_parameter_is_the_one_schema_with_the_same_values() {
    let generated = generated(&json!({
        "openapi": "3.0.3",
        "paths": {"/x": {"get": {"operationId": "x", "responses": {}, "parameters": [{"name": "state", "in": "query", "schema": {"type": "string", "enum": ["on", "off", "Unknown"]}}]}}},
        "components": {"schemas": {"State": {"type": "string", "enum": ["on", "off", "Unknown"], "description": " - on: Running.\n - off: Stopped,\n   or never started."}}},
    }));
    has(&generated, "types.rs", "runtime::open_enum! {");
    has(
        &generated,
        "types.rs",
        "/// Running. On = \"on\", /// Stopped, or never started. Off = \"off\", UnknownValue = \"Unknown\",",
    );
    has(
        &generated,
        "builder.rs",
        "pub fn state(mut self, state: impl Into<types::State>)",
    );
    lacks(&generated, "XState");
}

#[test]
fn times_are_timestamps_of_the_runtime() {
    field(
        json!({"type": "string", "format": "date-time"}),
        "pub p: Option<runtime::Timestamp>",
    );
    lacks(
        &with_property(json!({"type": "string", "format": "date-time"})),
        "chrono",
    );
}

#[test]
fn integers_in_strings_are_integers_in_all_properties() {
    let text = json!({"type": "string", "format": "int64"});
    for (property, ty) in [
        (text.clone(), "Option<i64>"),
        (json!({"type": "string", "format": "uint64"}), "Option<u64>"),
        (json!({"type": "array", "items": text}), "Option<Vec<i64>>"),
        (
            json!({"type": "object", "additionalProperties": text}),
            "Option<::std::collections::BTreeMap<String, i64>>",
        ),
        (
            json!({"type": "string", "format": "int64", "nullable": true}),
            "runtime::Nullable<i64>",
        ),
    ] {
        field(property.clone(), &format!("pub p: {ty}"));
        field(
            property.clone(),
            "serialize_with = \"runtime::number_text::serialize\"",
        );
        field(
            property,
            "deserialize_with = \"runtime::number_text::deserialize\"",
        );
    }
    let extra = with_schemas(json!({"A": {"properties": {"p": {}}, "additionalProperties": text}}));
    has(
        &extra,
        "types.rs",
        "#[serde(flatten, with = \"runtime::number_text\")]",
    );
    let generated =
        responding(json!({"200": json_response(json!({"type": "array", "items": text}))}));
    has(&generated, "builder.rs", "Response<Vec<String>>");
}

#[test]
fn null_for_a_required_list_or_map_is_an_empty_one() {
    let list = with_schemas(
        json!({"A": {"properties": {"p": {"type": "array"}, "q": {"type": "object"}}, "required": ["p", "q"]}}),
    );
    let reader = "#[serde(deserialize_with = \"runtime::null::as_empty\", default)]";
    has(&list, "types.rs", &format!("{reader} pub p: Vec<"));
    has(
        &list,
        "types.rs",
        &format!("{reader} pub q: ::serde_json::Map<"),
    );
    field(
        json!({"type": "array"}),
        "pub p: Option<Vec<::serde_json::Value>>",
    );
}

#[test]
fn an_optional_list_is_read_without_spare_capacity_and_null_is_none() {
    let reader = "#[serde(skip_serializing_if = \"Option::is_none\", deserialize_with = \"runtime::list::exact\", default)]";
    field(
        json!({"type": "array", "items": {"type": "string"}}),
        reader,
    );
}

#[test]
fn a_type_can_get_properties_without_breaking_callers() {
    let generated = with_property(json!({"type": "string"}));
    has(&generated, "types.rs", "#[non_exhaustive] pub struct A {");
}

#[test]
fn a_value_converts_back_into_its_builder() {
    let generated = with_property(json!({"type": "string"}));
    has(&generated, "types.rs", "impl From<super::A> for A");
    has(&generated, "types.rs", "impl From<A> for super::A");
}

#[test]
fn a_default_is_documented_and_never_sent() {
    let generated = with_property(json!({"type": "string", "default": "young"}));
    has(
        &generated,
        "types.rs",
        "If omitted, the server uses `\"young\"`. The client does not send this default.",
    );
    has(
        &generated,
        "types.rs",
        "skip_serializing_if = \"Option::is_none\"",
    );
    lacks(&generated, "fn default_");
}

#[test]
fn alternatives_with_different_json_types_are_a_union_and_others_are_free_form() {
    let union = |members: Value| with_property(json!({"oneOf": members}));
    let told = union(
        json!([{"type": "string"}, {"type": "integer"}, {"type": "object", "properties": {"a": {}}}]),
    );
    has(
        &told,
        "types.rs",
        "#[serde(untagged)] #[non_exhaustive] #[cfg_attr(feature = \"schemars\", derive(::schemars::JsonSchema))] pub enum AP",
    );
    has(&told, "types.rs", "Other(::serde_json::Value)");
    has(
        &union(json!([{"type": "integer"}, {"type": "number"}])),
        "types.rs",
        "pub p: Option<f64>",
    );
    has(
        &union(json!([{"type": "string"}, {"type": "string", "format": "date-time"}])),
        "types.rs",
        "pub p: Option<String>",
    );
    has(
        &union(json!([{"properties": {"a": {}}}, {"properties": {"b": {}}}])),
        "types.rs",
        "pub p: Option<::serde_json::Value>",
    );
}

#[test]
fn a_union_does_not_depend_on_the_order_of_components() {
    let node = json!({"allOf": [{"properties": {"child": refer("Child")}}]});
    let child = json!({"oneOf": [refer("Node"), {"type": "string"}]});
    for schemas in [
        json!({"Node": node, "Child": child}),
        json!({"Child": child, "Node": node}),
    ] {
        has(&with_schemas(schemas), "types.rs", "pub enum Child");
    }
    let pet = json!({"oneOf": [refer("Cat")], "discriminator": {"propertyName": "kind"}});
    let cat = json!({"properties": {"kind": {"type": "string"}}});
    let name = json!({"oneOf": [refer("Pet"), {"type": "string"}]});
    for schemas in [
        json!({"Cat": cat, "Pet": pet, "Name": name}),
        json!({"Name": name, "Pet": pet, "Cat": cat}),
    ] {
        has(&with_schemas(schemas), "types.rs", "pub enum Name");
    }
}

#[test]
fn bases_that_share_their_bases_are_read_once() {
    let mut schemas = json!({"Leaf": {"allOf": [refer("A15"), refer("B15")]}});
    for index in 0..16 {
        for name in ["A", "B"] {
            let mut schema =
                json!({"oneOf": [refer("Leaf")], "discriminator": {"propertyName": "kind"}});
            schema["properties"] =
                json!({"kind": {"type": "string"}, format!("{name}{index}"): {"type": "string"}});
            if index > 0 {
                let [a, b] = ["A", "B"].map(|it| refer(&format!("{it}{}", index - 1)));
                schema["allOf"] = json!([a, b]);
            }
            schemas[format!("{name}{index}")] = schema;
        }
    }
    let leaf = with_schemas(schemas);
    has(&leaf, "types.rs", "pub a0: Option<String>");
}

#[test]
fn members_of_all_of_are_one_object() {
    let generated = with_schemas(json!({
        "A": {"properties": {"a": {"type": "string"}}, "required": ["a"]},
        "B": {"allOf": [refer("A"), {"type": "object"}, {"properties": {"b": {"type": "integer"}}}], "properties": {"c": {"type": "boolean"}}},
        "C": {"allOf": [refer("D"), {"type": "string"}]},
        "D": {"type": "string", "enum": ["x"]},
        "E": {"properties": {"c": refer("C")}},
    }));
    has(
        &generated,
        "types.rs",
        "pub struct B { /// Property `a`. pub a: String,",
    );
    has(&generated, "types.rs", "pub b: Option<i64>");
    has(&generated, "types.rs", "pub c: Option<bool>");
    has(&generated, "types.rs", "pub c: Option<D>");
}

#[test]
fn components_that_are_not_objects_have_no_types_of_their_own() {
    let generated = with_schemas(json!({
        "Name": {"type": "string"}, "Names": {"type": "array", "items": refer("Name")},
        "Nested": {"type": "array", "items": refer("Nested")}, "Odd": {"type": "string", "properties": {"a": {}}},
        "A": {"properties": {"names": refer("Names"), "nested": refer("Nested"), "odd": refer("Odd"), "leaf": refer("Leaf")}},
        "Leaf": {"type": "object", "nullable": true, "properties": {"a": {}}},
    }));
    has(&generated, "types.rs", "pub names: Option<Vec<String>>");
    has(
        &generated,
        "types.rs",
        "pub nested: Option<Vec<::serde_json::Value>>",
    );
    has(&generated, "types.rs", "pub odd: Option<String>");
    has(&generated, "types.rs", "pub leaf: runtime::Nullable<Leaf>");
}

/// Asserts that there is a warning about a place.
#[track_caller]
fn warns(generated: &Generated, pointer: &str, message: &str) {
    let mut warnings = generated.warnings().iter();
    assert!(
        warnings.any(|it| it.pointer == pointer && it.to_string().contains(message)),
        "no warning about {pointer} with {message:?} in {:?}",
        generated.warnings()
    );
}

#[test]
fn objects_with_a_discriminator_or_a_constant_are_an_enum_with_an_unknown_variant() {
    let cat = json!({"type": "object", "properties": {"kind": {"type": "string"}, "lives": {"type": "integer"}}});
    let dog = json!({"type": "object", "properties": {"kind": {"type": "string"}}});
    let told = |discriminator: Value| {
        with_schemas(json!({
            "Cat": cat, "Dog": dog,
            "Pet": {"oneOf": [refer("Cat"), refer("Dog")], "discriminator": discriminator},
        }))
    };
    let variants = "pub enum Pet { /// An object whose `kind` is `Cat`. Cat(Cat), /// An object whose `kind` is `Dog`. Dog(Dog), /// A value whose `kind` is not in the spec, unchanged. Unknown(::serde_json::Value), }";
    has(&told(json!({"propertyName": "kind"})), "types.rs", variants);
    has(&told(json!("kind")), "types.rs", "pub enum Pet {");
    let mapped = told(json!({"propertyName": "kind", "mapping": {
        "c": "#/components/schemas/Cat", "kitten": "Cat", "d": "#/components/schemas/Dog",
    }}));
    has(&mapped, "types.rs", "Some(\"c\" | \"kitten\") =>");
    has(&mapped, "types.rs", "impl From<Dog> for Pet");
    has(
        &mapped,
        "types.rs",
        "derive(::schemars::JsonSchema), schemars(untagged)",
    );

    let inline = |kind: &str| json!({"type": "object", "properties": {"op": {"const": kind}}});
    let constants = with_property_31(json!({"anyOf": [inline("add"), inline("remove")]}));
    has(&constants, "types.rs", "pub p: Option<AP>");
    has(&constants, "types.rs", "Add(ApAdd)");
    let nullable =
        with_property_31(json!({"anyOf": [inline("add"), inline("unknown"), {"type": "null"}]}));
    has(&nullable, "types.rs", "pub p: runtime::Nullable<AP>");
    has(&nullable, "types.rs", "UnknownValue(ApUnknown)");

    let same = with_property_31(json!({"anyOf": [inline("add"), inline("add")]}));
    has(&same, "types.rs", "pub p: Option<::serde_json::Value>");
}

#[test]
fn shared_properties_of_alternatives_are_kept() {
    let alternative = |name: &str| json!({"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, name: {"type": "string"}}});
    let common = json!({"type": "object", "properties": {"name": {"type": "string"}}});
    let beside = json!({"oneOf": [alternative("x"), alternative("y")]});
    let with = |keywords: Value| {
        let mut schema = beside.clone();
        schema
            .as_object_mut()
            .unwrap()
            .extend(keywords.as_object().unwrap().clone());
        with_schemas(json!({"A": schema}))
    };
    for generated in [with(json!({"allOf": [common]})), with(common.clone())] {
        for field in [
            "pub name: Option<String>",
            "pub id: i64",
            "pub x: Option<String>",
            "pub y: Option<String>",
        ] {
            has(&generated, "types.rs", field);
        }
    }
    let only_required = with_schemas(json!({"A": {
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
    }}));
    has(&only_required, "types.rs", "pub a: Option<String>");
    lacks(&only_required, "extra");
    let apart =
        |member: Value| with_schemas(json!({"U": beside, "A": {"allOf": [refer("U"), member]}}));
    has(
        &apart(common),
        "types.rs",
        "pub extra: ::serde_json::Map<String, ::serde_json::Value>",
    );
}

#[test]
fn all_of_is_as_narrow_as_its_narrowest_member() {
    let narrowed = |wide: Value, narrow: Value, code: &str| {
        for members in [[&wide, &narrow], [&narrow, &wide]] {
            let members = members.map(|it| json!({"properties": {"p": it}}));
            let generated = with_schemas_31(json!({
                "A": {"allOf": members},
                "Big": {"properties": {"a": {"type": "string"}}}, "E": {"type": "string", "enum": ["a", "b"]},
            }));
            has(&generated, "types.rs", code);
            assert!(
                generated.warnings().is_empty(),
                "{:?}",
                generated.warnings()
            );
        }
    };
    narrowed(json!({"type": "string"}), refer("E"), "pub p: Option<E>");
    narrowed(
        refer("E"),
        json!({"type": "string", "enum": ["a"]}),
        "pub p: Option<AP>",
    );
    narrowed(
        json!({"type": "number"}),
        json!({"type": "integer"}),
        "pub p: Option<i64>",
    );
    narrowed(
        json!({"type": "integer"}),
        json!({"type": "integer", "format": "int32"}),
        "pub p: Option<i32>",
    );
    narrowed(
        json!({"type": ["boolean", "null"]}),
        json!({"type": "boolean"}),
        "pub p: Option<bool>",
    );
    narrowed(
        json!({}),
        json!({"type": ["boolean", "null"]}),
        "pub p: runtime::Nullable<bool>",
    );
    narrowed(
        json!({"type": "array"}),
        json!({"type": "array", "items": {"type": "string"}}),
        "pub p: Option<Vec<String>>",
    );
    narrowed(
        json!({"type": ["string", "integer"]}),
        json!({"type": "integer"}),
        "pub p: Option<i64>",
    );
    narrowed(
        refer("Big"),
        json!({"properties": {"b": {"type": "string"}}, "type": "object"}),
        "pub b: Option<String>",
    );

    let contradiction = with_schemas(json!({"A": {"allOf": [
        {"properties": {"p": {"type": "string"}}}, {"properties": {"p": {"type": "boolean"}}},
    ]}}));
    has(&contradiction, "types.rs", "pub p: Option<bool>");
    warns(
        &contradiction,
        "/components/schemas/A/allOf/1/properties/p",
        "string and boolean",
    );
}

#[test]
fn members_of_all_of_may_be_maps_lists_and_lists_of_required_properties() {
    let generated = with_schemas(json!({
        "Map": {"type": "object", "additionalProperties": {"type": "integer"}},
        "Free": {"type": "object", "additionalProperties": true},
        "A": {"allOf": [refer("Map"), {"properties": {"a": {"type": "string"}}}]},
        "B": {"allOf": [{"properties": {"b": {"type": "string"}}}, refer("Free")]},
        "C": {"allOf": [{"type": "array", "items": {"type": "string"}}, {"description": "A list."}]},
        "D": {"properties": {"c": refer("C")}},
        "E": {"allOf": [refer("D"), {"required": ["c"]}]},
        "F": {"allOf": [refer("D")], "required": ["c"]},
    }));
    for code in [
        "pub struct A { /// Property `a`. #[serde(skip_serializing_if = \"Option::is_none\")] pub a: Option<String>, /// Properties that the spec does not declare. #[serde(flatten)] pub extra: ::std::collections::BTreeMap<String, i64>, }",
        "pub b: Option<String>, /// Properties that the spec does not declare. #[serde(flatten)] pub extra: ::serde_json::Map<String, ::serde_json::Value>",
        "pub c: Option<Vec<String>>",
        "pub c: Vec<String>",
    ] {
        has(&generated, "types.rs", code);
    }
    has(&generated, "types.rs", "pub struct E {");
    has(&generated, "types.rs", "pub struct F {");
}

#[test]
fn compositions_may_be_circular_in_any_order() {
    let schemas = [
        (
            "HasChildren",
            json!({"type": "object", "properties": {"children": {"type": "array", "items": refer("Node")}}}),
        ),
        ("Node", json!({"oneOf": [refer("Frame"), refer("Leaf")]})),
        (
            "Frame",
            json!({"allOf": [{"properties": {"name": {"type": "string"}}}, refer("HasChildren")]}),
        ),
        (
            "Leaf",
            json!({"type": "object", "properties": {"inside": {"allOf": [refer("Leaf"), {"properties": {"depth": {"type": "integer"}}}]}}}),
        ),
        (
            "Pet",
            json!({"properties": {"kind": {"type": "string"}}, "oneOf": [refer("Cat"), refer("Dog")], "discriminator": {"propertyName": "kind"}}),
        ),
        (
            "Cat",
            json!({"allOf": [refer("Pet"), {"properties": {"lives": {"type": "integer"}}}]}),
        ),
        (
            "Dog",
            json!({"allOf": [{"properties": {"friend": refer("Pet")}}, refer("Pet")]}),
        ),
    ];
    for turn in 0..schemas.len() {
        let mut schemas = schemas.clone();
        schemas.rotate_left(turn);
        for reversed in [false, true] {
            if reversed {
                schemas.reverse();
            }
            let schemas: serde_json::Map<String, Value> = schemas
                .iter()
                .map(|(name, it)| ((*name).to_owned(), it.clone()))
                .collect();
            let generated = with_schemas(Value::Object(schemas));
            for code in [
                "pub children: Option<Vec<::serde_json::Value>>",
                "pub name: Option<String>",
                "pub depth: Option<i64>",
                "pub lives: Option<i64>",
                "Dog(Box<Dog>)",
                "pub inside: Option<",
                "pub friend: Option<",
            ] {
                has(&generated, "types.rs", code);
            }
            let kinds = flat(generated.file("types.rs").unwrap())
                .matches("pub kind: Option<String>")
                .count();
            assert_eq!(kinds, 2);
            assert!(
                generated.warnings().is_empty(),
                "{:?}",
                generated.warnings()
            );
        }
    }
}

#[test]
fn references_may_lead_into_other_schemas_and_anywhere_in_the_document() {
    let generated = generated(&json!({
        "openapi": "3.1.0",
        "$defs": {"Shared": {"properties": {"s": {"type": "string"}}}},
        "paths": {"/x": {"get": {"operationId": "x", "responses": {"200": json_response(json!({"properties": {"r": {"type": "string"}}}))}}}},
        "components": {"schemas": {
            "A": {
                "$defs": {"Inner": {"properties": {"i": {"$ref": "#/components/schemas/A/$defs/Inner"}}}},
                "properties": {
                    "a": {"$ref": "#/components/schemas/B/properties/b"}, "c": {"$ref": "#/$defs/Shared"},
                    "d": {"$ref": "#/components/schemas/A/$defs/Inner"}, "e": {"$ref": "#/$defs/Inner"},
                    "f": {"$ref": "#/paths/~1x/get/responses/200/content/application~1json/schema"},
                    "g": {"$ref": "#/components/schemas/B/properties/n"}, "h": {"$ref": "#/components/schemas/With%20Space"},
                    "j": {"allOf": [{"$ref": "#/$defs/Shared"}, {"properties": {"t": {"type": "integer"}}}]},
                },
            },
            "B": {"properties": {"b": {"type": "object", "properties": {"x": {"type": "integer"}}}, "n": {"type": "integer"}}},
            "With Space": {"properties": {"w": {"type": "string"}}},
        }},
    }));
    for field in [
        "pub a: Option<BB>",
        "pub b: Option<BB>",
        "pub c: Option<Shared>",
        "pub d: Option<Inner>",
        "pub e: Option<Inner>",
        "pub i: Option<Box<",
        "pub g: Option<i64>",
        "pub h: Option<WithSpace>",
        "pub t: Option<i64>",
    ] {
        has(&generated, "types.rs", field);
    }
    let swagger = self::generated(&json!({
        "swagger": "2.0", "paths": {"/x": {"get": {"responses": {"200": {"description": "", "schema": {"type": "object", "properties": {"r": {"type": "string"}}}}}}}},
        "definitions": {"A": {"properties": {"a": {"$ref": "#/paths/~1x/get/responses/200/schema"}}}},
    }));
    has(&swagger, "types.rs", "pub r: Option<String>");
}

#[test]
fn lists_of_types_and_constants_are_read_in_every_version() {
    let listed = json!({"A": {"type": "object", "properties": {
        "a": {"type": ["string", "null"]}, "b": {"type": ["string", "integer"]}, "c": {"type": "null"},
        "d": {"type": ["array", "string"], "items": {"type": "integer"}}, "e": {"const": "x"},
    }}});
    let swagger = generated(&json!({"swagger": "2.0", "paths": {}, "definitions": listed}));
    for generated in [
        &swagger,
        &with_schemas(listed.clone()),
        &with_schemas_31(listed),
    ] {
        for code in [
            "pub a: runtime::Nullable<String>",
            "pub b: Option<AB>",
            "List(Vec<i64>)",
            "X = \"x\"",
        ] {
            has(generated, "types.rs", code);
        }
    }
    warns(
        &swagger,
        "/components/schemas/A/properties/a",
        "`type` is a list",
    );
    assert_eq!(swagger.warnings().len(), 3, "{:?}", swagger.warnings());
}

#[test]
fn keywords_of_json_schema_lose_nothing() {
    field_31(
        json!({"type": "object", "patternProperties": {"^x-": {"type": "integer"}}}),
        "pub p: Option<::std::collections::BTreeMap<String, i64>>",
    );
    field_31(
        json!({"patternProperties": {"^x-": {"type": "integer"}, "^y-": {"type": "string"}}}),
        "pub p: Option<::serde_json::Map<String, ::serde_json::Value>>",
    );
    field_31(
        json!({"type": "object", "propertyNames": {"pattern": "^a"}, "additionalProperties": {"type": "string"}}),
        "pub p: Option<::std::collections::BTreeMap<String, String>>",
    );
    field_31(
        json!({"type": "string", "nullable": true}),
        "pub p: runtime::Nullable<String>",
    );
    field_31(
        json!({"$ref": "#/components/schemas/B", "nullable": true}),
        "pub p: runtime::Nullable<B>",
    );
    field_31(json!(true), "pub p: Option<::serde_json::Value>");
    field_31(
        json!({"type": "array", "prefixItems": [{"type": "string"}], "items": true}),
        "pub p: Option<Vec<::serde_json::Value>>",
    );
    field_31(
        json!({"type": "string", "not": {"enum": ["a"]}, "if": {}, "contains": {}}),
        "pub p: Option<String>",
    );
    field_31(
        json!({"type": "object", "properties": {"a": {}}, "unevaluatedProperties": {"type": "string"}}),
        "pub extra: ::std::collections::BTreeMap<String, String>",
    );
    field_31(
        json!({"properties": {"a": {}}, "anyOf": [{"properties": {"b": {}}}, {"type": "null"}]}),
        "pub b: Option<::serde_json::Value>",
    );

    let conditional = with_property_31(json!({
        "type": "object", "properties": {"a": {}}, "if": {"properties": {"a": {"const": 1}}}, "then": {"properties": {"a": {}, "b": {}}},
    }));
    has(
        &conditional,
        "types.rs",
        "pub extra: ::serde_json::Map<String, ::serde_json::Value>",
    );
    warns(
        &conditional,
        "/components/schemas/A/properties/p/then",
        "`b` is declared only under a condition",
    );
}

#[test]
fn enums_of_other_types_than_strings_keep_their_type_and_unknown_types_are_free_form() {
    field(
        json!({"type": "integer", "enum": [1, 2]}),
        "pub p: Option<i64>",
    );
    field(
        json!({"type": "number", "enum": [1, 2]}),
        "pub p: Option<f64>",
    );
    field(
        json!({"type": "boolean", "enum": [true]}),
        "pub p: Option<bool>",
    );
    field(
        json!({"enum": ["a", 1]}),
        "pub p: Option<::serde_json::Value>",
    );
    field(
        json!({"type": "string", "enum": []}),
        "pub p: Option<String>",
    );
    for (odd, place) in [
        (json!({"type": "string", "enum": [1]}), "enum"),
        (json!({"type": "boolean", "enum": ["true"]}), "enum"),
        (json!({"type": "any"}), "type"),
        (json!({"type": "file"}), "type"),
        (json!({"type": {}}), "type"),
    ] {
        let generated = with_property(odd);
        has(&generated, "types.rs", "pub p: Option<::serde_json::Value>");
        warns(
            &generated,
            &format!("/components/schemas/A/properties/p/{place}"),
            "",
        );
    }
    let mut properties = serde_json::Map::new();
    for default in [
        json!({"a": []}),
        json!(null),
        json!([1]),
        json!("x"),
        json!(1e300),
        json!(true),
    ] {
        for kind in ["string", "integer", "number", "boolean", "array", "object"] {
            let property = json!({"type": kind, "default": default});
            properties.insert(format!("{kind}_{}", properties.len()), property);
        }
        let property = json!({"type": "string", "enum": ["a"], "default": default});
        properties.insert(format!("enum_{}", properties.len()), property);
    }
    with_schemas(json!({"A": {"properties": properties}}));
}

#[test]
fn an_object_with_a_discriminator_and_no_alternatives_keeps_undeclared_properties() {
    let generated = with_schemas(json!({
        "Base": {"discriminator": {"propertyName": "kind"}, "properties": {"kind": {"type": "string"}}},
        "Derived": {"allOf": [refer("Base"), {"properties": {"more": {"type": "string"}}}]},
    }));
    has(
        &generated,
        "types.rs",
        "pub kind: Option<String>, /// Properties that the spec does not declare. #[serde(flatten)] pub extra:",
    );
    assert_eq!(
        flat(generated.file("types.rs").unwrap())
            .matches("#[serde(flatten)]")
            .count(),
        1
    );
}

// Parameters

#[test]
fn required_values_are_arguments_in_the_order_of_the_path() {
    let generated = generated(&json!({"openapi": "3.0.3", "paths": {"/{b}/{a}": {"post": {
        "operationId": "x", "responses": {"204": {}},
        "parameters": [
            {"name": "q", "in": "query", "required": true, "schema": {"type": "string"}},
            {"name": "a", "in": "path", "required": true, "schema": {"type": "integer"}},
            {"name": "b", "in": "path", "required": true, "schema": {"type": "string"}},
            {"name": "o", "in": "query", "schema": {"type": "boolean"}},
        ],
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "string"}}}},
    }}}}));
    has(
        &generated,
        "client.rs",
        "pub fn x(&self, b: impl Into<String>, a: i64, q: impl Into<String>, body: impl Into<String>) -> builder::X<'_>",
    );
    has(
        &generated,
        "builder.rs",
        "pub fn o(mut self, o: bool) -> Self",
    );
}

#[test]
fn requests_only_use_the_transport() {
    let generated = with_parameters(json!([]));
    has(
        &generated,
        "client.rs",
        "pub fn new(transport: runtime::Transport) -> Self",
    );
    for absent in [
        "api-version",
        "API_VERSION_HEADER",
        "timeout",
        "reqwest",
        "progenitor",
    ] {
        lacks(&generated, absent);
    }
}

#[test]
fn a_list_is_written_in_the_style_of_the_spec() {
    let style = |location: &str, style: &str, explode: Option<bool>, expected: &str| {
        let mut parameter = json!({"name": "p", "in": location, "schema": {"type": "array", "items": {"type": "string"}}});
        if !style.is_empty() {
            parameter["style"] = style.into();
        }
        if let Some(explode) = explode {
            parameter["explode"] = explode.into();
        }
        assert_style(&with_parameters(json!([parameter])), expected);
    };
    style("query", "", None, "");
    style("query", "form", Some(true), "");
    style("query", "form", Some(false), "Style::Form, false");
    style("query", "spaceDelimited", None, "Style::Space, false");
    style("query", "pipeDelimited", Some(false), "Style::Pipe, false");
    style("query", "pipeDelimited", Some(true), "Style::Pipe, true");
    style("query", "deepObject", Some(true), "Style::DeepObject, true");
    style("header", "simple", None, "");
    style("header", "simple", Some(true), "Style::Simple, true");
    style("cookie", "", None, "");
    style("cookie", "form", Some(false), "Style::Form, false");
    let content = json!([{"name": "p", "in": "query", "content": {"application/json": {"schema": {"type": "string"}}}}]);
    assert_style(&with_parameters(content), "Style::Json, false");
    let content = json!([{"name": "p", "in": "query", "content": {"text/plain": {"schema": {"type": "string"}}}}]);
    assert_style(&with_parameters(content), "");
    for (format, expected) in [
        ("multi", ""),
        ("csv", "Style::Form, false"),
        ("ssv", "Style::Space, false"),
        ("tsv", "Style::Tab, false"),
        ("pipes", "Style::Pipe, false"),
    ] {
        let parameter = |place: &str| json!({"name": "p", "in": place, "type": "array", "items": {"type": "string"}, "collectionFormat": format});
        for (place, made) in [
            ("query", "Location::Query, \"array\""),
            ("formData", "Location::Query, \"any\""),
        ] {
            let document = json!({"swagger": "2.0", "paths": {"/x": {"post": {"parameters": [parameter(place)], "responses": {}}}}});
            let generated = generated(&document);
            assert_style(&generated, expected);
            if !expected.is_empty() {
                has(
                    &generated,
                    "operations.rs",
                    &format!("Parameter::new(\"p\", {made})"),
                );
            }
        }
    }
}

#[track_caller]
fn assert_style(generated: &Generated, expected: &str) {
    match expected {
        // The default.
        "" => lacks(generated, ".style("),
        style => has(generated, "operations.rs", &format!(".style({style})")),
    }
}

#[test]
fn values_of_any_shape_are_parameters_in_the_style_of_their_location() {
    for (schema, taken) in [
        (json!({}), "p: impl Into<::serde_json::Value>"),
        (
            json!({"enum": ["a", 1]}),
            "p: impl Into<::serde_json::Value>",
        ),
        (
            json!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
            "p: impl Into<types::XP>",
        ),
        (
            json!({"type": "object", "properties": {"R": {"type": "integer"}}}),
            "p: impl Into<types::XP>",
        ),
    ] {
        for place in ["query", "header", "cookie"] {
            let generated = with_parameters(json!([{"name": "p", "in": place, "schema": schema}]));
            has(&generated, "builder.rs", taken);
            lacks(&generated, ".style(");
            assert!(
                generated.warnings().is_empty(),
                "{:?}",
                generated.warnings()
            );
        }
    }
    let reserved =
        json!([{"name": "p", "in": "query", "allowReserved": true, "schema": {"type": "string"}}]);
    has(
        &with_parameters(reserved),
        "operations.rs",
        "\"string\").reserved()",
    );
}

#[test]
fn a_value_that_no_style_can_express_is_a_warning() {
    let object = json!({"type": "object", "properties": {"R": {"type": "integer"}}});
    let nested = |style: &str, schema: Value| {
        with_parameters(json!([{"name": "p", "in": "query", "style": style, "schema": schema}]))
    };
    let at = "/paths/~1x/post/parameters/0";
    warns(
        &nested("form", json!({"type": "array", "items": object})),
        at,
        "sent as JSON",
    );
    let list = json!({"type": "object", "properties": {"l": {"type": "array", "items": {"type": "string"}}}});
    warns(&nested("form", list.clone()), at, "sent as JSON");
    assert!(nested("deepObject", list).warnings().is_empty());
    let deep = json!({"type": "object", "properties": {"o": object}});
    assert!(nested("deepObject", deep).warnings().is_empty());
    let style = format!("{at}/style");
    warns(
        &nested("matrix", json!({"type": "string"})),
        &style,
        "the style `form` is used",
    );
    warns(
        &nested("strange", json!({"type": "string"})),
        &style,
        "the style `form` is used",
    );
}

#[test]
fn two_parameters_with_the_same_name_are_two_arguments() {
    let parameter = |place: &str| json!({"name": "id", "in": place, "required": true, "schema": {"type": "string"}});
    let body =
        json!({"required": true, "content": {"application/json": {"schema": {"type": "string"}}}});
    let generated = generated(&json!({"openapi": "3.0.3", "paths": {"/x/{id}": {"post": {
        "operationId": "x", "responses": {"204": {}}, "requestBody": body,
        "parameters": [parameter("path"), parameter("query"), {"name": "body", "in": "query", "schema": {"type": "string"}}],
    }}}}));
    has(
        &generated,
        "client.rs",
        "id: impl Into<String>, id_query: impl Into<String>",
    );
    has(
        &generated,
        "builder.rs",
        "request.set(\"id_query\", &id_query)",
    );
    has(
        &generated,
        "operations.rs",
        "Parameter::new(\"id\", Location::Query, \"string\").argument(\"id_query\")",
    );
    has(
        &generated,
        "operations.rs",
        "Parameter::new(\"body\", Location::Query, \"string\").argument(\"body_query\")",
    );
}

#[test]
fn headers_that_are_declared_elsewhere_are_not_parameters() {
    let header = |name: &str| json!({"name": name, "in": "header", "required": true, "schema": {"type": "string"}});
    let generated = with_parameters(json!([
        header("Accept"),
        header("content-type"),
        header("AUTHORIZATION"),
        header("X-Id")
    ]));
    has(
        &generated,
        "client.rs",
        "pub fn x(&self, x_id: impl Into<String>)",
    );
    for (index, instead) in [
        "media types of the responses",
        "media type of the request body",
        "security scheme",
    ]
    .iter()
    .enumerate()
    {
        warns(
            &generated,
            &format!("/paths/~1x/post/parameters/{index}"),
            instead,
        );
    }
}

#[test]
fn a_dotted_parameter_has_the_short_name_if_it_is_free() {
    let query = |name: &str| json!({"name": name, "in": "query", "required": true, "schema": {"type": "string"}});
    has(
        &with_parameters(json!([query("run.run_id")])),
        "client.rs",
        "run_id: impl Into<String>",
    );
    let both = with_parameters(json!([
        query("run.id"),
        query("job.id"),
        query("a.b"),
        query("b"),
        query("x.send")
    ]));
    for name in ["run_id", "job_id", "a_b", "b", "x_send"] {
        has(&both, "client.rs", &format!("{name}: impl Into<String>"));
    }
}

#[test]
fn the_largest_number_of_a_parameter_is_in_the_table() {
    let largest = |schema: Value| {
        generated(&json!({"openapi": "3.1.0", "paths": {"/x": {"get": {
            "operationId": "x", "responses": {"204": {}},
            "parameters": [{"name": "size", "in": "query", "schema": schema}],
        }}}}))
    };
    for (schema, expected) in [
        (json!({"type": "integer", "maximum": 100}), Some(100)),
        (
            json!({"type": "integer", "exclusiveMaximum": 100}),
            Some(99),
        ),
        (json!({"type": "integer", "maximum": 99.5}), None),
        (
            json!({"type": "integer", "exclusiveMaximum": i64::MIN}),
            None,
        ),
        (json!({"type": "integer"}), None),
    ] {
        match expected {
            Some(most) => {
                let expected = format!(".maximum({most}i64)");
                has(&largest(schema), "operations.rs", &expected);
            }
            None => lacks(&largest(schema), ".maximum("),
        }
    }
}

// Paging

#[test]
fn the_size_of_a_page_is_limited_by_the_maximum_in_the_spec() {
    let number = json!({"type": "integer", "format": "int64"});
    let page = json!({"type": "object", "properties": {
        "items": {"type": "array", "items": {"type": "string"}}, "page": number, "pages": number,
    }});
    let limited = generated(&json!({
        "openapi": "3.0.3",
        "paths": {"/x": {"get": {
            "operationId": "x", "responses": {"200": json_response(refer("Page"))},
            "parameters": [
                {"name": "page", "in": "query", "schema": number},
                {"name": "size", "in": "query", "schema": {"type": "integer", "maximum": 70}},
            ],
        }}},
        "components": {"schemas": {"Page": page}},
    }));
    has(&limited, "operations.rs", ".maximum(70i64)");
    has(&limited, "builder.rs", "A number above 70 is sent as 70");
}

fn listing(takes: &[&str], page: Value) -> Generated {
    let parameters: Vec<Value> = takes
        .iter()
        .map(|name| json!({"name": name, "in": "query", "schema": {"type": "string"}}))
        .collect();
    generated(&json!({
        "openapi": "3.0.3",
        "paths": {"/x": {"get": {"operationId": "x", "parameters": parameters, "responses": {"200": json_response(refer("Page"))}}}},
        "components": {"schemas": {"Page": {"type": "object", "properties": page}}},
    }))
}

#[test]
fn paged_operations_are_detected_by_their_shape() {
    let text = json!({"type": "string"});
    let number = json!({"type": "integer", "format": "int64"});
    let list = json!({"type": "array", "items": text});
    let token = listing(
        &["page_token"],
        json!({"runs": list, "next_page_token": {"type": "string"}}),
    );
    has(
        &token,
        "operations.rs",
        ".paging(Paging::Token { items: \"runs\" })",
    );
    let numbered = listing(
        &["page", "size"],
        json!({"items": list, "page": number, "pages": number, "total": number}),
    );
    has(
        &numbered,
        "operations.rs",
        ".paging(Paging::Numbered { items: \"items\" })",
    );
    let lines = json!({"type": "array", "items": {
        "type": "object", "properties": {"timestamp": number, "line": {"type": "string"}},
    }});
    let timed = listing(
        &["start", "limit"],
        json!({"lines": lines, "next_start": number}),
    );
    has(
        &timed,
        "operations.rs",
        ".paging(Paging::Timed { items: \"lines\" })",
    );
    for (listing, turn) in [
        (
            &token,
            "NextPage::Token(runtime::paging::token(&self.next_page_token))",
        ),
        (&numbered, "NextPage::Number {"),
        (
            &timed,
            "NextPage::Time(runtime::paging::count(&self.next_start))",
        ),
    ] {
        has(
            listing,
            "builder.rs",
            "impl runtime::paging::ListPage for types::Page {",
        );
        has(listing, "builder.rs", turn);
        for method in ["items", "pages"] {
            has(listing, "builder.rs", &format!("pub fn {method}(self)"));
        }
        for method in ["page_size", "max_items", "prefetch", "resume"] {
            has(
                listing,
                "builder.rs",
                &format!("pub fn {method}(mut self, "),
            );
        }
    }
    has(&numbered, "builder.rs", "fn total(&self)");
    has(
        &timed,
        "builder.rs",
        "runtime::paging::count(&item.timestamp)",
    );
    for other in [
        listing(&[], json!({"runs": list, "next_page_token": text})),
        listing(
            &["page_token"],
            json!({"runs": list, "next_page_token": {}}),
        ),
        listing(&["page_token"], json!({"runs": list})),
        listing(
            &["page_token"],
            json!({"runs": list, "more": list, "next_page_token": text}),
        ),
        listing(
            &["page"],
            json!({"items": list, "page": number, "pages": number}),
        ),
        listing(
            &["page", "size"],
            json!({"items": list, "page": {}, "pages": {}}),
        ),
        listing(
            &["start", "limit"],
            json!({"lines": list, "next_start": number}),
        ),
    ] {
        lacks(&other, ".paging(");
    }
}

// Names

#[test]
fn operations_lose_framework_additions_and_keep_their_original_name_as_an_alias() {
    let named = |id: &str, path: &str, name: &str| {
        let document = json!({"openapi": "3.0.3", "paths": {path: {"get": {"operationId": id, "responses": {}}}}});
        let generated = generated(&document);
        has(&generated, "client.rs", &format!("pub fn {name}(&self)"));
        if id != name {
            has(&generated, "client.rs", &format!("#[doc(alias = {id:?})]"));
        }
    };
    named("RunService_ListRuns", "/runs", "list_runs");
    named("read_runs_runs__get", "/runs/", "read_runs");
    named("plain", "/x", "plain");
    named("type", "/x", "type_");
    named("new", "/x", "new_");
    let nameless =
        generated(&json!({"openapi": "3.0.3", "paths": {"/a/b": {"get": {"responses": {}}}}}));
    has(&nameless, "client.rs", "pub fn get_a_b(&self)");
}

#[test]
fn an_overlay_renames_operations_and_schemas() {
    let spec = json!({
        "openapi": "3.0.3", "paths": {"/x": {"get": {"operationId": "x", "responses": {}}}},
        "components": {"schemas": {"A": {"properties": {"a": {}}}}},
    });
    let overlay = json!({"overlay": "1.0.0", "info": {"title": "", "version": ""}, "actions": [
        {"target": "$.paths['/x'].get", "update": {"x-rust-name": "read_it"}},
        {"target": "$.components.schemas.A", "update": {"x-rust-name": "Thing"}},
    ]});
    let spec = Spec::from_string("api.json", spec.to_string())
        .overlay(Overlay::from_string("fix.json", overlay.to_string()));
    let generated = generate(&spec).unwrap();
    has(&generated, "client.rs", "pub fn read_it(&self)");
    has(&generated, "types.rs", "pub struct Thing");
    assert!(generated.warnings().is_empty());
}

#[test]
fn methods_and_setters_are_marked_as_deprecated() {
    let generated = with_operation(json!({
        "operationId": "x", "deprecated": true, "responses": {},
        "parameters": [{"name": "old", "in": "query", "deprecated": true, "schema": {"type": "string"}}],
    }));
    has(
        &generated,
        "client.rs",
        "#[deprecated(note = \"deprecated in the spec; see the documentation\")] #[inline] pub fn x",
    );
    has(
        &generated,
        "builder.rs",
        "#[deprecated(note = \"deprecated in the spec; see the documentation\")] pub fn old",
    );
}

#[test]
fn a_function_is_compiled_by_its_callers() {
    let generated = with_operation(json!({
        "operationId": "x", "responses": {},
        "parameters": [
            {"name": "name", "in": "query", "schema": {"type": "string"}},
            {"name": "page", "in": "query", "schema": {"type": "integer"}},
        ],
    }));
    has(&generated, "client.rs", "#[inline] pub fn x(&self)");
    has(&generated, "builder.rs", "#[inline] pub fn send(");
    has(
        &generated,
        "builder.rs",
        "#[inline] pub fn page(mut self, page: i64)",
    );
    // Generic functions need no attribute.
    let builder = generated.file("builder.rs").unwrap();
    let name = builder.find("pub fn name(").unwrap();
    assert!(!builder[..name].trim_end().ends_with("#[inline]"));
}

#[test]
fn credentials_are_those_of_the_operation_or_else_of_the_document() {
    let document = json!({
        "openapi": "3.0.3", "security": [{"key": []}],
        "paths": {"/x": {
            "get": {"operationId": "a", "responses": {}},
            "put": {"operationId": "b", "responses": {}, "security": []},
            "post": {"operationId": "c", "responses": {}, "security": [{"key": [], "login": []}, {}]},
        }},
        "components": {"securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"}, "login": {"type": "openIdConnect", "openIdConnectUrl": "https://x.y"},
        }},
    });
    let generated = generated(&document);
    has(&generated, "operations.rs", ".security(&[&[&SCHEME_KEY]])");
    has(
        &generated,
        "operations.rs",
        "pub static B: Operation = Operation::new(\"b\", \"b\", \"PUT\", \"/x\").response(ResponseKind::Bytes);",
    );
    has(
        &generated,
        "operations.rs",
        ".security(&[&[&SCHEME_KEY, &SCHEME_LOGIN], &[]])",
    );
    has(
        &generated,
        "client.rs",
        "Sends a `GET` request to `/x`, authorized by `key`.",
    );
}

#[test]
fn repeated_runs_keep_the_order_of_keys() {
    let text = include_str!("../specs/grpc_gateway.json");
    let run = || generate(&Spec::from_string("api.json", text)).unwrap();
    let (first, second) = (run(), run());
    assert!(first.files().eq(second.files()));
}

#[test]
fn typed_operations_and_types_can_be_generated_by_name() {
    let document = json!({
        "swagger": "2.0",
        "paths": { "/things": { "get": {
            "operationId": "ThingService_ListThings",
            "parameters": [{ "name": "pageSize", "in": "query", "type": "integer" }],
            "responses": { "200": { "schema": { "$ref": "#/definitions/v1Thing" } } },
        } } },
        "definitions": { "v1Thing": { "type": "object", "properties": { "id": { "type": "string" } } } },
    });
    let spec = || Spec::from_string("things.json", document.to_string());
    let plain = generate(&spec()).unwrap();
    assert_eq!(plain.file("by_name.rs"), None);
    let generated = generate(&spec().for_crate("things").with_by_name()).unwrap();
    for code in [
        r#""ThingService_ListThings" =>"#,
        r#"call = call.page_size(given.required::<i64>("pageSize")?)"#,
        r#""v1Thing" => super::round_trip::<types::Thing>(value)"#,
    ] {
        has(&generated, "by_name.rs", code);
    }
}

#[test]
fn the_openapi_3_0_form_has_the_overlays_applied() {
    let document = json!({
        "swagger": "2.0",
        "paths": {},
        "definitions": { "v1Thing": { "type": "object" } },
    });
    let overlay = r#"{"overlay": "1.0.0", "info": {"title": "", "version": ""}, "actions": [
        {"target": "$.components.schemas.v1Thing", "update": {"description": "a thing"}}]}"#;
    let spec = Spec::from_string("things.json", document.to_string())
        .overlay(Overlay::from_string("fix.json", overlay));
    let lifted = openapi30(&spec).unwrap();
    let thing = &lifted["components"]["schemas"]["v1Thing"];
    assert_eq!(
        thing,
        &json!({ "type": "object", "description": "a thing" })
    );
    let broken = Spec::from_string("things.json", "{");
    assert!(
        openapi30(&broken)
            .unwrap_err()
            .to_string()
            .contains("things.json#")
    );
}

// Streams

#[test]
fn newline_delimited_json_is_a_stream() {
    for (media, kind) in [
        ("application/x-ndjson", "JsonLines"),
        ("application/jsonl; charset=utf-8", "JsonLines"),
        ("application/stream+json", "JsonLines"),
        ("application/json-seq", "JsonSequence"),
    ] {
        let generated =
            responding(json!({"200": {"content": {media: {"schema": refer("A")}}}, "404": {}}));
        has(
            &generated,
            "builder.rs",
            "Output = Result<runtime::Response<runtime::JsonStream<types::A>>, runtime::Error>",
        );
        has(
            &generated,
            "builder.rs",
            "self.client.transport().send_json_stream(self.request)",
        );
        let response = format!(".response(ResponseKind::{kind})");
        has(&generated, "operations.rs", &response);
        has(
            &generated,
            "mock.rs",
            "pub fn ok<'a>(self, values: impl IntoIterator<Item = &'a types::A>) -> Self",
        );
        assert!(generated.warnings().is_empty());
    }
    let beside = responding(json!({"200": {"content": {
        "application/json": {"schema": refer("A")}, "application/x-ndjson": {"schema": refer("B")},
    }}}));
    has(&beside, "operations.rs", ".response(ResponseKind::Json)");
    let warning = beside.warnings()[0].to_string();
    assert!(warning.contains("application~1x-ndjson"), "{warning}");
    for responses in [
        json!({"200": {"content": {"application/x-ndjson": {}, "text/csv": {}}}}),
        json!({"200": {"content": {"application/x-ndjson": {}}}, "202": json_response(refer("A"))}),
    ] {
        has(
            &responding(responses),
            "operations.rs",
            ".response(ResponseKind::Bytes)",
        );
    }
}

#[test]
fn server_sent_events_have_a_method_beside_send() {
    let events = |content: Value| responding(json!({"200": {"content": content}}));
    let method = "pub fn events(self) -> impl Future<Output = Result<runtime::Response<runtime::EventStream>, runtime::Error>>";
    let beside = events(json!({
        "application/json": {"schema": refer("A")}, "text/event-stream": {"schema": refer("B")},
    }));
    has(&beside, "builder.rs", method);
    has(&beside, "builder.rs", "[`B`](super::types::B)");
    has(
        &beside,
        "operations.rs",
        ".response(ResponseKind::Json).events()",
    );
    let only = events(json!({"text/event-stream; charset=utf-8": {"schema": {"type": "string"}}}));
    has(&only, "builder.rs", method);
    has(
        &only,
        "operations.rs",
        ".response(ResponseKind::Bytes).events()",
    );
    lacks(
        &responding(json!({"200": json_response(refer("A"))})),
        "send_events",
    );
}

#[test]
fn what_grpc_gateway_streams_is_a_stream_of_results() {
    let with = |description: &str, schema: Value| {
        generated(&json!({
            "swagger": "2.0", "paths": {"/x": {"get": {"operationId": "x", "responses": {
                "200": {"description": description, "schema": schema},
                "default": {"description": "", "schema": {"$ref": "#/definitions/E"}},
            }}}},
            "definitions": {
                "A": {"type": "object", "properties": {"a": {"type": "string"}}},
                "E": {"type": "object", "properties": {"code": {"type": "integer"}}},
                "apiHttpBody": {"type": "object", "properties": {"data": {"type": "string"}}},
            },
            "x-stream-definitions": {"A": {
                "type": "object", "properties": {"result": {"$ref": "#/definitions/A"}, "error": {"$ref": "#/definitions/E"}},
            }},
        }))
    };
    let envelope = |item: &str| {
        let item = json!({"$ref": format!("#/definitions/{item}")});
        json!({"type": "object", "title": "Stream result of it", "properties": {"result": item, "error": {"$ref": "#/definitions/E"}}})
    };
    let said = "A successful response.(streaming responses)";
    for (description, schema) in [
        (said, envelope("A")),
        ("", envelope("A")),
        (said, json!({"$ref": "#/x-stream-definitions/A"})),
        (said, json!({"$ref": "#/definitions/A"})),
    ] {
        let generated = with(description, schema);
        has(&generated, "builder.rs", "runtime::JsonStream<types::A>");
        has(
            &generated,
            "operations.rs",
            ".response(ResponseKind::JsonResults)",
        );
        lacks(&generated, "XResponse");
    }
    let bytes = with(said, envelope("apiHttpBody"));
    has(&bytes, "operations.rs", ".response(ResponseKind::Bytes)");
    has(
        &with("", json!({"$ref": "#/definitions/A"})),
        "operations.rs",
        ".response(ResponseKind::Json)",
    );
}

// Servers

/// An operation with servers at the top, at its path and at the operation.
fn served(root: Value, path: Value, own: Value) -> Generated {
    generated(&json!({
        "openapi": "3.0.3", "servers": root,
        "paths": {"/x": {"servers": path, "get": {
            "operationId": "x", "servers": own, "responses": {"204": {}},
        }}},
    }))
}

#[track_caller]
fn sent_to(generated: &Generated, path: &str, server: Option<&str>) {
    let operation = format!("Operation::new(\"x\", \"x\", \"GET\", {path:?}).success_status(204)");
    let server = server.map(|url| format!(".server({url:?})"));
    let operation = format!("{operation}{};", server.unwrap_or_default());
    has(generated, "operations.rs", &operation);
}

#[test]
fn the_first_server_is_the_default_endpoint() {
    let constant = |url: &str| format!("pub const DEFAULT_ENDPOINT: &'static str = {url:?};");
    let is_default = |servers: Value, url: &str| {
        let generated = served(servers, json!([]), json!([]));
        has(&generated, "client.rs", &constant(url));
        sent_to(&generated, "/x", None);
        assert!(generated.warnings().is_empty());
        generated
    };
    let listed = is_default(
        json!([
            {"url": "https://api.example.org/v2/", "description": "Production."},
            {"url": "http://localhost:8080"},
        ]),
        "https://api.example.org/v2",
    );
    has(
        &listed,
        "client.rs",
        "- `https://api.example.org/v2` ([default](Self::DEFAULT_ENDPOINT)): Production.",
    );
    has(&listed, "client.rs", "- `http://localhost:8080`");
    is_default(
        json!([{"url": "http://a.example"}, {"url": "https://b.example"}, {"url": "https://a.example"}]),
        "https://a.example",
    );
    is_default(json!([{"url": "//a.example/v1"}]), "https://a.example/v1");
    is_default(
        json!([{"url": "https://{zone}.example:{port}/{base}", "variables": {
            "zone": {"default": "eu", "enum": ["eu", "us"]}, "port": {"default": 8443}, "base": {"default": "v2"},
        }}]),
        "https://eu.example:8443/v2",
    );
    lacks(
        &served(json!(null), json!(null), json!(null)),
        "DEFAULT_ENDPOINT",
    );
}

#[test]
fn a_relative_server_is_a_prefix_of_every_path() {
    for url in ["/api/v3", "api/v3/", "./api/v3"] {
        let generated = served(json!([{"url": url}]), json!([]), json!([]));
        sent_to(&generated, "/api/v3/x", None);
        lacks(&generated, "DEFAULT_ENDPOINT");
    }
    for url in ["/", "", ".", "./"] {
        sent_to(
            &served(json!([{"url": url}]), json!([]), json!([])),
            "/x",
            None,
        );
    }
    let both =
        json!([{"url": "/api"}, {"url": "https://a.example/api"}, {"url": "https://b.example"}]);
    let both = served(both, json!([]), json!([]));
    sent_to(&both, "/api/x", None);
    has(
        &both,
        "client.rs",
        "DEFAULT_ENDPOINT: &'static str = \"https://a.example\";",
    );
    assert_eq!(both.warnings().len(), 1);
    let swagger = generated(&json!({
        "swagger": "2.0", "basePath": "v1/", "schemes": ["https"],
        "paths": {"/x": {"get": {"operationId": "x", "schemes": ["http"], "responses": {"204": {}}}}},
    }));
    sent_to(&swagger, "/v1/x", None);
}

#[test]
fn the_server_of_a_path_or_an_operation_is_used_for_it() {
    let root = json!([{"url": "https://api.example.org/v2"}]);
    let of_path = json!([{"url": "https://upload.example.org/"}]);
    let own = served(root.clone(), of_path.clone(), json!([]));
    sent_to(&own, "/x", Some("https://upload.example.org"));
    has(
        &own,
        "client.rs",
        "The request goes to `https://upload.example.org`, the server of this operation",
    );
    has(&own, "client.rs", "Some operations have their own server");
    let of_operation = json!([{"url": "http://c.example"}, {"url": "https://c.example"}]);
    sent_to(
        &served(root.clone(), of_path.clone(), of_operation),
        "/x",
        Some("https://c.example"),
    );
    // The default endpoint itself, and a server relative to it.
    sent_to(
        &served(root.clone(), of_path.clone(), root.clone()),
        "/x",
        None,
    );
    let relative = json!([{"url": "/v3"}]);
    sent_to(
        &served(root, of_path.clone(), relative.clone()),
        "/x",
        Some("https://api.example.org/v3"),
    );
    sent_to(
        &served(json!([{"url": "/api"}]), relative, json!([])),
        "/v3/x",
        None,
    );
    sent_to(
        &served(json!([{"url": "/api"}]), of_path, json!([])),
        "/x",
        Some("https://upload.example.org"),
    );
    let swagger = |schemes: Value| {
        generated(&json!({
            "swagger": "2.0", "host": "a.example", "basePath": "/v1", "schemes": ["http", "https"],
            "paths": {"/x": {"get": {"operationId": "x", "schemes": schemes, "responses": {"204": {}}}}},
        }))
    };
    has(&swagger(json!([])), "client.rs", "\"https://a.example/v1\"");
    sent_to(&swagger(json!(["https"])), "/x", None);
    sent_to(&swagger(json!(["http"])), "/x", Some("http://a.example/v1"));
}

#[test]
fn a_server_that_cannot_be_used_is_a_warning() {
    for (url, reason) in [
        ("wss://a.example", "the scheme of `wss://a.example`"),
        ("https://{host}/v1", "the variable `host` of"),
        ("https://{host", "the braces of"),
        ("https://user:secret@a.example", "has a user name"),
        ("https://a.example/?v=1", "has a `?` or `#`"),
        ("https://https://a.example", "has no host"),
        ("https://", "is not a URL"),
        ("https://a b", "is not a URL"),
        ("../v1", "is neither a URL nor a path"),
        ("localhost:8080/api", "is neither a URL nor a path"),
    ] {
        let server = json!([{"url": url}]);
        let root = served(server.clone(), json!([]), json!([]));
        sent_to(&root, "/x", None);
        lacks(&root, "DEFAULT_ENDPOINT");
        let warning = root.warnings()[0].to_string();
        assert!(
            warning.contains(reason) && warning.contains("/servers/0"),
            "{warning}"
        );
        let own = served(json!([]), json!([]), server);
        sent_to(&own, "/x", None);
        let warning = own.warnings()[0].to_string();
        assert!(
            warning.contains(reason) && warning.contains("/paths/~1x/get"),
            "{warning}"
        );
    }
    for servers in [json!({}), json!([1, {}]), json!("x")] {
        sent_to(
            &served(servers.clone(), servers.clone(), servers),
            "/x",
            None,
        );
    }
}
