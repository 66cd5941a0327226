//! Every operation of both APIs through the command line, against the sandbox.

// The sandbox's own test of all operations knows what each needs.
#[allow(dead_code, reason = "the sandbox's tests use more of it")]
#[path = "../../../sandbox/tests/it/every_operation/api_spec.rs"]
mod api_spec;
#[allow(dead_code, reason = "the sandbox's tests use more of it")]
#[path = "../../../sandbox/tests/it/every_operation/request.rs"]
mod request;
#[allow(dead_code, reason = "the sandbox's tests use more of it")]
#[path = "../../../sandbox/tests/it/support.rs"]
mod support;
#[allow(dead_code, reason = "the sandbox's tests use more of it")]
#[path = "../../../sandbox/tests/it/every_operation/world.rs"]
mod world;

use std::path::Path;

use crate::program::{Ended, Program, wait_for};
use api_spec::ApiSpec;
use compute_kfp::operation::{BodyKind, BodyPart, Operation};
use compute_kfp::{compute, kfp};
use compute_kfp_sandbox::{NAMESPACE, ReceivedRequest, Sandbox};
use serde_json::{Map, Value};
use tempfile::TempDir;
use world::{PIPELINE, World};

struct Api {
    name: &'static str,
    spec: ApiSpec,
    operations: &'static [&'static Operation],
}

impl Api {
    fn compute() -> Self {
        Self {
            name: "compute",
            spec: ApiSpec::compute(),
            operations: compute::operations::OPERATIONS,
        }
    }

    fn kfp() -> Self {
        Self {
            name: "kfp",
            spec: ApiSpec::kfp(),
            operations: kfp::operations::OPERATIONS,
        }
    }
}

fn apis() -> [Api; 2] {
    [Api::compute(), Api::kfp()]
}

