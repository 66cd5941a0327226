//! The description of operations as data: what generated tables consist of.
//!
//! A table is generated for each API; everything that must know an operation (sending, paging, the
//! sandbox, a command line) reads it instead of keeping a list of its own.

/// One operation of an API.
///
/// ```
/// use compute_kfp_runtime::operation::Operation;
///
/// static PING: Operation = Operation {
///     name: "ping",
///     id: "ping_ping_get",
///     method: "GET",
///     path: "/ping",
///     summary: "Ping the server",
///     description: "",
///     deprecated: false,
///     tags: &[],
///     parameters: &[],
///     body: None,
///     body_schema: None,
///     success_status: 200,
///     answer: None,
///     security: &[],
///     paging: None,
/// };
/// assert_eq!(PING.parameter("page"), None);
/// ```
#[derive(Debug, PartialEq, Eq)]
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
    /// Status of an answer that reports success; the first that the description gives.
    pub success_status: u16,
    /// What a successful answer holds; nothing where it is `None`.
    pub answer: Option<AnswerKind>,
    /// Alternatives of credentials, the preferred first; none needed where the list is empty.
    pub security: &'static [&'static [&'static SecurityScheme]],
    /// How the operation continues a list.
    pub paging: Option<Paging>,
}

impl Operation {
    /// The parameter of that name in the description.
    pub fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name == name)
    }

    /// How many items a page of a list holds at most, as far as the description says.
    pub fn largest_page(&self) -> Option<u64> {
        let size = self.parameter(self.paging?.page_size())?;
        size.maximum?.try_into().ok()
    }
}

/// One parameter of an operation.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Name in the description.
    pub name: &'static str,
    /// Where it is sent.
    pub location: Location,
    /// How a list is written.
    pub style: Style,
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
    /// What it selects, as Markdown.
    pub description: &'static str,
}

/// Where a parameter is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// How a list is written into one parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `name=a&name=b`
    Repeat,
    /// `name=a,b`
    Comma,
    /// `name=a b`
    Space,
    /// `name=a|b`
    Pipe,
    /// The whole value is one JSON text.
    Json,
}

/// What a body consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// JSON.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`.
    Multipart(&'static [BodyPart]),
    /// Anything else, of that media type.
    Raw(&'static str),
}

/// One part of a `multipart/form-data` body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyPart {
    /// Name in the description.
    pub name: &'static str,
    /// Whether it is a file; a text otherwise.
    pub file: bool,
    /// Whether a body must have it.
    pub required: bool,
    /// What it is, as Markdown.
    pub description: &'static str,
}

/// What is known of a body before it is looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodySchema {
    /// JSON type, as that of a [`Parameter`].
    pub kind: &'static str,
    /// Its type in the client's `types`, or that of its items; empty where it has no name.
    pub name: &'static str,
}

/// What a successful answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    /// JSON.
    Json,
    /// JSON or nothing.
    OptionalJson,
    /// Bytes of any media type.
    Bytes,
}

/// A way of authorising a request, as the description declares it.
#[derive(Debug, PartialEq, Eq)]
pub struct SecurityScheme {
    /// Name in the description; credentials are given for it.
    pub name: &'static str,
    /// Where the credential is sent.
    pub kind: SchemeKind,
    /// What it is, as Markdown.
    pub description: &'static str,
}

/// Where a credential is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
