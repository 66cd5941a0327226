//! Enums of names that a server may add to.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use proptest::prelude::*;
use serde_json::json;

compute_kfp_runtime::open_enum! {
    /// State of a run.
    pub enum State {
        /// Waiting.
        #[doc(alias = "queued")]
        Pending = "PENDING",
        Running = "RUNNING",
        #[deprecated]
        Terminated = "TERMINATED",
        /// Left out by the server when it means this.
        Unspecified = "",
    }
}

// A specification may well have schemas of these names.
mod beside_names_of_the_prelude {
    #![allow(dead_code)]
    struct Option;
    struct Result;
    struct String;

    compute_kfp_runtime::open_enum! {
        pub enum Letter { Some = "some", None = "none", Ok = "ok", Err = "err" }
    }
}

#[test]
fn a_known_name_is_its_variant() {
    assert_eq!("PENDING".parse(), Ok(State::Pending));
    assert!(matches!(State::from("RUNNING"), State::Running));
    assert!(matches!(State::from("RUNNING".to_owned()), State::Running));
    assert!(matches!(State::from(&"RUNNING".to_owned()), State::Running));
    assert!(matches!(State::from(""), State::Unspecified));
    assert!(State::Pending.is_known());
}

#[test]
fn an_unknown_name_is_kept() {
    let state = State::from("PAUSED");
    assert!(matches!(&state, State::Unknown(name) if name == "PAUSED"));
    assert_eq!(state.as_str(), "PAUSED");
    assert!(!state.is_known());
}

#[test]
fn names_are_case_sensitive() {
    assert!(!State::from("pending").is_known());
}

#[test]
fn known_names_are_listed_in_the_order_given() {
    assert_eq!(State::KNOWN, ["PENDING", "RUNNING", "TERMINATED", ""]);
    assert_eq!(
        beside_names_of_the_prelude::Letter::KNOWN,
        ["some", "none", "ok", "err"]
    );
}

#[test]
fn an_unknown_built_from_a_known_name_equals_its_variant() {
    let built = State::Unknown("PENDING".to_owned());
    assert_eq!(built, State::Pending);
    assert!(built.is_known());
    assert_eq!(HashSet::from([built.clone(), State::Pending]).len(), 1);
    assert_eq!(BTreeSet::from([built, State::Pending]).len(), 1);
}

#[test]
fn it_compares_with_text() {
    assert_eq!(State::Pending, "PENDING");
    assert_eq!(State::Pending, *"PENDING");
    assert_ne!(State::Pending, "RUNNING");
    assert_eq!(State::from("PAUSED"), "PAUSED");
    assert!(State::Pending < State::Running);
}

#[test]
fn it_is_written_as_its_name() {
    assert_eq!(State::Pending.to_string(), "PENDING");
    assert_eq!(format!("{:>8}|", State::Pending), " PENDING|");
    assert_eq!(State::Pending.as_ref(), "PENDING");
    assert_eq!(
        serde_json::to_value(State::Pending).unwrap(),
        json!("PENDING")
    );
    assert_eq!(
        serde_json::to_value(State::from("PAUSED")).unwrap(),
        json!("PAUSED")
    );
}

#[test]
fn it_is_read_from_every_kind_of_string() {
    let borrowed: State = serde_json::from_str(r#""PENDING""#).unwrap();
    let escaped: State = serde_json::from_str(r#""PEND\u0049NG""#).unwrap();
    let owned: State = serde_json::from_value(json!("PENDING")).unwrap();
    let streamed: State = serde_json::from_reader(&br#""PENDING""#[..]).unwrap();
    for state in [borrowed, escaped, owned, streamed] {
        assert!(matches!(state, State::Pending));
    }
}

#[test]
fn it_is_a_key_of_a_map() {
    let counts: BTreeMap<State, u32> = serde_json::from_str(r#"{"PENDING":1,"PAUSED":2}"#).unwrap();
    assert_eq!(counts[&State::Pending], 1);
    assert_eq!(
        serde_json::to_value(&counts).unwrap(),
        json!({"PENDING": 1, "PAUSED": 2})
    );
}

#[test]
fn a_number_is_an_unknown_value() {
    let state: State = serde_json::from_str("7").unwrap();
    assert_eq!(state, State::Unknown("7".into()));
    assert_eq!(serde_json::from_str::<State>("-1").unwrap().as_str(), "-1");
}

#[test]
fn what_is_no_name_is_refused() {
    for text in ["1.5", "true", "null", "{}", "[]"] {
        let error = serde_json::from_str::<State>(text).unwrap_err().to_string();
        assert!(
            error.contains(r#"expected a name as a string, such as "PENDING""#),
            "{error}"
        );
    }
}

#[cfg(feature = "schemars")]
#[test]
fn its_schema_is_any_string_with_the_known_listed() {
    let schema = schemars::schema_for!(State);
    assert_eq!(schema.get("title"), Some(&json!("State")));
    assert_eq!(
        schema.get("anyOf"),
        Some(&json!([
            {"type": "string", "enum": ["PENDING", "RUNNING", "TERMINATED", ""]},
            {"type": "string"}
        ]))
    );
}

proptest! {
    #[test]
    fn every_string_survives(name in prop_oneof![any::<String>(), "PENDING|RUNNING|TERMINATED|"]) {
        let state = State::from(name.as_str());
        prop_assert_eq!(state.as_str(), &name);
        prop_assert_eq!(state.is_known(), State::KNOWN.contains(&name.as_str()));
        prop_assert_eq!(matches!(state, State::Unknown(_)), !state.is_known());
        prop_assert_eq!(&state, &State::from(name.clone()));

        let text = serde_json::to_string(&name).unwrap();
        prop_assert_eq!(&serde_json::to_string(&state).unwrap(), &text);
        prop_assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state);
    }

    #[test]
    fn the_order_is_the_order_of_the_names(a in "[A-Z]{0,8}", b in "[A-Z]{0,8}") {
        prop_assert_eq!(State::from(&a).cmp(&State::from(&b)), a.cmp(&b));
    }
}
