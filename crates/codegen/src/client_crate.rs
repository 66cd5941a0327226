//! A crate around the generated code: `Cargo.toml`, `src/lib.rs` and `README.md`.

use std::io;
use std::path::Path;
use std::process::Command;

use fs_err as fs;
use heck::ToKebabCase as _;
use serde_json::Value;

use crate::argument::arguments;
use crate::model::{Api, Operation, SchemeKind, Success};
use crate::output::{Generated, write_all};
use crate::prose::{one_line, rustdoc};

/// Returns the name of a crate for an API: its title in kebab case.
///
/// ```
/// use compute_kfp_codegen::crate_name;
///
/// assert_eq!(crate_name("Swagger Petstore"), "swagger-petstore");
/// assert_eq!(crate_name("2024 Prices"), "api-2024-prices");
/// assert_eq!(crate_name("Test"), "test-client");
/// ```
pub fn crate_name(title: &str) -> String {
    let plain = title.replace(|it: char| !it.is_ascii_alphanumeric(), " ");
    let mut name = plain.to_kebab_case();
    name.truncate(60);
    let mut name = name.trim_matches('-').to_owned();
    if name.is_empty() || name.starts_with(|it: char| it.is_ascii_digit()) {
        name = format!("api-{name}").trim_end_matches('-').to_owned();
    }
    if is_crate_name(&name) {
        name
    } else {
        name + "-client"
    }
}

/// Returns whether cargo treats the directory as a package with the dependencies of a client.
fn is_crate_name(name: &str) -> bool {
    const TAKEN: [&str; 11] = [
        "alloc",
        "build",
        "compute-kfp-runtime",
        "core",
        "proc-macro",
        "schemars",
        "serde",
        "serde-json",
        "std",
        "test",
        "tokio",
    ];
    let letters = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    let identifier = name.replace('-', "_");
    name.chars().all(letters)
        && !TAKEN.contains(&name.replace('_', "-").as_str())
        && syn::parse_str::<syn::Ident>(&identifier).is_ok()
}

/// Writes a crate with the generated code, which builds without changes.
///
/// `name` is the name of the package; generate the code [for it](crate::Spec::for_crate).
/// `runtime` is the directory of `compute-kfp-runtime`; without it, the crate depends on the
/// published version. Existing files `Cargo.toml`, `README.md` and `src/lib.rs` are kept, and their
/// names are returned. The code in `src/generated` is replaced.
///
/// # Errors
///
/// Returns an error if the name is not valid for a package, or if a file cannot be written. In both
/// cases nothing is changed.
///
/// ```
/// use compute_kfp_codegen::{Spec, generate, write_crate};
///
/// let spec = r#"{
///     "openapi": "3.1.0",
///     "info": {"title": "Greetings", "version": "1"},
///     "paths": {"/hello": {"get": {"operationId": "hello", "responses": {"204": {"description": "Said."}}}}}
/// }"#;
/// let generated = generate(&Spec::from_string("greetings.json", spec).for_crate("greetings"))?;
/// let directory = tempfile::tempdir()?;
/// let kept = write_crate(&generated, directory.path(), "greetings", None)?;
/// assert!(kept.is_empty());
/// assert!(directory.path().join("Cargo.toml").is_file());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_crate(
    generated: &Generated,
    directory: impl AsRef<Path>,
    name: &str,
    runtime: Option<&Path>,
) -> io::Result<Vec<&'static str>> {
    let directory = directory.as_ref();
    if !is_crate_name(name) {
        let message =
            format!("`{name}` is not a valid name of a crate; use a name such as `my-client`");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let runtime = runtime.map(fs::canonicalize).transpose()?;
    let api = &*generated.api;
    let own = [
        ("Cargo.toml", manifest(api, name, runtime.as_deref())),
        ("README.md", readme(api, name)),
        (
            "src/lib.rs",
            include_str!("client_crate/lib.rs.in").to_owned(),
        ),
    ];
    let (mut files, mut kept) = (Vec::new(), Vec::new());
    for (file, text) in &own {
        let path = directory.join(file);
        if path.symlink_metadata().is_ok() {
            kept.push(*file);
        } else {
            files.push((path, text.as_str()));
        }
    }
    let code = directory.join("src/generated");
    files.extend(
        generated
            .files()
            .map(|(file, text)| (code.join(file), text)),
    );
    write_all(files)?;
    if !kept.contains(&"Cargo.toml") && is_refused_by_workspace(directory) {
        let path = directory.join("Cargo.toml");
        let text = fs::read_to_string(&path)?;
        fs::write(
            path,
            text + "\n# The enclosing workspace does not include this crate.\n[workspace]\n",
        )?;
    }
    Ok(kept)
}

