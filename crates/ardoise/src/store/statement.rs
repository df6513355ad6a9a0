//! The lines of a tab: what was bought, what became of it, what may be read.

use super::tab::{Claimed, claimed_names, read_claimed};
use super::{Behind, Db, Row, StoreError, Value, id};
use crate::till::batch::NewConsent;
use crate::till::command::SecretHash;
use ledger::{
    Currency, Line, LineId, LineState, Money, OpenLine, RailNumber, SettlementId, Shares, TabId,
    Timestamp, WorkId,
};

/// Lines `l` with what became of them: their undo `u`, their payment `p`, and `lost` where they were written off.
macro_rules! fates {
    () => {
        "left join undo u on u.line_id = l.id and u.tab_id = l.tab_id \
         left join payment p on p.line_id = l.id and p.tab_id = l.tab_id \
         left join write_off lost on lost.line_id = l.id and lost.tab_id = l.tab_id "
    };
}
pub(super) use fates;

/// The columns of a line that waits to be paid that [`read_open_line`] reads, from column 0, and its tab behind them.
/// Those written off come first.
macro_rules! open_line_columns {
    ($whose:literal) => {
        concat!(
            "select l.id, l.gross_micros, l.author_id, l.author_micros, l.bought_at, l.tab_id, l.vat_micros, ",
            "l.fee_micros, lost.line_id is not null ",
            "from access a join line l on l.id = a.line_id and l.tab_id = a.tab_id ",
            "left join payment p on p.line_id = l.id and p.tab_id = l.tab_id ",
            "left join write_off lost on lost.line_id = l.id and lost.tab_id = l.tab_id ",
            "where ", $whose, " and p.line_id is null and l.gross_micros > 0 ",
            "order by lost.line_id is null, l.bought_at, l.id"
        )
    };
}
pub(super) use open_line_columns;

/// The columns of a line, with what became of it, that [`read_line`] reads, from column 0.
macro_rules! line_columns {
    ($more:literal, $rest:literal) => {
        concat!(
            "select l.id, l.tab_id, l.work_id, l.version, v.digest, l.author_id, l.gross_micros, l.vat_micros, ",
            "l.fee_micros, l.author_micros, l.vat_basis_points, l.consent_id, l.bought_at, u.line_id is not null, ",
            "p.line_id is not null, lost.line_id is not null", $more, " ",
            $rest
        )
    };
}
pub(super) use line_columns;

/// The lines `l` for which `$which` holds: what [`read_line`] reads.
macro_rules! whole_lines {
    ($which:literal) => {
        concat!(
            $crate::store::statement::line_columns!(
                "",
                "from line l join work_version v on v.work_id = l.work_id and v.version = l.version "
            ),
            $crate::store::statement::fates!(),
            "where ",
            $which
        )
    };
}
pub(super) use whole_lines;

const LINE: &str = whole_lines!("l.id = ?1");
const LINE_OF_TAB: &str = whole_lines!("l.id = ?1 and l.tab_id = ?2");

const HELD: &str = concat!(
    line_columns!("", ""),
    ", ",
    claimed_names!(),
    " from tab left join access a on a.tab_id = tab.id and a.work_id = ?2 ",
    "left join line l on l.id = a.line_id and l.tab_id = a.tab_id ",
    "left join work_version v on v.work_id = l.work_id and v.version = l.version ",
    fates!(),
    "where tab.id = ?1"
);
/// Columns of a line in front of those of its tab.
const LINE_COLUMNS: usize = 16;

/// Reads the columns that [`line_columns`] names.
pub(super) fn read_line(
    row: &dyn Row,
    currency: Currency,
) -> Result<(Line, LineState), StoreError> {
    let line = Line {
        id: LineId::from_bytes(row.bytes(0)?),
        tab: row.id(1)?,
        work: row.id(2)?,
        version: row.small(3)?,
        version_digest: row.bytes(4)?,
        author: row.id(5)?,
        shares: Shares {
            gross: row.money(6, currency)?,
            vat: row.money(7, currency)?,
            fee: row.money(8, currency)?,
            author: row.money(9, currency)?,
        },
        vat_basis_points: row.int(10)?,
        consent: row.int(11)?,
        bought_at: row.time(12)?,
    };
    Ok((line, state(row, 13)?))
}

