//! `client.rs`: the client, with a method for each operation.

use std::fmt::Write as _;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use super::items::{Items, Operation as Generated, generic};
use super::tokens::{alias, deprecated, doc_text, ident, is_path, schema, set, shown, taken};
use crate::model::{Api, Body, BodyContent, Kind, Location, Operation, Part, Success};
use crate::prose::{code, one_line, rustdoc};

pub(super) fn generate(
    api: &Api,
    items: &Items,
    crate_name: Option<&str>,
) -> Result<TokenStream, String> {
    let mut methods = TokenStream::new();
    for (index, operation) in api.operations.iter().enumerate() {
        let generated = items.operation(index)?;
        let arguments = required(api, operation, generated)?;
        methods.extend(method(operation, &arguments, crate_name));
    }
    let about = api.description.as_deref().map(rustdoc).unwrap_or_default();
    let doc = doc_text(&format!(
        "Client of {} {}, with a method for each operation.\n\n{about}\n\nCheap to clone: clones share connections and credentials.",
        rustdoc(&one_line(&api.title)),
        rustdoc(&one_line(&api.version)),
    ));
    let call = call(api, crate_name);
    Ok(quote! {
        use ::compute_kfp_runtime as runtime;

        #[allow(unused_imports)]
        use super::{builder, types};

        #doc
        #[derive(Clone, Debug)]
        pub struct Client {
            transport: runtime::Transport,
        }

        impl Client {
            /// A client that sends its requests through `transport`.
            pub fn new(transport: runtime::Transport) -> Self {
                Self { transport }
            }

            /// What carries the requests: endpoint, credentials and limits.
            pub fn transport(&self) -> &runtime::Transport {
                &self.transport
            }

            #call

            #methods
        }
    })
}

/// The method that calls any operation by its name.
fn call(api: &Api, crate_name: Option<&str>) -> TokenStream {
    let mut text = "Any operation, by its name, with its arguments as JSON.\n\n\
        The name is that of the method, in snake or kebab case, or the `operationId` of the \
        description. The arguments are an object with the names that the description gives to \
        parameters, and `body`; see [`Call`](runtime::dynamic::Call). Files of an \
        upload and settings of a list are methods of it."
        .to_owned();
    text.push_str(
        "\n\n# Errors\n\nThose of [`Call::new`](runtime::dynamic::Call::new); nothing is sent.",
    );
    // One that needs nothing, so that the example is not a lie.
    let example = api.operations.iter().find(|operation| {
        let free = operation.parameters.iter().all(|it| !it.required) && operation.body.is_none();
        free && matches!(operation.success, Success::Json(_))
    });
    if let (Some(crate_name), Some(operation)) = (crate_name, example) {
        let _ = write!(
            text,
            "\n\n# Example\n\n```no_run\n# async fn example(client: &{crate_name}::Client) -> Result<(), {crate_name}::Error> {{\nlet answer = client.call(\"{}\", serde_json::json!({{}}))?.send().await?;\nprintln!(\"{{}}\", *answer);\n# Ok(())\n# }}\n```",
            operation.name
        );
    }
    let doc = doc_text(&text);
    quote! {
        #doc
        #[cfg(feature = "dynamic")]
        pub fn call(
            &self,
            operation: &str,
            arguments: impl __Into<::serde_json::Value>,
        ) -> __Result<runtime::dynamic::Call, runtime::Error> {
            runtime::dynamic::Call::new(
                self.transport.clone(),
                super::operations::OPERATIONS,
                operation,
                arguments.into(),
            )
        }
    }
}

/// An argument of a method: what a caller must give.
pub(super) struct Argument {
    pub name: String,
    /// What the caller passes.
    pub parameter: TokenStream,
    /// What the builder gets, from a variable with the argument's name.
    pub passed: TokenStream,
    /// Type the builder gets.
    pub ty: TokenStream,
    /// Puts the value into the request.
    pub set: TokenStream,
    /// What an example passes, where one can be told.
    example: Option<String>,
    pub description: Option<String>,
}

