//! Random histories of a small shop: whatever happens, in whatever order, the books balance, no tab passes its limit,
//! and an undo restores what was there.

use crate::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Histories to try. Each has up to forty commands, so that well over 10⁵ random commands are run.
const HISTORIES: u32 = 10_000;

const CURRENCY: Currency = Currency::Eur;

fn money(micros: i64) -> Money {
    Money::from_micros(micros, CURRENCY).expect("not negative")
}

fn rules() -> Rules {
    Rules {
        limit_device: money(2_000_000),
        limit_settled: money(10_000_000),
        limit_trusted: money(15_000_000),
        undo_minutes: 30,
        due_days: 40,
        fee_basis_points: 500,
        undo_watch_from: 10,
    }
}

fn micros(money: Money) -> i128 {
    money.micros().into()
}

fn author_index(line: &Line) -> usize {
    usize::try_from(line.author.raw()).expect("authors 0 and 1")
}

#[derive(Debug, Clone)]
enum Step {
    Buy { purchase: u8, tab: usize, work: usize },
    Undo { purchase: u8, shop: bool },
    Settle { tab: usize, per_mille: i64, fee: i64 },
    PayOut { author: i64, per_mille: i64 },
    Wait { minutes: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any::<u8>(), 0usize..3, 0usize..6)
            .prop_map(|(purchase, tab, work)| Step::Buy { purchase: purchase % 40, tab, work }),
        3 => (any::<u8>(), any::<bool>())
            .prop_map(|(purchase, shop)| Step::Undo { purchase: purchase % 40, shop }),
        2 => (0usize..3, 1i64..=1_100, 0i64..400_000)
            .prop_map(|(tab, per_mille, fee)| Step::Settle { tab, per_mille, fee }),
        1 => (0i64..2, 0i64..=1_100)
            .prop_map(|(author, per_mille)| Step::PayOut { author, per_mille }),
        1 => (1i64..100_000).prop_map(|minutes| Step::Wait { minutes }),
    ]
}

struct Shop {
    now: Timestamp,
    tabs: Vec<Tab>,
    offers: Vec<Offer>,
    lines: BTreeMap<LineId, (Line, LineState)>,
    journal: Vec<Transfer>,
    settlements: u8,
    /// What each author may be paid, counted line by line and not from the journal.
    available: [i128; 2],
}

