//! A request that is being built.

use std::collections::BTreeMap;
use std::fmt;

use http::Method;
use http::header::{CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use siphasher::sip::SipHasher24;

use crate::body::{Part, PartValue, RequestBody};
use crate::content::Content;
use crate::endpoint::Endpoint;
use crate::error::{BuildError, Error};
use crate::operation::{Body, BodyKind, BodyPart, InPageToken, Location, Operation, Parameter};
use crate::options::{CallOptions, PagingOptions};
use crate::resume_point::ResumePoint;
use crate::style::{Written, header_value, json, text};

/// A request for one operation, which generated builders fill in and
/// [`Transport`](crate::Transport) sends.
///
/// Invalid input, such as a value that would lead to another path or a body without a required
/// property, is remembered and reported when the request is sent. Nothing is sent then.
#[derive(Clone)]
pub struct Request {
    operation: &'static Operation,
    /// Values of the parameters that have been set.
    values: Vec<(&'static Parameter, Written)>,
    body: RequestBody,
    /// Rarely used fields, boxed because a request is moved at every step while it is built.
    extras: Box<Extras>,
}

/// Fields that few requests have.
#[derive(Clone, Default)]
struct Extras {
    options: CallOptions,
    paging: PagingOptions,
    problem: Option<String>,
}

const APPLICATION_JSON: &str = "application/json";

impl Request {
    /// Creates a request in which nothing is set.
    pub fn new(operation: &'static Operation) -> Self {
        Self {
            operation,
            values: Vec::new(),
            body: RequestBody::None,
            extras: Box::default(),
        }
    }

    /// Returns the operation of the request.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// Changes the settings of this call, which override those of the client.
    pub fn options(&mut self, set: impl FnOnce(CallOptions) -> CallOptions) {
        let options = &mut self.extras.options;
        *options = set(std::mem::take(options));
    }

    /// Sets the maximum number of items on a page of a list [default: the server decides].
    pub fn page_size(&mut self, items: u32) {
        match self.operation.paging {
            Some(paging) => {
                let largest = self.operation.largest_page().unwrap_or(u64::MAX);
                self.set(paging.page_size(), &largest.min(items.into()));
            }
            None => self.refuse("the operation is not a paged list".to_owned()),
        }
    }

    /// Sets the maximum number of items that streams of a list yield, including those before a
    /// resume point.
    pub fn max_items(&mut self, items: u64) {
        self.extras.paging.max_items = Some(items);
    }

    /// Sets the number of pages that streams of a list fetch ahead.
    pub fn prefetch(&mut self, pages: usize) {
        self.extras.paging.prefetch = pages;
    }

    /// Sets the point at which streams of a list start.
    pub fn resume(&mut self, point: ResumePoint) {
        self.extras.paging.resume = Some(point);
    }

    pub(crate) fn paging(&self) -> PagingOptions {
        self.extras.paging.clone()
    }

    /// Requests the page of a token, without the parameters that the token contains.
    pub(crate) fn next_page(&mut self, token: &str) {
        self.set("page_token", token);
        self.values.retain_mut(|(parameter, written)| {
            let (Written::Plain(text) | Written::Composed(text)) = written;
            match parameter.in_page_token {
                InPageToken::Nothing => true,
                InPageToken::Whole => false,
                // The server refused it with the first page, if it is wrong.
                InPageToken::PredicatesExcept(prefix) => {
                    keep_predicates(text, prefix).unwrap_or(true)
                }
            }
        });
    }

    /// Returns a digest of the values that page tokens contain; it is the same in every process.
    pub(crate) fn held_by_token(&self) -> Option<u64> {
        let held = self.values.iter();
        let mut held: Vec<String> = held
            .filter(|(parameter, _)| parameter.in_page_token != InPageToken::Nothing)
            .map(
                |(parameter, Written::Plain(text) | Written::Composed(text))| {
                    json(&(parameter.argument, text))
                },
            )
            .collect();
        held.sort_unstable();
        (!held.is_empty()).then(|| SipHasher24::new().hash(held.concat().as_bytes()))
    }

    /// Returns the value of a parameter, if it is a single string.
    pub(crate) fn value(&self, argument: &str) -> Option<&str> {
        let mut values = self.values.iter();
        match values.find(|(parameter, _)| parameter.argument == argument)? {
            (_, Written::Plain(text)) => Some(text),
            _ => None,
        }
    }

    /// Sets a parameter by its [`argument`](Parameter::argument) name and replaces an earlier
    /// value. The value is written in the style of the parameter.
    ///
    /// Null, an empty list and an empty object remove the parameter.
    pub fn set<T: Serialize + ?Sized>(&mut self, argument: &str, value: &T) {
        self.set_value(argument, serde_json::to_value(value));
    }

    fn set_value(&mut self, argument: &str, value: serde_json::Result<Value>) {
        let Some(parameter) = self.operation.parameter(argument) else {
            return self.refuse(format!("there is no parameter `{argument}`"));
        };
        let written = match value {
            Ok(value) => parameter.written(parameter.name, value),
            Err(error) => {
                return self.refuse(format!(
                    "the parameter `{argument}` cannot be written: {error}"
                ));
            }
        };
        if parameter.location == Location::Path
            && let Some(Written::Plain(text) | Written::Composed(text)) = &written
            && let Some(wrong) = wrong_segment(text)
        {
            return self.refuse(format!(
                "the parameter `{argument}` {wrong}, which would change the path"
            ));
        }
        self.values.retain(|(known, _)| *known != parameter);
        let written = written.map(|written| (parameter, written));
        self.values.extend(written);
    }

    /// Sets a JSON body, of the media type that the operation declares.
    pub fn json_body<T: Serialize>(&mut self, body: Result<T, BuildError>) {
        self.json_body_as(self.media_of(BodyKind::Json), body);
    }

    /// Sets a JSON body with this media type.
    pub fn json_body_as<T: Serialize>(&mut self, media: &'static str, body: Result<T, BuildError>) {
        let written = body.map(|body| serde_json::to_vec(&body));
        if let Some(bytes) = self.written(written) {
            let bytes = bytes.into();
            self.body = RequestBody::Bytes { media, bytes };
        }
    }

    /// Returns a body that has been written; refuses the request if that failed.
    fn written<W>(&mut self, body: Result<serde_json::Result<W>, BuildError>) -> Option<W> {
        let problem = match body {
            Ok(Ok(written)) => return Some(written),
            Ok(Err(error)) => format!("the body cannot be written as JSON: {error}"),
            Err(error) => format!("the body is incomplete: {error}"),
        };
        self.refuse(problem);
        None
    }

    /// Sets a body of form fields.
    pub fn form_body<T: Serialize>(&mut self, body: Result<T, BuildError>) {
        const FIELD: Parameter = Parameter::new("", Location::Query, "any");
        let written = body.map(|body| serde_json::to_value(&body));
        let Some(body) = self.written(written) else {
            return;
        };
        let Value::Object(fields) = body else {
            return self.refuse("the body is not a set of fields".to_owned());
        };
        let mut form = String::new();
        for (name, value) in fields {
            let mut declared = self.operation.form_fields.iter();
            let field = declared.find(|it| it.name == name).unwrap_or(&FIELD);
            if let Some(written) = field.written(&name, value) {
                field.push(&mut form, &name, &written);
            }
        }
        self.body = RequestBody::Bytes {
            media: self.media_of(BodyKind::Form),
            bytes: form.into(),
        };
    }

    /// Sets a body that is sent unchanged. The content's own media type, if any, overrides `media`.
    pub fn raw_body(&mut self, media: &'static str, content: Content) {
        self.body = RequestBody::Content {
            media,
            content: Box::new(content),
        };
    }

    /// Sets a part of a multipart body to a file; if the part is a list, adds the file to it.
    pub fn file_part(&mut self, name: &'static str, content: Content) {
        let is_list = self
            .declared_part(name)
            .is_some_and(|part| part.kind == "array");
        self.put_parts(name, is_list, vec![(PartValue::File(content), "")]);
    }

    /// Sets a part of a multipart body to a list of files, with one part for each file.
    pub fn file_parts(&mut self, name: &'static str, contents: Vec<Content>) {
        let contents = contents.into_iter();
        let files = contents.map(|it| (PartValue::File(it), ""));
        self.put_parts(name, false, files.collect());
    }

    /// Sets a part of a multipart body to a value. A string, number or boolean is written
    /// unchanged, an object as JSON, and a list as one part for each item. Null removes the part.
    pub fn value_part<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) {
        let items = match serde_json::to_value(value) {
            Ok(Value::Array(items)) => items,
            Ok(value) => vec![value],
            Err(error) => {
                return self.refuse(format!("the part `{name}` cannot be written: {error}"));
            }
        };
        let items = items.into_iter().filter(|item| !item.is_null());
        let separator = self.declared_part(name).map_or("", |part| part.separator);
        if !separator.is_empty() {
            let texts: Vec<String> = items.map(text).collect();
            let joined = (!texts.is_empty()).then(|| PartValue::Text(texts.join(separator)));
            let parts = joined.into_iter().map(|it| (it, ""));
            return self.put_parts(name, false, parts.collect());
        }
        let parts = items.map(|item| match item {
            Value::Array(_) | Value::Object(_) => (PartValue::Text(json(&item)), APPLICATION_JSON),
            scalar => (PartValue::Text(text(scalar)), ""),
        });
        self.put_parts(name, false, parts.collect());
    }

    /// Sets the parts with this name, or adds to them. Each value has a media type, which is used unless
    /// the operation declares one.
    fn put_parts(
        &mut self,
        name: &'static str,
        adds: bool,
        values: Vec<(PartValue, &'static str)>,
    ) {
        let declared = self.declared_part(name);
        let of_operation = declared
            .map(|it| it.media)
            .filter(|media| !media.is_empty());
        let mut parts = match std::mem::replace(&mut self.body, RequestBody::None) {
            RequestBody::Parts(parts) => parts,
            _ => Vec::new(),
        };
        parts.retain(|part| adds || part.name != name);
        parts.extend(values.into_iter().map(|(value, media)| Part {
            name,
            value,
            media: of_operation.unwrap_or(media),
            declared,
        }));
        self.body = RequestBody::Parts(parts);
    }

    /// Returns the media type that the operation declares for a kind of body, or the default one.
    fn media_of(&self, kind: BodyKind) -> &'static str {
        let mut bodies = self.operation.bodies.iter();
        let declared = bodies.find(|body| body.kind == kind);
        declared.map_or(kind.media_type(), |body| body.media)
    }

    fn declared_part(&self, name: &str) -> Option<&'static BodyPart> {
        self.operation.body_parts().find(|part| part.name == name)
    }

    /// Returns what is missing in the body, by the names of the arguments.
    fn missing_of_body(&self) -> Option<String> {
        let bodies = self.operation.bodies;
        let (set, is_absent): (&[Part], _) = match &self.body {
            RequestBody::Parts(parts) => (parts, false),
            RequestBody::None if self.operation.body_required => (&[], true),
            _ => return None,
        };
        let is_form = |body: &Body| matches!(body.kind, BodyKind::Multipart(_));
        if is_absent && !bodies.iter().all(is_form) {
            let names: Vec<&str> = bodies
                .iter()
                .flat_map(|body| match body.kind {
                    BodyKind::Multipart(parts) => parts.iter().map(|it| it.argument).collect(),
                    _ => vec![body.argument],
                })
                .collect();
            let one_of = if names.len() > 1 { "one of " } else { "" };
            let names = names.join("`, `");
            return Some(format!("a body is required; set {one_of}`{names}`"));
        }
        let is_set = |part: &BodyPart| set.iter().any(|it| it.name == part.name);
        let mut parts = self.operation.body_parts();
        let missing = parts.find(|part| part.required && !is_set(part))?;
        let name = missing.argument;
        Some(format!("the part `{name}` of the body is required; set it"))
    }

    /// Records why the request cannot be sent; the first reason is reported.
    pub(crate) fn refuse(&mut self, problem: String) {
        self.extras.problem.get_or_insert(problem);
    }

    /// Splits the request into its parts for sending.
    pub(crate) fn into_ready(
        mut self,
        endpoint: &Endpoint,
    ) -> Result<(ReadyRequest, CallOptions), Error> {
        let Extras {
            mut options,
            problem,
            ..
        } = std::mem::take(&mut *self.extras);
        let problem = problem.or_else(|| options.problem.take());
        if let Some(problem) = problem.or_else(|| self.missing_of_body()) {
            return Err(Error::invalid(format!("{problem}; nothing was sent")));
        }
        self.repeat_path_in_body();
        let headers = std::mem::take(&mut options.headers);
        let method = self.operation.method;
        let method = Method::from_bytes(method.as_bytes()).map_err(|error| {
            Error::invalid(format!("`{method}` is not a method")).caused_by(error)
        })?;
        let request = ReadyRequest {
            method,
            url: endpoint.join(&self.path()?, &self.query()),
            headers: self.headers(headers)?,
            accept: self.operation.accept,
            body: self.body,
        };
        Ok((request, options))
    }

    /// Adds to a JSON body the path parameters that it must repeat. Nothing else of it is written anew.
    fn repeat_path_in_body(&mut self) {
        let repeats = self.operation.parameters.iter();
        let (RequestBody::Bytes { bytes, .. }, true) =
            (&self.body, { repeats }.any(|it| it.repeated_in_body))
        else {
            return;
        };
        let known = serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(bytes);
        let (Ok(known), Some(rest)) = (known, bytes.trim_ascii_start().strip_prefix(b"{")) else {
            return;
        };
        let mut body = vec![b'{'];
        for (parameter, written) in self.values_in(Location::Path) {
            if let Written::Plain(text) = written
                && parameter.repeated_in_body
                && !known.keys().any(|key| is_same_field(key, parameter.name))
            {
                let between = if body.len() > 1 { "," } else { "" };
                let field = format!("{between}{}:{}", json(parameter.name), json(text));
                body.extend_from_slice(field.as_bytes());
            }
        }
        if body.len() > 1 && !known.is_empty() {
            body.push(b',');
        }
        body.extend_from_slice(rest);
        if let RequestBody::Bytes { bytes, .. } = &mut self.body {
            *bytes = body.into();
        }
    }

    fn query(&self) -> String {
        let mut query = String::new();
        for (parameter, written) in self.values_in(Location::Query) {
            parameter.push(&mut query, parameter.name, written);
        }
        query
    }

    /// Adds the headers of the operation to those of the call's options.
    fn headers(&self, mut headers: HeaderMap) -> Result<HeaderMap, Error> {
        for (parameter, Written::Plain(text) | Written::Composed(text)) in
            self.values_in(Location::Header)
        {
            let name = HeaderName::from_bytes(parameter.name.as_bytes());
            let value = HeaderValue::from_str(text);
            let (Ok(name), Ok(value)) = (name, value) else {
                return Err(Error::invalid(format!(
                    "the parameter `{}` is sent as a header, which cannot contain control characters; nothing was sent",
                    parameter.name
                )));
            };
            headers.insert(name, value);
        }
        let mut cookies = String::new();
        for (parameter, written) in self.values_in(Location::Cookie) {
            parameter.push(&mut cookies, parameter.name, written);
        }
        if !cookies.is_empty() {
            headers.insert(COOKIE, header_value(&cookies)?);
        }
        if let Some(media) = self.body.media() {
            headers.insert(CONTENT_TYPE, header_value(media)?);
        }
        Ok(headers)
    }

    fn values_in(
        &self,
        location: Location,
    ) -> impl Iterator<Item = (&'static Parameter, &Written)> {
        self.values
            .iter()
            .filter(move |(parameter, _)| parameter.location == location)
            .map(|(parameter, written)| (*parameter, written))
    }

    /// Returns the path template with its values filled in.
    fn path(&self) -> Result<String, Error> {
        let mut path = String::new();
        for (text, name) in self.operation.path_pieces() {
            path.push_str(text);
            let Some(name) = name else { continue };
            let (parameter, written) = self
                .values_in(Location::Path)
                .find(|(parameter, _)| parameter.name == name)
                .ok_or_else(|| {
                    Error::invalid(format!(
                        "the parameter `{name}` was not set; nothing was sent"
                    ))
                })?;
            parameter.push(&mut path, name, written);
        }
        Ok(path)
    }
}

