//! Objects of JSON, read property by property.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor,
};

/// A type that is read from a JSON object with `N` properties that have names.
///
/// What serde derives is compiled for each type anew: choosing the property by its name, and reading
/// an array in place of the object. Here a type says only where a value belongs; the rest is there
/// once. [`read`] does the reading.
///
/// # Examples
///
/// ```
/// use compute_kfp_runtime::object::{self, Object};
/// use serde::{Deserialize, Deserializer};
///
/// #[derive(Debug, Default, PartialEq)]
/// struct Metric {
///     name: String,
///     value: Option<f64>,
/// }
///
/// impl Object<2> for Metric {
///     type Partial = (Option<String>, Option<f64>);
///     const NAME: &'static str = "Metric";
///     const PROPERTIES: &'static [&'static str; 2] = &["name", "value"];
///
///     fn read_property<'de, D: Deserializer<'de>>(
///         partial: &mut Self::Partial,
///         property: usize,
///         value: D,
///     ) -> Result<(), D::Error> {
///         match property {
///             0 => partial.0 = Some(object::value(value)?),
///             1 => partial.1 = object::value(value)?,
///             _ => object::ignore(value)?,
///         }
///         Ok(())
///     }
///
///     fn finish((name, value): Self::Partial) -> Result<Self, &'static str> {
///         Ok(Self { name: name.ok_or("name")?, value })
///     }
/// }
///
/// impl<'de> Deserialize<'de> for Metric {
///     fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
///         object::read(deserializer)
///     }
/// }
///
/// let metric: Metric = serde_json::from_str(r#"{"value": 0.5, "unit": "1", "name": "auc"}"#)?;
/// assert_eq!(metric, Metric { name: "auc".into(), value: Some(0.5) });
/// let error = serde_json::from_str::<Metric>(r#"{"value": null}"#).unwrap_err();
/// assert!(error.to_string().starts_with("missing field `name`"));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub trait Object<const N: usize>: Sized {
    /// What is there while properties are read: the type itself where none of them is required.
    type Partial: Default;

    /// Name of the type, for errors.
    const NAME: &'static str;

    /// Names of the properties. They are found fastest in the order in which they are sent.
    const PROPERTIES: &'static [&'static str; N];

    /// Reads the value of a property of [`PROPERTIES`](Self::PROPERTIES), by its place there; any
    /// other number stands for a property that the type does not have.
    ///
    /// # Errors
    ///
    /// What reading the value gives.
    fn read_property<'de, D: Deserializer<'de>>(
        partial: &mut Self::Partial,
        property: usize,
        value: D,
    ) -> Result<(), D::Error>;

    /// The object when all its properties have been read.
    ///
    /// # Errors
    ///
    /// The name of a required property that did not come.
    fn finish(partial: Self::Partial) -> Result<Self, &'static str>;
}

/// Reads an object.
///
/// # Errors
///
/// A value that is no object, a property that comes twice, a required one that does not come, and what
/// reading its values gives.
pub fn read<'de, T, D, const N: usize>(deserializer: D) -> Result<T, D::Error>
where
    T: Object<N>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(ObjectVisitor::<T, N>(PhantomData))
}

/// Reads a value that needs nothing special.
///
/// # Errors
///
/// What reading a `T` gives.
pub fn value<'de, T, D>(value: D) -> Result<T, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(value)
}

/// Reads a value of which nothing is kept.
///
/// # Errors
///
/// A value that cannot be read.
pub fn ignore<'de, D: Deserializer<'de>>(value: D) -> Result<(), D::Error> {
    IgnoredAny::deserialize(value).map(drop)
}

struct ObjectVisitor<T, const N: usize>(PhantomData<T>);

impl<'de, T: Object<N>, const N: usize> Visitor<'de> for ObjectVisitor<T, N> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("struct ")?;
        f.write_str(T::NAME)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut properties: A) -> Result<T, A::Error> {
        let mut partial = T::Partial::default();
        let mut seen = [false; N];
        let mut expected = 0;
        while let Some(property) = properties.next_key_seed(Name {
            names: T::PROPERTIES,
            expected,
        })? {
            if let Some(seen) = seen.get_mut(property) {
                if *seen {
                    return Err(comes_twice(T::PROPERTIES[property]));
                }
                *seen = true;
                expected = property + 1;
            }
            properties.next_value_seed(PropertyValue::<T, N> {
                partial: &mut partial,
                property,
            })?;
        }
        T::finish(partial).map_err(is_missing)
    }
}

#[cold]
fn comes_twice<E: Error>(property: &'static str) -> E {
    E::duplicate_field(property)
}

#[cold]
fn is_missing<E: Error>(property: &'static str) -> E {
    E::missing_field(property)
}

/// Finds the place of a property's name; the number of all names for one that is not among them.
struct Name {
    names: &'static [&'static str],
    expected: usize,
}

