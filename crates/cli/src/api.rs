//! The two APIs and their differences.

use clap::ValueEnum;
use compute_kfp::body_fields::ObjectFields;
use compute_kfp::operation::Operation;
use compute_kfp::settings::Variables;
use compute_kfp::{compute, kfp};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Api {
    Compute,
    Kfp,
}

impl Api {
    pub const ALL: [Self; 2] = [Self::Compute, Self::Kfp];

    pub fn name(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Kfp => "kfp",
        }
    }

    pub fn operations(self) -> &'static [&'static Operation] {
        match self {
            Self::Compute => compute::operations::OPERATIONS,
            Self::Kfp => kfp::operations::OPERATIONS,
        }
    }

    pub fn variables(self) -> Variables {
        match self {
            Self::Compute => compute::VARIABLES,
            Self::Kfp => kfp::VARIABLES,
        }
    }

    /// Returns the variable that is equivalent to a key of a profile: the field of the same name.
    pub fn variable(self, key: &str) -> Option<&'static str> {
        let by_key = serde_json::to_value(self.variables()).ok()?;
        let mut names = self.variables().names();
        names.find(|name| by_key[key] == *name)
    }

    /// Returns the fields of the objects in bodies.
    pub fn objects(self) -> &'static [ObjectFields] {
        match self {
            Self::Compute => compute::operations::bodies::OBJECTS,
            Self::Kfp => kfp::operations::bodies::OBJECTS,
        }
    }

    /// Returns an example body of this operation, as JSON.
    pub fn example(self, operation: &str) -> Option<&'static str> {
        let examples = match self {
            Self::Compute => compute::operations::bodies::EXAMPLES,
            Self::Kfp => kfp::operations::bodies::EXAMPLES,
        };
        let mut examples = examples.iter();
        let (_, example) = examples.find(|(name, _)| *name == operation)?;
        Some(example)
    }

    pub fn of_operation(operation: &'static Operation) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|api| {
            let mut operations = api.operations().iter();
            operations.any(|known| std::ptr::eq(*known, operation))
        })
    }
}

/// Converts `create_run` to `create-run`.
pub fn kebab(name: &str) -> String {
    name.replace('_', "-")
}
