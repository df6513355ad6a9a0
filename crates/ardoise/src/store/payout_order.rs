//! Payouts that rails are asked to carry out. What happens to one, in which order, stands in `rails/payouts.rs`; what the books know
//! of it, in `payout.rs`.

use super::{Db, Row, StoreError, Value, id};
use ledger::{Currency, PayOut, PayoutId, RailNumber, Timestamp};

/// How far a payout has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is written; the books and the rail may not know of it yet.
    Begun,
    /// The author has it.
    Done,
    /// It was not sent, or came back: it is available again.
    Returned,
    /// The books refused it: nothing was moved.
    Refused,
}

impl State {
    const ALL: [Self; 4] = [Self::Begun, Self::Done, Self::Returned, Self::Refused];

    /// How it is written down.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Returned => "returned",
            Self::Refused => "refused",
        }
    }

    pub(super) fn from_name(name: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|state| state.name() == name);
        found.ok_or_else(|| StoreError::Corrupt(format!("a payout that is {name}")))
    }
}

/// A payout as it is asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct Order {
    /// What is sent.
    pub pay_out: PayOut,
    /// Where to; none once it is over.
    pub address: Option<String>,
    /// How far it has come.
    pub state: State,
    /// What the rail calls it; may be empty.
    pub reference: String,
    /// Why it is over, or what the rail last failed with; may be empty.
    pub reason: String,
    /// When it was begun.
    pub begun_at: Timestamp,
    /// How often the worker took it up.
    pub attempts: u32,
}

impl std::fmt::Debug for Order {
    /// Leaves out where it is sent.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order")
            .field("pay_out", &self.pay_out)
            .field("state", &self.state)
            .field("reference", &self.reference)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

macro_rules! orders {
    ($rest:literal) => {
        concat!(
            "select id, author_id, rail, amount_micros, address, state, reference, reason, begun_at, attempts \
             from payout_order ",
            $rest
        )
    };
}

fn read(row: &dyn Row, currency: Currency) -> Result<Order, StoreError> {
    let pay_out = PayOut {
        id: row.id(0)?,
        author: row.id(1)?,
        rail: RailNumber(row.small(2)?),
        amount: row.money(3, currency)?,
    };
    Ok(Order {
        pay_out,
        address: row.maybe_text(4)?,
        state: State::from_name(&row.text(5)?)?,
        reference: row.text(6)?,
        reason: row.text(7)?,
        begun_at: row.time(8)?,
        attempts: row.small(9)?,
    })
}

/// Writes a new order, unless its id is taken; answers whether it did. Whoever stops now leaves it to be taken up at `ask_at`.
///
/// # Errors
/// [`StoreError::Constraint`] for an author who is not there; whatever the engine says.
pub fn insert(db: &dyn Db, order: &Order, ask_at: Timestamp) -> Result<bool, StoreError> {
    let PayOut { id: payout, author, rail, amount } = order.pay_out;
    let values = [
        id(payout),
        id(author),
        Value::Int(rail.0.into()),
        amount.into(),
        order.address.as_deref().into(),
        order.begun_at.into(),
        ask_at.into(),
    ];
    let sql = "insert into payout_order (id, author_id, rail, amount_micros, address, state, reference, reason, begun_at, \
        ask_at, attempts) values (?1, ?2, ?3, ?4, ?5, 'begun', '', '', ?6, ?7, 0) on conflict do nothing";
    Ok(db.execute(sql, &values)? == 1)
}

/// The order with this id.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_id(
    db: &dyn Db,
    payout: PayoutId,
    currency: Currency,
) -> Result<Option<Order>, StoreError> {
    db.first(orders!("where id = ?1"), &[id(payout)], |row| read(row, currency))
}

/// Orders that the operator is shown, the newest first: those under way, and those that came back until they have looked.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn shown(db: &dyn Db, limit: i64, currency: Currency) -> Result<Vec<Order>, StoreError> {
    let sql = orders!(
        "where state = 'begun' or (state = 'returned' and seen_at is null) order by begun_at desc, id desc limit ?1"
    );
    db.all(sql, &[Value::Int(limit)], |row| read(row, currency))
}

