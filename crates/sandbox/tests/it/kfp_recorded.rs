//! Compares the sandbox's responses to 257 requests with those of the real server.
//!
//! Random parts are not compared: identifiers and page tokens are bound at their first occurrence, any
//! time matches a time, and objects with equal sort values may have any order.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use compute_kfp_sandbox::{KfpServer, Sandbox};
use reqwest::{Method, multipart};
use serde_json::{Map, Value, json};

use crate::support::{encoded, plain};

const RECORDED: &str = include_str!("../recorded/kfp.jsonl");

/// Times for those that the recording omits.
const EARLY: &str = "2020-01-01T00:00:00Z";
const EARLIER: &str = "2019-01-01T00:00:00Z";

/// Marks in the server's errors that a client can rely on.
const MARKS: &[&str] = &[
    "Already exist error",
    "BadRequestError",
    "InternalServerError",
    "Invalid input error",
    "ResourceNotFoundError",
    "UNIQUE constraint",
    "proto:",
];

/// Sort keys that differ for all objects, also those created in the same second.
const TELLING_ORDERS: &[&str] = &["name", "display_name", "display_name desc"];

#[tokio::test]
async fn every_response_is_the_recorded_one() {
    let sandbox = Sandbox::builder().empty().kfp_server(KfpServer::Next);
    let sandbox = sandbox.start().await.unwrap();
    let mut bindings = Bindings::default();
    let mut differing = Vec::new();
    let mut unversioned = BTreeSet::new();
    let recorded: Vec<Value> = RECORDED
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut objects = BTreeMap::new();
    for exchange in &recorded {
        collect(&exchange["answer"], &mut objects);
    }
    bindings.objects = Rc::new(objects);
    for exchange in &recorded {
        let request = bindings.substituted(&exchange["request"], "");
        let (status, response) = send(&sandbox, &request).await;
        let mut differences = Vec::new();
        if json!(status) != exchange["status"] {
            differences.push(format!("status {status}, recorded {}", exchange["status"]));
        }
        let body = &request["body"];
        let reference = &body["pipeline_version_reference"];
        if reference.is_object() && reference.get("pipeline_version_id").is_none() {
            unversioned.insert(body["display_name"].as_str().unwrap_or_default().to_owned());
        }
        let comparison = Comparison {
            unversioned: &unversioned,
            request: &request,
            order_counts: request["query"]["sort_by"]
                .as_str()
                .is_some_and(|order| TELLING_ORDERS.contains(&order)),
        };
        comparison.compare(
            &exchange["answer"],
            &response,
            &mut bindings,
            &mut differences,
            "",
        );
        bindings.keep_seen();
        if !differences.is_empty() {
            let name = &exchange["name"];
            differing.push(format!(
                "{name}\n  {}\n  = {response}",
                differences.join("\n  ")
            ));
        }
    }
    assert!(
        differing.is_empty(),
        "{} of {} answers differ:\n{}",
        differing.len(),
        recorded.len(),
        differing.join("\n")
    );
}

async fn send(sandbox: &Sandbox, request: &Value) -> (u16, Value) {
    let text = |name: &str| request[name].as_str().unwrap();
    let query = request["query"].as_object().into_iter().flatten();
    let query: Vec<String> = query
        .map(|(name, value)| format!("{name}={}", encoded(value.as_str().unwrap())))
        .collect();
    let path = format!("{}?{}", text("path"), query.join("&"));
    let method = Method::from_bytes(text("method").as_bytes()).unwrap();
    let mut sent = plain(sandbox, method, &path);
    if let Some(file) = request.get("file") {
        let content = file["content"].as_str().unwrap().to_owned();
        let part = multipart::Part::text(content);
        let part = part.file_name(file["name"].as_str().unwrap().to_owned());
        sent = sent.multipart(multipart::Form::new().part("uploadfile", part));
    } else if let Some(raw) = request.get("raw") {
        sent = sent.body(raw.as_str().unwrap().to_owned());
    } else if let Some(body) = request.get("body") {
        sent = sent.json(body);
    }
    let response = sent.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let response = serde_json::from_str(&text).unwrap_or_else(|_| json!(text.trim()));
    (status, response)
}

/// Names in the recording, such as `id-1`, and the values of the sandbox for them.
///
/// Cloning is cheap, since each of many attempts at a list element needs its own bindings.
#[derive(Clone, Default)]
struct Bindings {
    bound: Rc<BTreeMap<String, String>>,
    /// The last recorded form of each object, by its recorded identifier.
    objects: Rc<BTreeMap<String, Rc<Value>>>,
    /// Later forms of objects, from the present response.
    seen: Vec<(String, Rc<Value>)>,
}

impl Bindings {
    fn bind(&mut self, recorded: &str, returned: &str) -> bool {
        if let Some(bound) = self.bound.get(recorded) {
            return bound == returned;
        }
        if recorded.starts_with("id-") && self.bound.values().any(|bound| bound == returned) {
            return false;
        }
        Rc::make_mut(&mut self.bound).insert(recorded.to_owned(), returned.to_owned());
        true
    }

