//! The bar that long work shows on a terminal; where there is none, nothing is shown.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for work that is counted in rows, files or the like.
pub fn counting(what: &'static str) -> ProgressBar {
    bar("{msg} [{bar:30}] {human_pos} of {human_len}, {eta} left", what)
}

fn bar(template: &str, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(0).with_style(style.progress_chars("=> "));
    bar.set_message(what);
    bar
}

/// Shows how far a bar's work has come.
pub fn show(bar: &ProgressBar, done: u64, total: u64) {
    bar.set_length(total);
    bar.set_position(done);
}
