//! Operations as data: the entries of generated tables.
//!
//! A table is generated for each API. Everything that must know an operation (sending, paging, the
//! sandbox, a command line) reads it instead of keeping a list of its own.
//!
//! Later versions may add fields and values, so the types are `#[non_exhaustive]`: an entry is made
//! by a constructor, and methods set what differs from the default.

/// One operation of an API.
///
/// ```
/// use compute_kfp_runtime::operation::{Location, Operation, Parameter};
///
/// static PING: Operation = Operation::new("ping", "ping_ping_get", "GET", "/ping")
///     .summary("Ping the server")
///     .parameters(&[Parameter::new("count", Location::Query, "integer")]);
/// assert!(PING.parameter("count").is_some());
/// assert_eq!(PING.success_status, 200);
/// ```
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// Name of the client's method.
    pub name: &'static str,
    /// `operationId` in the API description.
    pub id: &'static str,
    /// HTTP method, in upper case.
    pub method: &'static str,
    /// Path template, with `{name}` for each path parameter.
    pub path: &'static str,
    /// What the operation does, in a few words.
    pub summary: &'static str,
    /// What a caller should know, as Markdown.
    pub description: &'static str,
    /// Whether the description marks it as deprecated.
    pub deprecated: bool,
    /// Groups the description puts it in.
    pub tags: &'static [&'static str],
    /// Parameters of path, query, headers and cookies.
    pub parameters: &'static [Parameter],
    /// The body and whether it is required.
    pub body: Option<(BodyKind, bool)>,
    /// What is known of a JSON body or a form.
    pub body_schema: Option<BodySchema>,
    /// Media type of the body, if it is not the usual one of its kind; see [`bodies`](Self::bodies).
    pub body_media: Option<&'static str>,
    /// Bodies of other media types that can be sent instead.
    pub other_bodies: &'static [Body],
    /// Fields of a form that are not written as in an exploded form.
    pub form_fields: &'static [Parameter],
    /// Media types that a call accepts; empty for those that its answer kind implies.
    pub accept: &'static str,
    /// Status of an answer that reports success; the first that the description gives.
    pub success_status: u16,
    /// What a successful answer holds; nothing where it is `None`.
    pub answer: Option<AnswerKind>,
    /// Whether the server sends its answer as server-sent events if asked to.
    pub events: bool,
    /// Address of the server that the description declares for this operation alone.
    pub server: Option<&'static str>,
    /// Alternatives of credentials, the preferred first; none needed where the list is empty.
    pub security: &'static [&'static [&'static SecurityScheme]],
    /// How the operation continues a list.
    pub paging: Option<Paging>,
}

impl Operation {
    /// Creates an operation that takes nothing and returns nothing.
    pub const fn new(
        name: &'static str,
        id: &'static str,
        method: &'static str,
        path: &'static str,
    ) -> Self {
        Self {
            name,
            id,
            method,
            path,
            summary: "",
            description: "",
            deprecated: false,
            tags: &[],
            parameters: &[],
            body: None,
            body_schema: None,
            body_media: None,
            other_bodies: &[],
            form_fields: &[],
            accept: "",
            success_status: 200,
            answer: None,
            events: false,
            server: None,
            security: &[],
            paging: None,
        }
    }

