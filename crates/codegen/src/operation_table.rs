//! `operations.rs`: the table of operations, which requests use and programs can inspect.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::body_table;
use crate::model::{
    Api, BodyContent, FormField, InPageToken, Kind, Location, Operation, Paging, Parameter, Part,
    Schema, SchemeKind, SecurityScheme, StreamFormat, Style, Success,
};
use crate::prose::code;
use crate::shape::{Shape, shape};
use crate::tree::ident;

pub(crate) fn generate(api: &Api) -> TokenStream {
    let schemes = api.security_schemes.iter().map(scheme);
    let scheme_names = api.security_schemes.iter().map(scheme_constant);
    let operations = api.operations.iter().map(|operation| entry(api, operation));
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
        let (kind, required) = (body_kind(api, &body.content, &body.media), body.required);
        let media = (usual_media(&body.content, &body.media) != body.media).then(|| {
            let media = &body.media;
            quote! { .body_media(#media) }
        });
        let schema = body_schema(api, &body.content);
        let schema = schema.map(|schema| quote! { .body_schema(#schema) });
        let others = body.others.iter().map(|other| {
            let (name, media) = (&other.ident, &other.media);
            let kind = body_kind(api, &other.content, media);
            let declared =
                (usual_media(&other.content, media) != media).then(|| quote! { .media(#media) });
            let schema = body_schema(api, &other.content);
            let schema = schema.map(|schema| quote! { .schema(#schema) });
            quote! { Body::new(#name, #kind) #declared #schema }
        });
        let others: Vec<_> = others.collect();
        let others = (!others.is_empty()).then(|| quote! { .other_bodies(&[#(#others),*]) });
        let fields: Vec<_> = body
            .contents()
            .flat_map(|(_, _, content)| form_fields(content))
            .collect();
        let fields = (!fields.is_empty()).then(|| quote! { .form_fields(&[#(#fields),*]) });
        quote! { .body(#kind, #required) #schema #media #others #fields }
    });
    let accept = operation.accept.as_ref().map(|it| quote! { .accept(#it) });
    let status = operation.success_status();
    let number = Literal::u16_unsuffixed(status);
    let status = (status != 200).then(|| quote! { .success_status(#number) });
    let response = match operation.success {
        Success::Empty => None,
        Success::Json(_) => Some(quote! { .response(ResponseKind::Json) }),
        Success::OptionalJson(_) => Some(quote! { .response(ResponseKind::OptionalJson) }),
        Success::Bytes => Some(quote! { .response(ResponseKind::Bytes) }),
        Success::Stream(_, format) => Some(match format {
            StreamFormat::Lines => quote! { .response(ResponseKind::JsonLines) },
            StreamFormat::Sequence => quote! { .response(ResponseKind::JsonSequence) },
            StreamFormat::Results => quote! { .response(ResponseKind::JsonResults) },
        }),
    };
    let events = operation.events.as_ref().map(|_| quote! { .events() });
    let server = operation
        .server
        .as_ref()
        .map(|url| quote! { .server(#url) });
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
            #accept
            #status
            #response
            #events
            #server
            #security
            #paging;
    }
}

fn body_kind(api: &Api, content: &BodyContent, media: &str) -> TokenStream {
    match content {
        BodyContent::Json(_) => quote! { BodyKind::Json },
        BodyContent::Form(..) => quote! { BodyKind::Form },
        BodyContent::Multipart(parts) => {
            let parts = parts.iter().map(|it| part(api, it));
            quote! { BodyKind::Multipart(&[#(#parts),*]) }
        }
        BodyContent::Raw => quote! { BodyKind::Raw(#media) },
    }
}

fn part(api: &Api, part: &Part) -> TokenStream {
    let (name, file) = (&part.name, part.is_file());
    let argument = (part.argument != part.name).then(|| {
        let argument = &part.argument;
        quote! { .argument(#argument) }
    });
    let Shape { kind, items, .. } = shape(api, &part.schema);
    let kind = (kind != "string").then(|| quote! { .kind(#kind) });
    let items = (!items.is_empty()).then(|| quote! { .items(#items) });
    let media = part.media.as_ref().map(|it| quote! { .media(#it) });
    let separator = part.separator.map(|it| quote! { .separator(#it) });
    let required = part.required.then(|| quote! { .required() });
    let max_bytes = part.max_bytes.map(|it| quote! { .max_bytes(#it) });
    let endings = &part.file_endings;
    let endings = (!endings.is_empty()).then(|| quote! { .file_endings(&[#(#endings),*]) });
    let description = part.schema.description.as_ref();
    let description = description.map(|it| quote! { .description(#it) });
    quote! {
        BodyPart::new(#name, #file)
            #argument #kind #items #media #separator #required #max_bytes #endings #description
    }
}

/// Returns the media type that the kind of a body implies.
fn usual_media<'a>(content: &BodyContent, media: &'a str) -> &'a str {
    match content {
        BodyContent::Json(_) => "application/json",
        BodyContent::Form(..) => "application/x-www-form-urlencoded",
        // The sender adds the boundary.
        BodyContent::Multipart(_) | BodyContent::Raw => media,
    }
}

fn form_fields(content: &BodyContent) -> Vec<TokenStream> {
    let fields = match content {
        BodyContent::Form(_, fields) => fields.as_slice(),
        _ => &[],
    };
    let fields = fields.iter().map(|field| {
        let FormField {
            name,
            style,
            explode,
            reserved,
        } = field;
        let style = self::style(*style, *explode, Location::Query);
        let reserved = reserved.then(|| quote! { .reserved() });
        quote! { Parameter::new(#name, Location::Query, "any") #style #reserved }
    });
    fields.collect()
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
    let name = ident(&format!("{location:?}"));
    quote! { Location::#name }
}

fn parameter(api: &Api, parameter: &Parameter) -> TokenStream {
    let name = &parameter.name;
    let style = style(parameter.style, parameter.explode, parameter.location);
    let location = location(parameter.location);
    let argument = (parameter.argument != parameter.name).then(|| {
        let argument = &parameter.argument;
        quote! { .argument(#argument) }
    });
    let reserved = parameter.reserved.then(|| quote! { .reserved() });
    let shape = shape(api, &parameter.schema);
    let (kind, details) = (shape.kind, shape.details());
    let required = parameter.required.then(|| quote! { .required() });
    let deprecated = parameter.deprecated.then(|| quote! { .deprecated() });
    let maximum = parameter.maximum.map(|it| quote! { .maximum(#it) });
    let held = match &parameter.in_page_token {
        InPageToken::Nothing => None,
        InPageToken::Whole => Some(quote! { .in_page_token(InPageToken::Whole) }),
        InPageToken::PredicatesExcept(prefix) => {
            Some(quote! { .in_page_token(InPageToken::PredicatesExcept(#prefix)) })
        }
    };
    let decoded_twice = parameter.decoded_twice.then(|| quote! { .decoded_twice() });
    let repeated = parameter.repeated_in_body;
    let repeated = repeated.then(|| quote! { .repeated_in_body() });
    let description = parameter.description.as_ref();
    let description = description.map(|it| quote! { .description(#it) });
    quote! {
        Parameter::new(#name, #location, #kind)
            #argument #style #reserved #required #deprecated #details #maximum #held
            #decoded_twice #repeated #description
    }
}

/// Returns the style if it is not the default of the location.
fn style(style: Style, explode: bool, location: Location) -> Option<TokenStream> {
    let usual = Style::of(location);
    if (style, explode) == (usual, usual == Style::Form) {
        return None;
    }
    let name = ident(&format!("{style:?}"));
    Some(quote! { .style(Style::#name, #explode) })
}

fn body_schema(api: &Api, content: &BodyContent) -> Option<TokenStream> {
    let (BodyContent::Json(schema) | BodyContent::Form(schema, _)) = content else {
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
