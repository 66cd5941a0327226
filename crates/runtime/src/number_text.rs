//! Numbers as Protocol Buffers write them in JSON, with some of them as strings.
//!
//! JSON decoders that hold numbers as doubles lose digits beyond 2⁵³, so `int64` and `uint64` are
//! written as strings. JSON has no literal for non-finite numbers, so a double may be `"NaN"`,
//! `"Infinity"` or `"-Infinity"`. With `#[serde(with = "compute_kfp_runtime::number_text")]`, a
//! field is written in this form and read from strings and numbers.
//!
//! The field is an `i64`, a `u64` or an `f64`, or an `Option`, [`Nullable`], `Vec`,
//! `BTreeMap<String, _>` or `HashMap<String, _>` of them, nested in any way.
//!
//! | JSON | read as |
//! |---|---|
//! | `"42"`, `42`, `42.0` | 42 |
//! | `"NaN"`, `"Infinity"`, `"-Infinity"` | that double; an error for an integer |
//! | `null` | `None`, or an empty list or map; an error for a bare number |
//! | `""`, `"many"`, for an integer also `4.2` and integers that exceed 64 bits | an error that names the value |
//!
//! # Examples
//!
//! ```
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Quota {
//!     #[serde(with = "compute_kfp_runtime::number_text")]
//!     bytes: u64,
//!     #[serde(
//!         default,
//!         skip_serializing_if = "Option::is_none",
//!         with = "compute_kfp_runtime::number_text"
//!     )]
//!     limit: Option<i64>,
//! }
//!
//! let quota: Quota = serde_json::from_str(r#"{"bytes": 9007199254740993}"#)?;
//! assert_eq!(quota.limit, None);
//! assert_eq!(serde_json::to_string(&quota)?, r#"{"bytes":"9007199254740993"}"#);
//! # Ok::<(), serde_json::Error>(())
//! ```

// `serde_with` was tried instead: its types reject 42.0 and null lists, write NaN as null, and accept
// `inf` and `+1`.

use std::collections::{BTreeMap, HashMap};
#[cfg(feature = "schemars")]
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::null;
use crate::nullable::Nullable;

/// Writes the numbers in `value`: integers as strings, doubles as strings if they are not finite.
///
/// # Errors
///
/// Returns the error of the serializer.
///
/// ```
/// let text = compute_kfp_runtime::number_text::serialize(
///     &vec![1_i64, -2],
///     serde_json::value::Serializer,
/// )?;
/// assert_eq!(text, serde_json::json!(["1", "-2"]));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn serialize<T: NumberText, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    value.to_wire().serialize(serializer)
}

/// Reads numbers that are written as strings or as numbers.
///
/// # Errors
///
/// Returns an error that names the value if it is not a number of the field's type.
///
/// ```
/// let numbers: Vec<i64> =
///     compute_kfp_runtime::number_text::deserialize(serde_json::json!(["1", -2]))?;
/// assert_eq!(numbers, [1, -2]);
///
/// let error =
///     compute_kfp_runtime::number_text::deserialize::<u64, _>(serde_json::json!("-1")).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     r#"invalid value: "-1", expected a uint64 as a string or a number"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn deserialize<'de, T: NumberText, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    T::Wire::deserialize(deserializer).map(T::from_wire)
}

/// A field type that [`serialize`] and [`deserialize`] support.
///
/// It is implemented for `i64`, `u64`, `f64`, and for `Option`, [`Nullable`], `Vec` and string-keyed
/// maps of types that implement it.
///
/// ```
/// fn total<T: compute_kfp_runtime::number_text::NumberText>(_: &T) {}
/// total(&vec![Some(1_i64)]);
/// ```
pub trait NumberText: Sized {
    /// Type with the wire format.
    #[cfg(feature = "schemars")]
    type Wire: Serialize + DeserializeOwned + schemars::JsonSchema;
    /// Type with the wire format.
    #[cfg(not(feature = "schemars"))]
    type Wire: Serialize + DeserializeOwned;

    /// Converts to the type with the wire format.
    fn to_wire(&self) -> Self::Wire;

    /// Converts from the type with the wire format.
    fn from_wire(wire: Self::Wire) -> Self;
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl NumberText for $number {
            type Wire = Text<Self>;

            fn to_wire(&self) -> Text<Self> {
                Text(*self)
            }

            fn from_wire(wire: Text<Self>) -> Self {
                wire.0
            }
        }
    )*};
}

numbers!(i64, u64, f64);

impl<T: NumberText> NumberText for Option<T> {
    type Wire = Option<T::Wire>;

    fn to_wire(&self) -> Self::Wire {
        self.as_ref().map(T::to_wire)
    }

    fn from_wire(wire: Self::Wire) -> Self {
        wire.map(T::from_wire)
    }
}

impl<T: NumberText> NumberText for Nullable<T> {
    type Wire = Nullable<T::Wire>;

    fn to_wire(&self) -> Self::Wire {
        self.as_ref().map(T::to_wire)
    }

    fn from_wire(wire: Self::Wire) -> Self {
        wire.map(T::from_wire)
    }
}

impl<T: NumberText> NumberText for Vec<T> {
    type Wire = OrNull<Vec<T::Wire>>;

    fn to_wire(&self) -> Self::Wire {
        OrNull(self.iter().map(T::to_wire).collect())
    }

    fn from_wire(wire: Self::Wire) -> Self {
        wire.0.into_iter().map(T::from_wire).collect()
    }
}