impl<'de> DeserializeSeed<'de> for Name {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a property")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        Ok(self.place_of(name))
    }
}

impl Name {
    /// Most servers write properties in the order of the description, and leave some out.
    fn place_of(&self, name: &str) -> usize {
        let (before, behind) = self.names.split_at(self.expected.min(self.names.len()));
        let place = |names: &[&str]| names.iter().position(|known| *known == name);
        place(behind)
            .map(|place| before.len() + place)
            .or_else(|| place(before))
            .unwrap_or(self.names.len())
    }
}

struct PropertyValue<'a, T: Object<N>, const N: usize> {
    partial: &'a mut T::Partial,
    property: usize,
}

impl<'de, T: Object<N>, const N: usize> DeserializeSeed<'de> for PropertyValue<'_, T, N> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        T::read_property(self.partial, self.property, value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
    struct Task {
        id: u32,
        name: Option<String>,
        parent: Option<Box<Self>>,
    }

    #[derive(Debug, PartialEq)]
    struct ByName(Task);

    impl Object<3> for ByName {
        type Partial = (Option<u32>, Option<String>, Option<Box<Task>>);
        const NAME: &'static str = "Task";
        const PROPERTIES: &'static [&'static str; 3] = &["id", "name", "parent"];

        fn read_property<'de, D: Deserializer<'de>>(
            partial: &mut Self::Partial,
            property: usize,
            value: D,
        ) -> Result<(), D::Error> {
            match property {
                0 => partial.0 = Some(super::value(value)?),
                1 => partial.1 = super::value(value)?,
                2 => {
                    let parent: Option<Box<Self>> = super::value(value)?;
                    partial.2 = parent.map(|parent| Box::new(parent.0));
                }
                _ => ignore(value)?,
            }
            Ok(())
        }

        fn finish((id, name, parent): Self::Partial) -> Result<Self, &'static str> {
            let id = id.ok_or("id")?;
            Ok(Self(Task { id, name, parent }))
        }
    }

    impl<'de> Deserialize<'de> for ByName {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            read(deserializer)
        }
    }

    fn fault(json: &str) -> String {
        let error = serde_json::from_str::<ByName>(json).unwrap_err();
        error.to_string()
    }

    #[test]
    fn properties_are_read_in_any_order_and_unknown_ones_passed_over() {
        let parent = Task {
            id: 1,
            ..Task::default()
        };
        let task = ByName(Task {
            id: 2,
            name: Some("train".into()),
            parent: Some(Box::new(parent)),
        });
        for json in [
            r#"{"id": 2, "name": "train", "parent": {"id": 1}}"#,
            r#"{"parent": {"name": null, "id": 1}, "name": "train", "id": 2}"#,
            r#"{"ids": [{}], "name": "train", "": 0, "parent": {"id": 1}, "id": 2, "idle": {"id": 3}}"#,
            r#"{"\u0069d": 2, "n\u0061me": "train", "parent": {"id": 1}}"#,
        ] {
            assert_eq!(
                serde_json::from_str::<ByName>(json).unwrap(),
                task,
                "{json}"
            );
        }
        let value = json!({"id": 2, "name": "train", "parent": {"id": 1}});
        assert_eq!(serde_json::from_value::<ByName>(value).unwrap(), task);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, said) in [
            ("{}", "missing field `id` at line 1 column 2"),
            (
                r#"{"id": 1, "id": 1}"#,
                "duplicate field `id` at line 1 column 14",
            ),
            ("7", "invalid type: integer `7`, expected struct Task"),
            (
                "[1, null, null]",
                "invalid type: sequence, expected struct Task",
            ),
            (r#"{"id": "1"}"#, "expected u32 at line 1 column 10"),
            (r#"{"id": 1, "parent": {}}"#, "missing field `id`"),
            (r#"{"id": 1"#, "EOF"),
            (
                &r#"{"id": 1, "parent": "#.repeat(100_000),
                "recursion limit exceeded",
            ),
        ] {
            assert!(fault(json).contains(said), "{json}: {}", fault(json));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_object_is_read_as_serde_derives_it(
            properties in prop::collection::vec(
                ("id|name|parent|other", "[0-9]|null|\"[a-z]?\"|\\{\"id\": ?[0-9]\\}|\\{\\}|[\\]x]"),
                0..5,
            ),
        ) {
            let properties: Vec<String> = properties
                .iter()
                .map(|(name, value)| format!("\"{name}\":{value}"))
                .collect();
            let json = format!("{{{}}}", properties.join(","));
            let read = serde_json::from_str(&json).map(|ByName(task)| task);
            let derived = serde_json::from_str::<Task>(&json);
            prop_assert_eq!(
                read.map_err(|error| error.to_string()),
                derived.map_err(|error| error.to_string())
            );
        }
    }
}
