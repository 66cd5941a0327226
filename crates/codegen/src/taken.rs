//! Parameters of functions that accept any value which converts into a type.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Type;

use crate::tree::{generic, generics, last_name};

pub(crate) struct Taken {
    /// Type of the parameter.
    pub parameter: TokenStream,
    /// The converted value.
    pub value: TokenStream,
}

/// Returns the widest parameter type, such as `impl Into<String>` for a `String`.
///
/// The value is read from the variable `name`.
pub(crate) fn taken(ty: &Type, name: &Ident) -> Taken {
    let into = quote! { ::std::convert::Into };
    let iterator = quote! { ::std::iter::IntoIterator };
    if let Some(item) = generic(ty, "Vec") {
        return Taken {
            parameter: quote! { impl #iterator<Item = impl #into<#item>> },
            value: quote! { #name.into_iter().map(#into::into).collect() },
        };
    }
    if let Some(inner) = generic(ty, "Box") {
        return Taken {
            parameter: quote! { impl #into<#inner> },
            value: quote! { ::std::boxed::Box::new(#name.into()) },
        };
    }
    if let Some((key, value)) = map_of(ty) {
        return Taken {
            parameter: quote! { impl #iterator<Item = (impl #into<#key>, impl #into<#value>)> },
            value: quote! { #name.into_iter().map(|(key, value)| (key.into(), value.into())).collect() },
        };
    }
    let plain = [
        "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f64", "bool",
    ];
    if last_name(ty).is_some_and(|name| plain.contains(&name.as_str())) {
        return Taken {
            parameter: quote! { #ty },
            value: quote! { #name },
        };
    }
    Taken {
        parameter: quote! { impl #into<#ty> },
        value: quote! { #name.into() },
    }
}

/// Allows more arguments than clippy's limit.
pub(crate) fn many<T>(arguments: &[T]) -> Option<TokenStream> {
    (arguments.len() > 6).then(|| quote! { #[allow(clippy::too_many_arguments)] })
}

fn map_of(ty: &Type) -> Option<(&Type, &Type)> {
    let maps = ["BTreeMap", "Map"].into_iter();
    let mut types = maps.flat_map(|name| generics(ty, name));
    Some((types.next()?, types.next()?))
}
