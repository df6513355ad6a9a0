//! Random histories on the real store: the same in any batching, and sound books afterwards. Whether the answers are the
//! right ones is asked by `simulator explore`, which has a second ledger.

use super::command::{Command, Outcome};
use super::{Applied, Durable, TillNumber, TillStore as _, followers};
use crate::desk::books;
use crate::store::sqlite::batch::Writer;
use crate::store::sqlite::testing::{
    NOON, author_of, dispute, end_dispute, give_back, money, payout_ends, receive, refund_fails,
    rows, send, shop, tab, take_in, tap, tariff, undo,
};
use ledger::{Currency, PayoutEnd, Price, ShopId as _, Timestamp, Verdict};
use proptest::prelude::*;
use std::collections::BTreeSet;

const TABS: u8 = 3;
const WORKS: usize = 6;
const PURCHASES: u8 = 24;
const SETTLEMENTS: u8 = 6;
const PAYOUTS: u8 = 4;

/// What the shop sells, by price in micro-units; of the fourth it is the least. The last is not for sale.
const PRICES: [i64; WORKS] = [200_000, 900_000, 0, 100_000, 1_300_000, 50_000];
const CHOSEN: usize = 3;

fn prices() -> [Price; WORKS] {
    let mut prices = PRICES.map(|micros| Price::Fixed(money(micros)));
    prices[2] = Price::Free;
    prices[CHOSEN] = Price::Chosen { minimum: money(PRICES[CHOSEN]), suggestion: money(250_000) };
    prices
}

/// The tab of a purchase: the same on another tab would be another line.
const fn home(purchase: u8) -> u8 {
    purchase % TABS
}

/// A purchase with the work that it is usually for; one in ten is for another. One work more than there are is a link that leads
/// nowhere.
fn tapped() -> impl Strategy<Value = (u8, u8, usize)> {
    let usual = |purchase: u8| usize::from(purchase / TABS) % (WORKS + 1);
    let work = prop_oneof![9 => Just(None), 1 => (0..=WORKS).prop_map(Some)];
    (0..PURCHASES, work).prop_map(move |(purchase, work)| {
        (purchase, home(purchase), work.unwrap_or_else(|| usual(purchase)))
    })
}

/// A purchase, and a tab from which it is taken back: one in ten is not the tab's own.
fn regretted() -> impl Strategy<Value = (u8, u8)> {
    let own = (0..PURCHASES).prop_map(|purchase| (purchase, home(purchase)));
    prop_oneof![9 => own, 1 => (0..PURCHASES, 0..TABS)]
}

fn received() -> impl Strategy<Value = i64> {
    prop_oneof![Just(200_000i64), Just(1_100_000i64), 1i64..1_500_000]
}

/// Money that goes back, and lines that nobody pays.
fn returned() -> impl Strategy<Value = Command> {
    let verdict = prop::sample::select(vec![Verdict::Won, Verdict::Won, Verdict::Lost]);
    let named = prop::sample::select(vec!["d1", "d2"]);
    prop_oneof![
        4 => (0..4u8, 0..SETTLEMENTS, 0..TABS, received())
            .prop_map(|(refund, of, on, micros)| give_back(refund, on, of, micros / 2)),
        2 => (0..4u8, 0..TABS).prop_map(|(refund, on)| refund_fails(refund, on)),
        1 => (named.clone(), 0..SETTLEMENTS, 0..TABS)
            .prop_map(|(name, of, on)| dispute(name, on, of, 150_000)),
        3 => (named, 0..SETTLEMENTS, 0..TABS, verdict)
            .prop_map(|(name, of, on, verdict)| end_dispute(name, on, of, verdict)),
        2 => (0..TABS).prop_map(|on| Command::WriteOff(tab(on).0)),
        1 => (0..TABS).prop_map(|on| Command::Bind(tab(on).0)),
        1 => (0..TABS).prop_map(|on| Command::Unbind(tab(on).0)),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let off = prop_oneof![6 => Just(0i64), 1 => -60_000i64..60_000];
    let asked = |work: usize| PRICES.get(work).copied().unwrap_or(0);
    prop_oneof![
        18 => (tapped(), off).prop_map(move |((purchase, on, work), off)| {
            tap(purchase, on, work, (asked(work) + off).max(0))
        }),
        1 => tapped().prop_map(move |(purchase, on, work)| {
            let Command::Buy(mut ask) = tap(purchase, on, work, asked(work)) else {
                unreachable!("a tap buys")
            };
            ask.tab.secret_hash[0] ^= 1;
            Command::Buy(ask)
        }),
        9 => regretted().prop_map(|(purchase, on)| undo(purchase, Some(on))),
        2 => (0..PURCHASES).prop_map(|purchase| undo(purchase, None)),
        4 => (0..SETTLEMENTS, 0..TABS, received())
            .prop_map(|(settlement, on, micros)| receive(settlement, on, micros)),
        2 => (0..SETTLEMENTS, 0..TABS, received())
            .prop_map(|(settlement, on, micros)| take_in(settlement, on, micros)),
        6 => returned(),
        3 => (0..PAYOUTS).prop_map(|payout| send(payout, usize::from(payout), 20_000)),
        1 => (0..PAYOUTS, 0..WORKS, 0i64..400_000)
            .prop_map(|(payout, work, micros)| send(payout, work, micros)),
        3 => (0..PAYOUTS, any::<bool>(), prop_oneof![Just(0i64), Just(700), Just(1_000)]).prop_map(
            |(payout, sent, fee)| {
                let end = if sent { PayoutEnd::Sent } else { PayoutEnd::Returned };
                payout_ends(payout, usize::from(payout), end, fee)
            }
        ),
    ]
}

/// What happens at one moment, and how long after the moment before; the clock may be set back.
#[derive(Clone)]
struct Moment {
    minutes: i64,
    commands: Vec<Command>,
    /// Sizes of the batches into which the commands are cut.
    cuts: Vec<usize>,
}

/// As short as a failure can be read.
impl std::fmt::Debug for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let brief = |command: &Command| match command {
            Command::Buy(ask) => {
                let (on, work, micros) = (ask.tab.id.raw(), &ask.slug, ask.buy.amount.micros());
                format!("buy {} {work} on {on} for {micros}", ask.buy.line.bytes()[0])
            }
            Command::Undo(ask) => format!("{:?} undoes {}", ask.by, ask.line.bytes()[0]),
            Command::Settle(ask) => {
                let (id, micros) = (ask.settle.id.bytes()[0], ask.settle.received.micros());
                format!("receive {id} of {micros} for {}", ask.tab.raw())
            }
            Command::PayOut(ask) => {
                let (id, micros) = (ask.pay_out.id.raw(), ask.pay_out.amount.micros());
                format!("pay {id} of {micros} to {}", ask.pay_out.author.raw())
            }
            other => format!("{other:?}"),
        };
        let commands: Vec<String> = self.commands.iter().map(brief).collect();
        write!(f, "{:+} min, cut {:?}: {commands:#?}", self.minutes, self.cuts)
    }
}

