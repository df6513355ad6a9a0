//! Mandates: readers' standing consents to be charged when their tab is due.

use super::{Db, Row, StoreError, Value, id};
use ledger::{Currency, Money, RailNumber, TabId, Timestamp};

/// A mandate as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Bound {
    /// By which rail.
    pub rail: RailNumber,
    /// What the rail calls it.
    pub reference: String,
    /// How the reader knows it again.
    pub label: String,
    /// The most that one charge by it may take, where the reader was told.
    pub most: Option<Money>,
    /// When a charge by it last failed for good.
    pub failed_at: Option<Timestamp>,
}

impl std::fmt::Debug for Bound {
    /// Leaves out what can move money.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bound").field("rail", &self.rail).finish_non_exhaustive()
    }
}

/// Binds a rail to a tab, in place of what was bound before.
///
/// # Errors
/// [`StoreError::Constraint`] for a tab that is not there; whatever the engine says.
pub fn bind(db: &dyn Db, tab: TabId, bound: &Bound, now: Timestamp) -> Result<(), StoreError> {
    let sql = "insert into mandate (tab_id, rail, reference, label, bound_at, most_micros) values (?1, ?2, ?3, ?4, ?5, ?6) \
        on conflict (tab_id, rail) do update set reference = excluded.reference, label = excluded.label, \
        bound_at = excluded.bound_at, most_micros = excluded.most_micros, failed_at = null";
    let values = [
        id(tab),
        Value::Int(bound.rail.0.into()),
        Value::Text(&bound.reference),
        Value::Text(&bound.label),
        now.into(),
        bound.most.map_or(Value::Null, Value::from),
    ];
    db.execute(sql, &values)?;
    // Where the rail calls it as it called one that was ended, it must not forget it now.
    let sql = "delete from mandate_end where rail = ?1 and reference = ?2";
    db.execute(sql, &[Value::Int(bound.rail.0.into()), Value::Text(&bound.reference)])?;
    Ok(())
}

/// The mandates of a tab, the one bound last first.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_tab(db: &dyn Db, tab: TabId, currency: Currency) -> Result<Vec<Bound>, StoreError> {
    let sql = "select rail, reference, label, failed_at, most_micros from mandate where tab_id = ?1 \
        order by bound_at desc, rail";
    db.all(sql, &[id(tab)], |row| {
        Ok(Bound {
            rail: RailNumber(row.small(0)?),
            reference: row.text(1)?,
            label: row.text(2)?,
            failed_at: row.maybe_time(3)?,
            most: row.maybe_money(4, currency)?,
        })
    })
}

/// When the mandate that holds was bound to a tab; the last of several.
///
/// # Errors
/// Whatever the engine says.
pub fn bound_at(db: &dyn Db, tab: TabId) -> Result<Option<Timestamp>, StoreError> {
    let sql = "select max(bound_at) from mandate where tab_id = ?1 and failed_at is null";
    Ok(db.first(sql, &[id(tab)], |row| row.maybe_time(0))?.flatten())
}

/// A charge by a mandate failed for good: it is not tried again until it is bound anew.
///
/// # Errors
/// Whatever the engine says.
pub fn fail(db: &dyn Db, tab: TabId, rail: RailNumber, now: Timestamp) -> Result<(), StoreError> {
    let sql = "update mandate set failed_at = ?3 where tab_id = ?1 and rail = ?2";
    db.execute(sql, &[id(tab), Value::Int(rail.0.into()), now.into()])?;
    Ok(())
}

/// A mandate that does not hold any more, which its rail has still to forget.
#[derive(Clone, PartialEq, Eq)]
pub struct Ending {
    /// Whose tab it was.
    pub tab: TabId,
    /// By which rail.
    pub rail: RailNumber,
    /// What the rail calls it.
    pub reference: String,
    /// How the reader knew it.
    pub label: String,
    /// How often the worker asked the rail.
    pub attempts: u32,
}

impl std::fmt::Debug for Ending {
    /// Leaves out what can move money.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ending").field("rail", &self.rail).finish_non_exhaustive()
    }
}

