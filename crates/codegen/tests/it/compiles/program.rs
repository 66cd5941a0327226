//! Reads JSON as generated types and writes it back, and sends requests.

mod sending;

use scratch::{everywhere, fastapi, grpc_gateway, members, names, shapes, streams, swagger};
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

/// A value of a shape as every kind of property.
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

    // Integers may also be numbers.
    becomes::<everywhere::types::HoldsInt64>(
        json!({"required": 1, "null": 2, "list": [3, "4"], "map": {"a": 5}}),
        json!({"required": "1", "null": "2", "list": ["3", "4"], "map": {"a": "5"}}),
    );
    // A required list or map that is null or absent is empty; any other type is an error.
    becomes::<everywhere::types::HoldsList>(json!({"required": null, "null": []}), json!({"required": [], "null": []}));
    becomes::<everywhere::types::HoldsMap>(json!({"null": {}}), json!({"required": {}, "null": {}}));
    refused::<everywhere::types::HoldsString>(json!({"null": null}));
    refused::<everywhere::types::HoldsString>(json!({"required": null, "null": null}));

    // A request contains only the given values.
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

    tagged_unions();
    compositions();
    same::<swagger::types::Thing>(json!({"name": "a", "at": null}));
    refused::<swagger::types::Thing>(json!({"ratio": 0.5}));
    refused::<swagger::types::Thing>(json!({"name": "a", "ratio": "NaN"}));
    same::<grpc_gateway::types::Leg>(json!({}));
    streams().await;
}

/// Streams are read as such, from the server that the spec declares.
async fn streams() {
    use compute_kfp_runtime::{ErrorKind, Transport};
    use compute_kfp_test_server::{Response, TestServer};
    use streams::{Client, types};

    let server = TestServer::start(|request| match request.path() {
        "/v1/positions" => Response::json(
            200,
            "{\"result\":{\"latitude\":1.5}}\n{\"error\":{\"code\":14,\"message\":\"no fix\"}}\n",
        ),
        "/v1/positions/old" => Response::json(200, "{\"result\":{\"longitude\":2}}\n"),
        "/v1/depths" if request.header("accept") == Some("text/event-stream") => Response::new(
            200,
            "content-type: text/event-stream",
            "event: depth\ndata: {\"metres\": 4}\n\n",
        ),
        "/v1/depths" if request.method == "POST" => Response::json(200, "{\"metres\": 3}"),
        "/v1/depths" => Response::new(200, "content-type: application/x-ndjson", "1\n2.5\n"),
        "/v1/anchors" => Response::json(209, "{\"latitude\": 2.5}"),
        "/other/log" => Response::new(200, "content-type: text/event-stream", "data: a\n\n"),
        other => Response::json(404, other),
    });
    assert_eq!(Client::DEFAULT_ENDPOINT, "https://telemetry.example/v1");
    let transport = Transport::builder(format!("{}/v1", server.url()))
        .server("http://telemetry.example/v1", format!("{}/other", server.url()));
    let client = Client::new(transport.build().unwrap());
    assert_eq!(client.anchor().send().await.unwrap().latitude, Some(2.5));

    let mut positions = client.telemetry_watch_positions().send().await.unwrap();
    let position: types::Position = positions.next().await.unwrap().unwrap();
    assert_eq!(position.latitude, Some(1.5));
    let error = positions.next().await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Server, "no fix"));
    assert!(positions.next().await.is_none());
    let mut old = client.watch_old().send().await.unwrap();
    let position: types::Position = old.next().await.unwrap().unwrap();
    assert_eq!(position.longitude, Some(2.0));

    let mut depths = client.depths().events(true).send().await.unwrap();
    let (first, second) = (depths.next().await.unwrap(), depths.next().await.unwrap());
    assert_eq!((first.unwrap(), second.unwrap()), (1.0, 2.5));
    assert!(depths.next().await.is_none());

    let depth = client.measure().events_(true).send().await.unwrap();
    assert_eq!(depth.metres, Some(3.0));
    let mut depths = client.measure().events().await.unwrap();
    let event = depths.next().await.unwrap().unwrap();
    assert_eq!(event.name(), "depth");
    assert_eq!(event.json::<types::Depth>().unwrap().metres, Some(4.0));

    let mut log = client.log().events().await.unwrap();
    assert_eq!(log.next().await.unwrap().unwrap().data(), "a");
}

