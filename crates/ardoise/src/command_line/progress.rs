//! The bar that long work shows on a terminal; where there is none, nothing is shown.

use crate::backup::Stage;
use indicatif::{ProgressBar, ProgressStyle};

/// For work that is counted in rows.
const ROWS: &str = "{msg} [{bar:30}] {human_pos} of {human_len}, {eta} left";
/// For work that is counted in bytes.
const BYTES: &str = "{msg} [{bar:30}] {binary_bytes} of {binary_total_bytes}, {eta} left";

/// A bar for work that is counted in rows.
pub fn bar(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(0).with_style(style(ROWS));
    bar.set_message(what);
    bar
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

/// Shows how far a bar's work has come.
pub fn show(bar: &ProgressBar, done: u64, total: u64) {
    bar.set_length(total);
    bar.set_position(done);
}

/// One bar for all stages of a backup, one after the other.
pub struct Stages {
    bar: ProgressBar,
    stage: Option<Stage>,
}

impl Stages {
    /// Before the first stage.
    pub fn new() -> Self {
        Self { bar: bar(""), stage: None }
    }

    /// Shows how far a stage has come.
    pub fn show(&mut self, stage: Stage, done: u64, total: u64) {
        if self.stage.replace(stage) != Some(stage) {
            let (what, unit) = match stage {
                Stage::Store => ("copying the store", ROWS),
                Stage::Files => ("copying the files", BYTES),
                Stage::Reading => ("reading the archive", BYTES),
                Stage::Books => ("checking the books", ROWS),
            };
            self.bar.reset();
            self.bar.set_style(style(unit));
            self.bar.set_message(what);
        }
        show(&self.bar, done, total);
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
