//! What authors earn, by the hour in which it was sold: a cache that follows the outbox.

use super::books::Follower;
use super::{Db, Row, StoreError, Value, books, id, sale};
use crate::till::TillNumber;
use ledger::{AuthorId, Currency, LinkId, Money, WorkId};

/// Rows of the outbox that one step of following reads at most: it bounds how long the till waits.
const FOLLOWED_AT_ONCE: i64 = 50_000;
/// Rows of the outbox that are forgotten at once: a server gives a statement up that takes seconds. What is left over is
/// forgotten the next time.
const PRUNED_AT_ONCE: i64 = 100_000;
/// Microseconds in an hour.
pub const HOUR_MICROS: i64 = 3_600_000_000;

/// Adds what is new in a till's outbox to the sales by hour; answers whether there may be more.
///
/// A line counts in the hour in which it was bought, also when it is undone later, so that what was tapped less what was
/// undone is what was kept.
///
/// # Errors
/// Whatever the engine says.
pub fn follow(db: &dyn Db, till: TillNumber) -> Result<bool, StoreError> {
    let unread = books::unread(db, till, Follower::Gains, FOLLOWED_AT_ONCE)?;
    let Some((read, through)) = unread else { return Ok(false) };
    let range = [till.into(), Value::Int(read), Value::Int(through), Value::Int(HOUR_MICROS)];
    db.execute(
        "insert into sale_hour (author_id, hour, work_id, link_id, channel, till, taps, undone, gross_micros, \
           author_micros) \
         select author_id, hour, work_id, link_id, channel, till, cast(sum(tap) as bigint), \
           cast(sum(undo) as bigint), cast(sum(gross) as bigint), cast(sum(share) as bigint) from ( \
           select l.author_id, l.bought_at / ?4 as hour, l.work_id, l.link_id, l.channel, o.till, \
             case when o.kind = 'bought' then 1 else 0 end as tap, case when o.kind = 'undone' then 1 else 0 end as undo, \
             case when o.kind = 'bought' then l.gross_micros else -l.gross_micros end as gross, \
             case when o.kind = 'bought' then l.author_micros else -l.author_micros end as share \
           from outbox o join line l on l.id = o.subject \
           where o.till = ?1 and o.id > ?2 and o.id <= ?3 and o.kind in ('bought', 'undone') \
         ) as happened where true group by author_id, hour, work_id, link_id, channel, till \
         on conflict (author_id, hour, work_id, link_id, channel, till) do update set \
           taps = sale_hour.taps + excluded.taps, undone = sale_hour.undone + excluded.undone, \
           gross_micros = sale_hour.gross_micros + excluded.gross_micros, \
           author_micros = sale_hour.author_micros + excluded.author_micros",
        &range,
    )?;
    follow_rail_fees(db, till, read, through)?;
    let sold = sale::follow(db, till, read, through)?;
    all_is_there(db, till, (read, through), sold)?;
    books::have_read(db, till, Follower::Gains, through)?;
    Ok(true)
}

/// Refuses to go on where the outbox tells of what is not there yet: a store that is spread over machines commits on one after the
/// other. Whoever follows tries again later.
fn all_is_there(
    db: &dyn Db,
    till: TillNumber,
    (read, through): (i64, i64),
    sold: usize,
) -> Result<(), StoreError> {
    let range = [till.into(), Value::Int(read), Value::Int(through)];
    let told = "select cast(coalesce(sum(case when kind = 'bought' then 1 else 0 end), 0) as bigint), \
        cast(coalesce(sum(case when kind = 'paid' then 1 else 0 end), 0) as bigint) from outbox \
        where till = ?1 and id > ?2 and id <= ?3";
    let told = db.first(told, &range, |row| Ok((row.int(0)?, row.int(1)?)))?;
    let (bought, paid) = told.unwrap_or_default();
    let paid_there = if paid == 0 {
        0
    } else {
        let sql = "select count(*) from outbox o join payment p on p.line_id = o.subject \
            where o.till = ?1 and o.id > ?2 and o.id <= ?3 and o.kind = 'paid'";
        db.number(sql, &range)?
    };
    if (i64::try_from(sold).unwrap_or(i64::MAX), paid_there) == (bought, paid) {
        Ok(())
    } else {
        Err(StoreError::Busy("the outbox tells of lines that are not there yet".into()))
    }
}

