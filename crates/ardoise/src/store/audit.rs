//! Everything that is kept about money, as it is kept: for whoever checks the books or writes a receipt. Nothing here is
//! read from a cache that it is then compared with.

mod returns;

use super::{Db, StoreError, Value, id, payout};
use ledger::receipts::Chain;
use ledger::{
    AuthorId, Currency, FeeBack, Line, LineId, Money, Payment, PayoutId, PayoutNow, RailNumber,
    Settle, SettlementId, Shares, TabId, Timestamp, Transfer, UndoneBy,
};
pub use returns::{KeptDispute, KeptFeeBack, KeptLoss, KeptRefund, KeptReopening};

/// How many rows there are to look at: transfers, and tabs.
///
/// # Errors
/// Whatever the engine says.
pub fn size(db: &dyn Db) -> Result<(u64, u64), StoreError> {
    let sql = "select (select count(*) from transfer), (select count(*) from tab)";
    let found = db.first(sql, &[], |row| Ok((row.count(0)?, row.count(1)?)))?;
    Ok(found.unwrap_or_default())
}

/// The newest instant at which something was written, as far as the end of the journal, the newest tab and the last start
/// tell; nothing in a store in which nothing ever happened.
///
/// # Errors
/// Whatever the engine says.
pub fn newest(db: &dyn Db) -> Result<Option<Timestamp>, StoreError> {
    let sql = "select max(at) from (select founded_at as at from shop \
        union all select opened_at from served \
        union all select made_at from transfer where id = (select max(id) from transfer) \
        union all select opened_at from tab where id = (select max(id) from tab)) as instants";
    Ok(db.first(sql, &[], |row| row.maybe_time(0))?.flatten())
}

/// A line as it is kept, with its place in the tab's chain of receipts.
#[derive(Debug, Clone, Copy)]
pub struct KeptLine {
    /// The line.
    pub line: Line,
    /// The chain before it.
    pub before: Chain,
    /// Whether it gives access.
    pub gives_access: bool,
}

/// An undo as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct KeptUndo {
    /// The line that was taken back.
    pub line: LineId,
    /// By whom.
    pub by: UndoneBy,
    /// When.
    pub at: Timestamp,
    /// Whether the line had been paid.
    pub was_paid: bool,
    /// The chain before it.
    pub before: Chain,
}

/// A settlement as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct KeptSettlement {
    /// What came in.
    pub settle: Settle,
    /// When.
    pub at: Timestamp,
    /// The chain before it.
    pub before: Chain,
}

/// Everything that is kept about one tab.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Its lines.
    pub lines: Vec<KeptLine>,
    /// Those taken back.
    pub undos: Vec<KeptUndo>,
    /// What was received.
    pub settlements: Vec<KeptSettlement>,
    /// What that paid, and by which settlement.
    pub payments: Vec<(Payment, SettlementId)>,
    /// Lines that were written off.
    pub losses: Vec<KeptLoss>,
    /// What was given back.
    pub refunds: Vec<KeptRefund>,
    /// What was disputed.
    pub disputes: Vec<KeptDispute>,
    /// Parts of fees that were given back.
    pub fees_back: Vec<KeptFeeBack>,
    /// When it was opened again.
    pub reopenings: Vec<KeptReopening>,
}

impl Kept {
    /// Fees that rails took again because what they were given back for did not happen, and when.
    pub fn fees_taken_again(&self) -> impl Iterator<Item = (&KeptFeeBack, Timestamp)> {
        let when = |given: &KeptFeeBack| {
            let FeeBack::Refund(refund) = given.fee_back else { return None };
            let made = self.refunds.iter().find(|made| made.refund.id == refund)?;
            made.failed.map(|(at, _)| at)
        };
        self.fees_back.iter().filter_map(move |given| Some((given, when(given)?)))
    }
}

/// Everything that is kept about a tab.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn kept(db: &dyn Db, tab: TabId, currency: Currency) -> Result<Kept, StoreError> {
    Ok(Kept {
        lines: lines(db, tab, currency)?,
        undos: undos(db, tab)?,
        settlements: settlements(db, tab, currency)?,
        payments: payments(db, tab, currency)?,
        losses: returns::losses(db, tab)?,
        refunds: returns::refunds(db, tab, currency)?,
        disputes: returns::disputes(db, tab, currency)?,
        fees_back: returns::fees_back(db, tab, currency)?,
        reopenings: returns::reopenings(db, tab)?,
    })
}

