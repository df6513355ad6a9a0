//! A small shop in memory, for tests of the till and the store.

use super::batch::Writer;
use crate::ids::{Chance, Mint};
use crate::settings::Values;
use crate::store::link::Link;
use crate::store::people::Author;
use crate::store::work::{Kind, State, Work};
use crate::store::{Db, StoreError, link, people, shop, work};
use crate::till::command::{
    BuyAsk, Command, DisputeAsk, DisputeEndedAsk, FeeBackAsk, PayOutAsk, PayOutEndedAsk, RefundAsk,
    RefundFailedAsk, SecretHash, SettleAsk, TabClaim, UndoAsk,
};
use crate::till::{Durable, Tariff, TillStore as _};
use ledger::receipts::{consent_number, version_digest};
use ledger::{
    AuthorId, Buy, Currency, Dispute, Excess, FeeBack, LineId, Money, PayOut, PayoutEnd, PayoutId,
    Price, RailNumber, Refund, RefundId, Settle, SettlementId, ShopId as _, Shortfall, TabId,
    Timestamp, UndoneBy, Verdict,
};
use rusqlite::types::Value as Cell;
use rusqlite::{Connection, Statement, StatementStatus};

/// 22 November 2026, noon.
pub const NOON: Timestamp = Timestamp::from_micros(1_795_348_800_000_000);

/// Classes of works, and their default rates in basis points. Works have them in turn.
pub const VAT: [(&str, i64); 3] = [("standard", 2_000), ("reduced", 550), ("press", 210)];

/// Who made a work: Ada and Zoe take turns.
pub fn author_of(work: usize) -> AuthorId {
    AuthorId::from_raw(work as i64 % 2 + 1)
}

/// Works of Ada and Zoe, in a store in memory. The link of work `n` is `work-n`; the last one is not for sale.
pub fn shop(prices: &[Price]) -> Writer {
    shop_in(Connection::open_in_memory().expect("memory"), prices)
}

/// The same in a new store.
pub fn shop_in(connection: Connection, prices: &[Price]) -> Writer {
    let mut writer = Writer::new(super::prepared(connection, NOON).expect("migrated"));
    let clock = crate::clock::Clock::standing_at(NOON);
    let mint = Mint::new(clock, Chance::seeded(1));
    let filled = writer.write(Durable::AtOnce, &mut |db| fill(db, prices, &mint));
    filled.expect("filled");
    writer
}

fn fill(db: &dyn Db, prices: &[Price], mint: &Mint) -> Result<(), StoreError> {
    shop::found(db, Currency::Eur, &[1; 32], NOON)?;
    let authors = ["Ada", "Zoe"];
    for (index, name) in authors.into_iter().enumerate() {
        let author = Author { id: author_of(index), name: name.into(), created_at: NOON };
        people::insert_author(db, &author)?;
    }
    for (index, &price) in prices.iter().enumerate() {
        let last = index + 1 == prices.len();
        let made = Work {
            id: mint.id(),
            author: author_of(index),
            author_name: authors[index % authors.len()].into(),
            kind: Kind::Article,
            state: if last { State::Unpublished } else { State::Published },
            title: "Night bus".into(),
            description: String::new(),
            price,
            vat_class: VAT[index % VAT.len()].0.into(),
            version: 1,
            digest: version_digest("Night bus", &[]),
            cover_key: None,
            created_at: NOON,
            updated_at: NOON,
            published_at: Some(NOON),
        };
        work::insert(db, &made)?;
        work::keep_version(db, &made, &[], NOON)?;
        let (id, slug, label) = (mint.id(), slug(index), String::new());
        link::insert(db, &Link { id, work: made.id, slug, label, created_at: NOON })?;
    }
    Ok(())
}

/// The slug of a work's link.
pub fn slug(work: usize) -> String {
    format!("work-{work}")
}

/// A tariff with a fee, so that every account is moved, and with little patience for undos.
pub fn tariff() -> Tariff {
    let mut values = Values::default();
    values.set("test", "fee.basis_points", "500".into()).expect("known");
    values.set("test", "tab.undo_watch_from", "2".into()).expect("known");
    values.check().expect("sound").tariff
}

/// An amount.
pub fn money(micros: i64) -> Money {
    Money::from_micros(micros, Currency::Eur).expect("not negative")
}

/// The id of a tab, and the hash of its secret.
pub fn tab(number: u8) -> (TabId, SecretHash) {
    (TabId::from_raw(i64::from(number) + 1), [number; 32])
}

/// The line that a purchase becomes, each on one tab.
pub fn line(number: u8) -> LineId {
    LineId::from_bytes([number; 16])
}

/// A tap on a device that has `tab`, or opens it.
pub fn tap(purchase: u8, on: u8, work: usize, micros: i64) -> Command {
    let (id, secret_hash) = tab(on);
    let label = format!("Pay {micros}");
    Command::Buy(BuyAsk {
        tab: TabClaim { id, secret_hash, opens: true },
        slug: slug(work),
        channel: String::new(),
        buy: Buy {
            line: line(purchase),
            amount: money(micros),
            consent: consent_number("en", &label),
        },
        locale: "en",
        label,
    })
}

/// An undo by the reader who has the tab `on`, or by the shop.
pub fn undo(purchase: u8, on: Option<u8>) -> Command {
    let by = if on.is_some() { UndoneBy::Reader } else { UndoneBy::Shop };
    Command::Undo(UndoAsk { line: line(purchase), tab: on.map(tab), by })
}

