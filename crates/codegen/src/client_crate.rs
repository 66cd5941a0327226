//! A crate around the generated code: `Cargo.toml`, `src/lib.rs` and `README.md`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use heck::ToKebabCase as _;
use serde_json::Value;

use crate::argument::arguments;
use crate::model::{Api, Operation, SchemeKind, Success};
use crate::output::{Generated, write_all};
use crate::prose::{one_line, rustdoc};
use crate::tree::ArgumentTypes;

/// What a crate says about the API.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    title: String,
    version: String,
    pub operations: usize,
    pub types: usize,
    server: String,
    first_call: Option<FirstCall>,
}

/// The call that the example shows.
#[derive(Clone, Debug)]
struct FirstCall {
    call: String,
    /// The security scheme's constant and the credentials that suit it.
    credentials: Option<(String, &'static str)>,
}

impl Summary {
    pub(crate) fn of(api: &Api, types: &ArgumentTypes) -> std::result::Result<Self, String> {
        let server = api.servers.first().map(|server| server.url.as_str());
        Ok(Self {
            title: one_line(&api.title),
            version: one_line(&api.version),
            operations: api.operations.len(),
            types: api.schemas.len(),
            server: one_line(server.unwrap_or("https://api.example.org")),
            first_call: first_call(api, types)?,
        })
    }
}

/// The operation that is the easiest to call: it reads, and requires little.
fn first_call(api: &Api, types: &ArgumentTypes) -> std::result::Result<Option<FirstCall>, String> {
    let mut best: Option<((bool, usize), FirstCall)> = None;
    for operation in &api.operations {
        let printed = matches!(operation.success, Success::Json(_) | Success::Empty);
        if operation.deprecated || !printed {
            continue;
        }
        let arguments = arguments(api, types, operation)?;
        let required = arguments.into_iter().filter(|it| it.required);
        let Some(values) = required.map(|it| it.example).collect::<Option<Vec<_>>>() else {
            continue;
        };
        let rank = (operation.method != "GET", values.len());
        if best.as_ref().is_none_or(|(other, _)| rank < *other) {
            let call = FirstCall {
                call: format!("{}({})", operation.name, values.join(", ")),
                credentials: credentials(api, operation),
            };
            best = Some((rank, call));
        }
    }
    Ok(best.map(|(_, call)| call))
}

fn credentials(api: &Api, operation: &Operation) -> Option<(String, &'static str)> {
    let name = operation.security.iter().find_map(|all| all.first())?;
    let scheme = api.security_schemes.iter().find(|it| it.name == *name)?;
    let example = match &scheme.kind {
        // Documents without OAuth 2 or OpenAPI 3 write bearer tokens so.
        SchemeKind::ApiKey { name, .. } if name.eq_ignore_ascii_case("authorization") => {
            "BearerToken::new(\"token\")"
        }
        SchemeKind::Bearer => "BearerToken::new(\"token\")",
        // The text is `user:password`.
        SchemeKind::Basic => "BearerToken::new(\"dXNlcjpwYXNzd29yZA==\")",
        SchemeKind::ApiKey { .. } => "ApiKey::new(\"key\")",
    };
    Some((scheme.constant.clone(), example))
}

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

/// Whether cargo takes it for a package that has the dependencies of a client.
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

/// Writes a crate with the generated code, which builds as it is.
///
/// `name` is the name of the package; the code should be generated
/// [for it](crate::Source::for_crate). `runtime` is the directory of `compute-kfp-runtime`; without it
/// the crate takes the published one. Returns the files that exist already and were kept: `Cargo.toml`,
/// `README.md` and `src/lib.rs` are yours once they are written. The code in `src/generated` is
/// replaced.
///
/// # Errors
///
/// Returns an error if the name cannot be that of a package, or if a file cannot be written. Then
/// nothing is changed.
///
/// ```
/// use compute_kfp_codegen::{Source, generate, write_crate};
///
/// let spec = r#"{
///     "openapi": "3.1.0",
///     "info": {"title": "Greetings", "version": "1"},
///     "paths": {"/hello": {"get": {"operationId": "hello", "responses": {"204": {"description": "Said."}}}}}
/// }"#;
/// let generated = generate(&Source::from_text("greetings.json", spec).for_crate("greetings"))?;
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
        let message = format!("`{name}` cannot be the name of a crate; use words like `my-client`");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let runtime = runtime.map(fs::canonicalize).transpose()?;
    let summary = generated.summary();
    let own = [
        ("Cargo.toml", manifest(summary, name, runtime.as_deref())),
        ("README.md", readme(summary, name)),
        ("src/lib.rs", LIBRARY.to_owned()),
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
            text + "\n# The workspace above does not have this crate as a member.\n[workspace]\n",
        )?;
    }
    Ok(kept)
}