fn lines(db: &dyn Db, tab: TabId, currency: Currency) -> Result<Vec<KeptLine>, StoreError> {
    let sql = "select l.id, l.tab_id, l.work_id, l.version, v.digest, l.author_id, l.gross_micros, \
        l.vat_micros, l.fee_micros, l.author_micros, l.vat_basis_points, l.consent_id, l.bought_at, \
        l.chain_number, l.chain_before, a.line_id is not null \
        from (select line_id from access where tab_id = ?1 union select line_id from undo where tab_id = ?1) as mine \
        join line l on l.id = mine.line_id and l.tab_id = ?1 \
        join work_version v on v.work_id = l.work_id and v.version = l.version \
        left join access a on a.tab_id = l.tab_id and a.work_id = l.work_id and a.line_id = l.id";
    db.all(sql, &[id(tab)], |row| {
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
        let before = Chain { length: row.count(13)?, head: row.bytes(14)? };
        Ok(KeptLine { line, before, gives_access: row.int(15)? != 0 })
    })
}

fn undos(db: &dyn Db, tab: TabId) -> Result<Vec<KeptUndo>, StoreError> {
    let sql = "select line_id, undone_by, undone_at, was_paid, chain_number, chain_before from undo \
        where tab_id = ?1";
    db.all(sql, &[id(tab)], |row| {
        let by = if row.text(1)? == "shop" { UndoneBy::Shop } else { UndoneBy::Reader };
        Ok(KeptUndo {
            line: LineId::from_bytes(row.bytes(0)?),
            by,
            at: row.time(2)?,
            was_paid: row.int(3)? != 0,
            before: Chain { length: row.count(4)?, head: row.bytes(5)? },
        })
    })
}

fn settlements(
    db: &dyn Db,
    tab: TabId,
    currency: Currency,
) -> Result<Vec<KeptSettlement>, StoreError> {
    let sql = "select id, rail, received_micros, rail_fee_micros, settled_at, chain_number, chain_before \
        from settlement where tab_id = ?1";
    db.all(sql, &[id(tab)], |row| {
        let settle = Settle {
            id: SettlementId::from_bytes(row.bytes(0)?),
            rail: RailNumber(row.small(1)?),
            received: row.money(2, currency)?,
            rail_fee: row.money(3, currency)?,
        };
        let before = Chain { length: row.count(5)?, head: row.bytes(6)? };
        Ok(KeptSettlement { settle, at: row.time(4)?, before })
    })
}

fn payments(
    db: &dyn Db,
    tab: TabId,
    currency: Currency,
) -> Result<Vec<(Payment, SettlementId)>, StoreError> {
    let sql = "select p.line_id, p.settlement_id, p.rail_fee_micros \
        from (select line_id from access where tab_id = ?1 union select line_id from undo where tab_id = ?1) as mine \
        join payment p on p.line_id = mine.line_id and p.tab_id = ?1";
    db.all(sql, &[id(tab)], |row| {
        let line = LineId::from_bytes(row.bytes(0)?);
        let payment = Payment { line, rail_fee: row.money(2, currency)? };
        Ok((payment, SettlementId::from_bytes(row.bytes(1)?)))
    })
}

/// A payout, and what its rail said of it.
#[derive(Debug, Clone, Copy)]
pub struct KeptPayout {
    /// The payout.
    pub payout: PayoutNow,
    /// When it was made.
    pub at: Timestamp,
    /// When the rail's fee was booked.
    pub fee_at: Option<Timestamp>,
    /// When it came back, and what came back of the fee.
    pub returned: Option<(Timestamp, Money)>,
}

impl KeptPayout {
    /// Everything that the journal must hold about it.
    pub fn transfers(&self) -> Vec<Transfer> {
        let payout = &self.payout;
        let fee = self.fee_at.map(|at| payout.fee_transfer(payout.fee, at));
        let back = self.returned.map(|(at, fee_back)| payout.return_transfers(fee_back, at));
        let sent = std::iter::once(payout.pay_out.transfer(self.at));
        sent.chain(fee).chain(back.unwrap_or_default()).collect()
    }
}

