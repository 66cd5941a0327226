//! Items for generated code and the other crates of the workspace, which the documentation hides.

use std::collections::BTreeMap;
use std::time::Duration;

use compute_kfp_runtime::backoff::{doubled, random};
use compute_kfp_runtime::{is_same_server, json_pointer, list, null, tagged};
use serde::Deserialize;
use serde_json::{Value, json};

#[test]
fn a_wait_doubles_up_to_its_maximum() {
    let second = Duration::from_secs(1);
    assert_eq!(doubled(second, 2, 60 * second), 4 * second);
    assert_eq!(doubled(second, u32::MAX, 60 * second), 60 * second);
    assert!((second..=2 * second).contains(&random(second, 2 * second)));
}

#[test]
fn white_space_and_slashes_at_the_end_do_not_distinguish_servers() {
    let server = "https://example.org/api";
    assert!(is_same_server(server, " https://example.org/api/"));
    assert!(!is_same_server(server, "https://example.org"));
}

#[test]
fn a_pointer_escapes_its_steps() {
    assert_eq!(json_pointer::of(["runs", "a/b", "~"]), "/runs/a~1b/~0");
    assert_eq!(json_pointer::of([""; 0]), "");
}

#[test]
fn null_may_be_a_value() {
    #[derive(Deserialize)]
    struct Refused {
        #[serde(default, deserialize_with = "null::as_value")]
        input: Option<Value>,
    }
    let input = |json| serde_json::from_value::<Refused>(json).unwrap().input;
    assert_eq!(input(json!({"input": null})), Some(Value::Null));
    assert_eq!(input(json!({})), None);
}

#[test]
fn a_list_has_no_room_to_spare() {
    #[derive(Deserialize)]
    struct Run {
        #[serde(default, deserialize_with = "list::exact")]
        tasks: Option<Vec<[u64; 32]>>,
    }
    let capacity = |json| {
        let run: Run = serde_json::from_value(json).unwrap();
        run.tasks.map(|tasks| tasks.capacity())
    };
    assert_eq!(capacity(json!({"tasks": [vec![0; 32]]})), Some(1));
    assert_eq!(capacity(json!({})), None);
}

#[test]
fn a_tag_is_read_and_written() {
    let apple = json!({"kind": "apple", "weight": "heavy"});
    assert_eq!(tagged::tag(&apple, "kind"), Some("apple"));
    assert_eq!(tagged::tag(&json!(["kind"]), "kind"), None);

    let error = tagged::read::<BTreeMap<String, u8>, serde_json::Error>(apple, "kind");
    let message = error.unwrap_err().to_string();
    assert!(
        message.starts_with("`kind` is \"apple\", but "),
        "{message}"
    );

    let write = |value: Value| {
        let json = serde_json::value::Serializer;
        tagged::write(&value, "kind", "apple", json).unwrap()
    };
    let written = write(json!({"cultivar": "elstar"}));
    assert_eq!(written, json!({"kind": "apple", "cultivar": "elstar"}));
    assert_eq!(write(json!({"kind": "pear"})), json!({"kind": "pear"}));
}
