//! Normalising: reads a lifted document into the [`Api`] that everything is generated from.

mod all_of;
mod bodies;
mod naming;
mod node;
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
use crate::lifted::Lifted;
use crate::model::{
    Api, Kind, Location, NamedSchema, Operation, Schema, SchemeKind, SecurityScheme,
};
use crate::names::scheme_constant;
use crate::pointer::Pointer;

use self::naming::Wanted;
use self::node::Node;
use self::schemas::Component;
use self::written::Written;

pub(crate) use self::paging::is_whole_number;

/// Limits beyond which a document is most likely not a spec and would take minutes to compile.
const MAX_OPERATIONS: usize = 3_000;
const MAX_SCHEMAS: usize = 6_000;
const MAX_SIZE: usize = 60_000;

/// Maximum length of a chain of references.
const MAX_STEPS: usize = 16;

/// Returns the API of a document, and warnings about the parts that are left out.
pub(crate) fn normalise(
    problems: Problems<'_>,
    lifted: &Lifted,
) -> Result<(Api, Vec<Problem>), Error> {
    let mut reader = Reader::new(problems, lifted);
    reader.read_components();
    let servers = reader.read_servers();
    let mut operations = reader.read_operations(&servers);
    reader.read_components();
    reader.name_members();
    let security_schemes = reader.read_security_schemes();
    let root = reader.root();
    let Reader {
        problems,
        mut named,
        protobuf,
        ..
    } = reader;
    let warnings = problems.finish(|place| lifted.locate(place))?;
    replace_dangling(&mut named, &mut operations);
    let info = root.child("info");
    let mut api = Api {
        title: info.str("title").unwrap_or("API").to_owned(),
        version: info.str("version").unwrap_or("unknown").to_owned(),
        description: info.prose("description"),
        protobuf,
        schemas: named,
        tags: tags(&root, &operations),
        operations,
        security_schemes,
        servers: servers.absolute,
    };
    for index in 0..api.operations.len() {
        api.operations[index].paging = paging::detect(&api, &api.operations[index]);
        paging::document_token(&mut api.operations[index]);
    }
    Ok((api, warnings))
}

