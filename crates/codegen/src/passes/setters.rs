//! Setters of operations write into the request.
//!
//! Why: progenitor's setters keep a `Result` for each value, whose error appears only when the
//! request is sent, and accept no iterator for a list. Here a setter accepts values whose
//! conversion cannot fail. `body_map` is removed: the builder of the body's type replaces it.

use syn::{ImplItem, parse_quote};

use super::{Change, Context, Part, Pass};
use crate::argument::arguments;
use crate::tree::{Tree, insert_before_send};

pub(super) const PASS: Pass = Pass {
    name: "setters",
    changes: &[
        (Change::Adds, Part::Setter),
        (Change::Changes, Part::Setter),
        (Change::Removes, Part::Setter),
    ],
    run,
};

fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    let options: ImplItem = parse_quote! {
        /// Overrides the client's settings for this call: time limits, retries, additional headers.
        pub fn options(
            mut self,
            set: impl ::std::ops::FnOnce(
                ::compute_kfp_runtime::CallOptions,
            ) -> ::compute_kfp_runtime::CallOptions,
        ) -> Self {
            self.request.options(set);
            self
        }
    };
    for operation in &context.api.operations {
        let arguments = arguments(context.api, &tree.arguments, operation)?;
        let block = tree.builder(&operation.builder)?;
        block.items.retain_mut(|item| {
            let ImplItem::Fn(function) = item else {
                return true;
            };
            let name = function.sig.ident.to_string();
            let name = name.trim_start_matches("r#");
            match arguments.iter().find(|argument| argument.name == name) {
                Some(argument) => *function = argument.setter(),
                None if name == "body_map" => return false,
                None => {}
            }
            true
        });
        insert_before_send(block, vec![options.clone()]);
    }
    Ok(())
}
