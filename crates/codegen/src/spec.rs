//! The input of the generator: a spec and its overlays.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::read::MAX_BYTES;

/// A spec, with the overlays to apply to it.
#[derive(Clone, Debug)]
pub struct Spec {
    pub(crate) document: Document,
    pub(crate) overlays: Vec<Overlay>,
    pub(crate) crate_name: Option<String>,
    pub(crate) by_name: bool,
}

/// An OpenAPI Overlay document, which corrects the OpenAPI 3.0 form of a spec.
#[derive(Clone, Debug)]
pub struct Overlay {
    pub(crate) document: Document,
}

/// The content of a document, its name in messages, and its path if it was read from a file.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub name: String,
    pub text: String,
    pub path: Option<PathBuf>,
}

impl Spec {
    /// Creates a spec from a string; messages refer to it as `name`.
    ///
    /// References to other files are not followed.
    ///
    /// ```
    /// let spec = compute_kfp_codegen::Spec::from_string("api.json", "{}");
    /// assert_eq!(spec.name(), "api.json");
    /// ```
    pub fn from_string(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Document::new(name, text))
    }

    /// Reads a spec from a file.
    ///
    /// References to other files are followed when code is generated. The files must be below the
    /// directory of the spec; nothing is downloaded.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read or is not UTF-8.
    ///
    /// ```
    /// let error = compute_kfp_codegen::Spec::from_file("missing.json").unwrap_err();
    /// assert!(error.to_string().contains("missing.json"));
    /// ```
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        Ok(Self::new(Document::read(path.as_ref())?))
    }

    fn new(document: Document) -> Self {
        Self {
            document,
            overlays: Vec::new(),
            crate_name: None,
            by_name: false,
        }
    }

    /// Adds an overlay. Overlays are applied in the order in which they are added.
    ///
    /// ```
    /// use compute_kfp_codegen::{Overlay, Spec};
    ///
    /// let overlay = Overlay::from_string("fix.json", r#"{"overlay": "1.0.0", "actions": []}"#);
    /// let spec = Spec::from_string("api.json", "{}").overlay(overlay);
    /// # drop(spec);
    /// ```
    #[must_use]
    pub fn overlay(mut self, overlay: Overlay) -> Self {
        self.overlays.push(overlay);
        self
    }

    /// Sets the name of the crate that the code is for, so that its documentation can show calls.
    #[must_use]
    pub fn for_crate(mut self, name: impl Into<String>) -> Self {
        self.crate_name = Some(name.into());
        self
    }

    /// Also generates `by_name.rs`: every typed operation and type under its name in the spec, with
    /// JSON in and out.
    ///
    /// The file is not part of a client crate. It is for programs that check a client against its
    /// spec: include it in a module whose parent defines `Arguments` and the other items that it
    /// uses from `super`.
    #[must_use]
    pub fn with_by_name(mut self) -> Self {
        self.by_name = true;
        self
    }

    /// Returns the name that messages use for the spec.
    pub fn name(&self) -> &str {
        &self.document.name
    }
}

impl Overlay {
    /// Creates an overlay from a string; messages refer to it as `name`.
    pub fn from_string(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            document: Document::new(name, text),
        }
    }

    /// Reads an overlay from a file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read or is not UTF-8.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let document = Document::read(path.as_ref())?;
        Ok(Self { document })
    }
}

impl Document {
    fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            path: None,
        }
    }

    pub fn read(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let mut bytes = Vec::new();
        // One byte more than the limit is enough to detect a document that is too large.
        let limit = MAX_BYTES as u64 + 1;
        let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
        let refused = |message, remedy| Error::one(&name, "", message, remedy);
        read.map_err(|error| {
            let message = format!("cannot be read: {error}");
            refused(message, "provide the path of a readable file")
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let message = format!("not UTF-8: {error}");
            refused(message, "save the document as UTF-8")
        })?;
        Ok(Self {
            name,
            text,
            path: Some(path.to_owned()),
        })
    }
}
