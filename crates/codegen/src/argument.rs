//! The arguments of a call: parameters, the body, or the parts of a body.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ImplItemFn, Type, parse_quote};

use crate::model::{Api, BodyContent, Kind, Operation, Part};
use crate::taken::taken;
use crate::tree::{ArgumentTypes, generic, ident, is_path, last_name};

/// An argument of a call.
pub(crate) struct Argument<'a> {
    /// Name of the argument or the setter.
    pub name: &'a str,
    pub required: bool,
    pub description: Option<&'a str>,
    /// Type that the builder stores.
    pub ty: Type,
    /// Type of the parameter.
    pub parameter: TokenStream,
    /// The converted value, read from a variable with the argument's name.
    pub passed: TokenStream,
    /// The statement that stores the value in `request`.
    pub set: TokenStream,
    /// A value for examples, if the type suggests one.
    pub example: Option<String>,
}

/// Returns the arguments of an operation, in the order of the path, then of the document.
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
        let (name, argument) = (ident(&parameter.ident), &parameter.argument);
        let taken = taken(&ty, &name);
        let set = if is_path(&ty, "String") || is_path(&ty, "std::string::String") {
            quote! { request.set_text(#argument, #name); }
        } else {
            quote! { request.set(#argument, &#name); }
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
    let Some(described) = &operation.body else {
        return Ok(found);
    };
    let required = described.is_argument();
    for (name, media, content) in described.contents() {
        if let BodyContent::Multipart(parts) = content {
            for part in parts {
                found.push(self::part(api, part, required, ty(&part.ident)?));
            }
        } else {
            found.push(Argument {
                required,
                description: described.description.as_deref(),
                ..body(api, name, media, content, ty(name)?)
            });
        }
    }
    Ok(found)
}

fn body<'a>(
    api: &Api,
    wanted: &'a str,
    media: &str,
    content: &BodyContent,
    ty: Type,
) -> Argument<'a> {
    let name = ident(wanted);
    let encode = |body: TokenStream| match content {
        BodyContent::Form(..) => quote! { request.form_body(#body); },
        _ if wanted == "body" => quote! { request.json_body(#body); },
        _ => quote! { request.json_body_as(#media, #body); },
    };
    let argument = |parameter, passed, ty: Type, set, example| Argument {
        name: wanted,
        required: true,
        description: None,
        ty,
        parameter,
        passed,
        set,
        example,
    };
    if let BodyContent::Raw = content {
        return argument(
            quote! { impl ::std::convert::Into<#ty> },
            quote! { #name.into() },
            ty,
            quote! { request.raw_body(#media, #name); },
            Some("Vec::from(\"content\")".to_owned()),
        );
    }
    let shown = example(api, &ty, "body");
    if matches!(kind_of(api, &ty), Some((_, Kind::Object(_)))) {
        let error = quote! { ::compute_kfp_runtime::BuildError };
        return argument(
            quote! { impl ::std::convert::TryInto<#ty, Error: ::std::convert::Into<#error>> },
            quote! { #name.try_into().map_err(::std::convert::Into::into) },
            parse_quote! { ::std::result::Result<#ty, #error> },
            encode(quote! { #name }),
            shown,
        );
    }
    let taken = taken(&ty, &name);
    argument(
        taken.parameter,
        taken.value,
        ty,
        encode(quote! {
            ::std::result::Result::Ok::<_, ::compute_kfp_runtime::BuildError>(#name)
        }),
        shown,
    )
}

fn part<'a>(api: &Api, part: &'a Part, body_required: bool, ty: Type) -> Argument<'a> {
    let (name, wire) = (ident(&part.ident), &part.name);
    let taken = taken(&ty, &name);
    let file = "std::path::Path::new(\"pipeline.yaml\")";
    let (set, example) = if part.is_file_list() {
        let set = quote! { request.file_parts(#wire, #name); };
        (set, Some(format!("[{file}]")))
    } else if part.is_file() {
        (
            quote! { request.file_part(#wire, #name); },
            Some(file.to_owned()),
        )
    } else if is_path(&ty, "std::string::String") {
        (
            quote! { request.text_part(#wire, #name); },
            Some("\"text\"".to_owned()),
        )
    } else {
        let shown = example(api, &ty, &part.ident);
        (quote! { request.value_part(#wire, &#name); }, shown)
    };
    Argument {
        name: &part.ident,
        required: body_required && part.required,
        description: part.schema.description.as_deref(),
        parameter: taken.parameter,
        passed: taken.value,
        ty,
        set,
        example,
    }
}

impl Argument<'_> {
    /// Returns the method of a builder that sets the argument.
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

/// Returns a value for examples, if the type suggests one.
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

/// Returns the schema of a type of the module `types`.
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
