//! Operations as data: the entries of generated tables.
//!
//! A table is generated for each API. All code that must know the operations (sending, paging, the
//! sandbox, a command line) reads it instead of keeping its own list.
//!
//! Later versions may add fields and values, so the types are `#[non_exhaustive]`. A constructor
//! creates an entry, and methods set the values that differ from the default.

use http::Method;

use crate::setters::setters;

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
    /// `operationId` in the spec.
    pub id: &'static str,
    /// HTTP method, in upper case.
    pub method: &'static str,
    /// Path template, with `{name}` for each path parameter.
    pub path: &'static str,
    /// Summary in a few words.
    pub summary: &'static str,
    /// Description for the caller, as Markdown.
    pub description: &'static str,
    /// `true` if the spec marks it as deprecated.
    pub deprecated: bool,
    /// Tags by which the spec groups it.
    pub tags: &'static [&'static str],
    /// Parameters in the path, the query, headers and cookies.
    pub parameters: &'static [Parameter],
    /// Bodies that the operation accepts, the preferred one first. A request has one of them.
    pub bodies: &'static [Body],
    /// `true` if the operation fails without a body.
    pub body_required: bool,
    /// Fields of a form that are not written in the style of an exploded form.
    pub form_fields: &'static [Parameter],
    /// Media types that a call accepts; empty for those that the kind of the response implies.
    pub accept: &'static str,
    /// Status of a successful response; the first one that the spec declares.
    pub success_status: u16,
    /// Content of a successful response; `None` if it has none.
    pub response: Option<ResponseKind>,
    /// `true` if the server can respond with server-sent events on request.
    pub events: bool,
    /// Address of the server that the spec declares for this operation alone.
    pub server: Option<&'static str>,
    /// Alternative sets of credentials, the preferred one first; empty if none are needed.
    pub security: &'static [&'static [&'static SecurityScheme]],
    /// Paging of a list operation.
    pub paging: Option<Paging>,
}

