//! What is written into a data file and read from it.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::collection::Collection;
use crate::compute::ComputeStore;
use crate::compute::job_logs::Logs;
use crate::store::Object;

#[derive(Serialize)]
struct Kept<'a> {
    resources: &'a BTreeMap<&'static str, Collection>,
    ids: &'a BTreeMap<&'static str, i64>,
    logs: &'a Logs,
    claimed: &'a BTreeSet<i64>,
}

#[derive(Deserialize)]
struct Restored {
    resources: BTreeMap<String, Vec<Object>>,
    ids: BTreeMap<String, i64>,
    logs: Logs,
    claimed: BTreeSet<i64>,
}

impl Serialize for ComputeStore {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = Kept {
            resources: &self.resources,
            ids: &self.ids,
            logs: &self.logs,
            claimed: &self.claimed,
        };
        kept.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ComputeStore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let restored = Restored::deserialize(deserializer)?;
        let mut store = Self {
            logs: restored.logs,
            claimed: restored.claimed,
            ..Self::default()
        };
        for (name, objects) in restored.resources {
            let name = known::<D>(&store, &name)?;
            for object in objects {
                store.resources_mut(name).put(object);
            }
        }
        for (name, id) in restored.ids {
            let name = known::<D>(&store, &name)?;
            store.continue_ids_after(name, id);
        }
        Ok(store)
    }
}

fn known<'de, D: Deserializer<'de>>(
    store: &ComputeStore,
    name: &str,
) -> Result<&'static str, D::Error> {
    let known = store.names().find(|known| *known == name);
    known.ok_or_else(|| D::Error::custom(format!("unknown resource {name}")))
}
