//! The till on PostgreSQL: one transaction per batch, a few statements over whole sets of rows, three trips.
//!
//! # One batch
//! 1. *First trip:* begin; the offers that the commands name, and the tabs of the lines that are to be undone.
//! 2. *Second trip:* the tabs, locked in the order of their ids (`for update`), then what stands on them. Whoever else wants one
//!    of these tabs waits for this batch, in the same order, so that two tills never wait for each other. Nothing else is
//!    locked: a popular author, the operator's fee and the tax are no rows that purchases meet in.
//! 3. The ledger decides the commands, one after the other.
//! 4. *Third trip:* everything that is written, column by column, and the commit.
//!
//! When the server says that the batch collided with another one, all of it is done again. When the connection is lost before
//! the commit, nothing happened, and it is done again on a new one. When it is lost *during* the commit, nobody knows; it is
//! done again all the same, because a command that stands already is answered as before and changes nothing.

use super::load::load;
use super::persist::{Numbers, persist};
use super::{Connection, Server, news};
use crate::store::{Db, StoreError, Value, books, shop};
use crate::till::batch::Batch;
use crate::till::command::Command;
use crate::till::{Applied, Durable, Tariff, TillNumber, TillStore};
use ledger::{AuthorId, Timestamp};
use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How often a batch that collided, or that lost its connection, is done again before those who wait are told.
const TRIES: u32 = 6;
/// The longest wait before it is done again; the first is a hundredth of it.
const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// Half of the name under which a till's number is locked; the other half is the number. "till" in ASCII.
pub(super) const TILL_LOCK: i64 = 0x74_69_6c_6c;
/// Tills that may write to one store at the same time.
const TILLS: i64 = 1_000;

/// The one connection of this process that writes.
pub struct Writer {
    server: Server,
    session: Option<Session>,
    /// Words that are known to be stored: they are never removed.
    consents: HashSet<i64>,
}

/// A connection that holds a till's number for as long as it lasts.
struct Session {
    connection: Connection,
    till: TillNumber,
    numbers: Numbers,
}

impl Session {
    fn open(server: &Server) -> Result<Self, StoreError> {
        let connection = server.connect()?;
        // The till only ever looks rows up by their keys. A plan made while the tables were small would read them whole.
        connection.run_script(
            "set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off",
        )?;
        // A process that is stopped in the middle of a batch must not hold up everybody who wants the same tab.
        connection.run_script(
            "set idle_in_transaction_session_timeout = '10s'; set lock_timeout = '5s'",
        )?;
        let till = claim(&connection)?;
        server.till.store(till.0, Ordering::Relaxed);
        connection.transaction(|db| books::open_till(db, till))?;
        let numbers = Numbers {
            transfer: shop::next_number(&connection, till, shop::Numbered::Transfer)?,
            outbox: shop::next_number(&connection, till, shop::Numbered::Outbox)?,
        };
        Ok(Self { connection, till, numbers })
    }
}

/// Takes the lowest number that no living till holds. The server takes it back when the connection ends, however it ends.
fn claim(db: &dyn Db) -> Result<TillNumber, StoreError> {
    for number in 1..=TILLS {
        let sql = "select pg_try_advisory_lock(cast(?1 as int), cast(?2 as int))";
        if db.number(sql, &[Value::Int(TILL_LOCK), Value::Int(number)])? == 1 {
            return Ok(TillNumber(number));
        }
    }
    Err(StoreError::Busy(format!("{TILLS} tills write to this store already")))
}

