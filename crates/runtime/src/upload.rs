//! Uploads: raw content, or the parts of a form.

use std::fmt;

use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::multipart::{self, Form};
use reqwest::{Client, RequestBuilder};

use crate::content::{Content, Progress};
use crate::error::Error;
use crate::fault;
use crate::operation::BodyPart;
use crate::style::header_value;

const BINARY: &str = "application/octet-stream";

/// A body whose length the caller determines.
#[derive(Clone)]
pub(crate) enum Upload {
    Raw {
        media: &'static str,
        content: Content,
    },
    Parts(Vec<(&'static str, Part)>),
}

/// A part of a form.
#[derive(Clone)]
pub(crate) struct Part {
    value: PartValue,
    /// Media type; empty for the default of the value.
    media: &'static str,
    declared: Option<&'static BodyPart>,
}

#[derive(Clone)]
enum PartValue {
    Text(String),
    File(Content),
}

impl Part {
    pub fn text(text: String) -> Self {
        Self::new(PartValue::Text(text))
    }

    pub fn file(content: Content) -> Self {
        Self::new(PartValue::File(content))
    }

    fn new(value: PartValue) -> Self {
        Self {
            value,
            media: "",
            declared: None,
        }
    }

    /// Sets the declaration of the part in the operation, including its media type.
    pub fn declared(mut self, declared: &'static BodyPart) -> Self {
        self.declared = Some(declared);
        match declared.media {
            "" => self,
            media => self.of(media),
        }
    }

    /// Sets the media type.
    pub fn of(mut self, media: &'static str) -> Self {
        self.media = media;
        self
    }
}

impl Upload {
    pub fn is_form(&self) -> bool {
        matches!(self, Self::Parts(_))
    }

    /// Sets the parts with this name in a form and replaces earlier ones.
    pub fn set_parts(&mut self, name: &'static str, new: Vec<Part>) {
        if let Self::Parts(parts) = self {
            parts.retain(|(known, _)| *known != name);
            parts.extend(new.into_iter().map(|part| (name, part)));
        }
    }

    /// Adds a part to a form.
    #[cfg(feature = "dynamic")]
    pub fn add_part(&mut self, name: &'static str, part: Part) {
        if let Self::Parts(parts) = self {
            parts.push((name, part));
        }
    }

    /// Returns the media type of raw content.
    pub fn media(&self) -> Option<&str> {
        match self {
            Self::Raw { media, content } => Some(content.own_media().unwrap_or(
                // A range, such as `image/*`, is no type.
                if media.contains('*') { BINARY } else { media },
            )),
            Self::Parts(_) => None,
        }
    }

    pub fn has_part(&self, name: &str) -> bool {
        match self {
            Self::Raw { .. } => false,
            Self::Parts(parts) => parts.iter().any(|(known, _)| *known == name),
        }
    }

    /// Returns whether it can be sent more than once.
    pub fn is_repeatable(&self) -> bool {
        match self {
            Self::Raw { content, .. } => content.is_repeatable(),
            Self::Parts(parts) => parts.iter().all(|(_, part)| match &part.value {
                PartValue::Text(_) => true,
                PartValue::File(content) => content.is_repeatable(),
            }),
        }
    }

    /// Sets it as the body of a request, for one attempt.
    pub async fn attach(
        &self,
        client: &Client,
        mut request: reqwest::Request,
        progress: &Progress,
    ) -> Result<reqwest::Request, Error> {
        match self {
            Self::Raw { content, .. } => {
                let (body, length) = content.open(progress).await?;
                let announced = length.map(|length| (CONTENT_LENGTH, length.into()));
                request.headers_mut().extend(announced);
                *request.body_mut() = Some(body);
                Ok(request)
            }
            Self::Parts(parts) => {
                let form = form(parts, progress).await?;
                let builder = RequestBuilder::from_parts(client.clone(), request);
                builder.multipart(form).build().map_err(fault::http)
            }
        }
    }
}

async fn form(parts: &[(&'static str, Part)], progress: &Progress) -> Result<Form, Error> {
    let mut form = Form::new().percent_encode_noop();
    for (
        name,
        Part {
            value,
            media,
            declared,
        },
    ) in parts
    {
        let (part, media) = match value {
            PartValue::Text(text) => (multipart::Part::text(text.clone()), *media),
            PartValue::File(content) => {
                let (body, length) = content.open(progress).await?;
                if let Some(wrong) = declared.and_then(|it| refused(it, content.name(), length)) {
                    return Err(Error::invalid(format!("{wrong}; nothing was sent")));
                }
                let part = match length {
                    Some(length) => multipart::Part::stream_with_length(body, length),
                    None => multipart::Part::stream(body),
                };
                let part = part.file_name(escaped(content.name().unwrap_or(name)));
                let declared = if media.is_empty() { BINARY } else { media };
                (part, content.own_media().unwrap_or(declared))
            }
        };
        let part = match media {
            "" => part,
            media => part.headers(HeaderMap::from_iter([(CONTENT_TYPE, header_value(media)?)])),
        };
        form = form.part(escaped(name), part);
    }
    Ok(form)
}

/// Returns why the server would reject a file, because the response might not explain it.
fn refused(declared: &BodyPart, name: Option<&str>, length: Option<u64>) -> Option<String> {
    let shown = name.unwrap_or(declared.name).escape_debug();
    if let (Some(most), Some(length)) = (declared.max_bytes, length)
        && length > most
    {
        return Some(format!(
            "the file `{shown}` has {length} bytes; the server accepts at most {most}"
        ));
    }
    let endings = declared.file_endings;
    let ends_with = |name: &str| {
        let name = name.to_lowercase();
        endings.iter().any(|ending| name.ends_with(ending))
    };
    if endings.is_empty() || name.is_none_or(ends_with) {
        return None;
    }
    Some(format!(
        "the server recognises the format of a file by its extension and does not accept `{shown}`; use \
         one of {}",
        endings.join(", ")
    ))
}

/// Escapes characters that would end the name or its line, as browsers do.
fn escaped(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raw { media, content } => {
                write!(f, "{}, {content:?}", content.own_media().unwrap_or(media))
            }
            Self::Parts(parts) => f
                .debug_list()
                .entries(parts.iter().map(|(name, _)| name))
                .finish(),
        }
    }
}
