//! What a mock answers.

use std::marker::PhantomData;

use serde::Serialize;

use crate::operation::Operation;

/// The answer of an operation that answers nothing.
#[derive(Debug)]
pub enum Nothing {}

/// The answer of an operation that answers bytes.
#[derive(Debug)]
pub enum Bytes {}

/// What a mock of an operation answers, 200 without a body unless it is set.
///
/// `T` is what the client's method gives.
pub struct Then<T> {
    inner: httpmock::Then,
    operation: &'static Operation,
    answer: PhantomData<fn(T)>,
}

impl<T> Then<T> {
    /// What is answered by a mock of that operation; generated code makes it.
    pub fn new(inner: httpmock::Then, operation: &'static Operation) -> Self {
        let answer = PhantomData;
        Self {
            inner,
            operation,
            answer,
        }
    }

    /// Answers without success, with one of the error schemas of the API or any other JSON.
    pub fn error<E: Serialize + ?Sized>(self, status: u16, error: &E) -> Self {
        self.json(status, error)
    }

    /// Answers 204, without a body.
    pub fn nothing(self) -> Self {
        self.answer(|then| then.status(204))
    }

    /// Sets more of the answer, in the words of [`httpmock`]: other statuses, headers, delays.
    pub fn answer(mut self, set: impl FnOnce(httpmock::Then) -> httpmock::Then) -> Self {
        self.inner = set(self.inner);
        self
    }

    fn json<V: Serialize + ?Sized>(self, status: u16, value: &V) -> Self {
        // As text: what serialises itself in an order of its own keeps it.
        let body = serde_json::to_vec(value);
        self.answer(|then| match body {
            Ok(body) => then
                .status(status)
                .header("content-type", "application/json")
                .body(body),
            Err(error) => then
                .status(500)
                .body(format!("the answer of the mock is not JSON: {error}")),
        })
    }
}

impl<T: Serialize> Then<T> {
    /// Answers with success, with the status that the description gives.
    pub fn ok(self, value: &T) -> Self {
        let status = self.operation.success_status;
        self.json(status, value)
    }
}

impl Then<Nothing> {
    /// Answers with success, with the status that the description gives.
    pub fn ok(self) -> Self {
        let status = self.operation.success_status;
        self.answer(|then| then.status(status))
    }
}

impl Then<Bytes> {
    /// Answers with success and these bytes, with the status that the description gives.
    pub fn ok(self, media_type: &str, bytes: impl AsRef<[u8]>) -> Self {
        let status = self.operation.success_status;
        self.answer(|then| {
            then.status(status)
                .header("content-type", media_type)
                .body(bytes)
        })
    }
}