impl Writer {
    /// A till of the store on `server`, under a number of its own.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub fn open(server: Server) -> Result<Self, StoreError> {
        let session = Some(Session::open(&server)?);
        Ok(Self { server, session, consents: HashSet::new() })
    }

    /// The session; a new one where the last was lost.
    fn session(&mut self) -> Result<&mut Session, StoreError> {
        self.open_session()?;
        self.session.as_mut().ok_or(StoreError::Closed)
    }

    /// Opens a session where there is none, or the last was lost.
    fn open_session(&mut self) -> Result<(), StoreError> {
        if self.session.as_ref().is_none_or(|session| !session.connection.is_open()) {
            self.session = None;
            self.session = Some(Session::open(&self.server)?);
        }
        Ok(())
    }

    fn try_once(
        &mut self,
        tariff: &Tariff,
        now: Timestamp,
        commands: &[Command],
    ) -> Result<Applied, StoreError> {
        self.open_session()?;
        let Self { session: Some(session), consents, .. } = self else {
            return Err(StoreError::Closed);
        };
        let connection = &session.connection;
        let known = load(connection, tariff, commands)?;
        let mut batch = Batch::new(&tariff.rules, tariff.currency, now, known);
        let outcomes = commands.iter().map(|command| batch.decide(command)).collect();
        let Batch { known, mut writes, .. } = batch;
        let applied = writes.applied(outcomes);
        if !applied.committed {
            connection.run_script("rollback")?;
            return Ok(applied);
        }
        writes.consents.retain(|consent| !consents.contains(&consent.id));
        let numbers = persist(connection, session.till, session.numbers, &known, &writes, now)?;
        session.numbers = numbers;
        consents.extend(writes.consents.iter().map(|consent| consent.id));
        Ok(applied)
    }
}

impl TillStore for Writer {
    fn number(&self) -> TillNumber {
        self.session.as_ref().map_or(TillNumber::ONLY, |session| session.till)
    }

    fn apply(
        &mut self,
        tariff: &Tariff,
        now: Timestamp,
        commands: &[Command],
    ) -> Result<Applied, StoreError> {
        again(|| {
            self.try_once(tariff, now, commands).map_err(|error| {
                // What was begun ends with the connection.
                if !matches!(error, StoreError::Busy(_)) || self.rollback().is_err() {
                    self.session = None;
                }
                let is_again = matches!(
                    error,
                    StoreError::Busy(_)
                        | StoreError::Gone(_)
                        | StoreError::Unknown(_)
                        | StoreError::Constraint(_)
                );
                (error, is_again)
            })
        })
    }

    fn write(
        &mut self,
        durable: Durable,
        work: &mut dyn FnMut(&dyn Db) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        // What was lost during the commit may stand: only whoever asked can tell what doing it twice would mean.
        let mut is_first = true;
        again(|| {
            let session = self.session().map_err(|error| (error, true))?;
            let connection = &session.connection;
            let done = connection.transaction(|db| {
                if durable == Durable::InTime {
                    connection.run_script("set local synchronous_commit = off")?;
                }
                work(db)
            });
            if matches!(done, Err(StoreError::Gone(_) | StoreError::Unknown(_))) {
                self.session = None;
            }
            done.map_err(|error| {
                let is_again = match error {
                    StoreError::Busy(_) | StoreError::Gone(_) => true,
                    // Somebody else may have written the very same meanwhile; then it is found the next time.
                    StoreError::Constraint(_) => std::mem::take(&mut is_first),
                    _ => false,
                };
                (error, is_again)
            })
        })
    }

    fn announce(&mut self, authors: &BTreeSet<AuthorId>) -> Result<(), StoreError> {
        let session = self.session()?;
        let (connection, words) = (&session.connection, news::written(session.till, authors));
        connection.transaction(|db| {
            connection.run_script("set local synchronous_commit = off")?;
            let values = [Value::Text(news::CHANNEL), Value::Text(&words)];
            db.query("select pg_notify(?1, ?2)", &values, &mut |_| Ok(()))
        })
    }
}

impl Writer {
    fn rollback(&self) -> Result<(), StoreError> {
        self.session.as_ref().map_or(Ok(()), |session| session.connection.run_script("rollback"))
    }
}

/// Does something until it succeeds or its error says that doing it again is of no use, at most [`TRIES`] times.
fn again<T>(mut once: impl FnMut() -> Result<T, (StoreError, bool)>) -> Result<T, StoreError> {
    let mut wait = LONGEST_WAIT / 100;
    for _ in 1..TRIES {
        match once() {
            Ok(done) => return Ok(done),
            Err((error, false)) => return Err(error),
            Err((error, true)) => tracing::debug!(%error, "doing it again"),
        }
        std::thread::sleep(wait);
        wait = (wait * 3).min(LONGEST_WAIT);
    }
    once().map_err(|(error, _)| error)
}
