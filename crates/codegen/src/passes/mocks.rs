//! Mocks that match exactly what the client sends.
//!
//! Why: progenitor's mocks compare a path parameter with the path on the wire, where it is encoded.
//! A parameter matches anything but a slash, so that the mock of one operation matches requests of
//! another. Mocks with lists in the query do not compile, and each client would depend on
//! `httpmock` and `regex`. Here values are encoded, patterns are exact, lists and parts of uploads
//! have methods, and `httpmock` is the runtime's.

use std::collections::HashMap;

use quote::quote;
use syn::visit_mut::{VisitMut, visit_path_mut};
use syn::{FnArg, ImplItem, ImplItemFn, Item, ItemImpl, LitStr, Path, parse_quote};

use super::{Change, Context, Part, Pass};
use crate::argument::rust_type;
use crate::document::{is_expressible, is_known_body};
use crate::model::{
    Api, BodyContent, Kind, Location, Operation, Parameter, Response, ResponseContent,
    StreamFormat, Success,
};
use crate::names::{pascal, snake};
use crate::taken::taken;
use crate::template::{Piece, pieces};
use crate::tree::{Tree, functions, ident};

pub(super) const PASS: Pass = Pass {
    name: "mocks",
    changes: &[
        (Change::Adds, Part::Mock),
        (Change::Changes, Part::Mock),
        (Change::Removes, Part::Mock),
    ],
    run,
};

fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    tree.mocks
        .iter_mut()
        .for_each(|item| Reexported.visit_item_mut(item));
    let module = tree.mocks.iter_mut().find_map(|item| match item {
        Item::Mod(module) => Some(module),
        _ => None,
    });
    let module = module.ok_or("progenitor generated no module for mocks")?;
    let items = module.content.as_mut().map(|(_, items)| items);
    let items = items.ok_or("progenitor generated no module for mocks")?;
    for item in items.iter_mut() {
        if let Item::Use(item) = item {
            item.attrs = vec![parse_quote! { #[allow(unused_imports)] }];
        }
    }
    let whens = by_type(context.api, "when");
    let thens = by_type(context.api, "then");
    for item in items.iter_mut() {
        match item {
            Item::Struct(item) => {
                let name = item.ident.to_string();
                let (what, operation) = match (whens.get(&name), thens.get(&name)) {
                    (Some(operation), _) => ("Expected request", operation),
                    (None, Some(operation)) => ("Response", operation),
                    (None, None) => continue,
                };
                let method = &operation.name;
                let doc = format!(" {what} of [`{method}`](super::super::Client::{method}).");
                item.attrs.push(parse_quote! { #[doc = #doc] });
            }
            Item::Impl(block) => {
                functions(block).for_each(borrow_value);
                let name = crate::tree::last_name(&block.self_ty).unwrap_or_default();
                if let Some(operation) = whens.get(&name) {
                    edit(context.api, operation, block);
                    functions(block).for_each(|it| document(it, "Expects"));
                } else if let Some(operation) = thens.get(&name) {
                    functions(block).for_each(|it| respond(operation, it));
                    functions(block).for_each(|it| respond_with_stream(operation, it));
                    functions(block).for_each(|it| document(it, "Responds with"));
                }
            }
            _ => {}
        }
    }
    for item in &mut tree.mocks {
        if let Item::Trait(item) = item {
            for function in &mut item.items {
                if let syn::TraitItem::Fn(function) = function {
                    let name = function.sig.ident.to_string();
                    let doc = format!(" Mocks [`Client::{name}`](super::Client::{name}).");
                    function.attrs.push(parse_quote! { #[doc = #doc] });
                }
            }
        }
    }
    tree.mocks.insert(
        0,
        parse_quote! { pub use ::compute_kfp_runtime::mock::httpmock; },
    );
    Ok(())
}

/// Returns the operations by the names of their mock types, which have an ending.
fn by_type<'a>(api: &'a Api, ending: &str) -> HashMap<String, &'a Operation> {
    let operations = api.operations.iter();
    operations
        .map(|operation| (pascal(&format!("{} {ending}", operation.name)), operation))
        .collect()
}

fn edit(api: &Api, operation: &Operation, block: &mut ItemImpl) {
    for function in functions(block) {
        let name = function.sig.ident.to_string();
        let name = name.trim_start_matches("r#");
        if name == "new" {
            expect_operation(api, operation, function);
            continue;
        }
        let parameter = operation.parameters.iter().find(|it| it.ident == name);
        if parameter.is_some_and(|it| operation.has_page_size(it)) {
            function.sig.generics.where_clause = Some(parse_quote! { where T: Into<Option<u32>> });
        }
        if let Some(parameter) = parameter.filter(|it| it.location == Location::Path) {
            let pattern = pattern(&operation.path, Some(&parameter.name));
            function.block = parse_quote! {{
                let value = ::compute_kfp_runtime::mock::path_segment(value);
                Self(self.0.path_matches(format!(#pattern, value)))
            }};
        }
    }
    let is_own = |parameter: &&Parameter| {
        matches!(parameter.schema.kind, Kind::Array(_))
            || parameter.decoded_twice
            || !is_expressible(api, parameter)
    };
    let own: Vec<&Parameter> = operation.parameters.iter().filter(is_own).collect();
    block.items.retain(|item| match item {
        ImplItem::Fn(function) => !own.iter().any(|it| ident(&it.ident) == function.sig.ident),
        _ => true,
    });
    let parameters = own.iter();
    let parameters = parameters.map(|it| ImplItem::Fn(written(operation, it)));
    let bodies = operation.body.iter().flat_map(|body| body.contents());
    let bodies = bodies.flat_map(|(name, media, content)| {
        let mut added: Vec<ImplItem> = Vec::new();
        match content {
            BodyContent::Multipart(parts) => added.extend(parts.iter().map(|part| {
                let name = ident(&part.ident);
                parse_quote! {
                    pub fn #name(self, value: &str) -> Self {
                        Self(self.0.body_includes(value))
                    }
                }
            })),
            _ if name == "body" && is_known_body(content, media) => {}
            BodyContent::Json(schema) => {
                let (function, ty) = (ident(name), rust_type(schema));
                added.push(parse_quote! {
                    pub fn #function(self, value: &#ty) -> Self {
                        Self(self.0.json_body_obj(value))
                    }
                });
            }
            BodyContent::Form(..) => {}
            BodyContent::Raw if name == "body" => {}
            BodyContent::Raw => {
                let function = ident(name);
                added.push(parse_quote! {
                    pub fn #function(self, value: &str) -> Self {
                        Self(self.0.body(value))
                    }
                });
            }
        }
        added
    });
    let mut added: Vec<ImplItem> = parameters.chain(bodies).collect();
    let known: Vec<_> = functions(block).map(|it| it.sig.ident.clone()).collect();
    added.retain(|item| matches!(item, ImplItem::Fn(it) if !known.contains(&it.sig.ident)));
    block.items.extend(added);
}

/// Matches the method and the path of an operation, and excludes paths of other operations.
fn expect_operation(api: &Api, operation: &Operation, function: &mut ImplItemFn) {
    let method = ident(&operation.method);
    let pattern = pattern(&operation.path, None);
    let others = more_exact(api, operation);
    function.block = parse_quote! {{
        Self(
            inner
                .method(::compute_kfp_runtime::mock::httpmock::Method::#method)
                .path_matches(#pattern)
                #(.path_not(#others))*
        )
    }};
}

/// Sets the type of an error response, which progenitor does not distinguish.
fn respond(operation: &Operation, function: &mut ImplItemFn) {
    let name = function.sig.ident.to_string();
    let mut responses = operation.responses.iter();
    let Some(response) = responses.find(|it| reason(&it.status).as_deref() == Some(&name)) else {
        return;
    };
    let takes_value = |input: &FnArg| is_named(input, "value");
    let (ResponseContent::Json(Some(schema)), false) = (
        &response.content,
        function.sig.inputs.iter().any(takes_value),
    ) else {
        return;
    };
    if let Kind::Reference(name) = &schema.kind {
        let ty = ident(name);
        let Some(status) = function.block.stmts.pop() else {
            return;
        };
        function
            .sig
            .inputs
            .push(parse_quote! { value: &types::#ty });
        let body: syn::Block = parse_quote! {{
            let Self(then) = #status;
            Self(then.header("content-type", "application/json").json_body_obj(value))
        }};
        function.block.stmts.extend(body.stmts);
    }
}

/// Turns a response of one value, as progenitor generates it, into a stream of values.
fn respond_with_stream(operation: &Operation, function: &mut ImplItemFn) {
    let Success::Stream(_, format) = operation.success else {
        return;
    };
    let is_stream = |it: &&Response| matches!(it.content, ResponseContent::Stream(_));
    let mut streams = operation.responses.iter().filter(is_stream);
    let name = function.sig.ident.to_string();
    let Some(response) = streams.find(|it| match it.status.as_str() {
        "2XX" => name == "success",
        "default" => name == "ok",
        status => reason(status).as_deref() == Some(&name),
    }) else {
        return;
    };
    let Some(FnArg::Typed(mut item)) = function.sig.inputs.pop() else {
        return;
    };
    if let syn::Type::Reference(item) = &mut *item.ty {
        item.lifetime = Some(parse_quote! { 'a });
        function.sig.generics = parse_quote! { <'a> };
    }
    let item = &item.ty;
    let values = parse_quote! { values: impl ::std::iter::IntoIterator<Item = #item> };
    function.sig.inputs.push(values);
    let status = match function.sig.inputs.len() {
        3 => quote! { status },
        _ => {
            let status = response.status.parse().unwrap_or(200u16);
            quote! { #status }
        }
    };
    let (start, end) = match format {
        StreamFormat::Lines => ("", ""),
        StreamFormat::Sequence => ("\u{1e}", ""),
        StreamFormat::Results => ("{\"result\":", "}"),
    };
    let media = match (&response.content, format) {
        (ResponseContent::Stream(media), StreamFormat::Lines | StreamFormat::Sequence) => {
            media.as_str()
        }
        _ => "application/json",
    };
    function.block = parse_quote! {{
        let body = ::compute_kfp_runtime::mock::json_lines(values, #start, #end);
        Self(self.0.status(#status).header("content-type", #media).body(body))
    }};
}

/// Returns progenitor's name of the method for a status.
fn reason(status: &str) -> Option<String> {
    match status {
        "4XX" => Some("client_error".to_owned()),
        "5XX" => Some("server_error".to_owned()),
        _ => {
            let status: http::StatusCode = status.parse().ok()?;
            status.canonical_reason().map(snake)
        }
    }
}

fn is_named(input: &FnArg, name: &str) -> bool {
    matches!(input, FnArg::Typed(typed) if matches!(&*typed.pat, syn::Pat::Ident(it) if it.ident == name))
}

/// Expects a value as the client writes it, in the style of its parameter.
fn written(operation: &Operation, parameter: &Parameter) -> ImplItemFn {
    let ty = rust_type(&parameter.schema);
    let taken = taken(&ty, &ident("value"));
    let (taken, value) = (taken.parameter, taken.value);
    let (name, constant) = (ident(&parameter.ident), ident(&operation.constant));
    let argument = &parameter.argument;
    let operation_table = quote! { &super::super::operations::#constant };
    let expect = if parameter.location == Location::Path {
        let pattern = pattern(&operation.path, Some(&parameter.name));
        quote! {
            let value = ::compute_kfp_runtime::mock::segment(#operation_table, #argument, &value);
            Self(self.0.path_matches(format!(#pattern, value)))
        }
    } else {
        quote! {
            Self(::compute_kfp_runtime::mock::expect(self.0, #operation_table, #argument, &value))
        }
    };
    parse_quote! {
        pub fn #name(self, value: #taken) -> Self {
            let value: #ty = #value;
            #expect
        }
    }
}

/// Returns the pattern of a path that matches any values, with `{}` for the given parameter.
fn pattern(path: &str, fixed: Option<&str>) -> String {
    let mut pattern = String::from("^");
    for piece in pieces(path).unwrap_or_default() {
        match piece {
            Piece::Text(text) => {
                for c in text.chars() {
                    if c.is_ascii_punctuation() {
                        pattern.push('\\');
                    }
                    pattern.push(c);
                }
            }
            Piece::Name(name) if fixed == Some(name) => pattern.push_str("{}"),
            Piece::Name(_) => pattern.push_str("[^/:]+"),
        }
    }
    pattern + "$"
}

/// Returns paths without parameters that match the pattern of an operation but belong to others.
fn more_exact<'a>(api: &'a Api, operation: &Operation) -> Vec<&'a str> {
    let segments = |path: &'a str| path.split('/');
    let meets = |other: &&'a Operation| {
        let own: Vec<&str> = operation.path.split('/').collect();
        let theirs: Vec<&str> = segments(&other.path).collect();
        other.method == operation.method
            && other.path != operation.path
            && !other.path.contains('{')
            && own.len() == theirs.len()
            && own
                .iter()
                .zip(&theirs)
                .all(|(own, other)| own == other || own.starts_with('{'))
    };
    let others = api.operations.iter().filter(meets);
    others.map(|other| other.path.as_str()).collect()
}

/// Documents a function; progenitor documents none.
fn document(function: &mut ImplItemFn, verb: &str) {
    let name = function.sig.ident.to_string();
    let mut inputs = function.sig.inputs.iter();
    let is_status = inputs.any(|input| is_named(input, "status"));
    let doc = match name.as_str() {
        "new" => " Wraps the value that `httpmock` passes to a mock.".to_owned(),
        "into_inner" => " Returns the value that `httpmock` passed to the mock.".to_owned(),
        _ if is_status => format!(" Responds with a status of the class `{name}`."),
        _ => format!(" {verb} `{}`.", name.trim_start_matches("r#")),
    };
    function.attrs.push(parse_quote! { #[doc = #doc] });
}

/// Borrows a body that progenitor takes by value and only passes on.
fn borrow_value(function: &mut ImplItemFn) {
    let is_taken = |input: &FnArg| {
        is_named(input, "value")
            && matches!(input, FnArg::Typed(it) if !matches!(*it.ty, syn::Type::Reference(_)))
    };
    if function.sig.inputs.iter().any(is_taken) {
        Borrowed.visit_block_mut(&mut function.block);
    }
}

struct Borrowed;

impl VisitMut for Borrowed {
    fn visit_expr_method_call_mut(&mut self, call: &mut syn::ExprMethodCall) {
        syn::visit_mut::visit_expr_method_call_mut(self, call);
        let value: syn::Expr = parse_quote! { value };
        for argument in &mut call.args {
            if call.method == "json_body_obj" && *argument == value {
                *argument = parse_quote! { &value };
            }
        }
    }
}

/// Replaces `httpmock` by the runtime's re-export.
struct Reexported;

impl VisitMut for Reexported {
    fn visit_path_mut(&mut self, path: &mut Path) {
        let is_it = path.leading_colon.is_some()
            && path
                .segments
                .first()
                .is_some_and(|it| it.ident == "httpmock");
        if is_it {
            let rest = path.segments.iter().skip(1);
            *path = parse_quote! { ::compute_kfp_runtime::mock::httpmock #(::#rest)* };
        }
        visit_path_mut(self, path);
    }

    fn visit_lit_str_mut(&mut self, text: &mut LitStr) {
        let links = text.value();
        if links.contains("(::httpmock::") {
            let links = links.replace("(::httpmock::", "(::compute_kfp_runtime::mock::httpmock::");
            *text = LitStr::new(&links, text.span());
        }
    }
}
