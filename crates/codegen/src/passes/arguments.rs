//! Required values are arguments of the client's methods.
//!
//! Why: progenitor's builders detect a missing parameter or body only when the request is sent.
//! With arguments, code that omits one does not compile.

use syn::{FnArg, ImplItem, ImplItemFn, parse_quote};

use super::{Change, Context, Part, Pass};
use crate::argument::{Argument, arguments};
use crate::model::Operation;
use crate::taken::many;
use crate::tree::{Tree, ident};

pub(super) const PASS: Pass = Pass {
    name: "arguments",
    changes: &[
        (Change::Changes, Part::Method),
        (Change::Changes, Part::Setter),
        (Change::Removes, Part::Setter),
    ],
    run,
};

fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    for operation in &context.api.operations {
        let mut arguments = arguments(context.api, &tree.arguments, operation)?;
        arguments.retain(|argument| argument.required);
        if arguments.is_empty() {
            continue;
        }
        let block = tree.builder(&operation.builder)?;
        block.items.retain_mut(|item| match item {
            ImplItem::Fn(function) => edit_builder(operation, &arguments, function),
            _ => true,
        });
        edit_method(operation, &arguments, tree.method(&operation.name)?);
    }
    Ok(())
}

/// Returns whether a function of the builder is kept.
fn edit_builder(
    operation: &Operation,
    arguments: &[Argument<'_>],
    function: &mut ImplItemFn,
) -> bool {
    let is_setter = matches!(function.sig.inputs.first(), Some(FnArg::Receiver(_)));
    if is_setter {
        let name = &function.sig.ident;
        return !arguments
            .iter()
            .any(|argument| ident(argument.name) == *name);
    }
    let constant = ident(&operation.constant);
    let sets = arguments.iter().map(|argument| &argument.set);
    for argument in arguments {
        let (name, ty) = (ident(argument.name), &argument.ty);
        function.sig.inputs.push(parse_quote! { #name: #ty });
    }
    function.block = parse_quote! {{
        let mut request = ::compute_kfp_runtime::Request::new(&super::operations::#constant);
        #(#sets)*
        Self { client, request }
    }};
    if let Some(many) = many(arguments) {
        let many: syn::Attribute = parse_quote! { #many };
        function.attrs.push(many);
    }
    true
}

fn edit_method(operation: &Operation, arguments: &[Argument<'_>], function: &mut ImplItemFn) {
    let builder = ident(&operation.builder);
    for argument in arguments {
        let (name, parameter) = (ident(argument.name), &argument.parameter);
        function.sig.inputs.push(parse_quote! { #name: #parameter });
    }
    let passed = arguments.iter().map(|argument| &argument.passed);
    function.block = parse_quote! {{ builder::#builder::new(self, #(#passed),*) }};
    if let Some(many) = many(arguments) {
        let many: syn::Attribute = syn::parse_quote! { #many };
        function.attrs.push(many);
    }
}
