//! Generates both clients with stock progenitor, from the specs converted to OpenAPI 3.0.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

use compute_kfp_codegen::{Overlay, Source, openapi30};
use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::Value;

const APIS: [(&str, &str); 2] = [
    ("compute", "compute.openapi.json"),
    ("kfp", "kfp.swagger.json"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let specs = "../../../specs";
    println!("cargo:rerun-if-changed={specs}");
    let out = env::var("OUT_DIR")?;
    for (api, description) in APIS {
        let source = Source::from_file(format!("{specs}/{description}"))?
            .overlay(Overlay::from_file(format!("{specs}/{api}.overlay.json"))?);
        let mut document = openapi30(&source)?;
        reduce(&mut document);
        let document = serde_json::from_value(document)?;
        let mut settings = GenerationSettings::default();
        settings.with_interface(InterfaceStyle::Builder);
        let tokens = Generator::new(&settings).generate_tokens(&document)?;
        let code = prettyplease::unparse(&syn::parse2(tokens)?);
        fs::write(Path::new(&out).join(format!("{api}.rs")), code)?;
    }
    Ok(())
}

/// Takes out what progenitor cannot take: uploads of files as forms, more than one type of error,
/// and titles of properties, which become types that collide with those of the schemas.
fn reduce(document: &mut Value) {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for methods in paths.filter_map(|(_, methods)| methods.as_object_mut()) {
        methods.retain(|_, operation| {
            operation["requestBody"]["content"]["multipart/form-data"].is_null()
        });
        for (_, operation) in methods {
            if let Some(answers) = operation["responses"].as_object_mut() {
                answers.retain(|status, _| status.starts_with('2'));
            }
        }
    }
    without_titles(&mut document["components"]["schemas"]);
}

fn without_titles(schemas: &mut Value) {
    match schemas {
        Value::Object(members) => {
            members.retain(|name, value| name != "title" || !value.is_string());
            members.values_mut().for_each(without_titles);
        }
        Value::Array(members) => members.iter_mut().for_each(without_titles),
        _ => {}
    }
}
