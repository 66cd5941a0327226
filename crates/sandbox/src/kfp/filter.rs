use std::cmp::Ordering;

use serde_json::{Value, json};

use crate::kfp::KfpError;
use crate::kfp::listing::compare;
use crate::kfp::message::{Field, Kind, Message, parse};
use crate::kfp::messages::FILTER;
use crate::percent::decode_query_strict;
use crate::store::Object;

/// Predicates that all have to hold.
pub(super) struct Filter {
    predicates: Vec<Predicate>,
    /// As read, to be compared with the filter of another page.
    pub(super) source: Object,
}

struct Predicate {
    field: &'static Field,
    relation: Relation,
    operands: Vec<Value>,
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
        let source = FILTER.read(&value).map_err(|reason| refuse(&reason))?;
        Self::of(source, message)
    }

    /// The filter of a source that was read before.
    pub(super) fn of(source: Object, message: &'static Message) -> Result<Self, KfpError> {
        let predicates = source.get("predicates").and_then(Value::as_array);
        let predicates = predicates
            .into_iter()
            .flatten()
            .map(|predicate| Predicate::read(predicate, message))
            .collect::<Result<_, _>>()?;
        Ok(Self { predicates, source })
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
            field,
            relation,
            operands: operands(operand),
        })
    }

    fn holds(&self, object: &Object) -> bool {
        let Some(value) = self.field.value_in(object) else {
            return false;
        };
        self.operands.iter().any(|operand| match self.relation {
            Relation::Ordering(accepts) => {
                compare(&self.field.kind, &value, operand).is_some_and(accepts)
            }
            Relation::In => compare(&self.field.kind, &value, operand).is_some_and(Ordering::is_eq),
            Relation::Substring => contains(&value, operand),
        })
    }
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
