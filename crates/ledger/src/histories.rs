//! Random histories of a small shop: whatever happens, in whatever order, the books balance, no tab passes its limit,
//! and an undo restores what was there. A second, naive account of everything is kept beside the books.

mod returns;

use crate::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Histories to try, each of up to forty steps. Two tests share them, so that two cores do.
const HISTORIES: u32 = 50_000;
const CURRENCY: Currency = Currency::Eur;
const TABS: usize = 3;
const WORKS: usize = 6;
const AUTHORS: usize = 3;
const PURCHASES: u8 = 40;
const RAILS: [RailNumber; 2] = [RailNumber(1), RailNumber(2)];

fn money(micros: i64) -> Money {
    Money::from_micros(micros, CURRENCY).expect("not negative")
}

/// What the operator and the authors have chosen.
#[derive(Debug, Clone)]
struct Terms {
    prices: Vec<Price>,
    vat: Vec<i64>,
    fee: i64,
    undo_watch_from: u32,
}

fn price() -> impl Strategy<Value = Price> {
    let costly = 10_000i64..3_000_000;
    prop_oneof![
        1 => Just(Price::Free),
        4 => costly.clone().prop_map(|micros| Price::Fixed(money(micros))),
        2 => (0i64..500_000, costly).prop_map(|(minimum, suggestion)| Price::Chosen {
            minimum: money(minimum),
            suggestion: money(suggestion),
        }),
    ]
}

fn terms() -> impl Strategy<Value = Terms> {
    (
        prop::collection::vec(price(), WORKS),
        prop::collection::vec(prop::sample::select(vec![0, 210, 550, 1_000, 2_000, 10_000]), WORKS),
        prop_oneof![Just(0i64), 1i64..=10_000],
        1u32..12,
    )
        .prop_map(|(prices, vat, fee, undo_watch_from)| Terms {
            prices,
            vat,
            fee,
            undo_watch_from,
        })
}

#[derive(Debug, Clone)]
enum Step {
    Buy { purchase: u8, tab: usize, work: usize, off: i64 },
    Undo { purchase: u8, shop: bool },
    Settle { tab: usize, per_mille: i64, fee: i64, rail: RailNumber, excess: Excess },
    PayOut { author: usize, micros: i64 },
    Return(returns::Step),
    Wait { minutes: i64 },
}

fn excess() -> impl Strategy<Value = Excess> {
    prop::sample::select(vec![Excess::Refused, Excess::Credited])
}

