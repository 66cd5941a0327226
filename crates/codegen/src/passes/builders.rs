//! Builders of operations hold a request of the runtime.
//!
//! Why: progenitor's builders keep a `Result` for each value, whose error appears only when the
//! request is sent, and so does a missing parameter or body. Their code for sending is separate for
//! each operation, without credentials, retries or limits. They lack uploads, cookies, parameters
//! that are objects, and all but four media types; the prepared document has those under
//! `x-content` and `x-parameters`. Here required values are arguments, a setter accepts values
//! whose conversion cannot fail, iterators included, and writes them into a request, and `send`
//! passes it to the transport. `body_map` is missing: the builder of the body's type replaces it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ImplItem, ImplItemFn, Item, parse_quote};

use super::Context;
use crate::argument::{Argument, arguments, rust_type};
use crate::docs::{deprecated, described, doc_attributes};
use crate::model::{Kind, Operation, Success};
use crate::prose::{code, rustdoc};
use crate::taken::many;
use crate::tree::{Tree, ident};

pub(super) fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    tree.builders.clear();
    for operation in &context.api.operations {
        tree.builders.extend(builder(context, operation));
    }
    Ok(())
}

fn builder(context: &Context<'_>, operation: &Operation) -> [Item; 2] {
    let (name, constant) = (ident(&operation.builder), ident(&operation.constant));
    let method = &operation.name;
    let doc = doc_attributes(&format!(
        "Builder for [`Client::{method}`]\n\n[`Client::{method}`]: super::Client::{method}"
    ));
    let arguments = arguments(context.api, operation);
    let (required, mut optional): (Vec<_>, Vec<_>) = arguments.iter().partition(|it| it.required);
    optional.sort_by_key(|it| it.wire);
    let inputs = required.iter().map(|it| {
        let (name, ty) = (ident(it.name), &it.ty);
        quote! { #name: #ty }
    });
    let sets = required.iter().map(|it| &it.set);
    let mutable = (!required.is_empty()).then(|| quote! { mut });
    let many = many(&required);
    let setters = optional.iter().map(|it| setter(operation, it));
    let send = send(operation);
    let events = events(operation);
    let held: Item = parse_quote! {
        #(#doc)*
        #[derive(Debug, Clone)]
        #[must_use = "nothing is sent before `send`"]
        pub struct #name<'a> {
            client: &'a super::Client,
            request: ::compute_kfp_runtime::Request,
        }
    };
    let block = parse_quote! {
        impl<'a> #name<'a> {
            /// Creates a request without optional values.
            #many
            pub fn new(client: &'a super::Client, #(#inputs),*) -> Self {
                let #mutable request =
                    ::compute_kfp_runtime::Request::new(&super::operations::#constant);
                #(#sets)*
                Self { client, request }
            }

            #(#setters)*

            /// Overrides the client's settings for this call: time limits, retries, additional headers.
            pub fn options(
                mut self,
                set: impl ::std::ops::FnOnce(
                    ::compute_kfp_runtime::CallOptions,
                ) -> ::compute_kfp_runtime::CallOptions,
            ) -> Self {
                self.request.options(set);
                self
            }

            #send
            #events
        }
    };
    [held, block]
}

fn setter(operation: &Operation, argument: &Argument<'_>) -> ImplItemFn {
    let mut parameters = operation.parameters.iter();
    let parameter = parameters.find(|it| it.ident == argument.name);
    let text = match parameter {
        Some(parameter) => {
            let fallback = format!("Sets the parameter {}.", code(&parameter.name));
            described(&parameter.schema, argument.description, &fallback)
        }
        None => {
            let body = operation.body.as_ref().filter(|it| !it.others.is_empty());
            let mut bodies = body.iter().flat_map(|body| body.bodies());
            let replaces = bodies.find(|it| it.ident == argument.name).map(|it| {
                let media = code(&it.media);
                format!("Sends a body of type {media}. It replaces any other body.")
            });
            let texts = [replaces, argument.description.map(rustdoc)];
            let texts: Vec<String> = texts.into_iter().flatten().collect();
            match texts.is_empty() {
                true => format!("Sets {}.", code(argument.name)),
                false => texts.join("\n\n"),
            }
        }
    };
    let mut setter = argument.setter();
    setter.attrs = doc_attributes(&text);
    let is_deprecated = parameter.is_some_and(|parameter| parameter.deprecated);
    setter.attrs.extend(is_deprecated.then(deprecated));
    setter
}

fn send(operation: &Operation) -> ImplItem {
    let summary = format!(
        " Sends a `{}` request to {}.",
        operation.method,
        code(&operation.path)
    );
    let (send, response): (TokenStream, TokenStream) = match &operation.success {
        Success::Empty => (quote! { send_empty }, quote! { () }),
        Success::Json(schema) => {
            let ty = rust_type(schema);
            (quote! { send_json }, quote! { #ty })
        }
        Success::OptionalJson(schema) => {
            let ty = rust_type(schema);
            let response = quote! { ::std::option::Option<#ty> };
            (quote! { send_optional_json }, response)
        }
        Success::Stream(item, _) => {
            let ty = rust_type(item);
            let response = quote! { ::compute_kfp_runtime::JsonStream<#ty> };
            (quote! { send_json_stream }, response)
        }
        Success::Bytes => (
            quote! { send_bytes },
            quote! { ::compute_kfp_runtime::ByteStream },
        ),
    };
    parse_quote! {
        #[doc = #summary]
        ///
        /// # Errors
        ///
        /// Returns an error if the request cannot be sent, or the response is an error or cannot be decoded: see [`ErrorKind`](::compute_kfp_runtime::ErrorKind).
        pub fn send(self) -> impl ::std::future::Future<
            Output = ::std::result::Result<
                ::compute_kfp_runtime::Response<#response>,
                ::compute_kfp_runtime::Error,
            >,
        > + ::std::marker::Send + use<'a> {
            self.client.transport().#send(self.request)
        }
    }
}

/// Returns the method that requests server-sent events.
fn events(operation: &Operation) -> Option<ImplItem> {
    let data = match &operation.events.as_ref()?.kind {
        Kind::Reference(name) => format!(
            " The data of an event is JSON of [`{name}`](super::types::{name}); \
             [`Event::json`](::compute_kfp_runtime::Event::json) reads it."
        ),
        _ => " The data of an event is a string; [`Event::json`](::compute_kfp_runtime::Event::json) \
              reads it as JSON."
            .to_owned(),
    };
    Some(parse_quote! {
        /// Sends the request and returns the server-sent events of the response as a stream.
        ///
        #[doc = #data]
        ///
        /// # Errors
        ///
        /// Returns an error if the request cannot be sent, or the response is an error or of another
        /// media type: see [`ErrorKind`](::compute_kfp_runtime::ErrorKind).
        pub fn events(self) -> impl ::std::future::Future<
            Output = ::std::result::Result<
                ::compute_kfp_runtime::Response<::compute_kfp_runtime::EventStream>,
                ::compute_kfp_runtime::Error,
            >,
        > + ::std::marker::Send + use<'a> {
            self.client.transport().send_events(self.request)
        }
    })
}