/// What became of a line, from three columns that say whether it was undone, paid, written off.
pub(super) fn state(row: &dyn Row, first: usize) -> Result<LineState, StoreError> {
    let [undone, paid, written_off] = [first, first + 1, first + 2].map(|column| row.int(column));
    Ok(LineState::of(undone? != 0, paid? != 0, written_off? != 0))
}

/// A line, with what became of it, whichever tab it is on.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn line(
    db: &dyn Db,
    line: LineId,
    currency: Currency,
) -> Result<Option<(Line, LineState)>, StoreError> {
    db.first(LINE, &[line.into()], |row| read_line(row, currency))
}

/// A line of `tab`, with what became of it.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn line_of(
    db: &dyn Db,
    line: LineId,
    tab: TabId,
    currency: Currency,
) -> Result<Option<(Line, LineState)>, StoreError> {
    db.first(LINE_OF_TAB, &[line.into(), id(tab)], |row| read_line(row, currency))
}

/// The line under which a tab may read a work.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn access(db: &dyn Db, tab: TabId, work: WorkId) -> Result<Option<LineId>, StoreError> {
    let sql = "select line_id from access where tab_id = ?1 and work_id = ?2";
    db.first(sql, &[id(tab), id(work)], |row| row.bytes(0).map(LineId::from_bytes))
}

/// A tab that may hold a work.
pub struct Held {
    /// The tab.
    pub tab: Claimed,
    /// The line under which it may read the work, with what became of it.
    pub line: Option<(Line, LineState)>,
}

/// The tab, if the secret is its own, and whether it holds a work.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn held(
    db: &dyn Db,
    tab: TabId,
    secret_hash: &SecretHash,
    work: WorkId,
    currency: Currency,
) -> Result<Option<Held>, StoreError> {
    let found = db.first(HELD, &[id(tab), id(work)], |row| {
        let tab = Behind { row, first: LINE_COLUMNS };
        let Some(tab) = read_claimed(&tab, secret_hash, currency)? else { return Ok(None) };
        let holds = row.maybe_blob(0)?.is_some();
        let line = holds.then(|| read_line(row, currency)).transpose()?;
        Ok(Some(Held { tab, line }))
    })?;
    Ok(found.flatten())
}

/// Lets a tab read a work no longer.
///
/// # Errors
/// Whatever the engine says.
pub fn take_access(db: &dyn Db, tab: TabId, work: WorkId) -> Result<(), StoreError> {
    db.execute("delete from access where tab_id = ?1 and work_id = ?2", &[id(tab), id(work)])?;
    Ok(())
}

/// The lines of a tab that wait to be paid and cost something: those written off first, then the oldest. A tab's limit
/// bounds them.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn open_lines(
    db: &dyn Db,
    tab: TabId,
    currency: Currency,
) -> Result<Vec<OpenLine>, StoreError> {
    let sql = open_line_columns!("a.tab_id = ?1");
    db.all(sql, &[id(tab)], |row| read_open_line(row, currency))
}

/// Reads the columns that [`open_line_columns`] names.
pub(super) fn read_open_line(row: &dyn Row, currency: Currency) -> Result<OpenLine, StoreError> {
    Ok(OpenLine {
        id: LineId::from_bytes(row.bytes(0)?),
        author: row.id(2)?,
        shares: Shares {
            gross: row.money(1, currency)?,
            vat: row.money(6, currency)?,
            fee: row.money(7, currency)?,
            author: row.money(3, currency)?,
        },
        bought_at: row.time(4)?,
        written_off: row.int(8)? != 0,
    })
}

/// Keeps words that somebody agreed to.
///
/// # Errors
/// Whatever the engine says.
pub fn keep_consent(db: &dyn Db, consent: &NewConsent, now: Timestamp) -> Result<(), StoreError> {
    let values = [
        Value::Int(consent.id),
        Value::Text(consent.locale),
        Value::Text(&consent.label),
        now.into(),
    ];
    db.execute(
        "insert into consent (id, locale, label, first_at) values (?1, ?2, ?3, ?4) on conflict (id) do nothing",
        &values,
    )?;
    Ok(())
}

/// The language and the words that somebody agreed to.
///
/// # Errors
/// Whatever the engine says.
pub fn consent(db: &dyn Db, consent: i64) -> Result<Option<(String, String)>, StoreError> {
    let sql = "select locale, label from consent where id = ?1";
    db.first(sql, &[Value::Int(consent)], |row| Ok((row.text(0)?, row.text(1)?)))
}

