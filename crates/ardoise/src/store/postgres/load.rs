//! What is read for a batch: whole sets of rows by their keys, in one trip; in more where a tab has credit, something else
//! than a purchase happens on it, or the shop undoes a line. What a purchase asks for names its tab.

use super::Connection;
use super::connection::{ByTab, by_tab};
use crate::store::dispute::disputes;
use crate::store::payout::payouts;
use crate::store::refund::refunds;
use crate::store::statement::{open_line_columns, read_line, read_open_line, whole_lines};
use crate::store::tab::{self, settlements, tab_columns};
use crate::store::work::{offer_columns, read_offer};
use crate::store::{Row as _, StoreError, books, dispute, fee_back, payout, refund};
use crate::till::Tariff;
use crate::till::batch::Snapshot;
use crate::till::command::{Command, FeeBackAsk};
use futures_util::future::{try_join, try_join_all, try_join3, try_join4};
use ledger::{Account, AuthorId, FeeBack, LineId, RefundId, ShopId as _, TabId};
use std::collections::BTreeSet;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

/// What the commands of a batch name.
#[derive(Default)]
struct Named<'a> {
    slugs: BTreeSet<&'a str>,
    /// Tabs, and under which slug something is put on them.
    bought: BTreeSet<(i64, &'a str)>,
    tabs: BTreeSet<i64>,
    lines: BTreeSet<[u8; 16]>,
    undone: BTreeSet<[u8; 16]>,
    /// Lines that are undone by somebody who does not name their tab: the shop.
    sought: BTreeSet<[u8; 16]>,
    /// Tabs whose open lines are asked for.
    opened: BTreeSet<i64>,
    settlements: BTreeSet<[u8; 16]>,
    refunds: BTreeSet<[u8; 16]>,
    /// Settlements whose disputes are asked for.
    disputed: BTreeSet<[u8; 16]>,
    /// Fees that are given back.
    fees_back: Vec<&'a FeeBackAsk>,
    /// Refunds whose rails may take again what they gave back.
    failed: BTreeSet<[u8; 16]>,
    payouts: BTreeSet<i64>,
    /// Authors of whose payouts something is said.
    paid: BTreeSet<i64>,
}

impl<'a> Named<'a> {
    fn by(commands: &'a [Command]) -> Self {
        let mut named = Self::default();
        for command in commands {
            named.tabs.extend(named_tab(command));
            match command {
                Command::Buy(ask) => {
                    // No slug holds a zero, and PostgreSQL refuses to look for one: it would spoil the whole batch.
                    if !ask.slug.contains('\0') {
                        named.slugs.insert(&ask.slug);
                        named.bought.insert((ask.tab.id.raw(), &ask.slug));
                    }
                    named.lines.insert(ask.buy.line.bytes());
                }
                Command::Undo(ask) => {
                    named.undone.insert(ask.line.bytes());
                    match ask.tab {
                        Some((tab, _)) => named.opened.insert(tab.raw()),
                        None => named.sought.insert(ask.line.bytes()),
                    };
                }
                Command::Settle(ask) => {
                    named.opened.insert(ask.tab.raw());
                    named.settlements.insert(ask.settle.id.bytes());
                }
                Command::PayOut(ask) => {
                    named.payouts.insert(ask.pay_out.id.raw());
                    named.paid.insert(ask.pay_out.author.raw());
                }
                Command::PayOutEnded(ask) => {
                    named.payouts.insert(ask.payout.raw());
                    named.paid.insert(ask.author.raw());
                }
                Command::Refund(ask) => {
                    named.refunds.insert(ask.refund.id.bytes());
                    named.settlements.insert(ask.refund.settlement.bytes());
                }
                Command::RefundFailed(ask) => {
                    named.opened.insert(ask.tab.raw());
                    named.refunds.insert(ask.refund.bytes());
                    named.failed.insert(ask.refund.bytes());
                }
                Command::Dispute(ask) => {
                    named.disputed.insert(ask.dispute.settlement.bytes());
                    named.settlements.insert(ask.dispute.settlement.bytes());
                }
                Command::DisputeEnded(ask) => {
                    named.opened.insert(ask.tab.raw());
                    named.disputed.insert(ask.settlement.bytes());
                    named.settlements.insert(ask.settlement.bytes());
                }
                Command::FeeBack(ask) => {
                    named.settlements.insert(ask.settlement.bytes());
                    if let FeeBack::Refund(refund) = &ask.fee_back {
                        named.refunds.insert(refund.bytes());
                    }
                    named.fees_back.push(ask);
                }
                Command::WriteOff(tab) => {
                    named.opened.insert(tab.raw());
                }
                Command::Reopen(_) | Command::Bind(_) | Command::Unbind(_) => {}
            }
        }
        named.lines.extend(&named.undone);
        named
    }
}