/// Every payout.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn each_payout(
    db: &dyn Db,
    currency: Currency,
    each: &mut dyn FnMut(KeptPayout) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let sql = "select p.id, p.author_id, p.rail, p.micros, coalesce(f.micros, 0), r.payout_id is not null, p.paid_at, \
        f.taken_at, r.returned_at, coalesce(r.fee_back_micros, 0) from payout p \
        left join payout_fee f on f.payout_id = p.id left join payout_return r on r.payout_id = p.id order by p.id";
    db.query(sql, &[], &mut |row| {
        let fee_back = row.money(9, currency)?;
        each(KeptPayout {
            payout: payout::read(row, currency)?,
            at: row.time(6)?,
            fee_at: row.maybe_time(7)?,
            returned: row.maybe_time(8)?.map(|at| (at, fee_back)),
        })
    })
}

/// Payouts of which the order at a rail says something else than the books; at most `limit`.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn contradicted_payouts(db: &dyn Db, limit: i64) -> Result<Vec<PayoutId>, StoreError> {
    let sql = "select o.id from payout_order o left join payout p on p.id = o.id \
        left join payout_return r on r.payout_id = o.id where o.state in ('done', 'returned') and (p.id is null \
        or p.author_id <> o.author_id or p.rail <> o.rail or p.micros <> o.amount_micros \
        or (o.state = 'returned' and r.payout_id is null)) order by o.id limit ?1";
    db.all(sql, &[Value::Int(limit)], |row| row.id(0))
}

/// Rows of the outbox that the gains have still to read.
macro_rules! unread {
    () => {
        "(select o.subject, o.kind from outbox o join cursor c on c.till = o.till and c.follower = 'gains' \
         where o.id > c.read_through) as unread "
    };
}

/// Something that no sound store holds: what it is, and a question that finds the lines it happened to.
const STRAYS: &[(&str, &str)] = &[
    (
        "gives no access, and was not undone",
        "select l.id from line l where not exists (select 1 from access a where a.tab_id = l.tab_id \
         and a.work_id = l.work_id and a.line_id = l.id) \
         and not exists (select 1 from undo u where u.line_id = l.id and u.tab_id = l.tab_id) limit ?1",
    ),
    (
        "gives access though it was undone",
        "select a.line_id from access a join undo u on u.line_id = a.line_id and u.tab_id = a.tab_id limit ?1",
    ),
    (
        "gives access to another tab or work than its own",
        "select a.line_id from access a left join line l on l.id = a.line_id and l.tab_id = a.tab_id \
         where l.id is null or l.work_id <> a.work_id limit ?1",
    ),
    (
        "stands on a tab that is not there",
        "select l.id from line l where not exists (select 1 from tab t where t.id = l.tab_id) limit ?1",
    ),
    (
        "is of a version that is not kept",
        "select l.id from line l where not exists (select 1 from work_version v \
         where v.work_id = l.work_id and v.version = l.version) limit ?1",
    ),
    (
        "is credited to somebody who did not make the work",
        "select l.id from line l left join work w on w.id = l.work_id \
         where w.id is null or w.author_id <> l.author_id limit ?1",
    ),
    (
        "was agreed to in words that are not kept",
        "select l.id from line l left join consent c on c.id = l.consent_id where c.id is null limit ?1",
    ),
    (
        "is not among its author's sales",
        concat!(
            "select l.id from line l left join sale s on s.author_id = l.author_id and s.bought_at = l.bought_at \
             and s.line_id = l.id left join ",
            unread!(),
            "on unread.subject = l.id and unread.kind = 'bought' \
             where s.line_id is null and unread.subject is null limit ?1"
        ),
    ),
    (
        "is among sales though it was never bought",
        "select s.line_id from sale s left join line l on l.id = s.line_id \
         where l.id is null or l.author_id <> s.author_id or l.bought_at <> s.bought_at or l.work_id <> s.work_id limit ?1",
    ),
    (
        "was undone on another tab than its own",
        "select u.line_id from undo u left join line l on l.id = u.line_id and l.tab_id = u.tab_id \
         where l.id is null limit ?1",
    ),
    (
        "was paid by a settlement of another tab",
        "select p.line_id from payment p left join line l on l.id = p.line_id and l.tab_id = p.tab_id \
         left join settlement s on s.id = p.settlement_id and s.tab_id = p.tab_id \
         where l.id is null or s.id is null limit ?1",
    ),
    (
        "was written off on another tab than its own",
        "select w.line_id from write_off w left join line l on l.id = w.line_id and l.tab_id = w.tab_id \
         where l.id is null limit ?1",
    ),
];

