//! Filters and sort orders for KFP's lists.

use compute_kfp_runtime::Timestamp;
use serde_json::{Value, json};

/// A filter for a list of KFP. The list returns the objects for which every predicate holds.
///
/// Pass it to the `filter` of a list. Each list has its own keys: the names of most plain
/// properties, such as `display_name`, `state` or `created_at`.
///
/// ```no_run
/// # async fn example(kfp: compute_kfp::kfp::Client) -> compute_kfp::Result<()> {
/// use compute_kfp::Timestamp;
/// use compute_kfp::kfp::{Filter, Sort};
///
/// let yesterday: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap_or(Timestamp::now());
/// let failed = Filter::in_("state", ["FAILED", "CANCELED"])
///     .and(Filter::contains("display_name", "nightly"))
///     .and(Filter::greater_than("created_at", yesterday));
/// let runs = kfp.list_runs().filter(failed).sort_by(Sort::descending("created_at")).send().await?;
/// # drop(runs);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "pass it to the `filter` of a list"]
pub struct Filter {
    predicates: Vec<Value>,
}

impl Filter {
    /// Matches if the property is equal to the value.
    pub fn eq(key: impl Into<String>, value: impl Into<FilterValue>) -> Self {
        Self::compare("EQUALS", key, value)
    }

    /// Matches if the property is not equal to the value.
    pub fn not_eq(key: impl Into<String>, value: impl Into<FilterValue>) -> Self {
        Self::compare("NOT_EQUALS", key, value)
    }

    /// Matches if the property is greater than the value, or later.
    pub fn greater_than(key: impl Into<String>, value: impl Into<FilterValue>) -> Self {
        Self::compare("GREATER_THAN", key, value)
    }

    /// Matches if the property is greater than or equal to the value, or not before it.
    pub fn greater_than_or_eq(key: impl Into<String>, value: impl Into<FilterValue>) -> Self {
        Self::compare("GREATER_THAN_EQUALS", key, value)
    }

    /// Matches if the property is less than the value, or earlier.
    pub fn less_than(key: impl Into<String>, value: impl Into<FilterValue>) -> Self {
        Self::compare("LESS_THAN", key, value)
    }

    /// Matches if the property is less than or equal to the value, or not after it.
    pub fn less_than_or_eq(key: impl Into<String>, value: impl Into<FilterValue>) -> Self {
        Self::compare("LESS_THAN_EQUALS", key, value)
    }

    /// Matches if the property is one of the values: strings, `i32` or `i64`.
    ///
    /// KFP's predicates have no list of times, so such a list does not compile:
    ///
    /// ```compile_fail,E0277
    /// use compute_kfp::{Timestamp, kfp::Filter};
    ///
    /// let filter = Filter::in_("created_at", [Timestamp::now()]);
    /// ```
    pub fn in_<V: FilterListed>(
        key: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values: Vec<Value> = values.into_iter().map(|value| value.into().json).collect();
        Self::predicate("IN", key, V::LIST, json!({"values": values}))
    }

    /// Matches if the property contains the string.
    pub fn contains(key: impl Into<String>, text: impl Into<String>) -> Self {
        let text: String = text.into();
        Self::compare("IS_SUBSTRING", key, text)
    }

    /// Returns a filter that matches if both this filter and the other one match.
    pub fn and(mut self, other: Self) -> Self {
        self.predicates.extend(other.predicates);
        self
    }

    fn compare(operation: &str, key: impl Into<String>, value: impl Into<FilterValue>) -> Self {
        let value = value.into();
        Self::predicate(operation, key, value.kind, value.json)
    }

    fn predicate(operation: &str, key: impl Into<String>, kind: &str, value: Value) -> Self {
        let key = key.into();
        Self {
            predicates: vec![json!({"operation": operation, "key": key, kind: value})],
        }
    }
}

impl From<Filter> for String {
    /// Converts the filter to JSON.
    fn from(filter: Filter) -> Self {
        json!({"predicates": filter.predicates}).to_string()
    }
}

/// The value that a property is compared with: a string, a number or a time.
#[derive(Clone, Debug, PartialEq)]
pub struct FilterValue {
    kind: &'static str,
    json: Value,
}

/// A type of the values of [`Filter::in_`].
pub trait FilterListed: Into<FilterValue> {
    /// Property of a predicate that has such a list.
    const LIST: &'static str;
}

macro_rules! values {
    ($($type:ty, $kind:literal $(or $list:literal)?, |$value:ident| $json:expr;)+) => {$(
        impl From<$type> for FilterValue {
            fn from($value: $type) -> Self {
                Self {
                    kind: $kind,
                    json: Value::from($json),
                }
            }
        }
        $(impl FilterListed for $type {
            const LIST: &'static str = $list;
        })?
    )+};
}

values! {
    &str, "string_value" or "string_values", |text| text;
    &String, "string_value" or "string_values", |text| text.as_str();
    String, "string_value" or "string_values", |text| text;
    i32, "int_value" or "int_values", |number| number;
    i64, "long_value" or "long_values", |number| number.to_string();
    Timestamp, "timestamp_value", |time| time.to_string();
}