    /// Sets the summary.
    pub const fn summary(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    /// Sets the description.
    pub const fn description(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Marks it as deprecated.
    pub const fn deprecated(mut self) -> Self {
        self.deprecated = true;
        self
    }

    /// Sets the tags.
    pub const fn tags(mut self, tags: &'static [&'static str]) -> Self {
        self.tags = tags;
        self
    }

    /// Sets the parameters.
    pub const fn parameters(mut self, parameters: &'static [Parameter]) -> Self {
        self.parameters = parameters;
        self
    }

    /// Sets the body.
    pub const fn body(mut self, kind: BodyKind, required: bool) -> Self {
        self.body = Some((kind, required));
        self
    }

    /// Sets the schema of the body.
    pub const fn body_schema(mut self, schema: BodySchema) -> Self {
        self.body_schema = Some(schema);
        self
    }

    /// Sets the media type of the body [default: that of its kind].
    pub const fn body_media(mut self, media: &'static str) -> Self {
        self.body_media = Some(media);
        self
    }

    /// Sets the bodies that can be sent instead.
    pub const fn other_bodies(mut self, bodies: &'static [Body]) -> Self {
        self.other_bodies = bodies;
        self
    }

    /// Sets the fields of a form that are not written as in an exploded form.
    pub const fn form_fields(mut self, fields: &'static [Parameter]) -> Self {
        self.form_fields = fields;
        self
    }

    /// Sets the media types that a call accepts, as the header `Accept` has them.
    pub const fn accept(mut self, media: &'static str) -> Self {
        self.accept = media;
        self
    }

    /// Sets the status of a successful response [default: 200].
    pub const fn success_status(mut self, status: u16) -> Self {
        self.success_status = status;
        self
    }

    /// Sets the content of a successful response.
    pub const fn answer(mut self, kind: AnswerKind) -> Self {
        self.answer = Some(kind);
        self
    }

    /// Marks it as one that can answer with server-sent events.
    pub const fn events(mut self) -> Self {
        self.events = true;
        self
    }

    /// Sets a server of its own.
    pub const fn server(mut self, url: &'static str) -> Self {
        self.server = Some(url);
        self
    }

    /// Sets the alternatives of credentials.
    pub const fn security(
        mut self,
        alternatives: &'static [&'static [&'static SecurityScheme]],
    ) -> Self {
        self.security = alternatives;
        self
    }

    /// Sets how a list continues.
    pub const fn paging(mut self, paging: Paging) -> Self {
        self.paging = Some(paging);
        self
    }

    /// Returns the parameter of that [`argument`](Parameter::argument) name.
    pub fn parameter(&self, argument: &str) -> Option<&'static Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.argument == argument)
    }

    /// Returns all bodies that the operation takes, the preferred one first. A request has one.
    ///
    /// ```
    /// use compute_kfp_runtime::operation::{Body, BodyKind, Operation};
    ///
    /// static PATCH: Operation = Operation::new("patch", "patch", "PATCH", "/item")
    ///     .body(BodyKind::Json, true)
    ///     .body_media("application/merge-patch+json")
    ///     .other_bodies(&[Body::new("body_xml", BodyKind::Raw("application/xml"))]);
    /// let media: Vec<&str> = PATCH.bodies().map(|body| body.media).collect();
    /// assert_eq!(media, ["application/merge-patch+json", "application/xml"]);
    /// ```
    pub fn bodies(&self) -> impl Iterator<Item = Body> + use<> {
        let preferred = self.body.map(|(kind, _)| Body {
            argument: "body",
            kind,
            media: self.body_media.unwrap_or(kind.media_type()),
            schema: self.body_schema,
        });
        preferred
            .into_iter()
            .chain(self.other_bodies.iter().copied())
    }

    /// How many items a page of a list holds at most, as far as the description says.
    pub fn largest_page(&self) -> Option<u64> {
        let size = self.parameter(self.paging?.page_size())?;
        size.maximum?.try_into().ok()
    }
}

/// One parameter of an operation.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// Name in the spec, and on the wire.
    pub name: &'static str,
    /// Name of the argument; another than `name` if two parameters have one name.
    pub argument: &'static str,
    /// Where it is sent.
    pub location: Location,
    /// How the value is written.
    pub style: Style,
    /// Whether each item of a list and each member of an object is written apart.
    pub explode: bool,
    /// Whether reserved characters, such as `/`, stay as they are in the query.
    pub reserved: bool,
    /// Whether the operation fails without it.
    pub required: bool,
    /// Whether the description marks it as deprecated.
    pub deprecated: bool,
    /// JSON type of the value: `string`, `integer`, `number`, `boolean`, `array` or `object`, or
    /// `any` where it is open.
    pub kind: &'static str,
    /// JSON type of the items of an array; empty where the value is none.
    pub items: &'static str,
    /// Values the description names; others may exist.
    pub values: &'static [&'static str],
    /// The largest number that the description allows.
    pub maximum: Option<i64>,
    /// How much of it a page token holds.
    pub in_page_token: InPageToken,
    /// Whether the server percent-decodes the value twice, so that it is encoded twice.
    pub decoded_twice: bool,
    /// Whether a JSON body is sent with the value as the property of this name, unless it has one.
    pub repeated_in_body: bool,
    /// What it selects, as Markdown.
    pub description: &'static str,
}