impl Operation {
    /// Creates an operation without parameters, body and response content.
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
            bodies: &[],
            body_required: false,
            form_fields: &[],
            accept: "",
            success_status: 200,
            response: None,
            events: false,
            server: None,
            security: &[],
            paging: None,
        }
    }

    setters! {
        summary(summary: &'static str) = summary;
        description(description: &'static str) = description;
        deprecated() = true;
        tags(tags: &'static [&'static str]) = tags;
        parameters(parameters: &'static [Parameter]) = parameters;
        bodies(bodies: &'static [Body]) = bodies;
        body_required() = true;
        form_fields(fields: &'static [Parameter]) = fields;
        accept(media: &'static str) = media;
        success_status(status: u16) = status;
        response(kind: ResponseKind) = Some(kind);
        events() = true;
        server(url: &'static str) = Some(url);
        security(alternatives: &'static [&'static [&'static SecurityScheme]]) = alternatives;
        paging(paging: Paging) = Some(paging);
    }

    /// Returns the parameter with this [`argument`](Parameter::argument) name.
    pub fn parameter(&self, argument: &str) -> Option<&'static Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.argument == argument)
    }

    /// Returns whether the method is idempotent: sending a request twice has the effect of sending it
    /// once.
    pub fn is_idempotent(&self) -> bool {
        Method::from_bytes(self.method.as_bytes()).is_ok_and(|method| method.is_idempotent())
    }

    /// Returns the security schemes whose credentials a client sends: the first alternative of which it
    /// holds all; `None` if there is none.
    pub fn schemes(
        &self,
        is_held: impl Fn(&SecurityScheme) -> bool,
    ) -> Option<&'static [&'static SecurityScheme]> {
        let mut alternatives = self.security.iter().copied();
        alternatives.find(|schemes| schemes.iter().all(|scheme| is_held(scheme)))
    }

    /// Returns the preferred body.
    pub fn body(&self) -> Option<&'static Body> {
        self.bodies.first()
    }

    /// Returns the parts of the multipart bodies.
    pub fn body_parts(&self) -> impl Iterator<Item = &'static BodyPart> + use<> {
        self.bodies.iter().flat_map(|body| body.kind.parts())
    }

    /// Splits the path template into pieces: literal text, and the name of the parameter after it.
    /// The last piece has no parameter if the template does not end with one.
    pub fn path_pieces(&self) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
        let pieces = self.path.split_inclusive('}');
        pieces.map(|piece| match piece.split_once('{') {
            Some((text, name)) => (text, Some(name.trim_end_matches('}'))),
            None => (piece, None),
        })
    }

    /// Returns the values in a path, as sent, each after the name of its parameter, or `None` if the
    /// path does not match the template. A value is not empty and contains no `/`.
    pub fn path_values<'p>(&self, path: &'p str) -> Option<Vec<(&'static str, &'p str)>> {
        let mut values = Vec::new();
        let mut rest = path;
        let mut pieces = self.path_pieces().peekable();
        while let Some((text, name)) = pieces.next() {
            rest = rest.strip_prefix(text)?;
            let Some(name) = name else { continue };
            let (next, _) = pieces.peek().copied().unwrap_or_default();
            let verb = next.split('/').next().unwrap_or_default();
            let segment = rest.split('/').next().unwrap_or_default();
            let value = segment.strip_suffix(verb).filter(|it| !it.is_empty())?;
            values.push((name, value));
            rest = &rest[value.len()..];
        }
        rest.is_empty().then_some(values)
    }

    /// Returns the maximum number of items on a page of a list, if the spec declares it.
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
    /// Name of the argument; differs from `name` if two parameters have the same name.
    pub argument: &'static str,
    /// Location in the request.
    pub location: Location,
    /// Style in which the value is written.
    pub style: Style,
    /// `true` if each item of a list and each member of an object is written separately.
    pub explode: bool,
    /// `true` if reserved characters, such as `/`, are not encoded in the query.
    pub reserved: bool,
    /// `true` if the operation fails without it.
    pub required: bool,
    /// `true` if the spec marks it as deprecated.
    pub deprecated: bool,
    /// JSON type of the value: `string`, `integer`, `number`, `boolean`, `array` or `object`, or
    /// `any` if the spec leaves it open.
    pub kind: &'static str,
    /// JSON type of the items of an array; empty if the value is not an array.
    pub items: &'static str,
    /// Values that the spec names; others may exist.
    pub values: &'static [&'static str],
    /// Maximum value of a number, if the spec declares it.
    pub maximum: Option<i64>,
    /// The part of the value that page tokens contain.
    pub in_page_token: InPageToken,
    /// `true` if the server percent-decodes the value twice, so that it must be encoded twice.
    pub decoded_twice: bool,
    /// `true` if a JSON body gets the value as the property of this name, unless it has that
    /// property already.
    pub repeated_in_body: bool,
    /// Description, as Markdown.
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

    /// Sets the style of the value, and whether its members are written separately [default: form
    /// and true in query and cookies, simple and false elsewhere].
    pub const fn style(mut self, style: Style, explode: bool) -> Self {
        self.style = style;
        self.explode = explode;
        self
    }

    setters! {
        argument(argument: &'static str) = argument;
        reserved() = true;
        required() = true;
        deprecated() = true;
        items(kind: &'static str) = kind;
        values(values: &'static [&'static str]) = values;
        maximum(maximum: i64) = Some(maximum);
        in_page_token(held: InPageToken) = held;
        decoded_twice() = true;
        repeated_in_body() = true;
        description(description: &'static str) = description;
    }
}

/// The part of a parameter that page tokens contain.
///
/// Requests for the pages after the first omit this part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InPageToken {
    /// Nothing: the parameter is sent with each page.
    Nothing,
    /// All of it.
    Whole,
    /// All of its `predicates` except those whose `key` begins with this string. The value is JSON.
    PredicatesExcept(&'static str),
}

/// The location of a parameter in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Location {
    /// In the path.
    Path,
    /// In the query, after the `?`.
    Query,
    /// In a header.
    Header,
    /// In the `Cookie` header.
    Cookie,
}

impl Location {
    /// Returns the name in OpenAPI, such as `query`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

/// The style in which a value is written into a parameter or a form field.
///
/// Strings, numbers and booleans are written without quotes. The table shows a list and an object
/// in a parameter `c`; null is omitted. A list or an object inside another one is written as JSON,
/// except for objects in [`DeepObject`](Self::DeepObject).
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
/// In a cookie, `; ` replaces `&`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Style {
    /// Pairs of names and values.
    Form,
    /// Values alone, separated by commas.
    Simple,
    /// Values with a leading dot.
    Label,
    /// Pairs with a leading semicolon.
    Matrix,
    /// Like `Form`, with spaces instead of commas.
    Space,
    /// Like `Form`, with `|` instead of commas.
    Pipe,
    /// Like `Form`, with tabs instead of commas.
    Tab,
    /// A pair for each member of an object, with its path in brackets.
    DeepObject,
    /// The whole value as one JSON string.
    Json,
}

/// The kind of a request body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyKind {
    /// JSON.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`.
    Multipart(&'static [BodyPart]),
    /// Any other content, of this media type. If it has a `*`, such as `image/*`, the content sets
    /// the type.
    Raw(&'static str),
}

/// A body that an operation accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Body {
    /// Name of the argument, such as `body` or `body_xml`; parts of a multipart body are arguments
    /// of their own instead.
    pub argument: &'static str,
    /// Kind of the body.
    pub kind: BodyKind,
    /// Media type of the request.
    pub media: &'static str,
    /// Schema of JSON or a form, as far as it is known.
    pub schema: Option<BodySchema>,
}

impl Body {
    /// Creates a body with the default media type of its kind.
    pub const fn new(argument: &'static str, kind: BodyKind) -> Self {
        Self {
            argument,
            kind,
            media: kind.media_type(),
            schema: None,
        }
    }

    setters! {
        media(media: &'static str) = media;
        schema(schema: BodySchema) = Some(schema);
    }
}

impl BodyKind {
    /// Returns the media type, without its parameters.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
            Self::Multipart(_) => "multipart/form-data",
            Self::Raw(media) => media,
        }
    }

    /// Returns the parts of a multipart body, and no parts for other bodies.
    pub const fn parts(self) -> &'static [BodyPart] {
        match self {
            Self::Multipart(parts) => parts,
            _ => &[],
        }
    }
}

