//! The arguments of a call: parameters, the body, or the parts of a body.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ImplItemFn, Type, parse_quote};

use crate::model::{Api, BodyContent, FormPart, Kind, MediaBody, Operation, Parameter, Schema};
use crate::taken::taken;
use crate::tree::ident;

/// An argument of a call.
pub(crate) struct Argument<'a> {
    /// Name of the argument or the setter.
    pub name: &'a str,
    /// Name in `call` and on the command line.
    pub wire: &'a str,
    pub required: bool,
    pub description: Option<&'a str>,
    /// Type of the value.
    pub value: Type,
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
    pub encoding: Encoding,
}

/// The form of a value outside of Rust code.
#[derive(Clone, Copy)]
pub(crate) enum Encoding {
    Json,
    Text,
    File,
    Files,
}

/// Returns the arguments of an operation, in the order of the path, then of the document.
pub(crate) fn arguments<'a>(api: &Api, operation: &'a Operation) -> Vec<Argument<'a>> {
    let parameters = operation.parameters.iter();
    let mut found: Vec<_> = parameters.map(|it| parameter(api, operation, it)).collect();
    let Some(described) = &operation.body else {
        return found;
    };
    let required = described.is_argument();
    for one in described.bodies() {
        if let BodyContent::Multipart(parts) = &one.content {
            found.extend(parts.iter().map(|it| part(api, it, required)));
        } else {
            found.push(Argument {
                required,
                description: described.description.as_deref(),
                ..body(api, one)
            });
        }
    }
    found
}