/// Returns whether the directory is below a workspace that neither includes nor excludes it.
fn is_refused_by_workspace(directory: &Path) -> bool {
    let Ok(directory) = directory.canonicalize() else {
        return false;
    };
    let above = directory.ancestors().skip(1);
    let mut manifests = above.map(|it| it.join("Cargo.toml"));
    // Only cargo knows all rules of membership.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    manifests.any(|manifest| manifest.is_file())
        && Command::new(cargo)
            .args(["locate-project", "--workspace", "--quiet"])
            .current_dir(&directory)
            .output()
            .is_ok_and(|output| !output.status.success())
}

fn title(api: &Api) -> String {
    format!("{} {}", one_line(&api.title), one_line(&api.version))
}

fn manifest(api: &Api, name: &str, runtime: Option<&Path>) -> String {
    let description = format!("Client of {}", title(api));
    let path = runtime.map(|path| format!("path = {}, ", quoted(&path.display().to_string())));
    format!(
        include_str!("client_crate/Cargo.toml.in"),
        name = name,
        description = quoted(&description),
        rust = env!("CARGO_PKG_RUST_VERSION"),
        path = path.unwrap_or_default(),
        version = env!("CARGO_PKG_VERSION"),
    )
}

/// Formats a TOML string, whose escapes are those of JSON.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn readme(api: &Api, name: &str) -> String {
    let krate = name.replace('-', "_");
    let server = api.servers.first().map(|server| server.url.as_str());
    let server = one_line(server.unwrap_or("https://api.example.org"));
    let call = first_call(api);
    let mut uses = vec!["Client", "Transport"];
    let mut import = String::new();
    let mut credentials = String::new();
    if let Some((constant, value)) = call
        .as_ref()
        .and_then(|(it, _)| example_credentials(api, it))
    {
        uses.push("operations");
        let kind = value.split(':').next().unwrap_or_default();
        import = format!("use {krate}::credentials::{kind};\n");
        let name = format!("operations::{constant}.name");
        credentials = format!("\n        .credentials({name}, {value})\n        ");
    }
    let call = match call {
        Some((operation, values)) => {
            let values = values.join(", ");
            if values.contains("types::") {
                uses.push("types");
            }
            let call = format!("client.{}({values})", operation.name);
            format!("let response = {call}.send().await?;\n    println!(\"{{response:?}}\");")
        }
        None => "println!(\"{client:?}\");".to_owned(),
    };
    format!(
        include_str!("client_crate/README.md.in"),
        name = name,
        title = rustdoc(&format!("A client of {}.", title(api))),
        import = import,
        krate = krate,
        uses = uses.join(", "),
        server = server,
        credentials = credentials,
        call = call,
    )
}

/// Returns the operation that is easiest to call, and its arguments: it only reads and requires few.
fn first_call(api: &Api) -> Option<(&Operation, Vec<String>)> {
    let calls = api.operations.iter().filter_map(|operation| {
        let printed = matches!(operation.success, Success::Json(_) | Success::Empty);
        let required = arguments(api, operation).into_iter();
        let required = required.filter(|it| it.required);
        let values: Option<Vec<String>> = required.map(|it| it.example).collect();
        (printed && !operation.deprecated).then_some((operation, values?))
    });
    calls.min_by_key(|(operation, values)| (operation.method != "GET", values.len()))
}

/// Returns the constant of the security scheme of an operation, and matching credentials.
fn example_credentials<'a>(api: &'a Api, operation: &Operation) -> Option<(&'a str, &'static str)> {
    let name = operation.security.iter().find_map(|all| all.first())?;
    let scheme = api.security_schemes.iter().find(|it| it.name == *name)?;
    let example = match &scheme.kind {
        // Specs without OAuth 2 or OpenAPI 3 declare bearer tokens like this.
        SchemeKind::ApiKey { name, .. } if name.eq_ignore_ascii_case("authorization") => {
            "BearerToken::new(\"token\")"
        }
        SchemeKind::Bearer => "BearerToken::new(\"token\")",
        // The value is `user:password`.
        SchemeKind::Basic => "BearerToken::new(\"dXNlcjpwYXNzd29yZA==\")",
        SchemeKind::ApiKey { .. } => "ApiKey::new(\"key\")",
    };
    Some((&scheme.constant, example))
}
