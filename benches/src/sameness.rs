//! Comparison of decoded data with what the server sent. A client that drops data looks fast.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use chrono::DateTime;
use serde_json::Value;

/// Differences in decoded data, by place. All items of a list are one place: `/runs/*/state`.
#[derive(Debug, Default, PartialEq)]
pub struct Differences(BTreeMap<String, Difference>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Difference {
    Lost,
    Changed,
    Added,
}

impl Differences {
    /// Compares what the server sent with what a candidate decoded. Null equals a missing property, a
    /// number its string, and a time any other notation of it.
    pub fn between(sent: &Value, decoded: &Value) -> Self {
        let mut differences = Self::default();
        differences.compare("", sent, decoded);
        differences
    }

    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    fn compare(&mut self, place: &str, sent: &Value, decoded: &Value) {
        match (sent, decoded) {
            (Value::Null, Value::Null) => {}
            (Value::Null, _) => self.note(place, Difference::Added),
            (_, Value::Null) => self.note(place, Difference::Lost),
            (Value::Object(sent), Value::Object(decoded)) => {
                for (name, value) in sent {
                    let there = decoded.get(name).unwrap_or(&Value::Null);
                    self.compare(&format!("{place}/{name}"), value, there);
                }
                for (name, value) in decoded {
                    if !sent.contains_key(name) {
                        self.compare(&format!("{place}/{name}"), &Value::Null, value);
                    }
                }
            }
            (Value::Array(sent), Value::Array(decoded)) => {
                if sent.len() != decoded.len() {
                    self.note(place, Difference::Changed);
                }
                for (sent, decoded) in sent.iter().zip(decoded) {
                    self.compare(&format!("{place}/*"), sent, decoded);
                }
            }
            _ if is_same(sent, decoded) => {}
            _ => self.note(place, Difference::Changed),
        }
    }

    fn note(&mut self, place: &str, difference: Difference) {
        self.0.insert(place.to_owned(), difference);
    }
}

impl Display for Differences {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return formatter.write_str("nothing");
        }
        for (index, (place, difference)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let verb = match difference {
                Difference::Lost => "loses",
                Difference::Changed => "changes",
                Difference::Added => "adds",
            };
            write!(formatter, "{comma}{verb} `{place}`")?;
        }
        Ok(())
    }
}

fn is_same(sent: &Value, decoded: &Value) -> bool {
    match (sent, decoded) {
        (Value::Number(number), Value::String(text))
        | (Value::String(text), Value::Number(number)) => number.to_string() == *text,
        (Value::Number(sent), Value::Number(decoded)) => {
            sent == decoded || sent.as_f64() == decoded.as_f64()
        }
        (Value::String(sent), Value::String(decoded)) => {
            let time = |text| DateTime::parse_from_rfc3339(text).ok();
            sent == decoded || time(sent).is_some_and(|sent| time(decoded) == Some(sent))
        }
        _ => sent == decoded,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(sent: Value, decoded: Value) -> String {
        Differences::between(&sent, &decoded).to_string()
    }

    #[test]
    fn a_property_missing_in_every_item_is_reported_once() {
        let sent = json!({"runs": [{"id": 1, "state": "A"}, {"id": 2, "state": "B"}]});
        let decoded = json!({"runs": [{"id": 1}, {"id": 2}]});
        assert_eq!(shown(sent, decoded), "loses `/runs/*/state`");
    }

    #[test]
    fn changed_and_added_properties_are_reported() {
        let sent = json!({"name": "a", "list": [1, 2]});
        let decoded = json!({"name": "b", "list": [1], "count": 0});
        let expected = "adds `/count`, changes `/list`, changes `/name`";
        assert_eq!(shown(sent, decoded), expected);
    }

    #[test]
    fn null_equals_a_missing_property() {
        assert_eq!(shown(json!({"a": null}), json!({"b": null})), "nothing");
        assert_eq!(shown(json!({"a": 1}), json!({"a": null})), "loses `/a`");
    }

    #[test]
    fn a_time_equals_any_other_notation_of_it() {
        let decoded = json!("2025-11-03T02:00:07.500+01:00");
        assert_eq!(shown(json!("2025-11-03T01:00:07.5Z"), decoded), "nothing");
        let decoded = json!("2025-11-03T01:00:07Z");
        assert_eq!(
            shown(json!("2025-11-03T01:00:07.5Z"), decoded),
            "changes ``"
        );
    }

    #[test]
    fn a_number_equals_its_string() {
        assert_eq!(shown(json!("4711"), json!(4711)), "nothing");
        assert_eq!(shown(json!(4), json!(4.0)), "nothing");
        assert_eq!(shown(json!("04711"), json!(4711)), "changes ``");
    }
}
