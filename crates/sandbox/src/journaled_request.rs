//! A request in a data file: what an operation gets to see of it.

use axum::body::Bytes;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::compute::{self, ComputeError};
use crate::kfp::{self, KfpError};
use crate::operation::{ApiError, Call, Operation, select};
use crate::request_body::Part;
use crate::server::is_for_kfp;
use crate::store::Store;

#[derive(Serialize, Deserialize)]
pub(crate) struct JournaledRequest {
    method: String,
    path: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    query: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    /// Of a backend that was registered, and whose key the file holds anyway. It tells backends
    /// apart; other credentials do not get into the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    backend_key: Option<String>,
    body: Data,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parts: Vec<JournaledPart>,
}

#[derive(Serialize, Deserialize)]
struct JournaledPart {
    name: String,
    file_name: Option<String>,
    content: Data,
}

/// Bytes as text if they are some.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Data {
    Text(String),
    Base64(String),
}

impl Data {
    fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64(STANDARD.encode(bytes)),
        }
    }

    fn into_bytes(self) -> Result<Bytes, String> {
        match self {
            Self::Text(text) => Ok(text.into()),
            Self::Base64(text) => STANDARD
                .decode(text)
                .map(Bytes::from)
                .map_err(|error| format!("a body is no base64 ({error})")),
        }
    }
}

impl JournaledRequest {
    pub(crate) fn of(call: &Call<'_>, path: &str, store: &Store) -> Self {
        let header = |name| call.headers.get(name).and_then(|value| value.to_str().ok());
        let key = header(AUTHORIZATION).filter(|key| store.compute.backend_of_key(key).is_some());
        let parts = call.parts.iter().map(|part| JournaledPart {
            name: part.name.clone(),
            file_name: part.file_name.clone(),
            content: Data::of(&part.content),
        });
        // The parts are all that there is in a body that has some.
        let body = if call.parts.is_empty() {
            call.body
        } else {
            &[]
        };
        Self {
            method: call.described.method.to_owned(),
            path: path.to_owned(),
            query: call.query.to_owned(),
            content_type: header(CONTENT_TYPE).map(str::to_owned),
            backend_key: key.map(str::to_owned),
            body: Data::of(body),
            parts: parts.collect(),
        }
    }

    /// Does again what was done, whatever the answer to it was.
    pub(crate) fn repeat(self, store: &mut Store) -> Result<(), String> {
        if is_for_kfp(&self.path) {
            self.repeat_one_of::<KfpError>(&kfp::OPERATIONS, store)
        } else {
            self.repeat_one_of::<ComputeError>(&compute::OPERATIONS, store)
        }
    }

    fn repeat_one_of<E: ApiError>(
        self,
        operations: &'static [Operation<E>],
        store: &mut Store,
    ) -> Result<(), String> {
        let unknown = || format!("there is no operation {} {}", self.method, self.path);
        let method = Method::from_bytes(self.method.as_bytes()).map_err(|_| unknown())?;
        let selected = select(operations, &method, &self.path).map_err(|_| unknown())?;
        let mut headers = HeaderMap::new();
        insert(&mut headers, CONTENT_TYPE, self.content_type)?;
        insert(&mut headers, AUTHORIZATION, self.backend_key)?;
        let parts = self.parts.into_iter().map(|part| {
            Ok(Part {
                name: part.name,
                file_name: part.file_name,
                content: part.content.into_bytes()?,
            })
        });
        let parts = parts.collect::<Result<Vec<Part>, String>>()?;
        let body = self.body.into_bytes()?;
        let operation = selected.operation;
        let call = Call {
            described: operation.described,
            path_values: selected.path_values,
            query: &self.query,
            headers: &headers,
            body: &body,
            parts: &parts,
        };
        // A refusal was one the first time too.
        let _ = (operation.handle)(store, &call);
        Ok(())
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: Option<String>) -> Result<(), String> {
    if let Some(value) = value {
        let refuse = |_| format!("the header {name} cannot hold what it is given");
        let value = HeaderValue::from_str(&value).map_err(refuse)?;
        headers.insert(name, value);
    }
    Ok(())
}
