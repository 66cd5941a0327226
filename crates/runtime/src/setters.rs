//! The setters of the entries of generated tables.

/// Defines methods that set the field of their name: `name(argument: Type) = value`.
macro_rules! setters {
    ($($field:ident($($argument:ident: $type:ty),*) = $value:expr;)*) => {$(
        #[doc = concat!("Sets [`", stringify!($field), "`](Self#structfield.", stringify!($field), ").")]
        pub const fn $field(mut self $(, $argument: $type)*) -> Self {
            self.$field = $value;
            self
        }
    )*};
}

pub(crate) use setters;
