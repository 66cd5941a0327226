//! What is taken from progenitor's output: the types of fields, parameters, bodies and answers.

use std::collections::HashMap;

use syn::{Fields, FnArg, GenericArgument, Item, PathArguments, ReturnType, Type};

use crate::model::Api;
use crate::view;

/// The structs of progenitor's `types` module and the builders of its `builder` module.
pub(super) struct Items {
    structs: HashMap<String, HashMap<String, Field>>,
    operations: HashMap<String, Operation>,
}

pub(super) struct Field {
    pub ty: Type,
    pub flatten: bool,
}

pub(super) struct Operation {
    /// Types of parameters and body, by the name of the builder's field.
    arguments: HashMap<String, Type>,
    pub answer: Type,
}

impl Items {
    pub fn of(file: &syn::File) -> Result<Self, String> {
        let mut items = Self {
            structs: HashMap::new(),
            operations: HashMap::new(),
        };
        for item in module(&file.items, "types")? {
            if let Item::Struct(item) = item {
                items
                    .structs
                    .insert(item.ident.to_string(), fields(&item.fields));
            }
        }
        let builders = module(&file.items, "builder")?;
        for item in builders {
            if let Item::Struct(item) = item {
                let name = item.ident.to_string();
                let answer = answer(builders, &name)
                    .ok_or_else(|| format!("progenitor's builder `{name}` has no `send`"))?;
                let arguments = item
                    .fields
                    .iter()
                    .filter_map(|field| {
                        Some((field.ident.as_ref()?.to_string(), argument(&field.ty)?))
                    })
                    .collect();
                items
                    .operations
                    .insert(name, Operation { arguments, answer });
            }
        }
        Ok(items)
    }

    /// Fields of the struct of a schema, by their name in JSON.
    pub fn fields(&self, api: &Api, name: &str) -> Result<&HashMap<String, Field>, String> {
        let placeholder = api.schemas.get_index_of(name).map(view::schema);
        placeholder
            .and_then(|placeholder| self.structs.get(&placeholder))
            .ok_or_else(|| format!("progenitor made no struct for `{name}`"))
    }

    /// The operation at a position in the description.
    pub fn operation(&self, index: usize) -> Result<&Operation, String> {
        let builder = view::builder(index);
        self.operations
            .get(&builder)
            .ok_or_else(|| format!("progenitor made no builder `{builder}`"))
    }
}

impl Operation {
    pub fn body(&self) -> Result<&Type, String> {
        self.arguments
            .get("body")
            .ok_or_else(|| "progenitor made no body".to_owned())
    }

    /// The parameter at a position in the description.
    pub fn parameter(&self, index: usize) -> Result<&Type, String> {
        self.arguments
            .get(&view::parameter(index))
            .and_then(|list| generic(list, "Vec"))
            .ok_or_else(|| format!("progenitor made no parameter {index}"))
    }
}

fn module<'a>(items: &'a [Item], name: &str) -> Result<&'a [Item], String> {
    items
        .iter()
        .find_map(|item| match item {
            Item::Mod(module) if module.ident == name => {
                module.content.as_ref().map(|(_, items)| &items[..])
            }
            _ => None,
        })
        .ok_or_else(|| format!("progenitor made no module `{name}`"))
}

fn fields(fields: &Fields) -> HashMap<String, Field> {
    fields
        .iter()
        .filter_map(|field| {
            let ident = field.ident.as_ref()?.to_string();
            let mut name = ident;
            let mut flatten = false;
            for attribute in field
                .attrs
                .iter()
                .filter(|attribute| attribute.path().is_ident("serde"))
            {
                // Keys with values that are not of interest still have to be consumed.
                let _ = attribute.parse_nested_meta(|meta| {
                    flatten |= meta.path.is_ident("flatten");
                    if let Ok(value) = meta.value() {
                        let value: syn::Lit = value.parse()?;
                        if let (true, syn::Lit::Str(renamed)) =
                            (meta.path.is_ident("rename"), value)
                        {
                            name = renamed.value();
                        }
                    }
                    Ok(())
                });
            }
            Some((
                name,
                Field {
                    ty: field.ty.clone(),
                    flatten,
                },
            ))
        })
        .collect()
}

/// `T` of a builder's field `Result<T, String>`, without the builder it may stand for.
fn argument(ty: &Type) -> Option<Type> {
    let mut inner = generic(ty, "Result")?.clone();
    if let Some(optional) = generic(&inner, "Option") {
        inner = optional.clone();
    }
    if let Type::Path(path) = &mut inner
        && path.path.segments.len() == 3
        && path.path.segments[1].ident == "builder"
    {
        path.path.segments = path
            .path
            .segments
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != 1)
            .map(|(_, segment)| segment.clone())
            .collect();
    }
    Some(inner)
}

/// `T` of `send(self) -> Result<ResponseValue<T>, _>`.
fn answer(items: &[Item], builder: &str) -> Option<Type> {
    items.iter().find_map(|item| {
        let Item::Impl(block) = item else { return None };
        let Type::Path(path) = &*block.self_ty else {
            return None;
        };
        if path.path.segments.last()?.ident != builder {
            return None;
        }
        block.items.iter().find_map(|item| {
            let syn::ImplItem::Fn(function) = item else {
                return None;
            };
            let takes_self = matches!(function.sig.inputs.first(), Some(FnArg::Receiver(_)));
            let ReturnType::Type(_, ty) = &function.sig.output else {
                return None;
            };
            (function.sig.ident == "send" && takes_self)
                .then(|| generic(generic(ty, "Result")?, "ResponseValue").cloned())
                .flatten()
        })
    })
}

/// The first type argument of a type with a name.
pub(super) fn generic<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    if last.ident != name {
        return None;
    }
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}
