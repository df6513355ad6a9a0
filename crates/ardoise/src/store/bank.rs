//! What the operator's bank says that came: credits of its statements. How they come to a tab stands in `bank/mod.rs`.

use super::{Db, Row, StoreError, Value, id};
use ledger::{BankEntryId, Currency, Money, SettlementId, StatementId, TabId, Timestamp};

/// The currency of every entry: SEPA knows no other.
const CURRENCY: Currency = Currency::Eur;

/// A credit on the operator's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: BankEntryId,
    /// Which kind of statement it was first read from: `camt` or `csv`.
    pub source: &'static str,
    /// The day on which the bank booked it: its midnight.
    pub booked_on: Timestamp,
    /// How much.
    pub amount: Money,
    /// What the bank calls it, or the creditor reference; may be empty.
    pub reference: String,
    /// Who paid, and what they wrote; empty once it is on a tab.
    pub said: String,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The tab that it pays.
    pub tab: TabId,
    /// The settlement that it becomes: that of a charge, or one of its own.
    pub settlement: SettlementId,
}

macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "select id, source, booked_on, amount_micros, reference, said from bank_entry where ",
            $rest
        )
    };
}

fn read(row: &dyn Row) -> Result<Entry, StoreError> {
    let source = row.text(1)?;
    Ok(Entry {
        id: BankEntryId::from_bytes(row.bytes(0)?),
        source: if source == "csv" { "csv" } else { "camt" },
        booked_on: row.time(2)?,
        amount: row.money(3, CURRENCY)?,
        reference: row.text(4)?,
        said: row.text(5)?,
    })
}

/// Writes an entry, on a tab or waiting for the operator, unless it is known; answers whether it was new.
///
/// # Errors
/// [`StoreError::Constraint`] for a settlement that another entry becomes; whatever the engine says.
pub fn insert(
    db: &dyn Db,
    entry: &Entry,
    place: Option<Place>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let said = if place.is_some() { "" } else { entry.said.as_str() };
    let values = [
        entry.id.into(),
        Value::Text(entry.source),
        entry.booked_on.into(),
        entry.amount.into(),
        Value::Text(&entry.reference),
        Value::Text(said),
        now.into(),
        place.map_or(Value::Null, |place| id(place.tab)),
        place.map_or(Value::Null, |place| place.settlement.into()),
        place.map(|_| now).into(),
    ];
    let sql = "insert into bank_entry (id, source, booked_on, amount_micros, reference, said, imported_at, tab_id, \
        settlement_id, placed_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) on conflict (id) do nothing";
    Ok(db.execute(sql, &values)? == 1)
}

/// Whether an entry is known.
///
/// # Errors
/// Whatever the engine says.
pub fn is_known(db: &dyn Db, entry: BankEntryId) -> Result<bool, StoreError> {
    let sql = "select count(*) from bank_entry where id = ?1";
    Ok(db.number(sql, &[entry.into()])? > 0)
}

/// How many entries of that day and amount were first read from another kind of statement than `entry`.
///
/// # Errors
/// Whatever the engine says.
pub fn alike_elsewhere(db: &dyn Db, entry: &Entry) -> Result<i64, StoreError> {
    let sql = "select count(*) from bank_entry where amount_micros = ?1 and booked_on = ?2 and source <> ?3";
    db.number(sql, &[entry.amount.into(), entry.booked_on.into(), Value::Text(entry.source)])
}

/// Whether an entry becomes this settlement.
///
/// # Errors
/// Whatever the engine says.
pub fn is_taken(db: &dyn Db, settlement: SettlementId) -> Result<bool, StoreError> {
    let sql = "select count(*) from bank_entry where settlement_id = ?1";
    Ok(db.number(sql, &[settlement.into()])? > 0)
}

/// The entry that pays a charge.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn paying(db: &dyn Db, charge: SettlementId) -> Result<Option<Entry>, StoreError> {
    db.first(entries!("settlement_id = ?1"), &[charge.into()], read)
}

/// Puts an entry that waits, or that was put aside, on a tab; answers whether it did.
///
/// # Errors
/// [`StoreError::Constraint`] for a tab that is not there; whatever the engine says.
pub fn put_on_tab(
    db: &dyn Db,
    entry: BankEntryId,
    place: Place,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "update bank_entry set tab_id = ?2, settlement_id = ?3, placed_at = ?4, said = '' \
        where id = ?1 and tab_id is null";
    let values = [entry.into(), id(place.tab), place.settlement.into(), now.into()];
    Ok(db.execute(sql, &values)? == 1)
}

