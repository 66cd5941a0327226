use serde::{Deserialize, Serialize};

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
fn scramble(input: u64) -> u64 {
    let mut bits = input.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
