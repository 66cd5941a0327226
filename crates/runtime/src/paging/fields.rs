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

/// The list in a page, which may be absent.
pub trait List<T> {
    /// Returns the list; `None` if it is absent.
    fn list(&self) -> Option<&Vec<T>>;

    /// Returns the list for changes; `None` if it is absent.
    fn list_mut(&mut self) -> Option<&mut Vec<T>>;
}

impl<T> List<T> for Vec<T> {
    fn list(&self) -> Option<&Self> {
        Some(self)
    }

    fn list_mut(&mut self) -> Option<&mut Self> {
        Some(self)
    }
}

impl<T, L: List<T>> List<T> for Option<L> {
    fn list(&self) -> Option<&Vec<T>> {
        self.as_ref()?.list()
    }

    fn list_mut(&mut self) -> Option<&mut Vec<T>> {
        self.as_mut()?.list_mut()
    }
}

impl<T, L: List<T>> List<T> for Nullable<L> {
    fn list(&self) -> Option<&Vec<T>> {
        self.value()?.list()
    }

    fn list_mut(&mut self) -> Option<&mut Vec<T>> {
        match self {
            Self::Value(list) => list.list_mut(),
            Self::Null | Self::Absent => None,
        }
    }
}
