//! Where everything is kept: a port that an engine fills.
//!
//! Most questions are one SQL text for all engines: the files here, one per noun, hold them as plain
//! functions over a [`Db`]. What engines must do each in their own way is small: open, run a
//! statement, and load and persist the till's batches.
//!
//! The common dialect: parameters `?1 … ?n`; integers of 64 bits, text, blobs and null, nothing else;
//! `on conflict`, `returning`, common table expressions and window functions are there; the clock,
//! random numbers and counters of the engine are never asked.

pub mod address;
pub mod audit;
pub mod bank;
pub mod books;
pub mod charge;
pub mod delivery;
pub mod discarded;
pub mod dispute;
pub mod engine;
pub mod fee_back;
pub mod file;
pub mod gains;
pub mod idempotency;
pub mod insertion;
pub mod key;
pub mod letter;
pub mod link;
pub mod mail_address;
pub mod mandate;
pub mod migrations;
pub mod moving;
pub mod notice;
pub mod payer;
pub mod payout;
pub mod payout_address;
pub mod payout_order;
pub mod people;
pub mod postgres;
mod question;
pub mod refund;
pub mod refund_order;
pub mod sale;
mod schedule;
pub mod shop;
pub mod sqlite;
pub mod statement;
pub mod tab;
pub mod together;
pub mod upload;
pub mod visit;
pub mod voucher;
pub mod webhook;
pub mod work;

use crate::till::Durable;
pub use address::Address;
use engine::Readers;
use insertion::Insertion;
use ledger::{BankEntryId, Currency, LineId, Money, RefundId, SettlementId, ShopId, Timestamp};
use std::sync::Arc;

/// What a store can fail with. Whatever it is, nothing was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody else held the store for too long: ask again.
    #[error("the store is busy: {0}")]
    Busy(String),
    /// There is no room left on the disk.
    #[error("the disk is full: {0}")]
    Full(String),
    /// A rule of the schema was broken: the command is at fault.
    #[error("a rule of the schema was broken: {0}")]
    Constraint(String),
    /// Something that was read back cannot be.
    #[error("the store holds something that cannot be: {0}")]
    Corrupt(String),
    /// The store was written by a newer version of the program.
    #[error("the store is of a newer version ({found}) than this program knows ({known})")]
    TooNew {
        /// The version that was found.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// The till has stopped.
    #[error("the store is closed")]
    Closed,
    /// Nobody answers where the store should be: ask again. Nothing was written.
    #[error("the store does not answer: {0}")]
    Gone(String),
    /// The connection was lost while something was being committed: it may stand or not. Asking again with the same id
    /// tells.
    #[error("the store was lost during a commit: {0}")]
    Unknown(String),
    /// Anything else the engine says.
    #[error("the store failed: {0}")]
    Engine(String),
}

impl StoreError {
    /// Whether one command can be at fault, so that others may succeed without it. Where not, the store
    /// itself is, and trying each alone would only make everybody wait as many times longer.
    pub const fn is_of_one_command(&self) -> bool {
        match self {
            Self::Constraint(_) | Self::Corrupt(_) => true,
            Self::Busy(_)
            | Self::Full(_)
            | Self::TooNew { .. }
            | Self::Closed
            | Self::Gone(_)
            | Self::Unknown(_)
            | Self::Engine(_) => false,
        }
    }
}

/// What a statement takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// A whole number.
    Int(i64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
    /// The bytes of an id that a reader's device made.
    Id([u8; 16]),
    /// Nothing.
    Null,
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(value: Timestamp) -> Self {
        Self::Int(value.micros())
    }
}

impl From<Option<Timestamp>> for Value<'_> {
    fn from(value: Option<Timestamp>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

impl From<Money> for Value<'_> {
    fn from(value: Money) -> Self {
        Self::Int(value.micros())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(value: Option<&'a str>) -> Self {
        value.map_or(Self::Null, Self::Text)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Blob(value)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(value: &'a [u8; N]) -> Self {
        Self::Blob(value)
    }
}

impl From<BankEntryId> for Value<'_> {
    fn from(value: BankEntryId) -> Self {
        Self::Id(value.bytes())
    }
}

impl From<LineId> for Value<'_> {
    fn from(value: LineId) -> Self {
        Self::Id(value.bytes())
    }
}

impl From<RefundId> for Value<'_> {
    fn from(value: RefundId) -> Self {
        Self::Id(value.bytes())
    }
}

