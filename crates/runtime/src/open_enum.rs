//! The common parts of the enums that [`open_enum!`](crate::open_enum!) generates.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Error, Visitor};

/// Defines an enum of names to which a server may add new ones.
///
/// A name that this version does not know is read as `Unknown` with the name in it. So a new name
/// does not make a whole response unreadable, and it is sent back unchanged. In addition to the
/// given variants, the enum has:
///
/// - `Unknown(String)`, so no variant given can have that name;
/// - `KNOWN`, `as_str`, `is_known`;
/// - `Display`, `FromStr` and `From` of strings (which never fail), `AsRef<str>`, comparison with
///   `str`;
/// - `Serialize`, and `Deserialize` from strings only;
/// - with the feature `schemars` of this crate, `JsonSchema`: any string, with the known names
///   listed.
///
/// `==`, the order and the hash use only the name. Deserialization never returns `Unknown` for a
/// known name, and `Unknown("PENDING".into())` built by hand equals `Pending`; only `match`
/// distinguishes the two.
///
/// Attributes of the enum and of its variants are passed on. The enum is `#[non_exhaustive]`, so
/// that a later version can add names.
///
/// # Examples
///
/// ```
/// compute_kfp_runtime::open_enum! {
///     /// State of a run.
///     pub enum RuntimeState {
///         /// Waiting for its turn.
///         Pending = "PENDING",
///         Running = "RUNNING",
///     }
/// }
///
/// let state: RuntimeState = serde_json::from_str(r#""PENDING""#)?;
/// assert_eq!(state, RuntimeState::Pending);
/// assert_eq!(RuntimeState::KNOWN, ["PENDING", "RUNNING"]);
///
/// let state: RuntimeState = serde_json::from_str(r#""PAUSED""#)?;
/// assert_eq!(state, RuntimeState::Unknown("PAUSED".into()));
/// assert_eq!(serde_json::to_string(&state)?, r#""PAUSED""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[macro_export]
macro_rules! open_enum {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$variant_attribute:meta])* $variant:ident = $wire:literal),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[doc = ""]
        #[doc = "A server may send names that are not listed here: they are kept in `Unknown`. Values compare by name."]
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        $visibility enum $name {
            $(
                $(#[$variant_attribute])*
                #[doc = ""]
                #[doc = ::core::concat!("Written `", $wire, "`.")]
                $variant,
            )+
            /// A name that this version does not know, as it was received.
            Unknown(::std::string::String),
        }

        #[allow(deprecated)]
        impl $name {
            /// Names that this version knows, in the order of the spec.
            pub const KNOWN: &'static [&'static str] = &[$($wire),+];

            /// Returns the name, as it is on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)+
                    Self::Unknown(name) => name,
                }
            }

            /// Returns whether this version knows the name.
            #[must_use]
            pub fn is_known(&self) -> bool {
                Self::KNOWN.contains(&self.as_str())
            }
        }

        #[allow(deprecated)]
        impl ::core::convert::From<::std::borrow::Cow<'_, str>> for $name {
            fn from(name: ::std::borrow::Cow<'_, str>) -> Self {
                match &*name {
                    $($wire => Self::$variant,)+
                    _ => Self::Unknown(name.into_owned()),
                }
            }
        }

        impl ::core::convert::From<&str> for $name {
            fn from(name: &str) -> Self {
                ::std::borrow::Cow::Borrowed(name).into()
            }
        }

        impl ::core::convert::From<&::std::string::String> for $name {
            fn from(name: &::std::string::String) -> Self {
                name.as_str().into()
            }
        }

        impl ::core::convert::From<::std::string::String> for $name {
            fn from(name: ::std::string::String) -> Self {
                ::std::borrow::Cow::<str>::Owned(name).into()
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = ::core::convert::Infallible;

            fn from_str(name: &str) -> ::core::result::Result<Self, ::core::convert::Infallible> {
                ::core::result::Result::Ok(name.into())
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::core::convert::AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl ::core::cmp::PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl ::core::cmp::Eq for $name {}

        impl ::core::cmp::PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl ::core::cmp::PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl ::core::cmp::PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> ::core::option::Option<::core::cmp::Ordering> {
                ::core::option::Option::Some(::core::cmp::Ord::cmp(self, other))
            }
        }

        impl ::core::cmp::Ord for $name {
            fn cmp(&self, other: &Self) -> ::core::cmp::Ordering {
                ::core::cmp::Ord::cmp(self.as_str(), other.as_str())
            }
        }

        impl ::core::hash::Hash for $name {
            fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
                ::core::hash::Hash::hash(self.as_str(), state)
            }
        }

        impl $crate::__private::serde::Serialize for $name {
            fn serialize<S>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error>
            where
                S: $crate::__private::serde::Serializer,
            {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::__private::serde::Deserialize<'de> for $name {
            fn deserialize<D>(deserializer: D) -> ::core::result::Result<Self, D::Error>
            where
                D: $crate::__private::serde::Deserializer<'de>,
            {
                $crate::open_enum::read_name(deserializer, Self::KNOWN).map(Self::from)
            }
        }

        $crate::__open_enum_schema!($name);
    };
}

// A `cfg` within `open_enum!` would ask about the features of the crate that uses it.
#[cfg(feature = "schemars")]
#[doc(hidden)]
#[macro_export]
macro_rules! __open_enum_schema {
    ($name:ident) => {
        impl $crate::__private::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(::core::stringify!($name))
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(::core::concat!(
                    ::core::module_path!(),
                    "::",
                    ::core::stringify!($name)
                ))
            }

            fn json_schema(
                _: &mut $crate::__private::schemars::SchemaGenerator,
            ) -> $crate::__private::schemars::Schema {
                $crate::open_enum::schema(Self::KNOWN)
            }
        }
    };
}

#[cfg(not(feature = "schemars"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __open_enum_schema {
    ($name:ident) => {};
}

/// Reads a name, and copies none that the JSON has unescaped. The error shows one of `known`.
#[doc(hidden)]
pub fn read_name<'de, D: Deserializer<'de>>(
    deserializer: D,
    known: &'static [&'static str],
) -> Result<Cow<'de, str>, D::Error> {
    deserializer.deserialize_any(NameVisitor { known })
}

struct NameVisitor {
    known: &'static [&'static str],
}

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Cow<'de, str>;

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }

    // Protocol Buffers write the number of a value whose name the server itself does not know.
    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name as a string")?;
        match self.known.first() {
            Some(first) => write!(f, ", such as {first:?}"),
            None => Ok(()),
        }
    }
}

/// Returns the schema of any string, with the known names listed.
#[cfg(feature = "schemars")]
#[doc(hidden)]
pub fn schema(known: &[&str]) -> schemars::Schema {
    schemars::json_schema!({
        "anyOf": [{"type": "string", "enum": known}, {"type": "string"}]
    })
}
