//! Progress on a terminal's standard error.

use std::env;
use std::ops::Deref;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::options::Options;
use crate::printable::printable;

/// Time between two redraws while nothing happens.
const TICK: Duration = Duration::from_millis(100);

/// A line that shows progress. It disappears when this is dropped, even if there are copies of it.
///
/// The thread that redraws it has a copy at times. Without this, that thread would remove the line, and the
/// program may end first.
pub struct Bar(ProgressBar);

impl Deref for Bar {
    type Target = ProgressBar;

    fn deref(&self) -> &ProgressBar {
        &self.0
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Returns a bar for bytes, with their `length` if it is known.
pub fn of_bytes(options: &Options, what: &str, length: Option<u64>) -> Bar {
    let template = match length {
        Some(_) => "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        None => "{spinner} {msg} {bytes} {bytes_per_sec}",
    };
    of_template(options, what, length, template)
}

/// Returns a bar for a wait of unknown length.
pub fn of_states(options: &Options, what: &str) -> Bar {
    of_template(options, what, None, "{spinner} {msg} {elapsed}")
}

fn of_template(options: &Options, what: &str, length: Option<u64>, template: &str) -> Bar {
    // Other output on standard error would break it.
    let colourless = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let target = match colourless || options.verbosity > 0 {
        true => ProgressDrawTarget::hidden(),
        false => ProgressDrawTarget::stderr(),
    };
    let bar = ProgressBar::with_draw_target(length, target);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(printable(what));
    if !bar.is_hidden() {
        bar.enable_steady_tick(TICK);
    }
    Bar(bar)
}