/// Returns the arguments as options, with names in kebab case.
fn options(arguments: &Map<String, Value>) -> Vec<String> {
    let mut options = Vec::new();
    for (name, value) in arguments {
        let values = match value {
            Value::Array(items) if name != "body" => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        for value in values {
            options.push(format!("--{}", name.replace('_', "-")));
            options.push(match value {
                Value::String(text) if name != "body" => text.clone(),
                other => other.to_string(),
            });
        }
    }
    options
}

/// Returns the parts of a request that depend on the arguments.
fn essentials(request: &ReceivedRequest) -> (String, String, Option<String>, Option<Value>) {
    (
        request.method().to_owned(),
        request.path().to_owned(),
        request.query().map(str::to_owned),
        serde_json::from_slice(request.body()).ok(),
    )
}

/// Returns the data of the sandbox of a world, which is faster to start with than to create.
fn data_of(sandbox: &Sandbox, path: &Path) -> Value {
    sandbox.save().unwrap();
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn with_data(data: &Value) -> Sandbox {
    let sandbox = Sandbox::builder().require_kfp_token();
    sandbox.empty().seed(data.clone()).start_blocking().unwrap()
}

fn with_data_file(path: &Path) -> Sandbox {
    let sandbox = Sandbox::builder().require_kfp_token();
    sandbox.data_file(path).start_blocking().unwrap()
}

#[test]
fn every_operation_is_called_by_options_and_by_json_with_the_same_effect() {
    // Each API in its own thread, since this is the longest test.
    let called = std::thread::scope(|scope| {
        let apis = [Api::compute, Api::kfp];
        let apis = apis.map(|api| scope.spawn(move || every_operation_is_called(&api())));
        apis.map(|called| called.join().unwrap())
    });
    assert_eq!(called.iter().sum::<usize>(), 137);
}

/// Calls each operation by options and by JSON; returns their number.
fn every_operation_is_called(api: &Api) -> usize {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("data.json");
    let common = with_data_file(&path);
    let common = wait_for(World::create(&common));
    let data = data_of(common.sandbox, &path);
    for operation in api.operations {
        let mut requests = Vec::new();
        for by_json in [false, true] {
            let (changed, own);
            let world = match operation.method {
                "GET" => &common,
                _ => {
                    changed = with_data(&data);
                    own = common.again(&changed);
                    &own
                }
            };
            let program = Program::with(world.sandbox);
            let mut arguments = world.arguments(operation, &api.spec);
            if let Some(BodyKind::Multipart(_)) = operation.body().map(|body| body.kind) {
                let path = program.file("again.json", PIPELINE.to_string());
                arguments.insert("uploadfile".to_owned(), path.into());
            }
            let (name, json) = (
                operation.name.replace('_', "-"),
                Value::Object(arguments.clone()).to_string(),
            );
            let ended = if by_json {
                program.run(["call", api.name, operation.id, &json])
            } else {
                let options = options(&arguments);
                let words = [api.name, &name]
                    .into_iter()
                    .chain(options.iter().map(String::as_str));
                program.run(words)
            };
            is_answered(api, operation, &ended);
            requests.push(essentials(world.sandbox.received().last().unwrap()));
        }
        if !matches!(
            operation.body().map(|body| body.kind),
            Some(BodyKind::Multipart(_))
        ) {
            // The sandbox generates the same identifiers after each start.
            assert_eq!(requests[0], requests[1], "{}", operation.id);
        }
    }
    api.operations.len()
}

#[track_caller]
fn is_answered(api: &Api, operation: &Operation, ended: &Ended) {
    let told = format!("{}: {ended:?}", operation.id);
    // Servers do not implement it, as its spec says.
    if operation.id == "DummyFilterService_GetFilter" {
        assert_eq!(ended.status, 4, "{told}");
        return;
    }
    assert_eq!(ended.status, 0, "{told}");
    let warned = ended.errors.contains("deprecated");
    assert_eq!(warned, operation.deprecated, "{told}");
    if operation.response.is_none() {
        assert_eq!(ended.output, "", "{told}");
        return;
    }
    let answer: Value = serde_json::from_str(&ended.output).expect(&told);
    let errors = api
        .spec
        .errors(operation, operation.success_status, &answer);
    assert!(errors.is_empty(), "{told}: {errors:?}");
}

/// Returns a string with single spaces, since terminals break lines elsewhere.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn options_have_plain_values_and_bodies_are_json_or_files() {
    let plain = ["string", "integer", "number", "boolean"];
    for operation in apis().iter().flat_map(|api| api.operations) {
        for parameter in operation.parameters {
            let kind = match parameter.kind {
                "array" => parameter.items,
                kind => kind,
            };
            assert!(plain.contains(&kind), "{}: {parameter:?}", operation.id);
        }
        match operation.body().map(|body| body.kind) {
            None | Some(BodyKind::Json) => {}
            Some(BodyKind::Multipart(parts)) => {
                let is_one_file = |part: &BodyPart| part.file && part.kind != "array";
                assert!(parts.iter().all(is_one_file), "{}", operation.id);
                assert!(parts.iter().all(|part| part.name == part.argument));
            }
            Some(other) => panic!("{}: {other:?}", operation.id),
        }
    }
}

#[test]
fn the_help_of_every_operation_contains_the_texts_of_the_spec() {
    let program = Program::alone();
    for api in apis() {
        let list = program.run([api.name, "--help"]);
        for operation in api.operations {
            let name = operation.name.replace('_', "-");
            assert!(
                words(&list.output).contains(&words(operation.summary)),
                "{name}"
            );
            let help = program.run([api.name, &name, "--help"]);
            assert_eq!(help.status, 0, "{help:?}");
            let help = words(&help.output);
            for text in [
                operation.summary,
                operation.description,
                operation.path,
                operation.id,
            ] {
                assert!(help.contains(&words(text)), "{name}: {text}\n{help}");
            }
            for parameter in operation.parameters {
                assert!(
                    help.contains(&words(parameter.description)),
                    "{name}: {}",
                    parameter.name
                );
                assert!(
                    help.contains(&format!("--{}", parameter.name.replace('_', "-"))),
                    "{name}"
                );
                for value in parameter.values {
                    assert!(help.contains(value), "{name}: {value}");
                }
            }
        }
    }
}

#[test]
fn the_help_of_an_operation_lists_the_fields_of_its_body() {
    const RESPONSES_ONLY: [&str; 5] = [
        "leave it out of requests",
        "et by the server",
        "illed by the server",
        "When the server stored",
        "the server could not read it",
    ];
    let swagger = include_str!("../../../../specs/kfp.swagger.json");
    let swagger: Value = serde_json::from_str(swagger).unwrap();
    let program = Program::alone();
    for api in apis() {
        for operation in api.operations {
            if !matches!(operation.body().map(|body| body.kind), Some(BodyKind::Json)) {
                continue;
            }
            let name = operation.name.replace('_', "-");
            let help = program.run([api.name, &name, "--help"]).output;
            let schema = body_schema(&api, &swagger, operation);
            let required = schema["required"].as_array();
            let properties = schema["properties"].as_object();
            for (field, property) in properties.into_iter().flatten() {
                let text = property["description"].as_str().unwrap_or_default();
                let is_required = required.is_some_and(|names| names.iter().any(|it| it == field));
                let line = help
                    .lines()
                    .find(|line| line.starts_with(&format!("  {field}: ")));
                let says_so = RESPONSES_ONLY.iter().any(|words| text.contains(words));
                if says_so || property["readOnly"] == true {
                    assert_eq!(line, None, "{name}: only responses have {field}");
                    continue;
                }
                let line = line.unwrap_or_else(|| panic!("{name}: no {field} in\n{help}"));
                let kind = match property["type"].as_str() {
                    Some("object") | None => "",
                    Some(kind) => kind,
                };
                assert!(line.contains(kind), "{name}: {kind}: {line}");
                assert!(
                    !is_required || line.contains(", required"),
                    "{name}: {line}"
                );
            }
        }
    }
    let help = program.run(["kfp", "create-run", "--help"]).output;
    for expected in [
        "  display_name: string, required",
        "  pipeline_version_reference: object. ",
        "    pipeline_id: string. ",
    ] {
        assert!(help.contains(expected), "{expected}: {help}");
    }
    let update = program.run(["kfp", "update-task", "--help"]).output;
    assert!(!update.contains(", required"), "{update}");
}

/// Returns the schema of a body from the spec.
fn body_schema<'a>(api: &'a Api, swagger: &'a Value, operation: &Operation) -> &'a Value {
    if api.name == "compute" {
        return api.spec.resolve(api.spec.body(operation));
    }
    let method = operation.method.to_ascii_lowercase();
    let parameters = &swagger["paths"][operation.path][method]["parameters"];
    let mut parameters = parameters.as_array().unwrap().iter();
    let body = parameters.find(|parameter| parameter["in"] == "body");
    let schema = &body.unwrap()["schema"];
    match schema["$ref"].as_str() {
        Some(reference) => swagger.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// Returns an example with identifiers of the world.
fn filled(world: &World<'_>, name: &str, value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| {
                let value = filled(world, name, value);
                let id = Some(name.to_lowercase()).filter(|_| name.ends_with("_ID"));
                let key = id.and_then(|id| world.id_of(&id)?.as_str().map(str::to_owned));
                (key.unwrap_or_else(|| name.clone()), value)
            });
            members.collect()
        }
        Value::Array(items) => items.iter().map(|item| filled(world, name, item)).collect(),
        Value::String(text) if text == "NAMESPACE" => NAMESPACE.into(),
        plain => world.id_of(name).unwrap_or_else(|| plain.clone()),
    }
}

