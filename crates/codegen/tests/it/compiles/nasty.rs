//! Specs with the most unfortunate names and shapes that a document can have.

use serde_json::{Map, Value, json};

/// Names with a meaning in Rust, in its prelude or in the generated code.
pub const NAMES: [&str; 62] = [
    "Option",
    "Vec",
    "String",
    "Result",
    "Box",
    "Some",
    "None",
    "Ok",
    "Err",
    "Into",
    "From",
    "Default",
    "Error",
    "Client",
    "Self",
    "TryFrom",
    "TryInto",
    "IntoIterator",
    "Clone",
    "Debug",
    "PartialEq",
    "Serialize",
    "Deserialize",
    "JsonSchema",
    "BTreeMap",
    "Value",
    "Timestamp",
    "Nullable",
    "Transport",
    "Request",
    "Response",
    "Operation",
    "Parameter",
    "i64",
    "bool",
    "str",
    "f64",
    "T0",
    "M0",
    "builder",
    "types",
    "operations",
    "runtime",
    "request",
    "client",
    "value",
    "self",
    "super",
    "crate",
    "type",
    "async",
    "gen",
    "dyn",
    "1st",
    "日本",
    "größe",
    "__Result",
    "x",
    "X",
    "ByteStream",
    "Content",
    "BuildError",
];

/// Names of properties and parameters.
pub const MEMBERS: [&str; 58] = [
    "self",
    "super",
    "type",
    "value",
    "request",
    "client",
    "body",
    "send",
    "items",
    "pages",
    "extra",
    "extra_properties",
    "build",
    "builder",
    "@kind",
    "$ref",
    "new",
    "default",
    "clone",
    "from",
    "into",
    "try_from",
    "fmt",
    "eq",
    "key",
    "operations",
    "runtime",
    "types",
    "transport",
    "async",
    "gen",
    "try",
    "await",
    "r#type",
    "größe",
    "日本",
    "1st",
    "0",
    "-1",
    "",
    "a.b",
    "a/b~c",
    "x-y",
    "__private",
    "serde",
    "option",
    "vec",
    "string",
    "result",
    "some",
    "ok",
    "call",
    "blocking",
    "lines",
    "index",
    "T0",
    "m0",
    "p0",
];

