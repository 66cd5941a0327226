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

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::BuildHasher;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

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
    value.write(serializer)
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
///     r#"invalid value: string "-1", expected a uint64 as a string or a number"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn deserialize<'de, T: NumberText, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    T::read(deserializer)
}

/// A field type that [`serialize`] and [`deserialize`] support.
///
/// Sealed: implemented for `i64`, `u64`, `f64`, and for `Option`, [`Nullable`], `Vec` and
/// string-keyed maps of types that implement it.
///
/// ```
/// fn total<T: compute_kfp_runtime::number_text::NumberText>(_: &T) {}
/// total(&vec![Some(1_i64)]);
/// ```
pub trait NumberText: sealed::Sealed + Sized {
    #[cfg(feature = "schemars")]
    #[doc(hidden)]
    type Described: schemars::JsonSchema;

    #[doc(hidden)]
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    #[doc(hidden)]
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

mod sealed {
    pub trait Sealed {}
}

struct Written<'a, T>(&'a T);

impl<T: NumberText> Serialize for Written<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

struct Read<T>(T);

impl<'de, T: NumberText> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

struct IntegerVisitor<T> {
    name: &'static str,
    integer: PhantomData<T>,
}

impl<T: FromStr + TryFrom<i128>> IntegerVisitor<T> {
    fn checked<E: Error>(&self, number: i128, seen: Unexpected<'_>) -> Result<T, E> {
        T::try_from(number).map_err(|_| E::invalid_value(seen, self))
    }
}

impl<'de, T: FromStr + TryFrom<i128>> Visitor<'de> for IntegerVisitor<T> {
    type Value = T;

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse()
            .map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        self.checked(number.into(), Unexpected::Signed(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        self.checked(number.into(), Unexpected::Unsigned(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        let seen = Unexpected::Float(number);
        if number.fract() == 0.0 {
            // The cast saturates far outside 64 bits, so what is too large stays too large.
            self.checked(number as i128, seen)
        } else {
            Err(E::invalid_value(seen, &self))
        }
    }

    // With serde_json's `arbitrary_precision`, which any crate of the build can turn on, a number
    // arrives as a map that only `serde_json::Number` understands.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let number = serde_json::Number::deserialize(MapAccessDeserializer::new(map))?;
        match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), _, _) => self.visit_i64(number),
            (_, Some(number), _) => self.visit_u64(number),
            (_, _, Some(number)) => self.visit_f64(number),
            _ => Err(A::Error::invalid_value(
                Unexpected::Other(&number.to_string()),
                &self,
            )),
        }
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} as a string or a number", self.name)
    }
}

macro_rules! integers {
    ($($integer:ty, $name:literal, $described:ident;)*) => {$(
        impl sealed::Sealed for $integer {}

        impl NumberText for $integer {
            #[cfg(feature = "schemars")]
            type Described = described::$described;

            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }

            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(IntegerVisitor {
                    name: $name,
                    integer: PhantomData,
                })
            }
        }
    )*};
}

integers! {
    i64, "an int64", Int64;
    u64, "a uint64", Uint64;
}

impl sealed::Sealed for f64 {}

impl NumberText for f64 {
    #[cfg(feature = "schemars")]
    type Described = described::Double;

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            number if number.is_nan() => serializer.serialize_str(NAN),
            f64::INFINITY => serializer.serialize_str(INFINITY),
            f64::NEG_INFINITY => serializer.serialize_str(MINUS_INFINITY),
            number => serializer.serialize_f64(number),
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DoubleVisitor)
    }
}

// How doubles are written that JSON has no number for.
const NAN: &str = "NaN";
const INFINITY: &str = "Infinity";
const MINUS_INFINITY: &str = "-Infinity";

struct DoubleVisitor;

impl<'de> Visitor<'de> for DoubleVisitor {
    type Value = f64;

    fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
        let number = match text {
            NAN => Some(f64::NAN),
            INFINITY => Some(f64::INFINITY),
            MINUS_INFINITY => Some(f64::NEG_INFINITY),
            // As a number of JSON: Rust's own reader takes more, such as `inf`, and would stand in
            // programs beside the one of `serde_json`.
            _ => serde_json::from_str(text).ok(),
        };
        number.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<f64, E> {
        Ok(number)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<f64, E> {
        Ok(number as f64)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<f64, E> {
        Ok(number as f64)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<f64, A::Error> {
        let number = serde_json::Number::deserialize(MapAccessDeserializer::new(map))?;
        number
            .as_f64()
            .ok_or_else(|| A::Error::invalid_value(Unexpected::Other(&number.to_string()), &self))
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a double as a number or a string")
    }
}

impl<T: NumberText> sealed::Sealed for Option<T> {}

impl<T: NumberText> NumberText for Option<T> {
    #[cfg(feature = "schemars")]
    type Described = Option<T::Described>;

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().map(Written).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Option::<Read<T>>::deserialize(deserializer)?;
        Ok(read.map(|Read(value)| value))
    }
}

impl<T: NumberText> sealed::Sealed for Nullable<T> {}

impl<T: NumberText> NumberText for Nullable<T> {
    #[cfg(feature = "schemars")]
    type Described = Nullable<T::Described>;

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().map(Written).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<T>::read(deserializer).map(Self::from)
    }
}

impl<T: NumberText> sealed::Sealed for Vec<T> {}

impl<T: NumberText> NumberText for Vec<T> {
    #[cfg(feature = "schemars")]
    type Described = Vec<T::Described>;

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Written))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Option::<Vec<Read<T>>>::deserialize(deserializer)?.unwrap_or_default();
        Ok(read.into_iter().map(|Read(value)| value).collect())
    }
}

impl<T: NumberText> sealed::Sealed for BTreeMap<String, T> {}

impl<T: NumberText> NumberText for BTreeMap<String, T> {
    #[cfg(feature = "schemars")]
    type Described = BTreeMap<String, T::Described>;

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(key, value)| (key, Written(value))))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read =
            Option::<BTreeMap<String, Read<T>>>::deserialize(deserializer)?.unwrap_or_default();
        Ok(read
            .into_iter()
            .map(|(key, Read(value))| (key, value))
            .collect())
    }
}

impl<T: NumberText, H: BuildHasher + Default> sealed::Sealed for HashMap<String, T, H> {}

impl<T: NumberText, H: BuildHasher + Default> NumberText for HashMap<String, T, H> {
    #[cfg(feature = "schemars")]
    type Described = HashMap<String, T::Described>;

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(key, value)| (key, Written(value))))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read =
            Option::<HashMap<String, Read<T>>>::deserialize(deserializer)?.unwrap_or_default();
        Ok(read
            .into_iter()
            .map(|(key, Read(value))| (key, value))
            .collect())
    }
}

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
        T::Described::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::Described::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::Described::json_schema(generator)
    }
}

#[cfg(feature = "schemars")]
mod described {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    macro_rules! described {
        ($($name:ident, $schema_name:literal, $types:tt, $format:literal;)*) => {$(
            pub struct $name;

            impl JsonSchema for $name {
                fn inline_schema() -> bool {
                    true
                }

                fn schema_name() -> Cow<'static, str> {
                    $schema_name.into()
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    json_schema!({"type": $types, "format": $format})
                }
            }
        )*};
    }

    described! {
        Int64, "NumberText", ["string", "integer"], "int64";
        Uint64, "Uint64Text", ["string", "integer"], "uint64";
        Double, "DoubleText", ["number", "string"], "double";
    }
}
