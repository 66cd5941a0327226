//! The client sends requests through the runtime's transport.
//!
//! Why: progenitor's client holds a `reqwest::Client` and a base URL, without credentials, retries
//! or limits. It has all methods in one block, where one of 80 is hard to find, and its examples
//! are not compiled. A missing parameter or body is only noticed when the request is sent. Here
//! required values are arguments of the methods, each tag has its own block with a heading and a
//! sentence, and examples compile. Command lines and scripts, which know the name of an operation
//! only at run time, use `call`, which has no equivalent in progenitor.

use std::collections::BTreeSet;

use heck::ToSnakeCase as _;
use quote::quote;
use syn::{Attribute, ImplItemFn, Item, parse_quote};

use super::Context;
use crate::argument::{Argument, arguments};
use crate::docs::{alias, deprecated, doc_attributes};
use crate::model::{Api, Operation, Success};
use crate::prose::{code, one_line, rustdoc};
use crate::taken::many;
use crate::tree::{Tree, ident};

pub(super) fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    let api = context.api;
    tree.client.retain(|item| matches!(item, Item::Mod(_)));
    tree.client.extend(client(context));
    for (tag, description) in &api.tags {
        let sentence = description.as_deref().map(rustdoc);
        let sentence =
            sentence.unwrap_or_else(|| format!("Operations with the tag {}.", code(tag)));
        let doc = doc_attributes(&format!("# {}\n\n{sentence}", heading(tag)));
        tree.client.extend(block(context, &doc, Some(tag)));
    }
    tree.client.extend(block(context, &[], None));
    Ok(())
}

fn client(context: &Context<'_>) -> [Item; 2] {
    let api = context.api;
    let about = api.description.as_deref().map(rustdoc).unwrap_or_default();
    let doc = doc_attributes(&format!(
        "Client for {}\n\n{about}\n\nVersion: {}{}\n\nClones share connections and credentials.",
        rustdoc(&one_line(&api.title)),
        rustdoc(&one_line(&api.version)),
        servers(api),
    ));
    let endpoint = api.servers.first().map(|server| {
        let url = &server.url;
        let summary = format!(" The server in the spec: {}.", code(url));
        quote! {
            #[doc = #summary]
            ///
            /// `Client::new(Transport::builder(Client::DEFAULT_ENDPOINT).build()?)` is a client for
            /// it.
            pub const DEFAULT_ENDPOINT: &'static str = #url;
        }
    });
    let call_doc = doc_attributes(&call_text(context));
    let held = parse_quote! {
        #(#doc)*
        #[derive(Clone, Debug)]
        pub struct Client {
            transport: ::compute_kfp_runtime::Transport,
        }
    };
    let block = parse_quote! {
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

            #(#call_doc)*
            #[cfg(feature = "dynamic")]
            pub fn call(
                &self,
                operation: &str,
                arguments: impl ::std::convert::Into<::serde_json::Value>,
            ) -> ::std::result::Result<
                ::compute_kfp_runtime::dynamic::Call,
                ::compute_kfp_runtime::Error,
            > {
                ::compute_kfp_runtime::dynamic::Call::new(
                    self.transport.clone(),
                    super::operations::OPERATIONS,
                    operation,
                    arguments.into(),
                )
            }
        }
    };
    [held, block]
}

/// Returns the block with the methods of a tag, if it has any.
fn block(context: &Context<'_>, doc: &[Attribute], tag: Option<&String>) -> Option<Item> {
    let operations = context.api.operations.iter();
    let operations = operations.filter(|it| it.tags.first() == tag);
    let methods: Vec<_> = operations.map(|it| method(context, it)).collect();
    (!methods.is_empty()).then(|| {
        parse_quote! {
            #(#doc)*
            impl Client {
                #(#methods)*
            }
        }
    })
}

