//! `mock.rs`: a typed mock of each operation, on a server of httpmock.
//!
//! progenitor has such a module, too. It is made from its own names and paths, of which it gets none
//! here, knows neither required arguments nor uploads, and does not compile with lists in a query;
//! so this one is written like the builders, with the same names, types and documentation.

use proc_macro2::TokenStream;
use quote::quote;

use super::builders::{optional_body, setters};
use super::client::required;
use super::items::{Items, Operation as Generated};
use super::tokens::{deprecated, doc, doc_text, ident, shown};
use crate::model::{Api, Operation, Success};
use crate::prose::{one_line, rustdoc};

pub(super) fn generate(api: &Api, items: &Items) -> Result<TokenStream, String> {
    let (mut declared, mut defined) = (TokenStream::new(), TokenStream::new());
    let mut expectations = TokenStream::new();
    for (index, operation) in api.operations.iter().enumerate() {
        let generated = items.operation(index)?;
        let signature = signature(api, operation, generated);
        let doc = format!(
            " Mocks [`Client::{0}`](super::Client::{0}).",
            operation.name
        );
        let attribute = deprecated(operation.deprecated);
        declared.extend(quote! { #[doc = #doc] #attribute #signature; });
        let (name, constant) = (ident(&operation.builder), ident(&operation.constant));
        defined.extend(quote! {
            #signature {
                self.mock(|when, then| {
                    let operation = &operations::#constant;
                    let when = runtime::mock::When::new(when, operation, operations::OPERATIONS);
                    set(when::#name::new(when), runtime::mock::Then::new(then, operation));
                })
            }
        });
        expectations.extend(expectation(api, operation, generated)?);
    }
    let title = rustdoc(&one_line(&api.title));
    let about = doc_text(&format!(
        "Mocks of the operations of {title}: methods of a mock server, named as those of the client.\n\n\
        Each takes what to expect of a request, and what to answer to it. A parameter that is not \
        expected may have any value or be absent. The first mock that fits answers; a request that \
        none fits is answered 404."
    ));
    Ok(quote! {
        #[allow(unused_imports)]
        use ::compute_kfp_runtime as runtime;

        pub use ::compute_kfp_runtime::mock::{Bytes, Nothing, Then, httpmock};

        #[allow(unused_imports)]
        use super::{operations, types};

        #about
        pub trait MockServerExt {
            #declared
        }

        impl MockServerExt for httpmock::MockServer {
            #defined
        }

        /// What mocks expect of requests: one type for each operation.
        pub mod when {
            #[allow(unused_imports)]
            use ::compute_kfp_runtime as runtime;

            #[allow(unused_imports)]
            use super::super::types;

            #expectations
        }
    })
}

fn signature(api: &Api, operation: &Operation, generated: &Generated) -> TokenStream {
    let (method, name) = (ident(&operation.name), ident(&operation.builder));
    let answer = match operation.success {
        Success::Empty => quote! { runtime::mock::Nothing },
        Success::Bytes => quote! { runtime::mock::Bytes },
        Success::Json(_) | Success::OptionalJson(_) => {
            let answer = shown(&generated.answer, api);
            quote! { #answer }
        }
    };
    quote! {
        fn #method<R>(
            &self,
            set: impl ::core::ops::FnOnce(when::#name, runtime::mock::Then<#answer>) -> R,
        ) -> httpmock::Mock<'_>
    }
}

fn expectation(
    api: &Api,
    operation: &Operation,
    generated: &Generated,
) -> Result<TokenStream, String> {
    let name = ident(&operation.builder);
    let summary = format!(
        " Expects a request of [`Client::{0}`](super::super::Client::{0}).",
        operation.name
    );
    let mut methods = TokenStream::new();
    for argument in required(api, operation, generated)? {
        let (name, kind) = (ident(&argument.name), &argument.parameter);
        let (ty, passed, set) = (&argument.ty, &argument.passed, &argument.set);
        let fallback = format!("Expects the argument `{}`.", argument.name);
        let doc = doc(&[argument.description.as_deref().unwrap_or(&fallback)]);
        methods.extend(quote! {
            #doc
            pub fn #name(mut self, #name: #kind) -> Self {
                let #name: #ty = #passed;
                let request = &mut self.request;
                #set
                self
            }
        });
    }
    methods.extend(setters(api, operation, generated)?);
    methods.extend(optional_body(api, operation, generated)?);
    Ok(quote! {
        #[doc = #summary]
        pub struct #name {
            request: runtime::mock::When,
        }

        impl #name {
            pub(super) fn new(request: runtime::mock::When) -> Self {
                Self { request }
            }

            #methods

            /// Expects more of the request, in the words of httpmock.
            pub fn request(
                mut self,
                set: impl ::core::ops::FnOnce(
                    runtime::mock::httpmock::When,
                ) -> runtime::mock::httpmock::When,
            ) -> Self {
                self.request.request(set);
                self
            }
        }
    })
}
