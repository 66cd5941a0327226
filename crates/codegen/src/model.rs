//! The API model: a small set of shapes, independent of the dialect of the spec.

use indexmap::IndexMap;
use serde_json::Value;

/// A whole API. Everything that is generated is derived from this model.
#[derive(Debug)]
pub(crate) struct Api {
    pub title: String,
    pub version: String,
    pub description: Option<String>,
    /// Whether grpc-gateway made the document, so that JSON follows protobuf's rules: no zero
    /// values, and doubles such as `"NaN"`.
    pub protobuf: bool,
    /// Object, enum and union schemas, by Rust name.
    pub schemas: IndexMap<String, NamedSchema>,
    pub operations: Vec<Operation>,
    /// Tags of operations, in the order of the document, each with its description.
    pub tags: IndexMap<String, Option<String>>,
    pub security_schemes: Vec<SecurityScheme>,
    /// Absolute servers; the first is the default endpoint.
    pub servers: Vec<Server>,
}

impl Api {
    /// Returns the object schema with a Rust name.
    pub fn object(&self, name: &str) -> Option<&Object> {
        match &self.schemas.get(name)?.schema.kind {
            Kind::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Returns the shape of a schema, which a reference leads to.
    pub fn kind<'a>(&'a self, schema: &'a Schema) -> &'a Kind {
        match &schema.kind {
            Kind::Reference(name) => match self.schemas.get(name) {
                Some(named) => &named.schema.kind,
                None => &Kind::Any,
            },
            kind => kind,
        }
    }
}

/// A server that the document declares.
#[derive(Debug)]
pub(crate) struct Server {
    /// Address without a trailing slash.
    pub url: String,
    pub description: Option<String>,
}

#[derive(Debug)]
pub(crate) struct NamedSchema {
    pub upstream: Option<String>,
    pub schema: Schema,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    pub kind: Kind,
    pub nullable: bool,
    /// `format` of a string or number, unless `kind` implies it.
    pub format: Option<String>,
    pub description: Option<String>,
    pub default: Option<Value>,
    pub deprecated: bool,
}

/// The shape of a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Kind {
    #[default]
    Any,
    Boolean,
    Integer(&'static str),
    Number,
    String,
    Timestamp,
    /// A 64-bit integer in a string.
    IntegerText {
        signed: bool,
    },
    Binary,
    Enum(Vec<EnumValue>),
    Array(Box<Schema>),
    Map(Box<Schema>),
    Object(Object),
    Union(Vec<Schema>),
    /// Objects that one property distinguishes.
    Tagged(Tagged),
    /// A named schema, by Rust name.
    Reference(String),
}

impl Kind {
    /// Returns the JSON type of all values, or `any`.
    pub fn json_type(&self) -> &'static str {
        match self {
            Self::Any | Self::Reference(_) | Self::Union(_) => "any",
            Self::Boolean => "boolean",
            Self::Integer(_) => "integer",
            Self::Number => "number",
            Self::String
            | Self::Timestamp
            | Self::IntegerText { .. }
            | Self::Binary
            | Self::Enum(_) => "string",
            Self::Array(_) => "array",
            Self::Map(_) | Self::Object(_) | Self::Tagged(_) => "object",
        }
    }
}

/// A value of an enum.
#[derive(Clone, Debug)]
pub(crate) struct EnumValue {
    pub value: String,
    /// Name of the variant.
    pub variant: String,
    /// True if the document sets the name.
    pub given: bool,
    pub place: String,
}

impl PartialEq for EnumValue {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tagged {
    /// The property that distinguishes the variants.
    pub tag: String,
    pub variants: Vec<TaggedVariant>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TaggedVariant {
    /// Name of the variant.
    pub ident: String,
    /// The values of the property; the first is written if the object itself has none.
    pub values: Vec<String>,
    pub schema: Schema,
    pub place: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Object {
    pub properties: IndexMap<String, Property>,
    /// Schema of undeclared properties, if the document has one.
    pub additional: Option<Box<Schema>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Property {
    pub ident: String,
    /// True if the document sets the identifier.
    pub given: bool,
    pub required: bool,
    /// Whether a request that creates a resource must contain it.
    pub required_on_creation: bool,
    /// Whether only responses contain it.
    pub read_only: bool,
    pub schema: Schema,
    pub place: String,
}

impl Object {
    /// Returns an object with undeclared properties only.
    pub fn open(additional: Schema) -> Self {
        Self {
            additional: Some(Box::new(additional)),
            ..Self::default()
        }
    }
}

/// Compares shapes only, not descriptions.
impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.nullable == other.nullable
    }
}

impl Schema {
    pub fn of(kind: Kind) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }

