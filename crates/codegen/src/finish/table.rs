//! `operations.rs`: the table of operations, for sending and for whoever asks what there is.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::tokens::ident;
use crate::model::{
    Api, Body, BodyContent, Kind, Location, Operation, Paging, Parameter, Schema, SchemeKind,
    SecurityScheme, Style, Success,
};
use crate::prose::code;

pub(super) fn generate(api: &Api) -> TokenStream {
    let schemes = api.security_schemes.iter().map(scheme);
    let scheme_names = api.security_schemes.iter().map(scheme_constant);
    let operations = api.operations.iter().map(|operation| entry(api, operation));
    let names = api
        .operations
        .iter()
        .map(|operation| ident(&operation.constant));
    quote! {
        #[allow(unused_imports)]
        use ::compute_kfp_runtime::operation::{
            AnswerKind, BodyKind, BodyPart, BodySchema, Location, Operation, Paging, Parameter,
            SchemeKind, SecurityScheme, Style,
        };

        #(#schemes)*

        /// Every way of authorising a request that the description declares.
        pub static SECURITY_SCHEMES: &[&SecurityScheme] = &[#(&#scheme_names),*];

        #(#operations)*

        /// Every operation, in the order of the description.
        pub static OPERATIONS: &[&Operation] = &[#(&#names),*];
    }
}

fn scheme_constant(scheme: &SecurityScheme) -> proc_macro2::Ident {
    ident(&scheme.constant)
}

fn scheme(scheme: &SecurityScheme) -> TokenStream {
    let constant = scheme_constant(scheme);
    let name = &scheme.name;
    let description = scheme.description.as_deref().unwrap_or("");
    let summary = format!(" The security scheme {}.", code(name));
    let kind = match &scheme.kind {
        SchemeKind::Bearer => quote! { SchemeKind::Bearer },
        SchemeKind::Basic => quote! { SchemeKind::Basic },
        SchemeKind::ApiKey { location, name } => {
            let location = self::location(*location);
            quote! { SchemeKind::ApiKey { location: #location, name: #name } }
        }
    };
    quote! {
        #[doc = #summary]
        pub static #constant: SecurityScheme =
            SecurityScheme { name: #name, kind: #kind, description: #description };
    }
}

fn entry(api: &Api, operation: &Operation) -> TokenStream {
    let constant = ident(&operation.constant);
    let summary_line = format!(
        " {}",
        code(&format!("{} {}", operation.method, operation.path))
    );
    let Operation {
        name,
        upstream,
        method,
        path,
        deprecated,
        tags,
        ..
    } = operation;
    let summary = operation.summary.as_deref().unwrap_or("");
    let description = operation.description.as_deref().unwrap_or("");
    let parameters = operation
        .parameters
        .iter()
        .map(|described| parameter(api, described));
    let body = match operation
        .body
        .as_ref()
        .map(|body| (&body.content, body.required))
    {
        None => quote! { None },
        Some((content, required)) => {
            let kind = match content {
                BodyContent::Json(_) => quote! { BodyKind::Json },
                BodyContent::Form(_) => quote! { BodyKind::Form },
                BodyContent::Multipart(parts) => {
                    let parts = parts.iter().map(|part| {
                        let (name, file, required) = (&part.name, part.file, part.required);
                        let description = part.description.as_deref().unwrap_or("");
                        quote! {
                            BodyPart { name: #name, file: #file, required: #required, description: #description }
                        }
                    });
                    quote! { BodyKind::Multipart(&[#(#parts),*]) }
                }
                BodyContent::Raw(media) => quote! { BodyKind::Raw(#media) },
            };
            quote! { Some((#kind, #required)) }
        }
    };
    let body_schema = match operation.body.as_ref().and_then(body_schema) {
        None => quote! { None },
        Some(schema) => {
            let (kind, name) = (shape(api, schema).kind, type_name(schema));
            quote! { Some(BodySchema { kind: #kind, name: #name }) }
        }
    };
    let success_status = Literal::u16_unsuffixed(operation.success_status);
    let answer = match operation.success {
        Success::Empty => quote! { None },
        Success::Json(_) => quote! { Some(AnswerKind::Json) },
        Success::OptionalJson(_) => quote! { Some(AnswerKind::OptionalJson) },
        Success::Bytes => quote! { Some(AnswerKind::Bytes) },
    };
    let security = operation.security.iter().map(|schemes| {
        let schemes = schemes.iter().filter_map(|name| {
            let scheme = api
                .security_schemes
                .iter()
                .find(|scheme| scheme.name == *name)?;
            let constant = scheme_constant(scheme);
            Some(quote! { &#constant })
        });
        quote! { &[#(#schemes),*] }
    });
    let paging = match &operation.paging {
        None => quote! { None },
        Some(Paging::Token { items }) => quote! { Some(Paging::Token { items: #items }) },
        Some(Paging::Numbered { items }) => quote! { Some(Paging::Numbered { items: #items }) },
        Some(Paging::Timed { items }) => quote! { Some(Paging::Timed { items: #items }) },
    };
    quote! {
        #[doc = #summary_line]
        pub static #constant: Operation = Operation {
            name: #name,
            id: #upstream,
            method: #method,
            path: #path,
            summary: #summary,
            description: #description,
            deprecated: #deprecated,
            tags: &[#(#tags),*],
            parameters: &[#(#parameters),*],
            body: #body,
            body_schema: #body_schema,
            success_status: #success_status,
            answer: #answer,
            security: &[#(#security),*],
            paging: #paging,
        };
    }
}

fn location(location: Location) -> TokenStream {
    match location {
        Location::Path => quote! { Location::Path },
        Location::Query => quote! { Location::Query },
        Location::Header => quote! { Location::Header },
        Location::Cookie => quote! { Location::Cookie },
    }
}

fn parameter(api: &Api, parameter: &Parameter) -> TokenStream {
    let Parameter {
        name,
        required,
        deprecated,
        ..
    } = parameter;
    let description = parameter.description.as_deref().unwrap_or("");
    let location = location(parameter.location);
    let style = match parameter.style {
        Style::Repeat => quote! { Style::Repeat },
        Style::Comma => quote! { Style::Comma },
        Style::Space => quote! { Style::Space },
        Style::Pipe => quote! { Style::Pipe },
        Style::Json => quote! { Style::Json },
    };
    let Shape {
        kind,
        items,
        values,
    } = shape(api, &parameter.schema);
    let maximum = match parameter.maximum {
        Some(maximum) => quote! { Some(#maximum) },
        None => quote! { None },
    };
    quote! {
        Parameter {
            name: #name,
            location: #location,
            style: #style,
            required: #required,
            deprecated: #deprecated,
            kind: #kind,
            items: #items,
            values: &[#(#values),*],
            maximum: #maximum,
            description: #description,
        }
    }
}

/// What the JSON of a parameter or body looks like.
struct Shape {
    kind: &'static str,
    /// Of an array.
    items: &'static str,
    /// Those it is known to take.
    values: Vec<String>,
}

fn shape(api: &Api, schema: &Schema) -> Shape {
    let named = match &schema.kind {
        Kind::Reference(name) => api.schemas.get(name).map(|named| &named.schema.kind),
        kind => Some(kind),
    };
    let kind = match named {
        Some(Kind::Array(items)) => {
            let Shape { kind, values, .. } = shape(api, items);
            return Shape {
                kind: "array",
                items: kind,
                values,
            };
        }
        Some(Kind::Boolean) => "boolean",
        Some(Kind::Integer(_)) => "integer",
        Some(Kind::Number) => "number",
        Some(Kind::Object(_) | Kind::Map(_)) => "object",
        Some(
            Kind::Enum(_)
            | Kind::IntegerText { .. }
            | Kind::String
            | Kind::Timestamp
            | Kind::Binary,
        ) => "string",
        Some(Kind::Any | Kind::Union(_) | Kind::Reference(_)) | None => "any",
    };
    let values = match named {
        Some(Kind::Enum(values)) => values.clone(),
        _ => Vec::new(),
    };
    Shape {
        kind,
        items: "",
        values,
    }
}

fn body_schema(body: &Body) -> Option<&Schema> {
    match &body.content {
        BodyContent::Json(schema) | BodyContent::Form(schema) => Some(schema),
        BodyContent::Multipart(_) | BodyContent::Raw(_) => None,
    }
}

fn type_name(schema: &Schema) -> &str {
    match &schema.kind {
        Kind::Reference(name) => name,
        Kind::Array(items) => type_name(items),
        _ => "",
    }
}