/// Adds what rails kept of the lines that the rows of a till's outbox after `read`, up to `through`, say were paid.
fn follow_rail_fees(
    db: &dyn Db,
    till: TillNumber,
    read: i64,
    through: i64,
) -> Result<(), StoreError> {
    db.execute(
        "insert into rail_fee_total (author_id, till, micros) \
         select l.author_id, o.till, cast(sum(p.rail_fee_micros) as bigint) \
           from outbox o join payment p on p.line_id = o.subject \
           join line l on l.id = p.line_id and l.tab_id = p.tab_id \
         where o.till = ?1 and o.id > ?2 and o.id <= ?3 and o.kind = 'paid' group by l.author_id, o.till \
         on conflict (author_id, till) do update set micros = rail_fee_total.micros + excluded.micros",
        &[till.into(), Value::Int(read), Value::Int(through)],
    )?;
    Ok(())
}

/// Forgets what every follower of a till's outbox has read.
///
/// # Errors
/// Whatever the engine says.
pub fn prune_outbox(db: &dyn Db, till: TillNumber) -> Result<(), StoreError> {
    db.execute(
        "delete from outbox where till = ?1 and id <= (select min(read_through) from cursor \
         where till = ?1 and follower in ('gains', 'webhooks')) \
         and id < (select min(id) from outbox where till = ?1) + ?2",
        &[till.into(), Value::Int(PRUNED_AT_ONCE)],
    )?;
    Ok(())
}

/// How many rows of the outbox somebody has still to read.
///
/// # Errors
/// Whatever the engine says.
pub fn outbox_length(db: &dyn Db) -> Result<i64, StoreError> {
    db.number("select count(*) from outbox", &[])
}

/// Visits and sales of one hour, work, link and channel; or of several of them added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Visits of the page.
    pub visits: i64,
    /// Purchases, undone ones too.
    pub taps: i64,
    /// Purchases that were undone.
    pub undone: i64,
    /// What readers pay for those that were kept, tax included.
    pub gross: Money,
    /// The author's share of it.
    pub share: Money,
}

fn figures(row: &dyn Row, first: usize, currency: Currency) -> Result<Figures, StoreError> {
    Ok(Figures {
        visits: row.int(first)?,
        taps: row.int(first + 1)?,
        undone: row.int(first + 2)?,
        gross: row.money(first + 3, currency)?,
        share: row.money(first + 4, currency)?,
    })
}

/// Visits and sales side by side: the common start of the questions below.
macro_rules! asked {
    ($columns:literal, $rest:literal) => {
        concat!(
            "select ", $columns,
            " cast(coalesce(sum(visits), 0) as bigint), cast(coalesce(sum(taps), 0) as bigint), ",
            "cast(coalesce(sum(undone), 0) as bigint), cast(coalesce(sum(gross), 0) as bigint), ",
            "cast(coalesce(sum(share), 0) as bigint) from ( ",
            "select hour, work_id, link_id, channel, 0 as visits, taps, undone, gross_micros as gross, ",
            "author_micros as share from sale_hour where author_id = ?1 and hour >= ?2 and hour < ?3 union all ",
            "select hour, work_id, link_id, channel, visits, 0, 0, 0, 0 from visit_hour ",
            "where author_id = ?1 and hour >= ?2 and hour < ?3) as counted ",
            $rest
        )
    };
}

/// Hours since 1970 (UTC): from the first, up to but without the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// The first hour.
    pub from: i64,
    /// The hour after the last.
    pub to: i64,
}

impl Hours {
    /// Every hour.
    pub const EVER: Self = Self { from: i64::MIN, to: i64::MAX };
}

