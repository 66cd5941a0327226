use std::cmp::Ordering;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::kfp::filter::Filter;
use crate::kfp::message::{Kind, Message};
use crate::kfp::parameters::QueryParameters;
use crate::kfp::{KfpError, KfpStore, messages, time};
use crate::reply::Reply;
use crate::store::{Collection, Object};

const DEFAULT_PAGE_SIZE: usize = 20;
const LARGEST_PAGE_SIZE: usize = 200;
const LARGEST_FULL_PAGE_SIZE: usize = 100;

/// A list operation: what its objects are and where they go in the answer.
pub(super) struct Listing {
    pub(super) list_field: &'static str,
    pub(super) message: &'static str,
}

/// Which objects a page is made of, and in which order.
struct Criteria {
    sort: Sort,
    filter: Filter,
}

#[derive(PartialEq, Eq)]
struct Sort {
    field: String,
    descending: bool,
}

/// The place of an object in the order: the value that is sorted by, then the key.
type Place = (Value, Vec<String>);

impl Listing {
    fn message(&self) -> &'static Message {
        messages::named(self.message)
    }

    /// Answers with one page of those objects in `collection` that are `wanted`.
    pub(super) fn page(
        &self,
        store: &KfpStore,
        query: &QueryParameters,
        collection: &Collection,
        wanted: impl Fn(&Object) -> bool,
    ) -> Result<Reply, KfpError> {
        let objects = |object: &Object| object.clone();
        self.page_shown(store, query, collection, wanted, objects)
    }

    /// As [`page`](Self::page), with each object in the form in which it is `shown`.
    pub(super) fn page_shown(
        &self,
        store: &KfpStore,
        query: &QueryParameters,
        collection: &Collection,
        wanted: impl Fn(&Object) -> bool,
        shown: impl Fn(&Object) -> Object,
    ) -> Result<Reply, KfpError> {
        let largest = if query.text("view")? == "FULL" {
            LARGEST_FULL_PAGE_SIZE
        } else {
            LARGEST_PAGE_SIZE
        };
        let page_size = page_size(query.int32("page_size")?, largest)?;
        let (criteria, after, number) = self.criteria(query)?;
        let page_size = if store.short_pages {
            shortened(page_size, number)
        } else {
            page_size
        };
        let mut objects: Vec<(Place, &Object)> = collection
            .iter()
            .filter(|object| wanted(object) && criteria.filter.accepts(object))
            .map(|object| {
                (
                    self.place(&criteria.sort, collection.key_of(object), object),
                    object,
                )
            })
            .collect();
        objects.sort_by(|(one, _), (other, _)| self.order(&criteria.sort, one, other));
        let total = objects.len();
        if let Some(after) = &after {
            objects.retain(|(place, _)| self.order(&criteria.sort, place, after).is_gt());
        }
        let next = objects.len() > page_size;
        objects.truncate(page_size);
        let last = objects.last().map(|(place, _)| place).or(after.as_ref());
        let last = last.filter(|_| next);
        let next_page_token = last.map(|last| self.token(&criteria, last, number + 1));
        let objects = objects.iter().map(|(_, object)| shown(object)).collect();
        Ok(Reply::ok(self.answer(objects, total, next_page_token)))
    }

    /// Zero values are left out, so that an empty page is an empty object.
    fn answer(
        &self,
        objects: Vec<Object>,
        total: usize,
        next_page_token: Option<String>,
    ) -> Object {
        let mut answer = Object::new();
        if !objects.is_empty() {
            answer.insert(self.list_field.to_owned(), json!(objects));
        }
        if total > 0 {
            answer.insert("total_size".to_owned(), json!(total));
        }
        if let Some(token) = next_page_token {
            answer.insert("next_page_token".to_owned(), json!(token));
        }
        answer
    }

    /// With a page token, sorting and filter are the token's; the parameters may repeat them.
    fn criteria(
        &self,
        query: &QueryParameters,
    ) -> Result<(Criteria, Option<Place>, u64), KfpError> {
        let order_by = query.text("order_by")?;
        let sort_by = match query.text("sort_by")? {
            "" => order_by,
            sort_by => sort_by,
        };
        let filter = query.text("filter")?;
        let page_token = query.text("page_token")?;
        let asked_for = || self.asked_for(sort_by, filter);
        if page_token.is_empty() {
            return Ok((asked_for()?, None, 0));
        }
        let (mut held, after, number) = self.resume(page_token)?;
        if !(sort_by.is_empty() && filter.is_empty()) {
            let asked_for = asked_for()?;
            if asked_for.sort != held.sort || asked_for.filter.source != held.filter.source {
                return Err(KfpError::invalid_input(
                    "page token does not match the supplied sort by and/or filtering criteria: \
                     either specify the same criteria or leave both empty",
                ));
            }
            held = asked_for;
        }
        Ok((held, Some(after), number))
    }

    fn asked_for(&self, sort_by: &str, filter: &str) -> Result<Criteria, KfpError> {
        Ok(Criteria {
            sort: self.sort(sort_by)?,
            filter: Filter::read(filter, self.message())?,
        })
    }

    fn sort(&self, sort_by: &str) -> Result<Sort, KfpError> {
        let words: Vec<&str> = sort_by.split_whitespace().collect();
        let (field, descending) = match words.as_slice() {
            [] => (self.creation_time(), false),
            [field] | [field, "asc"] => (*field, false),
            [field, "desc"] => (*field, true),
            _ => {
                return Err(KfpError::invalid_input(format!(
                    "invalid sort by format {sort_by:?}: supported are \"field\", \"field asc\" \
                     and \"field desc\""
                )));
            }
        };
        let sortable = self
            .message()
            .field(field)
            .is_some_and(|field| is_sortable(&field.kind));
        if !sortable {
            return Err(KfpError::invalid_input(format!(
                "invalid sorting field: {field:?}"
            )));
        }
        Ok(Sort {
            field: field.to_owned(),
            descending,
        })
    }

    fn creation_time(&self) -> &'static str {
        let times = ["created_at", "create_time"];
        let message = self.message();
        let known = times.into_iter().find(|name| message.field(name).is_some());
        known.unwrap_or_default()
    }

    fn place(&self, sort: &Sort, key: Vec<String>, object: &Object) -> Place {
        let value = self
            .message()
            .field(&sort.field)
            .and_then(|field| field.value_in(object));
        (value.unwrap_or_default(), key)
    }

    fn order(&self, sort: &Sort, one: &Place, other: &Place) -> Ordering {
        let by_value = match (one.0.is_null(), other.0.is_null()) {
            (false, false) => self
                .message()
                .field(&sort.field)
                .and_then(|field| compare(&field.kind, &one.0, &other.0))
                .unwrap_or(Ordering::Equal),
            // What has no value comes first.
            (one_is_absent, other_is_absent) => other_is_absent.cmp(&one_is_absent),
        };
        let ordering = by_value.then_with(|| one.1.cmp(&other.1));
        if sort.descending {
            ordering.reverse()
        } else {
            ordering
        }
    }

    /// What page the token is for matters where pages are short only.
    fn token(&self, criteria: &Criteria, last: &Place, number: u64) -> String {
        let token = json!({
            "list": self.list_field,
            "sort": [criteria.sort.field, criteria.sort.descending],
            "filter": criteria.filter.source,
            "after": last,
            "page": number,
        });
        URL_SAFE_NO_PAD.encode(token.to_string())
    }

    fn resume(&self, page_token: &str) -> Result<(Criteria, Place, u64), KfpError> {
        let refuse = || KfpError::invalid_input("invalid page token");
        let bytes = URL_SAFE_NO_PAD.decode(page_token).map_err(|_| refuse())?;
        let token: Value = serde_json::from_slice(&bytes).map_err(|_| refuse())?;
        if token["list"] != self.list_field {
            return Err(refuse());
        }
        let place: Place = serde_json::from_value(token["after"].clone()).map_err(|_| refuse())?;
        let (field, descending) =
            serde_json::from_value(token["sort"].clone()).map_err(|_| refuse())?;
        let source = token["filter"].as_object().cloned().ok_or_else(refuse)?;
        let filter = Filter::of(source, self.message())?;
        Ok((
            Criteria {
                sort: Sort { field, descending },
                filter,
            },
            place,
            token["page"].as_u64().unwrap_or_default(),
        ))
    }
}

