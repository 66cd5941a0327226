//! Generates both client crates from `specs/` into `OUT_DIR`; `make generate` puts them in place and
//! prints the warnings.

use std::error::Error;
use std::path::Path;
use std::{env, fs, thread};

use compute_kfp_codegen::{Overlay, Source, generate, write};

/// Description, fix-ups, folder below `crates/`, and the crate as its users write it.
const APIS: [(&str, &str, &str, &str); 2] = [
    (
        "specs/compute.openapi.json",
        "specs/compute.overlay.json",
        "compute-api",
        "compute_api_client",
    ),
    (
        "specs/kfp.swagger.json",
        "specs/kfp.overlay.json",
        "kfp-api",
        "kfp_api_client",
    ),
];

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    println!("cargo:rerun-if-changed=specs");
    let out = env::var("OUT_DIR")?;
    let out = Path::new(&out);
    thread::scope(|scope| {
        let at_once = APIS.map(|api| scope.spawn(move || generate_below(out, api)));
        for api in at_once {
            api.join().map_err(|_| "the generator panicked")??;
        }
        Ok(())
    })
}

fn generate_below(
    out: &Path,
    (description, overlay, folder, crate_name): (&str, &str, &str, &str),
) -> Result<()> {
    let source = Source::from_file(description)?
        .overlay(Overlay::from_file(overlay)?)
        .for_crate(crate_name);
    let generated = generate(&source)?;
    let folder = out.join(folder);
    write(&generated, folder.join("generated"))?;
    let warnings = generated.warnings().iter().map(ToString::to_string);
    let warnings: Vec<String> = warnings.collect();
    fs::write(folder.join("warnings.txt"), warnings.join("\n"))?;
    Ok(())
}