impl Parameter {
    /// Creates an optional parameter of a JSON type, in the default style of its location.
    pub const fn new(name: &'static str, location: Location, kind: &'static str) -> Self {
        let in_form = matches!(location, Location::Query | Location::Cookie);
        Self {
            name,
            argument: name,
            location,
            style: if in_form { Style::Form } else { Style::Simple },
            explode: in_form,
            reserved: false,
            required: false,
            deprecated: false,
            kind,
            items: "",
            values: &[],
            maximum: None,
            in_page_token: InPageToken::Nothing,
            decoded_twice: false,
            repeated_in_body: false,
            description: "",
        }
    }

    /// Sets the name of the argument [default: `name`].
    pub const fn argument(mut self, argument: &'static str) -> Self {
        self.argument = argument;
        self
    }

    /// Sets how the value is written, and whether its members are written apart
    /// [default: form and true in query and cookies, simple and false elsewhere].
    pub const fn style(mut self, style: Style, explode: bool) -> Self {
        self.style = style;
        self.explode = explode;
        self
    }

    /// Leaves reserved characters as they are.
    pub const fn reserved(mut self) -> Self {
        self.reserved = true;
        self
    }

    /// Marks it as required.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Marks it as deprecated.
    pub const fn deprecated(mut self) -> Self {
        self.deprecated = true;
        self
    }

    /// Sets the JSON type of the items of an array.
    pub const fn items(mut self, kind: &'static str) -> Self {
        self.items = kind;
        self
    }

    /// Sets the known values.
    pub const fn values(mut self, values: &'static [&'static str]) -> Self {
        self.values = values;
        self
    }

    /// Sets the largest number that the spec allows.
    pub const fn maximum(mut self, maximum: i64) -> Self {
        self.maximum = Some(maximum);
        self
    }

    /// Sets how much of it a page token holds [default: nothing].
    pub const fn in_page_token(mut self, held: InPageToken) -> Self {
        self.in_page_token = held;
        self
    }

    /// Marks it as one that the server percent-decodes twice.
    pub const fn decoded_twice(mut self) -> Self {
        self.decoded_twice = true;
        self
    }

    /// Marks it as one that JSON bodies repeat.
    pub const fn repeated_in_body(mut self) -> Self {
        self.repeated_in_body = true;
        self
    }

    /// Sets the description.
    pub const fn description(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }
}

/// How much of a parameter a page token holds.
///
/// What the token holds is left out of requests for the pages that follow the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InPageToken {
    /// Nothing: the parameter is sent with each page.
    Nothing,
    /// All of it.
    Whole,
    /// All of its `predicates` except those whose `key` begins with this text. The value is JSON.
    PredicatesExcept(&'static str),
}

/// Where a parameter is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Location {
    /// In the path.
    Path,
    /// Behind the `?`.
    Query,
    /// In a header.
    Header,
    /// In the `Cookie` header.
    Cookie,
}

