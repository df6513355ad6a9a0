//! `ardoise backup`.

use super::place::Place;
use super::progress::Stages;
use super::{Done, Failure, runtime};
use crate::backup::save::{Order, Saved, save};
use crate::clock::Clock;
use crate::store::Address;
use crate::works::storage::FileStore;
use clap::Args;
use indicatif::BinaryBytes;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Copy the whole shop to one file, while it sells: the store, the files, the key that signs receipts, the settings.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ardoise backup shop-2026-11-22.tar
  ardoise backup /mnt/backup/shop-$(date +%F).tar --data /srv/ardoise

The file is a plain tar archive that ends with the SHA-256 of everything in it. It is written beside its place, read
back, and only then gets its name. It holds secrets: keep it as you keep the data folder. Settings that stand in the
environment are not in it.")]
pub struct Backup {
    /// Where the archive goes; nothing may be there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Refuses books that are not in the data folder: PostgreSQL copies them far better itself.
fn may_be_copied(store: &Address, data: &Path) -> Result<(), Failure> {
    match store {
        Address::Folder => Ok(()),
        Address::Server(_) => Err(format!(
            "the books are at {store}, and not in the data folder: copy them with `pg_dump`, first, and then the folder {}, \
             which holds the files and the key that signs receipts (docs/operating.md shows how)",
            data.display()
        )
        .into()),
    }
}

impl Backup {
    /// Makes the backup, and says what is in it.
    ///
    /// # Errors
    /// What is wrong, in words for the operator: then there is no archive.
    pub fn run(&self, place: &Place) -> Done {
        may_be_copied(&place.store()?, place.data())?;
        // Files in a bucket are fetched through it.
        let runtime = runtime()?;
        let _entered = runtime.enter();
        let files = FileStore::open(place.data().join("files"), &place.settings()?.files)?;
        let settings = place.settings_file()?;
        let order = Order {
            data: place.data(),
            files: &files,
            settings: settings.as_deref(),
            to: &self.file,
            now: Clock::System.now(),
        };
        let mut stages = Stages::new();
        let saved = save(&order, &mut |stage, done, total| stages.show(stage, done, total));
        stages.end();
        Ok(self.print(&saved?))
    }

    fn print(&self, saved: &Saved) -> ExitCode {
        let (path, size) = (self.file.display(), BinaryBytes(saved.bytes));
        say!("{path}: {size}, {} files; read back and found whole.", saved.files);
        for key in &saved.lost {
            say!("The file {key} is missing or damaged on the disk, and is so in the backup, too.");
        }
        for finding in &saved.findings {
            say!("{finding}");
        }
        if saved.findings.is_empty() {
            return ExitCode::SUCCESS;
        }
        say!(
            "The backup is as the shop is, but the books do NOT balance: `ardoise restore` would refuse it. \
             Keep it, keep your older ones, and find out why."
        );
        ExitCode::FAILURE
    }
}
