//! What is measured, in the order of the results.

mod calls;
mod lists;
mod prefetch;
mod token;
mod upload;
mod waiting;

use crate::report::Report;
use crate::{Bench, Result};

type Measure = fn(&Bench, &mut Report) -> Result<()>;

/// The measures by name.
pub const ALL: &[(&str, Measure)] = &[
    ("calls", calls::measure),
    ("lists", lists::measure),
    ("prefetch", prefetch::measure),
    ("token", token::measure),
    ("upload", upload::measure),
    ("waiting", waiting::measure),
];
