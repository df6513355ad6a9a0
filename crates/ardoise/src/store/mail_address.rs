//! Where readers are written to, because they asked for it.

use super::{Db, StoreError, Value, id};
use ledger::{TabId, Timestamp};

/// Where the reader of a tab is written to.
#[derive(Clone, PartialEq, Eq)]
pub struct Given {
    /// The address; none where they agreed to the one that the rail of their next payment tells.
    pub address: Option<String>,
    /// The language in which they gave it.
    pub locale: String,
}

impl std::fmt::Debug for Given {
    /// Leaves out whose it is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Given").field("locale", &self.locale).finish_non_exhaustive()
    }
}

/// Writes to the reader of a tab there from now on. Whoever agrees to what a rail will tell keeps the address that is known.
///
/// # Errors
/// [`StoreError::Constraint`] for a tab that is not there; whatever the engine says.
pub fn keep(db: &dyn Db, tab: TabId, given: &Given, now: Timestamp) -> Result<(), StoreError> {
    let sql = "insert into mail_address (tab_id, address, locale, given_at) values (?1, ?2, ?3, ?4) \
        on conflict (tab_id) do update set address = coalesce(excluded.address, mail_address.address), locale = excluded.locale, given_at = excluded.given_at";
    let values = [id(tab), given.address.as_deref().into(), Value::Text(&given.locale), now.into()];
    db.execute(sql, &values)?;
    Ok(())
}

/// A rail tells the address of a reader; it is kept where they agreed to that and no other is known. Answers whether it is.
///
/// # Errors
/// Whatever the engine says.
pub fn learn(db: &dyn Db, tab: TabId, address: &str) -> Result<bool, StoreError> {
    let sql = "update mail_address set address = ?2 where tab_id = ?1 and address is null";
    Ok(db.execute(sql, &[id(tab), Value::Text(address)])? == 1)
}

/// Where the reader of a tab is written to.
///
/// # Errors
/// Whatever the engine says.
pub fn of_tab(db: &dyn Db, tab: TabId) -> Result<Option<Given>, StoreError> {
    let sql = "select address, locale from mail_address where tab_id = ?1";
    db.first(sql, &[id(tab)], |row| Ok(Given { address: row.maybe_text(0)?, locale: row.text(1)? }))
}

/// Forgets the address of a tab, and what was still to be sent there; answers whether there was one.
///
/// # Errors
/// Whatever the engine says.
pub fn forget(db: &dyn Db, tab: TabId) -> Result<bool, StoreError> {
    db.execute("delete from letter where tab_id = ?1", &[id(tab)])?;
    Ok(db.execute("delete from mail_address where tab_id = ?1", &[id(tab)])? == 1)
}
