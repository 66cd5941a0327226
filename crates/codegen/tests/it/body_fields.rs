//! The table of body fields and examples.

use compute_kfp_codegen::{Overlay, Spec, generate};

const SPEC: &str = r##"{
    "openapi": "3.0.3",
    "info": {"title": "Items", "version": "1"},
    "paths": {"/items": {
        "post": {"operationId": "create_item", "requestBody": {"$ref": "#/components/requestBodies/Item"}},
        "patch": {"operationId": "update_item", "requestBody": {"$ref": "#/components/requestBodies/Item"}},
        "put": {"operationId": "replace_items", "requestBody": {"content": {"application/json": {
            "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
            "example": [{"name": "given"}]
        }}}}
    }},
    "components": {
        "requestBodies": {"Item": {"content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/Item"}
        }}}},
        "schemas": {
            "Item": {"type": "object", "required": ["kind"], "properties": {
                "item_id": {"type": "string", "readOnly": true},
                "name": {"type": "string", "x-required-on-creation": true, "description": "Its name."},
                "owner_id": {"type": "string", "x-required-on-creation": true},
                "kind": {"type": "string", "enum": ["b", "a"]},
                "labels": {"type": "array", "items": {"$ref": "#/components/schemas/Label"}}
            }},
            "Label": {"type": "object", "properties": {"key": {"type": "string"}}},
            "Other": {"type": "object", "properties": {"key": {"type": "string"}}}
        }
    }
}"##;

fn operations(spec: &Spec) -> String {
    let generated = generate(spec).unwrap();
    let code = generated.file("operations.rs").unwrap();
    code.split_whitespace().collect()
}

#[test]
fn the_fields_of_requests_are_data_and_those_of_responses_are_not() {
    let code = operations(&Spec::from_string("items.json", SPEC));
    for expected in [
        r#"ObjectFields::new("Item","#,
        r#"Field::new("name","string").required_on_creation().description("Itsname."),"#,
        r#"Field::new("kind","string").values(&["b","a"]).required(),"#,
        r#"Field::new("labels","array").items("object").object("Label"),"#,
        r#"ObjectFields::new("Label","#,
    ] {
        assert!(code.contains(expected), "{expected}: {code}");
    }
    for other in [r#"Field::new("item_id""#, r#"ObjectFields::new("Other""#] {
        assert!(!code.contains(other), "{other}");
    }
}

#[test]
fn an_example_has_the_required_properties_or_comes_from_the_spec() {
    let code = operations(&Spec::from_string("items.json", SPEC));
    for expected in [
        r#""create_item","{\"name\":\"example\",\"owner_id\":\"OWNER_ID\",\"kind\":\"b\"}""#,
        r#""update_item","{\"kind\":\"b\"}""#,
        r#""replace_items","[{\"name\":\"given\"}]""#,
    ] {
        assert!(code.contains(expected), "{expected}: {code}");
    }
    let overlay = Overlay::from_string(
        "fix.json",
        r#"{"overlay": "1.0.0", "info": {"title": "Fix-ups", "version": "1"}, "actions": [{
            "target": "$.components.requestBodies.Item.content['application/json']",
            "update": {"example": {"name": "fixed"}}
        }]}"#,
    );
    let code = operations(&Spec::from_string("items.json", SPEC).overlay(overlay));
    assert!(
        code.contains(r#""create_item","{\"name\":\"fixed\"}""#),
        "{code}"
    );
}
