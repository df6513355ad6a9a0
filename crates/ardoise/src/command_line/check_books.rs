//! `ardoise check-books`.

use super::place::Place;
use super::{Done, progress};
use crate::desk::books::{self, Report};
use crate::store::{StoreError, shop};
use clap::Args;
use std::process::ExitCode;

/// Check the books: recompute every balance from the journal, and every receipt from its line.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ardoise check-books
  ardoise check-books --data /srv/ardoise && echo sound

Nothing is changed. Everything that is wrong is printed, and the exit code is then 1. One moment of the shop is looked
at, so it can go on selling meanwhile.")]
pub struct CheckBooks {}

impl CheckBooks {
    /// Checks them, and prints what is wrong.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn run(&self, place: &Place) -> Done {
        let bar = progress::bar("checking the books");
        let report = place.reading(|db| {
            let currency = shop::currency(db)?;
            let currency =
                currency.ok_or_else(|| StoreError::Corrupt("the shop has no row".into()))?;
            books::check(db, currency, &mut |done, total| progress::show(&bar, done, total))
        });
        bar.finish_and_clear();
        Ok(print(&report?))
    }
}

fn print(report: &Report) -> ExitCode {
    let findings = &report.findings;
    for finding in findings {
        say!("{finding}");
    }
    if findings.is_empty() {
        say!("The books balance: {report}.");
        return ExitCode::SUCCESS;
    }
    let count = findings.len();
    say!(
        "The books do NOT balance: {count} findings in {report}.\n\
         Keep a copy of the data folder as it is, and find out why before you pay anybody."
    );
    ExitCode::FAILURE
}
