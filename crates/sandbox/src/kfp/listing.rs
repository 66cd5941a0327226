use std::cmp::Ordering;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::collection::{Collection, Key, Place, Rank};
use crate::kfp::filter::Filter;
use crate::kfp::message::{Field, Kind, Message};
use crate::kfp::parameters::QueryParameters;
use crate::kfp::{KfpError, KfpStore, messages, time};
use crate::reply::Reply;
use crate::store::Object;

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

/// The last object of a page: the value that is sorted by, then the key.
type Last = (Value, Key);

impl Listing {
    fn message(&self) -> &'static Message {
        messages::named(self.message)
    }

    /// Answers with one page of those objects in `collection` that are `wanted`; all are, if it
    /// says nothing.
    pub(super) fn page(
        &self,
        store: &KfpStore,
        query: &QueryParameters,
        collection: &Collection,
        wanted: Option<&dyn Fn(&Object) -> bool>,
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
        wanted: Option<&dyn Fn(&Object) -> bool>,
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
        let position = after
            .as_ref()
            .map(|after| self.position(&criteria.sort, after));
        let (total, mut numbers) = if wanted.is_none() && criteria.filter.accepts_all() {
            let all = self.all(collection, &criteria.sort, position.as_ref(), page_size + 1);
            (collection.len(), all)
        } else {
            let chosen =
                store
                    .selections
                    .get(store.changes(), &self.identity(&criteria, query), || {
                        self.chosen(collection, &criteria, wanted)
                    });
            let start = chosen.partition_point(|number| {
                !self.is_after(collection, &criteria.sort, *number, position.as_ref())
            });
            let rest = chosen.iter().skip(start).take(page_size + 1);
            (chosen.len(), rest.copied().collect())
        };
        let next = numbers.len() > page_size;
        numbers.truncate(page_size);
        let objects = numbers
            .iter()
            .filter_map(|number| collection.numbered(*number));
        let objects: Vec<&Object> = objects.collect();
        let last = objects.last().map(|last| {
            let value = self.value(&criteria.sort, last);
            (value.unwrap_or_default(), collection.key_of(last))
        });
        let last = last.or(after).filter(|_| next);
        let next_page_token = last.map(|last| self.token(&criteria, &last, number + 1));
        let objects = objects.into_iter().map(shown).collect();
        Ok(Reply::ok(self.answer(objects, total, next_page_token)))
    }

    /// What tells a choice of objects from others.
    fn identity(&self, criteria: &Criteria, query: &QueryParameters) -> String {
        let sort = (&criteria.sort.field, criteria.sort.descending);
        let filter = &criteria.filter.source;
        json!([self.list_field, query.restrictions(), sort, filter]).to_string()
    }

    /// The numbers of objects from behind a position on.
    fn all(
        &self,
        collection: &Collection,
        sort: &Sort,
        position: Option<&Place>,
        limit: usize,
    ) -> Vec<u64> {
        let mut numbers = Vec::with_capacity(limit);
        self.read(collection, sort, position, |number| {
            numbers.push(number);
            numbers.len() < limit
        });
        numbers
    }

    fn chosen(
        &self,
        collection: &Collection,
        criteria: &Criteria,
        wanted: Option<&dyn Fn(&Object) -> bool>,
    ) -> Vec<u64> {
        let is_chosen = |object: &Object| {
            wanted.is_none_or(|wanted| wanted(object)) && criteria.filter.accepts(object)
        };
        let mut numbers = Vec::new();
        self.read(collection, &criteria.sort, None, |number| {
            if collection.numbered(number).is_some_and(is_chosen) {
                numbers.push(number);
            }
            true
        });
        numbers
    }

    fn read(
        &self,
        collection: &Collection,
        sort: &Sort,
        position: Option<&Place>,
        read: impl FnMut(u64) -> bool,
    ) {
        let field = self.message().field(&sort.field);
        let rank = || move |object: &Object| rank(field, field.and_then(|f| f.value_in(object)));
        collection.numbers_by(&sort.field, rank, position, sort.descending, read);
    }

    fn is_after(
        &self,
        collection: &Collection,
        sort: &Sort,
        number: u64,
        position: Option<&Place>,
    ) -> bool {
        let (Some(position), Some(object)) = (position, collection.numbered(number)) else {
            return true;
        };
        let value = self.value(sort, object);
        let place = (
            rank(self.message().field(&sort.field), value),
            collection.key_of(object),
        );
        if sort.descending {
            place < *position
        } else {
            place > *position
        }
    }

    fn value(&self, sort: &Sort, object: &Object) -> Option<Value> {
        self.message().field(&sort.field)?.value_in(object)
    }

    fn position(&self, sort: &Sort, (value, key): &Last) -> Place {
        let field = self.message().field(&sort.field);
        (rank(field, Some(value.clone())), key.clone())
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
            let objects = objects.into_iter().map(Value::Object).collect();
            answer.insert(self.list_field.to_owned(), Value::Array(objects));
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
    fn criteria(&self, query: &QueryParameters) -> Result<(Criteria, Option<Last>, u64), KfpError> {
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

    /// What page the token is for matters where pages are short only.
    fn token(&self, criteria: &Criteria, last: &Last, number: u64) -> String {
        let token = json!({
            "list": self.list_field,
            "sort": [criteria.sort.field, criteria.sort.descending],
            "filter": criteria.filter.source,
            "after": last,
            "page": number,
        });
        URL_SAFE_NO_PAD.encode(token.to_string())
    }

    fn resume(&self, page_token: &str) -> Result<(Criteria, Last, u64), KfpError> {
        let refuse = || KfpError::invalid_input("invalid page token");
        let bytes = URL_SAFE_NO_PAD.decode(page_token).map_err(|_| refuse())?;
        let token: Value = serde_json::from_slice(&bytes).map_err(|_| refuse())?;
        if token["list"] != self.list_field {
            return Err(refuse());
        }
        let place: Last = serde_json::from_value(token["after"].clone()).map_err(|_| refuse())?;
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
        Kind::Message(_)
            | Kind::List(_)
            | Kind::Map(_)
            | Kind::Struct
            | Kind::AnyMessage
            | Kind::AnyValue
    )
}

fn rank(field: Option<&'static Field>, value: Option<Value>) -> Rank {
    let rank = match (field.map(|field| &field.kind), value) {
        (Some(Kind::Text | Kind::Enum(_)), Some(Value::String(text))) => Some(Rank::Text(text)),
        (Some(Kind::Boolean), Some(Value::Bool(value))) => Some(Rank::Boolean(value)),
        (Some(Kind::Time), Some(value)) => value.as_str().and_then(time::parse).map(Rank::Time),
        (Some(Kind::Int32 | Kind::Int64 | Kind::Double), Some(value)) => {
            number(&value).map(Rank::number)
        }
        _ => None,
    };
    rank.unwrap_or(Rank::Absent)
}

/// Compares two values of a field; `None` if they cannot be compared.
pub(super) fn compare(kind: &Kind, one: &Value, other: &Value) -> Option<Ordering> {
    match kind {
        Kind::Text | Kind::Enum(_) => Some(one.as_str()?.cmp(other.as_str()?)),
        Kind::Boolean => Some(one.as_bool()?.cmp(&other.as_bool()?)),
        Kind::Time => Some(time::parse(one.as_str()?)?.cmp(&time::parse(other.as_str()?)?)),
        Kind::Int32 | Kind::Int64 | Kind::Double => number(one)?.partial_cmp(&number(other)?),
        Kind::Message(_)
        | Kind::List(_)
        | Kind::Map(_)
        | Kind::Struct
        | Kind::AnyMessage
        | Kind::AnyValue => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}