#[test]
fn the_server_accepts_the_example_of_each_help() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("data.json");
    let original = with_data_file(&path);
    let original = wait_for(World::create(&original));
    let data = data_of(original.sandbox, &path);
    for api in apis() {
        for operation in api.operations {
            if !matches!(operation.body().map(|body| body.kind), Some(BodyKind::Json)) {
                continue;
            }
            let sandbox = with_data(&data);
            let world = original.again(&sandbox);
            let program = Program::with(&sandbox);
            let name = operation.name.replace('_', "-");
            let help = program.run([api.name, &name, "--help"]).output;
            let (call, example) = help.rsplit_once(" --body '").expect(&help);
            let (example, _) = example.split_once('\'').unwrap();
            let example: Value = serde_json::from_str(example).expect(&help);
            let (_, call) = call.rsplit_once("compute-kfp ").unwrap();
            let mut words = call.split_whitespace().filter(|word| *word != "\\").skip(2);
            let mut given = Map::new();
            while let (Some(option), Some(_)) = (words.next(), words.next()) {
                let argument = option.trim_start_matches("--").replace('-', "_");
                given.insert(argument, Value::Null);
            }
            let mut arguments = world.arguments(operation, &api.spec);
            arguments.insert("body".to_owned(), filled(&world, "", &example));
            let required = operation.parameters.iter().filter(|it| it.required);
            let required = required.map(|it| it.argument.to_owned());
            assert!(
                required.eq(given.into_iter().map(|(name, _)| name)),
                "{call}"
            );
            let options = options(&arguments);
            let words = [api.name, &name].into_iter();
            let ended = program.run(words.chain(options.iter().map(String::as_str)));
            is_answered(&api, operation, &ended);
        }
    }
}

#[test]
fn the_list_of_operations_is_complete_and_agrees_with_the_tables() {
    let program = Program::alone();
    let ended = program.run(["operations", "--output", "json"]);
    let listed: Vec<Value> = serde_json::from_str(&ended.output).unwrap();
    let all = apis().into_iter().flat_map(|api| {
        api.operations
            .iter()
            .map(move |operation| (api.name, operation))
    });
    let all: Vec<_> = all.collect();
    assert_eq!(listed.len(), all.len());
    for (entry, (api, operation)) in listed.iter().zip(all) {
        assert_eq!(entry["api"], api);
        assert_eq!(entry["name"], operation.name);
        assert_eq!(entry["upstream_name"], operation.id);
        assert_eq!(entry["method"], operation.method);
        assert_eq!(entry["path"], operation.path);
        assert_eq!(entry["paged"], operation.paging.is_some());
        assert_eq!(entry["deprecated"], operation.deprecated);
        assert_eq!(entry["body"].is_null(), operation.bodies.is_empty());
        assert_eq!(
            entry["security"].as_array().unwrap().len(),
            operation.security.len()
        );
        let parameters = entry["parameters"].as_array().unwrap();
        assert_eq!(parameters.len(), operation.parameters.len());
        for (entry, parameter) in parameters.iter().zip(operation.parameters) {
            assert_eq!(entry["name"], parameter.name);
            assert_eq!(entry["required"], parameter.required);
            assert_eq!(entry["type"], parameter.kind);
            assert_eq!(
                entry["values"].as_array().unwrap().len(),
                parameter.values.len()
            );
            let places = ["path", "query", "header", "cookie"];
            assert!(places.contains(&entry["in"].as_str().unwrap()));
        }
    }
    let compute = program.run(["operations", "--api", "compute", "--output", "jsonl"]);
    assert_eq!(
        compute.output.lines().count(),
        compute::operations::OPERATIONS.len()
    );
}
