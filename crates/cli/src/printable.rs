//! Strings without terminal control sequences.

/// Escapes a string so that it cannot control the terminal.
pub fn printable(text: &str) -> String {
    harmless(text).replace('\t', " ")
}

/// Escapes a string of several lines so that it cannot control the terminal.
pub fn harmless(text: &str) -> String {
    text.replace(steers, "\u{fffd}")
}

/// Returns whether a terminal may obey this character.
pub fn steers(letter: char) -> bool {
    letter.is_control() && !matches!(letter, '\n' | '\t')
}
