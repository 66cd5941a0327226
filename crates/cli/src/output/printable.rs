//! Text that cannot steer a terminal.

use std::borrow::Cow;

/// A text that cannot steer the terminal, whoever it comes from.
pub fn printable(text: &str) -> String {
    harmless(text).replace('\t', " ")
}

/// A text of several lines that cannot steer the terminal.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let steers = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
    match text.contains(steers) {
        true => text.replace(steers, "\u{fffd}").into(),
        false => text.into(),
    }
}