/// The tab that a command names itself.
fn named_tab(command: &Command) -> Option<i64> {
    let tab = match command {
        Command::PayOut(_) | Command::PayOutEnded(_) => return None,
        Command::Undo(ask) => ask.tab?.0,
        Command::Buy(ask) => ask.tab.id,
        Command::Settle(ask) => ask.tab,
        Command::Refund(ask) => ask.tab,
        Command::RefundFailed(ask) => ask.tab,
        Command::Dispute(ask) => ask.tab,
        Command::DisputeEnded(ask) => ask.tab,
        Command::FeeBack(ask) => ask.tab,
        Command::Reopen(tab)
        | Command::WriteOff(tab)
        | Command::Bind(tab)
        | Command::Unbind(tab) => *tab,
    };
    Some(tab.raw())
}

const OFFERS: &str = offer_columns!("where l.slug = any(?1)");
const TABS_OF_LINES: &str = "select tab_id from line where id = any(?1)";
const TABS: &str = tab_columns!("where id = any(?1) order by id for update");
/// Where rows are spread over machines, none of which could lock those of another one.
const TAB: &str = tab_columns!("where id = ?1 for update");
const LINES: &str = whole_lines!("l.id = any(?1) and l.tab_id = any(?2)");
const ACCESS: ByTab = by_tab!(
    "select a.tab_id, a.work_id, a.line_id \
     from unnest(cast(?1 as int8[]), cast(?2 as text[])) as wanted(tab_id, slug) join link l on l.slug = wanted.slug \
     join access a on a.tab_id = wanted.tab_id and a.work_id = l.work_id where true",
    "a.tab_id = any(?1)"
);
const ACCESS_OF_LINES: &str = "select a.tab_id, a.work_id, a.line_id \
     from line l join access a on a.tab_id = l.tab_id and a.work_id = l.work_id \
     where l.id = any(?1) and l.tab_id = any(?2)";
const OPEN_LINES: &str = open_line_columns!("a.tab_id = any(?1)");
/// Whoever else pays one of these authors waits: two payouts at once must not both see the same money.
const AUTHORS: &str = "select id from author where id = any(?1) order by id for update";
const PAYOUTS: &str = payouts!("p.id = any(?1)");
const SETTLEMENTS: &str = settlements!("s.id = any(?1)");
const SETTLEMENTS_OF_REFUNDS: &str =
    settlements!("s.id in (select settlement_id from refund where id = any(?1))");
const REFUNDS: &str = refunds!("r.id = any(?1)");
const DISPUTES: &str = disputes!("d.settlement_id = any(?1)");

/// Begins a transaction and reads everything that the commands name; their tabs are locked from then on.
pub(super) fn load(
    connection: &Connection,
    tariff: &Tariff,
    commands: &[Command],
) -> Result<Snapshot, StoreError> {
    let mut named = Named::by(commands);
    let mut known = Snapshot::default();
    find_tabs(connection, &mut named)?;
    load_tabs(connection, tariff, &named, &mut known)?;
    load_open_lines(connection, tariff, &named, &mut known)?;
    load_refunds(connection, tariff, &named, &mut known)?;
    load_disputes(connection, tariff, &named, &mut known)?;
    load_fees_back(connection, tariff, &named, &mut known)?;
    load_payouts(connection, tariff, &named, &mut known)?;
    Ok(known)
}

/// The tabs of lines that the shop undoes: they stay where they are.
fn find_tabs(connection: &Connection, named: &mut Named<'_>) -> Result<(), StoreError> {
    if named.sought.is_empty() {
        return Ok(());
    }
    let (tabs_of_lines, sought) = (connection.prepared(TABS_OF_LINES)?, slices(&named.sought));
    let found = connection.wait(ask(connection, &tabs_of_lines, &[&sought]))?;
    for row in &found {
        let tab = row.int(0)?;
        named.tabs.insert(tab);
        named.opened.insert(tab);
    }
    Ok(())
}

