//! Generates both client crates from `specs/` into `OUT_DIR`; `make generate` puts them in place.

use std::env;
use std::error::Error;
use std::path::Path;

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

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=specs");
    let out = env::var("OUT_DIR")?;
    for (description, overlay, folder, crate_name) in APIS {
        let source = Source::from_file(description)?
            .overlay(Overlay::from_file(overlay)?)
            .for_crate(crate_name);
        let generated = generate(&source)?;
        for warning in generated.warnings() {
            println!("cargo:warning={warning}");
        }
        let folder = Path::new(&out).join(folder);
        write(&generated, folder.join("generated"))?;
        std::fs::write(folder.join("warnings.txt"), generated.warnings().join("\n"))?;
    }
    Ok(())
}
