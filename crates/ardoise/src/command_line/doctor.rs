//! `ardoise doctor`.

use super::place::Place;
use super::{Done, progress, runtime};
use crate::clock::Clock;
use crate::doctor::{Finding, Level, Patient, examine};
use clap::Args;
use std::process::ExitCode;

/// Look the shop over: folder, key, settings, letters, clock, store, files, books, address; say what to do where something is wrong.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ardoise doctor
  ardoise doctor --data /srv/ardoise || mail -s 'the shop needs you' olu@shop.example

One line each: ok, warn or FAIL, with the next step. The exit code is 1 when something failed. Nothing is changed.")]
pub struct Doctor {}

impl Doctor {
    /// Looks everything over, and prints it.
    ///
    /// # Errors
    /// No threads can be had.
    pub fn run(&self, place: &Place) -> Done {
        let file = place.settings_file().map_err(|failure| failure.to_string());
        let variables = std::env::vars_os();
        let patient = Patient {
            data: place.data(),
            settings_file: file.as_ref().map(Option::as_deref).map_err(Clone::clone),
            environment: variables
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
            clock: Clock::System,
        };
        let bar = progress::bar("checking the books");
        let mut tell = |finding: &Finding| bar.suspend(|| print(finding));
        let mut show = |done, total| progress::show(&bar, done, total);
        let worst = runtime()?.block_on(examine(&patient, &mut tell, &mut show));
        bar.finish_and_clear();
        Ok(if worst == Level::Fail { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

fn print(finding: &Finding) {
    let level = match finding.level {
        Level::Ok => "ok",
        Level::Warn => "warn",
        Level::Fail => "FAIL",
    };
    say!("{level:<5} {:<12} {}", finding.subject, finding.what);
    if !finding.next.is_empty() {
        say!("{:18} → {}", "", finding.next);
    }
}
