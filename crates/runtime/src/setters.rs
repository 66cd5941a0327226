//! The setters of the entries of generated tables.

/// Defines methods that set the field of their name: `name(argument: Type) = value`.
macro_rules! setters {
    ($(
        $(#[$attribute:meta])*
        $field:ident($($argument:ident: $type:ty),*) = $value:expr;
    )*) => {$(
        $(#[$attribute])*
        pub const fn $field(mut self $(, $argument: $type)*) -> Self {
            self.$field = $value;
            self
        }
    )*};
}

pub(crate) use setters;
