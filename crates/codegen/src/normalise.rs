//! Normalising: reads a lifted document into the [`Api`] that everything is generated from.

mod all_of;
mod bodies;
mod naming;
mod operations;
mod paging;
mod parameters;
mod protobuf;
mod responses;
mod schemas;
mod servers;
mod unions;
mod written;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value, json};

use crate::error::{Error, Problem, Problems, TOO_LARGE};
use crate::lift::strings;
use crate::model::{
    Api, Kind, Location, NamedSchema, Operation, Schema, SchemeKind, SecurityScheme,
};
use crate::names::scheme_constant;
use crate::places::Places;
use crate::pointer::Pointer;

use self::naming::Wanted;
use self::schemas::Component;
use self::written::Written;

pub(crate) use self::paging::is_whole_number;

/// Limits beyond which a document is most likely not a spec and would take minutes to compile.
const MAX_OPERATIONS: usize = 3_000;
const MAX_SCHEMAS: usize = 6_000;
const MAX_SIZE: usize = 60_000;

/// Maximum length of a chain of references.
const MAX_STEPS: usize = 16;

/// A part and its place, after following references.
type Resolved<'a> = (&'a Value, Pointer);

/// Returns the API of a document, and warnings about the parts that are left out.
pub(crate) fn normalise(file: &str, places: Places<'_>) -> Result<(Api, Vec<Problem>), Error> {
    let document = places.lifted;
    let mut reader = Reader::new(file, places);
    reader.read_components();
    let servers = reader.read_servers();
    let mut operations = reader.read_operations(&servers);
    reader.read_components();
    reader.name_members();
    let security_schemes = reader.read_security_schemes();
    let Reader {
        problems,
        places,
        mut named,
        protobuf,
        ..
    } = reader;
    let warnings = problems.finish(|place| places.locate(place))?;
    replace_dangling(&mut named, &mut operations);
    let info = |key: &str| {
        document
            .pointer(&format!("/info/{key}"))
            .and_then(Value::as_str)
    };
    let mut api = Api {
        title: info("title").unwrap_or("API").to_owned(),
        version: info("version").unwrap_or("unknown").to_owned(),
        description: document
            .get("info")
            .and_then(Value::as_object)
            .and_then(|info| prose(info, "description")),
        protobuf,
        schemas: named,
        tags: tags(document, &operations),
        operations,
        security_schemes,
        servers: servers.absolute,
    };
    for index in 0..api.operations.len() {
        api.operations[index].paging = paging::detect(&api.operations[index], &api.schemas);
        paging::document_token(&mut api.operations[index]);
    }
    Ok((api, warnings))
}

/// Reads a lifted document, and collects its named schemas and its problems.
struct Reader<'a> {
    places: Places<'a>,
    /// The number of schemas and properties that were read.
    size: usize,
    problems: Problems<'a>,
    components: &'a Map<String, Value>,
    /// The Rust name of every component, by its name in the document.
    component_names: IndexMap<&'a str, String>,
    /// Components by Rust name, among them objects inside of others that are read like them.
    by_name: IndexMap<String, Component<'a>>,
    /// The results for components, by Rust name.
    read: HashMap<String, Schema>,
    named: IndexMap<String, NamedSchema>,
    /// Security schemes that operations use but the document does not define.
    undefined_schemes: IndexSet<&'a str>,
    /// The components that are being read, and whether a value separates each from the current
    /// schema.
    stack: Vec<(String, bool)>,
    /// The properties of components that all their alternatives share.
    commons: HashMap<String, Schema>,
    /// Facts about components that are known without reading them.
    written: HashMap<&'a str, Written>,
    /// Named schemas that are no components, by place.
    by_place: HashMap<String, Schema>,
    /// Whether grpc-gateway made the document of protobuf.
    protobuf: bool,
}

impl<'a> Reader<'a> {
    fn new(file: &'a str, places: Places<'a>) -> Self {
        static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
        let protobuf = protobuf::is_from_grpc_gateway(&places);
        let mut reader = Self {
            places,
            size: 0,
            problems: Problems::new(file),
            components: &NONE,
            component_names: IndexMap::new(),
            by_name: IndexMap::new(),
            read: HashMap::new(),
            named: IndexMap::new(),
            undefined_schemes: IndexSet::new(),
            stack: Vec::new(),
            commons: HashMap::new(),
            written: HashMap::new(),
            by_place: HashMap::new(),
            protobuf,
        };
        let at = Pointer::root().at("components").at("schemas");
        if let Some(schemas) = reader.places.lifted.pointer(at.as_str())
            && let Some(schemas) = reader.object(schemas, &at, "the list of schemas")
            && !reader.exceeds(MAX_SCHEMAS, schemas.len(), "schemas", &at)
        {
            reader.components = schemas;
        }
        reader.name_components();
        reader
    }

