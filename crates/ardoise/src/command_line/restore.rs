//! `ardoise restore`.

use super::Done;
use super::place::Place;
use super::progress::Stages;
use crate::backup::restore::restore;
use crate::clock::Clock;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Bring a shop back from a backup, into a new or empty folder, after checking all of it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ardoise restore shop-2026-11-22.tar --data /srv/ardoise
  ardoise restore shop-2026-11-22.tar --data /tmp/try && ardoise serve --data /tmp/try --listen 127.0.0.1:8081

Every bit of the archive is checked, every file against the store, and the books from the first transfer to the last.
Unless everything is right, nothing of it stays in the folder.")]
pub struct Restore {
    /// The archive
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Restore {
    /// Brings the shop back, and says what there is now.
    ///
    /// # Errors
    /// What is wrong, in words for the operator: then the folder is as it was.
    pub fn run(&self, place: &Place) -> Done {
        let (data, now) = (place.data(), Clock::System.now());
        let mut stages = Stages::new();
        let restored = restore(&self.file, data, now, &mut |stage, done, total| {
            stages.show(stage, done, total)
        });
        stages.end();
        let restored = restored?;
        say!("The shop of {} is back in {}.", restored.about.made_at, data.display());
        say!("{} files, and books that balance: {} transfers.", restored.files, restored.transfers);
        for key in &restored.about.lost {
            say!(
                "The file {key} was missing or damaged when the backup was made; its buyers will get their lines back."
            );
        }
        say!("Open it with: ardoise serve --data {}", data.display());
        Ok(ExitCode::SUCCESS)
    }
}
