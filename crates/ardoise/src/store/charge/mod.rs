//! Charges: money that rails are asked to bring. What happens to one, in which order, stands in `rails/saga.rs`.

mod stored;

pub use stored::{Purpose, State, Stored};

use super::{Db, Row, StoreError, Value, id};
use ledger::{Currency, RailNumber, SettlementId, TabId, Timestamp};

macro_rules! charges {
    ($rest:literal) => {
        concat!(
            "select id, tab_id, rail, amount_micros, state, reference, kept, next, binds, locale, period, begun_at, ",
            "ends_at, attempts, in_doubt, reason, purpose, consent_id from charge ",
            $rest
        )
    };
}

fn read(row: &dyn Row, currency: Currency) -> Result<Stored, StoreError> {
    Ok(Stored {
        id: SettlementId::from_bytes(row.bytes(0)?),
        tab: row.id(1)?,
        rail: RailNumber(row.small(2)?),
        amount: row.money(3, currency)?,
        state: State::from_name(&row.text(4)?)?,
        reference: row.text(5)?,
        kept: row.text(6)?,
        next: row.text(7)?,
        binds: row.int(8)? != 0,
        locale: row.text(9)?,
        period: row.maybe_int(10)?,
        begun_at: row.time(11)?,
        ends_at: row.time(12)?,
        attempts: row.small(13)?,
        in_doubt: row.int(14)? != 0,
        reason: row.text(15)?,
        purpose: Purpose::from_name(&row.text(16)?)?,
        consent: row.maybe_int(17)?,
    })
}

/// Writes a new charge, unless its id is taken, the tab has a live one by this rail for the same purpose, or was charged for
/// the same period before; answers whether it did. Whoever stops now leaves it to be taken up at `ask_at`.
///
/// # Errors
/// [`StoreError::Constraint`] for a tab that is not there; whatever the engine says.
pub fn insert(db: &dyn Db, charge: &Stored, ask_at: Timestamp) -> Result<bool, StoreError> {
    let values = [
        charge.id.into(),
        id(charge.tab),
        Value::Int(charge.rail.0.into()),
        charge.amount.into(),
        charge.binds.into(),
        Value::Text(&charge.locale),
        charge.period.map_or(Value::Null, Value::Int),
        charge.begun_at.into(),
        charge.ends_at.into(),
        ask_at.into(),
        charge.purpose.name().into(),
        charge.consent.map_or(Value::Null, Value::Int),
    ];
    let sql = "insert into charge (id, tab_id, rail, amount_micros, state, reference, kept, next, binds, locale, period, \
        begun_at, ends_at, ask_at, asked_at, attempts, in_doubt, reason, purpose, consent_id) \
        values (?1, ?2, ?3, ?4, 'begun', '', '', '', ?5, ?6, ?7, ?8, ?9, ?10, ?8, 0, 0, '', ?11, ?12) on conflict do nothing";
    Ok(db.execute(sql, &values)? == 1)
}

/// The charge with this id.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_id(
    db: &dyn Db,
    charge: SettlementId,
    currency: Currency,
) -> Result<Option<Stored>, StoreError> {
    db.first(charges!("where id = ?1"), &[charge.into()], |row| read(row, currency))
}

/// The charge that a rail calls so; of several, the one begun last.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_reference(
    db: &dyn Db,
    rail: RailNumber,
    reference: &str,
    currency: Currency,
) -> Result<Option<Stored>, StoreError> {
    let sql = charges!(
        "where rail = ?1 and reference = ?2 and reference <> '' order by begun_at desc, id desc limit 1"
    );
    let values = [Value::Int(rail.0.into()), Value::Text(reference)];
    db.first(sql, &values, |row| read(row, currency))
}

/// The live charges of a tab for a purpose, oldest first: one at most for each rail.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn live(
    db: &dyn Db,
    tab: TabId,
    purpose: Purpose,
    currency: Currency,
) -> Result<Vec<Stored>, StoreError> {
    let sql = charges!(
        "where tab_id = ?1 and purpose = ?2 and state in ('begun', 'waiting') order by begun_at, id"
    );
    db.all(sql, &[id(tab), purpose.name().into()], |row| read(row, currency))
}

/// The charge that was begun for this period of a tab.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn of_period(
    db: &dyn Db,
    tab: TabId,
    period: i64,
    currency: Currency,
) -> Result<Option<Stored>, StoreError> {
    let sql = charges!("where tab_id = ?1 and period = ?2");
    db.first(sql, &[id(tab), Value::Int(period)], |row| read(row, currency))
}

/// A try to charge a tab without its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// When it was begun.
    pub at: Timestamp,
    /// Whether the money came.
    pub came: bool,
}

