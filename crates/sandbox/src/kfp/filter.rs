use std::cmp::Ordering;

use serde_json::{Value, json};

use crate::kfp::listing::compare;
use crate::kfp::message::{Field, Kind, Message, parse};
use crate::kfp::{KfpError, messages};
use crate::percent::decode_query_strict;
use crate::store::Object;

/// Predicates that all have to hold.
pub(super) struct Filter {
    predicates: Vec<Predicate>,
    /// As read, without predicates on tags, to be compared with the filter of another page: a page
    /// token does not hold tags.
    pub(super) source: Object,
}

struct Predicate {
    subject: Subject,
    relation: Relation,
    operands: Vec<Value>,
}

enum Subject {
    Field(&'static Field),
    Tag(String),
}

#[derive(Clone, Copy)]
enum Relation {
    Ordering(fn(Ordering) -> bool),
    In,
    Substring,
}

impl Filter {
    /// Reads the value of a query parameter; the server percent-decodes it once more.
    pub(super) fn read(parameter: &str, message: &'static Message) -> Result<Self, KfpError> {
        if parameter.is_empty() {
            return Ok(Self {
                predicates: Vec::new(),
                source: Object::new(),
            });
        }
        let refuse = |reason: &str| {
            let shown = json!(parameter);
            KfpError::invalid_input(format!(
                "failed to parse valid filter from {shown}: {reason}"
            ))
        };
        let text = decode_query_strict(parameter).map_err(|reason| refuse(&reason))?;
        let value = parse(text.as_bytes()).map_err(|_| refuse("it is not JSON"))?;
        let source = messages::named("v2beta1Filter")
            .read(&value)
            .map_err(|reason| refuse(&reason))?;
        Self::of(source, message)
    }

    /// The filter of a source that was read before.
    pub(super) fn of(mut source: Object, message: &'static Message) -> Result<Self, KfpError> {
        let predicates = source.get("predicates").and_then(Value::as_array);
        let predicates = predicates
            .into_iter()
            .flatten()
            .map(|predicate| Predicate::read(predicate, message))
            .collect::<Result<_, _>>()?;
        if let Some(held) = source.get_mut("predicates").and_then(Value::as_array_mut) {
            held.retain(|predicate| tag(predicate).is_none());
        }
        Ok(Self { predicates, source })
    }

    pub(super) fn accepts_all(&self) -> bool {
        self.predicates.is_empty()
    }

    pub(super) fn accepts(&self, object: &Object) -> bool {
        self.predicates
            .iter()
            .all(|predicate| predicate.holds(object))
    }
}

impl Predicate {
    fn read(predicate: &Value, message: &'static Message) -> Result<Self, KfpError> {
        let text = |name| {
            predicate
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let (key, operation) = (text("key"), text("operation"));
        if let Some(name) = tag(predicate).filter(|_| message.field("tags").is_some()) {
            return Self::of_tag(name, operation, predicate);
        }
        let field = message
            .field(key)
            .filter(|field| is_comparable(&field.kind))
            .ok_or_else(|| {
                KfpError::invalid_input(format!("no support for filtering on key {key:?}"))
            })?;
        let relation = relation(operation)?;
        let (operand_kind, operand) = only_operand(predicate, key)?;
        let fits = match relation {
            Relation::Ordering(_) => !operand_kind.ends_with('s'),
            Relation::In => operand_kind.ends_with('s'),
            Relation::Substring => operand_kind == "string_value",
        };
        if !fits || !suits(&field.kind, operand_kind) {
            return Err(KfpError::invalid_input(format!(
                "{operand_kind} does not fit operation {operation} on key {key:?}"
            )));
        }
        Ok(Self {
            subject: Subject::Field(field),
            relation,
            operands: operands(operand),
        })
    }

    fn of_tag(name: &str, operation: &str, predicate: &Value) -> Result<Self, KfpError> {
        let (operand_kind, operand) = only_operand(predicate, name)?;
        if operation != "EQUALS" || operand_kind != "string_value" {
            return Err(KfpError::invalid_input(format!(
                "a filter on tag {name:?} takes EQUALS and a string_value only"
            )));
        }
        Ok(Self {
            subject: Subject::Tag(name.to_owned()),
            relation: Relation::In,
            operands: operands(operand),
        })
    }

    fn holds(&self, object: &Object) -> bool {
        let (value, kind) = match &self.subject {
            Subject::Field(field) => (field.value_in(object), &field.kind),
            Subject::Tag(name) => {
                let tags = object.get("tags");
                (tags.and_then(|tags| tags.get(name)).cloned(), &Kind::Text)
            }
        };
        let Some(value) = value else {
            return false;
        };
        self.operands.iter().any(|operand| match self.relation {
            Relation::Ordering(accepts) => compare(kind, &value, operand).is_some_and(accepts),
            Relation::In => compare(kind, &value, operand).is_some_and(Ordering::is_eq),
            Relation::Substring => contains(&value, operand),
        })
    }
}

/// The tag that a predicate is about, if it is about one.
fn tag(predicate: &Value) -> Option<&str> {
    predicate.get("key")?.as_str()?.strip_prefix("tags.")
}

fn relation(operation: &str) -> Result<Relation, KfpError> {
    Ok(match operation {
        "EQUALS" => Relation::Ordering(Ordering::is_eq),
        "NOT_EQUALS" => Relation::Ordering(Ordering::is_ne),
        "GREATER_THAN" => Relation::Ordering(Ordering::is_gt),
        "GREATER_THAN_EQUALS" => Relation::Ordering(Ordering::is_ge),
        "LESS_THAN" => Relation::Ordering(Ordering::is_lt),
        "LESS_THAN_EQUALS" => Relation::Ordering(Ordering::is_le),
        "IN" => Relation::In,
        "IS_SUBSTRING" => Relation::Substring,
        _ => {
            return Err(KfpError::invalid_input(
                "a predicate of the filter has no operation",
            ));
        }
    })
}

fn only_operand<'a>(predicate: &'a Value, key: &str) -> Result<(&'a str, &'a Value), KfpError> {
    let fields = predicate.as_object().into_iter().flatten();
    let mut operands = fields.filter(|(name, _)| !matches!(name.as_str(), "key" | "operation"));
    match (operands.next(), operands.next()) {
        (Some((name, value)), None) => Ok((name, value)),
        _ => Err(KfpError::invalid_input(format!(
            "the predicate on key {key:?} must have exactly one value"
        ))),
    }
}

/// A list's elements, or the one value that is not a list.
fn operands(operand: &Value) -> Vec<Value> {
    match operand {
        Value::Object(list) => list
            .get("values")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default(),
        single => vec![single.clone()],
    }
}

fn is_comparable(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Text | Kind::Enum(_) | Kind::Int32 | Kind::Int64 | Kind::Double | Kind::Time
    )
}

fn suits(kind: &Kind, operand_kind: &str) -> bool {
    match kind {
        Kind::Text | Kind::Enum(_) => operand_kind.starts_with("string"),
        Kind::Int32 | Kind::Int64 | Kind::Double => {
            operand_kind.starts_with("int") || operand_kind.starts_with("long")
        }
        Kind::Time => operand_kind.starts_with("timestamp"),
        _ => false,
    }
}

fn contains(value: &Value, part: &Value) -> bool {
    match (value.as_str(), part.as_str()) {
        (Some(value), Some(part)) => value.contains(part),
        _ => false,
    }
}