fn asked<'a>(author: AuthorId, hours: Hours) -> [Value<'a>; 3] {
    [id(author), Value::Int(hours.from), Value::Int(hours.to)]
}

/// Everything in these hours, added up.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn in_all(
    db: &dyn Db,
    author: AuthorId,
    hours: Hours,
    currency: Currency,
) -> Result<Figures, StoreError> {
    let found = db.first(asked!("", ""), &asked(author, hours), |row| figures(row, 0, currency))?;
    found.ok_or_else(|| StoreError::Corrupt("a sum has no row".into()))
}

/// By hour, oldest first; hours in which nothing happened are left out.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_hour(
    db: &dyn Db,
    author: AuthorId,
    hours: Hours,
    currency: Currency,
) -> Result<Vec<(i64, Figures)>, StoreError> {
    let sql = asked!("hour,", "group by hour order by hour");
    db.all(sql, &asked(author, hours), |row| Ok((row.int(0)?, figures(row, 1, currency)?)))
}

/// By day (UTC), oldest first, with the hour each day begins; days in which nothing happened are left out.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_day(
    db: &dyn Db,
    author: AuthorId,
    hours: Hours,
    currency: Currency,
) -> Result<Vec<(i64, Figures)>, StoreError> {
    let sql = asked!("hour / 24 * 24,", "group by hour / 24 * 24 order by 1");
    db.all(sql, &asked(author, hours), |row| Ok((row.int(0)?, figures(row, 1, currency)?)))
}

/// By work, best first, at most `limit`.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_work(
    db: &dyn Db,
    author: AuthorId,
    hours: Hours,
    limit: i64,
    currency: Currency,
) -> Result<Vec<(WorkId, Figures)>, StoreError> {
    let [author, from, to] = asked(author, hours);
    let sql =
        asked!("work_id,", "group by work_id order by sum(share) desc, work_id desc limit ?4");
    let values = [author, from, to, Value::Int(limit)];
    db.all(sql, &values, |row| Ok((row.id(0)?, figures(row, 1, currency)?)))
}

/// Of the works with ids from `first` to `last`, in the order of their ids; those of which nothing was counted are left out.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn of_works(
    db: &dyn Db,
    author: AuthorId,
    (first, last): (WorkId, WorkId),
    currency: Currency,
) -> Result<Vec<(WorkId, Figures)>, StoreError> {
    let [author, from, to] = asked(author, Hours::EVER);
    let sql = asked!(
        "work_id,",
        "where work_id >= ?4 and work_id <= ?5 group by work_id order by work_id"
    );
    let values = [author, from, to, id(first), id(last)];
    db.all(sql, &values, |row| Ok((row.id(0)?, figures(row, 1, currency)?)))
}

/// Of the links of a work; those through which nobody came are left out.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_link(
    db: &dyn Db,
    author: AuthorId,
    work: WorkId,
    currency: Currency,
) -> Result<Vec<(LinkId, Figures)>, StoreError> {
    let [author, from, to] = asked(author, Hours::EVER);
    let sql = asked!("link_id,", "where work_id = ?4 group by link_id order by link_id");
    let values = [author, from, to, id(work)];
    db.all(sql, &values, |row| Ok((row.id(0)?, figures(row, 1, currency)?)))
}

/// One link and channel of a work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The work.
    pub work: WorkId,
    /// The link.
    pub link: LinkId,
    /// The channel; may be empty.
    pub channel: String,
}

/// By link and channel, best first, at most `limit`.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_way(
    db: &dyn Db,
    author: AuthorId,
    hours: Hours,
    limit: i64,
    currency: Currency,
) -> Result<Vec<(Way, Figures)>, StoreError> {
    let [author, from, to] = asked(author, hours);
    let sql = asked!(
        "work_id, link_id, channel,",
        "group by work_id, link_id, channel order by sum(share) desc, link_id, channel limit ?4"
    );
    let values = [author, from, to, Value::Int(limit)];
    db.all(sql, &values, |row| {
        let way = Way { work: row.id(0)?, link: row.id(1)?, channel: row.text(2)? };
        Ok((way, figures(row, 3, currency)?))
    })
}

