//! A request that is being put together.

use std::fmt;

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Value;
use smallvec::SmallVec;

use crate::content::Content;
use crate::endpoint::{Endpoint, push_encoded};
use crate::error::{BuildError, Error};
use crate::operation::{Location, Operation, Parameter, Style};
use crate::options::CallOptions;
use crate::paging::{PagingOptions, ResumePoint};
use crate::upload::{Part, Upload};

/// A request of one operation: what generated builders fill and [`Transport`](crate::Transport)
/// sends.
///
/// What cannot be sent (a value that would lead to another path, a body that lacks a required
/// property) is remembered and reported when it is to be sent; then nothing is.
///
/// ```
/// use compute_kfp_runtime::Request;
/// # use compute_kfp_runtime::operation::{Location, Operation, Parameter};
/// # static LIST: Operation = Operation::new("list", "list", "GET", "/items")
/// #   .parameters(&[Parameter::new("page", Location::Query, "integer")]);
///
/// let mut request = Request::new(&LIST);
/// request.set("page", &2);
/// ```
#[derive(Clone)]
pub struct Request {
    operation: &'static Operation,
    /// Values of the parameters that were set.
    values: SmallVec<[(&'static Parameter, Texts); 2]>,
    body: Body,
    /// Kept apart, since a request is moved at every step of its making.
    extras: Option<Box<Extras>>,
}

/// What a parameter was set to.
#[derive(Clone)]
enum Texts {
    One(String),
    Several(Vec<String>),
}

impl Texts {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Several(texts) => texts,
        }
    }
}

/// What few requests have.
#[derive(Clone, Default)]
struct Extras {
    options: CallOptions,
    paging: PagingOptions,
    problem: Option<String>,
}

/// Room for nearly every path.
const PATH_BYTES: usize = 128;

#[derive(Clone)]
pub(crate) enum Body {
    None,
    Bytes { media: &'static str, bytes: Bytes },
    Upload(Box<Upload>),
}

impl Body {
    /// Whether its length, and so the time it takes, is the caller's affair.
    pub fn uploads(&self) -> bool {
        matches!(self, Self::Upload(_))
    }

    /// Whether it can be sent more than once.
    pub fn is_repeatable(&self) -> bool {
        match self {
            Self::None | Self::Bytes { .. } => true,
            Self::Upload(upload) => upload.is_repeatable(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Bytes { media, bytes } => write!(f, "{media}, {} bytes", bytes.len()),
            Self::Upload(upload) => upload.fmt(f),
        }
    }
}

impl Request {
    /// A request in which nothing is set.
    pub fn new(operation: &'static Operation) -> Self {
        Self {
            operation,
            values: SmallVec::new(),
            body: Body::None,
            extras: None,
        }
    }

    /// The operation it is for.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// Changes what is set for this call and not for the client.
    pub fn options(&mut self, set: impl FnOnce(CallOptions) -> CallOptions) {
        let options = &mut self.extras().options;
        *options = set(std::mem::take(options));
    }

    fn extras(&mut self) -> &mut Extras {
        self.extras.get_or_insert_default()
    }

    /// How many items a page of a list holds at most; the server decides unless set.
    ///
    /// What is more than the description allows becomes as many as it allows: `u32::MAX` asks for the
    /// largest pages.
    pub fn page_size(&mut self, items: u32) {
        match self.operation.paging {
            Some(paging) => {
                let largest = self.operation.largest_page().unwrap_or(u64::MAX);
                self.set(paging.page_size(), &largest.min(items.into()));
            }
            None => self.refuse("the operation does not list anything in pages".to_owned()),
        }
    }

    /// How many items streams of a list give at most, what came before a resume point included.
    pub fn max_items(&mut self, items: u64) {
        self.extras().paging.max_items = Some(items);
    }

    /// How many pages streams of a list fetch before they are asked for.
    pub fn prefetch(&mut self, pages: usize) {
        self.extras().paging.prefetch = pages;
    }

    /// Where streams of a list start.
    pub fn resume(&mut self, point: ResumePoint) {
        self.extras().paging.resume = Some(point);
    }

    pub(crate) fn paging(&self) -> PagingOptions {
        let extras = self.extras.as_ref();
        extras.map_or_else(PagingOptions::default, |extras| extras.paging.clone())
    }

    /// What a parameter was set to, if it is one text.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let mut values = self.values.iter();
        let (_, texts) = values.find(|(parameter, _)| parameter.name == name)?;
        match texts.as_slice() {
            [text] => Some(text),
            _ => None,
        }
    }

    /// Sets a parameter by its name in the description, in place of what it was set to before.
    ///
    /// Null and an empty list take it out again.
    pub fn set<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        let Some(parameter) = self.parameter(name) else {
            return;
        };
        let texts = match serde_json::to_value(value) {
            Ok(Value::Null) => Texts::Several(Vec::new()),
            Ok(value) if parameter.style == Style::Json => Texts::One(json(&value)),
            Ok(Value::Array(items)) => Texts::Several(items.into_iter().map(text).collect()),
            Ok(value) => Texts::One(text(value)),
            Err(error) => {
                return self.refuse(format!("the parameter `{name}` cannot be written: {error}"));
            }
        };
        self.set_texts(parameter, texts);
    }