    /// Returns the direct children, without following references.
    pub fn children_mut(&mut self) -> Vec<&mut Schema> {
        match &mut self.kind {
            Kind::Array(inner) | Kind::Map(inner) => vec![&mut **inner],
            Kind::Union(members) => members.iter_mut().collect(),
            Kind::Tagged(tagged) => {
                let variants = tagged.variants.iter_mut();
                variants.map(|variant| &mut variant.schema).collect()
            }
            Kind::Object(Object {
                properties,
                additional,
            }) => {
                let properties = properties.values_mut().map(|property| &mut property.schema);
                properties.chain(additional.as_deref_mut()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns the nesting depth of lists and maps.
    pub fn depth(&self) -> usize {
        match &self.kind {
            Kind::Array(inner) | Kind::Map(inner) => 1 + inner.depth(),
            _ => 0,
        }
    }

    /// Replaces integers in strings by strings: only properties can convert them.
    pub fn without_integer_text(mut self) -> Self {
        self.kind = match self.kind {
            Kind::IntegerText { .. } => Kind::String,
            Kind::Array(inner) => Kind::Array(Box::new(inner.without_integer_text())),
            Kind::Map(inner) => Kind::Map(Box::new(inner.without_integer_text())),
            other => other,
        };
        self
    }
}

#[derive(Debug)]
pub(crate) struct Operation {
    pub place: String,
    /// Method of the client, in snake case.
    pub name: String,
    /// Builder type, in camel case.
    pub builder: String,
    /// Entry in the table of operations, in upper case.
    pub constant: String,
    /// `operationId` in the document.
    pub upstream: String,
    pub method: String,
    pub path: String,
    pub summary: Option<String>,
    pub description: Option<String>,
    pub deprecated: bool,
    pub tags: Vec<String>,
    pub parameters: Vec<Parameter>,
    pub body: Option<Body>,
    /// The `Accept` header, unless it is the usual one.
    pub accept: Option<String>,
    pub success: Success,
    /// The data of server-sent events, if the operation can return them.
    pub events: Option<Schema>,
    /// Address of the operation's own server.
    pub server: Option<String>,
    /// The declared responses.
    pub responses: Vec<Response>,
    /// Alternatives in the order of the document; each lists the schemes that are needed together.
    pub security: Vec<Vec<String>>,
    pub paging: Option<Paging>,
}

impl Operation {
    /// Returns whether a parameter is the size of pages, under the name that all lists have.
    pub fn has_page_size(&self, parameter: &Parameter) -> bool {
        let size = self.paging.as_ref().map(|it| it.scheme.size());
        parameter.ident == "page_size" && size == Some(parameter.name.as_str())
    }

    /// Returns the schemas of parameters, bodies and responses.
    pub fn schemas_mut(&mut self) -> impl Iterator<Item = &mut Schema> {
        let body = self.body.iter_mut().flat_map(Body::schemas_mut);
        let success = match &mut self.success {
            Success::Json(schema) | Success::OptionalJson(schema) | Success::Stream(schema, _) => {
                Some(schema)
            }
            Success::Empty | Success::Bytes => None,
        };
        let parameters = self
            .parameters
            .iter_mut()
            .map(|parameter| &mut parameter.schema);
        let responses = self.responses.iter_mut();
        let responses = responses.filter_map(|response| match &mut response.content {
            ResponseContent::Json(schema) => schema.as_mut(),
            _ => None,
        });
        let success = success.into_iter().chain(&mut self.events);
        parameters.chain(body).chain(success).chain(responses)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Parameter {
    pub place: String,
    pub name: String,
    /// Name in `call` and on the command line.
    pub argument: String,
    pub ident: String,
    /// True if the document sets the identifier.
    pub given: bool,
    pub location: Location,
    pub style: Style,
    pub explode: bool,
    /// Whether reserved characters are sent unencoded.
    pub reserved: bool,
    pub required: bool,
    pub deprecated: bool,
    pub description: Option<String>,
    pub schema: Schema,
    /// The maximum of an integer.
    pub maximum: Option<i64>,
    pub in_page_token: InPageToken,
    /// Whether the server percent-decodes the value twice.
    pub decoded_twice: bool,
    /// Whether JSON bodies repeat the value in a property of the same name.
    pub repeated_in_body: bool,
}

/// The part of a parameter that a page token holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum InPageToken {
    #[default]
    Nothing,
    Whole,
    /// All predicates of a filter except those whose key starts with this prefix.
    PredicatesExcept(String),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Location {
    #[default]
    Path,
    Query,
    Header,
    Cookie,
}

impl Location {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

/// The style of a parameter's value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Style {
    Form,
    #[default]
    Simple,
    Label,
    Matrix,
    Space,
    Pipe,
    Tab,
    DeepObject,
    /// A JSON value.
    Json,
}

impl Style {
    const NAMES: [(Self, &'static str); 8] = [
        (Self::Form, "form"),
        (Self::Simple, "simple"),
        (Self::Label, "label"),
        (Self::Matrix, "matrix"),
        (Self::Space, "spaceDelimited"),
        (Self::Pipe, "pipeDelimited"),
        (Self::Tab, "tabDelimited"),
        (Self::DeepObject, "deepObject"),
    ];

    /// Returns the style with a name in a spec.
    pub fn named(name: &str) -> Option<Self> {
        let mut names = Self::NAMES.into_iter();
        names.find_map(|(style, known)| (known == name).then_some(style))
    }

    /// Returns the name in a spec.
    pub fn as_str(self) -> &'static str {
        let mut names = Self::NAMES.into_iter();
        let name = names.find_map(|(style, name)| (style == self).then_some(name));
        name.unwrap_or("json")
    }

    /// Returns the default style of a location.
    pub fn of(location: Location) -> Self {
        match location {
            Location::Query | Location::Cookie => Self::Form,
            Location::Path | Location::Header => Self::Simple,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Body {
    pub place: String,
    pub required: bool,
    /// Example of the preferred content.
    pub example: Option<Value>,
    pub description: Option<String>,
    pub preferred: MediaBody,
    pub others: Vec<MediaBody>,
}

/// A body of one media type.
#[derive(Debug)]
pub(crate) struct MediaBody {
    /// Name of the setter. In a multipart body, the parts have setters instead.
    pub ident: String,
    pub content: BodyContent,
    /// The declared media type.
    pub media: String,
}

#[derive(Debug)]
pub(crate) enum BodyContent {
    Json(Schema),
    /// Fields, and those that are not written in the default form style.
    Form(Schema, Vec<FormField>),
    Multipart(Vec<FormPart>),
    /// Any other content, sent unchanged.
    Raw,
}

#[derive(Debug)]
pub(crate) struct FormField {
    pub name: String,
    pub style: Style,
    pub explode: bool,
    pub reserved: bool,
}

impl Body {
    /// Returns whether the body is an argument; the caller chooses which of several bodies is sent.
    pub fn is_argument(&self) -> bool {
        self.required && self.others.is_empty()
    }

    /// Returns the body of each media type, the preferred one first.
    pub fn bodies(&self) -> impl Iterator<Item = &MediaBody> {
        std::iter::once(&self.preferred).chain(&self.others)
    }

    pub fn bodies_mut(&mut self) -> impl Iterator<Item = &mut MediaBody> {
        std::iter::once(&mut self.preferred).chain(&mut self.others)
    }

    fn schemas_mut(&mut self) -> Vec<&mut Schema> {
        let mut schemas = Vec::new();
        for body in self.bodies_mut() {
            match &mut body.content {
                BodyContent::Json(schema) | BodyContent::Form(schema, _) => schemas.push(schema),
                BodyContent::Multipart(parts) => {
                    schemas.extend(parts.iter_mut().map(|part| &mut part.schema));
                }
                BodyContent::Raw => {}
            }
        }
        schemas
    }
}

impl BodyContent {
    pub fn parts_mut(&mut self) -> &mut [FormPart] {
        match self {
            Self::Multipart(parts) => parts,
            _ => &mut [],
        }
    }
}

#[derive(Debug)]
pub(crate) struct FormPart {
    pub place: String,
    pub name: String,
    /// Name in `call` and on the command line.
    pub argument: String,
    pub ident: String,
    /// True if the document sets the identifier.
    pub given: bool,
    pub required: bool,
    pub schema: Schema,
    /// The declared media type.
    pub media: Option<String>,
    /// The separator of a list that is one part.
    pub separator: Option<&'static str>,
    /// Maximum size of a file in bytes.
    pub max_bytes: Option<u64>,
    /// File name extensions that the server accepts.
    pub file_endings: Vec<String>,
}

impl FormPart {
    /// Returns whether the part is a file or a list of files.
    pub fn is_file(&self) -> bool {
        self.schema.kind == Kind::Binary || self.is_file_list()
    }

    pub fn is_file_list(&self) -> bool {
        matches!(&self.schema.kind, Kind::Array(items) if items.kind == Kind::Binary)
    }
}

/// A declared response.
#[derive(Debug)]
pub(crate) struct Response {
    /// `200`, `4XX` or `default`.
    pub status: String,
    /// Whether it describes success; the default does if no other response does.
    pub is_success: bool,
    pub description: String,
    pub content: ResponseContent,
}

#[derive(Debug)]
pub(crate) enum ResponseContent {
    Empty,
    /// JSON; for errors, only a named schema.
    Json(Option<Schema>),
    /// Another media type.
    Other(String),
    /// The media type of the stream that the call returns.
    Stream(String),
}

#[derive(Debug)]
pub(crate) enum Success {
    Empty,
    Json(Schema),
    /// JSON for one status, no body for another.
    OptionalJson(Schema),
    /// A sequence of JSON values.
    Stream(Schema, StreamFormat),
    /// Any other content, returned as bytes.
    Bytes,
}

/// The framing of the values of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamFormat {
    /// One value per line.
    Lines,
    /// Each value follows a record separator.
    Sequence,
    /// One value per line as `{"result": …}`, or an error as `{"error": …}`.
    Results,
}

#[derive(Debug)]
pub(crate) struct SecurityScheme {
    pub name: String,
    pub constant: String,
    pub kind: SchemeKind,
    pub description: Option<String>,
}

#[derive(Debug)]
pub(crate) enum SchemeKind {
    /// `Authorization: Bearer …`, for OAuth 2, OpenID Connect and plain tokens.
    Bearer,
    Basic,
    ApiKey {
        location: Location,
        name: String,
    },
}

/// The paging of a list operation.
#[derive(Debug)]
pub(crate) struct Paging {
    pub scheme: PagingScheme,
    /// The schema of a page, by Rust name.
    pub page: String,
    /// The property of a page that holds the items.
    pub items: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PagingScheme {
    /// `page_token` in, `next_page_token` out.
    Token,
    /// `page` and `size` in, `items`, `page` and `pages` out.
    Numbered,
    /// `start` and `limit` in, `next_start` out; items have a `timestamp`.
    Timed,
}

impl PagingScheme {
    /// Returns the parameter that sets the size of a page.
    pub fn size(self) -> &'static str {
        match self {
            Self::Token => "page_size",
            Self::Numbered => "size",
            Self::Timed => "limit",
        }
    }
}
