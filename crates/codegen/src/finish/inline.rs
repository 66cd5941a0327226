//! What is compiled where: a function is left to the programs that call it.
//!
//! A client has far more methods than any program calls. Without `#[inline]`, rustc makes machine
//! code of all of them when it compiles the client, decoding of every answer included; with it, only
//! of those that are called, and where they are called.

use syn::visit_mut::{VisitMut, visit_impl_item_fn_mut, visit_item_fn_mut};
use syn::{Attribute, File, FnArg, ImplItemFn, ItemFn, Signature, Type, parse_quote};

/// Leaves all functions of a file to their callers.
pub(super) fn leave_to_callers(file: &mut File) {
    Functions.visit_file_mut(file);
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

/// Functions with parameters for types are compiled by their callers anyway.
fn inline(signature: &Signature) -> Option<Attribute> {
    let is_generic = signature.generics.type_params().next().is_some()
        || signature.inputs.iter().any(
            |argument| matches!(argument, FnArg::Typed(typed) if matches!(*typed.ty, Type::ImplTrait(_))),
        );
    (!is_generic).then(|| parse_quote! { #[inline] })
}
