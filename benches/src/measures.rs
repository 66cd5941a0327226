//! What is measured, in the order of the results.

mod calls;

use crate::report::Report;
use crate::{Bench, Result};

type Measure = fn(&Bench, &mut Report) -> Result<()>;

/// The measures by name.
pub const ALL: &[(&str, Measure)] = &[("calls", calls::measure)];
