//! An author's sales, newest first: what was sold through which link, never to whom.

use super::statement::{Before, fates, state};
use super::{Db, Row, StoreError, Value, id};
use crate::till::TillNumber;
use ledger::{AuthorId, Currency, LineId, LineState, LinkId, Shares, Timestamp, WorkId};

/// Keeps the lines that the rows of a till's outbox after `read`, up to `through`, say were bought; answers how many those are.
///
/// # Errors
/// Whatever the engine says.
pub fn follow(db: &dyn Db, till: TillNumber, read: i64, through: i64) -> Result<usize, StoreError> {
    // In key order, so that neighbours are written together.
    db.execute(
        "insert into sale (author_id, bought_at, line_id, work_id) \
         select l.author_id, l.bought_at, l.id, l.work_id from outbox o join line l on l.id = o.subject \
         where o.till = ?1 and o.id > ?2 and o.id <= ?3 and o.kind = 'bought' order by 1, 2, 3",
        &[till.into(), Value::Int(read), Value::Int(through)],
    )
}

/// A line as its author sees it: nothing in it tells who bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// The line.
    pub line: LineId,
    /// The work.
    pub work: WorkId,
    /// The link it was bought through.
    pub link: LinkId,
    /// The channel; may be empty.
    pub channel: String,
    /// What the reader pays, and who gets what of it.
    pub shares: Shares,
    /// What became of it.
    pub state: LineState,
    /// When it was bought.
    pub bought_at: Timestamp,
}

/// Columns of a line `l` that [`read`] reads, from column 0; what became of it are its [`fates`].
macro_rules! sale_columns {
    () => {
        "l.id, l.work_id, l.link_id, l.channel, l.gross_micros, l.vat_micros, l.fee_micros, l.author_micros, \
         l.bought_at, u.line_id is not null, p.line_id is not null, lost.line_id is not null"
    };
}
pub(super) use sale_columns;

/// Reads the columns that [`sale_columns`] names.
pub(super) fn read(row: &dyn Row, currency: Currency) -> Result<Sale, StoreError> {
    Ok(Sale {
        line: LineId::from_bytes(row.bytes(0)?),
        work: row.id(1)?,
        link: row.id(2)?,
        channel: row.text(3)?,
        shares: Shares {
            gross: row.money(4, currency)?,
            vat: row.money(5, currency)?,
            fee: row.money(6, currency)?,
            author: row.money(7, currency)?,
        },
        bought_at: row.time(8)?,
        state: state(row, 9)?,
    })
}

/// Which of an author's sales are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Only sales of this work.
    pub work: Option<WorkId>,
    /// Only sales made then or later.
    pub since: Timestamp,
}

/// The sales of an author before some place, newest first, at most `limit`.
///
/// Sales of other works are passed over in the order of time: asking for a work that hardly ever sells reads much.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_author(
    db: &dyn Db,
    author: AuthorId,
    wanted: Wanted,
    before: Before,
    limit: i64,
    currency: Currency,
) -> Result<Vec<Sale>, StoreError> {
    let values = [
        id(author),
        before.at.into(),
        before.line.into(),
        Value::Int(limit),
        wanted.since.into(),
        wanted.work.map_or(Value::Null, id),
    ];
    let sql = concat!(
        "select ",
        sale_columns!(),
        " from sale s join line l on l.id = s.line_id ",
        fates!(),
        "where s.author_id = ?1 and (s.bought_at, s.line_id) < (?2, ?3) and s.bought_at >= ?5 ",
        "and (cast(?6 as bigint) is null or s.work_id = ?6) ",
        "order by s.bought_at desc, s.line_id desc limit ?4"
    );
    db.all(sql, &values, |row| read(row, currency))
}

/// One sale of an author.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_id(
    db: &dyn Db,
    author: AuthorId,
    line: LineId,
    currency: Currency,
) -> Result<Option<Sale>, StoreError> {
    let sql = concat!(
        "select ",
        sale_columns!(),
        " from line l ",
        fates!(),
        "where l.author_id = ?1 and l.id = ?2"
    );
    db.first(sql, &[id(author), line.into()], |row| read(row, currency))
}