/// Every shape a schema can have.
pub fn shapes() -> Vec<(&'static str, Value)> {
    vec![
        ("any", json!({})),
        ("boolean", json!({"type": "boolean"})),
        ("int32", json!({"type": "integer", "format": "int32"})),
        ("uint8", json!({"type": "integer", "format": "uint8"})),
        ("uint64", json!({"type": "integer", "format": "uint64"})),
        ("integer", json!({"type": "integer"})),
        ("number", json!({"type": "number", "format": "float"})),
        ("string", json!({"type": "string"})),
        ("time", json!({"type": "string", "format": "date-time"})),
        ("int64", json!({"type": "string", "format": "int64"})),
        ("unsigned", json!({"type": "string", "format": "uint64"})),
        ("binary", json!({"type": "string", "format": "binary"})),
        (
            "unknown_format",
            json!({"type": "string", "format": "later"}),
        ),
        ("enum", json!({"type": "string", "enum": ["a", "b"]})),
        ("named_enum", json!({"$ref": "#/components/schemas/Kind"})),
        ("one_value", json!({"enum": [1]})),
        (
            "list",
            json!({"type": "array", "items": {"type": "string"}}),
        ),
        (
            "lists",
            json!({"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}),
        ),
        (
            "objects",
            json!({"type": "array", "items": {"$ref": "#/components/schemas/Leaf"}}),
        ),
        (
            "int64s",
            json!({"type": "array", "items": {"type": "string", "format": "int64"}}),
        ),
        ("anything", json!({"type": "array"})),
        (
            "map",
            json!({"type": "object", "additionalProperties": {"type": "integer"}}),
        ),
        (
            "int64_map",
            json!({"type": "object", "additionalProperties": {"type": "string", "format": "int64"}}),
        ),
        ("free_map", json!({"type": "object"})),
        (
            "object_map",
            json!({"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Leaf"}}),
        ),
        ("object", json!({"$ref": "#/components/schemas/Leaf"})),
        ("strict", json!({"$ref": "#/components/schemas/Strict"})),
        ("open", json!({"$ref": "#/components/schemas/Open"})),
        (
            "inline",
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
        ),
        (
            "union",
            json!({"anyOf": [
                {"type": "string"}, {"type": "integer"}, {"type": "boolean"},
                {"type": "array", "items": {"$ref": "#/components/schemas/Leaf"}}, {"$ref": "#/components/schemas/Leaf"},
            ]}),
        ),
        (
            "union_of_enum",
            json!({"oneOf": [{"$ref": "#/components/schemas/Kind"}, {"type": "number"}]}),
        ),
        (
            "union_of_int64",
            json!({"oneOf": [{"type": "string", "format": "int64"}, {"type": "boolean"}]}),
        ),
        (
            "union_of_map",
            json!({"oneOf": [{"type": "object"}, {"type": "string", "format": "date-time"}]}),
        ),
        (
            "either",
            json!({"oneOf": [{"$ref": "#/components/schemas/Leaf"}, {"$ref": "#/components/schemas/Open"}]}),
        ),
        ("alias", json!({"$ref": "#/components/schemas/Alias"})),
        (
            "alias_list",
            json!({"$ref": "#/components/schemas/AliasList"}),
        ),
        (
            "nested_alias",
            json!({"$ref": "#/components/schemas/NestedAlias"}),
        ),
        ("tree", json!({"$ref": "#/components/schemas/Tree"})),
        (
            "null_leaf",
            json!({"$ref": "#/components/schemas/NullLeaf"}),
        ),
        (
            "all",
            json!({"allOf": [{"$ref": "#/components/schemas/Leaf"}, {"type": "object", "properties": {"more": {"type": "string"}}}]}),
        ),
    ]
}

fn schemas() -> Value {
    json!({
        "Kind": {"type": "string", "enum": ["one", "two"]},
        "Leaf": {"type": "object", "properties": {"a": {"type": "string"}}},
        "Strict": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false},
        "Open": {
            "type": "object", "properties": {"extra": {"type": "string"}, "extra_properties": {"type": "string"}},
            "additionalProperties": {"type": "string", "format": "int64"},
        },
        "Alias": {"type": "string", "description": "A name."},
        "AliasList": {"type": "array", "items": {"$ref": "#/components/schemas/Alias"}},
        "NestedAlias": {"type": "array", "items": {"$ref": "#/components/schemas/NestedAlias"}},
        "MapOfAlias": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/ListOfMaps"}},
        "ListOfMaps": {"type": "array", "items": {"$ref": "#/components/schemas/MapOfAlias"}},
        "NullLeaf": {"type": "object", "nullable": true, "properties": {"a": {"type": "string"}}},
        "Tree": {
            "type": "object", "required": ["left", "either"],
            "properties": {
                "left": {"$ref": "#/components/schemas/NullTree"},
                "right": {"$ref": "#/components/schemas/Tree"},
                "nullable": {"allOf": [{"$ref": "#/components/schemas/Tree"}], "nullable": true},
                "list": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
                "map": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Tree"}},
                "either": {"$ref": "#/components/schemas/TreeOrText"},
                "inline": {"type": "object", "properties": {"up": {"$ref": "#/components/schemas/Tree"}}},
                "extended": {"$ref": "#/components/schemas/ExtendedTree"},
            },
        },
        "NullTree": {"type": "object", "nullable": true, "properties": {"tree": {"$ref": "#/components/schemas/Tree"}}},
        "TreeOrText": {"oneOf": [{"$ref": "#/components/schemas/Tree"}, {"type": "string"}]},
        "ExtendedTree": {"allOf": [
            {"$ref": "#/components/schemas/Leaf"},
            {"type": "object", "properties": {"below": {"$ref": "#/components/schemas/ExtendedOrText"}}},
        ]},
        "ExtendedOrText": {"oneOf": [{"$ref": "#/components/schemas/ExtendedTree"}, {"type": "string"}]},
        "Prefix": {"type": "string", "enum": ["self", "Unknown", "", "-1", "1", ">=", "a b", "known", "\u{202e}", "\"", "é", "same", "same", "x".repeat(300)]},
    })
}

