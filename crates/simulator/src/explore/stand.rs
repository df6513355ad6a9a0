//! [`Stand`]: the store under test. The product's own adapter, opened, failed, killed and opened again.

use super::faults::{Failing, Fault, Then};
use super::planted::Planted;
use crate::fault::Fault as Broken;
use crate::place::Place;
use ardoise::store::engine::{self, Readers, Writer};
use ardoise::store::sqlite::FILE_NAME;
use ardoise::store::sqlite::batch::{Memory, carry_out};
use ardoise::store::{Address, Db, StoreError};
use ardoise::till::command::Command;
use ardoise::till::{Applied, Durable, Tariff, TillStore};
use ledger::Timestamp;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::path::PathBuf;

/// Where histories keep their stores.
#[derive(Debug, Clone)]
pub enum Stores {
    /// Files below this folder.
    Folder(PathBuf),
    /// A PostgreSQL server: each history has a database of its own there.
    Server {
        /// Its address.
        url: String,
        /// A shell command that does something with each store while it is empty: see [`Place::prepare`].
        prepare: Option<String>,
    },
}

/// How a transaction ended, as far as the simulator knows; whoever asked knows less.
#[derive(Debug)]
pub enum Ended<T> {
    /// It stands, and whoever asked hears so.
    Heard(T),
    /// It stands, and nobody hears so.
    Unheard,
    /// Nothing of it stands.
    Failed(StoreError),
}

/// The store under test.
pub struct Stand {
    /// The writer and the readers; none between two lives.
    engine: Option<(Writer, Readers)>,
    /// Goes after the engine.
    place: Place,
    /// Where its files are, for as long as this lasts.
    _folder: tempfile::TempDir,
    tariff: Tariff,
    /// What is wrong with it, on purpose.
    planted: Option<Planted>,
}

impl Stand {
    /// A new store.
    ///
    /// # Errors
    /// [`Broken`] when there is no room for it.
    pub fn new(
        stores: &Stores,
        seed: u64,
        tariff: Tariff,
        planted: Option<Planted>,
    ) -> Result<Self, Broken> {
        let (below, server, prepare) = match stores {
            Stores::Folder(folder) => (folder.clone(), None, &None),
            Stores::Server { url, prepare } => (std::env::temp_dir(), Some(url.as_str()), prepare),
        };
        let folder = tempfile::Builder::new().prefix("ardoise-history-").tempdir_in(&below);
        let folder = folder.map_err(Broken::io(format!("a folder in {}", below.display())))?;
        let place = Place::new(folder.path().to_owned(), server, &format!("history_{seed}"))?;
        if let Some(prepare) = prepare {
            place.prepare(prepare)?;
        }
        Ok(Self { engine: None, place, _folder: folder, tariff, planted })
    }

