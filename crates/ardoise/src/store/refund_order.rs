//! Refunds that rails are asked to carry out. What happens to one, in which order, stands in `rails/refunds.rs`; what the books
//! know of it, in `refund.rs`.

use super::{Db, Row, StoreError, Value, id};
use ledger::{Currency, RailNumber, Refund, RefundId, SettlementId, TabId, Timestamp};

/// How far a refund has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is written; the books and the rail may not know of it yet.
    Begun,
    /// The rail has sent it.
    Done,
    /// The rail does not send it: the money is credit of the tab again.
    Declined,
    /// The books refused it: nothing was moved.
    Refused,
}

impl State {
    const ALL: [Self; 4] = [Self::Begun, Self::Done, Self::Declined, Self::Refused];

    /// How it is written down, and told to programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Declined => "declined",
            Self::Refused => "refused",
        }
    }

    fn from_name(name: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|state| state.name() == name);
        found.ok_or_else(|| StoreError::Corrupt(format!("a refund that is {name}")))
    }
}

/// A refund as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What goes back.
    pub refund: Refund,
    /// Whose credit it is.
    pub tab: TabId,
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

macro_rules! orders {
    ($rest:literal) => {
        concat!(
            "select id, tab_id, settlement_id, rail, amount_micros, state, reference, reason, begun_at, attempts \
             from refund_order ",
            $rest
        )
    };
}

