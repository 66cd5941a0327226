//! A bar chart of measurement outcomes.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::printable;

/// Maximum number of bars. More do not help a person.
const MOST_BARS: usize = 64;
/// Width of the spaces and the share next to label, bar and count.
const BESIDE: usize = "      100.0%".len();
/// Fractions of a block, from none to seven eighths.
const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const WHOLE: &str = "█";

struct Row {
    label: String,
    count: String,
    number: f64,
}

/// Returns a line for each outcome, the most frequent first. A value that is not a number has no bar.
pub fn of_counts(counts: &Map<String, Value>, width: u16) -> String {
    let mut rows: Vec<Row> = counts
        .iter()
        .map(|(label, count)| Row {
            label: printable(label),
            count: printable(&count.to_string()),
            number: count.as_f64().unwrap_or_default().max(0.0),
        })
        .collect();
    rows.sort_by(|one, other| {
        let by_number = other.number.total_cmp(&one.number);
        by_number.then_with(|| one.label.cmp(&other.label))
    });
    let total: f64 = rows.iter().map(|row| row.number).sum();
    let most = rows.first().map_or(0.0, |row| row.number);
    let widest = |text: fn(&Row) -> &str| {
        let widths = rows.iter().map(|row| text(row).chars().count());
        widths.max().unwrap_or_default()
    };
    let (labels, numbers) = (widest(|row| &row.label), widest(|row| &row.count));
    let room = usize::from(width).saturating_sub(labels + numbers + BESIDE);
    let room = room.max(1);
    let mut text = String::new();
    for row in rows.iter().take(MOST_BARS) {
        let (label, count, bar) = (&row.label, &row.count, bar(ratio(row.number, most), room));
        let share = 100.0 * ratio(row.number, total);
        let _ = writeln!(
            text,
            "{label:labels$}  {bar:room$}  {count:>numbers$}  {share:5.1}%"
        );
    }
    let hidden = rows.iter().skip(MOST_BARS);
    let share: f64 = hidden.map(|row| 100.0 * ratio(row.number, total)).sum();
    match rows.len().saturating_sub(MOST_BARS) {
        0 => {}
        more => text.push_str(&format!(
            "{more} more with {share:.1}%; --output json has all"
        )),
    }
    text.trim_end().to_owned()
}

fn ratio(part: f64, whole: f64) -> f64 {
    match whole > 0.0 {
        true => (part / whole).clamp(0.0, 1.0),
        false => 0.0,
    }
}

/// Returns a bar. Any outcome that occurred has a visible one.
fn bar(part: f64, room: usize) -> String {
    let mut eighths = (part * room as f64 * 8.0) as usize;
    if part > 0.0 {
        eighths = eighths.max(1);
    }
    WHOLE.repeat(eighths / 8) + PARTS[eighths % 8]
}
