//! `builder.rs`: one builder for each operation; it holds the request and nothing else.

use proc_macro2::TokenStream;
use quote::quote;

use super::client::{Argument, body_argument, many, part_argument, required};
use super::items::{Items, Operation as Generated};
use super::paging;
use super::tokens::{default_note, deprecated, doc, ident, set, shown, taken};
use crate::model::{Api, BodyContent, Operation, Parameter, Success};

pub(super) fn generate(api: &Api, items: &Items) -> Result<TokenStream, String> {
    let mut builders = TokenStream::new();
    for (index, operation) in api.operations.iter().enumerate() {
        builders.extend(builder(api, operation, items.operation(index)?)?);
    }
    Ok(quote! {
        #[allow(unused_imports)]
        use ::compute_kfp_runtime as runtime;

        #[allow(unused_imports)]
        use super::{operations, types};

        #builders
    })
}

fn builder(api: &Api, operation: &Operation, generated: &Generated) -> Result<TokenStream, String> {
    let name = ident(&operation.builder);
    let constant = ident(&operation.constant);
    let summary = format!(
        " Request of [`Client::{0}`](super::Client::{0}).",
        operation.name
    );
    let arguments = required(api, operation, generated)?;
    let names: Vec<_> = arguments
        .iter()
        .map(|argument| ident(&argument.name))
        .collect();
    let types = arguments.iter().map(|argument| &argument.ty);
    let sets = arguments.iter().map(|argument| &argument.set);
    let mutable = (!arguments.is_empty()).then(|| quote! { mut });
    let mut setters = setters(api, operation, generated)?;
    setters.extend(optional_body(api, operation, generated)?);
    let (send, answer) = send(api, operation, generated);
    let paging = paging::methods(operation, &answer);
    let many = many(&names);
    Ok(quote! {
        #[doc = #summary]
        #[derive(Clone, Debug)]
        #[must_use = "nothing is sent before `send`"]
        pub struct #name<'a> {
            client: &'a super::Client,
            request: runtime::Request,
        }

        impl<'a> #name<'a> {
            #many
            pub(super) fn new(client: &'a super::Client, #(#names: #types),*) -> Self {
                let #mutable request = runtime::Request::new(&operations::#constant);
                #(#sets)*
                Self { client, request }
            }

            #setters

            /// Sets for this call what is otherwise as the client has it: time limits, retries,
            /// further headers.
            pub fn options(
                mut self,
                set: impl ::core::ops::FnOnce(runtime::CallOptions) -> runtime::CallOptions,
            ) -> Self {
                self.request.options(set);
                self
            }

            /// Sends the request. Its time begins here, not when the future is first polled.
            ///
            /// # Errors
            ///
            /// Whatever keeps the answer from being read: see
            /// [`ErrorKind`](runtime::ErrorKind).
            pub fn send(
                self,
            ) -> impl ::core::future::Future<
                Output = __Result<runtime::ResponseValue<#answer>, runtime::Error>
            > + ::core::marker::Send + use<'a> {
                self.client.transport().#send(self.request)
            }

            #paging
        }
    })
}

/// Methods that set the optional parameters.
pub(super) fn setters(
    api: &Api,
    operation: &Operation,
    generated: &Generated,
) -> Result<TokenStream, String> {
    let mut setters = TokenStream::new();
    for (index, parameter) in operation
        .parameters
        .iter()
        .enumerate()
        .filter(|(_, parameter)| !parameter.required)
    {
        let ty = shown(generated.parameter(index)?, api);
        setters.extend(setter(parameter, &ty));
    }
    Ok(setters)
}

fn setter(parameter: &Parameter, ty: &syn::Type) -> TokenStream {
    let (name, wire) = (ident(&parameter.ident), &parameter.name);
    let fallback = format!("Sets the parameter `{wire}`.");
    let description = parameter.description.as_deref().unwrap_or(&fallback);
    let doc = doc(&[description, &default_note(&parameter.schema, description)]);
    let attribute = deprecated(parameter.deprecated);
    let taken = taken(ty, &ident("value"));
    let (kind, value) = (taken.parameter, taken.value);
    let convert = (value.to_string() != "value").then(|| quote! { let value: #ty = #value; });
    let set = set(wire, ty, &ident("value"));
    quote! {
        #doc
        #attribute
        pub fn #name(mut self, value: #kind) -> Self {
            #convert
            self.request.#set;
            self
        }
    }
}

pub(super) fn optional_body(
    api: &Api,
    operation: &Operation,
    generated: &Generated,
) -> Result<TokenStream, String> {
    let Some(body) = &operation.body else {
        return Ok(TokenStream::new());
    };
    let arguments: Vec<Argument> = match &body.content {
        BodyContent::Multipart(parts) => parts
            .iter()
            .filter(|part| !(body.required && part.required))
            .map(part_argument)
            .collect(),
        content if !body.required => vec![body_argument(
            api,
            content,
            body.description.clone(),
            generated,
        )?],
        _ => Vec::new(),
    };
    Ok(arguments
        .iter()
        .map(|argument| {
            let name = ident(&argument.name);
            let (parameter, passed, set, ty) = (
                &argument.parameter,
                &argument.passed,
                &argument.set,
                &argument.ty,
            );
            let summary = format!(" Sets `{}` of the body.", argument.name);
            quote! {
                #[doc = #summary]
                pub fn #name(mut self, #name: #parameter) -> Self {
                    let #name: #ty = #passed;
                    let request = &mut self.request;
                    #set
                    self
                }
            }
        })
        .collect())
}

fn send(api: &Api, operation: &Operation, generated: &Generated) -> (TokenStream, TokenStream) {
    let answer = shown(&generated.answer, api);
    match operation.success {
        Success::Empty => (quote! { send_empty }, quote! { () }),
        Success::Json(_) => (quote! { send_json }, quote! { #answer }),
        Success::OptionalJson(_) => (quote! { send_optional_json }, quote! { __Option<#answer> }),
        Success::Bytes => (quote! { send_bytes }, quote! { runtime::ByteStream }),
    }
}
