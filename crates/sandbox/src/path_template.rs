/// Returns the values in a path, as sent, if it matches a template in the format of the specs: `/a/{b}`,
/// `/a/{b}:verb`.
///
/// The path is used as sent, so that `%2F` stays inside its segment.
pub(crate) fn values_in<'path>(
    template: &'static str,
    path: &'path str,
) -> Option<Vec<(&'static str, &'path str)>> {
    let mut values = Vec::new();
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next()?;
        match parameter(expected) {
            Some((name, verb)) => values.push((name, segment.strip_suffix(verb)?)),
            None if expected == segment => {}
            None => return None,
        }
    }
    let is_complete =
        segments.next().is_none() && values.iter().all(|(_, value)| !value.is_empty());
    is_complete.then_some(values)
}

/// Returns the length of the literal parts of a template. Of the templates that match a path, that with
/// the longest is the closest.
pub(crate) fn literal_length(template: &str) -> usize {
    let segments = template.split('/');
    let literals = segments.map(|segment| parameter(segment).map_or(segment, |(_, verb)| verb));
    literals.map(str::len).sum()
}

fn parameter(expected: &str) -> Option<(&str, &str)> {
    expected.strip_prefix('{')?.split_once('}')
}
