//! Converts descriptions into rustdoc, without accidental tests, broken links or HTML.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A range of the string and its replacement.
type Edit = (Range<usize>, String);

/// Maximum number of passes; a string that still changes after them is shown verbatim.
const PASSES: usize = 6;

/// Returns Markdown that rustdoc renders as the author intended.
pub(crate) fn rustdoc(text: &str) -> String {
    let mut text = visible(text);
    // An edit can uncover more, for example code inside HTML.
    for _ in 0..PASSES {
        let next = pass(&text);
        if next == text {
            return text;
        }
        text = next;
    }
    let marks = fence(&text);
    format!("{marks}text\n{text}\n{marks}")
}

/// Formats a name or a path as inline code.
pub(crate) fn code(text: &str) -> String {
    format!("`{}`", one_line(text).replace('`', "'"))
}

/// Joins the lines of a string.
pub(crate) fn one_line(text: &str) -> String {
    visible(text)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Removes characters that Rust rejects in comments, such as carriage returns.
fn visible(text: &str) -> String {
    let refused = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let text = text
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\t', "    ");
    text.chars().filter(|c| !refused(*c)).collect()
}

fn pass(text: &str) -> String {
    let mut edits: Vec<Edit> = Vec::new();
    let mut code: Option<(String, bool)> = None;
    let mut in_link = false;
    let parser = Parser::new_ext(text, Options::ENABLE_TABLES);
    for (_, definition) in parser.reference_definitions().iter() {
        if !leads_elsewhere(&definition.dest) {
            edits.extend(no_link(text, definition.span.clone()));
        }
    }
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                code = Some((String::new(), matches!(kind, CodeBlockKind::Indented)));
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some((body, indented)) = code.take() {
                    edits.push(fenced_block(text, range, &body, indented));
                }
            }
            Event::Text(content) if code.is_some() => {
                if let Some((body, _)) = &mut code {
                    body.push_str(&content);
                }
            }
            Event::Start(Tag::Link { dest_url, .. }) if !leads_elsewhere(&dest_url) => {
                edits.extend(no_link(text, range));
            }
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => in_link = true,
            Event::End(TagEnd::Link | TagEnd::Image) => in_link = false,
            Event::Text(_) if !in_link => {
                edits.extend(plain_text(text, range));
            }
            Event::Html(_) | Event::InlineHtml(_) => {
                let shown = text[range.clone()]
                    .replace('<', "&lt;")
                    .replace('>', "&gt;");
                edits.push((range, shown));
            }
            _ => {}
        }
    }
    apply(text, edits).trim_end().to_owned()
}

/// Returns whether a link leads to an address and not, as rustdoc assumes, to an item.
fn leads_elsewhere(target: &str) -> bool {
    target.starts_with('#') || target.contains("://") || target.starts_with("mailto:")
}

/// Escapes the brackets of a link.
fn no_link(text: &str, range: Range<usize>) -> Vec<Edit> {
    let start = range.start;
    let inner = text[range]
        .match_indices("][")
        .map(|(offset, _)| start + offset + 1);
    std::iter::once(start)
        .chain(inner)
        .map(|at| (at..at, "\\".to_owned()))
        .collect()
}

/// Returns a fence that no line of a string closes.
fn fence(body: &str) -> String {
    let longest = body
        .lines()
        .map(|line| line.trim_start().chars().take_while(|c| *c == '`').count())
        .max();
    "`".repeat(longest.unwrap_or(0).max(2) + 1)
}

/// Returns the edit that turns a code block into a fenced block of plain text.
fn fenced_block(text: &str, range: Range<usize>, body: &str, indented: bool) -> Edit {
    let line = text[..range.start]
        .rfind('\n')
        .map_or(0, |position| position + 1);
    let before = &text[line..range.start];
    let width = before.chars().count();
    let (start, indent, first) = if indented && before.trim().is_empty() {
        let indent = " ".repeat(width.saturating_sub(4));
        (line, indent.clone(), indent)
    } else {
        // A quote only continues if each line starts with its marks.
        let indent = before
            .chars()
            .map(|c| if c == '>' { c } else { ' ' })
            .collect();
        (range.start, indent, String::new())
    };
    let marks = fence(body);
    let mut block = format!("{first}{marks}text\n");
    for line in body.lines() {
        block.push_str(&indent);
        block.push_str(line);
        block.push('\n');
    }
    block.push_str(&indent);
    block.push_str(&marks);
    if text[..range.end].ends_with('\n') {
        block.push('\n');
    }
    (start..range.end, block)
}

