use std::cmp::Ordering;

use serde_json::{Value, json};

use crate::collection::Rank;
use crate::kfp::error::KfpError;
use crate::kfp::message::Message;
use crate::kfp::proto_json::parse;
use crate::kfp::resource::{Column, Resource};
use crate::kfp::time;
use crate::object::Object;
use crate::percent::decode_query_strict;

/// Predicates that must all hold.
#[derive(Default)]
pub(super) struct Filter {
    predicates: Vec<Predicate>,
    /// The predicates as sent, except for those on tags, which a page token does not contain.
    pub(super) source: Vec<Value>,
}

struct Predicate {
    subject: Subject,
    relation: Relation,
    operands: Vec<Operand>,
}

enum Subject {
    Column(Column),
    Tag(String),
}

#[derive(Clone, Copy)]
enum Relation {
    Ordering(fn(Ordering) -> bool),
    Substring,
}

enum Operand {
    Text(String),
    Number(f64),
}

impl Filter {
    /// Parses the value of a query parameter. The server percent-decodes it once more.
    pub(super) fn read(parameter: &str, resource: &'static Resource) -> Result<Self, KfpError> {
        if parameter.is_empty() {
            return Ok(Self::default());
        }
        let refuse = |reason: &str| {
            let shown = json!(parameter);
            KfpError::invalid_input(format!("invalid filter {shown}: {reason}"))
        };
        let text = decode_query_strict(parameter).map_err(|reason| refuse(&reason))?;
        let value = parse(text.as_bytes()).map_err(|_| refuse("invalid JSON"))?;
        let mut filter = Message::named("v2beta1Filter")
            .read(&value)
            .map_err(|reason| refuse(&reason))?;
        match filter.remove("predicates") {
            Some(Value::Array(predicates)) => Self::of(predicates, resource),
            _ => Ok(Self::default()),
        }
    }

    /// Creates a filter from predicates that were parsed before.
    pub(super) fn of(source: Vec<Value>, resource: &'static Resource) -> Result<Self, KfpError> {
        let predicates = source
            .iter()
            .map(|predicate| Predicate::read(predicate, resource))
            .collect::<Result<_, _>>()?;
        let mut filter = Self { predicates, source };
        // Keys that stand for the same field make the same page tokens.
        for predicate in &mut filter.source {
            let key = predicate["key"].as_str();
            if let Some(column) = key.and_then(|key| resource.column(key)) {
                predicate["key"] = json!(column.field);
            }
        }
        if resource.has_tags() {
            filter.source.retain(|predicate| tag(predicate).is_none());
        }
        Ok(filter)
    }

    pub(super) fn and(mut self, other: Self) -> Self {
        self.predicates.extend(other.predicates);
        self
    }

    pub(super) fn accepts(&self, object: &Object) -> bool {
        let mut predicates = self.predicates.iter();
        predicates.all(|predicate| predicate.holds(object))
    }

    /// Returns whether the server considers this filter equal to that of a page token. It compares
    /// parsed values with stored ones, where only plain strings are equal.
    pub(super) fn is_same_as(&self, held: &Self) -> bool {
        let mut predicates = self.source.iter();
        self.source.len() == held.source.len()
            && predicates.all(|predicate| {
                predicate["string_value"].is_string() && held.source.contains(predicate)
            })
    }
}

