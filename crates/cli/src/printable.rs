//! Strings without terminal control sequences.

use std::borrow::Cow;

/// Escapes a string so that it cannot control the terminal.
pub fn printable(text: &str) -> String {
    harmless(text).replace('\t', " ")
}

/// Escapes a string of several lines so that it cannot control the terminal.
pub fn harmless(text: &str) -> Cow<'_, str> {
    match text.contains(steers) {
        true => text.replace(steers, "\u{fffd}").into(),
        false => text.into(),
    }
}

/// Returns whether a terminal may obey this character.
pub fn steers(letter: char) -> bool {
    letter.is_control() && !matches!(letter, '\n' | '\t')
}
