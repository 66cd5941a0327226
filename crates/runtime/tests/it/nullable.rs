//! Distinction of absent, null and a value.

use compute_kfp_runtime::Nullable;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Patch {
    #[serde(default, skip_serializing_if = "Nullable::is_absent")]
    note: Nullable<String>,
}

fn read(text: &str) -> Nullable<String> {
    serde_json::from_str::<Patch>(text).unwrap().note
}

fn written(note: Nullable<String>) -> String {
    serde_json::to_string(&Patch { note }).unwrap()
}

#[test]
fn absent_null_and_a_value_are_read_apart() {
    assert_eq!(read("{}"), Nullable::Absent);
    assert_eq!(read(r#"{"note":null}"#), Nullable::Null);
    assert_eq!(read(r#"{"note":""}"#), Nullable::Value(String::new()));
}

#[test]
fn absent_null_and_a_value_are_written_apart() {
    assert_eq!(written(Nullable::Absent), "{}");
    assert_eq!(written(Nullable::Null), r#"{"note":null}"#);
    assert_eq!(written("kept".into()), r#"{"note":"kept"}"#);
}

#[test]
fn absent_is_written_as_null_where_it_is_not_skipped() {
    assert_eq!(
        serde_json::to_string(&Nullable::<u32>::Absent).unwrap(),
        "null"
    );
}

#[test]
fn it_is_absent_unless_said_otherwise() {
    assert!(Patch::default().note.is_absent());
}

#[test]
fn none_is_null() {
    assert_eq!(Nullable::<u32>::from(None), Nullable::Null);
    assert_eq!(Nullable::<u32>::from(Some(1)), Nullable::Value(1));
    assert_eq!(Nullable::<u32>::from(1), Nullable::Value(1));
    assert_eq!(Option::<u32>::from(Nullable::Value(1)), Some(1));
    assert_eq!(Option::<u32>::from(Nullable::Absent), None);
}

#[test]
fn only_a_value_is_returned_and_changed() {
    let (value, null) = (Nullable::Value(7), Nullable::<u32>::Null);
    assert_eq!((value.value(), null.value()), (Some(&7), None));
    assert_eq!((value.into_option(), null.into_option()), (Some(7), None));
    assert_eq!(value.map(|shots| shots * 2), Nullable::Value(14));
    assert_eq!(null.map(|shots| shots * 2), Nullable::Null);
    assert!(null.is_null() && !null.is_absent());
    assert_eq!(value.as_ref(), Nullable::Value(&7));
}

#[test]
fn a_wrong_type_is_refused() {
    assert!(serde_json::from_str::<Patch>(r#"{"note":1}"#).is_err());
}

#[cfg(feature = "schemars")]
#[test]
fn its_schema_is_that_of_an_option_and_not_required() {
    #[derive(schemars::JsonSchema)]
    #[allow(dead_code)]
    struct Body {
        #[serde(default)]
        note: Nullable<String>,
    }

    let schema = schemars::schema_for!(Body);
    assert_eq!(
        schema.pointer("/properties/note/type"),
        Some(&serde_json::json!(["string", "null"]))
    );
    assert_eq!(schema.get("required"), None);
}

proptest! {
    #[test]
    fn every_value_survives(note in any::<Option<Option<String>>>()) {
        let note = note.map_or(Nullable::Absent, Nullable::<String>::from);
        prop_assert_eq!(read(&written(note.clone())), note);
    }
}
