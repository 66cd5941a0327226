//! Integers that are written as strings.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub fn serialize<S: Serializer>(number: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    number
        .map(|number| number.to_string())
        .serialize(serializer)
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(de::Error::custom))
        .transpose()
}

/// The same for lists.
pub mod list {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    pub fn serialize<S: Serializer>(
        numbers: &Option<Vec<i64>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let texts = numbers
            .as_ref()
            .map(|numbers| numbers.iter().map(i64::to_string).collect::<Vec<_>>());
        texts.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<i64>>, D::Error> {
        let texts = Option::<Vec<String>>::deserialize(deserializer)?;
        texts
            .map(|texts| texts.iter().map(|text| text.parse()).collect())
            .transpose()
            .map_err(de::Error::custom)
    }
}