/// The arguments of an operation's method, in the order of the path, then of the document.
pub(super) fn required(
    api: &Api,
    operation: &Operation,
    generated: &Generated,
) -> Result<Vec<Argument>, String> {
    let mut arguments = Vec::new();
    for (index, parameter) in operation
        .parameters
        .iter()
        .enumerate()
        .filter(|(_, parameter)| parameter.required)
    {
        let ty = shown(generated.parameter(index)?, api);
        let name = ident(&parameter.ident);
        let taken = taken(&ty, &name);
        let set = set(&parameter.name, &ty, &name);
        arguments.push(Argument {
            name: parameter.ident.clone(),
            parameter: taken.parameter,
            passed: taken.value,
            set: quote! { request.#set; },
            example: example(api, &ty, &parameter.ident),
            description: parameter.description.clone(),
            ty: quote! { #ty },
        });
    }
    if let Some(body) = operation.body.as_ref().filter(|body| body.required) {
        arguments.extend(body_arguments(api, body, generated)?);
    }
    Ok(arguments)
}

fn body_arguments(api: &Api, body: &Body, generated: &Generated) -> Result<Vec<Argument>, String> {
    match &body.content {
        BodyContent::Multipart(parts) => Ok(parts
            .iter()
            .filter(|part| part.required)
            .map(part_argument)
            .collect()),
        content => Ok(vec![body_argument(
            api,
            content,
            body.description.clone(),
            generated,
        )?]),
    }
}

pub(super) fn body_argument(
    api: &Api,
    content: &BodyContent,
    description: Option<String>,
    generated: &Generated,
) -> Result<Argument, String> {
    let encode = match content {
        BodyContent::Form(_) => quote! { form_body },
        _ => quote! { json_body },
    };
    if let BodyContent::Raw(media) = content {
        return Ok(Argument {
            name: "body".to_owned(),
            parameter: quote! { impl __Into<runtime::Content> },
            passed: quote! { body.into() },
            ty: quote! { runtime::Content },
            set: quote! { request.raw_body(#media, body); },
            example: Some("Vec::from(\"content\")".to_owned()),
            description,
        });
    }
    let ty = shown(generated.body()?, api);
    if matches!(schema(api, &ty), Some((_, Kind::Object(_)))) {
        return Ok(Argument {
            name: "body".to_owned(),
            parameter: quote! { impl __TryInto<#ty, Error: __Into<runtime::BuildError>> },
            passed: quote! { body.try_into().map_err(__Into::into) },
            ty: quote! { __Result<#ty, runtime::BuildError> },
            set: quote! { request.#encode(body); },
            example: example(api, &ty, "body"),
            description,
        });
    }
    let taken = taken(&ty, &ident("body"));
    Ok(Argument {
        name: "body".to_owned(),
        parameter: taken.parameter,
        passed: taken.value,
        set: quote! { request.#encode(__Ok::<_, runtime::BuildError>(body)); },
        example: example(api, &ty, "body"),
        description,
        ty: quote! { #ty },
    })
}

pub(super) fn part_argument(part: &Part) -> Argument {
    let (name, wire) = (ident(&part.ident), &part.name);
    let (kind, set, example) = if part.file {
        let content = quote! { runtime::Content };
        (
            content,
            quote! { request.file_part(#wire, #name); },
            "std::path::Path::new(\"pipeline.yaml\")",
        )
    } else {
        (
            quote! { __String },
            quote! { request.text_part(#wire, #name); },
            "\"text\"",
        )
    };
    Argument {
        name: part.ident.clone(),
        parameter: quote! { impl __Into<#kind> },
        passed: quote! { #name.into() },
        ty: kind,
        set,
        example: Some(example.to_owned()),
        description: part.description.clone(),
    }
}

/// A value an example can pass, where it is plain from the type.
fn example(api: &Api, ty: &Type, name: &str) -> Option<String> {
    if let Some((schema, kind)) = schema(api, ty) {
        return match kind {
            Kind::Object(_) => Some(format!("types::{schema}::builder()")),
            Kind::Enum(values) => values.first().map(|value| format!("{value:?}")),
            _ => None,
        };
    }
    if is_path(ty, "String") {
        return Some(format!("\"{name}\""));
    }
    if ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"]
        .iter()
        .any(|integer| is_path(ty, integer))
    {
        return Some("7".to_owned());
    }
    if is_path(ty, "bool") {
        return Some("true".to_owned());
    }
    if let Some(item) = generic(ty, "Vec") {
        return example(api, generic(item, "Option").unwrap_or(item), name)
            .map(|item| format!("[{item}]"));
    }
    None
}

fn method(operation: &Operation, arguments: &[Argument], crate_name: Option<&str>) -> TokenStream {
    let name = ident(&operation.name);
    let builder = ident(&operation.builder);
    let doc = doc_text(&documentation(operation, arguments, crate_name));
    let alias = alias(Some(&operation.upstream), &operation.name);
    let deprecated = deprecated(operation.deprecated);
    let names: Vec<_> = arguments
        .iter()
        .map(|argument| ident(&argument.name))
        .collect();
    let parameters = arguments.iter().map(|argument| &argument.parameter);
    let passed = arguments.iter().map(|argument| &argument.passed);
    let many = many(&names);
    quote! {
        #doc
        #alias
        #deprecated
        #many
        pub fn #name(&self, #(#names: #parameters),*) -> builder::#builder<'_> {
            builder::#builder::new(self, #(#passed),*)
        }
    }
}

/// Lets a function take what the description requires, however much that is.
pub(super) fn many(arguments: &[proc_macro2::Ident]) -> Option<TokenStream> {
    (arguments.len() > 6).then(|| quote! { #[allow(clippy::too_many_arguments)] })
}

fn documentation(
    operation: &Operation,
    arguments: &[Argument],
    crate_name: Option<&str>,
) -> String {
    let mut text = String::new();
    let mut paragraph = |paragraph: &str| {
        if !paragraph.is_empty() {
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(paragraph);
        }
    };
    let ended = |text: &str| {
        if text.ends_with(['.', '!', '?']) || text.contains('\n') {
            text.to_owned()
        } else {
            format!("{text}.")
        }
    };
    match operation.summary.as_deref() {
        Some(summary) => paragraph(&ended(&rustdoc(&one_line(summary)))),
        None if operation.description.is_none() => {
            paragraph(&format!("The operation {}.", code(&operation.upstream)))
        }
        None => {}
    }
    paragraph(
        &operation
            .description
            .as_deref()
            .map(rustdoc)
            .unwrap_or_default(),
    );
    let credentials = credentials(operation);
    paragraph(&format!(
        "Sends {}{credentials}.",
        code(&format!("{} {}", operation.method, operation.path))
    ));
    let described: Vec<String> = arguments
        .iter()
        .filter_map(|argument| {
            let description = rustdoc(argument.description.as_deref()?);
            let plain = description.starts_with(char::is_alphabetic);
            let gap = if plain { " " } else { "\n\n" };
            let item = format!("- `{}`:{gap}{description}", argument.name);
            Some(item.replace('\n', "\n  "))
        })
        .collect();
    if !described.is_empty() {
        paragraph(&format!("# Arguments\n\n{}", described.join("\n")));
    }
    let optional: Vec<&str> = operation
        .parameters
        .iter()
        .filter(|parameter| !parameter.required && parameter.location != Location::Path)
        .map(|parameter| parameter.ident.as_str())
        .collect();
    if !optional.is_empty() {
        let links: Vec<String> = optional
            .iter()
            .map(|name| format!("[`{name}`](builder::{}::{name})", operation.builder))
            .collect();
        paragraph(&format!(
            "Optional parameters are methods of the builder: {}.",
            links.join(", ")
        ));
    }
    let values: Option<Vec<&str>> = arguments
        .iter()
        .map(|argument| argument.example.as_deref())
        .collect();
    if let (Some(crate_name), Some(values)) = (crate_name, values) {
        let uses_types = values.iter().any(|value| value.contains("types::"));
        let import = if uses_types {
            format!("use {crate_name}::types;\n\n")
        } else {
            String::new()
        };
        let allow = if operation.deprecated {
            "# #[allow(deprecated)]\n"
        } else {
            ""
        };
        paragraph(&format!(
            "# Example\n\n```no_run\n{allow}# async fn example(client: &{crate_name}::Client) -> Result<(), {crate_name}::Error> {{\n{import}let response = client.{}({}).send().await?;\n# drop(response);\n# Ok(())\n# }}\n```",
            operation.name,
            values.join(", ")
        ));
    }
    text
}

fn credentials(operation: &Operation) -> String {
    if operation.security.is_empty() {
        return ", without a credential".to_owned();
    }
    let alternatives: Vec<String> = operation
        .security
        .iter()
        .map(|schemes| match schemes.len() {
            0 => "no credential".to_owned(),
            _ => schemes
                .iter()
                .map(|scheme| code(scheme))
                .collect::<Vec<_>>()
                .join(" and "),
        })
        .collect();
    format!(", authorised by {}", alternatives.join(" or "))
}
