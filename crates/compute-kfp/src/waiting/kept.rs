//! The last of what a wait has read, while nothing is asked.

use std::marker::PhantomData;

use super::progress::Progress;

/// A run or a job as JSON, which takes a third of the memory that it does as a value: thousands may be
/// waited for at a time.
pub(super) struct Kept<T: Progress> {
    pub state: T::State,
    text: Vec<u8>,
    value: PhantomData<fn() -> T>,
}

impl<T: Progress> Kept<T> {
    pub fn new(value: &T) -> Self {
        Self::within(Vec::new(), value)
    }

    /// Keeps another in the memory of this one.
    pub fn replace(&mut self, value: &T) {
        *self = Self::within(std::mem::take(&mut self.text), value);
    }

    pub fn value(&self) -> Option<T> {
        serde_json::from_slice(&self.text).ok()
    }

    fn within(mut text: Vec<u8>, value: &T) -> Self {
        text.clear();
        // What was read from JSON can be written as JSON.
        if serde_json::to_writer(&mut text, value).is_err() {
            text.clear();
        }
        text.shrink_to_fit();
        Self {
            state: value.state().clone(),
            text,
            value: PhantomData,
        }
    }
}
