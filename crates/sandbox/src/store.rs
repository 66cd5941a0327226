use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::agenda::Agenda;
use crate::clock::Clock;
use crate::compute::ComputeStore;
use crate::kfp::KfpStore;

/// A JSON object in the format in which its API sends it.
pub(crate) type Object = Map<String, Value>;

/// All data of a sandbox. Its own serialization is the part of snapshots that is not objects.
#[derive(Serialize, Deserialize)]
pub(crate) struct Store {
    pub(crate) clock: Clock,
    pub(crate) agenda: Agenda,
    pub(crate) uuids: Uuids,
    pub(crate) compute: ComputeStore,
    pub(crate) kfp: KfpStore,
    /// Whether anything has changed since the last write of the data file.
    #[serde(skip)]
    pub(crate) is_changed: bool,
    /// The reason why the data file cannot be written at present.
    #[serde(skip)]
    pub(crate) save_failure: Option<String>,
}

impl Store {
    pub(crate) fn empty(clock: Clock) -> Self {
        let mut store = Self {
            clock,
            agenda: Agenda::default(),
            uuids: Uuids::default(),
            compute: ComputeStore::default(),
            kfp: KfpStore::default(),
            is_changed: true,
            save_failure: None,
        };
        crate::compute::add_catalogue(&mut store);
        crate::kfp::add_default_experiment(&mut store);
        store
    }

    pub(crate) fn seeded(clock: Clock) -> Self {
        let mut store = Self::empty(clock);
        crate::compute::seed(&mut store);
        crate::kfp::seed(&mut store);
        store
    }
}

/// A generator of UUIDs that look random and are the same in every run.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Uuids {
    handed_out: u64,
}

impl Uuids {
    pub(crate) fn next(&mut self) -> String {
        self.handed_out += 1;
        let high = scramble(2 * self.handed_out);
        let low = scramble(2 * self.handed_out + 1);
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | ((low >> 48) & 0x3fff),
            low & 0xffff_ffff_ffff,
        )
    }
}

/// Applies the finishing step of `SplitMix64`.
pub(crate) fn scramble(input: u64) -> u64 {
    let mut bits = input.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
