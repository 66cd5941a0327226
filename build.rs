//! Generates both client crates from `specs/` into `OUT_DIR`; `make generate` puts them in place and
//! prints the warnings.

use std::error::Error;
use std::path::Path;
use std::{env, fs, thread};

use compute_kfp_codegen::{Overlay, Spec, generate, write};

/// Spec, overlay, directory below `crates/`, and the name of the crate in code.
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
        let threads = APIS.map(|api| scope.spawn(move || generate_below(out, api)));
        for thread in threads {
            thread.join().map_err(|_| "the generator panicked")??;
        }
        Ok(())
    })
}

fn generate_below(
    out: &Path,
    (spec, overlay, directory, crate_name): (&str, &str, &str, &str),
) -> Result<()> {
    let spec = Spec::from_file(spec)?
        .overlay(Overlay::from_file(overlay)?)
        .for_crate(crate_name);
    let generated = generate(&spec)?;
    let directory = out.join(directory);
    write(&generated, directory.join("generated"))?;
    let warnings = generated.warnings().iter().map(ToString::to_string);
    let warnings: Vec<String> = warnings.collect();
    fs::write(directory.join("warnings.txt"), warnings.join("\n"))?;
    Ok(())
}
