//! What is measured, in the order of the results.

mod calls;
mod generation;
mod operations_linked;
mod start;
mod user_build;

use crate::report::Report;
use crate::{Bench, Result};

type Measure = fn(&Bench, &mut Report) -> Result<()>;

/// The measures by name.
pub const ALL: &[(&str, Measure)] = &[
    ("calls", calls::measure),
    ("generation", generation::measure),
    ("user-build", user_build::measure),
    ("start", start::measure),
    ("operations-linked", operations_linked::measure),
];