fn method(context: &Context<'_>, operation: &Operation) -> ImplItemFn {
    let arguments = arguments(context.api, operation);
    let mut doc = doc_attributes(&method_text(context, operation, &arguments));
    alias(&mut doc, Some(&operation.upstream), &operation.name);
    let required = arguments.iter().filter(|it| it.required);
    let (inputs, passed): (Vec<_>, Vec<_>) = required
        .map(|it| {
            let (name, parameter) = (ident(it.name), &it.parameter);
            (quote! { #name: #parameter }, &it.passed)
        })
        .unzip();
    let many = many(&inputs);
    let deprecated = operation.deprecated.then(deprecated);
    let (name, builder) = (ident(&operation.name), ident(&operation.builder));
    parse_quote! {
        #(#doc)*
        #many
        #deprecated
        pub fn #name(&self, #(#inputs),*) -> builder::#builder<'_> {
            builder::#builder::new(self, #(#passed),*)
        }
    }
}

/// Returns `Recurring run` for `RecurringRunService`, which is how grpc-gateway names a service.
fn heading(tag: &str) -> String {
    let mut text = one_line(tag);
    if let Some(service) = text.strip_suffix("Service").filter(|it| !it.is_empty()) {
        let words = service.to_snake_case().replace('_', " ");
        let mut letters = words.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        text = first.chain(letters).collect();
    }
    if rustdoc(&text) == text {
        text
    } else {
        code(&text)
    }
}

/// Describes the servers of the spec and those of single operations.
fn servers(api: &Api) -> String {
    let mut text = String::new();
    if !api.servers.is_empty() {
        text.push_str("\n\nServers of the spec:\n");
    }
    let mut default = " ([default](Self::DEFAULT_ENDPOINT))";
    for server in &api.servers {
        let about = server.description.as_deref();
        let about = about.map(|about| format!(": {}", rustdoc(&one_line(about))));
        let about = about.unwrap_or_default();
        text.push_str(&format!("\n- {}{default}{about}", code(&server.url)));
        default = "";
    }
    let own = api.operations.iter();
    let own: BTreeSet<&str> = own.filter_map(|it| it.server.as_deref()).collect();
    if !own.is_empty() {
        let own: Vec<String> = own.into_iter().map(code).collect();
        text.push_str(&format!(
            "\n\nSome operations have their own server and are sent there, regardless of the client's \
             endpoint: {}. They use the client's credentials, but only over HTTPS or to this machine. \
             [`TransportBuilder::server`](::compute_kfp_runtime::TransportBuilder::server) sets \
             a different address.",
            own.join(", ")
        ));
    }
    text
}

/// Returns the documentation of a client's method.
fn method_text(context: &Context<'_>, operation: &Operation, arguments: &[Argument<'_>]) -> String {
    let builder = &operation.builder;
    let summary = operation.summary.as_deref().map(|summary| {
        let summary = rustdoc(&one_line(summary));
        match summary.ends_with(['.', '!', '?']) || summary.contains('\n') {
            true => summary,
            false => summary + ".",
        }
    });
    let description = operation.description.as_deref().map(rustdoc);
    let unnamed = summary.is_none() && description.is_none();
    let unnamed = unnamed.then(|| format!("Operation {}.", code(&operation.upstream)));
    let sends = format!(
        "Sends a `{}` request to {}{}.",
        operation.method,
        code(&operation.path),
        credentials(operation)
    );
    let server = operation.server.as_deref().map(|server| {
        format!(
            "The request goes to {}, the server of this operation, unless \
             [`TransportBuilder::server`](::compute_kfp_runtime::TransportBuilder::server) sets \
             a different address.",
            code(server)
        )
    });
    let events = operation.events.as_ref().map(|_| {
        format!(
            "[`events`](builder::{builder}::events) of the builder requests server-sent events."
        )
    });
    let (required, optional): (Vec<_>, Vec<_>) = arguments.iter().partition(|it| it.required);
    let described = required.iter().filter_map(|argument| {
        let description = rustdoc(argument.description?);
        let plain = description.starts_with(char::is_alphabetic);
        let gap = if plain { " " } else { "\n\n" };
        let item = format!("- `{}`:{gap}{description}", argument.name);
        Some(item.replace('\n', "\n  "))
    });
    let described: Vec<String> = described.collect();
    let described =
        (!described.is_empty()).then(|| format!("# Arguments\n\n{}", described.join("\n")));
    let links = optional.iter().map(|it| it.name);
    let links: Vec<String> = links
        .map(|name| format!("[`{name}`](builder::{builder}::{name})"))
        .collect();
    let links = (!links.is_empty()).then(|| {
        let links = links.join(", ");
        format!("Optional, set by methods of the builder: {links}.")
    });
    let example = example(context, operation, &required);
    let paragraphs = [
        unnamed,
        summary,
        description,
        Some(sends),
        server,
        events,
        described,
        links,
        example,
    ];
    let paragraphs = paragraphs.into_iter().flatten();
    let paragraphs: Vec<String> = paragraphs.filter(|it| !it.is_empty()).collect();
    paragraphs.join("\n\n")
}

