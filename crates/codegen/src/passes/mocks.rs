//! Mocks that match exactly what the client sends.
//!
//! Why: progenitor's mocks compare a path parameter with the path on the wire, where it is encoded.
//! A parameter matches anything but a slash, so that the mock of one operation matches requests of
//! another. Mocks with lists in the query do not compile, those of forms match no request, and each
//! client would depend on `httpmock` and `regex`. Here values are encoded, patterns are exact,
//! lists and parts of uploads have methods, and `httpmock` is the runtime's, which finds patterns and
//! values in the table of operations.

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::parse_quote;

use super::Context;
use crate::argument::rust_type;
use crate::document::placed;
use crate::model::{
    Api, BodyContent, Kind, Operation, Parameter, Response, ResponseContent, Schema, StreamFormat,
    Success,
};
use crate::names::snake;
use crate::taken::taken;
use crate::tree::{Tree, ident};

pub(super) fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    let api = context.api;
    let mut wrappers = Vec::new();
    let (mut declared, mut implemented) = (Vec::new(), Vec::new());
    for operation in &api.operations {
        let name = &operation.name;
        let doc = format!(" Mocks [`Client::{name}`](super::Client::{name}).");
        let method = ident(name);
        let (when, then) = (type_of(operation, "When"), type_of(operation, "Then"));
        wrappers.push(expecting(api, operation, &when));
        wrappers.push(responding(api, operation, &then));
        let signature = quote! {
            fn #method<F>(&self, config_fn: F) -> ::compute_kfp_runtime::mock::httpmock::Mock<'_>
            where
                F: FnOnce(operations::#when, operations::#then)
        };
        declared.push(quote! { #[doc = #doc] #signature; });
        implemented.push(quote! {
            #signature {
                self.mock(|when, then| {
                    config_fn(operations::#when::new(when), operations::#then::new(then))
                })
            }
        });
    }
    let file: syn::File = parse_quote! {
        pub use ::compute_kfp_runtime::mock::httpmock;

        /// Wrappers of [`When`](::compute_kfp_runtime::mock::httpmock::When) and
        /// [`Then`](::compute_kfp_runtime::mock::httpmock::Then) for each operation.
        ///
        /// `into_inner` returns the wrapped value, for requests and responses that the spec does not
        /// permit.
        pub mod operations {
            #[allow(unused_imports)]
            use super::super::*;

            #(#wrappers)*
        }

        /// Adds a method for each operation to
        /// [`MockServer`](::compute_kfp_runtime::mock::httpmock::MockServer), each a typed variant of
        /// [`mock`](::compute_kfp_runtime::mock::httpmock::MockServer::mock).
        pub trait MockServerExt {
            #(#declared)*
        }

        impl MockServerExt for ::compute_kfp_runtime::mock::httpmock::MockServer {
            #(#implemented)*
        }
    };
    tree.mocks = file.items;
    Ok(())
}

fn type_of(operation: &Operation, ending: &str) -> Ident {
    // A builder whose name would be a keyword ends with `_`.
    format_ident!("{}{ending}", operation.builder.trim_end_matches('_'))
}

/// Returns the expected request of an operation.
fn expecting(api: &Api, operation: &Operation, name: &Ident) -> TokenStream {
    let method = &operation.name;
    let doc = format!(" Expected request of [`{method}`](super::super::Client::{method}).");
    let constant = ident(&operation.constant);
    let parameters = operation.parameters.iter();
    let parameters = parameters.map(|it| (it.ident.as_str(), expected(api, operation, it)));
    let bodies = operation.body.iter().flat_map(|body| body.bodies());
    let bodies = bodies.flat_map(|body| match &body.content {
        BodyContent::Multipart(parts) => {
            let part = having(&quote! { &str }, &quote! { body_includes(value) });
            let parts = parts.iter();
            parts.map(|it| (it.ident.as_str(), part.clone())).collect()
        }
        BodyContent::Json(schema) => {
            let ty = passed(api, schema, None);
            vec![(
                body.ident.as_str(),
                having(&ty, &quote! { json_body_obj(&value) }),
            )]
        }
        BodyContent::Form(..) | BodyContent::Raw => {
            let method = having(&quote! { &str }, &quote! { body(value) });
            vec![(body.ident.as_str(), method)]
        }
    });
    let mut known = HashSet::from(["into_inner"]);
    let methods = parameters
        .chain(bodies)
        .filter(|(name, _)| known.insert(*name));
    let methods = methods.map(|(name, method)| {
        let doc = format!(" Expects `{name}`.");
        let name = ident(name);
        quote! { #[doc = #doc] pub fn #name #method }
    });
    quote! {
        #[doc = #doc]
        pub struct #name(::compute_kfp_runtime::mock::Expected);

        impl #name {
            /// Wraps the value that `httpmock` passes to a mock.
            pub fn new(inner: ::compute_kfp_runtime::mock::httpmock::When) -> Self {
                Self(::compute_kfp_runtime::mock::Expected::new(
                    inner,
                    &super::super::operations::#constant,
                    super::super::operations::OPERATIONS,
                ))
            }

            /// Returns the value that `httpmock` passed to the mock.
            pub fn into_inner(self) -> ::compute_kfp_runtime::mock::httpmock::When {
                self.0.into_inner()
            }

            #(#methods)*
        }
    }
}

/// Returns the rest of a method that adds an expectation of `httpmock`.
fn having(ty: &TokenStream, expectation: &TokenStream) -> TokenStream {
    quote! { (self, value: #ty) -> Self { Self(self.0.with(|when| when.#expectation)) } }
}

/// Returns the rest of a method that expects a parameter as the client writes it.
fn expected(api: &Api, operation: &Operation, parameter: &Parameter) -> TokenStream {
    let (argument, schema) = (&parameter.argument, &parameter.schema);
    let json_type = api.kind(schema).json_type();
    let is_compound = ["any", "array", "object"].contains(&json_type);
    if parameter.required || is_compound {
        let ty = rust_type(schema);
        let taken = taken(&ty, &ident("value"));
        let (parameter, value) = (taken.parameter, taken.value);
        return quote! {
            (self, value: #parameter) -> Self {
                let value: #ty = #value;
                Self(self.0.parameter(#argument, value))
            }
        };
    }
    let ty = match operation.has_page_size(parameter) {
        true => quote! { u32 },
        false => passed(api, schema, Some(quote! { 'a })),
    };
    let lifetime = ty.to_string().starts_with('&').then(|| quote! { <'a> });
    quote! {
        #lifetime (self, value: impl ::std::convert::Into<::std::option::Option<#ty>>) -> Self {
            let value: ::std::option::Option<#ty> = value.into();
            Self(self.0.parameter(#argument, value))
        }
    }
}

/// Returns the response of an operation.
fn responding(api: &Api, operation: &Operation, name: &Ident) -> TokenStream {
    let method = &operation.name;
    let doc = format!(" Response of [`{method}`](super::super::Client::{method}).");
    let kept = operation.responses.iter().filter_map(|response| {
        let (kept, statuses) = placed(operation, response);
        kept.then_some((response, statuses))
    });
    let mut kept: Vec<_> = kept.collect();
    let undeclared = Response {
        status: "200".to_owned(),
        is_success: true,
        description: String::new(),
        content: ResponseContent::Other("application/octet-stream".to_owned()),
    };
    if !kept.iter().any(|(it, _)| it.is_success) {
        kept.push((&undeclared, vec!["200"]));
    }
    let mut known = HashSet::new();
    let mut methods = Vec::new();
    for (response, statuses) in kept {
        let statuses = statuses.into_iter().filter(|it| known.insert(*it));
        methods.extend(statuses.filter_map(|it| respond(api, operation, response, it)));
    }
    quote! {
        #[doc = #doc]
        pub struct #name(::compute_kfp_runtime::mock::httpmock::Then);

        impl #name {
            /// Wraps the value that `httpmock` passes to a mock.
            pub fn new(inner: ::compute_kfp_runtime::mock::httpmock::Then) -> Self {
                Self(inner)
            }

            /// Returns the value that `httpmock` passed to the mock.
            pub fn into_inner(self) -> ::compute_kfp_runtime::mock::httpmock::Then {
                self.0
            }

            #(#methods)*
        }
    }
}

/// Returns the method that responds with a status, or with one of a class such as `4XX`.
fn respond(
    api: &Api,
    operation: &Operation,
    response: &Response,
    status: &str,
) -> Option<TokenStream> {
    let name = reason(status)?;
    let (doc, argument, status) = match status.strip_suffix("XX") {
        Some(class) => {
            let class: u16 = class.parse().ok()?;
            (
                format!(" Responds with a status of the class `{name}`."),
                Some(quote! { status: u16, }),
                quote! {{
                    assert_eq!(status / 100, #class);
                    status
                }},
            )
        }
        None => {
            let status: u16 = status.parse().ok()?;
            (
                format!(" Responds with `{name}`."),
                None,
                quote! { #status },
            )
        }
    };
    let mut lifetime = None;
    let (value, content) = match (&response.content, &operation.success) {
        (ResponseContent::Empty, _) => (None, None),
        (ResponseContent::Stream(media), Success::Stream(item, format)) => {
            let item = passed(api, item, Some(quote! { 'a }));
            lifetime = item.to_string().starts_with('&').then(|| quote! { <'a> });
            let (media, start, end) = match format {
                StreamFormat::Lines => (media.as_str(), "", ""),
                StreamFormat::Sequence => (media.as_str(), "\u{1e}", ""),
                StreamFormat::Results => ("application/json", "{\"result\":", "}"),
            };
            (
                Some(quote! { values: impl ::std::iter::IntoIterator<Item = #item> }),
                Some(quote! {
                    .header("content-type", #media)
                    .body(::compute_kfp_runtime::mock::json_lines(values, #start, #end))
                }),
            )
        }
        (ResponseContent::Json(schema), _) => {
            let ty = schema.as_ref().map_or_else(
                || quote! { &::serde_json::Value },
                |it| passed(api, it, None),
            );
            (
                Some(quote! { value: #ty }),
                Some(quote! { .header("content-type", "application/json").json_body_obj(&value) }),
            )
        }
        (ResponseContent::Other(media) | ResponseContent::Stream(media), _) => (
            Some(quote! { value: impl ::std::convert::AsRef<[u8]> }),
            Some(quote! { .header("content-type", #media).body(value) }),
        ),
    };
    let name = ident(&name);
    Some(quote! {
        #[doc = #doc]
        pub fn #name #lifetime (self, #argument #value) -> Self {
            Self(self.0.status(#status) #content)
        }
    })
}

/// Returns the type by which a method takes a value.
fn passed(api: &Api, schema: &Schema, lifetime: Option<TokenStream>) -> TokenStream {
    let ty = rust_type(schema);
    match api.kind(schema) {
        Kind::String | Kind::Binary => quote! { & #lifetime str },
        Kind::Boolean
        | Kind::Integer(_)
        | Kind::IntegerText { .. }
        | Kind::Number
        | Kind::Enum(_) => {
            quote! { #ty }
        }
        _ => quote! { & #lifetime #ty },
    }
}

/// Returns progenitor's name of the method for a status.
fn reason(status: &str) -> Option<String> {
    match status {
        "2XX" => Some("success".to_owned()),
        "4XX" => Some("client_error".to_owned()),
        "5XX" => Some("server_error".to_owned()),
        _ => {
            let status: http::StatusCode = status.parse().ok()?;
            status.canonical_reason().map(snake)
        }
    }
}
