//! Carrying a whole store to another engine: every row of every table, in one transaction on the receiving side, compared
//! before it is committed.
//!
//! The tables and their columns are read from the migrations: what is added there is moved, too. Both stores are of this
//! program's version. Rows are compared by their number and by a sum of their hashes, which is the same in any order: engines
//! sort texts in ways of their own.

use super::engine;
use super::{Address, Db, Row, StoreError, migrations, postgres, shop, sqlite};
use crate::desk::books;
use ledger::Timestamp;
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;

/// Rows that are carried at once.
const ROWS: usize = 1_000;
/// Makes the rows of its tills by itself, in a new store, too.
const CURSOR: &str = "cursor";

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number of 64 bits.
    Int,
    /// Text.
    Text,
    /// Bytes.
    Blob,
}

/// A table, with the names of its columns and what they hold, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns.
    pub columns: Vec<(&'static str, Kind)>,
}

impl Table {
    /// The names of the columns, with commas.
    pub fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}

/// Every table of a store, those that others name before those others. How far the store was migrated is not among them.
pub fn tables() -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let mut is_inside = false;
    for line in migrations::ALL.iter().flat_map(|step| step.common.lines()) {
        if let Some(name) =
            line.strip_prefix("create table ").and_then(|rest| rest.strip_suffix(" ("))
        {
            tables.push(Table { name, columns: Vec::new() });
            is_inside = true;
        } else if let Some((name, added)) = added(line) {
            let table = tables.iter_mut().find(|table| table.name == name);
            table.expect("a column is added to a table that is there").columns.push(added);
        } else if line.starts_with(')') {
            is_inside = false;
        } else if is_inside
            && let Some(table) = tables.last_mut()
            && let Some(column) = column(line)
        {
            table.columns.push(column);
        }
    }
    tables
}

/// A column that a later step adds, and its table.
fn added(line: &'static str) -> Option<(&'static str, (&'static str, Kind))> {
    let (name, rest) = line.strip_prefix("alter table ")?.split_once(" add column ")?;
    Some((name, column(rest)?))
}

fn column(line: &'static str) -> Option<(&'static str, Kind)> {
    let mut words = line.trim_end_matches(',').split_whitespace();
    let name = words.next()?;
    let kind = match words.next()? {
        "integer" => Kind::Int,
        "text" => Kind::Text,
        "blob" => Kind::Blob,
        _ => return None,
    };
    Some((name, kind))
}

/// What stands in one column of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// Reads a row of a table whose columns are asked for in order.
pub fn cells(table: &Table, row: &dyn Row) -> Result<Vec<Cell>, StoreError> {
    let cell = |(column, (_, kind)): (usize, &(&str, Kind))| {
        Ok(match kind {
            Kind::Int => row.maybe_int(column)?.map_or(Cell::Null, Cell::Int),
            Kind::Text => row.maybe_text(column)?.map_or(Cell::Null, Cell::Text),
            Kind::Blob => row.maybe_blob(column)?.map_or(Cell::Null, Cell::Blob),
        })
    };
    table.columns.iter().enumerate().map(cell).collect()
}

/// One of the two stores, in a transaction that is taken back unless it is committed.
pub trait End {
    /// What asks it.
    fn db(&self) -> &dyn Db;
    /// How many rows a table has.
    fn count(&self, table: &Table) -> Result<u64, StoreError>;
    /// Every row of a table.
    fn each(
        &self,
        table: &Table,
        each: &mut dyn FnMut(Vec<Cell>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;
    /// Puts rows into a table.
    fn put(&self, table: &Table, rows: &[Vec<Cell>]) -> Result<(), StoreError>;
    /// Commits.
    fn commit(&self) -> Result<(), StoreError>;
}

/// How many rows there are, and a sum of their hashes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    rows: u64,
    hashes: [u64; 4],
}

impl Sum {
    fn add(&mut self, row: &[Cell]) {
        let mut hash = Sha256::new();
        for cell in row {
            let (tag, bytes): (u8, &[u8]) = match cell {
                Cell::Null => (0, &[]),
                Cell::Int(number) => (1, &number.to_be_bytes()),
                Cell::Text(text) => (2, text.as_bytes()),
                Cell::Blob(bytes) => (3, bytes),
            };
            hash.update([tag]);
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
        self.rows += 1;
        let hash = hash.finalize();
        for (sum, part) in self.hashes.iter_mut().zip(hash.chunks_exact(8)) {
            let part = part.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
            *sum = sum.wrapping_add(part);
        }
    }

    fn of(end: &dyn End, table: &Table, step: &mut dyn FnMut()) -> Result<Self, StoreError> {
        let mut sum = Self::default();
        end.each(table, &mut |row| {
            sum.add(&row);
            step();
            Ok(())
        })?;
        Ok(sum)
    }
}

/// Where a store is: an address of a server, or the data folder that a store in a file is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Which engine.
    pub address: Address,
    /// The folder, where it is in one.
    pub folder: PathBuf,
}

impl Site {
    /// Reads an address of a server, or takes the text for a folder.
    ///
    /// # Errors
    /// [`StoreError::Engine`] for what begins like an address and is none.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        if !text.contains("://") {
            return Ok(Self { address: Address::Folder, folder: text.into() });
        }
        let wrong = || {
            StoreError::Engine(format!(
                "{}: not postgres://user:secret@host/database",
                super::address::shown(text)
            ))
        };
        Ok(Self { address: Address::parse(text).ok_or_else(wrong)?, folder: PathBuf::new() })
    }
}