fn document(paths: Map<String, Value>, schemas: Value) -> String {
    json!({
        "openapi": "3.0.3",
        "info": {"title": "Nasty\n\n    let broken = ;", "version": "1\"\\"},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"Bear er": {"type": "http", "scheme": "bearer"}}},
        "security": [{"Bear er": []}],
    })
    .to_string()
}

fn response(schema: Value) -> Value {
    json!({"200": {"description": "", "content": {"application/json": {"schema": schema}}}})
}

/// Schemas, operations and tags with names that have a meaning elsewhere.
pub fn names() -> String {
    let mut components = Map::new();
    let mut paths = Map::new();
    // They differ only in case and have the same Rust names.
    let mut seen = std::collections::HashSet::new();
    for name in NAMES
        .iter()
        .filter(|name| seen.insert(name.to_lowercase().replace('_', "")))
    {
        let refer = json!({"$ref": format!("#/components/schemas/{name}")});
        let schema = json!({
            "type": "object", "required": ["this", "text", "time", "map"],
            "properties": {
                "this": {"type": "array", "items": refer}, "other": refer, "text": {"type": "string"},
                "time": {"type": "string", "format": "date-time"}, "map": {"type": "object"},
                "null": {"type": "string", "nullable": true}, "union": {"oneOf": [refer, {"type": "string"}]},
                "counts": {"type": "array", "items": {"type": "string", "format": "int64"}},
                "plain": {"type": "string"}, "number": {"type": "integer"}, "any": {}, "list": {"type": "array"},
            },
            "additionalProperties": {"type": "string"},
        });
        components.insert((*name).to_owned(), schema);
        paths.insert(format!("/{name}/{{id}}"), json!({
            "get": {
                "operationId": name, "tags": [name],
                "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
                               {"name": "text", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}],
                "requestBody": {"required": true, "content": {"application/json": {"schema": refer}}},
                "responses": response(json!({"type": "array", "items": refer})),
            },
            "put": {
                "operationId": format!("put {name}"), "deprecated": true,
                "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
                "requestBody": {"content": {"application/json": {"schema": {"type": "string"}}}},
                "responses": response(json!({"type": "string"})),
            },
        }));
    }
    document(paths, Value::Object(components))
}

