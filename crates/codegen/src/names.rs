//! Derives Rust names from names in a spec, by rules only.

use heck::{ToPascalCase as _, ToSnakeCase as _};

use crate::part::METHODS;

/// Extension that sets the name of an operation, a schema, a property or a parameter.
pub(crate) const NAME_OVERRIDE: &str = "x-rust-name";

/// Extension that sets the names of the values of an enum.
pub(crate) const VARIANT_NAMES: &str = "x-enum-varnames";

/// Returns the name of a type, such as `ArtifactTaskType` for `v2beta1ArtifactTaskType`.
pub(crate) fn type_name(upstream: &str) -> String {
    pascal(without_api_version(upstream).unwrap_or(upstream))
}

/// The parts of an `operationId`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OperationName<'a> {
    /// The name in snake case, without what a framework added.
    pub short: String,
    /// The service that grpc-gateway prepended.
    pub service: Option<&'a str>,
    /// Whether FastAPI appended the path and the method.
    pub stripped: bool,
}

/// Splits an `operationId` into its parts.
///
/// FastAPI appends the path and the method to a function's name; grpc-gateway prepends the service.
pub(crate) fn operation_name<'a>(upstream: &'a str, path: &str) -> OperationName<'a> {
    let derived = path.replace(|c: char| !c.is_alphanumeric() && c != '_', "_");
    // A function that handles several methods has one id, which ends with one of them.
    let without_path = METHODS
        .iter()
        .find_map(|method| upstream.strip_suffix(&format!("{derived}_{method}")))
        .filter(|short| !short.is_empty());
    let short = without_path.unwrap_or(upstream);
    let of_service = short
        .split_once("Service_")
        .filter(|(service, name)| !name.is_empty() && service.chars().all(char::is_alphanumeric));
    OperationName {
        short: snake(of_service.map_or(short, |(_, name)| name)),
        service: of_service
            .map(|(service, _)| service)
            .filter(|it| !it.is_empty()),
        stripped: without_path.is_some(),
    }
}

/// Returns the name after a prefix such as `v2beta1`, which grpc-gateway adds to the messages of a
/// package.
fn without_api_version(upstream: &str) -> Option<&str> {
    let is_digit = |it: char| it.is_ascii_digit();
    let rest = upstream.strip_prefix('v')?.strip_prefix(is_digit)?;
    let rest = rest.trim_start_matches(is_digit);
    let mut stages = ["alpha", "beta"].into_iter();
    let stage = stages.find_map(|stage| rest.strip_prefix(stage));
    let name = stage.map_or(rest, |it| it.trim_start_matches(is_digit));
    name.starts_with(|it: char| it.is_ascii_uppercase())
        .then_some(name)
}

/// Returns an UpperCamelCase identifier.
pub(crate) fn pascal(text: &str) -> String {
    identifier(words(text).to_pascal_case(), "X")
}

/// Returns a snake_case identifier.
pub(crate) fn snake(text: &str) -> String {
    identifier(words(text).to_snake_case(), "x")
}

/// Returns the constant of an operation in the table, distinct from the other statics there.
pub(crate) fn operation_constant(name: &str) -> String {
    let mut name = name.to_uppercase();
    if name == "OPERATIONS" || name == "SECURITY_SCHEMES" || name.starts_with("SCHEME_") {
        name.push('_');
    }
    name
}

/// Returns the constant of a security scheme in the table.
pub(crate) fn scheme_constant(name: &str) -> String {
    format!("SCHEME_{}", snake(name).trim_matches('_').to_uppercase())
}

/// Returns the identifier of an enum's variant. `Unknown` is reserved: every enum has it.
pub(crate) fn variant_name(value: &str) -> String {
    let signed = match value.chars().next() {
        _ if !value.chars().any(char::is_alphanumeric) => spelled_out(value),
        Some('-') if value[1..].starts_with(|c: char| c.is_ascii_digit()) => {
            format!("minus {value}")
        }
        Some('+') => format!("plus {value}"),
        _ => value.to_owned(),
    };
    match pascal(&signed).as_str() {
        "Unknown" => "UnknownValue".to_owned(),
        name => name.to_owned(),
    }
}