/// The tries to charge a tab without its reader, since an instant.
///
/// # Errors
/// Whatever the engine says.
pub fn attempts(db: &dyn Db, tab: TabId, since: Timestamp) -> Result<Vec<Attempt>, StoreError> {
    let sql = "select begun_at, state = 'settled' from charge \
        where tab_id = ?1 and period is not null and begun_at >= ?2 order by begun_at";
    db.all(sql, &[id(tab), since.into()], |row| {
        Ok(Attempt { at: row.time(0)?, came: row.int(1)? != 0 })
    })
}

/// The last try to charge a tab without its reader, since an instant.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn last_attempt(
    db: &dyn Db,
    tab: TabId,
    since: Timestamp,
    currency: Currency,
) -> Result<Option<Stored>, StoreError> {
    let sql = charges!(
        "where tab_id = ?1 and period is not null and begun_at >= ?2 order by begun_at desc, period desc limit 1"
    );
    db.first(sql, &[id(tab), since.into()], |row| read(row, currency))
}

/// Charges at which the operator has to look, the newest first: refused ones, and those that have been in doubt for more than
/// `attempts` tries. One that binds moves no money.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn troubling(
    db: &dyn Db,
    attempts: i64,
    limit: i64,
    currency: Currency,
) -> Result<Vec<Stored>, StoreError> {
    let sql = charges!(
        "where (state = 'refused' and seen_at is null) or (in_doubt = 1 and attempts > ?1 and reason <> 'under_way' and purpose = 'settle') \
         order by begun_at desc, id limit ?2"
    );
    db.all(sql, &[Value::Int(attempts), Value::Int(limit)], |row| read(row, currency))
}

/// The operator has looked at a refused charge; answers whether there is such a one.
///
/// # Errors
/// Whatever the engine says.
pub fn seen(db: &dyn Db, charge: SettlementId, now: Timestamp) -> Result<bool, StoreError> {
    let sql =
        "update charge set seen_at = coalesce(seen_at, ?2) where id = ?1 and state = 'refused'";
    Ok(db.execute(sql, &[charge.into(), now.into()])? == 1)
}

/// What a rail answered to the beginning of a charge.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// What it calls it.
    pub reference: &'a str,
    /// What it wants kept.
    pub kept: &'a str,
    /// What the reader is shown next, as JSON.
    pub next: &'a str,
}

/// The rail knows of a charge: what it answered. A charge that has come further is left as it is.
///
/// # Errors
/// Whatever the engine says.
pub fn answer(
    db: &dyn Db,
    charge: SettlementId,
    answered: Answered<'_>,
    ask_at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "update charge set state = 'waiting', reference = ?2, kept = ?3, next = ?4, ask_at = ?5, in_doubt = 0 \
        where id = ?1 and state = 'begun'";
    let Answered { reference, kept, next } = answered;
    let texts = [Value::Text(reference), Value::Text(kept), Value::Text(next)];
    db.execute(sql, &[charge.into(), texts[0], texts[1], texts[2], ask_at.into()])?;
    Ok(())
}

/// What changes about a waiting charge.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// What was kept for the rail when it was asked.
    pub before: &'a str,
    /// What is kept for it from now on.
    pub kept: &'a str,
    /// What the reader does next, as JSON; `None` leaves it.
    pub next: Option<&'a str>,
}

/// Charges by a rail, by their ids from `after` on.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn of_rail(
    db: &dyn Db,
    rail: RailNumber,
    after: Option<SettlementId>,
    limit: i64,
    currency: Currency,
) -> Result<Vec<Stored>, StoreError> {
    let sql = charges!("where rail = ?1 and id > ?2 order by id limit ?3");
    let first = [0; 16];
    let after = after.map_or(first, SettlementId::bytes);
    let values = [Value::Int(rail.0.into()), Value::Id(after), Value::Int(limit)];
    db.all(sql, &values, |row| read(row, currency))
}

/// Something that was kept is written anew, whatever has become of the charge; answers whether it was still the same.
///
/// # Errors
/// Whatever the engine says.
pub fn rewrite_kept(
    db: &dyn Db,
    charge: SettlementId,
    (before, after): (&str, &str),
) -> Result<bool, StoreError> {
    let sql = "update charge set kept = ?3 where id = ?1 and kept = ?2";
    Ok(db.execute(sql, &[charge.into(), Value::Text(before), Value::Text(after)])? == 1)
}

/// Changes what is kept for the rail of a live charge, and what its reader does next; answers whether it did: not where
/// somebody has been faster, so that something else is kept by now.
///
/// # Errors
/// Whatever the engine says.
pub fn change(db: &dyn Db, charge: SettlementId, change: Change<'_>) -> Result<bool, StoreError> {
    let sql = "update charge set kept = ?3, next = coalesce(?4, next) \
        where id = ?1 and kept = ?2 and state in ('begun', 'waiting')";
    let Change { before, kept, next } = change;
    let values = [charge.into(), before.into(), kept.into(), next.into()];
    Ok(db.execute(sql, &values)? == 1)
}

