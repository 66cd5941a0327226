//! References to other files and into parts of schemas.

use std::path::Path;

use compute_kfp_codegen::{Generated, Overlay, Problem, Spec, generate};
use serde_json::json;
use tempfile::TempDir;

fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    directory
}

fn generated(files: &[(&str, &str)]) -> Generated {
    let directory = directory(files);
    let spec = Spec::from_file(directory.path().join(files[0].0)).unwrap();
    generate(&spec).unwrap_or_else(|error| panic!("{error}"))
}

fn problems(files: &[(&str, &str)]) -> Vec<Problem> {
    let directory = directory(files);
    problems_in(directory.path(), files[0].0)
}

fn problems_in(directory: &Path, spec: &str) -> Vec<Problem> {
    let spec = Spec::from_file(directory.join(spec)).unwrap();
    generate(&spec).unwrap_err().problems().to_vec()
}

/// Asserts that two specs yield the same code.
fn same(split: &[(&str, &str)], whole: &str) {
    let split = generated(split);
    let whole = generate(&Spec::from_string("whole.yaml", whole)).unwrap();
    for ((name, split), (_, whole)) in split.files().zip(whole.files()) {
        assert_eq!(split, whole, "{name}");
    }
}

const PETS: &str = "
openapi: 3.0.3
info: {title: Pets, version: 1.0.0}
paths:
  /pets/{id}:
    parameters:
      - name: id
        in: path
        required: true
        schema: {type: string}
    get:
      operationId: readPet
      parameters:
        - name: limit
          in: query
          schema: {type: integer}
      responses:
        200:
          description: The pet.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Pet'}
components:
  schemas:
    Pet:
      type: object
      properties:
        name: {type: string}
        owner: {$ref: '#/components/schemas/Owner'}
    Owner:
      type: object
      properties:
        pets:
          type: array
          items: {$ref: '#/components/schemas/Pet'}
";

#[test]
fn a_spec_in_several_files_is_generated_as_one_in_a_single_file() {
    let pet = "type: object
properties:
  name: {type: string}
  owner: {$ref: './people.json#/Owner'}
";
    let people = r##"{"Owner": {"type": "object", "properties": {"pets": {"type": "array", "items": {"$ref": "Pet.yaml"}}}}}"##;
    let path = "
parameters:
  - $ref: '../common.yaml#/components/parameters/id'
get:
  $ref: 'operations/read%20pet.yaml'
";
    let operation = "
operationId: readPet
parameters: [{$ref: ../../common.yaml#/components/parameters/limit}]
responses:
  200: {$ref: ../../common.yaml#/components/responses/pet}
";
    let common = "
components:
  parameters:
    id: {name: id, in: path, required: true, schema: {type: string}}
    limit: {name: limit, in: query, schema: {$ref: '#/$defs/limit'}}
  responses:
    pet:
      description: The pet.
      content: {application/json: {schema: {$ref: ./schemas/Pet.yaml}}}
$defs:
  limit: {type: integer}
";
    let files = [
        ("schemas/Pet.yaml", pet),
        ("schemas/people.json", people),
        ("paths/pet.yaml", path),
        ("paths/operations/read pet.yaml", operation),
        ("common.yaml", common),
    ];
    for root in [
        // Only referenced.
        "openapi: 3.0.3
info: {title: Pets, version: 1.0.0}
paths: {'/pets/{id}': {$ref: ./paths/pet.yaml}}
",
        // Also listed by reference.
        "openapi: 3.0.3
info: {$ref: info.yaml}
paths: {'/pets/{id}': {$ref: ./paths/pet.yaml}}
components:
  schemas:
    Pet: {$ref: ./schemas/Pet.yaml}
    Owner: {$ref: './schemas/people.json#/Owner'}
",
        // A file that refers to all others.
        "openapi: 3.0.3
info: {title: Pets, version: 1.0.0}
paths: {$ref: paths.yaml}
components: {$ref: components.yaml}
",
    ] {
        let others = [
            ("info.yaml", "title: Pets\nversion: 1.0.0"),
            ("paths.yaml", "'/pets/{id}': {$ref: paths/pet.yaml}"),
            ("components.yaml", "schemas: {$ref: 'schemas/index.yaml'}"),
            (
                "schemas/index.yaml",
                "Pet: {$ref: Pet.yaml}\nOwner: {$ref: 'people.json#/Owner'}",
            ),
        ];
        let all = [&[("api.yaml", root)][..], &files, &others].concat();
        same(&all, PETS);
    }
}

#[test]
fn swagger_in_several_files_is_generated_as_one_in_a_single_file() {
    let whole = r##"{
        "swagger": "2.0",
        "paths": {"/x": {"get": {
            "operationId": "x",
            "parameters": [{"name": "q", "in": "query", "type": "string"}],
            "responses": {"200": {"description": "Done.", "schema": {"$ref": "#/definitions/Thing"}}}
        }}},
        "definitions": {"Thing": {"type": "object", "properties": {"a": {"type": "string"}}}}
    }"##;
    let split = r##"{
        "swagger": "2.0",
        "paths": {"/x": {"get": {
            "operationId": "x",
            "parameters": [{"$ref": "parts.json#/parameters/q"}],
            "responses": {"200": {"$ref": "parts.json#/responses/done"}}
        }}}
    }"##;
    let parts = r##"{
        "parameters": {"q": {"name": "q", "in": "query", "type": "string"}},
        "responses": {"done": {"description": "Done.", "schema": {"$ref": "#/definitions/Thing"}}},
        "definitions": {"Thing": {"type": "object", "properties": {"a": {"type": "string"}}}}
    }"##;
    same(&[("api.json", split), ("parts.json", parts)], whole);
}