fn read(row: &dyn Row, currency: Currency) -> Result<Order, StoreError> {
    let refund = Refund {
        id: RefundId::from_bytes(row.bytes(0)?),
        settlement: SettlementId::from_bytes(row.bytes(2)?),
        rail: RailNumber(row.small(3)?),
        amount: row.money(4, currency)?,
    };
    Ok(Order {
        refund,
        tab: row.id(1)?,
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
/// [`StoreError::Constraint`] for a tab or settlement that is not there; whatever the engine says.
pub fn insert(db: &dyn Db, order: &Order, ask_at: Timestamp) -> Result<bool, StoreError> {
    let Refund { id: refund, settlement, rail, amount } = order.refund;
    let values = [
        refund.into(),
        id(order.tab),
        settlement.into(),
        Value::Int(rail.0.into()),
        amount.into(),
        order.begun_at.into(),
        ask_at.into(),
    ];
    let sql = "insert into refund_order (id, tab_id, settlement_id, rail, amount_micros, state, reference, reason, \
        begun_at, ask_at, attempts) values (?1, ?2, ?3, ?4, ?5, 'begun', '', '', ?6, ?7, 0) on conflict do nothing";
    Ok(db.execute(sql, &values)? == 1)
}

/// The order with this id.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_id(
    db: &dyn Db,
    refund: RefundId,
    currency: Currency,
) -> Result<Option<Order>, StoreError> {
    db.first(orders!("where id = ?1"), &[refund.into()], |row| read(row, currency))
}

/// Orders at which the operator has to look, the newest first: declined ones, and those that have been tried more than
/// `attempts` times.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn troubling(
    db: &dyn Db,
    attempts: i64,
    limit: i64,
    currency: Currency,
) -> Result<Vec<Order>, StoreError> {
    let sql = orders!(
        "where (state = 'declined' and seen_at is null) or (state = 'begun' and attempts > ?1) \
         order by begun_at desc, id limit ?2"
    );
    db.all(sql, &[Value::Int(attempts), Value::Int(limit)], |row| read(row, currency))
}

/// The operator has looked at a declined order; answers whether there is such a one.
///
/// # Errors
/// Whatever the engine says.
pub fn seen(db: &dyn Db, refund: RefundId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "update refund_order set seen_at = coalesce(seen_at, ?2) where id = ?1 and state = 'declined'";
    Ok(db.execute(sql, &[refund.into(), now.into()])? == 1)
}

/// Asks the rail again about an order, not before `then`; `reason` is what it failed with, if it did.
///
/// # Errors
/// Whatever the engine says.
pub fn put_off(
    db: &dyn Db,
    refund: RefundId,
    then: Timestamp,
    reason: &str,
) -> Result<(), StoreError> {
    let sql = "update refund_order set ask_at = ?2, reason = ?3 where id = ?1 and state in ('begun', 'done')";
    db.execute(sql, &[refund.into(), then.into(), Value::Text(reason)])?;
    Ok(())
}

/// There was no news of an order that is over: it is not asked about any more.
///
/// # Errors
/// Whatever the engine says.
pub fn rest(db: &dyn Db, refund: RefundId) -> Result<(), StoreError> {
    let sql = "update refund_order set ask_at = null where id = ?1 and state <> 'begun'";
    db.execute(sql, &[refund.into()])?;
    Ok(())
}

/// Somebody says that there is news of what was sent back of a settlement: orders that the rail has, and those that it says it has
/// carried out, are asked about at once. What it declined stays declined.
///
/// # Errors
/// Whatever the engine says.
pub fn hasten(db: &dyn Db, settlement: SettlementId, now: Timestamp) -> Result<(), StoreError> {
    let sql = "update refund_order set ask_at = ?2 where settlement_id = ?1 and state in ('begun', 'done')";
    db.execute(sql, &[settlement.into(), now.into()])?;
    Ok(())
}

/// How an order has ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// How.
    pub state: State,
    /// What the rail calls it.
    pub reference: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// An order is over. What was done can only become declined, and what was declined or refused stays so.
///
/// # Errors
/// Whatever the engine says.
pub fn close(
    db: &dyn Db,
    refund: RefundId,
    ended: Ended<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let values = [
        refund.into(),
        ended.state.name().into(),
        Value::Text(ended.reference),
        Value::Text(ended.reason),
        now.into(),
    ];
    let sql = match ended.state {
        State::Declined => {
            "update refund_order set state = ?2, reference = ?3, reason = ?4, closed_at = ?5, ask_at = null \
             where id = ?1 and state in ('begun', 'done')"
        }
        State::Begun | State::Done | State::Refused => {
            "update refund_order set state = ?2, reference = ?3, reason = ?4, closed_at = ?5, ask_at = null \
             where id = ?1 and state = 'begun'"
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

super::schedule::asked_again!("refund_order", refund: RefundId => refund.into());

/// A refund as its reader and the operator see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The refund.
    pub refund: Refund,
    /// When it was made.
    pub at: Timestamp,
    /// Whether it was taken back: the money is credit again.
    pub has_failed: bool,
    /// How far the rail has come with it; nothing where the operator sent it.
    pub state: Option<State>,
    /// Whether that was at the provider's own page.
    pub elsewhere: bool,
}

/// The refunds of a tab, newest first, at most `limit`.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn shown(
    db: &dyn Db,
    tab: TabId,
    limit: i64,
    currency: Currency,
) -> Result<Vec<Shown>, StoreError> {
    let sql = "select r.id, r.settlement_id, r.rail, r.micros, r.refunded_at, f.refund_id is not null, o.state, r.elsewhere \
        from refund r left join refund_failure f on f.refund_id = r.id left join refund_order o on o.id = r.id \
        where r.tab_id = ?1 order by r.refunded_at desc, r.id desc limit ?2";
    db.all(sql, &[id(tab), Value::Int(limit)], |row| {
        let refund = Refund {
            id: RefundId::from_bytes(row.bytes(0)?),
            settlement: SettlementId::from_bytes(row.bytes(1)?),
            rail: RailNumber(row.small(2)?),
            amount: row.money(3, currency)?,
        };
        let state = row.maybe_text(6)?.map(|name| State::from_name(&name)).transpose()?;
        let (has_failed, elsewhere) = (row.int(5)? != 0, row.int(7)? != 0);
        Ok(Shown { refund, at: row.time(4)?, has_failed, state, elsewhere })
    })
}

/// The orders of a settlement that a rail may have heard of: the id of each, and what the rail calls it.
///
/// # Errors
/// Whatever the engine says.
pub fn of_settlement(
    db: &dyn Db,
    settlement: SettlementId,
) -> Result<Vec<(RefundId, String)>, StoreError> {
    let sql = "select id, reference from refund_order where settlement_id = ?1";
    db.all(sql, &[settlement.into()], |row| Ok((RefundId::from_bytes(row.bytes(0)?), row.text(1)?)))
}