/// Every second page is empty, and of the others every second one is half as long as asked for.
fn shortened(page_size: usize, number: u64) -> usize {
    match number % 4 {
        0 => page_size.div_ceil(2),
        2 => page_size,
        _ => 0,
    }
}

fn page_size(asked_for: i32, largest: usize) -> Result<usize, KfpError> {
    match usize::try_from(asked_for) {
        Ok(0) => Ok(DEFAULT_PAGE_SIZE),
        Ok(size) => Ok(size.min(largest)),
        Err(_) => Err(KfpError::invalid_input(format!(
            "the page size should be greater than or equal to 0, got {asked_for}"
        ))),
    }
}

fn is_sortable(kind: &Kind) -> bool {
    !matches!(
        kind,
        Kind::Message(_) | Kind::List(_) | Kind::Map(_) | Kind::Struct | Kind::AnyValue
    )
}

/// Compares two values of a field; `None` if they cannot be compared.
pub(super) fn compare(kind: &Kind, one: &Value, other: &Value) -> Option<Ordering> {
    match kind {
        Kind::Text | Kind::Enum(_) => Some(one.as_str()?.cmp(other.as_str()?)),
        Kind::Boolean => Some(one.as_bool()?.cmp(&other.as_bool()?)),
        Kind::Time => Some(time::parse(one.as_str()?)?.cmp(&time::parse(other.as_str()?)?)),
        Kind::Int32 | Kind::Int64 | Kind::Double => {
            Some(compare_numbers(number(one)?, number(other)?))
        }
        Kind::Message(_) | Kind::List(_) | Kind::Map(_) | Kind::Struct | Kind::AnyValue => None,
    }
}

/// Sorting needs an order of NaN too.
fn compare_numbers(one: f64, other: f64) -> Ordering {
    one.partial_cmp(&other)
        .unwrap_or_else(|| one.total_cmp(&other))
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}