    fn object(&self, id: &str) -> Option<&Rc<Value>> {
        let seen = self.seen.iter().rev().find(|(known, _)| known == id);
        seen.map(|(_, object)| object)
            .or_else(|| self.objects.get(id))
    }

    /// Ends a response: the forms of its objects are now the last ones.
    fn keep_seen(&mut self) {
        Rc::make_mut(&mut self.objects).extend(self.seen.drain(..));
    }

    fn substituted(&self, value: &Value, key: &str) -> Value {
        match value {
            Value::String(text) if text == "TIME" && key == "end_time" => EARLIER.into(),
            Value::String(text) if text == "TIME" => EARLY.into(),
            Value::String(text) => {
                let early = format!("\"{EARLY}\"");
                self.text(text).replace("\"TIME\"", &early).into()
            }
            Value::Array(elements) => elements.iter().map(|e| self.substituted(e, key)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(name, value)| (self.text(name), self.substituted(value, name)))
                .collect(),
            other => other.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        if !text.contains("id-") && !text.contains("token-") {
            return text.to_owned();
        }
        let ends = |byte: u8| !byte.is_ascii_digit();
        // The longest first: `id-1` is in `id-10` too.
        let mut known: Vec<_> = self.bound.iter().collect();
        known.sort_by_key(|(recorded, _)| std::cmp::Reverse(recorded.len()));
        let mut text = text.to_owned();
        for (recorded, bound) in known {
            if let Some(place) = text.find(recorded.as_str()) {
                let after = place + recorded.len();
                if text.as_bytes().get(after).is_none_or(|byte| ends(*byte)) {
                    text.replace_range(place..after, bound);
                }
            }
        }
        text
    }
}

struct Comparison<'a> {
    /// Names of runs without a pipeline version. The server selects any version of the newest second.
    unversioned: &'a BTreeSet<String>,
    request: &'a Value,
    order_counts: bool,
}

impl Comparison<'_> {
    fn compare(
        &self,
        recorded: &Value,
        returned: &Value,
        bindings: &mut Bindings,
        differences: &mut Vec<String>,
        at: &str,
    ) {
        match (recorded, returned) {
            (Value::Object(recorded), Value::Object(returned)) => {
                self.compare_objects(recorded, returned, bindings, differences, at);
            }
            (Value::Array(recorded), Value::Array(returned)) => {
                self.compare_lists(recorded, returned, bindings, differences, at);
            }
            (Value::String(recorded), Value::String(returned)) => {
                if let Some(difference) = self.text(recorded, returned, bindings) {
                    differences.push(format!("{at}: {difference}"));
                }
            }
            (recorded, returned)
                if recorded.as_f64() == returned.as_f64() && recorded.is_number() => {}
            (recorded, returned) if recorded == returned => {}
            _ => differences.push(format!("{at}: {returned}, recorded {recorded}")),
        }
    }

    fn compare_objects(
        &self,
        recorded: &Map<String, Value>,
        returned: &Map<String, Value>,
        bindings: &mut Bindings,
        differences: &mut Vec<String>,
        at: &str,
    ) {
        let names = |object: &Map<String, Value>| BTreeSet::from_iter(object.keys().cloned());
        let is_run = recorded.contains_key("run_id") && recorded.contains_key("experiment_id");
        let bound: BTreeSet<String> = names(recorded)
            .iter()
            .map(|name| bindings.text(name))
            .collect();
        if bound != names(returned) {
            let (missing, surplus) = (&bound - &names(returned), &names(returned) - &bound);
            differences.push(format!("{at}: misses {missing:?}, adds {surplus:?}"));
        }
        for (name, value) in recorded {
            let of_run = ["state", "state_history", "finished_at"];
            let hangs_on_chance = is_run && of_run.contains(&name.as_str())
                || name == "last_run_created_at"
                || name == "pipeline_version_reference" && self.picks_version(recorded);
            if let Some(returned) = returned
                .get(&bindings.text(name))
                .filter(|_| !hangs_on_chance)
            {
                self.compare(
                    value,
                    returned,
                    bindings,
                    differences,
                    &format!("{at}/{name}"),
                );
            }
        }
        if let Some(id) = identity(recorded) {
            let object = Rc::new(Value::Object(recorded.clone()));
            bindings.seen.push((id.to_owned(), object));
        }
    }

    fn picks_version(&self, run: &Map<String, Value>) -> bool {
        let name = run.get("display_name").and_then(Value::as_str);
        name.is_some_and(|name| self.unversioned.contains(name))
    }

    fn compare_lists(
        &self,
        recorded: &[Value],
        returned: &[Value],
        bindings: &mut Bindings,
        differences: &mut Vec<String>,
        at: &str,
    ) {
        if recorded.len() != returned.len() {
            let (there, here) = (recorded.len(), returned.len());
            differences.push(format!("{at}: {here} elements, recorded {there}"));
            return;
        }
        // An object that was seen before is compared with what was recorded of it last.
        let recorded_elements: Vec<Rc<Value>> = recorded.iter().cloned().map(Rc::new).collect();
        let mut left = recorded_elements.clone();
        for (place, returned) in returned.iter().enumerate() {
            let mut attempts: Vec<Rc<Value>> = Vec::new();
            if self.order_counts || !is_list_of_objects(recorded) {
                attempts.push(Rc::clone(&recorded_elements[place]));
            } else {
                attempts.extend(left.iter().cloned());
            }
            if !self.order_counts {
                attempts.extend(seen(returned, bindings));
            }
            let mut best: Option<(Vec<String>, Bindings, Rc<Value>)> = None;
            for attempt in attempts {
                let (mut bindings, mut differences) = (bindings.clone(), Vec::new());
                let at = format!("{at}/{place}");
                self.compare(&attempt, returned, &mut bindings, &mut differences, &at);
                let is_equal = differences.is_empty();
                if best
                    .as_ref()
                    .is_none_or(|best| differences.len() < best.0.len())
                {
                    best = Some((differences, bindings, attempt));
                }
                if is_equal {
                    break;
                }
            }
            let best = best.unwrap();
            left.retain(|left| {
                identity_of(left) != identity_of(&best.2) || identity_of(left).is_none()
            });
            differences.extend(best.0);
            *bindings = best.1;
        }
    }

    fn text(&self, recorded: &str, returned: &str, bindings: &mut Bindings) -> Option<String> {
        if recorded == "TIME" {
            let is_time =
                returned.len() >= 20 && returned.ends_with('Z') && !returned.starts_with("1970");
            return (!is_time).then(|| format!("{returned:?} is no time"));
        }
        if recorded.starts_with("id-") || recorded.starts_with("token-") {
            let same = bindings.bind(recorded, returned);
            return (!same).then(|| format!("{returned:?} is not {recorded}"));
        }
        let Some(expected) = recorded.strip_prefix("TEXT") else {
            return (recorded != returned).then(|| format!("{returned:?}, recorded {recorded:?}"));
        };
        let (marks, naming) = expected.split_once(" naming ").unwrap_or((expected, ""));
        let marks: BTreeSet<String> = MARKS
            .iter()
            .filter(|mark| marks.contains(&format!("[{mark}]")))
            .map(|mark| (*mark).to_owned())
            .collect();
        let naming = naming.split(", ").filter(|name| !name.is_empty());
        let naming: BTreeSet<String> = naming.map(|name| bindings.text(name)).collect();
        let found_marks = MARKS.iter().filter(|mark| returned.contains(**mark));
        let found_marks: BTreeSet<String> = found_marks.map(|mark| (*mark).to_owned()).collect();
        let mut sent = BTreeSet::new();
        strings(self.request, &mut sent);
        sent.retain(|sent| sent.len() > 2 && has_word(returned, sent));
        (found_marks != marks || sent != naming)
            .then(|| format!("marks {found_marks:?}, names {sent:?}; recorded {recorded:?}"))
    }
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(place, _)| {
        let is_inside = |letter: char| letter.is_alphanumeric() || letter == '_';
        let (before, after) = (&text[..place], &text[place + word.len()..]);
        !before.ends_with(is_inside) && !after.starts_with(is_inside)
    })
}