impl From<SettlementId> for Value<'_> {
    fn from(value: SettlementId) -> Self {
        Self::Id(value.bytes())
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

/// The value of an id that the shop made.
pub fn id<'a>(id: impl ShopId) -> Value<'a> {
    Value::Int(id.raw())
}

/// One row of an answer. Columns count from 0.
pub trait Row {
    /// A whole number.
    fn int(&self, column: usize) -> Result<i64, StoreError>;
    /// A whole number, or none.
    fn maybe_int(&self, column: usize) -> Result<Option<i64>, StoreError>;
    /// Text.
    fn text(&self, column: usize) -> Result<String, StoreError>;
    /// Text, or none.
    fn maybe_text(&self, column: usize) -> Result<Option<String>, StoreError>;
    /// Bytes.
    fn blob(&self, column: usize) -> Result<Vec<u8>, StoreError>;
    /// Bytes, or none.
    fn maybe_blob(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError>;
}

impl dyn Row + '_ {
    /// Exactly `N` bytes.
    pub fn bytes<const N: usize>(&self, column: usize) -> Result<[u8; N], StoreError> {
        let blob = self.blob(column)?;
        let found = blob.len();
        blob.try_into().map_err(|_| StoreError::Corrupt(format!("{found} bytes instead of {N}")))
    }

    /// The id of a noun.
    pub fn id<T: ShopId>(&self, column: usize) -> Result<T, StoreError> {
        self.int(column).map(T::from_raw)
    }

    /// An instant.
    pub fn time(&self, column: usize) -> Result<Timestamp, StoreError> {
        self.int(column).map(Timestamp::from_micros)
    }

    /// An instant, or none.
    pub fn maybe_time(&self, column: usize) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.maybe_int(column)?.map(Timestamp::from_micros))
    }

    /// An amount, checked as it is read back.
    pub fn money(&self, column: usize, currency: Currency) -> Result<Money, StoreError> {
        let micros = self.int(column)?;
        Money::from_micros(micros, currency).map_err(|error| StoreError::Corrupt(error.to_string()))
    }

    /// An amount, or none.
    pub fn maybe_money(
        &self,
        column: usize,
        currency: Currency,
    ) -> Result<Option<Money>, StoreError> {
        match self.maybe_int(column)? {
            Some(_) => self.money(column, currency).map(Some),
            None => Ok(None),
        }
    }

    /// A count.
    pub fn count(&self, column: usize) -> Result<u64, StoreError> {
        let value = self.int(column)?;
        u64::try_from(value).map_err(|_| StoreError::Corrupt(format!("a count of {value}")))
    }

    /// A small count.
    pub fn small<T: TryFrom<i64>>(&self, column: usize) -> Result<T, StoreError> {
        let value = self.int(column)?;
        T::try_from(value).map_err(|_| StoreError::Corrupt(format!("{value} is out of range")))
    }
}

/// The columns of a row from `first` on: a noun that stands behind another one.
struct Behind<'a> {
    row: &'a dyn Row,
    first: usize,
}

impl Row for Behind<'_> {
    fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.row.int(self.first + column)
    }

    fn maybe_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.row.maybe_int(self.first + column)
    }

    fn text(&self, column: usize) -> Result<String, StoreError> {
        self.row.text(self.first + column)
    }

    fn maybe_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        self.row.maybe_text(self.first + column)
    }

    fn blob(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        self.row.blob(self.first + column)
    }

    fn maybe_blob(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        self.row.maybe_blob(self.first + column)
    }
}

/// What each row is given to.
pub type EachRow<'a> = &'a mut dyn FnMut(&dyn Row) -> Result<(), StoreError>;

/// A connection on which statements run: inside one transaction when it may write.
pub trait Db {
    /// Runs a statement and answers how many rows it changed.
    fn execute(&self, sql: &'static str, values: &[Value]) -> Result<usize, StoreError>;
    /// Runs a query and hands each row to `each`.
    fn query(&self, sql: &'static str, values: &[Value], each: EachRow) -> Result<(), StoreError>;
    /// Writes rows into a table; `values` has them one after the other.
    fn insert(&self, into: &Insertion, values: &[Value]) -> Result<(), StoreError> {
        into.one_by_one(self, values)
    }
}

impl dyn Db + '_ {
    /// Every row of the answer. The caller bounds it.
    pub fn all<T>(
        &self,
        sql: &'static str,
        values: &[Value],
        map: impl Fn(&dyn Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut rows = Vec::new();
        self.query(sql, values, &mut |row| {
            rows.push(map(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The first row of the answer, if there is one.
    pub fn first<T>(
        &self,
        sql: &'static str,
        values: &[Value],
        map: impl Fn(&dyn Row) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut found = None;
        self.query(sql, values, &mut |row| {
            if found.is_none() {
                found = Some(map(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The one whole number that the answer is; zero when there is no row.
    pub fn number(&self, sql: &'static str, values: &[Value]) -> Result<i64, StoreError> {
        Ok(self.first(sql, values, |row| row.int(0))?.unwrap_or(0))
    }
}

/// The shop's store: reads run beside each other, writes one after the other in the till's thread.
#[derive(Clone)]
pub struct Store {
    engine: Arc<Readers>,
    till: crate::till::Till,
}

impl Store {
    /// A store that reads with `engine` and writes through `till`.
    pub fn new(engine: Readers, till: crate::till::Till) -> Self {
        Self { engine: Arc::new(engine), till }
    }

    /// Reads. What `work` asks sees one moment of the store; it is short, or bounded by its caller.
    pub async fn read<T>(
        &self,
        work: impl FnOnce(&dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.engine.read(work)
    }

    /// Has `asker` ask a single question, which is quicker than to read: it is a moment of the store by itself. Where the
    /// answer must travel, no thread waits for it, and `asker` is called twice, the first time only to hear what it asks.
    ///
    /// # Errors
    /// [`StoreError::Engine`] when `asker` asks another one, or would change something; whatever it or the engine says.
    pub async fn ask<T>(
        &self,
        asker: impl Fn(&dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.engine.ask(asker).await
    }

    /// Reads at length, like [`Store::read`], in a thread where that keeps nobody waiting.
    ///
    /// # Errors
    /// Whatever `work` or the engine says.
    pub async fn study<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Db) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let engine = self.engine.clone();
        let studied = tokio::task::spawn_blocking(move || engine.study(work)).await;
        studied.map_err(|error| StoreError::Engine(error.to_string()))?
    }

    /// Writes in one transaction of its own: when this answers, it is durable. Where several processes write to one store and get
    /// into each other's way, `work` is taken back and done again, and must not keep anything of the first time.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&dyn Db) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.till.write(Durable::AtOnce, work).await
    }

    /// Writes like [`Store::write`] what may be lost in a power cut, and what no page shows to everybody.
    pub async fn write_in_time<T: Send + 'static>(
        &self,
        work: impl FnMut(&dyn Db) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.till.write(Durable::InTime, work).await
    }

    /// The till.
    pub const fn till(&self) -> &crate::till::Till {
        &self.till
    }
}
