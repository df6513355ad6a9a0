//! Tabs and the money received for them.

use super::{Db, Row, StoreError, Value, id};
use crate::till::batch::StoredTab;
use crate::till::command::SecretHash;
use ledger::receipts::Chain;
use ledger::{
    Currency, Money, RailNumber, SettlementId, SettlementNow, ShopId, Tab, TabId, Timestamp,
};

/// The names of the columns of a tab that [`read`] reads.
macro_rules! tab_names {
    () => {
        "tab.id, tab.secret_hash, tab.opened_at, tab.open_micros, tab.credit_micros, tab.open_lines, \
         tab.oldest_open_at, tab.settlements, tab.purchases, tab.undone, tab.chain_length, tab.chain_head, \
         tab.written_off_micros, tab.mandate, tab.disputes_open, tab.disputes_lost, tab.borne_micros"
    };
}

/// The names of the columns of a tab that [`read_claimed`] reads: how many notices its reader has not put away comes last.
macro_rules! claimed_names {
    () => {
        concat!(
            $crate::store::tab::tab_names!(),
            ", (select count(*) from notice where tab_id = tab.id and dismissed_at is null)"
        )
    };
}
pub(super) use {claimed_names, tab_names};

/// The columns of a tab that [`read`] reads, from column 0, and the rest of the question.
macro_rules! tab_columns {
    ($rest:literal) => {
        concat!("select ", $crate::store::tab::tab_names!(), " from tab ", $rest)
    };
}
pub(super) use tab_columns;

/// Reads the columns that [`tab_columns`] names.
pub(super) fn read(row: &dyn Row, currency: Currency) -> Result<StoredTab, StoreError> {
    let tab = Tab {
        id: row.id(0)?,
        opened_at: row.time(2)?,
        open: row.money(3, currency)?,
        credit: row.money(4, currency)?,
        open_lines: row.small(5)?,
        oldest_open_at: row.maybe_time(6)?,
        settlements: row.small(7)?,
        purchases: row.small(8)?,
        undone: row.small(9)?,
        chain: Chain { length: row.count(10)?, head: row.bytes(11)? },
        written_off: row.money(12, currency)?,
        mandate: row.int(13)? != 0,
        disputes_open: row.small(14)?,
        disputes_lost: row.small(15)?,
        borne: row.money(16, currency)?,
    };
    Ok(StoredTab { secret_hash: row.bytes(1)?, tab })
}

/// The tab, if there is one.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_id(db: &dyn Db, tab: TabId, currency: Currency) -> Result<Option<StoredTab>, StoreError> {
    db.first(tab_columns!("where id = ?1"), &[id(tab)], |row| read(row, currency))
}

/// Tabs with ids above `after`, oldest first, at most `limit`.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn page(
    db: &dyn Db,
    after: TabId,
    limit: i64,
    currency: Currency,
) -> Result<Vec<Tab>, StoreError> {
    let sql = tab_columns!("where id > ?1 order by id limit ?2");
    db.all(sql, &[id(after), Value::Int(limit)], |row| Ok(read(row, currency)?.tab))
}

/// A tab of whoever has its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The tab.
    pub tab: Tab,
    /// How many notices its reader has not put away.
    pub notices: u32,
}

impl std::ops::Deref for Claimed {
    type Target = Tab;

    fn deref(&self) -> &Tab {
        &self.tab
    }
}

/// The tab, if the secret is its own.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn claimed(
    db: &dyn Db,
    tab: TabId,
    secret_hash: &SecretHash,
    currency: Currency,
) -> Result<Option<Claimed>, StoreError> {
    let sql = concat!("select ", claimed_names!(), " from tab where id = ?1");
    let found = db.first(sql, &[id(tab)], |row| read_claimed(row, secret_hash, currency))?;
    Ok(found.flatten())
}

/// Reads the columns that [`claimed_names`] names, of a tab whose secret may be another one.
pub(super) fn read_claimed(
    row: &dyn Row,
    secret_hash: &SecretHash,
    currency: Currency,
) -> Result<Option<Claimed>, StoreError> {
    let stored = read(row, currency)?;
    let notices = row.small(17)?;
    Ok((stored.secret_hash == *secret_hash).then_some(Claimed { tab: stored.tab, notices }))
}