/// Properties, parameters and parts with names that have a meaning elsewhere.
pub fn members() -> String {
    let property = |deprecated: bool| json!({"type": "string", "deprecated": deprecated, "default": "`[x]\n\n    code"});
    let properties: Map<String, Value> = MEMBERS
        .iter()
        .enumerate()
        .map(|(index, name)| ((*name).to_owned(), property(index % 2 == 0)))
        .collect();
    let part = |(index, name): (usize, &&str)| {
        let format = if index % 2 == 0 { "binary" } else { "" };
        (
            (*name).to_owned(),
            json!({"type": "string", "format": format}),
        )
    };
    let parts: Map<String, Value> = MEMBERS.iter().enumerate().map(part).collect();
    let required: Vec<&str> = MEMBERS.iter().copied().step_by(3).collect();
    let mut paths = Map::new();
    for (location, required) in [
        ("query", true),
        ("query", false),
        ("header", true),
        ("header", false),
        ("cookie", false),
    ] {
        let parameters: Vec<Value> = MEMBERS
            .iter()
            .filter(|name| !name.is_empty())
            .map(|name| json!({
                "name": name, "in": location, "required": required, "deprecated": true, "schema": {"type": "string"},
                "description": "    code\n\n```\nmore\n\n- [a]: <b>\n",
            }))
            .collect();
        paths.insert(
            format!("/{location}/{required}"),
            json!({"get": {
                "operationId": format!("{location}-{required}"), "parameters": parameters,
                "summary": "    code", "description": "```rust\nunclosed",
                "responses": {"204": {"description": ""}},
            }}),
        );
    }
    for required in [true, false] {
        for media in [
            "multipart/form-data",
            "application/x-www-form-urlencoded",
            "application/json",
        ] {
            paths.insert(format!("/{media}/{required}"), json!({"post": {
                "operationId": format!("{media}-{required}"),
                "requestBody": {"required": required, "content": {media: {"schema": {"$ref": "#/components/schemas/Parts"}}}},
                "responses": {"204": {"description": ""}},
            }}));
        }
    }
    let in_path: String = MEMBERS
        .iter()
        .filter(|name| !name.is_empty())
        .map(|name| format!("/{{{name}}}"))
        .collect();
    let in_path_parameters: Vec<Value> = MEMBERS
        .iter()
        .filter(|name| !name.is_empty())
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "integer"}}))
        .collect();
    paths.insert(in_path, json!({"get": {"operationId": "in_path", "parameters": in_path_parameters, "responses": {"204": {"description": ""}}}}));
    document(
        paths,
        json!({
            "AllRequired": {"type": "object", "properties": properties, "required": MEMBERS.to_vec()},
            "SomeRequired": {"type": "object", "properties": properties, "required": required, "additionalProperties": true},
            "AllOptional": {"type": "object", "properties": properties, "additionalProperties": {"type": "integer"}},
            "Parts": {"type": "object", "properties": parts, "required": required},
        }),
    )
}

/// Every shape as a property, item, map value, body, response and parameter.
pub fn everywhere() -> String {
    let mut schemas = schemas();
    let mut paths = Map::new();
    let nullable = |schema: &Value| match schema.get("$ref") {
        Some(_) => json!({"allOf": [schema], "nullable": true}),
        None => {
            let mut schema = schema.clone();
            schema["nullable"] = true.into();
            schema
        }
    };
    for (name, shape) in shapes() {
        let empty = nullable(&shape);
        schemas[format!("Holds {name}")] = json!({
            "type": "object", "required": ["required", "null"], "description": format!("Holds {name}."),
            "properties": {
                "required": shape, "optional": shape, "null": empty, "nullable": empty,
                "list": {"type": "array", "items": shape}, "nulls": {"type": "array", "items": empty},
                "map": {"type": "object", "additionalProperties": shape},
            },
        });
        schemas[format!("Optional {name}")] = json!({"type": "object", "properties": {"optional": shape, "nullable": empty}, "additionalProperties": shape});
        schemas[format!("Top {name}")] = shape.clone();
        for (required, schema) in [(true, &shape), (false, &empty)] {
            let id = format!("{name} {required} {}", schema == &empty);
            let mut parameters = Vec::new();
            for (location, style, explode) in [
                ("query", "form", true),
                ("query", "form", false),
                ("query", "spaceDelimited", false),
                ("query", "pipeDelimited", false),
                ("query", "deepObject", true),
                ("header", "simple", false),
                ("header", "simple", true),
                ("cookie", "form", false),
            ] {
                parameters.push(json!({
                    "name": format!("{location} {style} {explode}"), "in": location, "required": required,
                    "style": style, "explode": explode, "schema": schema, "deprecated": !required,
                }));
            }
            parameters.push(json!({"name": "json", "in": "query", "content": {"application/json": {"schema": schema}}}));
            let in_path = |style: &str| json!({"name": style, "in": "path", "required": true, "style": style, "schema": schema});
            let parts = json!({"type": "object", "required": ["one"], "properties": {
                "one": schema, "two": schema, "list": {"type": "array", "items": schema},
            }});
            paths.insert(format!("/in path/{id}/{{simple}}/{{label}}/{{matrix}}"), json!({
                "parameters": [in_path("simple"), in_path("label"), in_path("matrix")],
                "get": {"operationId": format!("in path {id}"), "responses": {"204": {"description": ""}}},
                "post": {
                    "operationId": format!("parts {id}"),
                    "requestBody": {"required": required, "content": {"multipart/form-data": {"schema": parts}}},
                    "responses": {"204": {"description": ""}},
                },
                "put": {
                    "operationId": format!("several {id}"),
                    "requestBody": {"required": required, "content": {
                        "application/json": {"schema": schema}, "application/vnd.api+json": {"schema": schema},
                        "multipart/form-data": {"schema": parts}, "application/x-www-form-urlencoded": {"schema": schema},
                        "application/xml": {"schema": schema}, "image/*": {}, "*/*": {"schema": schema},
                    }},
                    "responses": {"204": {"description": ""}},
                },
            }));
            paths.insert(format!("/{id}"), json!({
                "post": {
                    "operationId": format!("json {id}"), "parameters": parameters,
                    "requestBody": {"required": required, "content": {"application/json": {"schema": schema}}},
                    "responses": response(schema.clone()),
                },
                "put": {
                    "operationId": format!("form {id}"),
                    "requestBody": {"required": required, "content": {"application/x-www-form-urlencoded": {"schema": schema}}},
                    "responses": {"200": response(schema.clone())["200"], "204": {"description": ""}},
                },
                "patch": {
                    "operationId": format!("raw {id}"),
                    "requestBody": {"required": required, "content": {"text/plain": {"schema": schema}}},
                    "responses": {"default": {"description": "", "content": {"text/plain": {"schema": schema}}}},
                },
            }));
        }
    }
    document(paths, schemas)
}