/// A part of a `multipart/form-data` body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BodyPart {
    /// Name in the spec, and on the wire.
    pub name: &'static str,
    /// Name of the argument; differs from `name` if a parameter has the same name.
    pub argument: &'static str,
    /// `true` if it is a file or a list of files.
    pub file: bool,
    /// JSON type of the value, as that of a [`Parameter`]; `array` for a list of files.
    pub kind: &'static str,
    /// JSON type of the items of an array; empty if the value is not an array.
    pub items: &'static str,
    /// Declared media type; empty for the default of the value.
    pub media: &'static str,
    /// Separator of the items of a list in one part; empty if each item is a part of its own.
    pub separator: &'static str,
    /// `true` if a body must have it.
    pub required: bool,
    /// Maximum size of a file, in bytes.
    pub max_bytes: Option<u64>,
    /// File name extensions that the server accepts, such as `.yaml`; empty if it accepts any.
    pub file_endings: &'static [&'static str],
    /// Description, as Markdown.
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

    setters! {
        argument(argument: &'static str) = argument;
        kind(kind: &'static str) = kind;
        items(kind: &'static str) = kind;
        media(media: &'static str) = media;
        max_bytes(bytes: u64) = Some(bytes);
        file_endings(endings: &'static [&'static str]) = endings;
        separator(separator: &'static str) = separator;
        required() = true;
        description(description: &'static str) = description;
    }
}

/// The schema of a body, as far as it is known without looking into the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BodySchema {
    /// JSON type, as that of a [`Parameter`].
    pub kind: &'static str,
    /// Name of its type in the client's `types`, or that of its items; empty if it has none.
    pub name: &'static str,
}

impl BodySchema {
    /// Creates the schema of a JSON type, with the name of its Rust type.
    pub const fn new(kind: &'static str, name: &'static str) -> Self {
        Self { kind, name }
    }
}

/// The content of a successful response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseKind {
    /// JSON.
    Json,
    /// JSON or no content.
    OptionalJson,
    /// Bytes of any media type.
    Bytes,
    /// A stream of JSON values, one per line.
    JsonLines,
    /// A stream of JSON values, each after a record separator (RFC 7464).
    JsonSequence,
    /// A stream of lines of the form `{"result": …}` or `{"error": …}`, as grpc-gateway sends them.
    JsonResults,
}

/// A way to authorise a request, as the spec declares it.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecurityScheme {
    /// Name in the spec, by which credentials are set.
    pub name: &'static str,
    /// Kind of the credential.
    pub kind: SchemeKind,
    /// Description, as Markdown.
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

    setters! {
        description(description: &'static str) = description;
    }
}

/// The way in which a credential is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemeKind {
    /// `Authorization: Bearer …`
    Bearer,
    /// `Authorization: Basic …`
    Basic,
    /// A header, query parameter or cookie of this name.
    ApiKey {
        /// Location in the request.
        location: Location,
        /// Name of the header, parameter or cookie.
        name: &'static str,
    },
}

impl Paging {
    /// Returns the property of the response that holds the items.
    pub fn items(self) -> &'static str {
        match self {
            Self::Token { items } | Self::Numbered { items } | Self::Timed { items } => items,
        }
    }

    /// Returns the parameter that sets the maximum number of items on a page.
    pub fn page_size(self) -> &'static str {
        match self {
            Self::Token { .. } => "page_size",
            Self::Numbered { .. } => "size",
            Self::Timed { .. } => "limit",
        }
    }
}

/// The paging of a list operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Paging {
    /// `page_token` in the request, `next_page_token` in the response.
    Token {
        /// Property of the response that holds the items.
        items: &'static str,
    },
    /// `page` and `size` in the request, `page` and `pages` in the response.
    Numbered {
        /// Property of the response that holds the items.
        items: &'static str,
    },
    /// `start` and `limit` in the request, `next_start` in the response; items have a `timestamp`.
    Timed {
        /// Property of the response that holds the items.
        items: &'static str,
    },
}