/// The tabs first: what stands on them is read once nobody else can change it.
fn load_tabs(
    connection: &Connection,
    tariff: &Tariff,
    named: &Named<'_>,
    known: &mut Snapshot,
) -> Result<(), StoreError> {
    let tabs: Vec<i64> = named.tabs.iter().copied().collect();
    let slugs: Vec<&str> = named.slugs.iter().copied().collect();
    let (of_tabs, of_slugs): (Vec<i64>, Vec<&str>) = named.bought.iter().copied().unzip();
    let [lines, undone, settlements] =
        [&named.lines, &named.undone, &named.settlements].map(slices);
    let prepared = |sql| connection.prepared(sql);
    let (offer, line) = (prepared(OFFERS)?, prepared(LINES)?);
    let tab = prepared(if connection.is_spread() { TAB } else { TABS })?;
    let (access, of_lines) = (prepared(connection.said(ACCESS))?, prepared(ACCESS_OF_LINES)?);
    let settlement = prepared(SETTLEMENTS)?;
    let begun = async { Ok(connection.client().batch_execute("begin").await?) };
    let (((), offers, tabs), (lines, accesses, held, settlements)) = connection.wait(try_join(
        try_join3(begun, ask(connection, &offer, &[&slugs]), lock(connection, &tab, &tabs)),
        try_join4(
            ask(connection, &line, &[&lines, &tabs]),
            ask(connection, &access, &[&of_tabs, &of_slugs]),
            ask_if(!undone.is_empty(), connection, &of_lines, &[&undone, &tabs]),
            ask_if(!settlements.is_empty(), connection, &settlement, &[&settlements]),
        ),
    ))?;
    let currency = tariff.currency;
    for row in &offers {
        known.offers.insert(row.text(10)?, read_offer(row, tariff)?);
    }
    for row in &tabs {
        let stored = tab::read(row, currency)?;
        known.tabs.insert(stored.tab.id, stored);
    }
    for row in &lines {
        let (line, state) = read_line(row, currency)?;
        known.lines.insert(line.id, (line, state));
    }
    for row in accesses.iter().chain(&held) {
        let key = (TabId::from_raw(row.int(0)?), ledger::WorkId::from_raw(row.int(1)?));
        known.access.insert(key, LineId::from_bytes(bytes(row, 2)?));
    }
    for row in &settlements {
        let (id, settlement) = tab::read_settlement(row, currency)?;
        known.settlements.insert(id, settlement);
    }
    Ok(())
}

/// Of the tabs that have credit too, which most have not.
fn load_open_lines(
    connection: &Connection,
    tariff: &Tariff,
    named: &Named<'_>,
    known: &mut Snapshot,
) -> Result<(), StoreError> {
    let with_credit = known.tabs.values().filter(|stored| !stored.tab.credit.is_zero());
    let mut opened = named.opened.clone();
    opened.extend(with_credit.map(|stored| stored.tab.id.raw()));
    known.open_lines = opened.iter().map(|tab| (TabId::from_raw(*tab), Vec::new())).collect();
    if opened.is_empty() {
        return Ok(());
    }
    let opened: Vec<i64> = opened.into_iter().collect();
    let open_line = connection.prepared(OPEN_LINES)?;
    for row in &connection.wait(ask(connection, &open_line, &[&opened]))? {
        let tab = TabId::from_raw(row.int(5)?);
        known.open_lines.entry(tab).or_default().push(read_open_line(row, tariff.currency)?);
    }
    Ok(())
}

/// With the settlements they are of: the tabs are locked by now.
fn load_refunds(
    connection: &Connection,
    tariff: &Tariff,
    named: &Named<'_>,
    known: &mut Snapshot,
) -> Result<(), StoreError> {
    if named.refunds.is_empty() {
        return Ok(());
    }
    let asked = slices(&named.refunds);
    let (refund, settlement) =
        (connection.prepared(REFUNDS)?, connection.prepared(SETTLEMENTS_OF_REFUNDS)?);
    let (refunds, settlements) = connection.wait(try_join(
        ask(connection, &refund, &[&asked]),
        ask(connection, &settlement, &[&asked]),
    ))?;
    for row in &refunds {
        let stored = refund::read(row, tariff.currency)?;
        known.refunds.insert(stored.refund.id, stored);
    }
    for row in &settlements {
        let (id, settlement) = tab::read_settlement(row, tariff.currency)?;
        known.settlements.insert(id, settlement);
    }
    Ok(())
}

