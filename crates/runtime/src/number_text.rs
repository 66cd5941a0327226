//! Numbers as Protocol Buffers write them in JSON, with some of them as strings.
//!
//! JSON decoders that hold numbers as doubles lose digits beyond 2⁵³, so `int64` and `uint64` are
//! written as strings. JSON has no literal for non-finite numbers, so a double may be `"NaN"`,
//! `"Infinity"` or `"-Infinity"`. With `#[serde(with = "compute_kfp_runtime::number_text")]`, a
//! field is written in this form and read from strings and numbers.
//!
//! The field is an `i64`, a `u64` or an `f64`, or an `Option`, [`Nullable`], `Vec` or
//! `BTreeMap<String, _>` of them, nested in any way.
//!
//! | JSON | read as |
//! |---|---|
//! | `"42"`, `42`, `42.0` | 42 |
//! | `"NaN"`, `"Infinity"`, `"-Infinity"` | that double; an error for an integer |
//! | `null` | `None`, or an empty list or map; an error for a bare number |
//! | `""`, `"many"`, for an integer also `4.2` and integers that exceed 64 bits | an error that names the value |

// `serde_with` was tried instead: its types reject 42.0 and null lists, write NaN as null, and accept
// `inf` and `+1`.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::null;
use crate::nullable::Nullable;

/// Writes the numbers in `value`: integers as strings, doubles as strings if they are not finite.
pub fn serialize<T: NumberText, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    value.to_wire().serialize(serializer)
}

/// Reads numbers that are written as strings or as numbers; the error names a wrong value.
pub fn deserialize<'de, T: NumberText, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    T::Wire::deserialize(deserializer).map(T::from_wire)
}

/// A field type that [`serialize`] and [`deserialize`] support.
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

impl<N: Number> NumberText for N {
    type Wire = Text<Self>;

    fn to_wire(&self) -> Text<Self> {
        Text(*self)
    }

    fn from_wire(wire: Text<Self>) -> Self {
        wire.0
    }
}

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

impl<T: NumberText> NumberText for BTreeMap<String, T> {
    type Wire = OrNull<BTreeMap<String, T::Wire>>;

    fn to_wire(&self) -> Self::Wire {
        let fields = self.iter();
        OrNull(
            fields
                .map(|(key, value)| (key.clone(), value.to_wire()))
                .collect(),
        )
    }

    fn from_wire(wire: Self::Wire) -> Self {
        let fields = wire.0.into_iter();
        fields
            .map(|(key, value)| (key, T::from_wire(value)))
            .collect()
    }
}

/// The type with the wire format of a `T`, which has its JSON schema, for `#[schemars(with = "…")]`.
pub type Schema<T> = <T as NumberText>::Wire;

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

/// A number that may be written as a string.
trait Number: Copy {
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
