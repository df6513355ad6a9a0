//! Visits of works' pages.

use super::{Db, StoreError, Value, id};
use ledger::{AuthorId, LinkId, WorkId};

/// Visits of one page in one hour.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Visited {
    /// Whose work.
    pub author: AuthorId,
    /// Hours since 1970 (UTC).
    pub hour: i64,
    /// The work.
    pub work: WorkId,
    /// The link it was visited through.
    pub link: LinkId,
    /// The channel; may be empty.
    pub channel: String,
}

/// Adds visits to an hour.
///
/// # Errors
/// Whatever the engine says.
pub fn add(db: &dyn Db, visited: &Visited, visits: i64) -> Result<(), StoreError> {
    let values = [
        id(visited.author),
        Value::Int(visited.hour),
        id(visited.work),
        id(visited.link),
        Value::Text(&visited.channel),
        Value::Int(visits),
    ];
    db.execute(
        "insert into visit_hour (author_id, hour, work_id, link_id, channel, visits) values (?1, ?2, ?3, ?4, ?5, ?6) \
         on conflict (author_id, hour, work_id, link_id, channel) do update set visits = visit_hour.visits + excluded.visits",
        &values,
    )?;
    Ok(())
}