fn load_disputes(
    connection: &Connection,
    tariff: &Tariff,
    named: &Named<'_>,
    known: &mut Snapshot,
) -> Result<(), StoreError> {
    if named.disputed.is_empty() {
        return Ok(());
    }
    let (dispute, asked) = (connection.prepared(DISPUTES)?, slices(&named.disputed));
    for row in &connection.wait(ask(connection, &dispute, &[&asked]))? {
        let (name, stored) = dispute::read(row, tariff.currency)?;
        known.disputes.insert((stored.dispute.settlement, name), stored);
    }
    Ok(())
}

/// Fees are seldom given back: each is asked about alone.
fn load_fees_back(
    connection: &Connection,
    tariff: &Tariff,
    named: &Named<'_>,
    known: &mut Snapshot,
) -> Result<(), StoreError> {
    let failed = named.failed.iter().map(|id| FeeBack::Refund(RefundId::from_bytes(*id)));
    let given = named.fees_back.iter().map(|ask| ask.fee_back.clone());
    for fee_back in failed.chain(given) {
        let parts = fee_back::parts(connection, &fee_back, tariff.currency)?;
        if !parts.is_empty() {
            known.fees_back.insert(fee_back, parts);
        }
    }
    for ask in &named.fees_back {
        let of = (ask.tab, ask.settlement);
        let bore = fee_back::bearers(connection, of, tariff.currency)?;
        known.bearers.insert(of, bore);
    }
    Ok(())
}

/// Payouts are few: each author is asked about alone.
fn load_payouts(
    connection: &Connection,
    tariff: &Tariff,
    named: &Named<'_>,
    known: &mut Snapshot,
) -> Result<(), StoreError> {
    if named.payouts.is_empty() {
        return Ok(());
    }
    let payouts: Vec<i64> = named.payouts.iter().copied().collect();
    let paid: Vec<i64> = named.paid.iter().copied().collect();
    let (author, payout) = (connection.prepared(AUTHORS)?, connection.prepared(PAYOUTS)?);
    connection.wait(ask(connection, &author, &[&paid]))?;
    for row in &connection.wait(ask(connection, &payout, &[&payouts]))? {
        let payout = payout::read(row, tariff.currency)?;
        known.payouts.insert(payout.pay_out.id, payout);
    }
    for author in paid.into_iter().map(AuthorId::from_raw) {
        let available = books::balance(connection, Account::Available(author))?;
        known.available.insert(author, available);
    }
    Ok(())
}

fn bytes(row: &Row, column: usize) -> Result<[u8; 16], StoreError> {
    let row: &dyn crate::store::Row = row;
    row.bytes(column)
}

fn slices(keys: &BTreeSet<[u8; 16]>) -> Vec<&[u8]> {
    keys.iter().map(<[u8; 16]>::as_slice).collect()
}

/// A question about a set of keys. Questions that wait together travel in one trip and are answered in the order in which
/// they are first polled, so each must be prepared before any of them is.
async fn ask(
    connection: &Connection,
    statement: &Statement,
    keys: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, StoreError> {
    Ok(connection.client().query(statement, keys).await?)
}

/// Tabs, which nobody else can change from then on: in the order of their ids, so that two who want the same never wait for each
/// other.
async fn lock(
    connection: &Connection,
    statement: &Statement,
    tabs: &[i64],
) -> Result<Vec<Row>, StoreError> {
    if connection.is_spread() {
        let each = tabs.iter().map(|tab| async move { ask(connection, statement, &[tab]).await });
        Ok(try_join_all(each).await?.into_iter().flatten().collect())
    } else {
        ask(connection, statement, &[&tabs]).await
    }
}

async fn ask_if(
    wanted: bool,
    connection: &Connection,
    statement: &Statement,
    keys: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, StoreError> {
    if wanted { ask(connection, statement, keys).await } else { Ok(Vec::new()) }
}
