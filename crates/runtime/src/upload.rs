//! What is uploaded: content as it is, or the parts of a form.

use std::fmt;

use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use reqwest::multipart::{self, Form};
use reqwest::{Client, RequestBuilder};

use crate::content::{Content, Progress};
use crate::credentials::Pending;
use crate::error::Error;

/// A body of a length that is the caller's affair.
#[derive(Clone)]
pub(crate) struct Upload {
    what: What,
    attach: Attach,
}

#[derive(Clone)]
enum What {
    Raw {
        media: &'static str,
        content: Content,
    },
    Parts(Vec<(&'static str, Part)>),
}

#[derive(Clone)]
pub(crate) enum Part {
    Text(String),
    File(Content),
}

/// A pointer, because programs that upload nothing are then built without files, streams and forms.
type Attach = for<'a> fn(
    &'a What,
    &'a Client,
    reqwest::Request,
    &'a Progress,
) -> Pending<'a, reqwest::Request>;

impl Upload {
    pub fn raw(media: &'static str, content: Content) -> Self {
        Self::new(What::Raw { media, content })
    }

    /// A form without parts.
    pub fn form() -> Self {
        Self::new(What::Parts(Vec::new()))
    }

    fn new(what: What) -> Self {
        Self {
            what,
            attach: |what, client, request, progress| {
                Box::pin(attach(what, client, request, progress))
            },
        }
    }

    /// Sets a part of a form, in place of what it was set to before.
    pub fn set_part(&mut self, name: &'static str, part: Part) {
        match &mut self.what {
            What::Raw { .. } => self.what = What::Parts(vec![(name, part)]),
            What::Parts(parts) => {
                parts.retain(|(known, _)| *known != name);
                parts.push((name, part));
            }
        }
    }

    /// The media type of content that is sent as it is.
    pub fn media(&self) -> Option<&'static str> {
        match self.what {
            What::Raw { media, .. } => Some(media),
            What::Parts(_) => None,
        }
    }

    #[cfg(feature = "dynamic")]
    pub fn has_part(&self, name: &str) -> bool {
        match &self.what {
            What::Raw { .. } => false,
            What::Parts(parts) => parts.iter().any(|(known, _)| *known == name),
        }
    }

    /// Whether it can be sent more than once.
    pub fn is_repeatable(&self) -> bool {
        match &self.what {
            What::Raw { content, .. } => content.is_repeatable(),
            What::Parts(parts) => parts.iter().all(|(_, part)| match part {
                Part::Text(_) => true,
                Part::File(content) => content.is_repeatable(),
            }),
        }
    }

    /// Makes it the body of a request, for one attempt.
    pub fn attach<'a>(
        &'a self,
        client: &'a Client,
        request: reqwest::Request,
        progress: &'a Progress,
    ) -> Pending<'a, reqwest::Request> {
        (self.attach)(&self.what, client, request, progress)
    }
}

async fn attach(
    what: &What,
    client: &Client,
    mut request: reqwest::Request,
    progress: &Progress,
) -> Result<reqwest::Request, Error> {
    match what {
        What::Raw { content, .. } => {
            let (body, length) = content.open(progress).await?;
            let announced = length.map(|length| (CONTENT_LENGTH, length.into()));
            request.headers_mut().extend(announced);
            *request.body_mut() = Some(body);
            Ok(request)
        }
        What::Parts(parts) => {
            let form = form(parts, progress).await?;
            let builder = RequestBuilder::from_parts(client.clone(), request);
            builder.multipart(form).build().map_err(Error::http)
        }
    }
}

async fn form(parts: &[(&'static str, Part)], progress: &Progress) -> Result<Form, Error> {
    let mut form = Form::new();
    for (name, part) in parts {
        form = match part {
            Part::Text(text) => form.text(*name, text.clone()),
            Part::File(content) => {
                let (body, length) = content.open(progress).await?;
                let part = match length {
                    Some(length) => multipart::Part::stream_with_length(body, length),
                    None => multipart::Part::stream(body),
                };
                let binary = HeaderValue::from_static("application/octet-stream");
                let headers = HeaderMap::from_iter([(CONTENT_TYPE, binary)]);
                form.part(
                    *name,
                    part.file_name(file_name(content.name().unwrap_or(name)))
                        .headers(headers),
                )
            }
        };
    }
    Ok(form)
}

/// Escapes what would end the name or its line, as browsers do.
fn file_name(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Raw { media, content } => write!(f, "{media}, {content:?}"),
            What::Parts(parts) => f
                .debug_list()
                .entries(parts.iter().map(|(name, _)| name))
                .finish(),
        }
    }
}
