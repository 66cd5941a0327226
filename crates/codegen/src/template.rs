//! Templates: paths such as `/jobs/{id}`, and addresses of servers with variables.

/// A part of a template.
pub(crate) enum Piece<'t> {
    Text(&'t str),
    /// The name between braces.
    Name(&'t str),
}

/// Splits a template into its parts; `None` if braces do not match or a name is empty.
pub(crate) fn pieces(template: &str) -> Option<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((text, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        if text.contains('}') || name.is_empty() || name.contains('{') {
            return None;
        }
        pieces.extend([Piece::Text(text), Piece::Name(name)]);
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    (!rest.contains('}')).then_some(pieces)
}
