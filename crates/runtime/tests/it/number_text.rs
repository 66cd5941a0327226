//! Numbers written and read as Protocol Buffers do, where some are strings.

use std::collections::BTreeMap;

use compute_kfp_runtime::{Nullable, number_text};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

fn read<T: number_text::NumberText>(json: Value) -> Result<T, String> {
    let from_value = number_text::deserialize(json.clone()).map_err(|error| error.to_string());
    let text = json.to_string();
    let from_text: Result<T, _> =
        number_text::deserialize(&mut serde_json::Deserializer::from_str(&text));
    assert_eq!(from_value.is_ok(), from_text.is_ok());
    from_value
}

fn written<T: number_text::NumberText>(value: &T) -> Value {
    number_text::serialize(value, serde_json::value::Serializer).unwrap()
}

#[test]
fn strings_and_numbers_are_read() {
    assert_eq!(read(json!("42")), Ok(42_i64));
    assert_eq!(read(json!(42)), Ok(42_i64));
    assert_eq!(read(json!(-42)), Ok(-42_i64));
    assert_eq!(read(json!("-9223372036854775808")), Ok(i64::MIN));
    assert_eq!(read(json!(u64::MAX)), Ok(u64::MAX));
    assert_eq!(read(json!("18446744073709551615")), Ok(u64::MAX));
}

#[test]
fn a_float_without_a_fraction_is_read() {
    assert_eq!(read(json!(1.0)), Ok(1_i64));
    assert_eq!(read(json!(1e3)), Ok(1000_u64));
    assert_eq!(read(json!(-9_223_372_036_854_775_808.0)), Ok(i64::MIN));
}

#[test]
fn an_error_names_the_value() {
    let error = |json| read::<i64>(json).unwrap_err();
    assert_eq!(
        error(json!("many")),
        r#"invalid value: "many", expected an int64 as a string or a number"#
    );
    assert!(error(json!(1.5)).contains("1.5"));
    assert!(error(json!("1.0")).contains("1.0"));
    assert!(error(json!("")).contains(r#"value: "","#));
    assert!(error(json!(true)).contains("true"));
    assert!(error(json!(u64::MAX)).contains("18446744073709551615"));
    assert!(error(json!(9_223_372_036_854_775_808.0)).contains("9.223372036854776e"));
    assert!(error(json!(1e300)).contains("expected an int64"));
    assert!(read::<u64>(json!(-1)).unwrap_err().contains("-1"));
    assert!(read::<u64>(json!(-1.0)).unwrap_err().contains("-1.0"));
    assert!(read::<i64>(json!({"value": 1})).is_err());
}

#[test]
fn strings_are_written() {
    assert_eq!(written(&i64::MIN), json!("-9223372036854775808"));
    assert_eq!(written(&u64::MAX), json!("18446744073709551615"));
    assert_eq!(written(&None::<i64>), Value::Null);
    assert_eq!(written(&vec![Some(1_i64), None]), json!(["1", null]));
    assert_eq!(
        written(&BTreeMap::from([("a".to_owned(), vec![1_u64])])),
        json!({"a": ["1"]})
    );
}

#[test]
fn null_is_none_or_empty() {
    assert_eq!(read(json!(null)), Ok(None::<i64>));
    assert_eq!(read(json!(null)), Ok(Vec::<i64>::new()));
    assert_eq!(read(json!(null)), Ok(BTreeMap::<String, u64>::new()));
    assert_eq!(read(json!(null)), Ok(Nullable::<i64>::Null));
    assert_eq!(read(json!([null])), Ok(vec![None::<i64>]));
}

#[test]
fn a_bare_integer_is_not_null() {
    let error = read::<i64>(json!(null)).unwrap_err();
    assert!(error.contains("null"), "{error}");
}

#[test]
fn nestings_are_read() {
    assert_eq!(
        read(json!({"a": [["1", 2], null], "b": null})),
        Ok(BTreeMap::from([
            ("a".to_owned(), Some(vec![vec![1_i64, 2], vec![]])),
            ("b".to_owned(), None),
        ]))
    );
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Fields {
    #[serde(with = "compute_kfp_runtime::number_text")]
    required: i64,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "compute_kfp_runtime::number_text"
    )]
    optional: Option<u64>,
    #[serde(
        default,
        skip_serializing_if = "Nullable::is_absent",
        with = "compute_kfp_runtime::number_text"
    )]
    nullable: Nullable<i64>,
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        with = "compute_kfp_runtime::number_text"
    )]
    list: Vec<i64>,
}