/// Ends the mandate of a tab by a rail: it is not used from now on, and the rail has still to forget it, from `ask_at` on. Answers
/// it, where there was one.
///
/// # Errors
/// Whatever the engine says.
pub fn end(
    db: &dyn Db,
    tab: TabId,
    rail: RailNumber,
    now: Timestamp,
    ask_at: Timestamp,
) -> Result<Option<Ending>, StoreError> {
    let number = Value::Int(rail.0.into());
    let sql = "select reference, label from mandate where tab_id = ?1 and rail = ?2";
    let bound = db.first(sql, &[id(tab), number], |row| Ok((row.text(0)?, row.text(1)?)))?;
    let Some((reference, label)) = bound else { return Ok(None) };
    db.execute("delete from mandate where tab_id = ?1 and rail = ?2", &[id(tab), number])?;
    let sql = "insert into mandate_end (rail, reference, label, tab_id, ended_at, ask_at, attempts) \
        values (?1, ?2, ?3, ?4, ?5, ?6, 0) on conflict (rail, reference) do update set ask_at = excluded.ask_at";
    let texts = [Value::Text(&reference), Value::Text(&label)];
    db.execute(sql, &[number, texts[0], texts[1], id(tab), now.into(), ask_at.into()])?;
    Ok(Some(Ending { tab, rail, reference, label, attempts: 0 }))
}

/// The rail has forgotten a mandate.
///
/// # Errors
/// Whatever the engine says.
pub fn ended(db: &dyn Db, ending: &Ending) -> Result<(), StoreError> {
    let sql = "delete from mandate_end where rail = ?1 and reference = ?2";
    db.execute(sql, &[Value::Int(ending.rail.0.into()), Value::Text(&ending.reference)])?;
    Ok(())
}

/// Asks a rail again to forget a mandate, not before `then`.
///
/// # Errors
/// Whatever the engine says.
pub fn put_end_off(db: &dyn Db, ending: &Ending, then: Timestamp) -> Result<(), StoreError> {
    let sql = "update mandate_end set ask_at = ?3 where rail = ?1 and reference = ?2";
    let rail = Value::Int(ending.rail.0.into());
    db.execute(sql, &[rail, Value::Text(&ending.reference), then.into()])?;
    Ok(())
}

/// Reads the columns of an ending.
fn read_ending(row: &dyn Row) -> Result<Ending, StoreError> {
    Ok(Ending {
        tab: row.id(0)?,
        rail: RailNumber(row.small(1)?),
        reference: row.text(2)?,
        label: row.text(3)?,
        attempts: row.small(4)?,
    })
}

/// The mandate of a tab by a rail that ended last, as long as the rail has not forgotten it.
///
/// # Errors
/// Whatever the engine says.
pub fn ending(db: &dyn Db, tab: TabId, rail: RailNumber) -> Result<Option<Ending>, StoreError> {
    let sql = "select tab_id, rail, reference, label, attempts from mandate_end where tab_id = ?1 and rail = ?2 \
        order by ended_at desc, reference limit 1";
    db.first(sql, &[id(tab), Value::Int(rail.0.into())], read_ending)
}

/// Mandates that rails are to be asked to forget, those that have waited longest first.
///
/// # Errors
/// Whatever the engine says.
pub fn ends_due(db: &dyn Db, now: Timestamp, limit: i64) -> Result<Vec<Ending>, StoreError> {
    let sql = "select tab_id, rail, reference, label, attempts from mandate_end where ask_at <= ?1 \
        order by ask_at, rail, reference limit ?2";
    db.all(sql, &[now.into(), Value::Int(limit)], read_ending)
}

/// When a rail is next to be asked to forget one, if there is any.
///
/// # Errors
/// Whatever the engine says.
pub fn next_end(db: &dyn Db) -> Result<Option<Timestamp>, StoreError> {
    let found = db.first("select min(ask_at) from mandate_end", &[], |row| row.maybe_time(0))?;
    Ok(found.flatten())
}

/// Takes one up that is due, until `until`; answers whether it was still there to take.
///
/// # Errors
/// Whatever the engine says.
pub fn take_end(
    db: &dyn Db,
    ending: &Ending,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "update mandate_end set attempts = attempts + 1, ask_at = ?4 \
        where rail = ?1 and reference = ?2 and ask_at <= ?3";
    let rail = Value::Int(ending.rail.0.into());
    let values = [rail, Value::Text(&ending.reference), now.into(), until.into()];
    Ok(db.execute(sql, &values)? == 1)
}