/// A line as a statement or a library shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The line.
    pub line: Line,
    /// What became of it.
    pub state: LineState,
    /// The title that the work had when it was bought.
    pub title: String,
    /// Its author's name.
    pub author: String,
    /// `files` or `article`.
    pub kind: String,
}

const SHOWN: &str = concat!(
    line_columns!(
        ", v.title, n.name, w.kind",
        "from (select line_id from access where tab_id = ?1 union all select line_id from undo where tab_id = ?1) as mine \
         join line l on l.id = mine.line_id and l.tab_id = ?1 \
         join work_version v on v.work_id = l.work_id and v.version = l.version \
         join work w on w.id = l.work_id join author n on n.id = l.author_id "
    ),
    fates!(),
    "where l.bought_at < ?2 or (l.bought_at = ?2 and l.id < ?3) order by l.bought_at desc, l.id desc limit ?4"
);

/// Where a page of a statement begins: before this instant and line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// The instant.
    pub at: Timestamp,
    /// The line.
    pub line: LineId,
}

impl Before {
    /// The newest line is before this.
    pub const NEWEST: Self =
        Self { at: Timestamp::from_micros(i64::MAX), line: LineId::from_bytes([255; 16]) };
}

/// The lines of a tab, newest first, at most `limit`.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn shown(
    db: &dyn Db,
    tab: TabId,
    before: Before,
    limit: i64,
    currency: Currency,
) -> Result<Vec<Shown>, StoreError> {
    let values = [id(tab), before.at.into(), before.line.into(), Value::Int(limit)];
    db.all(SHOWN, &values, |row| {
        let (line, state) = read_line(row, currency)?;
        let (title, author, kind) = (row.text(16)?, row.text(17)?, row.text(18)?);
        Ok(Shown { line, state, title, author, kind })
    })
}

/// A settlement as its reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledView {
    /// By which rail.
    pub rail: RailNumber,
    /// What came in.
    pub received: Money,
    /// How many lines it paid.
    pub lines: u32,
    /// When.
    pub at: Timestamp,
}

/// A settlement of a tab.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn settled(
    db: &dyn Db,
    settlement: SettlementId,
    tab: TabId,
    currency: Currency,
) -> Result<Option<SettledView>, StoreError> {
    let sql =
        "select rail, received_micros, settled_at from settlement where id = ?1 and tab_id = ?2";
    let named = [settlement.into(), id(tab)];
    let found = db.first(sql, &named, |row| {
        Ok((RailNumber(row.small(0)?), row.money(1, currency)?, row.time(2)?))
    })?;
    let Some((rail, received, at)) = found else { return Ok(None) };
    // Payments of one settlement are found through the lines of its tab, which are few.
    let lines = "select count(*) from access a join payment p on p.line_id = a.line_id and p.tab_id = a.tab_id \
        where a.tab_id = ?2 and p.settlement_id = ?1";
    let lines = u32::try_from(db.number(lines, &named)?).unwrap_or(u32::MAX);
    Ok(Some(SettledView { rail, received, lines, at }))
}

/// The settlement that paid a line.
///
/// # Errors
/// Whatever the engine says.
pub fn payer(db: &dyn Db, line: LineId) -> Result<Option<SettlementId>, StoreError> {
    let sql = "select settlement_id from payment where line_id = ?1";
    db.first(sql, &[line.into()], |row| row.bytes(0).map(SettlementId::from_bytes))
}

/// A line that a settlement paid, as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    /// The title that the work had when it was bought.
    pub title: String,
    /// Its price.
    pub gross: Money,
}

/// The lines of `tab` that a settlement paid, oldest first, undone ones too.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn paid_by(
    db: &dyn Db,
    settlement: SettlementId,
    tab: TabId,
    currency: Currency,
) -> Result<Vec<Paid>, StoreError> {
    let sql = "select v.title, l.gross_micros \
        from (select line_id from access where tab_id = ?1 union select line_id from undo where tab_id = ?1) as mine \
        join payment p on p.line_id = mine.line_id and p.tab_id = ?1 join line l on l.id = mine.line_id and l.tab_id = ?1 \
        join work_version v on v.work_id = l.work_id and v.version = l.version \
        where p.settlement_id = ?2 order by l.bought_at, l.id";
    db.all(sql, &[id(tab), settlement.into()], |row| {
        Ok(Paid { title: row.text(0)?, gross: row.money(1, currency)? })
    })
}
