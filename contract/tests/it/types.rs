//! The Rust types parse all values that a server may send, lose nothing, and have JSON Schemas that
//! accept them.

use boon::{Compiler, Schemas};
use compute_kfp::Timestamp;
use compute_kfp_contract::by_name::{self, Failure};
use compute_kfp_contract::cases::Api;
use compute_kfp_contract::random::{self, UNKNOWN_PROPERTY};
use serde_json::Value;

/// Number of values of each schema.
const VALUES: u64 = 200;
/// The address of the schema that values are compared with.
const SCHEMA: &str = "urn:schema";

/// The types of an API, by the names of their schemas.
struct Types {
    api: Api,
    round_trip: fn(&str, Value) -> Result<Value, Failure>,
    json_schema: fn(&str) -> Result<Value, Failure>,
}

fn both() -> [Types; 2] {
    [
        Types {
            api: Api::compute().unwrap(),
            round_trip: by_name::compute::round_trip,
            json_schema: by_name::compute::json_schema,
        },
        Types {
            api: Api::kfp().unwrap(),
            round_trip: by_name::kfp::round_trip,
            json_schema: by_name::kfp::json_schema,
        },
    ]
}

impl Types {
    /// Schemas that have a type, with values of each.
    fn values(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = Value>)> {
        let known =
            |(name, _): &(&str, _)| !matches!((self.json_schema)(name), Err(Failure::Unknown(_)));
        self.api.schemas().filter(known).map(move |(name, schema)| {
            let values = (0..VALUES).map(move |seed| {
                let mut random = fastrand::Rng::with_seed(seed);
                random::value(&self.api.document, schema, &mut random)
            });
            (name, values)
        })
    }
}

/// Removes from a value what a type need not keep: properties of later versions, nulls, which mean
/// absence in a response, and differences from Compute's times without an offset.
pub fn essence(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let kept = object
                .iter()
                .filter(|(key, value)| !value.is_null() && *key != UNKNOWN_PROPERTY);
            kept.map(|(key, value)| (key.clone(), essence(value)))
                .collect()
        }
        Value::Array(items) => items.iter().map(essence).collect(),
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(time) => time.to_string().into(),
            Err(_) => value.clone(),
        },
        value => value.clone(),
    }
}

#[test]
fn what_a_server_may_send_is_read_and_written_without_loss() {
    let mut schemas = 0;
    for types in both() {
        for (name, values) in types.values() {
            schemas += 1;
            for value in values {
                let written = (types.round_trip)(name, value.clone());
                let written =
                    written.unwrap_or_else(|error| panic!("{name}: {error:?}\n{value:#}"));
                assert_eq!(essence(&written), essence(&value), "{name}");
            }
        }
    }
    println!("{schemas} schemas, {VALUES} values each");
}

#[test]
fn the_json_schemas_of_the_types_accept_what_a_server_may_send() {
    for types in both() {
        for (name, values) in types.values() {
            let schema = (types.json_schema)(name).unwrap();
            let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
            compiler.add_resource(SCHEMA, schema).unwrap();
            let schema = compiler.compile(SCHEMA, &mut schemas).unwrap();
            for value in values {
                if let Err(error) = schemas.validate(&value, schema) {
                    panic!("{name}: {error:#}");
                }
            }
        }
    }
}