/// Descriptions that look like code, markup or attributes.
pub fn prose() -> String {
    let texts = [
        "    let broken = ;",
        "```rust\nlet broken = ;",
        "- a\n\n      code",
        "> > ```\n> x",
        "[a]: b\n\n[a][b] [c](",
        "*/ /*",
        "/",
        "//",
        "\u{202e}txet\u{2066}",
        "a\rb\r\nc\u{0}\u{7f}\u{85}d",
        "<b onclick=x>",
        "<!-- x",
        "\\",
        "`",
        "```",
        "~~~~\n```",
        "\t\tcode",
        "#![x]",
        "1. a\n\n        code\n2. b",
        "| a |\n|---|\n| [b] |",
        "https://[",
        "<https://a b>",
        "\u{feff}",
        "\"#",
        "{}",
        "&lt;",
        "---\n    x",
        "[^1]: x\n\n    code",
        "* * *\n\n     code",
        "+ ```\n  x",
        "[x]\n===\n    code",
        "",
    ];
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for (index, text) in texts.iter().enumerate() {
        let parameter = |location: &str, required: bool| {
            json!({
                "name": format!("{location}{required}"), "in": location, "required": required, "description": text, "schema": {"type": "string", "default": text},
            })
        };
        paths.insert(format!("/{index}"), json!({"post": {
            "operationId": format!("operation {index}"), "summary": text, "description": text, "tags": [text],
            "parameters": [parameter("query", true), parameter("header", false)],
            "requestBody": {"required": true, "description": text, "content": {"application/json": {"schema": {"type": "string"}}}},
            "responses": {"204": {"description": text}},
        }}));
        schemas.insert(format!("Object {index}"), json!({
            "type": "object", "description": text, "properties": {"a": {"type": "string", "description": text, "default": text}, "b": {"type": "string", "enum": ["a", format!("b{text}")], "description": format!("- a: {text}")}},
        }));
    }
    document(paths, Value::Object(schemas))
}