fn history() -> impl Strategy<Value = Vec<Moment>> {
    let minutes = prop_oneof![4 => 0i64..40, 1 => -50_000i64..70_000];
    let commands = prop::collection::vec(command(), 1..16);
    let cuts = prop::collection::vec(1usize..8, 16);
    let moment = (minutes, commands, cuts);
    let moment = moment.prop_map(|(minutes, commands, cuts)| Moment { minutes, commands, cuts });
    prop::collection::vec(moment, 1..6)
}

fn apply(writer: &mut Writer, now: Timestamp, batch: &[Command]) -> Applied {
    writer.apply(&tariff(), now, batch).expect("nothing is in the way")
}

fn cut(moment: &Moment) -> impl Iterator<Item = &[Command]> {
    let mut rest = moment.commands.as_slice();
    moment.cuts.iter().map_while(move |&size| {
        let (batch, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        (!batch.is_empty()).then_some(batch)
    })
}

/// What the journal and everything under it say. Of the outbox, the order within a batch may differ.
fn written(writer: &Writer) -> Vec<String> {
    let connection = writer.connection();
    let mut written = rows(
        connection,
        &[
            "tab",
            "line",
            "access",
            "undo",
            "settlement",
            "payment",
            "payout",
            "payout_fee",
            "payout_return",
            "refund",
            "refund_failure",
            "dispute",
            "dispute_end",
            "write_off",
            "transfer",
            "consent",
        ],
    );
    let told = "(select kind, author_id, subject, happened_at from outbox)";
    written.extend(rows(connection, &[told]));
    written
}

fn findings(writer: &mut Writer, now: Timestamp) -> Vec<String> {
    let mut findings = Vec::new();
    let checked = writer.write(Durable::AtOnce, &mut |db| {
        // Sound both while the followers lag behind and when they have caught up.
        findings = books::check(db, Currency::Eur, &mut |_, _| ())?.findings;
        followers::catch_up(db, &[TillNumber::ONLY], now)?;
        findings.extend(books::check(db, Currency::Eur, &mut |_, _| ())?.findings);
        Ok(())
    });
    checked.expect("read");
    findings
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn commands_come_to_the_same_in_any_batching(history in history()) {
        let (mut alone, mut batched) = (shop(&prices()), shop(&prices()));
        let mut now = NOON;
        for moment in &history {
            now = now.plus_minutes(moment.minutes);
            let one_by_one: Vec<Outcome> =
                moment.commands.chunks(1).flat_map(|one| apply(&mut alone, now, one).outcomes).collect();
            let in_batches: Vec<Outcome> =
                cut(moment).flat_map(|batch| apply(&mut batched, now, batch).outcomes).collect();
            for (number, outcome) in one_by_one.iter().enumerate() {
                prop_assert_eq!(outcome, &in_batches[number], "command {}", number);
            }
        }
        prop_assert_eq!(written(&alone), written(&batched));
        prop_assert_eq!(findings(&mut batched, now), Vec::<String>::new());
    }
}

#[test]
fn a_payout_is_news_to_its_author() {
    let mut writer = shop(&prices());
    let paid = apply(&mut writer, NOON, &[tap(1, 0, 0, PRICES[0]), receive(1, 0, PRICES[0])]);
    assert!(paid.outcomes.iter().all(Result::is_ok), "{paid:?}");
    let sent = apply(&mut writer, NOON, &[send(1, 0, 20_000)]);
    assert_eq!(sent.authors, BTreeSet::from([author_of(0)]));
    let back = apply(&mut writer, NOON, &[payout_ends(1, 0, PayoutEnd::Returned, 0)]);
    assert_eq!(back.authors, BTreeSet::from([author_of(0)]), "so is that it came back");
}