#[test]
fn absent_properties_stay_absent() {
    let fields: Fields = serde_json::from_str(r#"{"required": 1}"#).unwrap();
    assert_eq!(
        fields,
        Fields {
            required: 1,
            ..Fields::default()
        }
    );
    assert_eq!(
        serde_json::to_string(&fields).unwrap(),
        r#"{"required":"1"}"#
    );
}

#[test]
fn a_nullable_integer_keeps_null() {
    let text = r#"{"required":"1","nullable":null}"#;
    let fields: Fields = serde_json::from_str(text).unwrap();
    assert_eq!(fields.nullable, Nullable::Null);
    assert_eq!(serde_json::to_string(&fields).unwrap(), text);
}

#[test]
fn an_error_tells_the_position() {
    let error = serde_json::from_str::<Fields>(r#"{"required": "one"}"#).unwrap_err();
    assert!(error.to_string().contains("line 1 column"), "{error}");
}

#[cfg(feature = "schemars")]
#[test]
fn the_schema_follows_the_type() {
    use schemars::SchemaGenerator;

    let mut generator = SchemaGenerator::default();
    let int64 = json!({"type": ["string", "integer"], "format": "int64"});
    assert_eq!(
        generator
            .subschema_for::<number_text::Schema<i64>>()
            .as_value(),
        &int64
    );
    assert_eq!(
        generator
            .subschema_for::<number_text::Schema<Vec<i64>>>()
            .as_value(),
        &json!({"type": "array", "items": int64})
    );
    assert_eq!(
        generator
            .subschema_for::<number_text::Schema<Option<u64>>>()
            .as_value(),
        &json!({"type": ["string", "integer", "null"], "format": "uint64"})
    );
    assert_eq!(
        generator
            .subschema_for::<number_text::Schema<BTreeMap<String, i64>>>()
            .as_value(),
        &json!({"type": "object", "additionalProperties": int64})
    );
}

proptest! {
    #[test]
    fn every_int64_survives_as_text(number in any::<i64>()) {
        prop_assert_eq!(written(&number), json!(number.to_string()));
        prop_assert_eq!(read(written(&number)), Ok(number));
        prop_assert_eq!(read(json!(number)), Ok(number));
    }

    #[test]
    fn every_uint64_survives_as_text(number in any::<u64>()) {
        prop_assert_eq!(read(written(&number)), Ok(number));
        prop_assert_eq!(read(json!(number)), Ok(number));
    }

    #[test]
    fn every_nesting_survives(
        map in btree_map("\\PC{0,4}", vec(any::<Option<i64>>(), 0..4), 0..4),
        ordered in btree_map("\\PC{0,4}", any::<Option<u64>>(), 0..4)
    ) {
        prop_assert_eq!(read(written(&map)), Ok(map));
        prop_assert_eq!(read(written(&ordered)), Ok(ordered));
    }

    #[test]
    fn no_float_panics(number in any::<f64>()) {
        let _ = read::<i64>(json!(number));
        let _ = read::<u64>(json!(number));
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        prop_assert_eq!(read::<i64>(json!(text)).is_ok(), text.parse::<i64>().is_ok());
    }
}

#[test]
fn a_double_is_read_from_a_number_and_from_a_string() {
    assert_eq!(read(json!(0.5)), Ok(0.5_f64));
    assert_eq!(read(json!(3)), Ok(3.0_f64));
    assert_eq!(read(json!("-2.5e3")), Ok(-2500.0_f64));
    assert_eq!(read(json!("Infinity")), Ok(f64::INFINITY));
    assert_eq!(read(json!("-Infinity")), Ok(f64::NEG_INFINITY));
    assert!(read::<f64>(json!("NaN")).unwrap().is_nan());
    for wrong in [
        json!("inf"),
        json!(""),
        json!("many"),
        json!(true),
        json!(null),
    ] {
        assert!(read::<f64>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn a_double_is_written_as_a_number_and_as_a_word_where_it_is_not_finite() {
    assert_eq!(written(&0.5_f64), json!(0.5));
    assert_eq!(
        written(&vec![
            Some(f64::NAN),
            Some(f64::INFINITY),
            Some(f64::NEG_INFINITY),
            None
        ]),
        json!(["NaN", "Infinity", "-Infinity", null])
    );
}
