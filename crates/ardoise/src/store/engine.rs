//! The engines: which one keeps a shop's books is chosen here, and nowhere else.

use super::question::{Answered, Heard, Once, hear};
use super::{Address, Db, StoreError, postgres, sqlite};
use crate::till::command::Command;
use crate::till::{Applied, Durable, Tariff, TillNumber, TillStore};
use ledger::{AuthorId, Timestamp};
use std::collections::BTreeSet;
use std::path::Path;
use tokio::sync::broadcast;

/// What writes, on whichever engine.
pub enum Writer {
    /// The embedded engine.
    Sqlite(sqlite::batch::Writer),
    /// PostgreSQL.
    Postgres(postgres::batch::Writer),
}

/// Tills of one process on a server: while one waits for the server, the other has something to do. docs/decisions/0015 says
/// what was weighed.
const TILLS: usize = 2;

impl Writer {
    /// This one and those that write beside it in the same process, each under a number of its own: none where only one can
    /// write at a time.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub fn and_others(self) -> Result<Vec<Self>, StoreError> {
        let mut writers = vec![self];
        if let Some(Self::Postgres(first)) = writers.first() {
            let server = first.server().clone();
            while writers.len() < TILLS {
                writers.push(Self::Postgres(postgres::batch::Writer::open(server.clone())?));
            }
        }
        Ok(writers)
    }
}

impl TillStore for Writer {
    fn number(&self) -> TillNumber {
        match self {
            Self::Sqlite(writer) => writer.number(),
            Self::Postgres(writer) => writer.number(),
        }
    }

    fn apply(
        &mut self,
        tariff: &Tariff,
        now: Timestamp,
        batch: &[Command],
    ) -> Result<Applied, StoreError> {
        match self {
            Self::Sqlite(writer) => writer.apply(tariff, now, batch),
            Self::Postgres(writer) => writer.apply(tariff, now, batch),
        }
    }

    fn write(
        &mut self,
        durable: Durable,
        work: &mut dyn FnMut(&dyn Db) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(writer) => writer.write(durable, work),
            Self::Postgres(writer) => writer.write(durable, work),
        }
    }

    fn announce(&mut self, authors: &BTreeSet<AuthorId>) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(writer) => writer.announce(authors),
            Self::Postgres(writer) => writer.announce(authors),
        }
    }
}

/// What only reads, on whichever engine.
pub enum Readers {
    /// The embedded engine.
    Sqlite(sqlite::Readers),
    /// PostgreSQL.
    Postgres(postgres::Readers),
}

impl Readers {
    /// Passes on to `news` what other processes that write to the same store tell. An embedded store has no such news: whoever
    /// looks at gains asks it now and then.
    pub fn listen(&self, news: broadcast::WeakSender<AuthorId>) {
        match self {
            Self::Sqlite(_) => {}
            Self::Postgres(readers) => readers.server().listen(news),
        }
    }

    /// Readers of a store that is there.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub fn open(address: &Address, data: &Path) -> Result<Self, StoreError> {
        Ok(match address {
            Address::Folder => Self::Sqlite(sqlite::Readers::open(data)?),
            Address::Server(url) => {
                Self::Postgres(postgres::Readers::open(postgres::Server::at(url)?)?)
            }
        })
    }

    /// Runs `work` on one moment of the store, for somebody who waits.
    ///
    /// # Errors
    /// Whatever `work` or the engine says.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(readers) => readers.read(work),
            Self::Postgres(readers) => readers.read(work),
        }
    }

    /// Has `asker` ask a single question, for somebody who waits.
    ///
    /// # Errors
    /// [`StoreError::Engine`] when it is more than one, or would change something; whatever `asker` or the engine says.
    pub async fn ask<T>(
        &self,
        asker: impl Fn(&dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(readers) => readers.ask(|db| asker(&Once::new(db))),
            Self::Postgres(readers) => {
                let question = match hear(&asker)? {
                    Heard::Question(question) => question,
                    Heard::Nothing(said) => return Ok(said),
                };
                let rows = readers.answer(&question).await?;
                asker(&Once::new(&Answered { question: &question, rows: &rows }))
            }
        }
    }

    /// Runs `work` on one moment of the store, for as long as it takes.
    ///
    /// # Errors
    /// Whatever `work` or the engine says.
    pub fn study<T>(
        &self,
        work: impl FnOnce(&dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(readers) => readers.read(work),
            Self::Postgres(readers) => readers.study(work),
        }
    }
}

/// Whether a store was made there before.
///
/// # Errors
/// [`StoreError::Gone`] when the server does not answer; whatever the engine says.
pub fn is_there(address: &Address, data: &Path) -> Result<bool, StoreError> {
    match address {
        Address::Folder => Ok(data.join(sqlite::FILE_NAME).exists()),
        Address::Server(url) => postgres::Server::at(url)?.has_store(),
    }
}

/// Opens the store, makes it if it is not there, and brings it up to date.
///
/// # Errors
/// [`StoreError::TooNew`], or whatever the engine says.
pub fn open(
    address: &Address,
    data: &Path,
    now: Timestamp,
) -> Result<(Writer, Readers), StoreError> {
    match address {
        Address::Folder => {
            let writer = sqlite::batch::Writer::new(sqlite::open_writer(data, now)?);
            let writer = Writer::Sqlite(writer.with_checkpoints()?);
            Ok((writer, Readers::Sqlite(sqlite::Readers::open(data)?)))
        }
        Address::Server(url) => {
            let server = postgres::Server::at(url)?;
            server.migrate(now)?;
            let writer = Writer::Postgres(postgres::batch::Writer::open(server.clone())?);
            Ok((writer, Readers::Postgres(postgres::Readers::open(server)?)))
        }
    }
}