impl std::fmt::Display for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.address {
            Address::Folder => self.folder.display().fmt(f),
            server @ Address::Server(_) => server.fmt(f),
        }
    }
}

/// Why a store is not moved. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// There is nothing to move.
    #[error("there is no shop at {0}")]
    Nothing(Site),
    /// The store to be moved was written by another version.
    #[error(
        "the store at {site} is of version {found}, and this program knows {known}: start the shop there once, and close it"
    )]
    Version {
        /// Which.
        site: Site,
        /// Its version.
        found: i64,
        /// The version of this program.
        known: i64,
    },
    /// Something is where the store should go.
    #[error(
        "there is something in table {table} at {site}: a store is moved to an empty place only"
    )]
    Occupied {
        /// Where.
        site: Site,
        /// What is there.
        table: &'static str,
    },
    /// What was written is not what was read.
    #[error("table {0} did not arrive as it was sent; nothing was kept")]
    Differs(&'static str),
    /// The books do not balance.
    #[error("the books do not balance ({0}); nothing was kept: run `ardoise check-books` first")]
    Books(String),
    /// One of the two.
    #[error("{site}: {error}")]
    Store {
        /// Which.
        site: Site,
        /// Why.
        error: StoreError,
    },
}

/// A store that was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Tables.
    pub tables: usize,
    /// Rows.
    pub rows: u64,
}

/// Carries the store of a closed shop to an empty place, and leaves the first as it is.
///
/// # Errors
/// [`MoveError`]: nothing was kept at the new place.
pub fn move_store(
    from: &Site,
    to: &Site,
    now: Timestamp,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Moved, MoveError> {
    let at_from = |error| MoveError::Store { site: from.clone(), error };
    let at_to = |error| MoveError::Store { site: to.clone(), error };
    if !engine::is_there(&from.address, &from.folder).map_err(at_from)? {
        return Err(MoveError::Nothing(from.clone()));
    }
    let source = sending(from).map_err(at_from)?;
    let (found, known) = (migrations::version(source.db()).map_err(at_from)?, migrations::newest());
    if found != known {
        return Err(MoveError::Version { site: from.clone(), found, known });
    }
    let target = receiving(to, now).map_err(at_to)?;
    let tables = tables();
    for table in tables.iter().filter(|table| table.name != CURSOR) {
        if target.count(table).map_err(at_to)? > 0 {
            return Err(MoveError::Occupied { site: to.clone(), table: table.name });
        }
    }
    target.db().execute("delete from cursor", &[]).map_err(at_to)?;
    let mut pace = Pace { done: 0, total: 0, progress };
    for table in &tables {
        pace.total += 2 * source.count(table).map_err(at_from)?;
    }
    let mut rows = 0;
    for table in &tables {
        let sent = carry(&*source, &*target, table, &mut pace).map_err(at_to)?;
        if Sum::of(&*target, table, &mut || pace.step()).map_err(at_to)? != sent {
            return Err(MoveError::Differs(table.name));
        }
        rows += sent.rows;
    }
    check(target.db()).map_err(at_to)?.map_or(Ok(()), |finding| Err(MoveError::Books(finding)))?;
    target.commit().map_err(at_to)?;
    Ok(Moved { tables: tables.len(), rows })
}

fn sending(site: &Site) -> Result<Box<dyn End>, StoreError> {
    match &site.address {
        Address::Folder => Ok(Box::new(sqlite::moving::sending(&site.folder)?)),
        Address::Server(url) => Ok(Box::new(postgres::moving::sending(url)?)),
    }
}

fn receiving(site: &Site, now: Timestamp) -> Result<Box<dyn End>, StoreError> {
    match &site.address {
        Address::Folder => Ok(Box::new(sqlite::moving::receiving(&site.folder, now)?)),
        Address::Server(url) => Ok(Box::new(postgres::moving::receiving(url, now)?)),
    }
}

struct Pace<'a> {
    done: u64,
    total: u64,
    progress: &'a mut dyn FnMut(u64, u64),
}

impl Pace<'_> {
    fn step(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(ROWS as u64) || self.done == self.total {
            (self.progress)(self.done, self.total);
        }
    }
}

fn carry(
    source: &dyn End,
    target: &dyn End,
    table: &Table,
    pace: &mut Pace<'_>,
) -> Result<Sum, StoreError> {
    let mut sum = Sum::default();
    let mut waiting = Vec::with_capacity(ROWS);
    source.each(table, &mut |row| {
        sum.add(&row);
        pace.step();
        waiting.push(row);
        if waiting.len() == ROWS {
            target.put(table, &waiting)?;
            waiting.clear();
        }
        Ok(())
    })?;
    target.put(table, &waiting)?;
    Ok(sum)
}

/// The first thing that is wrong with the books.
fn check(db: &dyn Db) -> Result<Option<String>, StoreError> {
    let currency = shop::currency(db)?;
    let currency = currency.ok_or_else(|| StoreError::Corrupt("the shop has no row".into()))?;
    let report = books::check(db, currency, &mut |_, _| ())?;
    Ok(report.findings.into_iter().next())
}