/// Lines to which something happened that cannot be, of each kind at most `limit`, with what it is.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn strays(db: &dyn Db, limit: i64) -> Result<Vec<(LineId, &'static str)>, StoreError> {
    let mut found = Vec::new();
    for (what, sql) in STRAYS {
        let lines =
            db.all(sql, &[Value::Int(limit)], |row| row.bytes(0).map(LineId::from_bytes))?;
        found.extend(lines.into_iter().map(|line| (line, *what)));
    }
    Ok(found)
}

/// Authors' hours in which the remembered sales are not what the lines and undos say, leaving out what the follower has
/// still to read; at most `limit`.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn miscounted_hours(db: &dyn Db, limit: i64) -> Result<Vec<(AuthorId, i64)>, StoreError> {
    let sql = concat!(
        "select author_id, hour from ( \
         select author_id, hour, work_id, link_id, channel, taps, undone, gross_micros as gross, \
           author_micros as share from sale_hour union all \
         select author_id, bought_at / ?1, work_id, link_id, channel, -1, 0, -gross_micros, -author_micros \
           from line union all \
         select l.author_id, l.bought_at / ?1, l.work_id, l.link_id, l.channel, 0, -1, l.gross_micros, l.author_micros \
           from undo u join line l on l.id = u.line_id and l.tab_id = u.tab_id union all \
         select l.author_id, l.bought_at / ?1, l.work_id, l.link_id, l.channel, \
           case when unread.kind = 'bought' then 1 else 0 end, case when unread.kind = 'undone' then 1 else 0 end, \
           case when unread.kind = 'bought' then l.gross_micros else -l.gross_micros end, \
           case when unread.kind = 'bought' then l.author_micros else -l.author_micros end from ",
        unread!(),
        "join line l on l.id = unread.subject where unread.kind in ('bought', 'undone')) as counted \
         group by author_id, hour, work_id, link_id, channel \
         having sum(taps) <> 0 or sum(undone) <> 0 or sum(gross) <> 0 or sum(share) <> 0 \
         order by author_id, hour limit ?2"
    );
    let values = [Value::Int(super::gains::HOUR_MICROS), Value::Int(limit)];
    db.all(sql, &values, |row| Ok((row.id(0)?, row.int(1)?)))
}

/// Authors whose remembered costs of rails are not what the payments say, leaving out what the follower has still to read;
/// at most `limit`.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn miscounted_rail_fees(db: &dyn Db, limit: i64) -> Result<Vec<AuthorId>, StoreError> {
    let sql = concat!(
        "select author_id from ( \
         select author_id, micros from rail_fee_total union all \
         select l.author_id, -p.rail_fee_micros from payment p \
           join line l on l.id = p.line_id and l.tab_id = p.tab_id union all \
         select l.author_id, p.rail_fee_micros from ",
        unread!(),
        "join payment p on p.line_id = unread.subject \
           join line l on l.id = p.line_id and l.tab_id = p.tab_id where unread.kind = 'paid') as counted \
         group by author_id having sum(micros) <> 0 order by author_id limit ?1"
    );
    db.all(sql, &[Value::Int(limit)], |row| row.id(0))
}

/// Every kept wording that somebody agreed to: its number, language and words.
///
/// # Errors
/// Whatever the engine says.
pub fn each_consent(
    db: &dyn Db,
    each: &mut dyn FnMut(i64, &str, &str) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let sql = "select id, locale, label from consent order by id";
    db.query(sql, &[], &mut |row| each(row.int(0)?, &row.text(1)?, &row.text(2)?))
}
