//! `by_name.rs`: the typed operations and types under their names in the spec, for programs that
//! compare a client with its spec.

use proc_macro2::TokenStream;
use quote::quote;

use crate::argument::{Encoding, arguments};
use crate::model::{Api, Operation, Success};
use crate::tree::ident;

pub(crate) fn generate(api: &Api, crate_name: Option<&str>) -> TokenStream {
    let client = ident(crate_name.unwrap_or("super"));
    let calls = api.operations.iter().map(|operation| call(api, operation));
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
    quote! {
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

            #(#calls)*
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
    }
}

fn call(api: &Api, operation: &Operation) -> TokenStream {
    let method = ident(&operation.name);
    let (mut required, mut optional) = (TokenStream::new(), TokenStream::new());
    for argument in arguments(api, operation) {
        let (setter, wire, ty) = (ident(argument.name), argument.wire, &argument.value);
        let value = match argument.encoding {
            Encoding::Json => quote! { given.required::<#ty>(#wire) },
            Encoding::Text => quote! { given.required::<::std::string::String>(#wire) },
            Encoding::File => quote! { given.file(#wire) },
            Encoding::Files => quote! { given.file(#wire).map(|file| [file]) },
        };
        if argument.required {
            required.extend(quote! { #value?, });
        } else {
            optional.extend(quote! {
                if given.has(#wire) {
                    call = call.#setter(#value?);
                }
            });
        }
    }
    let given = (!required.is_empty() || !optional.is_empty()).then(|| quote! { mut });
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
    quote! {
        pub async fn #method(
            client: &Client,
            #given given: Arguments,
        ) -> ::std::result::Result<::serde_json::Value, Failure> {
            let #mutable call = client.#method(#required);
            #optional
            given.done()?;
            #response
        }
    }
}
