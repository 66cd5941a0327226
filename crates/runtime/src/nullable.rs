//! Properties that may be absent, null, or have a value.

use std::ops::Deref;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

/// A property that is optional and nullable: absent, null, or a value.
///
/// `Option` cannot tell an absent property from a null one. A `PATCH` needs to: absent keeps what
/// the server holds, null clears it. Used as
/// `#[serde(default, skip_serializing_if = "Nullable::is_absent")]`, the three survive a round
/// trip. Without `skip_serializing_if`, `Absent` is written as null.
///
/// # Examples
///
/// ```
/// use compute_kfp_runtime::Nullable;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default, Serialize, Deserialize)]
/// struct JobPatch {
///     #[serde(default, skip_serializing_if = "Nullable::is_absent")]
///     name: Nullable<String>,
///     #[serde(default, skip_serializing_if = "Nullable::is_absent")]
///     note: Nullable<String>,
///     #[serde(default, skip_serializing_if = "Nullable::is_absent")]
///     shots: Nullable<u32>,
/// }
///
/// let patch = JobPatch {
///     name: "bell pair".into(),
///     note: Nullable::Null,
///     ..JobPatch::default()
/// };
/// assert_eq!(serde_json::to_string(&patch)?, r#"{"name":"bell pair","note":null}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nullable<T> {
    /// The property is not there.
    #[default]
    Absent,
    /// The property is there and null.
    Null,
    /// The property is there and has a value.
    Value(T),
}

impl<T> Nullable<T> {
    /// Whether the property is not there.
    ///
    /// ```
    /// use compute_kfp_runtime::Nullable;
    ///
    /// assert!(Nullable::<u32>::Absent.is_absent());
    /// assert!(!Nullable::<u32>::Null.is_absent());
    /// ```
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether the property is there and null.
    ///
    /// ```
    /// use compute_kfp_runtime::Nullable;
    ///
    /// assert!(Nullable::<u32>::Null.is_null());
    /// assert!(!Nullable::<u32>::Absent.is_null());
    /// ```
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value, if there is one.
    ///
    /// ```
    /// use compute_kfp_runtime::Nullable;
    ///
    /// assert_eq!(Nullable::Value(7).value(), Some(&7));
    /// assert_eq!(Nullable::<u32>::Null.value(), None);
    /// ```
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// The value by value, if there is one.
    ///
    /// ```
    /// use compute_kfp_runtime::Nullable;
    ///
    /// assert_eq!(Nullable::Value(7).into_option(), Some(7));
    /// assert_eq!(Nullable::<u32>::Absent.into_option(), None);
    /// ```
    #[must_use]
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// The same with a reference to the value.
    ///
    /// ```
    /// use compute_kfp_runtime::Nullable;
    ///
    /// let name = Nullable::Value(String::from("bell pair"));
    /// assert_eq!(name.as_ref().map(String::len), Nullable::Value(9));
    /// ```
    #[must_use]
    pub const fn as_ref(&self) -> Nullable<&T> {
        match self {
            Self::Absent => Nullable::Absent,
            Self::Null => Nullable::Null,
            Self::Value(value) => Nullable::Value(value),
        }
    }

    /// The same with a reference to what the value dereferences to.
    ///
    /// ```
    /// use compute_kfp_runtime::Nullable;
    ///
    /// let name = Nullable::Value(String::from("bell pair"));
    /// assert_eq!(name.as_deref(), Nullable::Value("bell pair"));
    /// ```
    #[must_use]
    pub fn as_deref(&self) -> Nullable<&T::Target>
    where
        T: Deref,
    {
        self.as_ref().map(T::deref)
    }

    /// The same with `change` applied to the value.
    ///
    /// ```
    /// use compute_kfp_runtime::Nullable;
    ///
    /// assert_eq!(Nullable::Value(7).map(|shots| shots * 2), Nullable::Value(14));
    /// assert_eq!(Nullable::<u32>::Null.map(|shots| shots * 2), Nullable::Null);
    /// ```
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Nullable<U> {
        match self {
            Self::Absent => Nullable::Absent,
            Self::Null => Nullable::Null,
            Self::Value(value) => Nullable::Value(change(value)),
        }
    }
}

impl<T> From<T> for Nullable<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl<T> From<Option<T>> for Nullable<T> {
    /// `None` is null, not absent.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl From<&str> for Nullable<String> {
    fn from(value: &str) -> Self {
        Self::Value(value.to_owned())
    }
}

impl<T> From<Nullable<T>> for Option<T> {
    /// `None` for both absent and null.
    fn from(value: Nullable<T>) -> Self {
        value.into_option()
    }
}

impl<T: Serialize> Serialize for Nullable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(feature = "schemars")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Nullable<T> {
    fn inline_schema() -> bool {
        Option::<T>::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        Option::<T>::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        Option::<T>::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Option::<T>::json_schema(generator)
    }
}
