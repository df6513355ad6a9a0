//! The till on PostgreSQL: one transaction per batch, a few statements over whole sets of rows, two trips.
//!
//! # One batch
//! 1. *First trip:* begin; the offers that the commands name; the tabs, locked in the order of their ids (`for update`), then
//!    what stands on them. Whoever else wants one of these tabs waits for this batch, in the same order, so that two tills never
//!    wait for each other. Nothing else is locked: a popular author, the operator's fee and the tax are no rows that purchases
//!    meet in. Where lines are undone, a trip before it asks whose they are.
//! 2. The ledger decides the commands, one after the other.
//! 3. *Second trip:* everything that is written, column by column, and the commit.
//!
//! When the server says that the batch collided with another one, all of it is done again. When the connection is lost before
//! the commit, nothing happened, and it is done again on a new one. When it is lost *during* the commit, nobody knows; it is
//! done again all the same, because a command that stands already is answered as before and changes nothing.
//!
//! # A server that hangs
//! Each answer has its time ([`super::waiting`]); a connection on which none came is given up, which is as good as lost. What it had
//! begun would go on holding its tabs and the till's number, so the next session ends it first. A commit can hang because the
//! server waits for a standby that is to have everything: then it stands on that server, nobody was told, and it is not yet
//! as safe as the operator wants it. The next session therefore writes something itself before it answers anybody. That is
//! only committed once everything before it is as safe, and until then whoever asks is told to ask again.

use super::load::load;
use super::persist::{Numbers, persist};
use super::waiting::Since;
use super::{Connection, Server, news};
use crate::store::{Db, StoreError, Value, books, shop};
use crate::till::batch::Batch;
use crate::till::command::Command;
use crate::till::{Applied, Durable, Tariff, TillNumber, TillStore};
use ledger::{AuthorId, Timestamp};
use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

/// How often a batch that collided, or that lost its connection, is done again before those who wait are told.
const TRIES: u32 = 6;
/// How long it is done again; with the last time, those who wait are told within ten seconds.
const TRIED_FOR: Duration = Duration::from_secs(4);
/// The longest wait before it is done again; the first is a hundredth of it.
const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// Half of the name under which a till's number is locked; the other half is the number. "till" in ASCII.
pub(super) const TILL_LOCK: i64 = 0x74_69_6c_6c;
/// Tills that may write to one store at the same time.
const TILLS: i64 = 1_000;

/// A connection that writes, of one till.
pub struct Writer {
    server: Server,
    session: Option<Session>,
    /// The one before, if it was lost.
    lost: Option<Holder>,
    /// Words that are known to be stored: they are never removed.
    consents: HashSet<i64>,
}

/// A connection that holds a till's number for as long as it lasts.
struct Session {
    connection: Connection,
    till: TillNumber,
    /// The server's number of the connection.
    process: i64,
    numbers: Numbers,
}

/// What a session holds on the server: a till's number, by the process that serves its connection.
#[derive(Debug, Clone, Copy)]
struct Holder {
    till: TillNumber,
    process: i64,
}

impl Session {
    /// Opens a session and ends the one that was lost. What this one holds stands in `lost` until it is open, so that the
    /// next one ends it if it is lost on the way.
    fn open(server: &Server, lost: &mut Option<Holder>) -> Result<Self, StoreError> {
        let connection = server.connect()?.hurried()?.by_tab()?;
        // The till only ever looks rows up by their keys. A plan made while the tables were small would read them whole.
        connection.run_script(
            "set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off",
        )?;
        // A process that is stopped in the middle of a batch must not hold up everybody who wants the same tab.
        connection.run_script("set idle_in_transaction_session_timeout = '10s'")?;
        let process = (&connection as &dyn Db).number("select pg_backend_pid()", &[])?;
        if let Some(lost) = lost {
            end(&connection, *lost)?;
        }
        let till = claim(&connection)?;
        *lost = Some(Holder { till, process });
        connection.transaction(|db| {
            books::open_till(db, till)?;
            prove(db, till)
        })?;
        let numbers = Numbers {
            transfer: shop::next_number(&connection, till, shop::Numbered::Transfer)?,
            outbox: shop::next_number(&connection, till, shop::Numbered::Outbox)?,
        };
        *lost = None;
        Ok(Self { connection, till, process, numbers })
    }

