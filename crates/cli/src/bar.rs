//! Progress on a terminal's standard error.

use std::env;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use crate::options::Options;
use crate::printable::printable;

/// Time between two redraws while nothing happens.
const TICK: Duration = Duration::from_millis(100);

/// Returns a bar for bytes, with their `length` if it is known.
pub fn of_bytes(options: &Options, what: &str, length: Option<u64>) -> ProgressBar {
    let template = match length {
        Some(_) => "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        None => "{spinner} {msg} {bytes} {bytes_per_sec}",
    };
    of_template(options, what, length, template)
}

/// Returns a bar for a wait of unknown length.
pub fn of_states(options: &Options, what: &str) -> ProgressBar {
    of_template(options, what, None, "{spinner} {msg} {elapsed}")
}

/// Returns a line that shows progress. It disappears when the last copy of it is dropped.
fn of_template(options: &Options, what: &str, length: Option<u64>, template: &str) -> ProgressBar {
    // Other output on standard error would break it.
    let colourless = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let target = match colourless || options.verbosity > 0 {
        true => ProgressDrawTarget::hidden(),
        false => ProgressDrawTarget::stderr(),
    };
    let bar = ProgressBar::with_draw_target(length, target).with_finish(ProgressFinish::AndClear);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(printable(what));
    if !bar.is_hidden() {
        bar.enable_steady_tick(TICK);
    }
    bar
}
