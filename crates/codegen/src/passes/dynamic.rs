//! Calls of any operation by name.
//!
//! Why: command lines and scripts know the name of an operation only at run time. progenitor has no
//! equivalent.

use std::fmt::Write as _;

use syn::parse_quote;

use super::{Change, Context, Part, Pass};
use crate::docs::doc_attributes;
use crate::model::Success;
use crate::tree::{Tree, implementations};

pub(super) const PASS: Pass = Pass {
    name: "dynamic",
    changes: &[(Change::Adds, Part::Client)],
    run,
};

fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    let doc = doc_attributes(&documentation(context));
    let mut blocks = implementations(&mut tree.client);
    let (_, block) = blocks.next().ok_or("the client has no methods")?;
    block.items.push(parse_quote! {
        #(#doc)*
        #[cfg(feature = "dynamic")]
        pub fn call(
            &self,
            operation: &str,
            arguments: impl ::std::convert::Into<::serde_json::Value>,
        ) -> ::std::result::Result<
            ::compute_kfp_runtime::dynamic::Call,
            ::compute_kfp_runtime::Error,
        > {
            ::compute_kfp_runtime::dynamic::Call::new(
                self.transport.clone(),
                super::operations::OPERATIONS,
                operation,
                arguments.into(),
            )
        }
    });
    Ok(())
}

fn documentation(context: &Context<'_>) -> String {
    let mut text = "Prepares a call of an operation by its name, with arguments as JSON.\n\n\
        The name is the method's, in snake or kebab case, or the `operationId` in the spec. \
        The arguments are an object with the parameters under their names in the spec, and `body`; \
        see [`Call`](::compute_kfp_runtime::dynamic::Call). It also has methods for the files of an \
        upload and for the settings of a list.\n\n\
        # Errors\n\n\
        Returns the errors of [`Call::new`](::compute_kfp_runtime::dynamic::Call::new). \
        Nothing is sent."
        .to_owned();
    // Its example works as shown, because it needs no arguments.
    let example = context.api.operations.iter().find(|operation| {
        let free = operation.parameters.iter().all(|it| !it.required) && operation.body.is_none();
        free && matches!(operation.success, Success::Json(_))
    });
    if let (Some(crate_name), Some(operation)) = (context.crate_name, example) {
        let _ = write!(
            text,
            "\n\n# Examples\n\n```no_run\n\
            # async fn example(client: &{crate_name}::Client) -> Result<(), {crate_name}::Error> {{\n\
            let response = client.call(\"{}\", serde_json::json!({{}}))?.send().await?;\n\
            println!(\"{{}}\", *response);\n# Ok(())\n# }}\n```",
            operation.name
        );
    }
    text
}
