use std::time::Duration;

/// Parses a duration as Go writes it, such as `200ms`, `1h30m` or `1.5h`. It has no sign.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    const UNITS: [(&str, f64); 8] = [
        ("ns", 1e-9),
        ("us", 1e-6),
        ("µs", 1e-6),
        ("μs", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
    ];
    let is_digit = |letter: char| letter.is_ascii_digit() || letter == '.';
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let (amount, after) = rest.split_at(rest.find(|letter| !is_digit(letter))?);
        let (unit, after) = after.split_at(after.find(is_digit).unwrap_or(after.len()));
        let (_, size) = UNITS.iter().find(|(known, _)| *known == unit)?;
        seconds += amount.parse::<f64>().ok()? * size;
        rest = after;
    }
    let duration = Duration::try_from_secs_f64(seconds).ok();
    duration.filter(|_| !text.is_empty())
}
