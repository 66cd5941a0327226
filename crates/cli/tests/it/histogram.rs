//! Histograms, drawn without the program.

#[path = "../../src/output/histogram.rs"]
mod drawn;
#[path = "../../src/printable.rs"]
mod printable;

use drawn::of_counts;
use printable::printable;
use serde_json::{Map, Value, json};

fn lines(counts: Value, width: u16) -> Vec<String> {
    let counts = counts.as_object().cloned().unwrap_or_default();
    of_counts(&counts, width)
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn bars_are_as_long_as_the_counts_are_large() {
    let lines = lines(json!({"11": 20, "00": 80, "01": 20, "10": 1}), 32);
    assert_eq!(
        lines,
        [
            "00  ████████████████  80   66.1%",
            "01  ████              20   16.5%",
            "11  ████              20   16.5%",
            "10  ▏                  1    0.8%",
        ]
    );
}

#[test]
fn any_counts_of_a_server_are_shown() {
    assert_eq!(of_counts(&Map::new(), 80), "");
    let lines = lines(json!({"\u{1b}[31m": 0, "x": "many", "y": -3}), 5);
    assert_eq!(lines.len(), 3);
    assert!(
        lines.iter().all(|line| !line.contains(['\u{1b}', '█'])),
        "{lines:?}"
    );
}

#[test]
fn rare_outcomes_are_summed_up_if_there_are_too_many() {
    let counts = (0..100).map(|n| (format!("{n:07b}"), json!(1)));
    let text = of_counts(&counts.collect(), 80);
    assert_eq!(text.lines().count(), 65);
    assert!(
        text.ends_with("36 more with 36.0%; --output json has all"),
        "{text}"
    );
}