/// Opens a tab.
///
/// # Errors
/// [`StoreError::Constraint`] when its id is taken; whatever the engine says.
pub fn open(db: &dyn Db, tab: &Tab, secret_hash: &SecretHash) -> Result<(), StoreError> {
    let values = [
        id(tab.id),
        secret_hash.into(),
        tab.opened_at.into(),
        tab.open.into(),
        tab.credit.into(),
        Value::Int(tab.open_lines.into()),
        tab.oldest_open_at.into(),
        Value::Int(tab.settlements.into()),
        Value::Int(tab.purchases.into()),
        Value::Int(tab.undone.into()),
        Value::Int(tab.chain.length.cast_signed()),
        Value::Blob(&tab.chain.head),
        tab.written_off.into(),
        Value::Int(tab.mandate.into()),
        Value::Int(tab.disputes_open.into()),
        Value::Int(tab.disputes_lost.into()),
        tab.borne.into(),
    ];
    db.execute(
        "insert into tab (id, secret_hash, opened_at, open_micros, credit_micros, open_lines, oldest_open_at, \
         settlements, purchases, undone, chain_length, chain_head, written_off_micros, mandate, disputes_open, \
         disputes_lost, borne_micros) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        &values,
    )?;
    Ok(())
}

/// Writes how a tab stands.
///
/// # Errors
/// Whatever the engine says.
pub fn update(db: &dyn Db, tab: &Tab) -> Result<(), StoreError> {
    let values = [
        id(tab.id),
        tab.open.into(),
        tab.credit.into(),
        Value::Int(tab.open_lines.into()),
        tab.oldest_open_at.into(),
        Value::Int(tab.settlements.into()),
        Value::Int(tab.purchases.into()),
        Value::Int(tab.undone.into()),
        Value::Int(tab.chain.length.cast_signed()),
        Value::Blob(&tab.chain.head),
        tab.written_off.into(),
        Value::Int(tab.mandate.into()),
        Value::Int(tab.disputes_open.into()),
        Value::Int(tab.disputes_lost.into()),
        tab.borne.into(),
    ];
    db.execute(
        "update tab set open_micros = ?2, credit_micros = ?3, open_lines = ?4, oldest_open_at = ?5, \
         settlements = ?6, purchases = ?7, undone = ?8, chain_length = ?9, chain_head = ?10, \
         written_off_micros = ?11, mandate = ?12, disputes_open = ?13, disputes_lost = ?14, \
         borne_micros = ?15 where id = ?1",
        &values,
    )?;
    Ok(())
}

/// The settlements for which `$which` holds, and how they stand: what [`read_settlement`] reads.
macro_rules! settlements {
    ($which:literal) => {
        concat!(
            "select s.id, s.tab_id, s.rail, s.received_micros, (select cast(coalesce(sum(r.micros), 0) as bigint) ",
            "from refund r left join refund_failure f on f.refund_id = r.id ",
            "where r.settlement_id = s.id and f.refund_id is null), ",
            "(select cast(coalesce(sum(d.micros), 0) as bigint) from dispute d left join dispute_end e ",
            "on e.settlement_id = d.settlement_id and e.name = d.name ",
            "where d.settlement_id = s.id and coalesce(e.won, 0) = 0), s.settled_at from settlement s where ",
            $which
        )
    };
}
pub(super) use settlements;

/// Reads the columns that [`settlements`] names.
pub(super) fn read_settlement(
    row: &dyn Row,
    currency: Currency,
) -> Result<(SettlementId, SettlementNow), StoreError> {
    let now = SettlementNow {
        tab: row.id(1)?,
        rail: RailNumber(row.small(2)?),
        received: row.money(3, currency)?,
        given_back: row.money(4, currency)?,
        disputed: row.money(5, currency)?,
    };
    Ok((SettlementId::from_bytes(row.bytes(0)?), now))
}

/// A settlement that was received before, as it stands.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn settlement(
    db: &dyn Db,
    settlement: SettlementId,
    currency: Currency,
) -> Result<Option<SettlementNow>, StoreError> {
    let read = |row: &dyn Row| Ok(read_settlement(row, currency)?.1);
    db.first(settlements!("s.id = ?1"), &[settlement.into()], read)
}

/// Money that a rail brought for a tab, as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brought {
    /// The settlement.
    pub id: SettlementId,
    /// How it stands.
    pub now: SettlementNow,
    /// When it came.
    pub at: Timestamp,
}

/// What rails brought for a tab, the newest first, at most `limit`.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn brought(
    db: &dyn Db,
    tab: TabId,
    limit: i64,
    currency: Currency,
) -> Result<Vec<Brought>, StoreError> {
    let sql =
        settlements!("s.tab_id = ?1 and s.rail > 0 order by s.settled_at desc, s.id desc limit ?2");
    db.all(sql, &[id(tab), Value::Int(limit)], |row| {
        let (id, now) = read_settlement(row, currency)?;
        Ok(Brought { id, now, at: row.time(6)? })
    })
}

