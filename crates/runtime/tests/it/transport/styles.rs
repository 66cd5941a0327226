//! Values in every style, location and shape, as the server receives them.

use compute_kfp_runtime::Request;
use compute_kfp_runtime::operation::{Location, Operation, Parameter, Style};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::item::ServerTransport as _;
use compute_kfp_test_server::{Received, Response, TestServer};

async fn sent(parameter: Parameter, value: &Value) -> Received {
    let parameters = Box::leak(Box::new([parameter]));
    let path = match parameters[0].location {
        Location::Path => "/items/{c}",
        _ => "/items",
    };
    let operation = Operation::new("read_item", "read_item", "GET", path).parameters(parameters);
    let mut request = Request::new(Box::leak(Box::new(operation)));
    request.set(parameters[0].argument, value);
    let server = TestServer::playing([Response::json(200, "{}")]);
    server.transport().send_empty(request).await.unwrap();
    server.only()
}

/// Returns the parameter `c` as the server receives it.
async fn received(location: Location, style: Style, explode: bool, value: &Value) -> String {
    let request = sent(
        Parameter::new("c", location, "any").style(style, explode),
        value,
    );
    let request = request.await;
    let found = match location {
        Location::Path => Some(request.path().strip_prefix("/items/").unwrap()),
        Location::Header => request.header("c"),
        Location::Cookie => request.header("cookie"),
        _ => request.query(),
    };
    found.unwrap_or("nothing").to_owned()
}

#[tokio::test]
async fn what_the_server_decodes_twice_arrives_as_it_was_given() {
    for text in [
        "a+b",
        "100%",
        "%2B",
        "+",
        "%",
        "%zz",
        "a b&c=d#é😀",
        "{\"k\":\"+02:00\"}",
    ] {
        let parameter = Parameter::new("c", Location::Query, "string").decoded_twice();
        let once = sent(parameter, &json!(text)).await;
        let once = once.parameter("c").unwrap();
        let twice = percent_decode_str(&once.replace('+', " "))
            .decode_utf8()
            .unwrap()
            .into_owned();
        assert_eq!(twice, text);
    }
}

#[tokio::test]
async fn every_style_writes_scalars_lists_and_objects() {
    use Location::{Cookie, Header, Path, Query};
    use Style::{DeepObject, Form, Json, Label, Matrix, Pipe, Simple, Space, Tab};

    let scalar = json!("a b");
    let list = json!(["a", "b,c", 7]);
    let object = json!({"R": 1, "G": "x y", "null": null});
    for (location, style, explode, of_scalar, of_list, of_object) in [
        (
            Query,
            Form,
            true,
            "c=a%20b",
            "c=a&c=b%2Cc&c=7",
            "R=1&G=x%20y",
        ),
        (
            Query,
            Form,
            false,
            "c=a%20b",
            "c=a,b%2Cc,7",
            "c=R,1,G,x%20y",
        ),
        (
            Query,
            Space,
            false,
            "c=a%20b",
            "c=a%20b%2Cc%207",
            "c=R%201%20G%20x%20y",
        ),
        (
            Query,
            Space,
            true,
            "c=a%20b",
            "c=a&c=b%2Cc&c=7",
            "R=1&G=x%20y",
        ),
        (
            Query,
            Pipe,
            false,
            "c=a%20b",
            "c=a%7Cb%2Cc%7C7",
            "c=R%7C1%7CG%7Cx%20y",
        ),
        (
            Query,
            Tab,
            false,
            "c=a%20b",
            "c=a%09b%2Cc%097",
            "c=R%091%09G%09x%20y",
        ),
        (
            Query,
            DeepObject,
            true,
            "c=a%20b",
            "c=a&c=b%2Cc&c=7",
            "c%5BR%5D=1&c%5BG%5D=x%20y",
        ),
        (
            Query,
            Json,
            false,
            "c=%22a%20b%22",
            "c=%5B%22a%22%2C%22b%2Cc%22%2C7%5D",
            "c=%7B%22R%22%3A1%2C%22G%22%3A%22x%20y%22%2C%22null%22%3Anull%7D",
        ),
        (Path, Simple, false, "a%20b", "a,b%2Cc,7", "R,1,G,x%20y"),
        (Path, Simple, true, "a%20b", "a,b%2Cc,7", "R=1,G=x%20y"),
        (Path, Label, false, ".a%20b", ".a,b%2Cc,7", ".R,1,G,x%20y"),
        (Path, Label, true, ".a%20b", ".a.b%2Cc.7", ".R=1.G=x%20y"),
        (
            Path,
            Matrix,
            false,
            ";c=a%20b",
            ";c=a,b%2Cc,7",
            ";c=R,1,G,x%20y",
        ),
        (
            Path,
            Matrix,
            true,
            ";c=a%20b",
            ";c=a;c=b%2Cc;c=7",
            ";R=1;G=x%20y",
        ),
        (
            Path,
            Pipe,
            false,
            "a%20b",
            "a%7Cb%2Cc%7C7",
            "R%7C1%7CG%7Cx%20y",
        ),
        (Header, Simple, false, "a b", "a,b,c,7", "R,1,G,x y"),
        (Header, Simple, true, "a b", "a,b,c,7", "R=1,G=x y"),
        (Header, Pipe, false, "a b", "a|b,c|7", "R|1|G|x y"),
        (
            Cookie,
            Form,
            true,
            "c=a%20b",
            "c=a; c=b%2Cc; c=7",
            "R=1; G=x%20y",
        ),
        (
            Cookie,
            Form,
            false,
            "c=a%20b",
            "c=a,b%2Cc,7",
            "c=R,1,G,x%20y",
        ),
    ] {
        for (value, expected) in [(&scalar, of_scalar), (&list, of_list), (&object, of_object)] {
            // With the feature `dynamic`, members stay in their order; without, they are sorted.
            let in_order = received(location, style, explode, value).await;
            let sorted = |text: &str| {
                let mut letters: Vec<char> = text.chars().collect();
                letters.sort_unstable();
                letters
            };
            assert_eq!(
                sorted(&in_order),
                sorted(expected),
                "{location:?} {style:?} {explode}: {in_order}"
            );
            if cfg!(feature = "dynamic") {
                assert_eq!(in_order, expected, "{location:?} {style:?} {explode}");
            }
        }
    }
}

