//! Functions are compiled by the programs that call them.
//!
//! Why: a client has far more methods than any program calls. Without `#[inline]`, rustc compiles
//! all of them with the client, including the decoding of every response. With it, only the called
//! ones are compiled, in the crates that call them.

use syn::visit_mut::{VisitMut, visit_impl_item_fn_mut, visit_item_fn_mut};
use syn::{Attribute, FnArg, ImplItemFn, ItemFn, Signature, Type, parse_quote};

use super::Context;
use crate::tree::Tree;

pub(super) fn run(_: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    tree.visit(&mut Functions);
    Ok(())
}

struct Functions;

impl VisitMut for Functions {
    fn visit_impl_item_fn_mut(&mut self, function: &mut ImplItemFn) {
        function.attrs.extend(inline(&function.sig));
        visit_impl_item_fn_mut(self, function);
    }

    fn visit_item_fn_mut(&mut self, function: &mut ItemFn) {
        function.attrs.extend(inline(&function.sig));
        visit_item_fn_mut(self, function);
    }
}

/// Functions with type parameters are compiled by their callers anyway.
fn inline(signature: &Signature) -> Option<Attribute> {
    let is_generic = signature.generics.type_params().next().is_some()
        || signature.inputs.iter().any(
            |argument| matches!(argument, FnArg::Typed(typed) if matches!(*typed.ty, Type::ImplTrait(_))),
        );
    (!is_generic).then(|| parse_quote! { #[inline] })
}