impl Location {
    /// Returns the name that OpenAPI gives it, such as `query`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

/// How a value is written into a parameter or a field of a form.
///
/// A string, number or boolean is written as it is, without quotes. The table shows a list and an
/// object in a parameter `c`; null is left out. A list or an object inside another one is written as
/// JSON, except for objects in [`DeepObject`](Self::DeepObject).
///
/// | style | list | exploded | object | exploded |
/// |---|---|---|---|---|
/// | `Form` | `c=1,2` | `c=1&c=2` | `c=R,1,G,2` | `R=1&G=2` |
/// | `Simple` | `1,2` | `1,2` | `R,1,G,2` | `R=1,G=2` |
/// | `Label` | `.1,2` | `.1.2` | `.R,1,G,2` | `.R=1.G=2` |
/// | `Matrix` | `;c=1,2` | `;c=1;c=2` | `;c=R,1,G,2` | `;R=1;G=2` |
/// | `Space` | `c=1%202` | as `Form` | `c=R%201%20G%202` | as `Form` |
/// | `DeepObject` | `c=1&c=2` | `c=1&c=2` | `c[R]=1&c[G]=2` | `c[R]=1&c[G]=2` |
///
/// In a cookie, `; ` takes the place of `&`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Style {
    /// Pairs of names and values.
    Form,
    /// Values alone, with commas.
    Simple,
    /// Values that begin with a dot.
    Label,
    /// Pairs that begin with a semicolon.
    Matrix,
    /// As `Form`, with spaces for commas.
    Space,
    /// As `Form`, with `|` for commas.
    Pipe,
    /// As `Form`, with tabs for commas.
    Tab,
    /// A pair for each member of an object, with its path in brackets.
    DeepObject,
    /// The whole value is one JSON text.
    Json,
}

/// What a body consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyKind {
    /// JSON.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`.
    Multipart(&'static [BodyPart]),
    /// Anything else, of that media type; with a `*`, such as `image/*`, the content says which.
    Raw(&'static str),
}

/// One body that an operation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Body {
    /// Name of the argument, such as `body` or `body_xml`; parts of a multipart body are arguments
    /// of their own instead.
    pub argument: &'static str,
    /// What it consists of.
    pub kind: BodyKind,
    /// Media type that is sent.
    pub media: &'static str,
    /// What is known of JSON or a form.
    pub schema: Option<BodySchema>,
}

impl Body {
    /// Creates a body of the usual media type of its kind.
    pub const fn new(argument: &'static str, kind: BodyKind) -> Self {
        Self {
            argument,
            kind,
            media: kind.media_type(),
            schema: None,
        }
    }

    /// Sets the media type.
    pub const fn media(mut self, media: &'static str) -> Self {
        self.media = media;
        self
    }

    /// Sets the schema.
    pub const fn schema(mut self, schema: BodySchema) -> Self {
        self.schema = Some(schema);
        self
    }
}

impl BodyKind {
    /// Returns the media type, without parameters.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
            Self::Multipart(_) => "multipart/form-data",
            Self::Raw(media) => media,
        }
    }

    /// Returns the parts of a multipart body; other bodies have none.
    pub const fn parts(self) -> &'static [BodyPart] {
        match self {
            Self::Multipart(parts) => parts,
            _ => &[],
        }
    }
}

/// One part of a `multipart/form-data` body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BodyPart {
    /// Name in the spec, and on the wire.
    pub name: &'static str,
    /// Name of the argument; another than `name` if a parameter has that one.
    pub argument: &'static str,
    /// Whether it is a file, or a list of files.
    pub file: bool,
    /// JSON type of the value, as that of a [`Parameter`]; `array` for a list of files.
    pub kind: &'static str,
    /// JSON type of the items of an array; empty where the value is none.
    pub items: &'static str,
    /// Declared media type; empty for the usual one of the value.
    pub media: &'static str,
    /// What stands between the items of a list in one part; empty where each is a part of its own.
    pub separator: &'static str,
    /// Whether a body must have it.
    pub required: bool,
    /// How many bytes a file has at most.
    pub max_bytes: Option<u64>,
    /// Endings of file names that the server takes, such as `.yaml`; any where there are none.
    pub file_endings: &'static [&'static str],
    /// What it is, as Markdown.
    pub description: &'static str,
}

impl BodyPart {
    /// Creates an optional part.
    pub const fn new(name: &'static str, file: bool) -> Self {
        Self {
            name,
            argument: name,
            file,
            kind: "string",
            items: "",
            media: "",
            separator: "",
            required: false,
            max_bytes: None,
            file_endings: &[],
            description: "",
        }
    }

