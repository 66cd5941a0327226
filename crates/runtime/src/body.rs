//! Bodies of requests.

use bytes::Bytes;
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

#[derive(Clone)]
pub(crate) enum RequestBody {
    None,
    Bytes {
        media: &'static str,
        bytes: Bytes,
    },
    Content {
        media: &'static str,
        content: Box<Content>,
    },
    /// The parts of a form.
    Parts(Vec<Part>),
}

/// A part of a form.
#[derive(Clone)]
pub(crate) struct Part {
    pub name: &'static str,
    pub value: PartValue,
    /// Media type; empty for the default of the value.
    pub media: &'static str,
    /// Declaration of the part in the operation.
    pub declared: Option<&'static BodyPart>,
}

#[derive(Clone)]
pub(crate) enum PartValue {
    Text(String),
    File(Content),
}

impl RequestBody {
    /// Returns whether the caller decides its length, and so the time that it takes.
    pub fn uploads(&self) -> bool {
        matches!(self, Self::Content { .. } | Self::Parts(_))
    }

    /// Returns whether it can be sent more than once.
    pub fn is_repeatable(&self) -> bool {
        match self {
            Self::None | Self::Bytes { .. } => true,
            Self::Content { content, .. } => content.is_repeatable(),
            Self::Parts(parts) => parts.iter().all(|part| match &part.value {
                PartValue::Text(_) => true,
                PartValue::File(content) => content.is_repeatable(),
            }),
        }
    }

    /// Returns the media type; that of a form is set when it is sent.
    pub fn media(&self) -> Option<&str> {
        match self {
            Self::Bytes { media, .. } => Some(media),
            Self::Content { media, content } => Some(content.media.as_deref().unwrap_or(
                // A range, such as `image/*`, is no type.
                if media.contains('*') { BINARY } else { media },
            )),
            Self::None | Self::Parts(_) => None,
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
            Self::None => {}
            Self::Bytes { bytes, .. } => *request.body_mut() = Some(bytes.clone().into()),
            Self::Content { content, .. } => {
                let (body, length) = content.open(progress).await?;
                let announced = length.map(|length| (CONTENT_LENGTH, length.into()));
                request.headers_mut().extend(announced);
                *request.body_mut() = Some(body);
            }
            Self::Parts(parts) => {
                let form = form(parts, progress).await?;
                let builder = RequestBuilder::from_parts(client.clone(), request);
                return builder.multipart(form).build().map_err(fault::http);
            }
        }
        Ok(request)
    }
}

async fn form(parts: &[Part], progress: &Progress) -> Result<Form, Error> {
    let mut form = Form::new().percent_encode_noop();
    for part in parts {
        let Part {
            name,
            value,
            media,
            declared,
        } = part;
        let (part, media) = match value {
            PartValue::Text(text) => (multipart::Part::text(text.clone()), *media),
            PartValue::File(content) => {
                let (body, length) = content.open(progress).await?;
                if let Some(wrong) =
                    declared.and_then(|it| refused(it, content.name.as_deref(), length))
                {
                    return Err(Error::invalid(format!("{wrong}; nothing was sent")));
                }
                let part = match length {
                    Some(length) => multipart::Part::stream_with_length(body, length),
                    None => multipart::Part::stream(body),
                };
                let part = part.file_name(escaped(content.name.as_deref().unwrap_or(name)));
                let declared = if media.is_empty() { BINARY } else { media };
                (part, content.media.as_deref().unwrap_or(declared))
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
