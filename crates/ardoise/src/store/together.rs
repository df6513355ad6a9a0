//! Rows of many things at once, by their ids.

use super::{Db, Row, StoreError, Value, id};
use ledger::ShopId;

/// Ids that one statement names.
const TOGETHER: usize = 16;

/// What a statement has behind `in`, so that [`all`] can name ids there.
macro_rules! ids {
    () => {
        "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
    };
}
pub(super) use ids;

/// The rows that `sql` finds by any of `named`: in its own order for sixteen of them at a time. None may
/// be named twice.
///
/// # Errors
/// What `read` says, or the engine.
pub(super) fn all<T>(
    db: &dyn Db,
    sql: &'static str,
    named: &[impl ShopId],
    read: impl Fn(&dyn Row) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::new();
    for some in named.chunks(TOGETHER) {
        // Of fewer, the last one is named again, which finds it no second time.
        let one = |place: usize| id(some[place.min(some.len() - 1)]);
        let values: [Value<'_>; TOGETHER] = std::array::from_fn(one);
        found.extend(db.all(sql, &values, &read)?);
    }
    Ok(found)
}
