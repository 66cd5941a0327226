//! Errors and warnings of the generator.

use std::collections::HashSet;
use std::fmt::{self, Write as _};

use indexmap::IndexSet;

/// One problem: its place, what is wrong, and a remedy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Problem {
    /// Name of the file, as the caller gave it.
    pub file: String,
    /// JSON pointer (RFC 6901) into the OpenAPI 3.0 form of the document, which overlays target. It
    /// is empty for the whole document.
    pub pointer: String,
    /// JSON pointer into the file, if the part has another place there. It starts with the name of
    /// the file and `#` if the part comes from a file that the document refers to.
    pub in_file: Option<String>,
    /// The problem itself.
    pub message: String,
    /// The remedy; in a warning, what happens instead.
    pub remedy: String,
}

impl Problem {
    pub(crate) fn new(
        file: &str,
        pointer: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            file: file.to_owned(),
            pointer: pointer.into(),
            in_file: None,
            message: message.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = Printable(f);
        write!(f, "{}#{}", self.file, self.pointer)?;
        if let Some(in_file) = &self.in_file {
            write!(f, " (in the file: {in_file})")?;
        }
        write!(f, ": {}; {}", self.message, self.remedy)
    }
}

/// Escapes control characters, because a spec may contain any and terminals obey them.
struct Printable<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl fmt::Write for Printable<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|letter| match letter {
            letter if letter.is_control() => write!(self.0, "{}", letter.escape_debug()),
            letter => self.0.write_char(letter),
        })
    }
}

/// The problems that prevent generation, in the order of the document.
///
/// ```
/// let broken = compute_kfp_codegen::Spec::from_string("api.json", "{");
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
        Self::new(vec![Problem::new(file, pointer, message, remedy)])
    }

    /// Returns all problems.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Remedy for documents above a limit.
pub(crate) const TOO_LARGE: &str =
    "check that the file is a spec; split it if it really is that large";

/// Collects all problems and warnings of a run.
pub(crate) struct Problems<'a> {
    file: &'a str,
    /// Places whose problem is known.
    unresolved: HashSet<String>,
    found: IndexSet<Problem>,
    warnings: IndexSet<Problem>,
}

impl<'a> Problems<'a> {
    /// `unresolved` has the references that lead nowhere.
    pub(crate) fn new(file: &'a str, unresolved: Vec<Problem>) -> Self {
        Self {
            file,
            unresolved: unresolved.iter().map(|it| it.pointer.clone()).collect(),
            found: unresolved.into_iter().collect(),
            warnings: IndexSet::new(),
        }
    }

    /// Adds a problem that prevents generation.
    pub(crate) fn add(
        &mut self,
        pointer: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let problem = Problem::new(self.file, pointer, message, remedy);
        let place = problem.pointer.strip_suffix("/$ref");
        if !(self.unresolved).contains(place.unwrap_or(&problem.pointer)) {
            self.found.insert(problem);
        }
    }

    /// Adds a warning: a part that is left out or changed, and what happens instead.
    pub(crate) fn warn(
        &mut self,
        pointer: impl Into<String>,
        message: impl Into<String>,
        instead: impl Into<String>,
    ) {
        let warning = Problem::new(self.file, pointer, message, instead);
        self.warnings.insert(warning);
    }

    /// Returns the warnings, or an error if there is any problem.
    ///
    /// `locate` returns the place of a part in the OpenAPI 3.0 form and in the file.
    pub(crate) fn finish(
        self,
        locate: impl Fn(&str) -> (String, String),
    ) -> Result<Vec<Problem>, Error> {
        let located = |mut problem: Problem| {
            let (lifted, in_file) = locate(&problem.pointer);
            problem.in_file = (in_file != lifted).then_some(in_file);
            problem.pointer = lifted;
            problem
        };
        if self.found.is_empty() {
            Ok(self.warnings.into_iter().map(located).collect())
        } else {
            Err(Error::new(self.found.into_iter().map(located).collect()))
        }
    }
}
