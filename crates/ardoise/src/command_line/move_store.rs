//! `ardoise move-store`.

use super::{Done, progress};
use crate::clock::Clock;
use crate::store::moving::{Site, move_store};
use clap::Args;
use std::process::ExitCode;

/// Carry the store of a closed shop to another engine: from a file to PostgreSQL, or back.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ardoise move-store --from data --to postgres://ardoise:secret@db.example/ardoise
  ardoise move-store --from postgres://ardoise@db.example/ardoise --to back

A store is a data folder, or the address of a database on a PostgreSQL server. The shop must be closed, and the new place
empty. Every row is read back and compared, and the books are checked, before anything is kept there; the old store stays
as it is. Files and the key that signs receipts are not in the store: they stay in the data folder. Afterwards the setting
`store` names the new place.")]
pub struct MoveStore {
    /// The store to be moved
    #[arg(long, value_name = "STORE")]
    from: String,
    /// Where it goes; nothing may be there yet
    #[arg(long, value_name = "STORE")]
    to: String,
}

impl MoveStore {
    /// Moves it, and says what is to be done next.
    ///
    /// # Errors
    /// What is wrong, in words for the operator: then nothing was kept at the new place.
    pub fn run(&self) -> Done {
        let (from, to) = (Site::parse(&self.from)?, Site::parse(&self.to)?);
        let bar = progress::bar("moving the store");
        let moved = move_store(&from, &to, Clock::System.now(), &mut |done, total| {
            progress::show(&bar, done, total)
        });
        bar.finish_and_clear();
        let moved = moved?;
        say!(
            "{to}: {} rows in {} tables, the same as in {from}; the books balance.",
            moved.rows,
            moved.tables
        );
        say!(
            "Let the setting `store` name it (docs/operating.md shows how), and open the shop. {from} stays as it is."
        );
        Ok(ExitCode::SUCCESS)
    }
}