/// The operator has looked at an order that came back; answers whether there is such a one.
///
/// # Errors
/// Whatever the engine says.
pub fn seen(db: &dyn Db, payout: PayoutId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "update payout_order set seen_at = coalesce(seen_at, ?2) where id = ?1 and state = 'returned'";
    Ok(db.execute(sql, &[id(payout), now.into()])? == 1)
}

/// Asks the rail again about an order, not before `then`; `reason` is what it failed with, if it did. What the rail calls it is
/// kept, once it is known.
///
/// # Errors
/// Whatever the engine says.
pub fn put_off(
    db: &dyn Db,
    payout: PayoutId,
    then: Timestamp,
    (reference, reason): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "update payout_order set ask_at = ?2, reason = ?4, \
        reference = case when reference = '' then ?3 else reference end where id = ?1 and state in ('begun', 'done')";
    db.execute(sql, &[id(payout), then.into(), Value::Text(reference), Value::Text(reason)])?;
    Ok(())
}

/// There was no news of an order that is over: it is not asked about any more.
///
/// # Errors
/// Whatever the engine says.
pub fn rest(db: &dyn Db, payout: PayoutId) -> Result<(), StoreError> {
    let sql = "update payout_order set ask_at = null where id = ?1 and state <> 'begun'";
    db.execute(sql, &[id(payout)])?;
    Ok(())
}

/// Which order a rail speaks of.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// By which rail.
    pub rail: RailNumber,
    /// The order.
    pub payout: Option<PayoutId>,
    /// What the rail calls it; may be empty.
    pub reference: &'a str,
}

/// Somebody says that there is news of a payout: where the rail has it, or says that it was done, it is asked about at once. What
/// came back stays so. Answers whether there is such a one.
///
/// # Errors
/// Whatever the engine says.
pub fn hasten(db: &dyn Db, named: Named<'_>, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "update payout_order set ask_at = ?4 where rail = ?1 and (id = ?2 or (reference <> '' and reference = ?3)) \
        and state in ('begun', 'done')";
    let payout = named.payout.map_or(Value::Null, id);
    let rail = Value::Int(named.rail.0.into());
    Ok(db.execute(sql, &[rail, payout, Value::Text(named.reference), now.into()])? > 0)
}

/// How an order has ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// How.
    pub state: State,
    /// What the rail calls it; empty where it has not said.
    pub reference: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// An order is over, and where it was sent is forgotten. What was done can only come back, and what came back or was refused stays
/// so.
///
/// # Errors
/// Whatever the engine says.
pub fn close(
    db: &dyn Db,
    payout: PayoutId,
    ended: Ended<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let values = [
        id(payout),
        ended.state.name().into(),
        Value::Text(ended.reference),
        Value::Text(ended.reason),
        now.into(),
    ];
    let sql = match ended.state {
        State::Returned => {
            "update payout_order set state = ?2, reference = case when ?3 = '' then reference else ?3 end, reason = ?4, \
             closed_at = ?5, ask_at = null, address = null where id = ?1 and state in ('begun', 'done')"
        }
        State::Begun | State::Done | State::Refused => {
            "update payout_order set state = ?2, reference = case when ?3 = '' then reference else ?3 end, reason = ?4, \
             closed_at = ?5, ask_at = null, address = null where id = ?1 and state = 'begun'"
        }
    };
    db.execute(sql, &values)?;
    Ok(())
}

/// Orders that are to be asked about, those that have waited longest first.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn due(
    db: &dyn Db,
    now: Timestamp,
    limit: i64,
    currency: Currency,
) -> Result<Vec<Order>, StoreError> {
    let sql = orders!("where ask_at is not null and ask_at <= ?1 order by ask_at, id limit ?2");
    db.all(sql, &[now.into(), Value::Int(limit)], |row| read(row, currency))
}

super::schedule::asked_again!("payout_order", payout: PayoutId => id(payout));