/// Reads a lifted document, and collects its named schemas and its problems.
struct Reader<'a> {
    lifted: &'a Lifted,
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
    undefined_schemes: IndexSet<&'a String>,
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
    fn new(problems: Problems<'a>, lifted: &'a Lifted) -> Self {
        static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
        let protobuf = protobuf::is_from_grpc_gateway(lifted);
        let mut reader = Self {
            lifted,
            size: 0,
            problems,
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
        if let Some(schemas) = reader.root().child("components").get("schemas")
            && let Some(map) = reader.object(&schemas, "the list of schemas")
            && !reader.exceeds(MAX_SCHEMAS, map.len(), "schemas", &schemas.at)
        {
            reader.components = map;
        }
        reader.name_components();
        reader
    }

    fn root(&self) -> Node<'a> {
        Node::new(&self.lifted.document, Pointer::root())
    }

    /// Counts schemas and properties. Returns false if there are too many, and reports that once.
    fn spend(&mut self, count: usize, at: &Pointer) -> bool {
        let before = self.size;
        self.size = before.saturating_add(count);
        if before <= MAX_SIZE && self.size > MAX_SIZE {
            self.problems.add(
                at,
                format!("more than {MAX_SIZE} schemas and properties up to here"),
                TOO_LARGE,
            );
        }
        self.size <= MAX_SIZE
    }

    /// Returns the object at a place, or reports a problem.
    fn object(&mut self, node: &Node<'a>, what: &str) -> Option<&'a Map<String, Value>> {
        let object = node.value.as_object();
        if object.is_none() {
            self.problems.add(
                &node.at,
                format!("{what} is not an object"),
                "use an object",
            );
        }
        object
    }

    /// Follows a reference to a parameter, a response or another part below `components`, or
    /// reports a problem.
    fn resolve(&mut self, node: Node<'a>) -> Option<Node<'a>> {
        let found = self.find(node);
        if let Err(Node { value, at }) = &found {
            let target = &value["$ref"];
            let message =
                format!("the reference {target} is circular, or its target does not exist");
            let remedy = "refer to a part that this document defines, as `#/components/…`";
            self.problems.add(at, message, remedy);
        }
        found.ok()
    }

    /// Follows references; the error is the one that leads nowhere.
    fn find(&self, mut node: Node<'a>) -> Result<Node<'a>, Node<'a>> {
        let mut steps = 0;
        while node.has("$ref") {
            let pointer = node.str("$ref").and_then(|target| target.strip_prefix('#'));
            let next = pointer
                .and_then(|it| Some((self.lifted.document.pointer(it)?, Pointer::parse(it))));
            steps += 1;
            match next.filter(|_| steps <= MAX_STEPS) {
                Some((value, at)) => node = Node::new(value, at),
                None => return Err(node),
            }
        }
        Ok(node)
    }

    /// Returns whether a document has so many things that it is most likely not a spec, and reports
    /// that.
    fn exceeds(&mut self, limit: usize, count: usize, what: &str, at: &Pointer) -> bool {
        if count > limit {
            let message = format!("{count} {what}, more than the limit of {limit}");
            self.problems.add(at, message, TOO_LARGE);
        }
        count > limit
    }

    fn read_security_schemes(&mut self) -> Vec<SecurityScheme> {
        /// A scheme that operations use but the document does not define.
        static UNDEFINED: LazyLock<Value> = LazyLock::new(|| json!({"type": "http"}));
        let components = self.root().child("components");
        if let Some(defined) = components.get("securitySchemes") {
            self.object(&defined, "the list of security schemes");
        }
        let defined = components.child("securitySchemes");
        let mut schemes: Vec<_> = defined.entries().collect();
        let undefined = self.undefined_schemes.iter();
        schemes.extend(undefined.map(|name| (*name, Node::new(&UNDEFINED, defined.at.at(name)))));
        let mut constants: Vec<String> = (schemes.iter())
            .map(|(name, _)| scheme_constant(name))
            .collect();
        let wanted = schemes.iter().zip(&mut constants);
        let wanted = wanted.map(|((_, scheme), name)| Wanted::new(&scheme.at, name));
        self.settle(&mut wanted.collect::<Vec<_>>());
        let mut found = Vec::new();
        for ((name, scheme), constant) in schemes.into_iter().zip(constants) {
            let Some(scheme) = self.resolve(scheme) else {
                continue;
            };
            found.extend(self.scheme_kind(&scheme).map(|kind| SecurityScheme {
                constant,
                name: name.clone(),
                kind,
                description: scheme.text("description"),
            }));
        }
        found
    }

    fn scheme_kind(&mut self, scheme: &Node<'a>) -> Option<SchemeKind> {
        let [kind, name, location, header] =
            ["type", "scheme", "in", "name"].map(|key| scheme.str(key));
        Some(match (kind, name, location, header) {
            (Some("apiKey"), _, Some(location), Some(header)) => SchemeKind::ApiKey {
                location: match location {
                    "query" => Location::Query,
                    "cookie" => Location::Cookie,
                    _ => Location::Header,
                },
                name: header.to_owned(),
            },
            (Some("http"), Some(name), ..) if name.eq_ignore_ascii_case("basic") => {
                SchemeKind::Basic
            }
            (Some("http"), Some(name), ..) if !name.eq_ignore_ascii_case("bearer") => {
                self.problems.warn(
                    scheme.at.at("scheme"),
                    format!("the HTTP scheme `{name}` is not supported"),
                    "credentials for it are sent as `Authorization: Bearer …`",
                );
                SchemeKind::Bearer
            }
            (Some("mutualTLS"), ..) => {
                self.problems.warn(
                    &scheme.at,
                    "client certificates are not credentials of a request",
                    "no credential is sent; configure the certificate in the HTTP client",
                );
                return None;
            }
            (Some("http" | "oauth2" | "openIdConnect"), ..) => SchemeKind::Bearer,
            _ => {
                self.problems.add(
                    &scheme.at,
                    "the security scheme has no supported type",
                    "use `apiKey` (with `in` and `name`), `http`, `oauth2` or `openIdConnect`",
                );
                return None;
            }
        })
    }
}

/// Returns the tags that operations have: the declared ones first, in order.
fn tags(root: &Node<'_>, operations: &[Operation]) -> IndexMap<String, Option<String>> {
    let used: IndexSet<&String> = operations.iter().flat_map(|it| &it.tags).collect();
    let declared = root.child("tags").items().filter_map(|tag| {
        let name = tag.text("name").filter(|name| used.contains(name))?;
        Some((name, tag.prose("description")))
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