/// Collects the values of the query, the body and the path of a request.
fn strings(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.starts_with("/apis/v2beta1/") => {
            found.extend(text.split('/').skip(4).map(str::to_owned));
        }
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(elements) => elements.iter().for_each(|element| strings(element, found)),
        Value::Object(fields) => fields.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}

fn is_list_of_objects(list: &[Value]) -> bool {
    list.iter()
        .all(|element| identity_of(element).is_some() || element.get("artifact_key").is_some())
}

fn identity_of(value: &Value) -> Option<&str> {
    identity(value.as_object()?)
}

fn identity(object: &Map<String, Value>) -> Option<&str> {
    let fields = [
        "id",
        "artifact_id",
        "task_id",
        "run_id",
        "recurring_run_id",
        "pipeline_version_id",
        "pipeline_id",
        "experiment_id",
    ];
    fields.iter().find_map(|field| object.get(*field)?.as_str())
}

/// Returns the last recorded form of a known object, or else all objects that it may be.
fn seen(returned: &Value, bindings: &Bindings) -> Vec<Rc<Value>> {
    let id = identity_of(returned);
    let known = bindings
        .bound
        .iter()
        .find(|(_, bound)| Some(bound.as_str()) == id);
    if let Some((recorded, _)) = known {
        return bindings.object(recorded).cloned().into_iter().collect();
    }
    let ids = bindings.objects.keys();
    ids.filter(|id| !bindings.bound.contains_key(*id))
        .filter_map(|id| bindings.object(id).cloned())
        .collect()
}

/// Finds the objects in a response.
fn collect(value: &Value, objects: &mut BTreeMap<String, Rc<Value>>) {
    if let Some(id) = identity_of(value) {
        objects.insert(id.to_owned(), Rc::new(value.clone()));
    }
    match value {
        Value::Array(elements) => elements.iter().for_each(|e| collect(e, objects)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, objects)),
        _ => {}
    }
}
