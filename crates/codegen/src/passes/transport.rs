//! Every request goes through the transport of the runtime.
//!
//! Why: progenitor generates the sending of a request anew for each operation, on a
//! `reqwest::Client` with a time limit of its own, a header of its own, errors with a type
//! parameter, and without credentials, retries or limits. Here a builder holds a request of the
//! runtime, and `send` is one call of a function that is not generic in the operation.

use quote::quote;
use syn::{
    Attribute, Fields, FnArg, ImplItem, Item, ItemImpl, ItemStruct, ReturnType, Type, parse_quote,
};

use super::{Change, Context, Part, Pass};
use crate::model::{Api, Kind, Operation, Success};
use crate::prose::code;
use crate::tree::{Tree, fields, functions, generic, ident, last_name, trait_name};

pub(super) const PASS: Pass = Pass {
    name: "transport",
    changes: &[
        (Change::Adds, Part::Client),
        (Change::Changes, Part::Client),
        (Change::Removes, Part::Client),
        (Change::Removes, Part::Module),
        (Change::Removes, Part::Implementation),
        (Change::Changes, Part::Builder),
        (Change::Adds, Part::Setter),
        (Change::Changes, Part::Setter),
        (Change::Changes, Part::Docs),
    ],
    run,
};

fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    client(context.api, &mut tree.client);
    for items in [&mut tree.client, &mut tree.builders] {
        items.retain(|item| !matches!(item, Item::Use(_)));
    }
    for operation in &context.api.operations {
        let name = &operation.builder;
        let mut found = false;
        for item in &mut tree.builders {
            match item {
                Item::Struct(item) if item.ident == name => {
                    for (field, ty) in argument_types(item) {
                        tree.arguments.insert((name.clone(), field), ty);
                    }
                    hold_request(item);
                }
                Item::Impl(block) if last_name(&block.self_ty).as_deref() == Some(name) => {
                    found = true;
                    sending(operation, block)?;
                }
                _ => {}
            }
        }
        if !found {
            return Err(format!("progenitor made no builder `{name}`"));
        }
    }
    Ok(())
}

fn client(api: &Api, items: &mut Vec<Item>) {
    let endpoint = api.servers.first().map(|server| {
        let url = &server.url;
        let summary = format!(" The server that the spec declares: {}.", code(url));
        quote! {
            #[doc = #summary]
            ///
            /// `Client::new(Transport::builder(Client::DEFAULT_ENDPOINT).build()?)` is a client for
            /// it.
            pub const DEFAULT_ENDPOINT: &'static str = #url;
        }
    });
    let mut first = true;
    items.retain(|item| match item {
        // How it is sent, and what it is sent with.
        Item::Impl(block) => !matches!(
            trait_name(block).as_deref(),
            Some("ClientInfo" | "ClientHooks")
        ),
        _ => true,
    });
    for item in items {
        match item {
            Item::Struct(item) => {
                item.fields = Fields::Named(parse_quote! {
                    { transport: ::compute_kfp_runtime::Transport }
                });
            }
            Item::Impl(block) if std::mem::take(&mut first) => {
                *block = parse_quote! {
                    impl Client {
                        #endpoint

                        /// Creates a client that sends its requests through `transport`.
                        pub fn new(transport: ::compute_kfp_runtime::Transport) -> Self {
                            Self { transport }
                        }

                        /// Returns the transport: endpoint, credentials, retries and limits.
                        pub fn transport(&self) -> &::compute_kfp_runtime::Transport {
                            &self.transport
                        }
                    }
                };
            }
            _ => {}
        }
    }
}

/// The values that progenitor's builder holds: `T` of `Result<T, String>`.
fn argument_types(item: &mut ItemStruct) -> Vec<(String, Type)> {
    fields(item)
        .filter_map(|(name, field)| {
            let held = generic(&field.ty, "Result")?;
            let held = generic(held, "Option").unwrap_or(held);
            Some((name, without_builder(held)))
        })
        .collect()
}

/// `types::X` for `types::builder::X`.
fn without_builder(ty: &Type) -> Type {
    let mut ty = ty.clone();
    if let Type::Path(path) = &mut ty {
        let segments = std::mem::take(&mut path.path.segments);
        let kept = segments.into_iter().filter(|it| it.ident != "builder");
        path.path.segments = kept.collect();
    }
    ty
}

fn hold_request(item: &mut ItemStruct) {
    item.fields = Fields::Named(parse_quote! {
        { client: &'a super::Client, request: ::compute_kfp_runtime::Request }
    });
    let derive: Attribute = parse_quote! { #[derive(Debug, Clone)] };
    item.attrs
        .retain(|attribute| !attribute.path().is_ident("derive"));
    item.attrs.push(derive);
    item.attrs
        .push(parse_quote! { #[must_use = "nothing is sent before `send`"] });
}

/// The function that asks for server-sent events.
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

fn sending(operation: &Operation, block: &mut ItemImpl) -> Result<(), String> {
    let mut sends = false;
    for function in functions(block) {
        let takes_self = matches!(function.sig.inputs.first(), Some(FnArg::Receiver(_)));
        if function.sig.ident == "new" && !takes_self {
            let constant = ident(&operation.constant);
            function.block = parse_quote! {{
                let request = ::compute_kfp_runtime::Request::new(&super::operations::#constant);
                Self { client, request }
            }};
        }
        if function.sig.asyncness.is_some() {
            let response = match &function.sig.output {
                ReturnType::Type(_, ty) => generic(ty, "Result"),
                ReturnType::Default => None,
            };
            let response = response.and_then(|it| generic(it, "ResponseValue"));
            let response = response.ok_or("progenitor's `send` returns something else")?;
            let (send, response) = match operation.success {
                Success::Empty => (quote! { send_empty }, quote! { () }),
                Success::Json(_) => (quote! { send_json }, quote! { #response }),
                Success::OptionalJson(_) => (
                    quote! { send_optional_json },
                    quote! { ::std::option::Option<#response> },
                ),
                Success::Stream(..) => (
                    quote! { send_json_stream },
                    quote! { ::compute_kfp_runtime::JsonStream<#response> },
                ),
                Success::Bytes => (
                    quote! { send_bytes },
                    quote! { ::compute_kfp_runtime::ByteStream },
                ),
            };
            let attributes = std::mem::take(&mut function.attrs);
            *function = parse_quote! {
                #(#attributes)*
                pub fn send(self) -> impl ::std::future::Future<
                    Output = ::std::result::Result<
                        ::compute_kfp_runtime::Response<#response>,
                        ::compute_kfp_runtime::Error,
                    >,
                > + ::std::marker::Send + use<'a> {
                    self.client.transport().#send(self.request)
                }
            };
            sends = true;
        }
    }
    block.items.extend(events(operation));
    sends
        .then_some(())
        .ok_or_else(|| format!("progenitor's builder `{}` has no `send`", operation.builder))
}