impl Shop {
    fn new(prices: &[i64]) -> Self {
        let now = Timestamp::from_micros(0);
        let tab = |raw| Tab::opened(TabId::from_raw(raw), now, Money::zero(CURRENCY));
        let offer = |(index, &micros): (usize, &i64)| Offer {
            work: WorkId::from_raw(index as i64),
            author: AuthorId::from_raw(index as i64 % 2),
            version: 1,
            version_digest: [0; 32],
            price: if micros == 0 { Price::Free } else { Price::Fixed(money(micros)) },
            for_sale: true,
            vat_basis_points: 2_000,
        };
        Self {
            now,
            tabs: (0..3).map(tab).collect(),
            offers: prices.iter().enumerate().map(offer).collect(),
            lines: BTreeMap::new(),
            journal: Vec::new(),
            settlements: 0,
            available: [0; 2],
        }
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Buy { purchase, tab, work } => self.buy(purchase, tab, work),
            Step::Undo { purchase, shop } => self.undo(purchase, shop),
            Step::Settle { tab, per_mille, fee } => self.settle(tab, per_mille, fee),
            Step::PayOut { author, per_mille } => self.pay_out(author, per_mille),
            Step::Wait { minutes } => self.now = self.now.plus_minutes(minutes),
        }
    }

    fn buy(&mut self, purchase: u8, tab: usize, work: usize) {
        let offer = self.offers[work];
        let id = LineId::from_bytes([purchase; 16]);
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
        };
        let amount = match offer.price {
            Price::Fixed(amount) => amount,
            _ => money(0),
        };
        let was = tab.clone();
        let ask = Buy { line: id, amount, consent: 1 };
        match buy(&ask, &offer, tab, before, &rules(), self.now) {
            Ok(Bought::New(line)) => {
                assert!(before.same_id.is_none() && before.access.is_none(), "sold twice");
                assert!(tab.owed().expect("one currency") <= rules().limit(tab), "above the limit");
                assert_ne!(tab.chain, was.chain);
                self.journal.extend(line.transfers());
                self.lines.insert(id, (line, LineState::Open));
            }
            Ok(Bought::Again { .. } | Bought::Owned(_)) | Err(_) => assert_eq!(*tab, was),
        }
    }

    fn open_lines(&self, tab: TabId) -> Vec<OpenLine> {
        let open = self.lines.values().filter(|(line, state)| {
            line.tab == tab && *state == LineState::Open && !line.shares.gross.is_zero()
        });
        let mut open: Vec<OpenLine> = open
            .map(|(line, _)| OpenLine {
                id: line.id,
                gross: line.shares.gross,
                author: line.author,
                author_share: line.shares.author,
                bought_at: line.bought_at,
            })
            .collect();
        open.sort_by_key(|line| (line.bought_at, line.id));
        open
    }

    fn undo(&mut self, purchase: u8, shop: bool) {
        let id = LineId::from_bytes([purchase; 16]);
        let Some(&(line, state)) = self.lines.get(&id) else { return };
        let others = self.open_lines(line.tab).into_iter().filter(|open| open.id != id);
        let next_open = others.map(|open| open.bought_at).min();
        let by = if shop { UndoneBy::Shop } else { UndoneBy::Reader };
        let tab = self.tabs.iter_mut().find(|tab| tab.id == line.tab).expect("a line has a tab");
        let owed = i128::from(tab.open.micros()) - i128::from(tab.credit.micros());
        let was = tab.clone();
        match undo(&line, state, by, tab, next_open, &rules(), self.now) {
            Ok(Undone::Now(transfers)) => {
                let after = i128::from(tab.open.micros()) - i128::from(tab.credit.micros());
                assert_eq!(owed - after, i128::from(line.shares.gross.micros()));
                self.journal.extend(transfers);
                self.lines.insert(id, (line, LineState::Undone));
                if state == LineState::Paid {
                    self.available[author_index(&line)] -= micros(line.shares.author);
                }
            }
            Ok(Undone::Before) | Err(_) => assert_eq!(*tab, was),
        }
    }

    fn settle(&mut self, tab: usize, per_mille: i64, fee: i64) {
        let open = self.open_lines(self.tabs[tab].id);
        let mut after = self.tabs[tab].clone();
        let owed = after.owed().expect("one currency");
        let received = owed.scale_by(per_mille, 1_000, Rounding::Up).expect("small");
        self.settlements = self.settlements.wrapping_add(1);
        let ask = Settle {
            id: SettlementId::from_bytes([self.settlements; 16]),
            rail: RailNumber(1),
            received,
            rail_fee: money(fee.min(received.micros())),
        };
        match settle(&ask, &mut after, &open, self.now) {
            Ok(settled) => {
                assert!(received <= owed);
                let fees: i64 = settled.payments.iter().map(|paid| paid.rail_fee.micros()).sum();
                let whole = if settled.payments.is_empty() { 0 } else { ask.rail_fee.micros() };
                assert_eq!(fees, whole);
                for payment in settled.payments {
                    let (line, state) = self.lines.get_mut(&payment.line).expect("it was open");
                    *state = LineState::Paid;
                    let share = micros(line.shares.author) - micros(payment.rail_fee);
                    self.available[author_index(line)] += share;
                }
                self.journal.extend(settled.transfers);
                self.tabs[tab] = after;
            }
            Err(LedgerRefusal::NothingOwed) => assert!(owed.is_zero() || received.is_zero()),
            Err(LedgerRefusal::MoreThanOwed { .. }) => assert!(received > owed),
            Err(other) => panic!("{other}"),
        }
    }

    fn pay_out(&mut self, author: i64, per_mille: i64) {
        let had = self.balance(Account::Available(AuthorId::from_raw(author)));
        let wanted = had.max(0) * i128::from(per_mille) / 1_000;
        let ask = PayOut {
            id: PayoutId::from_raw(self.journal.len() as i64),
            author: AuthorId::from_raw(author),
            rail: RailNumber(1),
            amount: money(i64::try_from(wanted).expect("small")),
        };
        let mut available = had;
        match pay_out(&ask, &mut available, self.now) {
            Ok(transfer) => {
                assert!(wanted > 0 && wanted <= had, "{wanted} of {had} was paid out");
                assert_eq!(available, had - wanted);
                self.available[author as usize] -= wanted;
                self.journal.push(transfer);
            }
            Err(LedgerRefusal::MoreThanAvailable { available: told }) => {
                assert!(wanted == 0 || wanted > had);
                assert_eq!((available, micros(told)), (had, had.max(0)));
            }
            Err(other) => panic!("{other}"),
        }
    }

    fn balance(&self, account: Account) -> i128 {
        let mut books = Books::new(CURRENCY);
        assert!(self.journal.iter().all(|transfer| books.post(transfer)));
        books.balance(account)
    }

    /// What the journal says must be what the tabs and the lines say.
    fn check(&self) {
        let mut books = Books::new(CURRENCY);
        assert!(self.journal.iter().all(|transfer| books.post(transfer)));
        assert_eq!(books.imbalance(), 0);
        for tab in &self.tabs {
            let owed = i128::from(tab.open.micros()) - i128::from(tab.credit.micros());
            assert_eq!(books.balance(Account::Tab(tab.id)), owed);
            let open = self.open_lines(tab.id);
            assert_eq!(tab.open.micros(), open.iter().map(|line| line.gross.micros()).sum::<i64>());
            assert_eq!(tab.open_lines as usize, open.len());
            assert_eq!(tab.oldest_open_at, open.first().map(|line| line.bought_at));
        }
        for author in [AuthorId::from_raw(0), AuthorId::from_raw(1)] {
            let mine = self.lines.values().filter(|(line, _)| line.author == author);
            let pending = mine.filter(|(_, state)| *state == LineState::Open);
            let pending =
                pending.map(|(line, _)| i128::from(line.shares.author.micros())).sum::<i128>();
            assert_eq!(books.balance(Account::Pending(author)), pending);
            let available = self.available[author.raw() as usize];
            assert_eq!(books.balance(Account::Available(author)), available);
        }
        let sold = self.lines.values().filter(|(_, state)| *state != LineState::Undone);
        let vat = sold.map(|(line, _)| i128::from(line.shares.vat.micros())).sum::<i128>();
        assert_eq!(books.balance(Account::Vat), vat);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(HISTORIES))]

    #[test]
    fn books_balance_whatever_happens(
        prices in prop::collection::vec(prop_oneof![Just(0i64), 10_000i64..3_000_000], 6),
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut shop = Shop::new(&prices);
        for step in &steps {
            shop.run(step);
        }
        shop.check();
    }

    #[test]
    fn undoing_every_line_leaves_nothing_owed(
        prices in prop::collection::vec(10_000i64..500_000, 6),
        works in prop::collection::vec(0usize..6, 1..12),
    ) {
        let mut shop = Shop::new(&prices);
        for (purchase, &work) in works.iter().enumerate() {
            shop.buy(purchase as u8, 0, work);
        }
        for purchase in 0..works.len() {
            shop.undo(purchase as u8, true);
        }
        prop_assert!(shop.tabs[0].owed().expect("one currency").is_zero());
        let mut books = Books::new(CURRENCY);
        prop_assert!(shop.journal.iter().all(|transfer| books.post(transfer)));
        prop_assert!(books.totals().all(|(account, total)| total.balance(account) == 0));
        shop.check();
    }
}
