//! A page of a list as JSON.

use std::ops::Deref;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::operation::{Operation, Paging};
use crate::paging::{ListPage, NextPage};

/// A page of a list, as the server sent it.
///
/// It can be used like the JSON object that it is. The operation's [`paging`](Operation::paging)
/// defines which property holds the items and how the list continues.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct ValuePage {
    page: Map<String, Value>,
    #[serde(skip)]
    paging: Option<Paging>,
}

impl ValuePage {
    fn count(&self, name: &str) -> Option<i64> {
        count(self.page.get(name)?)
    }
}

impl ListPage for ValuePage {
    type Item = Value;

    fn of(mut self, operation: &'static Operation) -> Result<Self, String> {
        self.paging = operation.paging;
        let Some(paging) = operation.paging else {
            return Ok(self);
        };
        let items = paging.items();
        match (self.page.get(items), paging) {
            (Some(Value::Array(_)), _) => Ok(self),
            // Protobuf leaves out an empty list.
            (None | Some(Value::Null), Paging::Token { .. }) => Ok(self),
            (None, _) => Err(format!("a page has no `{items}`")),
            (Some(_), _) => Err(format!("`{items}` of a page is not a list")),
        }
    }

    fn list(&self) -> Option<&Vec<Value>> {
        self.page.get(self.paging?.items())?.as_array()
    }

    fn list_mut(&mut self) -> Option<&mut Vec<Value>> {
        self.page.get_mut(self.paging?.items())?.as_array_mut()
    }

    fn next_page(&self) -> NextPage<'_> {
        match self.paging {
            Some(Paging::Numbered { .. }) => NextPage::Number {
                page: self.count("page"),
                pages: self.count("pages"),
            },
            Some(Paging::Timed { .. }) => NextPage::Time(self.count("next_start")),
            Some(Paging::Token { .. }) | None => {
                let token = self.page.get("next_page_token").and_then(Value::as_str);
                NextPage::Token(token.filter(|token| !token.is_empty()))
            }
        }
    }

    fn total(&self) -> Option<u64> {
        let total = self.count("total").or_else(|| self.count("total_size"));
        total?.try_into().ok()
    }

    fn time(item: &Value) -> Option<i64> {
        count(item.get("timestamp")?)
    }
}

/// Reads a whole number, which may be a string on the wire.
fn count(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    }
}

impl Deref for ValuePage {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.page
    }
}

impl From<ValuePage> for Value {
    fn from(page: ValuePage) -> Self {
        Self::Object(page.page)
    }
}