/// The id of a settlement.
pub fn settlement(number: u8) -> SettlementId {
    SettlementId::from_bytes([number; 16])
}

/// The rail by which money comes in these tests.
pub const RAIL: RailNumber = RailNumber(1);

/// Money that a rail took in for a tab, whatever is owed.
pub fn take_in(number: u8, on: u8, micros: i64) -> Command {
    let Command::Settle(ask) = receive(number, on, micros) else { unreachable!("it settles") };
    Command::Settle(SettleAsk { excess: Excess::Credited, ..ask })
}

/// Credit of a tab that goes back of a settlement.
pub fn give_back(number: u8, on: u8, of: u8, micros: i64) -> Command {
    let refund = Refund {
        id: RefundId::from_bytes([number; 16]),
        settlement: settlement(of),
        rail: RAIL,
        amount: money(micros),
    };
    let shortfall = Shortfall::Refused;
    Command::Refund(RefundAsk { tab: tab(on).0, refund, shortfall, reference: "G1".into() })
}

/// Money that went back of a settlement at the provider's own page.
pub fn goes_elsewhere(number: u8, on: u8, of: u8, micros: i64) -> Command {
    let Command::Refund(ask) = give_back(number, on, of, micros) else { unreachable!("it is") };
    Command::Refund(RefundAsk { shortfall: Shortfall::Borne, ..ask })
}

/// A part of a fee that is given back.
pub fn fee_back(for_what: FeeBack, on: u8, of: u8, micros: i64) -> Command {
    let (tab, settlement, amount) = (tab(on).0, settlement(of), money(micros));
    Command::FeeBack(FeeBackAsk { tab, settlement, fee_back: for_what, amount })
}

/// For a refund.
pub const fn of_refund(number: u8) -> FeeBack {
    FeeBack::Refund(RefundId::from_bytes([number; 16]))
}

/// A refund that the rail did not carry out.
pub fn refund_fails(number: u8, on: u8) -> Command {
    let refund = RefundId::from_bytes([number; 16]);
    Command::RefundFailed(RefundFailedAsk { tab: tab(on).0, refund, reference: "closed".into() })
}

/// A dispute of a settlement, with a fee.
pub fn dispute(name: &str, on: u8, of: u8, micros: i64) -> Command {
    let (amount, fee) = (money(micros), money(15_000));
    let dispute = Dispute { settlement: settlement(of), rail: RAIL, amount, fee };
    Command::Dispute(DisputeAsk { tab: tab(on).0, dispute, name: name.into() })
}

/// The end of a dispute.
pub fn end_dispute(name: &str, on: u8, of: u8, verdict: Verdict) -> Command {
    let (tab, settlement) = (tab(on).0, settlement(of));
    Command::DisputeEnded(DisputeEndedAsk { tab, settlement, name: name.into(), verdict })
}

/// Money that came in for a tab; a tenth of it is the rail's.
pub fn receive(settlement: u8, on: u8, micros: i64) -> Command {
    let settle = Settle {
        id: SettlementId::from_bytes([settlement; 16]),
        rail: RAIL,
        received: money(micros),
        rail_fee: money(micros / 10),
    };
    let excess = Excess::Refused;
    Command::Settle(SettleAsk { tab: tab(on).0, settle, excess, reference: "R1".into() })
}

/// Money sent to the author of a work.
pub fn send(payout: u8, work: usize, micros: i64) -> Command {
    let pay_out = PayOut {
        id: PayoutId::from_raw(payout.into()),
        author: author_of(work),
        rail: RailNumber(1),
        amount: money(micros),
    };
    Command::PayOut(PayOutAsk { pay_out, reference: "P1".into() })
}

/// What a rail says of a payout to the author of a work: that it was sent, or came back, and what it takes.
pub fn payout_ends(payout: u8, work: usize, end: PayoutEnd, fee: i64) -> Command {
    Command::PayOutEnded(PayOutEndedAsk {
        payout: PayoutId::from_raw(payout.into()),
        author: author_of(work),
        end,
        fee: money(fee),
        reference: "late".into(),
    })
}

/// Asserts that a statement still runs by the plan that was made when it was first prepared. Migrations change the schema
/// under their own.
pub fn assert_planned_once(sql: &str, statement: &Statement) {
    let again = statement.get_status(StatementStatus::RePrepare);
    assert!(again == 0 || sql.contains("migration"), "planned {again} times more: {sql}");
}

/// Every row of these tables, in an order of their own.
pub fn rows(connection: &Connection, tables: &[&str]) -> Vec<String> {
    let mut rows = Vec::new();
    for table in tables {
        let mut statement = connection.prepare(&format!("select * from {table}")).expect("a table");
        let columns = statement.column_count();
        let cells = |row: &rusqlite::Row| {
            (0..columns).map(|column| row.get::<_, Cell>(column)).collect::<Result<Vec<_>, _>>()
        };
        let found = statement.query_map([], cells).expect("rows");
        rows.extend(found.map(|cells| format!("{table} {:?}", cells.expect("cells"))));
    }
    rows.sort();
    rows
}

/// Every row of every table.
pub fn everything(connection: &Connection) -> Vec<String> {
    let names = "select name from sqlite_master where type = 'table'";
    let mut statement = connection.prepare(names).expect("the schema");
    let names = statement.query_map([], |row| row.get::<_, String>(0)).expect("names");
    let names: Vec<String> = names.collect::<Result<_, _>>().expect("names");
    rows(connection, &names.iter().map(String::as_str).collect::<Vec<_>>())
}