    /// Sets a parameter to a text, as [`set`](Self::set) does, without a copy of it.
    pub fn set_text(&mut self, name: &str, text: String) {
        let Some(parameter) = self.parameter(name) else {
            return;
        };
        let text = match parameter.style {
            Style::Json => json(&text),
            _ => text,
        };
        self.set_texts(parameter, Texts::One(text));
    }

    fn parameter(&mut self, name: &str) -> Option<&'static Parameter> {
        let parameter = self.operation.parameter(name);
        if parameter.is_none() {
            self.refuse(format!("there is no parameter `{name}`"));
        }
        parameter
    }

    fn set_texts(&mut self, parameter: &'static Parameter, texts: Texts) {
        if parameter.location == Location::Path
            && let Some(wrong) = wrong_segment(texts.as_slice())
        {
            return self.refuse(format!(
                "the parameter `{}` {wrong}, which would lead to another path",
                parameter.name
            ));
        }
        self.values.retain(|(known, _)| *known != parameter);
        if !texts.as_slice().is_empty() {
            self.values.push((parameter, texts));
        }
    }

    /// Sets a JSON body.
    pub fn json_body<T: Serialize>(&mut self, body: Result<T, BuildError>) {
        self.written_body(body.map(|body| serde_json::to_vec(&body)));
    }

    fn written_body(&mut self, written: Result<serde_json::Result<Vec<u8>>, BuildError>) {
        match written {
            Ok(Ok(bytes)) => {
                self.body = Body::Bytes {
                    media: "application/json",
                    bytes: bytes.into(),
                }
            }
            Ok(Err(error)) => self.refuse(format!("the body cannot be written as JSON: {error}")),
            Err(error) => self.refuse(format!("the body is incomplete: {error}")),
        }
    }

    /// Sets a body of form fields.
    pub fn form_body<T: Serialize>(&mut self, body: Result<T, BuildError>) {
        match body.map(|body| serde_json::to_value(&body)) {
            Ok(Ok(Value::Object(fields))) => {
                let mut form = String::new();
                for (name, value) in fields {
                    let values = match value {
                        Value::Null => continue,
                        Value::Array(items) => items,
                        value => vec![value],
                    };
                    for value in values {
                        append(&mut form, &name, &text(value));
                    }
                }
                self.body = Body::Bytes {
                    media: "application/x-www-form-urlencoded",
                    bytes: form.into(),
                };
            }
            Ok(Ok(_)) => self.refuse("the body is not a set of fields".to_owned()),
            Ok(Err(error)) => self.refuse(format!("the body cannot be written as a form: {error}")),
            Err(error) => self.refuse(format!("the body is incomplete: {error}")),
        }
    }

    /// Sets a body that is sent as it is.
    pub fn raw_body(&mut self, media: &'static str, content: Content) {
        self.body = Body::Upload(Box::new(Upload::raw(media, content)));
    }

    /// Sets a part of a multipart body that is a file.
    pub fn file_part(&mut self, name: &'static str, content: Content) {
        self.part(name, Part::File(content));
    }

    /// Sets a part of a multipart body that is a text.
    pub fn text_part(&mut self, name: &'static str, text: String) {
        self.part(name, Part::Text(text));
    }

    fn part(&mut self, name: &'static str, part: Part) {
        if !matches!(self.body, Body::Upload(_)) {
            self.body = Body::Upload(Box::new(Upload::form()));
        }
        if let Body::Upload(upload) = &mut self.body {
            upload.set_part(name, part);
        }
    }

    #[cfg(feature = "dynamic")]
    pub(crate) fn has_body(&self) -> bool {
        !matches!(self.body, Body::None)
    }

    #[cfg(feature = "dynamic")]
    pub(crate) fn has_part(&self, name: &str) -> bool {
        match &self.body {
            Body::Upload(upload) => upload.has_part(name),
            _ => false,
        }
    }

    /// Notes why it cannot be sent; the first reason counts.
    pub(crate) fn refuse(&mut self, problem: String) {
        self.extras().problem.get_or_insert(problem);
    }

    /// Takes the request apart for sending.
    pub(crate) fn into_parts(mut self, endpoint: &Endpoint) -> Result<(Parts, CallOptions), Error> {
        let (mut options, problem) = match self.extras.take() {
            Some(extras) => (extras.options, extras.problem),
            None => Default::default(),
        };
        if let Some(problem) = problem.or_else(|| options.problem.take()) {
            return Err(Error::invalid(format!("{problem}; nothing was sent")));
        }
        let headers = std::mem::take(&mut options.headers);
        let method = self.operation.method;
        let method = Method::from_bytes(method.as_bytes()).map_err(|error| {
            Error::invalid(format!("`{method}` is not a method")).caused_by(error)
        })?;
        let parts = Parts {
            method,
            url: endpoint.join(&self.path()?, &self.query()),
            headers: self.headers(headers)?,
            body: self.body,
        };
        Ok((parts, options))
    }

    fn query(&self) -> String {
        let mut query = String::new();
        for (parameter, texts) in self.values_in(Location::Query) {
            if parameter.style == Style::Repeat {
                texts
                    .iter()
                    .for_each(|text| append(&mut query, parameter.name, text));
            } else {
                append_joined(&mut query, parameter, texts);
            }
        }
        query
    }

    /// The headers of the call's options, and what the operation adds.
    fn headers(&self, mut headers: HeaderMap) -> Result<HeaderMap, Error> {
        for (parameter, texts) in self.values_in(Location::Header) {
            let name = HeaderName::from_bytes(parameter.name.as_bytes());
            let value = HeaderValue::from_str(&texts.join(","));
            let (Ok(name), Ok(value)) = (name, value) else {
                return Err(Error::invalid(format!(
                    "the parameter `{}` is sent as a header, which holds no control characters; nothing was sent",
                    parameter.name
                )));
            };
            headers.insert(name, value);
        }
        let mut cookies = String::new();
        for (parameter, texts) in self.values_in(Location::Cookie) {
            cookies.push_str(if cookies.is_empty() { "" } else { "; " });
            cookies.push_str(parameter.name);
            cookies.push('=');
            push_joined(&mut cookies, texts, "%2C");
        }
        if !cookies.is_empty() {
            headers.insert(COOKIE, header_value(&cookies)?);
        }
        let media = match &self.body {
            Body::None => None,
            Body::Bytes { media, .. } => Some(*media),
            Body::Upload(upload) => upload.media(),
        };
        if let Some(media) = media {
            headers.insert(CONTENT_TYPE, header_value(media)?);
        }
        Ok(headers)
    }

    fn values_in(
        &self,
        location: Location,
    ) -> impl Iterator<Item = (&'static Parameter, &[String])> {
        self.values
            .iter()
            .filter(move |(parameter, _)| parameter.location == location)
            .map(|(parameter, texts)| (*parameter, texts.as_slice()))
    }

    /// The path template with its values.
    fn path(&self) -> Result<String, Error> {
        let mut path = String::with_capacity(PATH_BYTES);
        let mut rest = self.operation.path;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            let value = self
                .values_in(Location::Path)
                .find(|(parameter, _)| parameter.name == name)
                .map(|(_, texts)| texts)
                .ok_or_else(|| {
                    Error::invalid(format!(
                        "the parameter `{name}` was not set; nothing was sent"
                    ))
                })?;
            path.push_str(before);
            push_joined(&mut path, value, ",");
            rest = after;
        }
        path.push_str(rest);
        Ok(path)
    }
}

