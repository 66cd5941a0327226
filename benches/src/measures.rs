//! The measures, in the order of the results.

mod calls;
mod lists;
mod prefetch;
mod start;
mod user_build;

use crate::report::Report;
use crate::{Bench, Result};

type Measure = fn(&Bench, &mut Report) -> Result<()>;

/// Measures that take long. A quick run skips them.
pub const LONG: &[&str] = &["user-build"];

/// The measures by name.
pub const ALL: &[(&str, Measure)] = &[
    ("calls", calls::measure),
    ("lists", lists::measure),
    ("prefetch", prefetch::measure),
    ("start", start::measure),
    ("user-build", user_build::measure),
];