/// A live charge leaves no mandate behind when it is paid: its reader does not agree to that any more.
///
/// # Errors
/// Whatever the engine says.
pub fn bind_no_more(db: &dyn Db, charge: SettlementId) -> Result<(), StoreError> {
    let sql = "update charge set binds = 0 \
        where id = ?1 and purpose = ?2 and state in ('begun', 'waiting')";
    db.execute(sql, &[charge.into(), Purpose::Settle.name().into()]).map(drop)
}

/// What an asking has shown about whether money may have moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It may have.
    Arisen,
    /// It is about to, and takes days.
    UnderWay,
    /// It was in doubt when it was asked, and is not any more.
    Over,
    /// Nothing new. Doubt that has arisen since somebody began to ask stands.
    Unchanged,
}

/// Asks again about a live charge, not before `then`.
///
/// # Errors
/// Whatever the engine says.
pub fn put_off(
    db: &dyn Db,
    charge: SettlementId,
    then: Timestamp,
    doubt: Doubt,
) -> Result<(), StoreError> {
    let values = [charge.into(), then.into()];
    let sql = match doubt {
        Doubt::Arisen => {
            "update charge set ask_at = ?2, in_doubt = 1, reason = '' where id = ?1 and state in ('begun', 'waiting')"
        }
        Doubt::UnderWay => {
            "update charge set ask_at = ?2, in_doubt = 1, reason = 'under_way' where id = ?1 and state in ('begun', 'waiting')"
        }
        Doubt::Over => {
            "update charge set ask_at = ?2, in_doubt = 0, reason = '' where id = ?1 and state in ('begun', 'waiting')"
        }
        Doubt::Unchanged => {
            "update charge set ask_at = ?2 where id = ?1 and state in ('begun', 'waiting')"
        }
    };
    db.execute(sql, &values)?;
    Ok(())
}

/// Somebody says that there is news of a charge: it is asked about at once, also when it was over without money.
///
/// # Errors
/// Whatever the engine says.
pub fn hasten(db: &dyn Db, charge: SettlementId, now: Timestamp) -> Result<(), StoreError> {
    let sql = "update charge set ask_at = ?2 where id = ?1 and state <> 'settled'";
    db.execute(sql, &[charge.into(), now.into()])?;
    Ok(())
}

/// A settled charge may have been paid once more: what came besides is asked about at once.
///
/// # Errors
/// Whatever the engine says.
pub fn look_again(db: &dyn Db, charge: SettlementId, now: Timestamp) -> Result<(), StoreError> {
    let sql = "update charge set ask_at = ?2 where id = ?1 and state = 'settled'";
    db.execute(sql, &[charge.into(), now.into()])?;
    Ok(())
}

/// There was no news of a charge that is over: it is not asked about any more.
///
/// # Errors
/// Whatever the engine says.
pub fn rest(db: &dyn Db, charge: SettlementId) -> Result<(), StoreError> {
    let sql = "update charge set ask_at = null where id = ?1 and state not in ('begun', 'waiting')";
    db.execute(sql, &[charge.into()])?;
    Ok(())
}

/// A charge is over. A settled one stays settled, whatever is said later; one that is over otherwise can only become settled, or
/// refused. Answers whether it has become so now.
///
/// # Errors
/// Whatever the engine says.
pub fn close(
    db: &dyn Db,
    charge: SettlementId,
    state: State,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let values = [charge.into(), state.name().into(), Value::Text(reason), now.into()];
    let sql = match state {
        State::Settled | State::Refused => {
            "update charge set state = ?2, reason = ?3, closed_at = ?4, ask_at = null, in_doubt = 0 \
             where id = ?1 and state <> 'settled'"
        }
        State::Begun | State::Waiting | State::Declined | State::Abandoned => {
            "update charge set state = ?2, reason = ?3, closed_at = ?4, ask_at = null, in_doubt = 0 \
             where id = ?1 and state in ('begun', 'waiting')"
        }
    };
    Ok(db.execute(sql, &values)? == 1)
}

/// Charges that are to be asked about, those that have waited longest first.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn due(
    db: &dyn Db,
    now: Timestamp,
    limit: i64,
    currency: Currency,
) -> Result<Vec<Stored>, StoreError> {
    let sql = charges!("where ask_at is not null and ask_at <= ?1 order by ask_at, id limit ?2");
    db.all(sql, &[now.into(), Value::Int(limit)], |row| read(row, currency))
}

super::schedule::asked_again!("charge", charge: SettlementId => charge.into());

/// Notes that the reader makes the shop ask about a charge now; answers whether they may: not where they have since `since`.
///
/// # Errors
/// Whatever the engine says.
pub fn ask_now(
    db: &dyn Db,
    charge: SettlementId,
    since: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "update charge set asked_at = ?3 where id = ?1 and \
        (asked_at is null or asked_at <= ?2 or asked_at > ?3)";
    Ok(db.execute(sql, &[charge.into(), since.into(), now.into()])? == 1)
}