/// Clocks are set back, too.
fn step() -> impl Strategy<Value = Step> {
    let off = prop_oneof![8 => Just(0i64), 1 => -200_000i64..200_000];
    let rail = prop::sample::select(RAILS.to_vec());
    prop_oneof![
        12 => (0..PURCHASES, 0..TABS, 0..WORKS, off)
            .prop_map(|(purchase, tab, work, off)| Step::Buy { purchase, tab, work, off }),
        5 => (0..PURCHASES, any::<bool>())
            .prop_map(|(purchase, shop)| Step::Undo { purchase, shop }),
        4 => (0..TABS, prop_oneof![Just(1_000i64), 1i64..=1_100], 0i64..400_000, rail, excess())
            .prop_map(|(tab, per_mille, fee, rail, excess)| Step::Settle {
                tab,
                per_mille,
                fee,
                rail,
                excess,
            }),
        6 => returns::step().prop_map(Step::Return),
        2 => (0..AUTHORS, 0i64..4_000_000)
            .prop_map(|(author, micros)| Step::PayOut { author, micros }),
        2 => prop_oneof![0i64..60, -100_000i64..100_000].prop_map(|minutes| Step::Wait { minutes }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..40)
}

struct Shop {
    now: Timestamp,
    rules: Rules,
    tabs: Vec<Tab>,
    offers: Vec<Offer>,
    lines: BTreeMap<LineId, (Line, LineState)>,
    journal: Vec<Transfer>,
    settlements: u8,
    returns: returns::Known,
    /// What each account should hold, by naive addition.
    naive: BTreeMap<Account, i128>,
}

impl Shop {
    fn new(terms: &Terms) -> Self {
        let now = Timestamp::from_micros(0);
        let tab = |raw| Tab::opened(TabId::from_raw(raw), now, Money::zero(CURRENCY));
        let offer = |(index, (&price, &vat_basis_points)): (usize, (&Price, &i64))| Offer {
            work: WorkId::from_raw(index as i64),
            author: author(index % AUTHORS),
            version: 1,
            version_digest: [0; 32],
            price,
            for_sale: true,
            vat_basis_points,
        };
        let rules = Rules {
            limit_device: money(2_000_000),
            limit_mandate: money(6_000_000),
            limit_settled: money(10_000_000),
            limit_trusted: money(15_000_000),
            undo_minutes: 30,
            due_days: 40,
            settle_at: money(5_000_000),
            retry_days: [43, 46],
            write_off_days: 49,
            remind_days: 2,
            notice_days: 2,
            fee_basis_points: terms.fee,
            undo_watch_from: terms.undo_watch_from,
        };
        Self {
            now,
            rules,
            tabs: (0..TABS as i64).map(tab).collect(),
            offers: terms.prices.iter().zip(&terms.vat).enumerate().map(offer).collect(),
            lines: BTreeMap::new(),
            journal: Vec::new(),
            settlements: 0,
            returns: returns::Known::default(),
            naive: BTreeMap::new(),
        }
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Buy { purchase, tab, work, off } => self.buy(purchase, tab, work, off),
            Step::Undo { purchase, shop } => self.undo(purchase, shop),
            Step::Settle { tab, per_mille, fee, rail, excess } => {
                self.settle(tab, per_mille, fee, rail, excess);
            }
            Step::PayOut { author, micros } => self.pay_out(author, micros),
            Step::Return(step) => self.carry_back(step),
            Step::Wait { minutes } => self.now = self.now.plus_minutes(minutes),
        }
    }

    fn add(&mut self, account: Account, micros: i128) {
        *self.naive.entry(account).or_default() += micros;
    }

    fn buy(&mut self, purchase: u8, tab: usize, work: usize, off: i64) {
        let offer = self.offers[work];
        let id = line_id(purchase);
        let asked = match offer.price {
            Price::Free => 0,
            Price::Fixed(amount) | Price::Chosen { suggestion: amount, .. } => amount.micros(),
        };
        let ask = Buy { line: id, amount: money((asked + off).max(0)), consent: 1 };
        let waits_since = self.tabs[tab].waits_since(&self.open_lines(self.tabs[tab].id));
        let tab = &mut self.tabs[tab];
        let held = |(line, state): &&(Line, LineState)| {
            line.tab == tab.id && line.work == offer.work && *state != LineState::Undone
        };
        let before = Before {
            same_id: self.lines.get(&id).map(|(line, state)| Earlier {
                tab: line.tab,
                work: line.work,
                gross: line.shares.gross,
                undone: *state == LineState::Undone,
            }),
            access: self.lines.values().find(held).map(|(line, _)| line.id),
            waits_since,
        };
        let was = tab.clone();
        match buy(&ask, &offer, tab, before, &self.rules, self.now) {
            Ok(Bought::New(line)) => {
                assert!(before.same_id.is_none() && before.access.is_none(), "sold twice");
                assert!(is_asked(offer.price, ask.amount), "sold at another price");
                if !ask.amount.is_zero() {
                    assert!(tab.owed().is_ok_and(|owed| owed <= self.rules.limit(tab)), "too much");
                    assert!(!self.rules.is_due(waits_since, self.now), "sold on a tab that is due");
                    assert!(!was.is_closed() && was.disputes_open == 0, "sold on a closed tab");
                }
                assert_ne!(tab.chain, was.chain);
                self.journal.extend(line.transfers());
                self.lines.insert(id, (line, LineState::Open));
                self.add_line(&line, 1);
                self.spend_credit(line.tab);
            }
            Ok(Bought::Again { .. } | Bought::Owned(_)) | Err(_) => assert_eq!(*tab, was),
        }
    }

    /// Puts the parts of a line on the naive accounts, or takes them off.
    fn add_line(&mut self, line: &Line, sign: i128) {
        let Shares { gross, vat, fee, author } = line.shares;
        assert_eq!(gross.micros(), vat.micros() + fee.micros() + author.micros());
        for (account, amount) in [
            (Account::Tab(line.tab), gross),
            (Account::Vat, vat),
            (Account::OperatorFees, fee),
            (Account::Pending(line.author), author),
        ] {
            self.add(account, sign * i128::from(amount.micros()));
        }
    }

    /// The lines that wait to be paid.
    fn open_lines(&self, tab: TabId) -> Vec<OpenLine> {
        let waits = |state| matches!(state, LineState::Open | LineState::WrittenOff);
        let open = self.lines.values().filter(|(line, state)| {
            line.tab == tab && waits(*state) && !line.shares.gross.is_zero()
        });
        let mut open: Vec<OpenLine> = open
            .map(|(line, state)| OpenLine {
                written_off: *state == LineState::WrittenOff,
                ..line.as_open()
            })
            .collect();
        open.sort_by_key(OpenLine::place);
        open
    }

    fn undo(&mut self, purchase: u8, shop: bool) {
        let id = line_id(purchase);
        let Some(&(line, state)) = self.lines.get(&id) else { return };
        let others = self.open_lines(line.tab).into_iter();
        let others = others.filter(|open| open.id != id && !open.written_off);
        let next_open = others.map(|open| open.bought_at).min();
        let by = if shop { UndoneBy::Shop } else { UndoneBy::Reader };
        let tab = self.tabs.iter_mut().find(|tab| tab.id == line.tab).expect("a line has a tab");
        let was = tab.clone();
        match undo(&line, state, by, tab, next_open, &self.rules, self.now) {
            Ok(Undone::Now(transfers)) => {
                assert!(shop || self.now <= self.rules.undo_until(line.bought_at), "too late");
                assert_eq!(owes(&was) - owes(tab), i128::from(line.shares.gross.micros()));
                self.journal.extend(transfers);
                self.lines.insert(id, (line, LineState::Undone));
                if state != LineState::WrittenOff {
                    self.add_line(&line, -1);
                }
                if state == LineState::Paid {
                    // The share had become available: it is missing there, and not in pending.
                    let share = i128::from(line.shares.author.micros());
                    self.add(Account::Pending(line.author), share);
                    self.add(Account::Available(line.author), -share);
                }
                self.spend_credit(line.tab);
            }
            Ok(Undone::Before) | Err(_) => assert_eq!(*tab, was),
        }
    }

    fn settle(&mut self, tab: usize, per_mille: i64, fee: i64, rail: RailNumber, excess: Excess) {
        let open = self.open_lines(self.tabs[tab].id);
        let mut after = self.tabs[tab].clone();
        let owed = after.owed().expect("one currency");
        let mut received = owed.scale_by(per_mille, 1_000, Rounding::Up).expect("small");
        if excess == Excess::Credited {
            received = received.checked_add(money(per_mille)).expect("small");
        }
        self.settlements = self.settlements.wrapping_add(1);
        let ask = Settle {
            id: SettlementId::from_bytes([self.settlements; 16]),
            rail,
            received,
            rail_fee: money(fee.min(received.micros())),
        };
        match settle(&ask, excess, &mut after, &open, self.now) {
            Ok(settled) => {
                assert!(received <= owed || excess == Excess::Credited);
                assert_eq!(
                    owes(&self.tabs[tab]) - owes(&after),
                    i128::from(received.micros()),
                    "what comes in is never lost"
                );
                self.returns.received(&ask, after.id);
                self.add_settled(&ask, after.id, &settled);
                self.journal.extend(settled.transfers);
                self.tabs[tab] = after;
            }
            Err(LedgerRefusal::NothingOwed) => {
                assert_eq!(excess, Excess::Refused);
                assert!(owed.is_zero() || received.is_zero());
            }
            Err(LedgerRefusal::MoreThanOwed { .. }) => {
                assert_eq!(excess, Excess::Refused);
                assert!(received > owed);
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// What a tab has to its credit pays its oldest lines as soon as it can.
    fn spend_credit(&mut self, tab: TabId) {
        let open = self.open_lines(tab);
        let tab = self.tabs.iter_mut().find(|known| known.id == tab).expect("it is known");
        let was = tab.clone();
        match spend_credit(tab, &open, self.now).expect("one currency") {
            Some((ask, settled)) => {
                assert_eq!((owes(tab), tab.settlements), (owes(&was), was.settlements));
                let tab = tab.id;
                self.add_settled(&ask, tab, &settled);
                self.journal.extend(settled.transfers);
            }
            None => assert_eq!(*tab, was),
        }
    }

    fn add_settled(&mut self, ask: &Settle, tab: TabId, settled: &Settled) {
        let (received, fee) = (ask.received, ask.rail_fee);
        let [received, fee] = [received, fee].map(|amount| i128::from(amount.micros()));
        self.add(Account::Tab(tab), -received);
        self.add(Account::Rail(ask.rail), received - fee);
        if settled.payments.is_empty() {
            self.add(Account::OperatorFees, -fee);
            return;
        }
        let shared: i64 = settled.payments.iter().map(|paid| paid.rail_fee.micros()).sum();
        assert_eq!(i128::from(shared), fee, "the rail's fee is shared to the last micro-unit");
        for payment in &settled.payments {
            let (line, state) = self.lines.get_mut(&payment.line).expect("it was open");
            let (line, was) = (*line, std::mem::replace(state, LineState::Paid));
            if was == LineState::WrittenOff {
                self.add_line(&line, 1);
            }
            let (author, share) = (line.author, i128::from(line.shares.author.micros()));
            self.add(Account::Pending(author), -share);
            self.add(Account::Available(author), share - i128::from(payment.rail_fee.micros()));
        }
    }

    fn books(&self) -> Books {
        let mut books = Books::new(CURRENCY);
        assert!(self.journal.iter().all(|transfer| books.post(transfer)));
        books
    }

    /// What the journal says must be what the tabs and the lines say, and what naive addition says.
    fn check(&self) {
        let books = self.books();
        assert_eq!(books.imbalance(), 0);
        for tab in &self.tabs {
            assert_eq!(books.balance(Account::Tab(tab.id)), net(tab));
            let waiting = self.open_lines(tab.id);
            // A tab that owes nothing has nothing to become due.
            assert_eq!(tab.owed().expect("one currency").is_zero(), waiting.is_empty());
            let (lost, open): (Vec<_>, Vec<_>) =
                waiting.into_iter().partition(|line| line.written_off);
            assert_eq!(tab.open, sum(&open));
            assert_eq!(tab.written_off, sum(&lost));
            assert_eq!(tab.open_lines as usize, open.len());
            assert_eq!(tab.oldest_open_at, open.iter().map(|line| line.bought_at).min());
        }
        self.check_returns(&books);
        for (account, total) in books.totals() {
            let naive = self.naive.get(&account).copied().unwrap_or(0);
            assert_eq!(total.balance(account), naive, "{account:?}");
        }
        for (&account, &naive) in &self.naive {
            assert_eq!(books.balance(account), naive, "{account:?}");
        }
    }
}

fn author(index: usize) -> AuthorId {
    AuthorId::from_raw(index as i64)
}

fn line_id(purchase: u8) -> LineId {
    LineId::from_bytes([purchase; 16])
}

/// What the books say that a tab owes, or less than nothing where it has credit.
fn net(tab: &Tab) -> i128 {
    i128::from(tab.open.micros()) - i128::from(tab.credit.micros())
}

/// The same with what was written off.
fn owes(tab: &Tab) -> i128 {
    net(tab) + i128::from(tab.written_off.micros())
}

fn sum(lines: &[OpenLine]) -> Money {
    money(lines.iter().map(|line| line.shares.gross.micros()).sum())
}

fn is_asked(price: Price, amount: Money) -> bool {
    match price {
        Price::Free => amount.is_zero(),
        Price::Fixed(asked) => amount == asked,
        Price::Chosen { minimum, .. } => amount >= minimum,
    }
}

fn run(terms: &Terms, steps: &[Step]) -> Shop {
    let mut shop = Shop::new(terms);
    for step in steps {
        shop.run(step);
    }
    shop.check();
    shop
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(HISTORIES))]

    #[test]
    fn books_balance_whatever_happens(terms in terms(), steps in steps()) {
        run(&terms, &steps);
    }

    #[test]
    fn an_undo_restores_what_was_there_before_the_tap(
        terms in terms(),
        steps in steps(),
        tab in 0..TABS,
        work in 0..WORKS,
    ) {
        let mut shop = run(&terms, &steps);
        let (was, books) = (shop.tabs[tab].clone(), shop.books());
        shop.buy(PURCHASES, tab, work, 0);
        if shop.lines.contains_key(&line_id(PURCHASES)) {
            shop.undo(PURCHASES, true);
            let (is, undone) = (&shop.tabs[tab], shop.books());
            let figures = |tab: &Tab| (tab.open, tab.credit, tab.borne, tab.oldest_open_at);
            prop_assert_eq!(figures(is), figures(&was));
            prop_assert_eq!((is.purchases, is.undone), (was.purchases, was.undone));
            // Bought, undone, and between the two perhaps paid from the tab's credit.
            prop_assert!((2..=3).contains(&(is.chain.length - was.chain.length)));
            for (account, total) in undone.totals() {
                prop_assert_eq!(total.balance(account), books.balance(account));
            }
        }
        shop.check();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn undoing_every_line_leaves_nothing_owed(
        terms in terms(),
        works in prop::collection::vec(0..WORKS, 1..12),
    ) {
        let mut shop = Shop::new(&terms);
        for (purchase, &work) in works.iter().enumerate() {
            shop.buy(purchase as u8, 0, work, 0);
        }
        for purchase in 0..works.len() {
            shop.undo(purchase as u8, true);
        }
        prop_assert!(shop.tabs[0].owed().expect("one currency").is_zero());
        prop_assert!(shop.books().totals().all(|(account, total)| total.balance(account) == 0));
        shop.check();
    }
}
