//! Tables for people, from any JSON.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use serde_json::Value;

use super::printable;

/// Maximum width of a column. Longer values are wrapped, so that other columns stay visible.
const WIDEST_COLUMN: usize = 36;
/// Width that a column needs in addition to its content.
const BORDER: usize = 3;
/// Default width if the terminal does not report one.
const USUAL_WIDTH: u16 = 100;

/// Returns a row for each item, and as many columns as fit, one for each property with plain values.
pub fn of_items(items: &[Value]) -> String {
    if items.is_empty() {
        return "nothing found".to_owned();
    }
    if !items.iter().all(Value::is_object) {
        return items.iter().map(cell).collect::<Vec<_>>().join("\n");
    }
    let names = columns(items);
    let (shown, hidden) = names.split_at(fitting(&names, items));
    let table = filled(empty(), shown, items);
    match hidden {
        [] => table.to_string(),
        hidden => format!(
            "{table}\nnot shown: {}; --output json has all",
            hidden.join(", ")
        ),
    }
}

/// Returns how many of the columns fit, at least one.
fn fitting(names: &[&str], items: &[Value]) -> usize {
    let mut room = usize::from(width());
    let widths = filled(Table::new(), names, items).column_max_content_widths();
    let fitting = widths.iter().take_while(|width| {
        let taken = usize::from(**width).min(WIDEST_COLUMN) + BORDER;
        let fits = taken < room;
        room = room.saturating_sub(taken);
        fits
    });
    fitting.count().max(1).min(names.len())
}

fn filled(mut table: Table, names: &[&str], items: &[Value]) -> Table {
    table.set_header(names);
    for item in items {
        let cells = names.iter().map(|name| item.get(*name).map(cell));
        table.add_row(cells.map(Option::unwrap_or_default));
    }
    table
}

/// Returns a row for each property.
pub fn of_object(value: &Value) -> String {
    let Some(properties) = value.as_object() else {
        return cell(value);
    };
    let mut table = empty();
    for (name, value) in properties {
        table.add_row([name.clone(), cell(value)]);
    }
    table.to_string()
}

fn empty() -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width());
    table
}

pub fn width() -> u16 {
    terminal_size::terminal_size().map_or(USUAL_WIDTH, |(width, _)| width.0)
}

/// Returns the properties with a plain value in any item, in order of appearance.
fn columns(items: &[Value]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for (name, value) in items.iter().filter_map(Value::as_object).flatten() {
        let plain = !matches!(value, Value::Null | Value::Array(_) | Value::Object(_));
        if plain && !is_unset(value) && !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

/// Returns a value as a table cell.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        value if is_unset(value) => String::new(),
        Value::String(text) => printable(text),
        other => printable(&other.to_string()),
    }
}

/// Returns whether a value is the time that Go servers write for an unset one: the beginning of 1970 or
/// of the year 1.
fn is_unset(value: &Value) -> bool {
    let Some(time) = value.as_str().and_then(|text| text.strip_suffix('Z')) else {
        return false;
    };
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, ""));
    let is_first = matches!(seconds, "1970-01-01T00:00:00" | "0001-01-01T00:00:00");
    is_first && fraction.bytes().all(|digit| digit == b'0')
}
