//! Where rails send authors' gains, as the authors gave it. It is shown to the author and to the operator, and stands in no log.

use super::{Db, StoreError, Value, id};
use ledger::{AuthorId, RailNumber, Timestamp};

fn number<'a>(rail: RailNumber) -> Value<'a> {
    Value::Int(rail.0.into())
}

/// The gains of an author are sent there by this rail from now on.
///
/// # Errors
/// [`StoreError::Constraint`] for an author who is not there; whatever the engine says.
pub fn keep(
    db: &dyn Db,
    (author, rail): (AuthorId, RailNumber),
    address: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "insert into payout_address (author_id, rail, address, given_at) values (?1, ?2, ?3, ?4) \
        on conflict (author_id, rail) do update set address = excluded.address, given_at = excluded.given_at";
    db.execute(sql, &[id(author), number(rail), Value::Text(address), now.into()])?;
    Ok(())
}

/// Forgets where the gains of an author are sent by this rail; answers whether anything was known.
///
/// # Errors
/// Whatever the engine says.
pub fn forget(db: &dyn Db, author: AuthorId, rail: RailNumber) -> Result<bool, StoreError> {
    let sql = "delete from payout_address where author_id = ?1 and rail = ?2";
    Ok(db.execute(sql, &[id(author), number(rail)])? == 1)
}

/// Where the gains of an author are sent, by rail.
///
/// # Errors
/// Whatever the engine says.
pub fn of_author(db: &dyn Db, author: AuthorId) -> Result<Vec<(RailNumber, String)>, StoreError> {
    let sql = "select rail, address from payout_address where author_id = ?1 order by rail";
    db.all(sql, &[id(author)], |row| Ok((RailNumber(row.small(0)?), row.text(1)?)))
}

/// Where the gains of an author are sent by this rail.
///
/// # Errors
/// Whatever the engine says.
pub fn by_rail(
    db: &dyn Db,
    author: AuthorId,
    rail: RailNumber,
) -> Result<Option<String>, StoreError> {
    let sql = "select address from payout_address where author_id = ?1 and rail = ?2";
    db.first(sql, &[id(author), number(rail)], |row| row.text(0))
}
