//! `operations.rs`: the table of operations, which requests use and programs can inspect.

use std::fmt::Debug;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::body_table;
use crate::entry::{Entry, shape};
use crate::model::{
    Api, Body, BodyContent, FormPart, InPageToken, Kind, Location, MediaBody, Operation, Parameter,
    Schema, SchemeKind, SecurityScheme, StreamFormat, Style, Success,
};
use crate::prose::code;
use crate::tree::ident;

pub(crate) fn generate(api: &Api) -> TokenStream {
    let schemes = api.security_schemes.iter().map(scheme);
    let scheme_names = api.security_schemes.iter().map(|it| ident(&it.constant));
    let operations = api.operations.iter().map(|it| operation(api, it));
    let names = api
        .operations
        .iter()
        .map(|operation| ident(&operation.constant));
    let bodies = body_table::generate(api);
    quote! {
        #[allow(unused_imports)]
        use ::compute_kfp_runtime::operation::{
            ResponseKind, Body, BodyKind, BodyPart, BodySchema, InPageToken, Location, Operation, Paging, Parameter,
            SchemeKind, SecurityScheme, Style,
        };

        #(#schemes)*

        /// All security schemes of the spec.
        pub static SECURITY_SCHEMES: &[&SecurityScheme] = &[#(&#scheme_names),*];

        #(#operations)*

        /// All operations, in the order of the spec.
        pub static OPERATIONS: &[&Operation] = &[#(&#names),*];

        #bodies
    }
}

fn scheme(scheme: &SecurityScheme) -> TokenStream {
    let constant = ident(&scheme.constant);
    let name = &scheme.name;
    let summary = format!(" The security scheme {}.", code(name));
    let kind = match &scheme.kind {
        SchemeKind::Bearer => quote! { SchemeKind::Bearer },
        SchemeKind::Basic => quote! { SchemeKind::Basic },
        SchemeKind::ApiKey { location, name } => {
            let location = variant("Location", location);
            quote! { SchemeKind::ApiKey { location: #location, name: #name } }
        }
    };
    let entry = Entry::new(quote! { SecurityScheme::new(#name, #kind) })
        .set("description", scheme.description.as_ref());
    quote! {
        #[doc = #summary]
        pub static #constant: SecurityScheme = #entry;
    }
}

fn operation(api: &Api, operation: &Operation) -> TokenStream {
    let constant = ident(&operation.constant);
    let Operation {
        name,
        upstream,
        method,
        path,
        ..
    } = operation;
    let doc = format!(" {}", code(&format!("{method} {path}")));
    let statuses = operation.responses.iter().map(|it| it.status.parse());
    let success = statuses.flatten().find(|it| (200..300).contains(it));
    let status = success.filter(|it| *it != 200);
    let response = match operation.success {
        Success::Empty => None,
        Success::Json(_) => Some("Json"),
        Success::OptionalJson(_) => Some("OptionalJson"),
        Success::Bytes => Some("Bytes"),
        Success::Stream(_, StreamFormat::Lines) => Some("JsonLines"),
        Success::Stream(_, StreamFormat::Sequence) => Some("JsonSequence"),
        Success::Stream(_, StreamFormat::Results) => Some("JsonResults"),
    };
    let paging = operation.paging.as_ref().map(|paging| {
        let (scheme, items) = (variant("Paging", paging.scheme), &paging.items);
        quote! { #scheme { items: #items } }
    });
    let entry = Entry::new(quote! { Operation::new(#name, #upstream, #method, #path) })
        .set("summary", operation.summary.as_ref())
        .set("description", operation.description.as_ref())
        .mark("deprecated", operation.deprecated)
        .list("tags", &operation.tags)
        .list(
            "parameters",
            operation.parameters.iter().map(|it| parameter(api, it)),
        );
    let entry = match &operation.body {
        Some(body) => with_body(entry, api, body),
        None => entry,
    };
    let entry = entry
        .set("accept", operation.accept.as_ref())
        .set("success_status", status.map(Literal::u16_unsuffixed))
        .set(
            "response",
            response.map(|it| variant("ResponseKind", format_args!("{it}"))),
        )
        .mark("events", operation.events.is_some())
        .set("server", operation.server.as_ref())
        .list("security", security(api, operation))
        .set("paging", paging);
    quote! {
        #[doc = #doc]
        pub static #constant: Operation = #entry;
    }
}

fn with_body(entry: Entry, api: &Api, body: &Body) -> Entry {
    let bodies = body.bodies().map(|body| {
        let (name, kind) = (&body.ident, body_kind(api, body));
        Entry::new(quote! { Body::new(#name, #kind) })
            .set("media", unusual(body))
            .set("schema", body_schema(api, body))
    });
    entry
        .list("bodies", bodies)
        .mark("body_required", body.required)
        .list("form_fields", body.bodies().flat_map(form_fields))
}

fn body_kind(api: &Api, body: &MediaBody) -> TokenStream {
    match &body.content {
        BodyContent::Json(_) => quote! { BodyKind::Json },
        BodyContent::Form(..) => quote! { BodyKind::Form },
        BodyContent::Multipart(parts) => {
            let parts = parts.iter().map(|it| part(api, it));
            quote! { BodyKind::Multipart(&[#(#parts),*]) }
        }
        BodyContent::Raw => {
            let media = &body.media;
            quote! { BodyKind::Raw(#media) }
        }
    }
}

fn part(api: &Api, part: &FormPart) -> Entry {
    let (name, file, shape) = (&part.name, part.is_file(), shape(api, &part.schema));
    Entry::new(quote! { BodyPart::new(#name, #file) })
        .set("argument", argument(&part.argument, name))
        .set("kind", (shape.kind != "string").then_some(shape.kind))
        .set("items", (!shape.items.is_empty()).then_some(shape.items))
        .set("media", part.media.as_ref())
        .set("separator", part.separator)
        .mark("required", part.required)
        .set("max_bytes", part.max_bytes)
        .list("file_endings", &part.file_endings)
        .set("description", part.schema.description.as_ref())
}

/// Returns the name of an argument that differs from the name on the wire.
fn argument<'a>(argument: &'a String, name: &str) -> Option<&'a String> {
    (argument != name).then_some(argument)
}

/// Returns a media type that the kind of the body does not imply.
fn unusual(body: &MediaBody) -> Option<&str> {
    let media = body.media.as_str();
    let usual = match body.content {
        BodyContent::Json(_) => "application/json",
        BodyContent::Form(..) => "application/x-www-form-urlencoded",
        // The sender adds the boundary.
        BodyContent::Multipart(_) | BodyContent::Raw => media,
    };
    (usual != media).then_some(media)
}

fn form_fields(body: &MediaBody) -> Vec<Entry> {
    let fields = match &body.content {
        BodyContent::Form(_, fields) => fields.as_slice(),
        _ => &[],
    };
    let fields = fields.iter().map(|field| {
        let name = &field.name;
        Entry::new(quote! { Parameter::new(#name, Location::Query, "any") })
            .set("style", style(field.style, field.explode, Location::Query))
            .mark("reserved", field.reserved)
    });
    fields.collect()
}

/// Returns the alternatives of an operation, each a list of schemes.
fn security(api: &Api, operation: &Operation) -> impl Iterator<Item = TokenStream> {
    operation.security.iter().map(|names| {
        let named = |name: &String| api.security_schemes.iter().find(|it| it.name == *name);
        let schemes = names.iter().filter_map(named).map(|it| ident(&it.constant));
        quote! { &[#(&#schemes),*] }
    })
}

fn parameter(api: &Api, parameter: &Parameter) -> Entry {
    let (name, shape) = (&parameter.name, shape(api, &parameter.schema));
    let (kind, location) = (shape.kind, variant("Location", parameter.location));
    let held = match &parameter.in_page_token {
        InPageToken::Nothing => None,
        InPageToken::Whole => Some(quote! { InPageToken::Whole }),
        InPageToken::PredicatesExcept(prefix) => {
            Some(quote! { InPageToken::PredicatesExcept(#prefix) })
        }
    };
    let style = style(parameter.style, parameter.explode, parameter.location);
    Entry::new(quote! { Parameter::new(#name, #location, #kind) })
        .set("argument", argument(&parameter.argument, name))
        .set("style", style)
        .mark("reserved", parameter.reserved)
        .mark("required", parameter.required)
        .mark("deprecated", parameter.deprecated)
        .details(&shape)
        .set("maximum", parameter.maximum)
        .set("in_page_token", held)
        .mark("decoded_twice", parameter.decoded_twice)
        .mark("repeated_in_body", parameter.repeated_in_body)
        .set("description", parameter.description.as_ref())
}

/// Returns the style if it is not the default of the location.
fn style(style: Style, explode: bool, location: Location) -> Option<TokenStream> {
    let usual = Style::of(location);
    if (style, explode) == (usual, usual == Style::Form) {
        return None;
    }
    let style = variant("Style", style);
    Some(quote! { #style, #explode })
}

/// Returns a value of an enum of the runtime whose variants have the names of the model's.
fn variant(of: &str, name: impl Debug) -> TokenStream {
    let (of, name) = (ident(of), ident(&format!("{name:?}")));
    quote! { #of::#name }
}

fn body_schema(api: &Api, body: &MediaBody) -> Option<TokenStream> {
    let (BodyContent::Json(schema) | BodyContent::Form(schema, _)) = &body.content else {
        return None;
    };
    let (kind, name) = (shape(api, schema).kind, type_name(schema));
    Some(quote! { BodySchema::new(#kind, #name) })
}

fn type_name(schema: &Schema) -> &str {
    match &schema.kind {
        Kind::Reference(name) => name,
        Kind::Array(items) => type_name(items),
        _ => "",
    }
}
