/// The parameter values of a template in a path, as sent, and the closeness of the match.
pub(crate) struct Fit<'path> {
    pub(crate) values: Vec<(&'static str, &'path str)>,
    /// Comparable between templates: a literal segment is closer than a parameter.
    pub(crate) closeness: Vec<u8>,
}

/// Matches a path with a template in the format of the specs: `/a/{b}`, `/a/{b}:verb`.
///
/// The path is used as sent, so that `%2F` stays inside its segment.
pub(crate) fn fit<'path>(template: &'static str, path: &'path str) -> Option<Fit<'path>> {
    let mut fit = Fit {
        values: Vec::new(),
        closeness: Vec::new(),
    };
    let mut segments = path.split('/');
    for expected in template.split('/') {
        fit_segment(expected, segments.next()?, &mut fit)?;
    }
    segments.next().is_none().then_some(fit)
}

fn fit_segment<'path>(
    expected: &'static str,
    segment: &'path str,
    fit: &mut Fit<'path>,
) -> Option<()> {
    let Some((name, suffix)) = parameter(expected) else {
        fit.closeness.push(2);
        return (expected == segment).then_some(());
    };
    let value = segment
        .strip_suffix(suffix)
        .filter(|value| !value.is_empty())?;
    fit.closeness.push(u8::from(!suffix.is_empty()));
    fit.values.push((name, value));
    Some(())
}

fn parameter(expected: &'static str) -> Option<(&'static str, &'static str)> {
    expected.strip_prefix('{')?.split_once('}')
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn a_parameter_matches_one_segment_as_sent() {
        let fit = fit("/a/{b}", "/a/x%2Fy").unwrap();
        assert_eq!(fit.values, [("b", "x%2Fy")]);
    }

    #[test]
    fn a_parameter_matches_neither_an_empty_segment_nor_two() {
        assert!(fit("/a/{b}", "/a/").is_none());
        assert!(fit("/a/{b}", "/a/x/y").is_none());
        assert!(fit("/a/{b}", "/a").is_none());
    }

    #[test]
    fn a_verb_belongs_to_the_template_and_not_to_the_value() {
        let fit = fit("/a/{b}:archive", "/a/x:archive").unwrap();
        assert_eq!(fit.values, [("b", "x")]);
    }

    #[test]
    fn a_literal_is_closer_than_a_verb_and_a_verb_than_a_parameter() {
        let closeness = |template, path| fit(template, path).unwrap().closeness;
        let literal = closeness("/a/me:go", "/a/me:go");
        let verb = closeness("/a/{b}:go", "/a/me:go");
        let parameter = closeness("/a/{b}", "/a/me:go");
        assert!(literal > verb && verb > parameter);
    }
}