    /// Opens the store, for the first time or again.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub fn start(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.engine = Some(engine::open(&self.place.store(), self.place.data(), now)?);
        Ok(())
    }

    /// Ends the process as `then` says and starts it again; answers whether it did.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub fn restart(&mut self, then: Then, now: Timestamp) -> Result<bool, StoreError> {
        if then == Then::GoesOn {
            return Ok(false);
        }
        if then == Then::Dies {
            self.leave_as_it_lies()?;
        }
        self.engine = None;
        self.start(now)?;
        Ok(true)
    }

    /// The files stay as a killed process leaves them: its log is still to be brought over by the next life. Whoever is the last
    /// to close a store brings it over, so that is somebody here who was told not to.
    fn leave_as_it_lies(&mut self) -> rusqlite::Result<()> {
        if self.place.store() != Address::Folder {
            return Ok(());
        }
        let last = Connection::open(self.place.data().join(FILE_NAME))?;
        last.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        // A connection has nothing open until it reads.
        last.query_row("select count(*) from migration", [], |_| Ok(()))?;
        self.engine = None;
        last.close().map_err(|(_, error)| error)
    }

    fn writer(&mut self) -> Result<&mut Writer, StoreError> {
        self.engine.as_mut().map(|(writer, _)| writer).ok_or(StoreError::Closed)
    }

    /// Has a batch decided and written, or not, as `fault` says; `error` is what a failing store complains of.
    pub fn apply(
        &mut self,
        now: Timestamp,
        batch: &[Command],
        fault: Fault,
        error: StoreError,
    ) -> Ended<Applied> {
        let done = match (fault, self.planted.take()) {
            (Fault::Statement(statements), planted) => {
                let failed = self.fail(now, batch, statements, error, planted.as_ref());
                self.planted = planted;
                return Ended::Failed(failed);
            }
            (_, None) => {
                let tariff = self.tariff.clone();
                self.writer().and_then(|writer| writer.apply(&tariff, now, batch))
            }
            (_, Some(planted)) => {
                let tariff = self.tariff.clone();
                let done =
                    self.writer().and_then(|writer| planted.apply(writer, &tariff, now, batch));
                self.planted = Some(planted);
                done
            }
        };
        match done {
            Err(error) => Ended::Failed(error),
            Ok(_) if fault == Fault::Answer => Ended::Unheard,
            Ok(applied) => Ended::Heard(applied),
        }
    }

    /// Carries a batch out as the adapter does, up to a statement that fails, or to a commit that does.
    fn fail(
        &mut self,
        now: Timestamp,
        batch: &[Command],
        statements: u64,
        error: StoreError,
        planted: Option<&Planted>,
    ) -> StoreError {
        let tariff = self.tariff.clone();
        let work = |db: &dyn Db| {
            let failing = Failing::after(db, statements, error.clone());
            carry_out(&failing, &tariff, now, batch, &Memory::default()).map(drop)
        };
        let mut stopped = |db: &dyn Db| match (work(db), planted) {
            (Err(_), Some(planted)) if planted.keeps_what_failed() => Ok(()),
            (done, _) => done.and(Err(error.clone())),
        };
        let written = self.writer().and_then(|writer| writer.write(Durable::AtOnce, &mut stopped));
        written.err().unwrap_or(error)
    }

    /// Writes something else than a batch.
    pub fn write(
        &mut self,
        durable: Durable,
        fault: Fault,
        error: &StoreError,
        work: &mut dyn FnMut(&dyn Db) -> Result<(), StoreError>,
    ) -> Ended<()> {
        let planted = self.planted.take();
        let mut through = |db: &dyn Db| match &planted {
            Some(planted) => planted.around(db, &mut *work),
            None => work(db),
        };
        let mut faulty = |db: &dyn Db| match fault {
            Fault::Statement(statements) => {
                through(&Failing::after(db, statements, error.clone()))?;
                Err(error.clone())
            }
            Fault::None | Fault::Answer => through(db),
        };
        let written = self.writer().and_then(|writer| writer.write(durable, &mut faulty));
        self.planted = planted;
        match written {
            Err(error) => Ended::Failed(error),
            Ok(()) if fault == Fault::Answer => Ended::Unheard,
            Ok(()) => Ended::Heard(()),
        }
    }

    /// Reads one moment of the store, as it is, for as long as it takes.
    ///
    /// # Errors
    /// Whatever `work` or the engine says.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.engine.as_ref().ok_or(StoreError::Closed)?.1.study(work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::explore::scene::Scene;

    #[test]
    fn a_life_that_is_cut_short_leaves_its_log_and_one_that_ends_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let tariff = Scene::drawn(&mut Chance::new(1)).tariff;
        let stores = Stores::Folder(folder.path().to_owned());
        let mut stand = Stand::new(&stores, 1, tariff, None).unwrap();
        let now = Timestamp::from_micros(0);
        let log = stand.place.data().join(format!("{FILE_NAME}-wal"));
        let log = || std::fs::metadata(&log).map(|log| log.len()).unwrap_or(0);
        stand.start(now).unwrap();
        assert!(log() > 0, "the schema was written");
        stand.leave_as_it_lies().unwrap();
        assert!(log() > 0, "and is still to be brought over");
        stand.start(now).unwrap();
        assert_eq!(stand.read(|db| db.number("select count(*) from line", &[])), Ok(0));
        let (writer, readers) = stand.engine.take().unwrap();
        // Who only reads brings nothing over.
        drop(readers);
        drop(writer);
        assert_eq!(log(), 0);
    }
}