/// By channel, over all works and links, best first, at most `limit`.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_channel(
    db: &dyn Db,
    author: AuthorId,
    hours: Hours,
    limit: i64,
    currency: Currency,
) -> Result<Vec<(String, Figures)>, StoreError> {
    let [author, from, to] = asked(author, hours);
    let sql = asked!("channel,", "group by channel order by sum(share) desc, channel limit ?4");
    let values = [author, from, to, Value::Int(limit)];
    db.all(sql, &values, |row| Ok((row.text(0)?, figures(row, 1, currency)?)))
}

/// By hour, link and channel, oldest first: nothing is added up, for those who count themselves.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn by_cell(
    db: &dyn Db,
    author: AuthorId,
    hours: Hours,
    currency: Currency,
    each: &mut dyn FnMut(i64, Way, Figures) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let sql = asked!(
        "hour, work_id, link_id, channel,",
        "group by hour, work_id, link_id, channel order by hour, work_id, link_id, channel"
    );
    db.query(sql, &asked(author, hours), &mut |row| {
        let way = Way { work: row.id(1)?, link: row.id(2)?, channel: row.text(3)? };
        each(row.int(0)?, way, figures(row, 4, currency)?)
    })
}

/// The first hour in which something was counted for an author, and the last.
///
/// # Errors
/// Whatever the engine says.
pub fn counted_hours(db: &dyn Db, author: AuthorId) -> Result<Option<Hours>, StoreError> {
    let sql = "select min(hour), max(hour) + 1 from (select hour from sale_hour where author_id = ?1 \
        union all select hour from visit_hour where author_id = ?1) as counted";
    let found = db.first(sql, &[id(author)], |row| Ok((row.maybe_int(0)?, row.maybe_int(1)?)))?;
    Ok(found.and_then(|(from, to)| Some(Hours { from: from?, to: to? })))
}

/// What rails kept of the lines by which an author was paid, less what they gave back of that.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn rail_fees(db: &dyn Db, author: AuthorId, currency: Currency) -> Result<Money, StoreError> {
    // What was kept is counted a moment later than what was given back.
    let sql = "select case when kept > back then cast(kept - back as bigint) else 0 end from ( \
        select (select coalesce(sum(micros), 0) from rail_fee_total where author_id = ?1) as kept, \
        (select coalesce(sum(b.micros), 0) from fee_back b left join refund_failure f on f.refund_id = b.subject \
          where b.author_id = ?1 and f.refund_id is null) as back) as counted";
    let found = db.first(sql, &[id(author)], |row| row.money(0, currency))?;
    Ok(found.unwrap_or(Money::zero(currency)))
}

/// What left an author's available gains and did not come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaidOut {
    /// What they have, as far as anybody knows.
    pub sent: Money,
    /// What a rail has, and has not said yet that it sent.
    pub under_way: Money,
}

/// What was paid out to an author.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn paid_out(db: &dyn Db, author: AuthorId, currency: Currency) -> Result<PaidOut, StoreError> {
    let sql = "select cast(coalesce(sum(case when o.id is null then p.micros else 0 end), 0) as bigint), \
        cast(coalesce(sum(case when o.id is null then 0 else p.micros end), 0) as bigint) from payout p \
        left join payout_order o on o.id = p.id and o.state = 'begun' \
        where p.author_id = ?1 and not exists (select 1 from payout_return r where r.payout_id = p.id)";
    let read = |row: &dyn Row| {
        Ok(PaidOut { sent: row.money(0, currency)?, under_way: row.money(1, currency)? })
    };
    let nothing = Money::zero(currency);
    let found = db.first(sql, &[id(author)], read)?;
    Ok(found.unwrap_or(PaidOut { sent: nothing, under_way: nothing }))
}
