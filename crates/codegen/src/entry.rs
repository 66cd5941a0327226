//! Entries of the generated tables: a constructor, and setters for the values that differ from the
//! default.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use crate::model::{Api, Kind, Schema};
use crate::tree::ident;

/// An entry of a table.
pub(crate) struct Entry(TokenStream);

impl Entry {
    pub fn new(constructor: TokenStream) -> Self {
        Self(constructor)
    }

    /// Calls a setter with a value, if there is one.
    pub fn set(mut self, setter: &str, value: Option<impl ToTokens>) -> Self {
        if let Some(value) = value {
            let setter = ident(setter);
            self.0.extend(quote! { .#setter(#value) });
        }
        self
    }

    /// Calls a setter without arguments, if it applies.
    pub fn mark(self, setter: &str, applies: bool) -> Self {
        self.set(setter, applies.then(TokenStream::new))
    }

    /// Calls a setter with a list, unless it is empty.
    pub fn list(self, setter: &str, values: impl IntoIterator<Item = impl ToTokens>) -> Self {
        let values: Vec<_> = values.into_iter().collect();
        self.set(
            setter,
            (!values.is_empty()).then(|| quote! { &[#(#values),*] }),
        )
    }

    /// Sets the shape of the items and the known values.
    pub fn details(self, shape: &Shape) -> Self {
        let items = (!shape.items.is_empty()).then_some(shape.items);
        self.set("items", items).list("values", &shape.values)
    }
}

impl ToTokens for Entry {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}

/// The JSON shape of a parameter or body.
pub(crate) struct Shape {
    pub kind: &'static str,
    /// The shape of the items of an array.
    pub items: &'static str,
    /// The values, if they are known.
    pub values: Vec<String>,
}

pub(crate) fn shape(api: &Api, schema: &Schema) -> Shape {
    let kind = api.kind(schema);
    let (items, values) = match kind {
        Kind::Array(items) => {
            let items = shape(api, items);
            (items.kind, items.values)
        }
        Kind::Enum(values) => ("", values.iter().map(|it| it.value.clone()).collect()),
        _ => ("", Vec::new()),
    };
    Shape {
        kind: kind.json_type(),
        items,
        values,
    }
}
