//! The last of what a wait has read, while nothing is asked.

use std::marker::PhantomData;

use super::progress::Progress;

/// A run or a job as JSON, which takes a third of the memory that it does as a value: thousands may be
/// waited for at a time.
pub(super) struct Kept<T: Progress> {
    pub state: T::State,
    text: Box<[u8]>,
    value: PhantomData<fn() -> T>,
}

impl<T: Progress> Kept<T> {
    pub fn new(value: &T) -> Self {
        Self {
            state: value.state().clone(),
            text: written(value).as_slice().into(),
            value: PhantomData,
        }
    }

    /// Keeps another; where nothing has changed, in the memory of this one.
    pub fn replace(&mut self, value: &T) {
        if *self.text != *written(value) {
            *self = Self::new(value);
        }
    }

    pub fn value(&self) -> Option<T> {
        serde_json::from_slice(&self.text).ok()
    }
}

/// What was read from JSON can be written as JSON.
fn written(value: &impl Progress) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