#[test]
fn schemas_of_the_same_name_in_several_files_get_different_names() {
    let api = "
openapi: 3.0.3
paths: {}
components:
  schemas:
    Holder:
      type: object
      properties:
        a: {$ref: 'a.yaml#/Item'}
        b: {$ref: 'b/b.yaml#/Item'}
        own: {$ref: '#/components/schemas/Item'}
    Item: {type: object, properties: {own: {type: string}}}
";
    let item =
        |field: &str| format!("Item: {{type: object, properties: {{{field}: {{type: string}}}}}}");
    let (a, b) = (item("a"), item("b"));
    let code = generated(&[("api.yaml", api), ("a.yaml", &a), ("b/b.yaml", &b)]);
    let types = code.file("types.rs").unwrap();
    for name in [
        "pub struct Item {",
        "pub struct AItem {",
        "pub struct BBItem {",
    ] {
        assert!(types.contains(name), "{name}");
    }
}

#[test]
fn mappings_of_discriminators_follow_their_schemas() {
    let api = "
openapi: 3.0.3
paths: {}
components:
  schemas:
    Animal:
      oneOf: [{$ref: cat.yaml}, {$ref: '#/components/schemas/Dog'}]
      discriminator: {propertyName: kind, mapping: {cat: cat.yaml, dog: Dog}}
    Dog: {type: object, properties: {kind: {type: string}}}
";
    let cat = "type: object\nproperties: {kind: {type: string}}";
    let directory = directory(&[("api.yaml", api), ("cat.yaml", cat)]);
    let spec = Spec::from_file(directory.path().join("api.yaml")).unwrap();
    let lifted = compute_kfp_codegen::openapi30(&spec).unwrap();
    let mapping = &lifted["components"]["schemas"]["Animal"]["discriminator"]["mapping"];
    assert_eq!(
        *mapping,
        json!({"cat": "#/components/schemas/cat", "dog": "Dog"})
    );
}

#[test]
fn examples_and_extensions_are_not_references() {
    let api = r##"{"openapi": "3.0.3", "paths": {}, "components": {
        "examples": {"a": {"$ref": "missing.json"}},
        "schemas": {"A": {"type": "object", "example": {"$ref": "missing.json"}, "properties": {
            "example": {"type": "string", "default": "x"}, "$ref": {"type": "string"}
        }}}
    }, "x-more": {"$ref": "missing.json"}}"##;
    generated(&[("api.json", api)]);
}

