//! `by_name.rs`: the typed operations and types under their names in the spec, for programs that
//! compare a client with its spec.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use crate::model::{Api, Body, BodyContent, Operation, Part, Success};
use crate::tree::{ArgumentTypes, ident};

pub(crate) fn generate(
    api: &Api,
    types: &ArgumentTypes,
    crate_name: Option<&str>,
) -> Result<TokenStream, String> {
    let client = ident(crate_name.unwrap_or("super"));
    let mut calls = TokenStream::new();
    for operation in &api.operations {
        calls.extend(call(types, operation)?);
    }
    let ids = api.operations.iter().map(|operation| &operation.upstream);
    let methods = api
        .operations
        .iter()
        .map(|operation| ident(&operation.name));
    let named = api
        .schemas
        .iter()
        .filter_map(|(name, schema)| Some((schema.upstream.as_deref()?, ident(name))));
    let (upstream, types): (Vec<_>, Vec<_>) = named.unzip();
    Ok(quote! {
        use #client::{Client, types};

        /// The names of all schemas that have a type.
        pub const SCHEMAS: &[&str] = &[#(#upstream),*];

        /// Sends an operation, identified by its `operationId`, through its typed builder. The
        /// response is decoded as its type and serialized again.
        pub async fn send(
            client: &Client,
            operation: &str,
            given: super::Arguments,
        ) -> ::std::result::Result<::serde_json::Value, super::Failure> {
            match operation {
                // Boxed, because the future would otherwise hold those of all operations.
                #(#ids => ::std::boxed::Box::pin(calls::#methods(client, given)).await,)*
                other => ::std::result::Result::Err(super::Failure::Unknown(other.to_owned())),
            }
        }

        mod calls {
            use #client::{Client, types};
            #[allow(unused_imports)]
            use ::compute_kfp_runtime as runtime;

            use super::super::{Arguments, Failure, written};

            #calls
        }

        /// Deserializes a value as the type of a schema, and serializes it again.
        pub fn round_trip(
            schema: &str,
            value: ::serde_json::Value,
        ) -> ::std::result::Result<::serde_json::Value, super::Failure> {
            match schema {
                #(#upstream => super::round_trip::<types::#types>(value),)*
                other => ::std::result::Result::Err(super::Failure::Unknown(other.to_owned())),
            }
        }

        /// Returns the JSON Schema of the type of a schema.
        pub fn json_schema(schema: &str) -> ::std::result::Result<::serde_json::Value, super::Failure> {
            match schema {
                #(#upstream => super::json_schema::<types::#types>(),)*
                other => ::std::result::Result::Err(super::Failure::Unknown(other.to_owned())),
            }
        }
    })
}

fn call(types: &ArgumentTypes, operation: &Operation) -> Result<TokenStream, String> {
    let ty = |name: &str| {
        let found = types.get(&(operation.builder.clone(), name.to_owned()));
        found.ok_or_else(|| format!("`{}` has no argument `{name}`", operation.name))
    };
    let method = ident(&operation.name);
    let (mut arguments, mut optional) = (TokenStream::new(), TokenStream::new());
    for parameter in &operation.parameters {
        let (wire, setter) = (&parameter.argument, ident(&parameter.ident));
        let ty = ty(&parameter.ident)?;
        if parameter.required {
            arguments.extend(quote! { given.required::<#ty>(#wire)?, });
        } else {
            optional.extend(quote! {
                if let ::std::option::Option::Some(value) = given.optional::<#ty>(#wire)? {
                    call = call.#setter(value);
                }
            });
        }
    }
    let only = operation.body.as_ref().is_some_and(Body::is_argument);
    let contents = operation.body.iter().flat_map(|body| body.contents());
    for (name, _, content) in contents {
        if let BodyContent::Multipart(parts) = content {
            let (must, may): (Vec<&Part>, Vec<&Part>) =
                parts.iter().partition(|part| only && part.required);
            for part in must {
                let value = part_value(part, ty(&part.ident)?);
                arguments.extend(quote! { #value?, });
            }
            for part in may {
                let (setter, wire) = (ident(&part.ident), &part.argument);
                let value = part_value(part, ty(&part.ident)?);
                optional.extend(quote! {
                    if given.has(#wire) {
                        call = call.#setter(#value?);
                    }
                });
            }
            continue;
        }
        let ty = match content {
            BodyContent::Raw => quote! { ::std::string::String },
            _ => {
                let ty = ty(name)?;
                quote! { #ty }
            }
        };
        let setter = ident(name);
        if only {
            arguments.extend(quote! { given.required::<#ty>(#name)?, });
        } else {
            optional.extend(quote! {
                if let ::std::option::Option::Some(body) = given.optional::<#ty>(#name)? {
                    call = call.#setter(body);
                }
            });
        }
    }
    let given = (!arguments.is_empty() || !optional.is_empty()).then(|| quote! { mut });
    let mutable = (!optional.is_empty()).then(|| quote! { mut });
    let response = match operation.success {
        Success::Bytes => quote! {
            call.send().await?;
            ::std::result::Result::Ok(::serde_json::Value::Null)
        },
        Success::Stream(..) => quote! {
            let mut stream = call.send().await?.into_inner();
            let mut items = ::std::vec::Vec::new();
            while let ::std::option::Option::Some(item) = stream.next().await {
                items.push(item?);
            }
            written(&items)
        },
        _ => quote! { written(&call.send().await?.into_inner()) },
    };
    Ok(quote! {
        pub async fn #method(
            client: &Client,
            #given given: Arguments,
        ) -> ::std::result::Result<::serde_json::Value, Failure> {
            let #mutable call = client.#method(#arguments);
            #optional
            given.done()?;
            #response
        }
    })
}

fn part_value(part: &Part, ty: &Type) -> TokenStream {
    let wire = &part.argument;
    if part.is_file_list() {
        quote! { given.file(#wire).map(|file| [file]) }
    } else if part.is_file() {
        quote! { given.file(#wire) }
    } else {
        quote! { given.required::<#ty>(#wire) }
    }
}
