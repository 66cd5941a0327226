//! `operations.rs`: the table of operations, for sending and for whoever asks what there is.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::model::{
    Api, Body, BodyContent, Kind, Location, Operation, Paging, Parameter, Schema, SchemeKind,
    SecurityScheme, Style, Success,
};
use crate::prose::code;
use crate::tree::ident;

pub(crate) fn generate(api: &Api) -> TokenStream {
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
            SecurityScheme::new(#name, #kind).description(#description);
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
        tags,
        ..
    } = operation;
    let summary = operation
        .summary
        .as_ref()
        .map(|it| quote! { .summary(#it) });
    let description = operation.description.as_ref();
    let description = description.map(|it| quote! { .description(#it) });
    let deprecated = operation.deprecated.then(|| quote! { .deprecated() });
    let tags = (!tags.is_empty()).then(|| quote! { .tags(&[#(#tags),*]) });
    let parameters = operation.parameters.iter();
    let parameters: Vec<_> = parameters.map(|it| parameter(api, it)).collect();
    let parameters = (!parameters.is_empty()).then(|| quote! { .parameters(&[#(#parameters),*]) });
    let body = operation.body.as_ref().map(|body| {
        let (kind, required) = (body_kind(body), body.required);
        quote! { .body(#kind, #required) }
    });
    let body_schema = operation.body.as_ref().and_then(body_schema).map(|schema| {
        let (kind, name) = (shape(api, schema).kind, type_name(schema));
        quote! { .body_schema(BodySchema::new(#kind, #name)) }
    });
    let status = Literal::u16_unsuffixed(operation.success_status);
    let status = (operation.success_status != 200).then(|| quote! { .success_status(#status) });
    let answer = match operation.success {
        Success::Empty => None,
        Success::Json(_) => Some(quote! { .answer(AnswerKind::Json) }),
        Success::OptionalJson(_) => Some(quote! { .answer(AnswerKind::OptionalJson) }),
        Success::Bytes => Some(quote! { .answer(AnswerKind::Bytes) }),
    };
    let security = security(api, operation);
    let paging = operation.paging.as_ref().map(|paging| match paging {
        Paging::Token { items } => quote! { .paging(Paging::Token { items: #items }) },
        Paging::Numbered { items } => quote! { .paging(Paging::Numbered { items: #items }) },
        Paging::Timed { items } => quote! { .paging(Paging::Timed { items: #items }) },
    });
    quote! {
        #[doc = #summary_line]
        pub static #constant: Operation = Operation::new(#name, #upstream, #method, #path)
            #summary
            #description
            #deprecated
            #tags
            #parameters
            #body
            #body_schema
            #status
            #answer
            #security
            #paging;
    }
}

fn body_kind(body: &Body) -> TokenStream {
    match &body.content {
        BodyContent::Json(_) => quote! { BodyKind::Json },
        BodyContent::Form(_) => quote! { BodyKind::Form },
        BodyContent::Multipart(parts) => {
            let parts = parts.iter().map(|part| {
                let (name, file) = (&part.name, part.file);
                let required = part.required.then(|| quote! { .required() });
                let description = part.description.as_ref();
                let description = description.map(|it| quote! { .description(#it) });
                quote! { BodyPart::new(#name, #file) #required #description }
            });
            quote! { BodyKind::Multipart(&[#(#parts),*]) }
        }
        BodyContent::Raw(media) => quote! { BodyKind::Raw(#media) },
    }
}

fn security(api: &Api, operation: &Operation) -> Option<TokenStream> {
    let alternatives = operation.security.iter().map(|schemes| {
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
    (!operation.security.is_empty()).then(|| quote! { .security(&[#(#alternatives),*]) })
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
    let name = &parameter.name;
    let location = location(parameter.location);
    let style = match parameter.style {
        Style::Repeat => None,
        Style::Comma => Some(quote! { .style(Style::Comma) }),
        Style::Space => Some(quote! { .style(Style::Space) }),
        Style::Pipe => Some(quote! { .style(Style::Pipe) }),
        Style::Json => Some(quote! { .style(Style::Json) }),
    };
    let Shape {
        kind,
        items,
        values,
    } = shape(api, &parameter.schema);
    let required = parameter.required.then(|| quote! { .required() });
    let deprecated = parameter.deprecated.then(|| quote! { .deprecated() });
    let items = (!items.is_empty()).then(|| quote! { .items(#items) });
    let values = (!values.is_empty()).then(|| quote! { .values(&[#(#values),*]) });
    let maximum = parameter.maximum.map(|it| quote! { .maximum(#it) });
    let description = parameter.description.as_ref();
    let description = description.map(|it| quote! { .description(#it) });
    quote! {
        Parameter::new(#name, #location, #kind)
            #style #required #deprecated #items #values #maximum #description
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
        Some(Kind::Object(_) | Kind::Map(_) | Kind::Tagged(_)) => "object",
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
        Some(Kind::Enum(values)) => values.iter().map(|it| it.value.clone()).collect(),
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
