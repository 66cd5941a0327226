//! Progress on a terminal's standard error.

use std::env;
use std::io::{self, IsTerminal};
use std::ops::Deref;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::options::Options;
use crate::printable::printable;

/// Time between two redraws while nothing happens.
const TICK: Duration = Duration::from_millis(100);

/// A line that shows progress. It disappears when this is dropped.
pub struct Bar(ProgressBar);

impl Bar {
    /// Creates a bar for bytes, with their `length` if it is known.
    pub fn of_bytes(options: &Options, what: &str, length: Option<u64>) -> Self {
        let template = match length {
            Some(_) => "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
            None => "{spinner} {msg} {bytes} {bytes_per_sec}",
        };
        Self::new(options, what, length, template)
    }

    /// Creates a bar for a wait of unknown length.
    pub fn of_states(options: &Options, what: &str) -> Self {
        Self::new(options, what, None, "{spinner} {msg} {elapsed}")
    }

    fn new(options: &Options, what: &str, length: Option<u64>, template: &str) -> Self {
        let target = match is_wanted(options) {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(length, target);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(printable(what));
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Self(bar)
    }
}

/// Returns whether a bar is shown. Other output on standard error would break it.
fn is_wanted(options: &Options) -> bool {
    let colourless = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stderr().is_terminal() && !colourless && options.verbosity == 0
}

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