#[tokio::test]
async fn a_scalar_is_the_same_whatever_its_schema_says() {
    for (value, text) in [
        (json!("abc"), "c=abc"),
        (json!(""), "c="),
        (json!(1.5), "c=1.5"),
        (json!(false), "c=false"),
        (json!(["abc"]), "c=abc"),
    ] {
        assert_eq!(
            received(Location::Query, Style::Form, true, &value).await,
            text
        );
    }
}

#[tokio::test]
async fn nothing_is_sent_of_null_and_of_what_is_empty() {
    for value in [
        json!(null),
        json!([]),
        json!({}),
        json!([null]),
        json!({"R": null}),
    ] {
        for style in [Style::Form, Style::DeepObject, Style::Space] {
            let text = received(Location::Query, style, true, &value).await;
            assert_eq!(text, "nothing", "{value} {style:?}");
        }
        let text = received(Location::Query, Style::Form, false, &value).await;
        assert_eq!(text, "nothing");
    }
}

#[tokio::test]
async fn deep_objects_nest_and_repeat_lists() {
    let value = json!({"a": {"b": 1}, "l": ["x", "y"], "o": [{"k": 1}]});
    let text = received(Location::Query, Style::DeepObject, true, &value).await;
    assert_eq!(
        text,
        "c%5Ba%5D%5Bb%5D=1&c%5Bl%5D=x&c%5Bl%5D=y&c%5Bo%5D=%7B%22k%22%3A1%7D"
    );
}

#[tokio::test]
async fn what_no_style_can_express_is_json() {
    let value = json!([{"k": 1}, [2]]);
    let text = received(Location::Query, Style::Form, true, &value).await;
    assert_eq!(text, "c=%7B%22k%22%3A1%7D&c=%5B2%5D");
    let value = json!({"k": [1, 2]});
    let text = received(Location::Query, Style::Form, true, &value).await;
    assert_eq!(text, "k=%5B1%2C2%5D");
}

#[tokio::test]
async fn reserved_characters_stay_where_they_may_unless_they_end_the_value() {
    let reserved = || Parameter::new("c", Location::Query, "string").reserved();
    let value = json!("a/b?c:d@e,f=g;h&i+j#k%20l%m n");
    let request = sent(reserved(), &value).await;
    assert_eq!(
        request.query(),
        Some("c=a/b?c:d@e,f=g;h%26i%2Bj%23k%20l%25m%20n")
    );
    let list = json!(["a/b", "c,d"]);
    let request = sent(reserved().style(Style::Form, false), &list).await;
    assert_eq!(request.query(), Some("c=a/b,c%2Cd"));
}

#[tokio::test]
async fn a_matrix_without_a_value_is_its_name_and_a_label_is_refused() {
    let text = received(Location::Path, Style::Matrix, false, &json!("")).await;
    assert_eq!(text, ";c");

    static LABEL: Operation = Operation::new("read_item", "read_item", "GET", "/items/{c}")
        .parameters(&[Parameter::new("c", Location::Path, "string").style(Style::Label, false)]);
    let server = TestServer::playing([Response::json(200, "{}")]);
    for value in ["", "."] {
        let mut request = Request::new(&LABEL);
        request.set("c", value);
        let error = server.transport().send_empty(request).await.unwrap_err();
        assert!(error.message().contains("change the path"), "{error}");
    }
}

#[tokio::test]
async fn two_parameters_of_one_name_are_told_apart_by_their_arguments() {
    static BOTH: Operation = Operation::new("read_item", "read_item", "GET", "/items/{id}")
        .parameters(&[
            Parameter::new("id", Location::Path, "string"),
            Parameter::new("id", Location::Query, "string").argument("id_query"),
        ]);
    let mut request = Request::new(&BOTH);
    request.set("id", "p");
    request.set("id_query", "q");
    let server = TestServer::playing([Response::json(200, "{}")]);
    server.transport().send_empty(request).await.unwrap();
    assert_eq!(server.only().target, "/items/p?id=q");
    assert!(BOTH.parameter("id_query").is_some_and(|it| it.name == "id"));
}