fn tagged_unions() {
    use shapes::types::{Cat, Expression, Pet, Zoo};

    let cat = json!({"type": "kitten", "name": "Tom", "lives": 9});
    match read::<Pet>(&cat) {
        Pet::Cat(cat) => assert_eq!((cat.name.as_str(), cat.lives), ("Tom", Some(9))),
        other => panic!("{other:?}"),
    }
    same::<Pet>(cat.clone());
    let new = json!({"type": "bird", "name": "Tweety", "wings": [1, 2]});
    assert_eq!(read::<Pet>(&new), Pet::Unknown(new.clone()));
    same::<Pet>(new.clone());
    same::<Pet>(json!({"name": "nothing told"}));
    let dog = json!({"type": "dog", "name": "Rex", "bark": "loud", "friend": cat});
    same::<Pet>(dog.clone());
    same::<Zoo>(json!({"star": dog, "guest": null, "all": [cat, new], "by_name": {"a": cat}}));
    same::<Vec<Pet>>(json!([cat, new]));
    // An object with a known tag is read as that variant, or is an error.
    let error = serde_json::from_value::<Pet>(json!({"type": "dog", "name": "Rex"})).unwrap_err().to_string();
    assert!(error.contains("`type` is \"dog\"") && error.contains("bark"), "{error}");

    let cat: Pet = Cat::builder().name("Tom").build().unwrap().into();
    assert_eq!(serde_json::to_value(cat).unwrap(), json!({"type": "cat", "name": "Tom"}));
    assert!(matches!(read::<Pet>(&dog), Pet::Dog(dog) if dog.bark == "loud"));

    same::<Expression>(json!({"op": "not", "of": {"op": "all", "of": [{"op": "unknown", "size": "5"}, {"op": "new", "a": [null]}]}}));
    let all = Expression::from(shapes::types::All::from(shapes::types::All::builder().of(Vec::<Expression>::new())));
    assert_eq!(serde_json::to_value(&all).unwrap(), json!({"op": "all", "of": []}));
    assert!(matches!(all, Expression::All(_)));
    assert!(matches!(read::<Expression>(&json!({"op": "unknown"})), Expression::UnknownValue(_)));

    let start = shapes::types::SendEventBody::from(shapes::types::SendEventBodyStart::builder().kind("start").build().unwrap());
    assert_eq!(serde_json::to_value(start).unwrap(), json!({"kind": "start"}));
    same::<shapes::types::SendEventBody>(json!({"kind": "stop", "reason": "done"}));
}

fn compositions() {
    use shapes::types;

    same::<types::Job>(json!({"name": "a", "id": 1, "file": "b"}));
    same::<types::Job>(json!({"name": "a", "id": 1, "url": "c"}));
    refused::<types::Job>(json!({"name": "a", "url": "c"}));
    same::<types::Limit>(json!({"level": "low", "size": 1, "on": true}));
    refused::<types::Limit>(json!({"level": "low"}));
    refused::<types::Limit>(json!({"size": 0.5}));
    same::<types::Frame>(json!({"name": "a", "children": [{"id": "b"}, {"name": "c", "children": []}]}));
    same::<types::Leaf>(json!({"id": "a", "inside": {"depth": 1, "inside": {"depth": 2}}}));
    same::<types::Patterns>(json!({"id": "a", "x-size": 1}));
    same::<types::Parts>(json!({"size": {"width": 1, "around": {"width": 2}}, "again": {"width": 3}, "level": "low"}));
    same::<types::Base>(json!({"kind": "derived", "more": "kept"}));
    same::<types::Derived>(json!({"kind": "derived", "more": "kept"}));
}
