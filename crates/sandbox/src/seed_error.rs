use std::fmt;

use compute_kfp_runtime::json_pointer;

/// A fault of the data and its place, as the steps of a JSON pointer.
pub(crate) struct SeedError {
    place: Vec<String>,
    message: String,
}

impl<T: Into<String>> From<T> for SeedError {
    fn from(message: T) -> Self {
        Self {
            place: Vec::new(),
            message: message.into(),
        }
    }
}

impl SeedError {
    pub(crate) fn inside(mut self, step: impl ToString) -> Self {
        self.place.insert(0, step.to_string());
        self
    }
}

/// The message, after the place as a JSON pointer.
impl fmt::Display for SeedError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = json_pointer::of(&self.place);
        write!(formatter, "at \"{place}\": {}", self.message)
    }
}