/// Replaces signs by words, except those that only separate words.
pub(crate) fn spelled_out(text: &str) -> String {
    if text.is_empty() {
        return "empty".to_owned();
    }
    let only_signs = !text.chars().any(char::is_alphanumeric);
    let mut spelled = String::new();
    for (index, sign) in text.char_indices() {
        let between_words = matches!(sign, '_' | ' ') || sign == '-' && index > 0;
        if sign.is_alphanumeric() || between_words && !only_signs {
            spelled.push(sign);
        } else {
            spelled.push_str(&format!(" {} ", sign_name(sign)));
        }
    }
    spelled
}

fn sign_name(sign: char) -> String {
    let name = match sign {
        '<' => "less",
        '>' => "greater",
        '=' => "equal",
        '!' => "not",
        '+' => "plus",
        '-' => "minus",
        '*' => "star",
        '/' => "slash",
        '%' => "percent",
        '&' => "and",
        '|' => "or",
        '~' => "tilde",
        '.' => "dot",
        ' ' => "space",
        '_' => "underscore",
        '[' => "bracket",
        '(' => "parenthesis",
        '{' => "brace",
        ']' | ')' | '}' => "",
        '@' => "at",
        '#' => "hash",
        '$' => "dollar",
        ':' => "colon",
        ',' => "comma",
        ';' => "semicolon",
        '?' => "question",
        '^' => "caret",
        '\\' => "backslash",
        '\'' | '"' | '`' => "quote",
        _ => return format!("u {:x}", u32::from(sign)),
    };
    name.to_owned()
}

fn words(text: &str) -> String {
    let separates = |c: char| !c.is_alphanumeric() || !identifier_part(c);
    text.replace('\'', "").replace(separates, "-")
}

fn identifier_part(c: char) -> bool {
    c.is_ascii() || syn::parse_str::<proc_macro2::Ident>(&format!("a{c}")).is_ok()
}

fn identifier_start(c: char) -> bool {
    c == '_' || syn::parse_str::<proc_macro2::Ident>(c.encode_utf8(&mut [0; 4])).is_ok()
}

fn identifier(mut name: String, when_empty: &str) -> String {
    if name.is_empty() {
        name.push_str(when_empty);
    }
    if !name.starts_with(identifier_start) {
        name.insert(0, '_');
    }
    if !is_identifier(&name) {
        name.push('_');
    }
    name
}

/// Returns whether a string is an identifier and not a keyword.
pub(crate) fn is_identifier(name: &str) -> bool {
    // The edition reserves `gen`, but `syn` accepts it.
    name != "gen" && syn::parse_str::<syn::Ident>(name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fastapi_and_grpc_gateway_additions_are_dropped() {
        let short = |id, path| operation_name(id, path).short;
        assert_eq!(short("read_job_jobs__id__get", "/jobs/{id}"), "read_job");
        assert_eq!(
            short("read_backend_types_backend_types__get", "/backend_types/"),
            "read_backend_types"
        );
        assert_eq!(
            short("RunService_ListRuns", "/apis/v2beta1/runs"),
            "list_runs"
        );
        assert_eq!(short("UploadPipeline", "/upload"), "upload_pipeline");
        assert_eq!(short("Service_", "/x"), "service");
    }

    #[test]
    fn schemas_lose_the_version_of_their_package() {
        assert_eq!(type_name("v2beta1ArtifactTaskType"), "ArtifactTaskType");
        assert_eq!(type_name("v1Run"), "Run");
        assert_eq!(type_name("version"), "Version");
        assert_eq!(type_name("Page_Job_"), "PageJob");
        assert_eq!(type_name("HTTPValidationError"), "HttpValidationError");
    }

    #[test]
    fn every_string_becomes_an_identifier() {
        for text in [
            "",
            "1",
            "type",
            "self",
            "Self",
            "'",
            "a b",
            "ä",
            "🦀",
            "-1",
            "@type",
            "..",
            "日本",
            // Alphabetic in Unicode, but not allowed as the first character of an identifier.
            "\u{11d3c}",
        ] {
            for name in [pascal(text), snake(text), variant_name(text)] {
                assert!(
                    syn::parse_str::<syn::Ident>(&name).is_ok(),
                    "{text:?} became {name:?}"
                );
            }
        }
    }

    #[test]
    fn signs_are_spelled_out() {
        assert_eq!(variant_name("<="), "LessEqual");
        assert_eq!(variant_name("-1"), "Minus1");
        assert_eq!(variant_name(""), "Empty");
    }
}