    /// Sets the name of the argument [default: `name`].
    pub const fn argument(mut self, argument: &'static str) -> Self {
        self.argument = argument;
        self
    }

    /// Sets the JSON type of the value [default: `string`].
    pub const fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// Sets the JSON type of the items of an array.
    pub const fn items(mut self, kind: &'static str) -> Self {
        self.items = kind;
        self
    }

    /// Sets the media type of the part.
    pub const fn media(mut self, media: &'static str) -> Self {
        self.media = media;
        self
    }

    /// Sets how many bytes a file has at most.
    pub const fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Sets the endings of file names that the server takes.
    pub const fn file_endings(mut self, endings: &'static [&'static str]) -> Self {
        self.file_endings = endings;
        self
    }

    /// Sets what stands between the items of a list in one part.
    pub const fn separator(mut self, separator: &'static str) -> Self {
        self.separator = separator;
        self
    }

    /// Marks it as required.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Sets the description.
    pub const fn description(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }
}

/// What is known of a body before it is looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BodySchema {
    /// JSON type, as that of a [`Parameter`].
    pub kind: &'static str,
    /// Its type in the client's `types`, or that of its items; empty where it has no name.
    pub name: &'static str,
}

impl BodySchema {
    /// Creates the schema of a JSON type, with the name of its Rust type.
    pub const fn new(kind: &'static str, name: &'static str) -> Self {
        Self { kind, name }
    }
}

/// What a successful answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerKind {
    /// JSON.
    Json,
    /// JSON or nothing.
    OptionalJson,
    /// Bytes of any media type.
    Bytes,
    /// A stream of JSON values, one on a line.
    JsonLines,
    /// A stream of JSON values, each after a record separator (RFC 7464).
    JsonSequence,
    /// A stream of lines that are `{"result": …}` or `{"error": …}`, as grpc-gateway sends it.
    JsonResults,
}

impl AnswerKind {
    /// Returns whether it is a stream of JSON values.
    pub const fn is_json_stream(self) -> bool {
        matches!(
            self,
            Self::JsonLines | Self::JsonSequence | Self::JsonResults
        )
    }
}

/// A way of authorising a request, as the description declares it.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecurityScheme {
    /// Name in the description; credentials are given for it.
    pub name: &'static str,
    /// Where the credential is sent.
    pub kind: SchemeKind,
    /// What it is, as Markdown.
    pub description: &'static str,
}

impl SecurityScheme {
    /// Creates a scheme without a description.
    pub const fn new(name: &'static str, kind: SchemeKind) -> Self {
        Self {
            name,
            kind,
            description: "",
        }
    }

    /// Sets the description.
    pub const fn description(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }
}

/// Where a credential is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemeKind {
    /// `Authorization: Bearer …`
    Bearer,
    /// `Authorization: Basic …`
    Basic,
    /// A header, query parameter or cookie of that name.
    ApiKey {
        /// Where it is.
        location: Location,
        /// Its name.
        name: &'static str,
    },
}

impl Paging {
    /// Property of the answer that holds the items.
    pub fn items(self) -> &'static str {
        match self {
            Self::Token { items } | Self::Numbered { items } | Self::Timed { items } => items,
        }
    }

    /// Parameter that says how many items a page holds at most.
    pub fn page_size(self) -> &'static str {
        match self {
            Self::Token { .. } => "page_size",
            Self::Numbered { .. } => "size",
            Self::Timed { .. } => "limit",
        }
    }
}

/// How a list operation continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Paging {
    /// `page_token` in the request, `next_page_token` in the answer.
    Token {
        /// Property of the answer that holds the items.
        items: &'static str,
    },
    /// `page` and `size` in the request, `page` and `pages` in the answer.
    Numbered {
        /// Property of the answer that holds the items.
        items: &'static str,
    },
    /// `start` and `limit` in the request, `next_start` in the answer; items have a `timestamp`.
    Timed {
        /// Property of the answer that holds the items.
        items: &'static str,
    },
}
