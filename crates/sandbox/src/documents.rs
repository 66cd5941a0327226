//! Documents other than the APIs: the page at `/`, with the current data and every operation, and the
//! specs.

use compute_kfp_runtime::operation::Operation;
use http::header::CONTENT_SECURITY_POLICY;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use crate::collection::Collection;
use crate::html::escaped;
use crate::object::Object;
use crate::response::{Response, json_response, response};
use crate::shared::Shared;
use crate::specification::{self, Specification};
use crate::store::Store;

/// Maximum number of names shown of each kind.
const NAMES: usize = 5;

const HEAD: &str = "<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta name=viewport content='width=device-width'>
<title>compute-kfp-sandbox</title>
<style>
body { font-family: sans-serif; max-width: 70em; margin: auto; padding: 1em; line-height: 1.4 }
table { border-collapse: collapse }
td, th { text-align: left; vertical-align: top; padding: .1em 1em .1em 0 }
details { padding: .1em 0 }
details p { white-space: pre-wrap; margin: .5em 2em }
</style>
<h1>compute-kfp-sandbox</h1>
";

pub(crate) fn respond(shared: &Shared, head: &Parts) -> Option<Response> {
    if !matches!(head.method, Method::GET | Method::HEAD) {
        return None;
    }
    let document = match head.uri.path() {
        "/" => html(page(shared)),
        "/openapi" | "/openapi/" => json_response(StatusCode::OK, &index()),
        "/openapi/compute.json" => json(specification::COMPUTE_TEXT),
        "/openapi/kfp.json" => json(specification::KFP_TEXT),
        _ => return None,
    };
    Some(document)
}

/// Returns an HTML page. It allows no scripts, since its content is untrusted.
fn html(page: String) -> Response {
    let mut response = response(StatusCode::OK, page, "text/html; charset=utf-8");
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, policy);
    response
}

fn json(text: &'static str) -> Response {
    response(StatusCode::OK, text, "application/json")
}

fn index() -> Value {
    let entry = |specification: &Specification, path: &str| {
        let info = specification.info();
        json!({ "title": info["title"], "version": info["version"], "path": path })
    };
    json!({
        "compute": entry(&specification::COMPUTE, "/openapi/compute.json"),
        "kfp": entry(&specification::KFP, "/openapi/kfp.json"),
    })
}

fn page(shared: &Shared) -> String {
    let store = shared.store();
    let compute = compute_api_client::operations::OPERATIONS;
    let kfp = kfp_api_client::operations::OPERATIONS;
    [
        HEAD.to_owned(),
        "<p>Specs: <a href=/openapi/compute.json>Compute</a>, \
         <a href=/openapi/kfp.json>KFP</a>\n"
            .to_owned(),
        format!("<p>Clock: {}\n", store.clock.reading.format("%FT%T%.3fZ")),
        faults(shared),
        held(&store),
        listed("compute", "Compute", compute),
        listed("kfp", "Kubeflow Pipelines", kfp),
    ]
    .concat()
}

fn faults(shared: &Shared) -> String {
    let faults = shared.faults.all().into_iter();
    let items = faults.map(|fault| format!("<li><code>{}</code>\n", escaped(&fault.to_string())));
    let items: String = items.collect();
    if items.is_empty() {
        return "<h2>Faults</h2>\n<p>None\n".to_owned();
    }
    format!("<h2>Faults</h2>\n<ul>\n{items}</ul>\n")
}

fn held(store: &Store) -> String {
    let compute = store.compute.collections.iter();
    let kfp = store.kfp.collections.iter();
    let rows = compute
        .map(|(name, held)| row("Compute", name, held))
        .chain(kfp.map(|(name, held)| row("KFP", name, held)));
    let rows: String = rows.collect();
    format!(
        "<h2>Current data</h2>\n<table>\n<tr><th>API<th>kind<th>count<th>newest\n{rows}</table>\n"
    )
}

fn row(api: &str, name: &str, held: &Collection) -> String {
    if held.len() == 0 {
        return String::new();
    }
    let newest = held.iter().rev().take(NAMES);
    let newest: Vec<String> = newest.map(|object| shown(held, object)).collect();
    format!(
        "<tr><td>{api}<td>{}<td>{}<td>{}\n",
        escaped(name),
        held.len(),
        escaped(&newest.join(", "))
    )
}

/// Returns the display name of an object, or else its key.
fn shown(held: &Collection, object: &Object) -> String {
    let names = ["display_name", "name", "full_name"];
    let name = names
        .iter()
        .find_map(|field| object.get(*field).and_then(Value::as_str));
    let name = name.filter(|name| !name.is_empty());
    name.map_or_else(|| held.key_of(object), str::to_owned)
}

fn listed(prefix: &str, title: &str, operations: &[&Operation]) -> String {
    let items = operations.iter().map(|operation| {
        format!(
            "<details id={prefix}-{name}><summary><code>{method} {path}</code> \
             <a href=#{prefix}-{name}>{name}</a>: {summary}</summary>\n<p>{description}</details>\n",
            name = escaped(operation.name),
            method = escaped(operation.method),
            path = escaped(operation.path),
            summary = escaped(operation.summary),
            description = escaped(operation.description),
        )
    });
    let items: String = items.collect();
    format!("<h2>{title}: {} operations</h2>\n{items}", operations.len())
}
