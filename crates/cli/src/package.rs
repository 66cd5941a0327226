//! Compiled pipelines: reads the part that the command line needs.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::Value;

use crate::failure::Failure;

/// Maximum size of a package on the server. An archive is not unpacked beyond it.
const LARGEST: u64 = 32 * 1024 * 1024;

/// Returns the name of the pipeline in a package, which Python's `kfp` uses too.
pub fn pipeline_name(path: &Path) -> Result<String, Failure> {
    let text = pipeline(path).map_err(|error| {
        Failure::io(
            format!("cannot read the package `{}`", path.display()),
            &error,
        )
    })?;
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap_or_default();
    let name = documents
        .first()
        .and_then(|it| it.pointer("/pipelineInfo/name"));
    let name = name.and_then(Value::as_str).filter(|name| !name.is_empty());
    name.map(str::to_owned).ok_or_else(|| {
        Failure::Usage(format!(
            "`{}` is not a compiled pipeline: it has no `pipelineInfo.name`; compile it, or give --name",
            path.display()
        ))
    })
}

/// Returns the pipeline source, unpacked from its archive if it is in one.
fn pipeline(path: &Path) -> io::Result<String> {
    let length = std::fs::metadata(path)?.len();
    if length > LARGEST {
        let message = format!("it has {length} bytes, and the server accepts at most {LARGEST}");
        return Err(io::Error::other(message));
    }
    let mut start = [0; 2];
    let read = File::open(path)?.read(&mut start)?;
    let mut text = String::new();
    let mut file = File::open(path)?;
    match &start[..read] {
        b"PK" => {
            let mut archive = zip::ZipArchive::new(file).map_err(io::Error::other)?;
            let mut names = Vec::new();
            for index in 0..archive.len() {
                let entry = archive.by_index(index).map_err(io::Error::other)?;
                names.push(entry.name().map_err(io::Error::other)?.into_owned());
            }
            if let Some(index) = main_file(&names) {
                let entry = archive.by_index(index).map_err(io::Error::other)?;
                entry.take(LARGEST).read_to_string(&mut text)?;
            }
        }
        [0x1f, 0x8b] => {
            let mut archive = tar::Archive::new(GzDecoder::new(file).take(LARGEST));
            let (mut names, mut texts) = (Vec::new(), Vec::new());
            // A sparse entry yields more bytes than the archive has.
            let mut left = LARGEST;
            for entry in archive.entries()? {
                let entry = entry?;
                let name = entry.path()?.to_string_lossy().into_owned();
                let mut content = Vec::new();
                if is_pipeline(&name) {
                    left -= entry.take(left).read_to_end(&mut content)? as u64;
                }
                names.push(name);
                texts.push(content);
            }
            if let Some(content) = main_file(&names).map(|index| texts.swap_remove(index)) {
                text = String::from_utf8(content).map_err(io::Error::other)?;
            }
        }
        _ => {
            file.by_ref().take(LARGEST).read_to_string(&mut text)?;
        }
    }
    Ok(text)
}

/// Returns the index of the file that the server reads: `pipeline.yaml`, else the first pipeline.
fn main_file(names: &[String]) -> Option<usize> {
    let main = names.iter().position(|name| name == "pipeline.yaml");
    main.or_else(|| names.iter().position(|name| is_pipeline(name)))
}

fn is_pipeline(name: &str) -> bool {
    let ending = Path::new(name).extension().unwrap_or_default();
    let ending = ending.to_ascii_lowercase();
    ["yaml", "yml", "json"].iter().any(|known| ending == *known)
}