    const fn holder(&self) -> Holder {
        Holder { till: self.till, process: self.process }
    }
}

/// Ends a connection that was lost here and may live on there, if it still holds its till's number: by that it is known.
fn end(db: &dyn Db, lost: Holder) -> Result<(), StoreError> {
    let sql = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objsubid = 2 \
        and classid = cast(cast(?1 as bigint) as oid) and objid = cast(cast(?2 as bigint) as oid) and pid = cast(?3 as int) \
        and database = (select oid from pg_database where datname = current_database())";
    let holder = [Value::Int(TILL_LOCK), Value::from(lost.till), Value::Int(lost.process)];
    db.query(sql, &holder, &mut |_| Ok(()))
}

/// Writes something that changes nothing: once it is committed, whatever the server committed before is as safe.
fn prove(db: &dyn Db, till: TillNumber) -> Result<(), StoreError> {
    let sql = "update cursor set read_through = read_through where till = ?1";
    db.execute(sql, &[Value::from(till)]).map(drop)
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
        let session = Some(Session::open(&server, &mut None)?);
        Ok(Self { server, session, lost: None, consents: HashSet::new() })
    }

    /// The server that it writes to.
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// The session; a new one where the last was lost.
    fn session(&mut self) -> Result<&mut Session, StoreError> {
        self.open_session()?;
        self.session.as_mut().ok_or(StoreError::Closed)
    }

    /// Opens a session where there is none, or the last was lost.
    fn open_session(&mut self) -> Result<(), StoreError> {
        if self.session.as_ref().is_none_or(|session| !session.connection.is_open()) {
            self.lose();
            self.session = Some(Session::open(&self.server, &mut self.lost)?);
        }
        Ok(())
    }

    /// Leaves the session; the next one ends what may be left of it.
    fn lose(&mut self) {
        if let Some(session) = self.session.take() {
            self.lost = Some(session.holder());
        }
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
                    self.lose();
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
                self.lose();
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
        let words = self.server.teller.words(authors);
        let connection = &self.session()?.connection;
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

/// Does something until it succeeds or its error says that doing it again is of no use, at most [`TRIES`] times and for
/// [`TRIED_FOR`]. If it may stand since one of those times, that is what is said.
fn again<T>(mut once: impl FnMut() -> Result<T, (StoreError, bool)>) -> Result<T, StoreError> {
    let since = Since::now();
    let mut doubt = None;
    let mut wait = LONGEST_WAIT / 100;
    for number in 1.. {
        let (error, is_again) = match once() {
            Ok(done) => return Ok(done),
            Err(failed) => failed,
        };
        let is_over = number == TRIES || since.left_of(TRIED_FOR).is_zero();
        if matches!(error, StoreError::Unknown(_)) {
            doubt = Some(error.clone());
        }
        if !is_again || is_over {
            return Err(doubt.unwrap_or(error));
        }
        tracing::debug!(%error, "doing it again");
        std::thread::sleep(wait);
        wait = (wait * 3).min(LONGEST_WAIT);
    }
    Err(StoreError::Closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_stand_is_told_so_whatever_the_next_time_fails_with() {
        let unknown = || StoreError::Unknown("on purpose".into());
        let gone = || StoreError::Gone("on purpose".into());
        for (then, is_again) in [(gone(), true), (gone(), false), (unknown(), true)] {
            let mut times = vec![(then, is_again), (unknown(), true)];
            let failed: Result<(), _> =
                again(|| Err(times.pop().unwrap_or_else(|| (gone(), false))));
            assert_eq!(failed, Err(unknown()));
        }
        let mut times = vec![Ok(7), Err((unknown(), true))];
        assert_eq!(again(|| times.pop().expect("one more")), Ok(7));
    }
}
