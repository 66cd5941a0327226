//! Absent, null and empty values are distinct.
//!
//! Why: progenitor uses one `Option` for absent and null, omits empty lists from requests, and
//! sends the defaults of the document, which overwrite values on the server. The servers
//! distinguish these cases, and some send null instead of a list.

use quote::ToTokens as _;
use syn::{Field, Item, ItemStruct, Type, parse_quote};

use super::{Change, Context, Part, Pass};
use crate::model::{Kind, Object, Property};
use crate::tree::{
    SerdeArguments, Tree, add_derive, fields, generic, remove_derive, structs, take_module,
    trait_name,
};

pub(super) const PASS: Pass = Pass {
    name: "presence",
    changes: &[
        (Change::Changes, Part::Field),
        (Change::Changes, Part::Type),
        (Change::Removes, Part::Implementation),
        (Change::Removes, Part::Module),
    ],
    run,
};

/// The ways in which a property may be missing.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Presence {
    Required,
    /// Required, but may be null.
    Null,
    Optional,
    /// May be absent, and may be null, with different meanings.
    Nullable,
}

impl Presence {
    pub fn of(property: &Property) -> Self {
        let free_form = property.schema.kind == Kind::Any;
        match (property.required, property.schema.nullable && !free_form) {
            (true, false) => Self::Required,
            (true, true) => Self::Null,
            (false, false) => Self::Optional,
            (false, true) => Self::Nullable,
        }
    }
}

/// Returns whether an object has required properties, so that its builder can fail.
pub(super) fn has_required(object: &Object) -> bool {
    object
        .properties
        .values()
        .any(|property| matches!(Presence::of(property), Presence::Required | Presence::Null))
}

/// Returns the property of an object that belongs to a field.
pub(super) fn property_of<'a>(object: &'a Object, field: &str) -> Option<(&'a str, &'a Property)> {
    let mut properties = object.properties.iter();
    properties
        .find(|(_, property)| property.ident == field)
        .map(|(wire, property)| (wire.as_str(), property))
}

fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    take_module(&mut tree.types, "defaults");
    // Some of them contain defaults of the document.
    tree.types.retain(|item| match item {
        Item::Impl(block) => trait_name(block).as_deref() != Some("Default"),
        _ => true,
    });
    for item in structs(&mut tree.types) {
        let name = item.ident.to_string();
        let object = context.api.object(&name);
        let object = object.ok_or_else(|| format!("the object `{name}` does not exist"))?;
        edit(item, object);
    }
    Ok(())
}

fn edit(item: &mut ItemStruct, object: &Object) {
    for (name, field) in fields(item) {
        if let Some((wire, property)) = property_of(object, &name) {
            edit_field(field, &name, wire, property);
        }
    }
    if has_required(object) {
        remove_derive(&mut item.attrs, "Default");
    } else {
        add_derive(&mut item.attrs, "Default");
    }
}

fn edit_field(field: &mut Field, name: &str, wire: &str, property: &Property) {
    let value = generic(&field.ty, "Option").unwrap_or(&field.ty).clone();
    let presence = Presence::of(property);
    let mut serde = SerdeArguments::take(field);
    for key in [
        "rename",
        "default",
        "skip_serializing_if",
        "deserialize_with",
    ] {
        serde.remove(key);
    }
    if name != wire {
        serde.set("rename", Some(wire));
    }
    let collection = matches!(property.schema.kind, Kind::Array(_) | Kind::Map(_));
    let reader = match presence {
        Presence::Required if collection => Some("::compute_kfp_runtime::null::as_empty"),
        Presence::Optional if property.schema.kind == Kind::Any => {
            Some("::compute_kfp_runtime::null::as_value")
        }
        Presence::Optional if generic(&value, "Vec").is_some() => {
            Some("::compute_kfp_runtime::list::exact")
        }
        _ => None,
    };
    if let Some(reader) = reader {
        serde.set("deserialize_with", Some(reader));
    }
    if reader.is_some() || presence == Presence::Nullable {
        serde.set("default", None);
    }
    let absent = match presence {
        Presence::Optional => Some("::std::option::Option::is_none"),
        Presence::Nullable => Some("::compute_kfp_runtime::Nullable::is_absent"),
        _ => None,
    };
    if absent.is_some() {
        serde.set("skip_serializing_if", absent);
    }
    serde.put(field);
    let held: Type = match presence {
        Presence::Required => value,
        Presence::Null | Presence::Optional => parse_quote! { ::std::option::Option<#value> },
        Presence::Nullable => parse_quote! { ::compute_kfp_runtime::Nullable<#value> },
    };
    if held.to_token_stream().to_string() != field.ty.to_token_stream().to_string() {
        field.ty = held;
    }
}
