//! Properties of pages, as generated types have them: optional, nullable, of any width.

use crate::nullable::Nullable;

/// A property of a page, which may be absent or null.
pub trait PageField {
    /// Type of its value.
    type Value;

    /// Returns the value; `None` if the property is absent or null.
    fn get(&self) -> Option<&Self::Value>;

    /// Returns the value for modification; `None` if the property is absent or null.
    fn get_mut(&mut self) -> Option<&mut Self::Value>;
}

impl<F: PageField> PageField for Option<F> {
    type Value = F::Value;

    fn get(&self) -> Option<&F::Value> {
        self.as_ref()?.get()
    }

    fn get_mut(&mut self) -> Option<&mut F::Value> {
        self.as_mut()?.get_mut()
    }
}

impl<F: PageField> PageField for Nullable<F> {
    type Value = F::Value;

    fn get(&self) -> Option<&F::Value> {
        self.value()?.get()
    }

    fn get_mut(&mut self) -> Option<&mut F::Value> {
        match self {
            Self::Value(value) => value.get_mut(),
            Self::Null | Self::Absent => None,
        }
    }
}

macro_rules! values {
    ($([$($generic:ident)?] $value:ty),*) => {$(
        impl$(<$generic>)? PageField for $value {
            type Value = Self;

            fn get(&self) -> Option<&Self> {
                Some(self)
            }

            fn get_mut(&mut self) -> Option<&mut Self> {
                Some(self)
            }
        }
    )*};
}

values!([T] Vec<T>, [] String, [] i8, [] i16, [] i32, [] i64, [] u8, [] u16, [] u32, [] u64);

/// Returns a whole number in a page; `None` if it is absent.
pub fn count<F: PageField<Value: Copy + TryInto<i64>>>(field: &F) -> Option<i64> {
    (*field.get()?).try_into().ok()
}

/// Returns a token in a page; `None` if it is absent or empty.
pub fn token<F: PageField<Value = String>>(field: &F) -> Option<&str> {
    let token = field.get()?;
    (!token.is_empty()).then_some(token)
}