/// A request ready to be sent.
pub(crate) struct Parts {
    pub method: Method,
    pub url: reqwest::Url,
    pub headers: HeaderMap,
    pub body: Body,
}

/// Only what was set is shown by name: values may be confidential.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set: Vec<&str> = self
            .values
            .iter()
            .map(|(parameter, _)| parameter.name)
            .collect();
        let extras = self.extras.as_deref();
        f.debug_struct("Request")
            .field("operation", &self.operation.name)
            .field("set", &set)
            .field("body", &self.body)
            .field("options", &extras.map(|extras| &extras.options))
            .field(
                "problem",
                &extras.and_then(|extras| extras.problem.as_ref()),
            )
            .finish()
    }
}

fn header_value(text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).map_err(|error| {
        Error::invalid(format!("`{text}` cannot be sent as a header")).caused_by(error)
    })
}

pub(crate) fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => json(&other),
    }
}

/// Not by `Display`, which is larger: it can also indent.
fn json<T: Serialize + ?Sized>(value: &T) -> String {
    // What is given has texts for keys, and nothing else keeps a value from being written.
    serde_json::to_string(value).unwrap_or_default()
}

/// Why a value cannot stand in a path; servers and proxies resolve `.` and `..`, also encoded.
fn wrong_segment(texts: &[String]) -> Option<&'static str> {
    match texts {
        [only] if only.is_empty() => Some("is empty"),
        [only] if only == "." || only == ".." => Some("is a relative path"),
        _ => None,
    }
}

fn append(query: &mut String, name: &str, value: &str) {
    begin(query, name);
    push_encoded(query, value);
}

fn append_joined(query: &mut String, parameter: &Parameter, texts: &[String]) {
    let between = match parameter.style {
        Style::Space => "%20",
        Style::Pipe => "%7C",
        _ => ",",
    };
    begin(query, parameter.name);
    push_joined(query, texts, between);
}

fn begin(query: &mut String, name: &str) {
    query.push_str(if query.is_empty() { "" } else { "&" });
    push_encoded(query, name);
    query.push('=');
}

fn push_joined(text: &mut String, values: &[String], between: &str) {
    for (index, value) in values.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { between });
        push_encoded(text, value);
    }
}