/// Whether the directory is below a workspace that neither has it as a member nor excludes it.
fn is_refused_by_workspace(directory: &Path) -> bool {
    let Ok(directory) = directory.canonicalize() else {
        return false;
    };
    let mut above: Vec<PathBuf> = directory
        .ancestors()
        .skip(1)
        .map(|it| it.join("Cargo.toml"))
        .collect();
    above.retain(|manifest| manifest.is_file());
    // Only cargo knows all rules of membership.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    !above.is_empty()
        && Command::new(cargo)
            .args(["locate-project", "--workspace", "--quiet"])
            .current_dir(&directory)
            .output()
            .is_ok_and(|output| !output.status.success())
}

fn manifest(summary: &Summary, name: &str, runtime: Option<&Path>) -> String {
    let description = format!("Client of {} {}", summary.title, summary.version);
    let path = runtime.map(|path| format!("path = {}, ", quoted(&path.display().to_string())));
    format!(
        r##"[package]
name = "{name}"
description = {}
version = "0.1.0"
edition = "2024"
rust-version = "{}"
readme = "README.md"

[package.metadata.docs.rs]
all-features = true

[features]
default = ["rustls"]
rustls = ["compute-kfp-runtime/rustls"]
native-tls = ["compute-kfp-runtime/native-tls"]
schemars = ["dep:schemars", "compute-kfp-runtime/schemars"]
# Any operation by its name, with JSON in and out.
dynamic = ["compute-kfp-runtime/dynamic"]
# Mocks of the operations for tests, on a server of httpmock.
mock = ["compute-kfp-runtime/mock"]

[dependencies]
compute-kfp-runtime = {{ {}version = "{}", default-features = false }}
schemars = {{ version = "1", optional = true }}
serde = {{ version = "1.0.228", features = ["derive"] }}
serde_json = "1.0.145"

[dev-dependencies]
tokio = {{ version = "1.47", features = ["macros", "rt-multi-thread"] }}
"##,
        quoted(&description),
        env!("CARGO_PKG_RUST_VERSION"),
        path.unwrap_or_default(),
        env!("CARGO_PKG_VERSION"),
    )
}

/// A string of TOML, whose escapes are those of JSON.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

const LIBRARY: &str = r#"#![doc = include_str!("../README.md")]

mod generated;

pub use compute_kfp_runtime::{
    self as runtime, Error, ErrorKind, Nullable, Response, Result, Timestamp, Transport,
    credentials,
};
pub use generated::*;
"#;

fn readme(summary: &Summary, name: &str) -> String {
    let title = rustdoc(&format!(
        "A client of {} {}.",
        summary.title, summary.version
    ));
    let example = example(summary, &name.replace('-', "_"));
    format!(
        r"# {name}

{title}

```rust,no_run
{example}```

- `Client` has a method for each operation, under its short name. Search the documentation for the `operationId` of the spec to find it.
- `types` has the types that operations send and receive, each with a builder.
- `operations` describes every operation as data, and the security schemes.
- `credentials` has tokens, keys and files with tokens; `runtime` has timeouts, retries and everything else that a `Transport` can do.

| feature | adds |
|---|---|
| `rustls` (default), `native-tls` | TLS |
| `dynamic` | `Client::call`: any operation by its name, with JSON in and out |
| `mock` | typed mocks of the operations, for tests |
| `schemars` | JSON Schemas of the types |

The code in `src/generated` is generated by `compute-kfp-codegen --spec FILE --crate .`; run it again after the spec changes. It keeps `Cargo.toml`, `README.md` and `src/lib.rs`.
"
    )
}

fn example(summary: &Summary, krate: &str) -> String {
    let call = summary.first_call.as_ref();
    let credentials = call.and_then(|it| it.credentials.as_ref());
    let mut uses = vec!["Client", "Transport"];
    let mut transport = format!("Transport::builder({:?})", summary.server);
    let mut import = String::new();
    match credentials {
        Some((constant, value)) => {
            uses.push("operations");
            let kind = value.split(':').next().unwrap_or_default();
            import = format!("use {krate}::credentials::{kind};\n");
            transport += &format!(
                "\n        .credentials(operations::{constant}.name, {value})\n        .build()?"
            );
        }
        None => transport += ".build()?",
    }
    let call = call.map(|it| it.call.as_str());
    if call.is_some_and(|call| call.contains("types::")) {
        uses.push("types");
    }
    let call = call.map_or_else(
        || "    println!(\"{client:?}\");\n".to_owned(),
        |call| format!("    let response = client.{call}.send().await?;\n    println!(\"{{response:?}}\");\n"),
    );
    let uses = uses.join(", ");
    format!(
        "{import}use {krate}::{{{uses}}};

#[tokio::main]
async fn main() -> {krate}::Result<()> {{
    let transport = {transport};
    let client = Client::new(transport);
{call}    Ok(())
}}
"
    )
}
