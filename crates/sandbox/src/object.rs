use std::sync::LazyLock;

use serde_json::{Map, Value};

/// A JSON object in the format in which its API sends it.
pub(crate) type Object = Map<String, Value>;

/// Returns the string in a field. It is empty if absent.
pub(crate) fn text<'a>(object: &'a Object, field: &str) -> &'a str {
    object
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Returns the object in a field. It is empty if absent.
pub(crate) fn inner<'a>(object: &'a Object, field: &str) -> &'a Object {
    static NONE: LazyLock<Object> = LazyLock::new(Object::new);
    let inner = object.get(field).and_then(Value::as_object);
    inner.unwrap_or(&NONE)
}

/// Returns the fields of an object. Other values have none.
pub(crate) fn object(value: Value) -> Object {
    match value {
        Value::Object(fields) => fields,
        _ => Object::new(),
    }
}

/// Returns these fields of an object, as far as it has them.
pub(crate) fn picked<'a>(object: &Object, fields: impl IntoIterator<Item = &'a str>) -> Object {
    let fields = fields.into_iter();
    let held = fields.filter_map(|field| Some((field.to_owned(), object.get(field)?.clone())));
    held.collect()
}

pub(crate) fn set(object: &mut Object, field: &str, value: impl Into<Value>) {
    object.insert(field.to_owned(), value.into());
}

/// Returns a number as an integer, if it is one. So are `1.0` and `1e3`. Beyond 2^53 a float is
/// ambiguous.
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn whole(float: f64) -> Option<i64> {
    const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;
    (float.fract() == 0.0 && float.abs() <= LARGEST_EXACT).then_some(float as i64)
}