/// A request ready to be sent.
pub(crate) struct ReadyRequest {
    pub method: Method,
    pub url: reqwest::Url,
    pub headers: HeaderMap,
    /// Accepted media types, if the operation declares others than the default.
    pub accept: &'static str,
    pub body: RequestBody,
}

/// Shows only the names of what was set: values may be confidential.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set: Vec<&str> = self
            .values
            .iter()
            .map(|(parameter, _)| parameter.argument)
            .collect();
        f.debug_struct("Request")
            .field("operation", &self.operation.name)
            .field("set", &set)
            .field("body", &self.body.media())
            .finish_non_exhaustive()
    }
}

/// Keeps only the predicates of a filter whose key begins with this string; returns whether there
/// are any.
fn keep_predicates(filter: &mut String, prefix: &str) -> serde_json::Result<bool> {
    let mut fields: Map<String, Value> = serde_json::from_str(filter)?;
    let Some(Value::Array(predicates)) = fields.get_mut("predicates") else {
        return Ok(false);
    };
    predicates.retain(|predicate| {
        let key = predicate.get("key").and_then(Value::as_str);
        key.is_some_and(|key| key.starts_with(prefix))
    });
    let is_left = !predicates.is_empty();
    *filter = json(&fields);
    Ok(is_left)
}

/// Returns whether a key of a body names this field in protobuf's JSON, which writes `pipelineId`
/// for `pipeline_id`.
fn is_same_field(key: &str, field: &str) -> bool {
    let letters = |name: &str| name.replace('_', "").to_lowercase();
    letters(key) == letters(field)
}

/// Returns why a value is not allowed in a path. Servers and proxies resolve `.` and `..`, also
/// encoded.
fn wrong_segment(text: &str) -> Option<&'static str> {
    match text {
        "" => Some("is empty"),
        "." | ".." => Some("is a relative path"),
        _ => None,
    }
}