/// The tab and the settlement of an entry that is on one.
///
/// # Errors
/// Whatever the engine says.
pub fn place(db: &dyn Db, entry: BankEntryId) -> Result<Option<Place>, StoreError> {
    let sql = "select tab_id, settlement_id from bank_entry where id = ?1 and tab_id is not null";
    db.first(sql, &[entry.into()], |row| {
        Ok(Place { tab: row.id(0)?, settlement: SettlementId::from_bytes(row.bytes(1)?) })
    })
}

/// Puts an entry aside that waits, or lets it wait again; answers whether it did.
///
/// # Errors
/// Whatever the engine says.
pub fn put_aside(
    db: &dyn Db,
    entry: BankEntryId,
    aside: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let sql = "update bank_entry set placed_at = ?2 where id = ?1 and tab_id is null";
    Ok(db.execute(sql, &[entry.into(), aside.into()])? == 1)
}

/// An entry.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_id(db: &dyn Db, entry: BankEntryId) -> Result<Option<Entry>, StoreError> {
    db.first(entries!("id = ?1"), &[entry.into()], read)
}

/// The entries that wait for the operator, the oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn waiting(db: &dyn Db, limit: i64) -> Result<Vec<Entry>, StoreError> {
    let sql = entries!("placed_at is null order by booked_on, id limit ?1");
    db.all(sql, &[Value::Int(limit)], read)
}

/// The entries that the operator has put aside, the last first.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn aside(db: &dyn Db, limit: i64) -> Result<Vec<Entry>, StoreError> {
    let sql =
        entries!("placed_at is not null and tab_id is null order by placed_at desc, id limit ?1");
    db.all(sql, &[Value::Int(limit)], read)
}

/// Entries on a tab of which nobody has made sure yet that they are in the books, those first that have waited longest.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn unsettled(db: &dyn Db, limit: i64) -> Result<Vec<Entry>, StoreError> {
    let sql = entries!("tab_id is not null and settled_at is null order by placed_at, id limit ?1");
    db.all(sql, &[Value::Int(limit)], read)
}

/// An entry is in the books.
///
/// # Errors
/// Whatever the engine says.
pub fn settled(db: &dyn Db, entry: BankEntryId, now: Timestamp) -> Result<(), StoreError> {
    let sql = "update bank_entry set settled_at = ?2 where id = ?1 and settled_at is null";
    db.execute(sql, &[entry.into(), now.into()])?;
    Ok(())
}

/// Keeps a statement while the operator looks it over.
///
/// # Errors
/// Whatever the engine says.
pub fn keep_statement(
    db: &dyn Db,
    statement: StatementId,
    file: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "insert into bank_statement (id, file, brought_at) values (?1, ?2, ?3)";
    db.execute(sql, &[id(statement), Value::Blob(file), now.into()])?;
    Ok(())
}

/// A statement that is looked over.
///
/// # Errors
/// Whatever the engine says.
pub fn statement(db: &dyn Db, statement: StatementId) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "select file from bank_statement where id = ?1";
    db.first(sql, &[id(statement)], |row| row.blob(0))
}

/// Forgets a statement, and those that were brought before `since`.
///
/// # Errors
/// Whatever the engine says.
pub fn forget_statements(
    db: &dyn Db,
    statement: Option<StatementId>,
    since: Timestamp,
) -> Result<(), StoreError> {
    let sql = "delete from bank_statement where id = ?1 or brought_at < ?2";
    db.execute(sql, &[statement.map_or(Value::Null, id), since.into()])?;
    Ok(())
}

/// Settlements by the rail of this number that no credit of the bank explains, or not so much.
///
/// # Errors
/// Whatever the engine says.
pub fn unexplained(db: &dyn Db, rail: i64, limit: i64) -> Result<Vec<SettlementId>, StoreError> {
    let sql = "select s.id from settlement s left join bank_entry e on e.settlement_id = s.id and e.tab_id = s.tab_id \
        where s.rail = ?1 and coalesce(e.amount_micros, 0) <> s.received_micros order by s.id limit ?2";
    db.all(sql, &[Value::Int(rail), Value::Int(limit)], |row| {
        Ok(SettlementId::from_bytes(row.bytes(0)?))
    })
}