/// The sort order of a KFP list, for its `sort_by` (`order_by` for lists of tasks).
///
/// ```
/// use compute_kfp::kfp::Sort;
///
/// assert_eq!(String::from(Sort::descending("created_at")), "created_at desc");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "pass it to the `sort_by` of a list"]
pub struct Sort(String);

impl Sort {
    /// Sorts ascending: smallest or earliest first.
    pub fn ascending(field: impl Into<String>) -> Self {
        Self(format!("{} asc", field.into()))
    }

    /// Sorts descending: largest or latest first.
    pub fn descending(field: impl Into<String>) -> Self {
        Self(format!("{} desc", field.into()))
    }
}

impl From<Sort> for String {
    fn from(sort: Sort) -> Self {
        sort.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn predicates(filter: Filter) -> Value {
        let filter: Value = serde_json::from_str(&String::from(filter)).unwrap();
        filter["predicates"].clone()
    }

    #[test]
    fn every_operation_has_its_name() {
        for (filter, operation) in [
            (Filter::eq("k", 1), "EQUALS"),
            (Filter::not_eq("k", 1), "NOT_EQUALS"),
            (Filter::greater_than("k", 1), "GREATER_THAN"),
            (Filter::greater_than_or_eq("k", 1), "GREATER_THAN_EQUALS"),
            (Filter::less_than("k", 1), "LESS_THAN"),
            (Filter::less_than_or_eq("k", 1), "LESS_THAN_EQUALS"),
        ] {
            let expected = json!([{"operation": operation, "key": "k", "int_value": 1}]);
            assert_eq!(predicates(filter), expected);
        }
        assert_eq!(
            predicates(Filter::contains("k", "part")),
            json!([{"operation": "IS_SUBSTRING", "key": "k", "string_value": "part"}]),
        );
    }

    #[test]
    fn every_value_has_its_type() {
        let time: Timestamp = "2026-11-22T01:02:03.000000004+02:00".parse().unwrap();
        for (filter, kind, value) in [
            (Filter::eq("k", "text"), "string_value", json!("text")),
            (Filter::eq("k", 7), "int_value", json!(7)),
            (
                Filter::eq("k", i64::MIN),
                "long_value",
                json!("-9223372036854775808"),
            ),
            (
                Filter::eq("k", time),
                "timestamp_value",
                json!("2026-11-22T01:02:03.000000004+02:00"),
            ),
        ] {
            let expected = json!([{"operation": "EQUALS", "key": "k", kind: value}]);
            assert_eq!(predicates(filter), expected);
        }
        for (filter, kind, values) in [
            (
                Filter::in_("k", ["a", "b"]),
                "string_values",
                json!(["a", "b"]),
            ),
            (Filter::in_("k", [1, 2]), "int_values", json!([1, 2])),
            (
                Filter::in_("k", [1_i64, 2]),
                "long_values",
                json!(["1", "2"]),
            ),
            (
                Filter::in_("k", Vec::<String>::new()),
                "string_values",
                json!([]),
            ),
        ] {
            let expected = json!([{"operation": "IN", "key": "k", kind: {"values": values}}]);
            assert_eq!(predicates(filter), expected);
        }
    }

    #[test]
    fn predicates_keep_their_order() {
        let filter = Filter::eq("a", 1)
            .and(Filter::eq("b", 2).and(Filter::eq("c", 3)))
            .and(Filter::eq("d", 4));
        let predicates = predicates(filter);
        let keys: Vec<_> = predicates.as_array().unwrap().iter().collect();
        let keys: Vec<_> = keys.iter().map(|predicate| &predicate["key"]).collect();
        assert_eq!(keys, ["a", "b", "c", "d"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_arrives(key: String, text: String, parts in prop::collection::vec("[%+\"\\\\2B5 &=é😀]{0,6}", 0..4)) {
            let filter = Filter::eq(&key, &text).and(Filter::in_(&key, &parts));
            let expected = json!([
                {"operation": "EQUALS", "key": key, "string_value": text},
                {"operation": "IN", "key": key, "string_values": {"values": parts}},
            ]);
            prop_assert_eq!(predicates(filter), expected);
        }

        #[test]
        fn any_number_and_time_arrives(int: i32, long: i64, seconds in -62_135_596_800..=253_402_300_799_i64) {
            let time = Timestamp::from_unix_nanos(i128::from(seconds) * 1_000_000_000).unwrap();
            let filter = Filter::eq("k", int).and(Filter::eq("k", long)).and(Filter::eq("k", time));
            let predicates = predicates(filter);
            prop_assert_eq!(&predicates[0]["int_value"], &json!(int));
            prop_assert_eq!(&predicates[1]["long_value"], &json!(long.to_string()));
            prop_assert_eq!(&predicates[2]["timestamp_value"], &json!(time.to_string()));
        }
    }
}