/// Escapes brackets, which rustdoc would read as links to items, and marks bare addresses as links.
fn plain_text(text: &str, range: Range<usize>) -> Vec<Edit> {
    let mut edits = Vec::new();
    let source = &text[range.clone()];
    for (offset, _) in source.match_indices(['[', ']']) {
        let at = range.start + offset;
        let backslashes = text[..at].len() - text[..at].trim_end_matches('\\').len();
        if backslashes.is_multiple_of(2) {
            edits.push((at..at, "\\".to_owned()));
        }
    }
    for scheme in ["https://", "http://"] {
        for (offset, _) in source.match_indices(scheme) {
            let at = range.start + offset;
            let rest = &source[offset..];
            let end = rest
                .find(|c: char| c.is_whitespace() || "<>\"'`)[]{}|\\".contains(c))
                .unwrap_or(rest.len());
            let url = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_']);
            if url.len() > scheme.len() && !text[..at].ends_with('<') {
                edits.push((at..at, "<".to_owned()));
                edits.push((at + url.len()..at + url.len(), ">".to_owned()));
            }
        }
    }
    edits
}

fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut result = String::with_capacity(text.len());
    let mut position = 0;
    for (range, replacement) in edits {
        if range.start < position {
            continue;
        }
        result.push_str(&text[position..range.start]);
        result.push_str(&replacement);
        position = range.end;
    }
    result.push_str(&text[position..]);
    result
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn indented_code_becomes_a_fenced_block_and_not_a_test() {
        let text = "Pack it:\n\n    Foo foo = ...;\n    foo.pack();\n\nDone.";
        assert_eq!(
            rustdoc(text),
            "Pack it:\n\n```text\nFoo foo = ...;\nfoo.pack();\n```\n\nDone."
        );
    }

    #[test]
    fn fenced_code_of_any_language_is_not_a_test() {
        for text in [
            "```\nlet x = 1;\n```",
            "```rust\nlet x = 1;\n```",
            "~~~go\nlet x = 1;\n~~~",
            "```\nlet x = 1;",
        ] {
            assert_eq!(rustdoc(text), "```text\nlet x = 1;\n```", "{text}");
        }
    }

    #[test]
    fn brackets_addresses_and_tags_are_shown_as_they_are() {
        assert_eq!(rustdoc("a [b] c"), "a \\[b\\] c");
        assert_eq!(rustdoc("[b](https://x.y)"), "[b](https://x.y)");
        assert_eq!(rustdoc("see https://x.y/z."), "see <https://x.y/z>.");
        assert_eq!(rustdoc("see <https://x.y/z>."), "see <https://x.y/z>.");
        assert_eq!(rustdoc("a <bucket> b"), "a &lt;bucket&gt; b");
        assert_eq!(rustdoc("`a[0]<b>`"), "`a[0]<b>`");
    }

    #[test]
    fn code_in_a_list_stays_in_the_list() {
        assert_eq!(
            rustdoc("- a\n\n      code\n\n- b"),
            "- a\n\n  ```text\n  code\n  ```\n\n- b"
        );
    }

    #[test]
    fn a_deeply_indented_line_of_a_list_is_not_code() {
        assert_eq!(rustdoc("- a\n  - b\n    c"), "- a\n  - b\n    c");
    }

    #[test]
    fn links_to_names_are_not_links() {
        assert_eq!(
            rustdoc("[a](b) and [c][d]\n\n[d]: e"),
            "\\[a\\](b) and \\[c\\]\\[d\\]\n\n\\[d\\]: e"
        );
        assert_eq!(rustdoc("\\\\[a]"), "\\\\\\[a\\]");
    }

    #[test]
    fn characters_that_rust_rejects_in_comments_are_dropped() {
        assert_eq!(rustdoc("a\rb\u{202e}c\0d"), "a\nbcd");
    }

    fn markdown() -> impl Strategy<Value = String> {
        let pieces = [
            "    ",
            "\t",
            "\n",
            "\n\n",
            "```",
            "~~~",
            "```rust",
            "> ",
            "- ",
            "1. ",
            "* ",
            "# ",
            "[a]",
            "](",
            "[a]: b",
            "<b>",
            "<!--",
            "-->",
            "<script>",
            "`",
            "\\",
            "|",
            "---",
            "let x = ;",
            "text",
            " ",
            "\r",
            "&lt;",
            "==",
            "https://x.y",
        ];
        proptest::collection::vec(
            prop_oneof![8 => proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned), 1 => any::<String>()],
            0..30,
        )
        .prop_map(|pieces| pieces.concat())
    }

    fn has_test(text: &str) -> bool {
        Parser::new_ext(text, Options::ENABLE_TABLES).any(|event| match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => true,
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => &*info != "text",
            _ => false,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_markdown_becomes_a_test(text in markdown()) {
            let shown = rustdoc(&text);
            prop_assert!(!has_test(&shown), "{shown}");
            prop_assert!(!shown.contains('\r'));
        }
    }
}