#[test]
fn the_files_that_were_read_are_listed() {
    let here = directory(&[
        (
            "api.yaml",
            "openapi: 3.0.3\npaths: {/x: {$ref: parts/x.yaml}}",
        ),
        ("parts/x.yaml", "get: {responses: {}}"),
        (
            "fix.yaml",
            "{\"overlay\": \"1.0.0\", \"info\": {\"title\": \"\", \"version\": \"\"}, \"actions\": []}",
        ),
    ]);
    let path = |name: &str| here.path().join(name);
    let spec = Spec::from_file(path("api.yaml")).unwrap();
    let spec = spec.overlay(Overlay::from_file(path("fix.yaml")).unwrap());
    let generated = generate(&spec).unwrap();
    assert_eq!(
        generated.files_read(),
        [path("api.yaml"), path("parts/x.yaml"), path("fix.yaml")]
    );
}

#[test]
fn a_reference_that_cannot_be_followed_is_refused_at_its_place() {
    for (reference, message) in [
        ("missing.yaml", "missing.yaml` cannot be read"),
        ("empty.yaml#/A", "empty.yaml` has no value at `/A`"),
        ("empty.yaml#A", "does not end in a JSON pointer"),
        ("broken.yaml", "broken.yaml`: invalid YAML"),
        ("parts", "is not a file below the directory"),
        ("../outside.yaml", "leads outside of the directory"),
        ("parts/../../outside.yaml", "leads outside of the directory"),
        ("/etc/hosts", "is not a relative path"),
        ("file:///etc/hosts", "is not a relative path"),
        ("https://example.org/a.yaml", "nothing is downloaded"),
        ("//example.org/a.yaml", "is not a relative path"),
        ("..\\outside.yaml", "is not a relative path"),
        ("%2e%2e/outside.yaml", "leads outside of the directory"),
        ("loop.yaml", "is circular"),
    ] {
        let here = directory(&[
            ("outside.yaml", "{}"),
            ("api/empty.yaml", "{}"),
            ("api/broken.yaml", "a: 1\na: 2"),
            ("api/loop.yaml", "$ref: loop.yaml"),
            ("api/parts/a.yaml", "{}"),
        ]);
        let reference = serde_json::to_string(reference).unwrap();
        let schema = format!(
            "openapi: 3.0.3\npaths: {{}}\ncomponents: {{schemas: {{A: {{type: array, items: {{$ref: {reference}}}}}}}}}"
        );
        let operation = format!("openapi: 3.0.3\npaths: {{/x: {{get: {{$ref: {reference}}}}}}}");
        for (spec, place) in [
            (schema, "/components/schemas/A/items"),
            (operation, "/paths/~1x/get"),
        ] {
            std::fs::write(here.path().join("api/api.yaml"), spec).unwrap();
            let problems = problems_in(here.path(), "api/api.yaml");
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(problems[0].pointer, place);
            assert!(problems[0].message.contains(message), "{}", problems[0]);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_out_of_the_directory_is_refused() {
    let here = directory(&[
        ("outside.yaml", "type: string"),
        ("api/inside.yaml", "type: string"),
        (
            "api/api.yaml",
            "openapi: 3.0.3\npaths: {}\ncomponents: {schemas: {A: {$ref: link.yaml}}}",
        ),
    ]);
    let link = here.path().join("api/link.yaml");
    std::os::unix::fs::symlink("../outside.yaml", &link).unwrap();
    let problems = problems_in(here.path(), "api/api.yaml");
    assert!(
        problems[0]
            .message
            .contains("is not a file below the directory"),
        "{}",
        problems[0]
    );
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("inside.yaml", &link).unwrap();
    generate(&Spec::from_file(here.path().join("api/api.yaml")).unwrap()).unwrap();
}

#[test]
fn a_problem_in_another_file_names_that_file() {
    let problems = problems(&[
        (
            "api.yaml",
            "openapi: 3.0.3\npaths: {/x: {$ref: parts/x.yaml}}",
        ),
        (
            "parts/x.yaml",
            "get: {parameters: [{$ref: y.yaml#/p}], responses: {}}",
        ),
        (
            "parts/y.yaml",
            "p: {name: q, in: nowhere, schema: {type: string}}",
        ),
    ]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0]
            .pointer
            .starts_with("/paths/~1x/get/parameters/0")
    );
    let in_file = problems[0].in_file.as_deref().unwrap();
    assert!(in_file.contains("parts/y.yaml#/p"), "{}", problems[0]);
}

#[test]
fn an_overlay_settles_a_reference_that_cannot_be_followed() {
    let here = directory(&[(
        "api.yaml",
        "openapi: 3.0.3\npaths: {}\ncomponents: {schemas: {A: {type: array, items: {$ref: 'https://example.org/x'}}}}",
    )]);
    let spec = Spec::from_file(here.path().join("api.yaml")).unwrap();
    let place = &generate(&spec).unwrap_err().problems()[0].pointer.clone();
    assert_eq!(place, "/components/schemas/A/items");
    let overlay = "
overlay: 1.0.0
info: {title: Fix, version: 1.0.0}
actions:
  - {target: $.components.schemas.A.items, remove: true}
  - {target: $.components.schemas.A, update: {items: {type: string}}}
";
    generate(&spec.overlay(Overlay::from_string("fix.yaml", overlay))).unwrap();
}

#[test]
#[ignore = "takes 12 s of CPU time: `ci/tests` runs it"]
fn references_that_multiply_are_refused() {
    let mut files = vec![(
        "api.yaml".to_owned(),
        "openapi: 3.0.3\npaths: {/x: {get: {$ref: 0.yaml}}}".to_owned(),
    )];
    for level in 0..12 {
        let next = level + 1;
        let many = format!("{{$ref: {next}.yaml}}, ").repeat(8);
        files.push((
            format!("{level}.yaml"),
            format!("responses: {{}}\ntags: [{many}]"),
        ));
    }
    files.push(("12.yaml".to_owned(), "x: y".to_owned()));
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let problems = problems(&files);
    assert!(
        problems[0].message.contains("references copy more than"),
        "{}",
        problems[0]
    );
}

#[test]
fn files_that_are_too_large_together_are_refused() {
    let part = format!(
        "{{\"type\": \"string\", \"description\": \"{}\"}}",
        "x".repeat(17 * 1024 * 1024)
    );
    let api =
        "openapi: 3.0.3\npaths: {}\ncomponents: {schemas: {A: {$ref: a.json}, B: {$ref: b.json}}}";
    let problems = problems(&[("api.yaml", api), ("a.json", &part), ("b.json", &part)]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].pointer, "/components/schemas/B");
    assert!(
        problems[0].message.contains("references lead to more than"),
        "{}",
        problems[0]
    );
}

#[test]
fn an_operation_that_is_only_a_reference_is_never_empty() {
    let spec = |target: &str| {
        let spec = json!({"openapi": "3.0.3", "paths": {
            "/x": {"get": {"operationId": "x", "parameters": [{"name": "q", "in": "query", "schema": {"type": "string"}}], "responses": {}}},
            "/y": {"get": {"$ref": target}}
        }});
        generate(&Spec::from_string("api.json", spec.to_string()))
    };
    let code = spec("#/paths/~1x/get").unwrap();
    let builders = code.file("builder.rs").unwrap();
    assert_eq!(builders.matches("pub fn q(").count(), 2, "{builders}");
    let error = spec("#/paths/~1z/get").unwrap_err();
    assert_eq!(error.problems().len(), 1, "{error}");
    assert_eq!(error.problems()[0].pointer, "/paths/~1y/get");
    assert!(
        error.problems()[0]
            .message
            .contains("`api.json` has no value at `/paths/~1z/get`"),
        "{error}"
    );
}