impl Predicate {
    fn read(predicate: &Value, resource: &'static Resource) -> Result<Self, KfpError> {
        let key = predicate["key"].as_str().unwrap_or_default();
        let operation = &predicate["operation"];
        let (kind, value) = only_operand(predicate, key)?;
        if let Some(name) = tag(predicate).filter(|_| resource.has_tags()) {
            if operation != "EQUALS" || kind != "string_value" {
                return Err(format!(
                    "a filter on tag {name:?} supports only EQUALS with a string_value"
                )
                .into());
            }
            return Ok(Self {
                subject: Subject::Tag(name.to_owned()),
                relation: Relation::Ordering(Ordering::is_eq),
                operands: operands(kind, value),
            });
        }
        let (relation, fits): (_, fn(&str) -> bool) = match operation.as_str().unwrap_or_default() {
            "EQUALS" => (Relation::Ordering(Ordering::is_eq), is_scalar),
            "NOT_EQUALS" => (Relation::Ordering(Ordering::is_ne), is_scalar),
            "GREATER_THAN" => (Relation::Ordering(Ordering::is_gt), is_scalar),
            "GREATER_THAN_EQUALS" => (Relation::Ordering(Ordering::is_ge), is_scalar),
            "LESS_THAN" => (Relation::Ordering(Ordering::is_lt), is_scalar),
            "LESS_THAN_EQUALS" => (Relation::Ordering(Ordering::is_le), is_scalar),
            "IN" => (Relation::Ordering(Ordering::is_eq), |kind| !is_scalar(kind)),
            "IS_SUBSTRING" => (Relation::Substring, |kind| kind == "string_value"),
            _ => {
                return Err("a predicate has an unknown operation".into());
            }
        };
        if !fits(kind) {
            return Err(format!("operation {operation} does not support a {kind}").into());
        }
        let column = resource
            .column(key)
            .ok_or_else(|| format!("the list cannot be filtered by {key:?}"))?;
        Ok(Self {
            subject: Subject::Column(column),
            relation,
            operands: operands(kind, value),
        })
    }

    fn holds(&self, object: &Object) -> bool {
        let rank = match &self.subject {
            Subject::Column(column) => column.rank(object),
            Subject::Tag(name) => {
                let tag = object.get("tags").and_then(|tags| tags.get(name)?.as_str());
                tag.map_or(Rank::Absent, |tag| Rank::Text(tag.to_owned()))
            }
        };
        self.operands.iter().any(|operand| match self.relation {
            Relation::Ordering(accepts) => {
                rank != Rank::Absent && accepts(rank.cmp(&operand.ranked_as(&rank)))
            }
            Relation::Substring => match (&rank, operand) {
                (Rank::Text(text), Operand::Text(part)) => {
                    text.to_lowercase().contains(&part.to_lowercase())
                }
                _ => false,
            },
        })
    }
}

impl Operand {
    /// Converts an operand to the type of the column if possible, as a loosely typed database does to
    /// compare numbers and strings.
    fn ranked_as(&self, column: &Rank) -> Rank {
        match (self, column) {
            (Self::Number(number), Rank::Text(_)) => Rank::Text(number.to_string()),
            (Self::Number(number), _) => Rank::number(*number),
            (Self::Text(text), Rank::Number(_)) => text
                .parse()
                .map_or_else(|_| Rank::Text(text.clone()), Rank::number),
            (Self::Text(text), _) => Rank::Text(text.clone()),
        }
    }
}

fn tag(predicate: &Value) -> Option<&str> {
    predicate["key"].as_str()?.strip_prefix("tags.")
}

fn is_scalar(kind: &str) -> bool {
    !kind.ends_with('s')
}

fn only_operand<'a>(predicate: &'a Value, key: &str) -> Result<(&'a str, &'a Value), KfpError> {
    let fields = predicate.as_object().into_iter().flatten();
    let mut operands = fields.filter(|(name, _)| !matches!(name.as_str(), "key" | "operation"));
    match (operands.next(), operands.next()) {
        (Some((name, value)), None) => Ok((name, value)),
        _ => {
            let refusal = format!("the predicate on key {key:?} must have exactly one value");
            Err(KfpError::malformed(refusal))
        }
    }
}

/// Returns the elements of a list, or a single value.
fn operands(kind: &str, value: &Value) -> Vec<Operand> {
    let values = match value.get("values") {
        Some(Value::Array(values)) => values.as_slice(),
        _ if value.is_object() => &[],
        _ => std::slice::from_ref(value),
    };
    let operands = values.iter().filter_map(|value| match value {
        Value::String(text) if kind.starts_with("string") => Some(Operand::Text(text.clone())),
        Value::String(text) if kind == "timestamp_value" => {
            time::seconds(text).map(Operand::Number)
        }
        Value::String(text) => text.parse().ok().map(Operand::Number),
        number => number.as_f64().map(Operand::Number),
    });
    operands.collect()
}
