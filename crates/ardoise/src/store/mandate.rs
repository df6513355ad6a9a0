//! Mandates: readers' standing consents to be charged when their tab is due.

use super::{Db, StoreError, Value, id};
use ledger::{RailNumber, TabId, Timestamp};

/// A mandate as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Bound {
    /// By which rail.
    pub rail: RailNumber,
    /// What the rail calls it.
    pub reference: String,
    /// How the reader knows it again.
    pub label: String,
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
    let sql = "insert into mandate (tab_id, rail, reference, label, bound_at) values (?1, ?2, ?3, ?4, ?5) \
        on conflict (tab_id, rail) do update set reference = excluded.reference, label = excluded.label, \
        bound_at = excluded.bound_at, failed_at = null";
    let values = [
        id(tab),
        Value::Int(bound.rail.0.into()),
        Value::Text(&bound.reference),
        Value::Text(&bound.label),
        now.into(),
    ];
    db.execute(sql, &values)?;
    Ok(())
}

/// The mandates of a tab, the one bound last first.
///
/// # Errors
/// Whatever the engine says.
pub fn by_tab(db: &dyn Db, tab: TabId) -> Result<Vec<Bound>, StoreError> {
    let sql = "select rail, reference, label, failed_at from mandate where tab_id = ?1 \
        order by bound_at desc, rail";
    db.all(sql, &[id(tab)], |row| {
        Ok(Bound {
            rail: RailNumber(row.small(0)?),
            reference: row.text(1)?,
            label: row.text(2)?,
            failed_at: row.maybe_time(3)?,
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

/// Forgets a mandate; answers whether it was there.
///
/// # Errors
/// Whatever the engine says.
pub fn forget(db: &dyn Db, tab: TabId, rail: RailNumber) -> Result<bool, StoreError> {
    let sql = "delete from mandate where tab_id = ?1 and rail = ?2";
    Ok(db.execute(sql, &[id(tab), Value::Int(rail.0.into())])? == 1)
}
