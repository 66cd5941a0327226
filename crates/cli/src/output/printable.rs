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

/// JSON with escapes for the control characters that JSON itself leaves as they are.
pub fn escaped(json: String) -> String {
    let steers = |letter: char| matches!(letter, '\u{7f}'..='\u{9f}');
    match json.contains(steers) {
        true => json
            .chars()
            .map(|letter| match steers(letter) {
                true => format!("\\u{:04x}", u32::from(letter)),
                false => letter.to_string(),
            })
            .collect(),
        false => json,
    }
}
