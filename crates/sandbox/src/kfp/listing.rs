//! Pages of lists.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::collection::{Collection, Rank};
use crate::kfp::error::KfpError;
use crate::kfp::filter::Filter;
use crate::kfp::objects::has;
use crate::kfp::parameters::QueryParameters;
use crate::kfp::resource::{Column, RUN, Resource};
use crate::kfp::server::KfpServer;
use crate::kfp::shown::View;
use crate::kfp::store::KfpStore;
use crate::object::{Object, set};

const DEFAULT_PAGE_SIZE: usize = 20;
const LARGEST_PAGE_SIZE: usize = 200;
const LARGEST_FULL_PAGE_SIZE: usize = 100;

/// The selection of a page's objects, and their order.
struct Criteria {
    column: Column,
    descending: bool,
    filter: Filter,
    after: Option<Last>,
    page: u64,
}

/// The fields of objects that a request restricts, and their allowed values.
pub(super) type Wanted = Vec<(&'static str, Vec<String>)>;

/// Position of an object in an order: by the sort value, then by the key.
type Place = (Rank, String);

/// The last object of a page: the value of the sort column, then the key.
type Last = (Value, String);

#[derive(Deserialize)]
struct Token {
    list: String,
    sort: (String, bool),
    filter: Vec<Value>,
    after: Last,
    /// The number of the page, which matters only if pages are short.
    page: u64,
}

impl Resource {
    /// Returns one page of the `wanted` objects, each as `view` shows it.
    pub(super) fn page(
        &'static self,
        store: &KfpStore,
        query: &QueryParameters,
        wanted: &Wanted,
        view: &View<'_>,
    ) -> Result<Value, KfpError> {
        let largest = if query.text("view") == "FULL" {
            LARGEST_FULL_PAGE_SIZE
        } else {
            LARGEST_PAGE_SIZE
        };
        let mut page_size = page_size(query.text("page_size"), largest)?;
        let criteria = self.criteria(query)?;
        if store.short_pages {
            page_size = shortened(page_size, criteria.page);
        }
        let collection = store.of(self);
        let order = (criteria.column.field, criteria.descending);
        let filter = (query.text("filter"), &criteria.filter.source);
        let changes = store.collections.changes;
        let identity = json!([changes, self.kind, wanted, order, filter]).to_string();
        let mut held = store.chosen.borrow_mut();
        if held.0 != identity {
            let is_wanted = |object: &Object| {
                let mut wanted = wanted.iter();
                wanted.all(|(field, values)| values.iter().any(|it| has(store, object, field, it)))
            };
            *held = (identity, criteria.choose(collection, is_wanted));
        }
        let chosen = &held.1;
        let start = criteria.after.as_ref().map_or(0, |(value, key)| {
            let last = (criteria.column.rank_of(value), key.clone());
            chosen.partition_point(|place| match criteria.descending {
                true => *place >= last,
                false => *place <= last,
            })
        });
        let rest = chosen.get(start..).unwrap_or_default();
        let next = rest.len() > page_size;
        let page = rest.iter().take(page_size);
        let objects: Vec<&Object> = page.filter_map(|(_, key)| collection.get(key)).collect();
        let last = objects.last().map(|last| {
            let value = criteria.column.value(last);
            (value, collection.key_of(last))
        });
        let last = last.or(criteria.after.clone()).filter(|_| next);
        // The server looks at the sort key again when it cuts a next page, and then misses some.
        if next && self.uncut.contains(&criteria.column.field) {
            let refusal = KfpError::invalid_input("this order supports only one page");
            let is_internal = self.kind == RUN.kind && store.server != KfpServer::Release217;
            return Err(if is_internal {
                refusal.internal()
            } else {
                refusal
            });
        }
        let token = last.map(|last| self.token(&criteria, &last));
        let objects = objects
            .into_iter()
            .map(|object| Value::Object(view.of_object(self, object)));
        let objects: Vec<Value> = objects.collect();
        // Zero values are omitted, so an empty page is an empty object.
        let mut body = Object::new();
        if !objects.is_empty() {
            set(&mut body, self.list_field, objects);
        }
        if !chosen.is_empty() {
            set(&mut body, "total_size", chosen.len());
        }
        if let Some(token) = token {
            set(&mut body, "next_page_token", token);
        }
        Ok(body.into())
    }

    /// Returns the criteria. A page token determines sorting and filter; the parameters may repeat
    /// them.
    fn criteria(&'static self, query: &QueryParameters) -> Result<Criteria, KfpError> {
        let sort_by = match query.text("sort_by") {
            "" => query.text("order_by"),
            sort_by => sort_by,
        };
        let page_token = query.text("page_token");
        let filter = Filter::read(query.text("filter"), self)?;
        let (column, descending) = self.sort(sort_by)?;
        let asked_for = Criteria {
            column,
            descending,
            filter,
            after: None,
            page: 0,
        };
        if page_token.is_empty() {
            return Ok(asked_for);
        }
        let mut held = self.resume(page_token)?;
        let has_filter = !asked_for.filter.source.is_empty();
        if has_filter || !sort_by.is_empty() {
            let same_order = column.field == held.column.field && descending == held.descending;
            if !same_order || !asked_for.filter.is_same_as(&held.filter) {
                return Err("the page token belongs to another order or filter: omit both".into());
            }
        }
        // Predicates on tags are not in the token.
        held.filter = if has_filter {
            asked_for.filter
        } else {
            held.filter.and(asked_for.filter)
        };
        Ok(held)
    }

    fn sort(&self, sort_by: &str) -> Result<(Column, bool), KfpError> {
        let lower_case = sort_by.to_ascii_lowercase();
        let words: Vec<&str> = lower_case.split_whitespace().collect();
        let (key, descending) = match words.as_slice() {
            [] => (self.created, false),
            [key] | [key, "asc"] => (*key, false),
            [key, "desc"] => (*key, true),
            _ => {
                return Err(format!(
                    "invalid order {sort_by:?}: use \"field\", \"field asc\" or \"field desc\""
                )
                .into());
            }
        };
        let column = self
            .column(key)
            .ok_or_else(|| format!("the list cannot be sorted by {key:?}"))?;
        Ok((column, descending))
    }

    fn token(&self, criteria: &Criteria, last: &Last) -> String {
        let token = json!({
            "list": self.kind,
            "sort": [criteria.column.field, criteria.descending],
            "filter": criteria.filter.source,
            "after": last,
            "page": criteria.page + 1,
        });
        STANDARD.encode(token.to_string())
    }

    fn resume(&'static self, page_token: &str) -> Result<Criteria, KfpError> {
        let bytes = STANDARD.decode(page_token).ok();
        let token = bytes.and_then(|bytes| serde_json::from_slice::<Token>(&bytes).ok());
        let token = token.filter(|token| token.list == self.kind);
        let refuse = || KfpError::malformed("invalid page token");
        let token = token.ok_or_else(refuse)?;
        let (field, descending) = token.sort;
        Ok(Criteria {
            column: self.column(&field).ok_or_else(refuse)?,
            descending,
            filter: Filter::of(token.filter, self)?,
            after: Some(token.after),
            page: token.page,
        })
    }
}

impl Criteria {
    fn choose(&self, collection: &Collection, wanted: impl Fn(&Object) -> bool) -> Vec<Place> {
        let is_chosen = |object: &&Object| wanted(object) && self.filter.accepts(object);
        let place = |object| (self.column.rank(object), collection.key_of(object));
        let mut chosen: Vec<Place> = collection.iter().filter(is_chosen).map(place).collect();
        chosen.sort_unstable();
        if self.descending {
            chosen.reverse();
        }
        chosen
    }
}

/// Returns a shorter page size: every second page is empty, and every second of the others is halved.
fn shortened(page_size: usize, number: u64) -> usize {
    match number % 4 {
        0 => page_size.div_ceil(2),
        2 => page_size,
        _ => 0,
    }
}

fn page_size(text: &str, largest: usize) -> Result<usize, KfpError> {
    let asked_for: i32 = text.parse().unwrap_or_default();
    match usize::try_from(asked_for) {
        Ok(0) => Ok(DEFAULT_PAGE_SIZE),
        Ok(size) => Ok(size.min(largest)),
        Err(_) => Err(format!("page size {asked_for} is negative").into()),
    }
}