    /// Counts schemas and properties. Returns false if there are too many, and reports that once.
    fn spend(&mut self, count: usize, at: &Pointer) -> bool {
        let before = self.size;
        self.size = before.saturating_add(count);
        if before <= MAX_SIZE && self.size > MAX_SIZE {
            self.problem(
                at,
                format!("more than {MAX_SIZE} schemas and properties up to here"),
                TOO_LARGE,
            );
        }
        self.size <= MAX_SIZE
    }

    fn problem(&mut self, at: &Pointer, message: impl Into<String>, remedy: impl Into<String>) {
        self.problems.add(at, message, remedy);
    }

    /// Warns that a part of the document is left out or changed, and says what happens instead.
    fn warn(&mut self, at: &Pointer, message: impl Into<String>, instead: impl Into<String>) {
        self.problems.warn(at, message, instead);
    }

    /// Returns the object at a place, or reports a problem.
    fn object(
        &mut self,
        value: &'a Value,
        at: &Pointer,
        what: &str,
    ) -> Option<&'a Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.problem(at, format!("{what} is not an object"), "use an object");
        }
        object
    }

    /// Follows a reference to a parameter, a response or another part below `components`, or
    /// reports a problem.
    fn resolve(&mut self, value: &'a Value, at: &Pointer) -> Option<Resolved<'a>> {
        let found = self.find(value, at);
        if let Err((at, target)) = &found {
            let message =
                format!("the reference {target} is circular, or its target does not exist");
            let remedy = "refer to a part that this document defines, as `#/components/…`";
            self.problem(at, message, remedy);
        }
        found.ok()
    }

    /// Follows references; the error is the one that leads nowhere.
    fn find(&self, value: &'a Value, at: &Pointer) -> Result<Resolved<'a>, (Pointer, &'a Value)> {
        let (mut value, mut at) = (value, at.clone());
        let mut steps = 0;
        loop {
            let Some(target) = value.get("$ref") else {
                return Ok((value, at));
            };
            let pointer = target.as_str().and_then(|target| target.strip_prefix('#'));
            let next = pointer.and_then(|it| Some((self.places.lifted.pointer(it)?, it)));
            steps += 1;
            match next.filter(|_| steps <= MAX_STEPS) {
                Some((next, pointer)) => (value, at) = (next, Pointer::parse(pointer)),
                None => return Err((at, target)),
            }
        }
    }

    /// Returns whether a document has so many things that it is most likely not a spec, and reports
    /// that.
    fn exceeds(&mut self, limit: usize, count: usize, what: &str, at: &Pointer) -> bool {
        if count > limit {
            let message = format!("{count} {what}, more than the limit of {limit}");
            self.problem(at, message, TOO_LARGE);
        }
        count > limit
    }

    fn read_security_schemes(&mut self) -> Vec<SecurityScheme> {
        /// A scheme that operations use but the document does not define.
        static UNDEFINED: LazyLock<Value> = LazyLock::new(|| json!({"type": "http"}));
        let at = Pointer::root().at("components").at("securitySchemes");
        let mut schemes: Vec<(&'a str, &'a Value)> = Vec::new();
        if let Some(value) = self.places.lifted.pointer(at.as_str())
            && let Some(defined) = self.object(value, &at, "the list of security schemes")
        {
            schemes.extend(defined.iter().map(|(name, it)| (name.as_str(), it)));
        }
        schemes.extend((self.undefined_schemes.iter()).map(|name| (*name, &*UNDEFINED)));
        let mut found = Vec::new();
        let mut constants: Vec<String> = (schemes.iter())
            .map(|(name, _)| scheme_constant(name))
            .collect();
        let wanted = schemes.iter().zip(&mut constants);
        let wanted = wanted.map(|((scheme, _), name)| Wanted {
            place: at.at(scheme).into(),
            name,
            given: false,
            others: Vec::new(),
        });
        self.settle(&mut wanted.collect::<Vec<_>>());
        for ((name, scheme), constant) in schemes.into_iter().zip(constants) {
            let at = at.at(name);
            let Some((scheme, at)) = self.resolve(scheme, &at) else {
                continue;
            };
            let description = scheme.as_object().and_then(|it| text(it, "description"));
            found.extend(self.scheme_kind(scheme, &at).map(|kind| SecurityScheme {
                constant,
                name: name.to_owned(),
                kind,
                description,
            }));
        }
        found
    }

    fn scheme_kind(&mut self, scheme: &Value, at: &Pointer) -> Option<SchemeKind> {
        let text = |key: &str| scheme.get(key).and_then(Value::as_str);
        Some(
            match (text("type"), text("scheme"), text("in"), text("name")) {
                (Some("apiKey"), _, Some(location), Some(header)) => SchemeKind::ApiKey {
                    location: match location {
                        "query" => Location::Query,
                        "cookie" => Location::Cookie,
                        _ => Location::Header,
                    },
                    name: header.to_owned(),
                },
                (Some("http"), Some(scheme), ..) if scheme.eq_ignore_ascii_case("basic") => {
                    SchemeKind::Basic
                }
                (Some("http"), Some(scheme), ..) if !scheme.eq_ignore_ascii_case("bearer") => {
                    self.warn(
                        &at.at("scheme"),
                        format!("the HTTP scheme `{scheme}` is not supported"),
                        "credentials for it are sent as `Authorization: Bearer …`",
                    );
                    SchemeKind::Bearer
                }
                (Some("mutualTLS"), ..) => {
                    self.warn(
                        at,
                        "client certificates are not credentials of a request",
                        "no credential is sent; configure the certificate in the HTTP client",
                    );
                    return None;
                }
                (Some("http" | "oauth2" | "openIdConnect"), ..) => SchemeKind::Bearer,
                _ => {
                    self.problem(
                        at,
                        "the security scheme has no supported type",
                        "use `apiKey` (with `in` and `name`), `http`, `oauth2` or `openIdConnect`",
                    );
                    return None;
                }
            },
        )
    }
}

/// Returns the tags that operations have: the declared ones first, in order.
fn tags(document: &Value, operations: &[Operation]) -> IndexMap<String, Option<String>> {
    let used: IndexSet<&String> = operations.iter().flat_map(|it| &it.tags).collect();
    let declared = document.get("tags").and_then(Value::as_array);
    let declared = declared.into_iter().flatten().filter_map(|tag| {
        let tag = tag.as_object()?;
        let name = text(tag, "name").filter(|name| used.contains(name))?;
        Some((name, prose(tag, "description")))
    });
    let mut tags: IndexMap<String, Option<String>> = declared.collect();
    for name in used {
        tags.entry(name.clone()).or_default();
    }
    tags
}

/// Replaces references to schemas without a type by free-form values.
fn replace_dangling(named: &mut IndexMap<String, NamedSchema>, operations: &mut [Operation]) {
    let known: HashSet<String> = named.keys().cloned().collect();
    for entry in named.values_mut() {
        replace_unknown(&mut entry.schema, &known);
    }
    for schema in operations.iter_mut().flat_map(Operation::schemas_mut) {
        replace_unknown(schema, &known);
    }
}

fn replace_unknown(schema: &mut Schema, known: &HashSet<String>) {
    if matches!(&schema.kind, Kind::Reference(name) if !known.contains(name)) {
        schema.kind = Kind::Any;
    }
    for child in schema.children_mut() {
        replace_unknown(child, known);
    }
}

/// Maximum length of a description; longer ones are truncated.
const MAX_PROSE: usize = 20_000;

fn prose(object: &Map<String, Value>, key: &str) -> Option<String> {
    let text = text(object, key)?;
    match text.char_indices().find(|(index, _)| *index >= MAX_PROSE) {
        Some((end, _)) => Some(format!("{}…", &text[..end])),
        None => Some(text),
    }
}

fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    object
        .get(key)
        .and_then(Value::as_str)
        .filter(|text| !text.trim().is_empty())
        .map(str::to_owned)
}

fn flag(object: &Map<String, Value>, key: &str) -> bool {
    object.get(key) == Some(&Value::Bool(true))
}

fn any() -> Schema {
    Schema::of(Kind::Any)
}

fn essence(media: &str) -> &str {
    media.split(';').next().unwrap_or(media).trim()
}

fn is_json(media: &str) -> bool {
    let media = essence(media).to_ascii_lowercase();
    let is_stream = media == "application/stream+json";
    ["application/json", "text/json", "*/*"].contains(&media.as_str())
        || media.ends_with("+json") && !is_stream
}
