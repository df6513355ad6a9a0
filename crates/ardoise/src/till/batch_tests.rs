//! Random histories on the real store: the same in any batching, sound books afterwards, and a naive second till that
//! answers alike.

use super::command::{Answer, Command, Outcome, Purchase};
use super::{Durable, TillNumber, TillStore as _, followers};
use crate::desk::books;
use crate::store::sqlite::batch::Writer;
use crate::store::sqlite::testing::{
    NOON, VAT, author_of, money, receive, rows, send, shop, slug, tap, tariff, undo,
};
use ledger::time::MICROS_PER_MINUTE;
use ledger::{
    AuthorId, Currency, LineId, PayOut, PayoutId, Price, Rules, SettlementId, ShopId as _, TabId,
    Timestamp, UndoneBy,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use std::collections::BTreeMap;

const TABS: u8 = 3;
const WORKS: usize = 6;
const PURCHASES: u8 = 24;
const SETTLEMENTS: u8 = 6;
const PAYOUTS: u8 = 4;

/// What the shop sells, by price in micro-units; of the fourth it is the least. The last is not for sale.
const PRICES: [i64; WORKS] = [200_000, 900_000, 0, 100_000, 1_300_000, 50_000];
const CHOSEN: usize = 3;
const NOT_FOR_SALE: usize = WORKS - 1;

fn prices() -> [Price; WORKS] {
    let mut prices = PRICES.map(|micros| Price::Fixed(money(micros)));
    prices[2] = Price::Free;
    prices[CHOSEN] = Price::Chosen { minimum: money(PRICES[CHOSEN]), suggestion: money(250_000) };
    prices
}

/// A purchase with the tab and the work that it is usually for; one in ten is for others. One work more than there are
/// is a link that leads nowhere.
fn tapped() -> impl Strategy<Value = (u8, u8, usize)> {
    let usual = (0..PURCHASES).prop_map(|purchase| {
        let work = usize::from(purchase / TABS) % (WORKS + 1);
        (purchase, purchase % TABS, work)
    });
    prop_oneof![9 => usual, 1 => (0..PURCHASES, 0..TABS, 0..=WORKS)]
}

fn command() -> impl Strategy<Value = Command> {
    let off = prop_oneof![6 => Just(0i64), 1 => -60_000i64..60_000];
    let received = prop_oneof![Just(200_000i64), Just(1_100_000i64), 1i64..1_500_000];
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
        9 => tapped().prop_map(|(purchase, on, _)| undo(purchase, Some(on))),
        2 => (0..PURCHASES).prop_map(|purchase| undo(purchase, None)),
        4 => (0..SETTLEMENTS, 0..TABS, received)
            .prop_map(|(settlement, on, micros)| receive(settlement, on, micros)),
        3 => (0..PAYOUTS).prop_map(|payout| send(payout, usize::from(payout), 20_000)),
        1 => (0..PAYOUTS, 0..WORKS, 0i64..400_000)
            .prop_map(|(payout, work, micros)| send(payout, work, micros)),
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

fn apply(writer: &mut Writer, now: Timestamp, batch: &[Command]) -> Vec<Outcome> {
    writer.apply(&tariff(), now, batch).expect("nothing is in the way").outcomes
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
        let mut naive = Naive::default();
        let mut now = NOON;
        for moment in &history {
            now = now.plus_minutes(moment.minutes);
            let one_by_one: Vec<Outcome> =
                moment.commands.chunks(1).flat_map(|one| apply(&mut alone, now, one)).collect();
            let in_batches: Vec<Outcome> =
                cut(moment).flat_map(|batch| apply(&mut batched, now, batch)).collect();
            for (number, outcome) in one_by_one.iter().enumerate() {
                prop_assert_eq!(outcome, &in_batches[number], "command {}", number);
                let expected = naive.decide(&moment.commands[number], now);
                prop_assert_eq!(said(outcome), expected, "command {}", number);
            }
        }
        prop_assert_eq!(written(&alone), written(&batched));
        prop_assert_eq!(findings(&mut batched, now), Vec::<String>::new());
    }
}

/// What an outcome says, as far as the naive till knows: what became of it, and what the tab owes or, after a payout, what
/// the author may still be paid.
type Said = Result<(&'static str, i64), &'static str>;

fn said(outcome: &Outcome) -> Said {
    use ledger::LedgerRefusal as No;
    match outcome {
        Ok(Answer::Bought { purchase, now, .. }) => {
            let what = match purchase {
                Purchase::Bought => "bought",
                Purchase::Again => "again",
                Purchase::UndoneSince => "undone since",
                Purchase::Owned => "owned",
            };
            Ok((what, now.owed.micros()))
        }
        Ok(Answer::Undone { at, now, .. }) => {
            Ok((if at.is_some() { "undone" } else { "before" }, now.owed.micros()))
        }
        Ok(Answer::Settled { settled, now }) => {
            Ok((if settled.is_some() { "settled" } else { "received" }, now.owed.micros()))
        }
        Ok(Answer::PaidOut { again, available }) => {
            Ok((if *again { "sent before" } else { "sent" }, available.micros()))
        }
        Err(No::NoTab) => Err("no tab"),
        Err(No::NoLink) => Err("no link"),
        Err(No::NoLine) => Err("no line"),
        Err(No::IdConflict) => Err("other content"),
        Err(No::NotForSale) => Err("not for sale"),
        Err(No::PriceChanged { .. } | No::BelowMinimum { .. }) => Err("other price"),
        Err(No::TabDue { .. }) => Err("due"),
        Err(No::OverLimit { .. }) => Err("over the limit"),
        Err(No::UndoOver) => Err("too late"),
        Err(No::UndoWithheld) => Err("withheld"),
        Err(No::MoreThanOwed { .. } | No::NothingOwed) => Err("not owed"),
        Err(No::MoreThanAvailable { .. }) => Err("not available"),
        Err(No::Amount(_)) => Err("never"),
    }
}

#[derive(Debug, Clone, Copy)]
struct NaiveLine {
    tab: TabId,
    work: usize,
    micros: i64,
    at: Timestamp,
    undone: bool,
    paid: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct NaiveTab {
    secret: [u8; 32],
    credit: i64,
    settlements: u32,
    purchases: u32,
    undone: u32,
}

/// The till as one would write it who cared for nothing but the rules: lists, gone through again for each question.
#[derive(Default)]
struct Naive {
    tabs: BTreeMap<TabId, NaiveTab>,
    lines: BTreeMap<LineId, NaiveLine>,
    settlements: BTreeMap<SettlementId, (TabId, i64)>,
    payouts: BTreeMap<PayoutId, (AuthorId, i64)>,
    /// What was paid for an author's lines, less what was sent and what was undone since.
    available: BTreeMap<AuthorId, i64>,
}

impl Naive {
    fn decide(&mut self, command: &Command, now: Timestamp) -> Said {
        match command {
            Command::Buy(ask) => self.buy(ask, now),
            Command::Undo(ask) => self.undo(ask, now),
            Command::Settle(ask) => {
                let (id, received) = (ask.settle.id, ask.settle.received.micros());
                self.settle(ask.tab, id, received)
            }
            Command::PayOut(ask) => self.pay_out(&ask.pay_out),
        }
    }

    fn open(&self, tab: TabId) -> Vec<(LineId, NaiveLine)> {
        let open = self
            .lines
            .iter()
            .filter(|(_, line)| line.tab == tab && !line.undone && !line.paid && line.micros > 0);
        let mut open: Vec<_> = open.map(|(id, line)| (*id, *line)).collect();
        open.sort_by_key(|(id, line)| (line.at, *id));
        open
    }

    fn owed(&self, tab: TabId) -> i64 {
        let open: i64 = self.open(tab).iter().map(|(_, line)| line.micros).sum();
        let credit = self.tabs.get(&tab).map_or(0, |tab| tab.credit);
        (open - credit).max(0)
    }

    fn buy(&mut self, ask: &super::command::BuyAsk, now: Timestamp) -> Said {
        let work = (0..WORKS).find(|&work| slug(work) == ask.slug).ok_or("no link")?;
        let (id, micros) = (ask.tab.id, ask.buy.amount.micros());
        let tab = *self
            .tabs
            .get(&id)
            .unwrap_or(&NaiveTab { secret: ask.tab.secret_hash, ..NaiveTab::default() });
        if tab.secret != ask.tab.secret_hash {
            return Err("no tab");
        }
        if let Some(line) = self.lines.get(&ask.buy.line) {
            let same = (line.tab, line.work, line.micros) == (id, work, micros);
            let what = if line.undone { "undone since" } else { "again" };
            return if same { Ok((what, self.owed(id))) } else { Err("other content") };
        }
        if self.lines.values().any(|line| line.tab == id && line.work == work && !line.undone) {
            return Ok(("owned", self.owed(id)));
        }
        if work == NOT_FOR_SALE {
            return Err("not for sale");
        }
        if micros != PRICES[work] && (work != CHOSEN || micros < PRICES[work]) {
            return Err("other price");
        }
        if micros > 0 {
            self.has_room(id, &tab, micros, now)?;
        }
        let tab = NaiveTab { purchases: tab.purchases + 1, ..tab };
        self.tabs.insert(id, tab);
        let line = NaiveLine { tab: id, work, micros, at: now, undone: false, paid: false };
        self.lines.insert(ask.buy.line, line);
        self.pay_oldest(id, 0);
        Ok(("bought", self.owed(id)))
    }

    fn has_room(
        &self,
        id: TabId,
        tab: &NaiveTab,
        micros: i64,
        now: Timestamp,
    ) -> Result<(), &'static str> {
        let Rules { due_days, limit_device, limit_settled, limit_trusted, .. } = tariff().rules;
        let open = self.open(id);
        let due = due_days * 24 * 60 * MICROS_PER_MINUTE;
        if open.iter().any(|(_, line)| now.micros_since(line.at) >= due) {
            return Err("due");
        }
        let limit = match tab.settlements {
            0 => limit_device,
            1 | 2 => limit_settled,
            _ => limit_trusted,
        };
        let after = open.iter().map(|(_, line)| line.micros).sum::<i64>() + micros - tab.credit;
        if after > limit.micros() { Err("over the limit") } else { Ok(()) }
    }

    fn undo(&mut self, ask: &super::command::UndoAsk, now: Timestamp) -> Said {
        let line = *self.lines.get(&ask.line).ok_or("no line")?;
        let tab = self.tabs.get_mut(&line.tab).ok_or("no line")?;
        if ask.tab.is_some_and(|claimed| claimed != (line.tab, tab.secret)) {
            return Err("no line");
        }
        if line.undone {
            return Ok(("before", self.owed(line.tab)));
        }
        let rules = tariff().rules;
        if ask.by == UndoneBy::Reader {
            if now.micros_since(line.at) > rules.undo_minutes * MICROS_PER_MINUTE {
                return Err("too late");
            }
            if tab.purchases >= rules.undo_watch_from && tab.undone * 2 > tab.purchases {
                return Err("withheld");
            }
            tab.undone += 1;
        } else {
            tab.purchases -= 1;
        }
        if line.paid {
            tab.credit += line.micros;
            *self.available.entry(author_of(line.work)).or_default() -= line.share();
        }
        self.lines.insert(ask.line, NaiveLine { undone: true, ..line });
        self.pay_oldest(line.tab, 0);
        Ok(("undone", self.owed(line.tab)))
    }

    fn settle(&mut self, id: TabId, settlement: SettlementId, received: i64) -> Said {
        if !self.tabs.contains_key(&id) {
            return Err("no tab");
        }
        if let Some(&earlier) = self.settlements.get(&settlement) {
            let same = earlier == (id, received);
            return if same { Ok(("received", self.owed(id))) } else { Err("other content") };
        }
        if received > self.owed(id) {
            return Err("not owed");
        }
        let paid = self.pay_oldest(id, received);
        let tab = self.tabs.get_mut(&id).ok_or("no tab")?;
        tab.settlements += u32::from(paid);
        self.settlements.insert(settlement, (id, received));
        Ok(("settled", self.owed(id)))
    }

    /// Pays the oldest open lines from the tab's credit and what is received; whether that was enough for one.
    fn pay_oldest(&mut self, id: TabId, received: i64) -> bool {
        let tab = &self.tabs[&id];
        let mut credit = tab.credit + received;
        let mut paid = Vec::new();
        for (line, open) in self.open(id) {
            if open.micros > credit {
                break;
            }
            credit -= open.micros;
            paid.push(line);
        }
        self.tabs.entry(id).or_default().credit = credit;
        let any = !paid.is_empty();
        let weights: Vec<u64> = paid.iter().map(|line| self.lines[line].micros as u64).collect();
        let fees = money(received / 10).split(&weights).unwrap_or_default();
        for (line, fee) in paid.into_iter().zip(fees) {
            let Some(line) = self.lines.get_mut(&line) else { continue };
            line.paid = true;
            *self.available.entry(author_of(line.work)).or_default() += line.share() - fee.micros();
        }
        any
    }

    fn pay_out(&mut self, ask: &PayOut) -> Said {
        let (author, micros) = (ask.author, ask.amount.micros());
        let available = self.available.entry(author).or_default();
        match self.payouts.get(&ask.id) {
            Some(&earlier) if earlier == (author, micros) => {
                Ok(("sent before", (*available).max(0)))
            }
            Some(_) => Err("other content"),
            None if micros == 0 || micros > *available => Err("not available"),
            None => {
                *available -= micros;
                self.payouts.insert(ask.id, (author, micros));
                Ok(("sent", *available))
            }
        }
    }
}

impl NaiveLine {
    /// The author's share: the price less its tax, rounded half up, less the fee of a twentieth, rounded down.
    fn share(&self) -> i64 {
        let (_, rate) = VAT[self.work % VAT.len()];
        let whole = 10_000 + rate;
        let net = self.micros - (2 * self.micros * rate + whole) / (2 * whole);
        net - net / 20
    }
}

#[test]
fn the_naive_till_meets_every_answer() {
    // A property that is never put to the question proves nothing.
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut met: BTreeMap<Said, u32> = BTreeMap::new();
    for _ in 0..2_000 {
        let history = history().new_tree(&mut runner).expect("a history").current();
        let (mut naive, mut now) = (Naive::default(), NOON);
        for moment in history {
            now = now.plus_minutes(moment.minutes);
            for command in &moment.commands {
                let said = naive.decide(command, now).map(|(what, _)| (what, 0));
                *met.entry(said).or_default() += 1;
            }
        }
    }
    let done = ["bought", "again", "undone since", "owned", "undone", "before"];
    for what in done.into_iter().chain(["settled", "received", "sent", "sent before"]) {
        assert!(met.contains_key(&Ok((what, 0))), "{what} in {met:?}");
    }
    for what in [
        "no tab",
        "no link",
        "no line",
        "other content",
        "not for sale",
        "other price",
        "due",
        "over the limit",
        "too late",
        "withheld",
        "not owed",
        "not available",
    ] {
        assert!(met.contains_key(&Err(what)), "{what} in {met:?}");
    }
}

#[test]
fn a_payout_is_news_to_its_author() {
    let mut writer = shop(&prices());
    apply(&mut writer, NOON, &[tap(1, 0, 0, PRICES[0]), receive(1, 0, PRICES[0])]);
    let sent = writer.apply(&tariff(), NOON, &[send(1, 0, 20_000)]).expect("nothing is in the way");
    assert_eq!(sent.authors, std::collections::BTreeSet::from([author_of(0)]));
}
