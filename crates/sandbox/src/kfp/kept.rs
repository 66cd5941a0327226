//! What is written into a data file and read from it.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::collection::Collection;
use crate::kfp::{KfpStore, recurring_runs};
use crate::store::Object;

#[derive(Serialize)]
struct Kept<'a> {
    collections: BTreeMap<&'static str, &'a Collection>,
    attempts: &'a BTreeMap<String, u64>,
    progress: &'a BTreeMap<String, recurring_runs::Progress>,
}

#[derive(Deserialize)]
struct Restored {
    collections: BTreeMap<String, Vec<Object>>,
    attempts: BTreeMap<String, u64>,
    progress: BTreeMap<String, recurring_runs::Progress>,
}

impl Serialize for KfpStore {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = Kept {
            collections: self.collections().collect(),
            attempts: &self.attempts,
            progress: &self.progress,
        };
        kept.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for KfpStore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let restored = Restored::deserialize(deserializer)?;
        let mut store = Self {
            attempts: restored.attempts,
            progress: restored.progress,
            ..Self::default()
        };
        for (name, objects) in restored.collections {
            let collection = store.collection_mut(&name);
            let collection =
                collection.ok_or_else(|| D::Error::custom(format!("unknown collection {name}")))?;
            for object in objects {
                collection.put(object);
            }
        }
        Ok(store)
    }
}