fn example(
    context: &Context<'_>,
    operation: &Operation,
    required: &[&Argument<'_>],
) -> Option<String> {
    let values: Option<Vec<&str>> = required.iter().map(|it| it.example.as_deref()).collect();
    let values = values?;
    let crate_name = context.crate_name?;
    let import = if values.iter().any(|value| value.contains("types::")) {
        format!("use {crate_name}::types;\n\n")
    } else {
        String::new()
    };
    let allow = match operation.deprecated {
        true => "# #[allow(deprecated)]\n",
        false => "",
    };
    let call = format!("{}({})", operation.name, values.join(", "));
    let example = in_function(crate_name, &import, &call, "# drop(response);");
    Some(format!("# Examples\n\n```no_run\n{allow}{example}```"))
}

/// Returns an example that sends a call of the client.
fn in_function(crate_name: &str, import: &str, call: &str, end: &str) -> String {
    format!(
        "# async fn example(client: &{crate_name}::Client) -> Result<(), {crate_name}::Error> {{\n\
        {import}let response = client.{call}.send().await?;\n{end}\n# Ok(())\n# }}\n"
    )
}

/// Returns the documentation of `call`.
fn call_text(context: &Context<'_>) -> String {
    let text = "Prepares a call of an operation by its name, with arguments as JSON.\n\n\
        The name is the method's, in snake or kebab case, or the `operationId` in the spec. \
        The arguments are an object with the parameters under their names in the spec, and `body`; \
        see [`Call`](::compute_kfp_runtime::dynamic::Call). It also has methods for the files of an \
        upload and for the settings of a list.\n\n\
        # Errors\n\n\
        Returns the errors of [`Call::new`](::compute_kfp_runtime::dynamic::Call::new). \
        Nothing is sent.";
    // The example works as shown, because it needs no arguments.
    let operation = context.api.operations.iter().find(|operation| {
        let free = operation.parameters.iter().all(|it| !it.required) && operation.body.is_none();
        free && matches!(operation.success, Success::Json(_))
    });
    let (Some(crate_name), Some(operation)) = (context.crate_name, operation) else {
        return text.to_owned();
    };
    let call = format!("call(\"{}\", serde_json::json!({{}}))?", operation.name);
    let end = "println!(\"{}\", *response);";
    let example = in_function(crate_name, "", &call, end);
    format!("{text}\n\n# Examples\n\n```no_run\n{example}```")
}

fn credentials(operation: &Operation) -> String {
    if operation.security.is_empty() {
        return ", without a credential".to_owned();
    }
    let alternatives = operation.security.iter().map(|schemes| {
        let schemes: Vec<String> = schemes.iter().map(|scheme| code(scheme)).collect();
        match schemes.is_empty() {
            true => "no credential".to_owned(),
            false => schemes.join(" and "),
        }
    });
    let alternatives: Vec<String> = alternatives.collect();
    format!(", authorized by {}", alternatives.join(" or "))
}