macro_rules! maps {
    ($($map:ident),*) => {$(
        impl<T: NumberText> NumberText for $map<String, T> {
            type Wire = OrNull<$map<String, T::Wire>>;

            fn to_wire(&self) -> Self::Wire {
                let fields = self.iter().map(|(key, value)| (key.clone(), value.to_wire()));
                OrNull(fields.collect())
            }

            fn from_wire(wire: Self::Wire) -> Self {
                let fields = wire.0.into_iter();
                fields.map(|(key, value)| (key, T::from_wire(value))).collect()
            }
        }
    )*};
}

maps!(BTreeMap, HashMap);

/// The JSON schema of a field that uses this module.
///
/// A marker for `#[schemars(with = "…")]`, with the type of the field as `T`. The schema is a
/// string in the format `int64` (or `uint64`), or an integer.
///
/// ```
/// #[derive(schemars::JsonSchema)]
/// struct Quota {
///     #[schemars(with = "compute_kfp_runtime::number_text::Schema<u64>")]
///     bytes: u64,
/// }
///
/// let schema = schemars::schema_for!(Quota);
/// assert_eq!(
///     schema.pointer("/properties/bytes"),
///     Some(&serde_json::json!({"type": ["string", "integer"], "format": "uint64"}))
/// );
/// ```
#[cfg(feature = "schemars")]
pub struct Schema<T>(PhantomData<T>);

#[cfg(feature = "schemars")]
impl<T: NumberText> schemars::JsonSchema for Schema<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::Wire::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::Wire::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::Wire::json_schema(generator)
    }
}

use wire::{OrNull, Text};

/// The types with the wire format.
mod wire {
    use super::*;

    // A list or a map; null is read as an empty one. (A comment of documentation would be in schemas.)
    #[derive(Serialize, Deserialize)]
    #[serde(transparent, bound(deserialize = "T: Default + Deserialize<'de>"))]
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    pub struct OrNull<T>(#[serde(deserialize_with = "null::as_empty")] pub T);

    /// A number as a string or a number.
    pub struct Text<T>(pub T);

    impl<T: Number> Serialize for Text<T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.write(serializer)
        }
    }

    impl<'de, T: Number> Deserialize<'de> for Text<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let value = Value::deserialize(deserializer)?;
            let number = match &value {
                Value::String(text) => T::of_text(text),
                Value::Number(number) => T::of_number(number),
                _ => None,
            };
            number.map(Self).ok_or_else(|| {
                let expected = T::EXPECTED;
                D::Error::custom(format!("invalid value: {value}, expected {expected}"))
            })
        }
    }

    #[cfg(feature = "schemars")]
    impl<T: Number> schemars::JsonSchema for Text<T> {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> std::borrow::Cow<'static, str> {
            T::FORMAT.into()
        }

        fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
            schemars::json_schema!({"type": T::TYPES, "format": T::FORMAT})
        }
    }
}

/// A number that may be written as a string.
trait Number: Sized {
    /// JSON types, the one that is written first.
    #[cfg(feature = "schemars")]
    const TYPES: [&'static str; 2];
    /// Name in OpenAPI.
    #[cfg(feature = "schemars")]
    const FORMAT: &'static str;
    /// Description for errors.
    const EXPECTED: &'static str;

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    fn of_text(text: &str) -> Option<Self>;

    fn of_number(number: &serde_json::Number) -> Option<Self>;
}

macro_rules! integers {
    ($($integer:ty, $format:literal, $expected:literal;)*) => {$(
        impl Number for $integer {
            #[cfg(feature = "schemars")]
            const TYPES: [&'static str; 2] = ["string", "integer"];
            #[cfg(feature = "schemars")]
            const FORMAT: &'static str = $format;
            const EXPECTED: &'static str = $expected;

            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }

            fn of_text(text: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn of_number(number: &serde_json::Number) -> Option<Self> {
                let integer = number.as_i128().or_else(|| without_fraction(number.as_f64()?));
                integer?.try_into().ok()
            }
        }
    )*};
}

integers! {
    i64, "int64", "an int64 as a string or a number";
    u64, "uint64", "a uint64 as a string or a number";
}

/// Converts a double without a fraction. The cast saturates far outside 64 bits, so what is too large
/// stays too large.
fn without_fraction(double: f64) -> Option<i128> {
    (double.fract() == 0.0).then_some(double as i128)
}

// How doubles are written that JSON has no number for.
const NAN: &str = "NaN";
const INFINITY: &str = "Infinity";
const MINUS_INFINITY: &str = "-Infinity";

impl Number for f64 {
    #[cfg(feature = "schemars")]
    const TYPES: [&'static str; 2] = ["number", "string"];
    #[cfg(feature = "schemars")]
    const FORMAT: &'static str = "double";
    const EXPECTED: &'static str = "a double as a number or a string";

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            number if number.is_nan() => serializer.serialize_str(NAN),
            f64::INFINITY => serializer.serialize_str(INFINITY),
            f64::NEG_INFINITY => serializer.serialize_str(MINUS_INFINITY),
            number => serializer.serialize_f64(number),
        }
    }

    fn of_text(text: &str) -> Option<Self> {
        match text {
            NAN => Some(f64::NAN),
            INFINITY => Some(f64::INFINITY),
            MINUS_INFINITY => Some(f64::NEG_INFINITY),
            // As a number of JSON: Rust's own reader takes more, such as `inf`.
            _ => serde_json::from_str(text).ok(),
        }
    }

    fn of_number(number: &serde_json::Number) -> Option<Self> {
        number.as_f64()
    }
}