impl<'a> Argument<'a> {
    /// Returns an optional argument with the widest parameter type.
    fn new(name: &'a str, wire: &'a str, value: Type, set: TokenStream) -> Self {
        let taken = taken(&value, &ident(name));
        Self {
            name,
            wire,
            required: false,
            description: None,
            ty: value.clone(),
            value,
            parameter: taken.parameter,
            passed: taken.value,
            set,
            example: None,
            encoding: Encoding::Json,
        }
    }

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

fn parameter<'a>(api: &Api, operation: &Operation, parameter: &'a Parameter) -> Argument<'a> {
    let (name, wire, schema) = (
        ident(&parameter.ident),
        &parameter.argument,
        &parameter.schema,
    );
    let (value, set) = if operation.has_page_size(parameter) {
        // The type is the same for all lists, whatever number type the spec uses.
        (parse_quote! { u32 }, quote! { request.page_size(#name); })
    } else {
        (rust_type(schema), quote! { request.set(#wire, &#name); })
    };
    Argument {
        required: parameter.required,
        description: parameter.description.as_deref(),
        example: example(api, schema, &parameter.ident),
        ..Argument::new(&parameter.ident, wire, value, set)
    }
}

fn body<'a>(api: &Api, body: &'a MediaBody) -> Argument<'a> {
    let (wanted, media, content) = (body.ident.as_str(), &body.media, &body.content);
    let name = ident(wanted);
    let (BodyContent::Json(schema) | BodyContent::Form(schema, _)) = content else {
        return Argument {
            example: Some("Vec::from(\"content\")".to_owned()),
            encoding: Encoding::Text,
            ..Argument::new(
                wanted,
                wanted,
                parse_quote! { ::compute_kfp_runtime::Content },
                quote! { request.raw_body(#media, #name); },
            )
        };
    };
    let error = quote! { ::compute_kfp_runtime::BuildError };
    let is_object = matches!(api.kind(schema), Kind::Object(_));
    let result = match is_object {
        true => quote! { #name },
        false => quote! { ::std::result::Result::Ok::<_, #error>(#name) },
    };
    let set = match content {
        BodyContent::Form(..) => quote! { request.form_body(#result); },
        _ if wanted == "body" => quote! { request.json_body(#result); },
        _ => quote! { request.json_body_as(#media, #result); },
    };
    let argument = Argument {
        example: example(api, schema, "body"),
        ..Argument::new(wanted, wanted, rust_type(schema), set)
    };
    if !is_object {
        return argument;
    }
    let value = &argument.value;
    Argument {
        ty: parse_quote! { ::std::result::Result<#value, #error> },
        parameter: quote! {
            impl ::std::convert::TryInto<#value, Error: ::std::convert::Into<#error>>
        },
        passed: quote! { #name.try_into().map_err(::std::convert::Into::into) },
        ..argument
    }
}

fn part<'a>(api: &Api, part: &'a FormPart, body_required: bool) -> Argument<'a> {
    let (name, wire) = (ident(&part.ident), &part.name);
    let content = quote! { ::compute_kfp_runtime::Content };
    let file = "std::path::Path::new(\"pipeline.yaml\")";
    let (encoding, value, set, example) = if part.is_file_list() {
        (
            Encoding::Files,
            parse_quote! { ::std::vec::Vec<#content> },
            quote! { request.file_parts(#wire, #name); },
            Some(format!("[{file}]")),
        )
    } else if part.is_file() {
        (
            Encoding::File,
            parse_quote! { #content },
            quote! { request.file_part(#wire, #name); },
            Some(file.to_owned()),
        )
    } else {
        (
            Encoding::Json,
            rust_type(&part.schema),
            quote! { request.value_part(#wire, &#name); },
            example(api, &part.schema, &part.ident),
        )
    };
    Argument {
        required: body_required && part.required,
        description: part.schema.description.as_deref(),
        example,
        encoding,
        ..Argument::new(&part.ident, &part.argument, value, set)
    }
}

/// Returns a value for examples, if the type suggests one.
fn example(api: &Api, schema: &Schema, name: &str) -> Option<String> {
    match (&schema.kind, api.kind(schema)) {
        (Kind::Reference(name), Kind::Object(_)) => Some(format!("types::{name}::builder()")),
        (_, Kind::Enum(values)) => values.first().map(|it| format!("{:?}", it.value)),
        (Kind::Array(items), _) => example(api, items, name).map(|item| format!("[{item}]")),
        (Kind::String | Kind::Binary, _) => Some(format!("\"{name}\"")),
        (Kind::Integer(_) | Kind::IntegerText { .. }, _) => Some("7".to_owned()),
        (Kind::Boolean, _) => Some("true".to_owned()),
        _ => None,
    }
}

/// Returns the type of a schema, as the modules beside `types` refer to it.
pub(crate) fn rust_type(schema: &Schema) -> Type {
    match &schema.kind {
        Kind::Any | Kind::Enum(_) | Kind::Object(_) | Kind::Union(_) | Kind::Tagged(_) => {
            parse_quote! { ::serde_json::Value }
        }
        Kind::Boolean => parse_quote! { bool },
        Kind::Integer(name) => {
            let name = ident(name);
            parse_quote! { #name }
        }
        Kind::Number => parse_quote! { f64 },
        Kind::String | Kind::Binary => parse_quote! { ::std::string::String },
        Kind::Timestamp => parse_quote! { ::compute_kfp_runtime::Timestamp },
        Kind::IntegerText { signed: true } => parse_quote! { i64 },
        Kind::IntegerText { signed: false } => parse_quote! { u64 },
        Kind::Array(items) => {
            let items = optional(items);
            parse_quote! { ::std::vec::Vec<#items> }
        }
        Kind::Map(values) if values.kind == Kind::Any => {
            parse_quote! { ::serde_json::Map<::std::string::String, ::serde_json::Value> }
        }
        Kind::Map(values) => {
            let values = optional(values);
            parse_quote! { ::std::collections::BTreeMap<::std::string::String, #values> }
        }
        Kind::Reference(name) => {
            let name = ident(name);
            parse_quote! { types::#name }
        }
    }
}

/// Returns the type of an item, which may be null.
fn optional(schema: &Schema) -> Type {
    let ty = rust_type(schema);
    if schema.nullable && schema.kind != Kind::Any {
        parse_quote! { ::std::option::Option<#ty> }
    } else {
        ty
    }
}