/// What the rail of a settlement calls it: what a refund names.
///
/// # Errors
/// Whatever the engine says.
pub fn reference(db: &dyn Db, settlement: SettlementId) -> Result<Option<String>, StoreError> {
    let sql = "select reference from settlement where id = ?1";
    db.first(sql, &[settlement.into()], |row| row.text(0))
}

/// From when the clock looks at a tab.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    /// Its oldest open line is from then or before,
    pub oldest: Timestamp,
    /// or it can be charged and owes so much.
    pub owed: Money,
}

/// Tabs after `after` at which the clock has to look, at most `limit`. Every tab is gone through: it is asked for now and then.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn due(
    db: &dyn Db,
    due: Due,
    after: TabId,
    limit: i64,
    currency: Currency,
) -> Result<Vec<Tab>, StoreError> {
    let sql = tab_columns!(
        "where id > ?3 and oldest_open_at is not null and (oldest_open_at <= ?1 or (mandate = 1 \
         and open_micros + written_off_micros - credit_micros >= ?2)) order by id limit ?4"
    );
    let values = [due.oldest.into(), due.owed.into(), id(after), Value::Int(limit)];
    db.all(sql, &values, |row| Ok(read(row, currency)?.tab))
}

/// A tab that owes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owing {
    /// The tab.
    pub tab: TabId,
    /// What it owes.
    pub owed: Money,
    /// How many lines wait to be paid.
    pub lines: u32,
    /// When the oldest of them was bought.
    pub oldest_at: Option<Timestamp>,
    /// Whether they were written off.
    pub is_written_off: bool,
    /// Whether a payment of it is disputed.
    pub is_disputed: bool,
}

/// Tabs that owe something or of which a payment is disputed, opened after `after`, at most `limit`.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn owing(
    db: &dyn Db,
    after: TabId,
    limit: i64,
    currency: Currency,
) -> Result<Vec<Owing>, StoreError> {
    let sql = "select id, case when open_micros + written_off_micros > credit_micros \
          then open_micros + written_off_micros - credit_micros else 0 end, \
        open_lines + (select count(*) from write_off w left join undo u on u.line_id = w.line_id and u.tab_id = w.tab_id \
          left join payment p on p.line_id = w.line_id and p.tab_id = w.tab_id \
          where w.tab_id = tab.id and u.line_id is null and p.line_id is null), \
        coalesce(oldest_open_at, (select min(l.bought_at) from write_off w join line l on l.id = w.line_id and l.tab_id = w.tab_id \
          left join undo u on u.line_id = w.line_id and u.tab_id = w.tab_id \
          left join payment p on p.line_id = w.line_id and p.tab_id = w.tab_id \
          where w.tab_id = tab.id and u.line_id is null and p.line_id is null)), \
        case when written_off_micros > 0 then 1 else 0 end, disputes_open from tab \
        where id > ?1 and (open_micros + written_off_micros > credit_micros or disputes_open > 0) order by id limit ?2";
    db.all(sql, &[Value::Int(after.raw()), Value::Int(limit)], |row| {
        Ok(Owing {
            tab: row.id(0)?,
            owed: row.money(1, currency)?,
            lines: row.small(2)?,
            oldest_at: row.maybe_time(3)?,
            is_written_off: row.int(4)? != 0,
            is_disputed: row.int(5)? != 0,
        })
    })
}

/// Tabs that have credit, the newest first, at most `limit`.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn credited(db: &dyn Db, limit: i64, currency: Currency) -> Result<Vec<Tab>, StoreError> {
    let sql = tab_columns!("where credit_micros > 0 order by id desc limit ?1");
    db.all(sql, &[Value::Int(limit)], |row| Ok(read(row, currency)?.tab))
}

/// What all tabs owe together, with what was written off.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn owed_in_all(db: &dyn Db, currency: Currency) -> Result<Money, StoreError> {
    let sql = "select cast(coalesce(sum(open_micros + written_off_micros - credit_micros), 0) as bigint) from tab \
        where open_micros + written_off_micros > credit_micros";
    let found = db.first(sql, &[], |row| row.money(0, currency))?;
    Ok(found.unwrap_or(Money::zero(currency)))
}

/// When the operator last opened a tab again.
///
/// # Errors
/// Whatever the engine says.
pub fn reopened(db: &dyn Db, tab: TabId) -> Result<Option<Timestamp>, StoreError> {
    let sql = "select max(reopened_at) from reopening where tab_id = ?1";
    Ok(db.first(sql, &[id(tab)], |row| row.maybe_time(0))?.flatten())
}
