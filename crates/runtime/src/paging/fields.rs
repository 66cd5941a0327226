//! Properties of pages, as generated types have them: optional, nullable, of any width.

use crate::nullable::Nullable;

/// A number in a page, which may be absent.
pub trait Count {
    /// Returns the number; `None` if it is absent.
    fn count(&self) -> Option<i64>;
}

macro_rules! whole_numbers {
    ($($number:ty),*) => {
        $(impl Count for $number {
            fn count(&self) -> Option<i64> {
                i64::try_from(*self).ok()
            }
        })*
    };
}

whole_numbers!(i8, i16, i32, i64, u8, u16, u32, u64);

impl<T: Count> Count for Option<T> {
    fn count(&self) -> Option<i64> {
        self.as_ref()?.count()
    }
}

impl<T: Count> Count for Nullable<T> {
    fn count(&self) -> Option<i64> {
        self.value()?.count()
    }
}

/// A token in a page, which may be absent.
pub trait Token {
    /// Returns the token; `None` if it is absent or empty.
    fn token(&self) -> Option<&str>;
}

impl Token for String {
    fn token(&self) -> Option<&str> {
        Some(self.as_str()).filter(|token| !token.is_empty())
    }
}

impl<T: Token> Token for Option<T> {
    fn token(&self) -> Option<&str> {
        self.as_ref()?.token()
    }
}

impl<T: Token> Token for Nullable<T> {
    fn token(&self) -> Option<&str> {
        self.value()?.token()
    }
}

/// The list in a page.
pub trait List<T> {
    /// Returns the items; an absent list has none.
    fn items(&self) -> &[T];

    /// Takes the items out of the list.
    fn take(&mut self) -> Vec<T>;

    /// Removes all items but those to keep.
    fn retain(&mut self, keep: impl FnMut(&T) -> bool);
}

impl<T> List<T> for Vec<T> {
    fn items(&self) -> &[T] {
        self
    }

    fn take(&mut self) -> Vec<T> {
        std::mem::take(self)
    }

    fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        Vec::retain(self, keep);
    }
}

impl<T, L: List<T>> List<T> for Option<L> {
    fn items(&self) -> &[T] {
        self.as_ref().map_or(&[], List::items)
    }

    fn take(&mut self) -> Vec<T> {
        self.as_mut().map_or_else(Vec::new, List::take)
    }

    fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        if let Some(list) = self {
            list.retain(keep);
        }
    }
}

impl<T, L: List<T>> List<T> for Nullable<L> {
    fn items(&self) -> &[T] {
        self.value().map_or(&[], List::items)
    }

    fn take(&mut self) -> Vec<T> {
        match self {
            Self::Value(list) => list.take(),
            Self::Null | Self::Absent => Vec::new(),
        }
    }

    fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        if let Self::Value(list) = self {
            list.retain(keep);
        }
    }
}
