//! Numbers in strings.
//!
//! Why: protobuf's JSON writes 64-bit integers as strings, and doubles that JSON cannot represent
//! as `"NaN"`; servers also accept and send plain numbers. progenitor would use `String`. Its
//! settings mark such integers with special types; here they become `i64`, `u64` and `f64`, and
//! both forms are read.

use quote::ToTokens as _;
use syn::visit_mut::{VisitMut, visit_type_mut};
use syn::{Type, parse_quote};

use super::{Change, Context, Part, Pass};
use crate::generator::{SIGNED_TEXT, UNSIGNED_TEXT};
use crate::tree::{SerdeArguments, Tree, fields, is_path, structs, type_arguments};

pub(super) const PASS: Pass = Pass {
    name: "number_text",
    changes: &[
        (Change::Changes, Part::Field),
        (Change::Changes, Part::Setter),
        (Change::Changes, Part::TypeSetter),
        (Change::Changes, Part::Mock),
    ],
    run,
};

const MODULE: &str = "::compute_kfp_runtime::number_text";

fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    for item in structs(&mut tree.types) {
        for (_, field) in fields(item) {
            if !holds_number_text(&field.ty, context.api.protobuf) {
                continue;
            }
            let mut held = field.ty.clone();
            Integers.visit_type_mut(&mut held);
            let mut serde = SerdeArguments::take(field);
            if serde.has("flatten") {
                serde.set("with", Some(MODULE));
            } else {
                serde.set("serialize_with", Some(&format!("{MODULE}::serialize")));
                serde.set("deserialize_with", Some(&format!("{MODULE}::deserialize")));
                if ["Option", "Nullable"]
                    .iter()
                    .any(|it| crate::tree::generic(&held, it).is_some())
                {
                    serde.set("default", None);
                }
            }
            serde.put(field);
            let held = held.to_token_stream().to_string().replace(' ', "");
            let schema = format!("{MODULE}::Schema<{held}>");
            field
                .attrs
                .push(parse_quote! { #[cfg_attr(feature = "schemars", schemars(with = #schema))] });
        }
    }
    for items in tree.modules_mut() {
        items
            .iter_mut()
            .for_each(|item| Integers.visit_item_mut(item));
    }
    Ok(())
}

fn holds_number_text(ty: &Type, doubles: bool) -> bool {
    if is_path(ty, SIGNED_TEXT) || is_path(ty, UNSIGNED_TEXT) || doubles && is_path(ty, "f64") {
        return true;
    }
    let Type::Path(path) = ty else { return false };
    let mut segments = path.path.segments.iter();
    segments
        .any(|segment| type_arguments(&segment.arguments).any(|ty| holds_number_text(ty, doubles)))
}

struct Integers;

impl VisitMut for Integers {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if is_path(ty, SIGNED_TEXT) {
            *ty = parse_quote! { i64 };
        } else if is_path(ty, UNSIGNED_TEXT) {
            *ty = parse_quote! { u64 };
        } else {
            visit_type_mut(self, ty);
        }
    }
}
