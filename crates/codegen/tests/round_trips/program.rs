//! Reads JSON as generated types and writes it back, and sends requests.

mod sending;

use scratch::{everywhere, fastapi, grpc_gateway, members, names};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[track_caller]
fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error} in {value}"))
}

#[track_caller]
fn becomes<T: DeserializeOwned + Serialize>(value: Value, expected: Value) {
    let written = serde_json::to_value(read::<T>(&value)).unwrap();
    assert_eq!(written, expected);
}

#[track_caller]
fn same<T: DeserializeOwned + Serialize>(value: Value) {
    becomes::<T>(value.clone(), value);
}

#[track_caller]
fn refused<T: DeserializeOwned>(value: Value) {
    assert!(serde_json::from_value::<T>(value.clone()).is_err(), "{value} was read");
}

/// A value of a shape in every place a property can be in.
fn held(value: Value) -> Value {
    json!({
        "required": value, "optional": value, "null": value, "nullable": value, "list": [value, value],
        "nulls": [value, null], "map": {"": value, "b": value},
    })
}

macro_rules! everywhere {
    ($($holder:ident $optional:ident: $($value:tt),+;)+) => {$($(
        let value = json!($value);
        same::<everywhere::types::$holder>(held(value.clone()));
        same::<everywhere::types::$holder>(json!({"required": value, "null": null}));
        same::<everywhere::types::$holder>(json!({"required": value, "null": null, "nullable": null, "list": [], "map": {}}));
        same::<everywhere::types::$optional>(json!({"optional": value, "nullable": null, "more": value}));
        same::<everywhere::types::$optional>(json!({}));
        becomes::<everywhere::types::$holder>(
            json!({"required": value, "null": value, "list": null, "unknown": 1}),
            json!({"required": value, "null": value}),
        );
    )+)+};
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    sending::check().await;
    everywhere! {
        HoldsBoolean OptionalBoolean: true, false;
        HoldsInt32 OptionalInt32: 0, (-5);
        HoldsUint64 OptionalUint64: 18446744073709551615u64;
        HoldsNumber OptionalNumber: 0.5;
        HoldsString OptionalString: "", "text";
        HoldsTime OptionalTime: "2024-02-03T04:05:06.789012345Z", "2024-02-03T04:05:06Z";
        HoldsInt64 OptionalInt64: "-9223372036854775808", "0";
        HoldsUnsigned OptionalUnsigned: "18446744073709551615";
        HoldsBinary OptionalBinary: "bytes";
        HoldsUnknownFormat OptionalUnknownFormat: "later";
        HoldsEnum OptionalEnum: "a", "never seen";
        HoldsNamedEnum OptionalNamedEnum: "one", "";
        HoldsOneValue OptionalOneValue: 1, 2;
        HoldsList OptionalList: [], ["a"];
        HoldsLists OptionalLists: [[], [1]];
        HoldsObjects OptionalObjects: [{}, {"a": "b"}];
        HoldsInt64s OptionalInt64s: [], ["1", "-2"];
        HoldsAnything OptionalAnything: [1, null, "a"];
        HoldsMap OptionalMap: {}, {"a": 1};
        HoldsInt64Map OptionalInt64Map: {"a": "1"};
        HoldsFreeMap OptionalFreeMap: {"a": null};
        HoldsObjectMap OptionalObjectMap: {"a": {}};
        HoldsObject OptionalObject: {}, {"a": "b"};
        HoldsStrict OptionalStrict: {"a": "b"};
        HoldsOpen OptionalOpen: {"extra": "a", "extra_properties": "b", "more": "1"};
        HoldsInline OptionalInline: {"a": "b"};
        HoldsUnion OptionalUnion: "a", 1, true, [{}], {"a": "b"}, 0.5;
        HoldsUnionOfEnum OptionalUnionOfEnum: "one", "other", 0.5;
        HoldsUnionOfInt64 OptionalUnionOfInt64: "12", true;
        HoldsUnionOfMap OptionalUnionOfMap: {"a": 1}, "2024-02-03T04:05:06Z";
        HoldsEither OptionalEither: {"a": 1, "b": [2]};
        HoldsAlias OptionalAlias: "a";
        HoldsAliasList OptionalAliasList: ["a"];
        HoldsNestedAlias OptionalNestedAlias: [[], [[]]];
        HoldsTree OptionalTree: {"left": {"tree": {"left": {}, "either": "a"}}, "either": {"left": {}, "either": "b"}, "nullable": null, "list": [{"left": {}, "either": "c"}]};
        HoldsNullLeaf OptionalNullLeaf: {"a": "b"};
        HoldsAll OptionalAll: {"a": "b", "more": "c"};
    }
    same::<everywhere::types::HoldsAny>(json!({"required": null, "null": null, "optional": null, "nullable": {"a": 1}}));

    // Integers may come as numbers.
    becomes::<everywhere::types::HoldsInt64>(
        json!({"required": 1, "null": 2, "list": [3, "4"], "map": {"a": 5}}),
        json!({"required": "1", "null": "2", "list": ["3", "4"], "map": {"a": "5"}}),
    );
    // Null and absence of a required list or map are an empty one, of anything else an error.
    becomes::<everywhere::types::HoldsList>(json!({"required": null, "null": []}), json!({"required": [], "null": []}));
    becomes::<everywhere::types::HoldsMap>(json!({"null": {}}), json!({"required": {}, "null": {}}));
    refused::<everywhere::types::HoldsString>(json!({"null": null}));
    refused::<everywhere::types::HoldsString>(json!({"required": null, "null": null}));

    // A request carries what was set.
    let patch = fastapi::types::TreePatch::builder().name(compute_kfp_runtime::Nullable::Null).tags(Vec::new());
    assert_eq!(serde_json::to_value(fastapi::types::TreePatch::from(patch)).unwrap(), json!({"name": null, "tags": []}));
    let input = fastapi::types::TreeInput::builder().name("ash").build().unwrap();
    assert_eq!(serde_json::to_value(input).unwrap(), json!({"name": "ash"}));
    let missing = fastapi::types::TreeInput::builder().build().unwrap_err();
    assert!(missing.to_string().contains("name"), "{missing}");

    let all: serde_json::Map<String, Value> =
        ["self", "@kind", "$ref", "größe", "", "build", "default", "clone"].into_iter().map(|name| (name.to_owned(), json!("x"))).collect();
    let mut all = Value::Object(all);
    all["further"] = json!(7);
    same::<members::types::AllOptional>(all);
    same::<names::types::Result>(json!({"this": [], "text": "a", "time": "2024-02-03T04:05:06Z", "map": {}, "counts": ["1"], "union": "a"}));
    same::<grpc_gateway::types::Leg>(json!({"miles": "1", "ratio": "NaN"}));
    same::<grpc_gateway::types::Leg>(json!({"state": "Unknown", "miles": "5", "children": [{"stops": {"a": "1"}}], "parent": {}}));
    same::<fastapi::types::PageTree>(json!({
        "items": [{"id": 1, "name": "ash", "kind": "oak", "fruit": {"kind": "apple", "cultivar": "elstar"}, "parent": null, "note": ["a"], "coordinates": [1, "a"]}],
        "total": 1, "page": null, "size": null,
    }));
}
