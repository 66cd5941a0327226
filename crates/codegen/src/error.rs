//! What generation says when a document cannot be used.

use std::fmt;

/// One thing that is wrong with an input: where it is, what it is and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Name of the file, as it was given.
    pub file: String,
    /// JSON pointer (RFC 6901) into that file; empty for the whole document.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What the reader can do.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}#{}: {}; {}",
            self.file, self.pointer, self.message, self.remedy
        )
    }
}

/// Why nothing was generated: every problem found, in the order of the document.
///
/// ```
/// let broken = compute_kfp_codegen::Source::from_text("api.json", "{");
/// let error = compute_kfp_codegen::generate(&broken).unwrap_err();
/// assert!(error.to_string().starts_with("api.json#"));
/// assert_eq!(error.problems().len(), 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    problems: Vec<Problem>,
}

impl Error {
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        debug_assert!(!problems.is_empty());
        Self { problems }
    }

    pub(crate) fn one(
        file: &str,
        pointer: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(vec![Problem {
            file: file.to_owned(),
            pointer: pointer.into(),
            message: message.into(),
            remedy: remedy.into(),
        }])
    }

    /// Every problem that was found.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// At most this many problems are printed; the rest is counted.
const SHOWN: usize = 20;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().take(SHOWN).enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            problem.fmt(f)?;
        }
        if self.problems.len() > SHOWN {
            write!(f, "\nand {} more", self.problems.len() - SHOWN)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Collects problems so that one run reports all of them.
pub(crate) struct Problems<'a> {
    file: &'a str,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub(crate) fn new(file: &'a str) -> Self {
        Self {
            file,
            found: Vec::new(),
        }
    }

    pub(crate) fn add(
        &mut self,
        pointer: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.found.push(Problem {
            file: self.file.to_owned(),
            pointer: pointer.into(),
            message: message.into(),
            remedy: remedy.into(),
        });
    }

    pub(crate) fn finish(self) -> Result<(), Error> {
        if self.found.is_empty() {
            Ok(())
        } else {
            Err(Error::new(self.found))
        }
    }
}
