//! What a call takes: its parameters, its body or the parts of its body.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ImplItemFn, Type, parse_quote};

use crate::model::{Api, BodyContent, Kind, Operation, Part};
use crate::taken::taken;
use crate::tree::{ArgumentTypes, generic, ident, is_path, last_name};

/// Something that a caller gives to a call.
pub(crate) struct Argument<'a> {
    /// Name of the argument or the setter.
    pub name: &'a str,
    pub required: bool,
    pub description: Option<&'a str>,
    /// Type that holds it.
    pub ty: Type,
    /// What a caller passes.
    pub parameter: TokenStream,
    /// The value for the builder, of a variable with the argument's name.
    pub passed: TokenStream,
    /// Puts the value into `request`.
    pub set: TokenStream,
    /// What an example passes, where that is clear.
    pub example: Option<String>,
}

/// The arguments of an operation, in the order of the path, then of the document.
pub(crate) fn arguments<'a>(
    api: &Api,
    types: &ArgumentTypes,
    operation: &'a Operation,
) -> Result<Vec<Argument<'a>>, String> {
    let ty = |name: &str| {
        let found = types.get(&(operation.builder.clone(), name.to_owned()));
        let missing = || format!("`{}` has no argument `{name}`", operation.name);
        found.cloned().ok_or_else(missing)
    };
    let mut found = Vec::new();
    for parameter in &operation.parameters {
        let ty = ty(&parameter.ident)?;
        let (name, wire) = (ident(&parameter.ident), &parameter.name);
        let taken = taken(&ty, &name);
        let set = if is_path(&ty, "String") || is_path(&ty, "std::string::String") {
            quote! { request.set_text(#wire, #name); }
        } else {
            quote! { request.set(#wire, &#name); }
        };
        found.push(Argument {
            name: &parameter.ident,
            required: parameter.required,
            description: parameter.description.as_deref(),
            parameter: taken.parameter,
            passed: taken.value,
            set,
            example: example(api, &ty, &parameter.ident),
            ty,
        });
    }
    match operation.body.as_ref().map(|body| (body, &body.content)) {
        None => {}
        Some((body, BodyContent::Multipart(parts))) => {
            found.extend(parts.iter().map(|part| self::part(part, body.required)));
        }
        Some((described, content)) => found.push(Argument {
            required: described.required,
            description: described.description.as_deref(),
            ..body(api, content, ty("body")?)
        }),
    }
    Ok(found)
}

fn body(api: &Api, content: &BodyContent, ty: Type) -> Argument<'static> {
    let encode = match content {
        BodyContent::Form(_) => quote! { form_body },
        _ => quote! { json_body },
    };
    let argument = |parameter, passed, ty: Type, set, example| Argument {
        name: "body",
        required: true,
        description: None,
        ty,
        parameter,
        passed,
        set,
        example,
    };
    if let BodyContent::Raw(media) = content {
        return argument(
            quote! { impl ::std::convert::Into<#ty> },
            quote! { body.into() },
            ty,
            quote! { request.raw_body(#media, body); },
            Some("Vec::from(\"content\")".to_owned()),
        );
    }
    let shown = example(api, &ty, "body");
    if matches!(kind_of(api, &ty), Some((_, Kind::Object(_)))) {
        let error = quote! { ::compute_kfp_runtime::BuildError };
        return argument(
            quote! { impl ::std::convert::TryInto<#ty, Error: ::std::convert::Into<#error>> },
            quote! { body.try_into().map_err(::std::convert::Into::into) },
            parse_quote! { ::std::result::Result<#ty, #error> },
            quote! { request.#encode(body); },
            shown,
        );
    }
    let taken = taken(&ty, &ident("body"));
    argument(
        taken.parameter,
        taken.value,
        ty,
        quote! {
            request.#encode(
                ::std::result::Result::Ok::<_, ::compute_kfp_runtime::BuildError>(body)
            );
        },
        shown,
    )
}

fn part(part: &Part, body_required: bool) -> Argument<'_> {
    let (name, wire) = (ident(&part.ident), &part.name);
    let (ty, set, example): (Type, _, _) = if part.file {
        (
            parse_quote! { ::compute_kfp_runtime::Content },
            quote! { request.file_part(#wire, #name); },
            "std::path::Path::new(\"pipeline.yaml\")",
        )
    } else {
        (
            parse_quote! { ::std::string::String },
            quote! { request.text_part(#wire, #name); },
            "\"text\"",
        )
    };
    Argument {
        name: &part.ident,
        required: body_required && part.required,
        description: part.description.as_deref(),
        parameter: quote! { impl ::std::convert::Into<#ty> },
        passed: quote! { #name.into() },
        ty,
        set,
        example: Some(example.to_owned()),
    }
}

impl Argument<'_> {
    /// The method of a builder that sets it.
    pub fn setter(&self) -> ImplItemFn {
        let name = ident(self.name);
        let (parameter, passed, ty, set) = (&self.parameter, &self.passed, &self.ty, &self.set);
        let convert =
            (passed.to_string() != self.name).then(|| quote! { let #name: #ty = #passed; });
        parse_quote! {
            pub fn #name(mut self, #name: #parameter) -> Self {
                #convert
                let request = &mut self.request;
                #set
                self
            }
        }
    }
}

/// A value an example can pass, where it is plain from the type.
fn example(api: &Api, ty: &Type, name: &str) -> Option<String> {
    if let Some((schema, kind)) = kind_of(api, ty) {
        return match kind {
            Kind::Object(_) => Some(format!("types::{schema}::builder()")),
            Kind::Enum(values) => values.first().map(|it| format!("{:?}", it.value)),
            _ => None,
        };
    }
    if let Some(item) = generic(ty, "Vec") {
        return example(api, generic(item, "Option").unwrap_or(item), name)
            .map(|item| format!("[{item}]"));
    }
    match last_name(ty)?.as_str() {
        "String" => Some(format!("\"{name}\"")),
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" => Some("7".to_owned()),
        "bool" => Some("true".to_owned()),
        _ => None,
    }
}

/// The schema that a type of the module `types` is for.
fn kind_of<'a>(api: &'a Api, ty: &Type) -> Option<(&'a str, &'a Kind)> {
    let Type::Path(path) = ty else { return None };
    let segments: Vec<_> = path.path.segments.iter().collect();
    let [module, name] = &segments[..] else {
        return None;
    };
    if module.ident != "types" {
        return None;
    }
    let (name, named) = api.schemas.get_key_value(&name.ident.to_string())?;
    Some((name, &named.schema.kind))
}
