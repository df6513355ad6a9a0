//! Rows of many things at once, by their ids.

use super::{Db, Row, StoreError, Value};

/// Ids that one statement names: a question to a server takes longer on its way than at its end.
const TOGETHER: usize = 16;

/// What a statement has behind `in`, so that [`all`] can name ids there.
macro_rules! ids {
    () => {
        "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
    };
}
pub(super) use ids;

/// The rows that `sql`, which takes sixteen ids, finds by any of `named`: in its own order for sixteen of them at a time. None may
/// be named twice.
///
/// # Errors
/// What `read` says, or the engine.
pub fn all<'v, T>(
    db: &dyn Db,
    sql: &'static str,
    named: impl IntoIterator<Item = Value<'v>>,
    read: impl Fn(&dyn Row) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let named: Vec<Value<'v>> = named.into_iter().collect();
    let mut found = Vec::new();
    for some in named.chunks(TOGETHER) {
        // Of fewer, the last one is named again, which finds it no second time.
        let values: [Value<'v>; TOGETHER] =
            std::array::from_fn(|place| some[place.min(some.len() - 1)]);
        found.extend(db.all(sql, &values, &read)?);
    }
    Ok(found)
}
