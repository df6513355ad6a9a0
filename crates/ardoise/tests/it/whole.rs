//! The property of the whole: whatever readers, authors, the operator, the clock, the provider and the reader's bank do, in whatever
//! order, and wherever the shop is stopped meanwhile, all money that the provider moved is accounted for to the micro-unit.
//!
//! A history is told from a seed. The provider is the truth of what moved; the rows that only grow and the journal must say the
//! same once everything has been asked about. `ARDOISE_SEED` tells one history again, `ARDOISE_HISTORIES` tells more of them.

use crate::provider::{Disputed, Disputing, Fault, Provider, Refunding, SECRET};
use crate::rail_contract::{Message, send};
use crate::saga::stopped_after;
use crate::scripted::Scripted;
use crate::shop::TestApp;
use ardoise::rails::port::Which;
use ardoise::rails::refunds::{self, GiveBack, RefundLine};
use ardoise::rails::saga::{self, Begin, Visit};
use ardoise::rails::{SCRIPTED, clock, disputes, mandates, worker};
use ardoise::store::audit::{self, Kept};
use ardoise::store::charge::{self, State, Stored};
use ardoise::store::statement::open_lines;
use ardoise::store::tab as tabs;
use ardoise::store::{books, refund_order};
use ledger::{
    Account, AuthorId, Currency, FeeBack, LineId, Money, Price, SettlementId, Shortfall, Tab,
    TabId, Verdict,
};
use std::collections::{BTreeMap, HashSet};

/// Histories that every run tells: each has found a mistake that was planted to see whether it would.
const SEEDS: [u64; 8] = [1, 3, 5, 11, 12, 18, 19, 30];
/// How long each is.
const STEPS: usize = 80;
/// Days after which no line is open any more.
const LONGEST_DAYS: i64 = 49;
/// Money that banks move is whole cents; what is less stays on the tab.
const CENT: i64 = 10_000;

/// The one stream of chance of a history (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(usize::try_from(self.below(of.len() as u64)).expect("small"))
    }
}

/// A reader, whose device keeps their cookies while the shop is stopped.
#[derive(Default)]
struct Reader {
    cookies: BTreeMap<String, String>,
    lines: Vec<LineId>,
}

impl Reader {
    fn tab(&self) -> Option<TabId> {
        self.cookies.get("ardoise_tab")?.split('.').next()?.parse().ok()
    }
}

struct World {
    seed: u64,
    chance: Chance,
    provider: Provider,
    shop: Option<TestApp>,
    authors: Vec<AuthorId>,
    works: Vec<(String, Money)>,
    readers: Vec<Reader>,
    tabs: Vec<TabId>,
    /// What readers paid again on purpose: they agreed after the shop had given a charge up, or although it holds back what the
    /// provider lied about.
    late: BTreeMap<TabId, i64>,
    disputes: usize,
    stops: usize,
}

impl World {
    async fn begin(seed: u64) -> Self {
        let provider = Provider::open().await;
        let shop = TestApp::open();
        let rail = Scripted::at(&provider, &shop.clock);
        let shop = shop.with_rail(rail);
        let mut chance = Chance(seed);
        let mut authors = Vec::new();
        for name in ["Ada", "Zoe"] {
            authors.push(shop.author(name).await.0);
        }
        let mut works = Vec::new();
        for number in 0..24 {
            let cents = 5 + i64::try_from(chance.below(130)).expect("small");
            let part = [0, 0, 0, 4_900, 3_000][usize::try_from(chance.below(5)).expect("small")];
            let price = money(cents * CENT + part);
            let author = authors[number % 2];
            let title = format!("Work {number}");
            works.push((shop.article_for(author, &title, Price::Fixed(price)).await, price));
        }
        let readers = (0..3).map(|_| Reader::default()).collect();
        let (tabs, late) = (Vec::new(), BTreeMap::new());
        let shop = Some(shop);
        Self {
            seed,
            chance,
            provider,
            shop,
            authors,
            works,
            readers,
            tabs,
            late,
            disputes: 0,
            stops: 0,
        }
    }

    fn shop(&self) -> &TestApp {
        self.shop.as_ref().expect("the shop is open")
    }

    /// The shop is stopped, and opened again on what it left.
    fn reopen_shop(&mut self) {
        let old = self.shop.take().expect("the shop is open");
        let new = old.beside();
        let rail = Scripted::at(&self.provider, &new.clock);
        self.shop = Some(new.with_rail(rail));
        self.stops += 1;
        // Its end asserts that the books balance and that nobody waits for news.
        drop(old);
    }

    async fn step(&mut self) {
        self.shop().pass_seconds(1);
        match self.chance.below(100) {
            0..28 => self.tap().await,
            28..33 => self.undo().await,
            33..50 => self.charge().await,
            50..54 => self.agree_late().await,
            54..60 => self.fault(),
            60..63 => self.message().await,
            63..75 => self.refund().await,
            75..79 => self.goes_elsewhere().await,
            79..84 => self.bank_decides_on_refunds().await,
            84..90 => self.dispute().await,
            90..91 => self.reopen().await,
            91..92 => self.end_mandate().await,
            _ => self.time_passes().await,
        }
    }

    async fn tap(&mut self) {
        let reader = usize::try_from(self.chance.below(3)).expect("small");
        let (slug, price) = self.chance.one(&self.works).expect("a work").clone();
        let purchase = self.shop().app.mint.purchase();
        let cookies = self.readers[reader].cookies.clone();
        let shop = self.shop.as_ref().expect("the shop is open");
        let mut browser = shop.program();
        browser.cookies = cookies;
        let fields = [("purchase", purchase.to_string()), ("price", price.to_decimal())];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        let answer = browser.post(&format!("/l/{slug}/buy"), &fields).await;
        let (cookies, said) = (browser.cookies, answer.json());
        self.readers[reader].cookies = cookies;
        if said["status"] == "bought" {
            let line = said["line"].as_str().and_then(|line| line.parse().ok());
            self.readers[reader].lines.push(line.expect("a line"));
        }
        if let Some(tab) = self.readers[reader].tab().filter(|tab| !self.tabs.contains(tab)) {
            self.tabs.push(tab);
        }
        if said["code"] == "tab.closed_for_good" {
            // They open another.
            self.readers[reader] = Reader::default();
        }
    }

    async fn undo(&mut self) {
        let reader = usize::try_from(self.chance.below(3)).expect("small");
        let Some(line) = self.chance.one(&self.readers[reader].lines).copied() else { return };
        let mut browser = self.shop().program();
        browser.cookies = self.readers[reader].cookies.clone();
        browser.post(&format!("/lines/{line}/undo"), &[]).await;
    }

    /// Somebody's tab that is known.
    fn a_tab(&mut self) -> Option<TabId> {
        self.chance.one(&self.tabs).copied()
    }

    async fn stand(&self, tab: TabId) -> Tab {
        let read = self.shop().app.store.read(|db| tabs::by_id(db, tab, Currency::Eur)).await;
        read.expect("read").expect("a tab").tab
    }

    async fn charge(&mut self) {
        let Some(tab) = self.a_tab() else { return };
        let owed = self.stand(tab).await.owed().expect("an amount");
        let part = self.chance.percent(30).then(|| money(owed.micros() / 2));
        let binds = self.chance.percent(70);
        let id = self.shop().app.mint.settlement();
        let ask = Begin { id, tab, rail: "scripted".into(), amount: part, binds, locale: "en" };
        let (agrees, returns, lies) =
            (self.chance.percent(75), self.chance.percent(60), self.chance.percent(8));
        let stop = self.chance.percent(25).then(|| self.chance.below(14));
        let (provider, app) = (self.provider.clone(), self.shop().app.clone());
        let whole = async move {
            let Ok(begun) = saga::begin(&app, ask).await else { return };
            provider.by_key(&begun.id.to_string(), |order| {
                (order.agreed, order.declined) = (order.agreed || agrees, !agrees);
                if lies && order.captured == 0 {
                    order.says = Some((order.micros - CENT, "EUR".into()));
                }
            });
            if returns {
                let none = BTreeMap::new();
                saga::go_on(&app, begun, Visit::Returned(&none)).await.expect("gone on");
            }
        };
        self.perhaps_stopped(stop, whole).await;
    }

    /// Does all of it; or stops the shop after so many waits, as a killed process would, and opens it again.
    async fn perhaps_stopped(&mut self, stop: Option<u64>, work: impl Future<Output = ()>) {
        match stop {
            None => work.await,
            Some(times) => {
                stopped_after(usize::try_from(times).expect("small"), work).await;
                self.reopen_shop();
            }
        }
    }

    /// A reader agrees at the provider when they like, also when the shop has given the charge up.
    async fn agree_late(&mut self) {
        let open = self.provider.orders();
        let open: Vec<_> =
            open.into_iter().filter(|order| order.captured == 0 && !order.agreed).collect();
        let Some(order) = self.chance.one(&open).cloned() else { return };
        let Some(stored) = self.charge_of(&order.key).await else { return };
        if !stored.state.is_live() {
            *self.late.entry(stored.tab).or_default() += order.micros;
        }
        self.provider.by_key(&order.key, |order| (order.agreed, order.declined) = (true, false));
        let none = BTreeMap::new();
        let app = self.shop().app.clone();
        saga::go_on(&app, stored, Visit::Returned(&none)).await.expect("gone on");
    }

    async fn charge_of(&self, key: &str) -> Option<Stored> {
        let id: SettlementId = key.parse().expect("an id");
        let read = self.shop().app.store.read(|db| charge::by_id(db, id, Currency::Eur)).await;
        read.expect("read")
    }

    fn fault(&mut self) {
        let faults = [Fault::LosesAnswers, Fault::Broken, Fault::Babbles, Fault::Unauthorised];
        let fault = if self.chance.percent(50) { None } else { self.chance.one(&faults) };
        self.provider.is(fault.copied().unwrap_or_default());
    }

    /// A message, perhaps not for the first time, perhaps late, perhaps forged.
    async fn message(&mut self) {
        let orders = self.provider.references();
        let Some(reference) = self.chance.one(&orders) else { return };
        let age = if self.chance.percent(30) { 600 } else { 0 };
        let secret = if self.chance.percent(30) { "guessed" } else { SECRET };
        self.tell(&reference.clone(), age, secret).await;
        worker::work_off(&self.shop().app).await.expect("asked");
    }

    async fn tell(&self, reference: &str, age: i64, secret: &str) {
        let seconds = self.shop().app.now().micros() / 1_000_000 - age;
        let (body, signature) = Provider::message(reference, seconds, secret);
        let message = Message { headers: vec![("signature", signature)], body };
        send(self.shop(), "scripted", &message).await;
    }

    async fn refund(&mut self) {
        let Some(tab) = self.a_tab() else { return };
        let app = self.shop().app.clone();
        let (id, stop) = (app.mint.refund(), self.chance.percent(25).then(|| self.chance.below(9)));
        let has_credit = !self.stand(tab).await.credit.is_zero();
        if self.chance.percent(if has_credit { 30 } else { 95 }) {
            let kept = self.kept(tab).await;
            let Some(line) = self.chance.one(&kept.lines).map(|kept| kept.line.id) else { return };
            let ask = RefundLine { id, tab, line, send: self.chance.percent(50) };
            let whole = async move {
                drop(refunds::refund_line(&app, ask).await);
            };
            return self.perhaps_stopped(stop, whole).await;
        }
        let read = app.store.read(|db| tabs::brought(db, tab, 50, Currency::Eur)).await;
        let brought = read.expect("read");
        let Some(came) = self.chance.one(&brought).copied() else { return };
        let credit = self.stand(tab).await.credit.micros();
        let amount = match self.chance.below(4) {
            0 => credit / 2,
            1 => credit + 5 * CENT,
            _ => credit,
        };
        let ask = GiveBack { id, tab, settlement: came.id, amount: money(amount) };
        let twice = self.chance.percent(30);
        let whole = async move {
            let first = refunds::begin(&app, ask).await;
            if let Err(problem) = first {
                let is_named =
                    ["refund.too_large", "purchase.conflict"].contains(&problem.kind.code);
                assert!(is_named, "{problem:?}");
            }
            if twice {
                drop(refunds::begin(&app, ask).await);
            }
        };
        self.perhaps_stopped(stop, whole).await;
    }

    /// Refunds that are asked for from now on are done, take their time or are declined; those under way come to an end, and some
    /// that were done come back.
    async fn bank_decides_on_refunds(&mut self) {
        for reference in self.provider.references() {
            let (next, ends, returns) =
                (self.chance.below(3), self.chance.below(3), self.chance.percent(10));
            let stand = |number| match number {
                0 => Refunding::Done,
                1 => Refunding::Pending,
                _ => Refunding::Declined,
            };
            let mut has_returned = false;
            let gives = self.chance.percent(30);
            let fee = self.fee_left(&reference) / 2;
            self.provider.change(&reference, |order| {
                order.refunding = stand(next);
                order.gives_back = if gives { fee } else { 0 };
                for sent in &mut order.refunds {
                    if sent.stand == Refunding::Pending {
                        sent.stand = stand(ends);
                    } else if sent.stand == Refunding::Done && returns {
                        (sent.stand, has_returned) = (Refunding::Declined, true);
                    }
                }
            });
            if has_returned {
                self.tell_of_refunds(&reference).await;
            }
        }
    }

    /// Somebody sends money back at the provider's own page. A message tells of it, perhaps more than once, or another one later.
    async fn goes_elsewhere(&mut self) {
        let left = |world: &Self, reference: &str| {
            let order = world.provider.order(reference);
            let disputes = world.provider.disputes().into_values();
            let held = disputes.filter(|one| one.order == reference && one.stand != Disputing::Won);
            let held: i64 = held.map(|one| one.most).sum();
            if order.captured == 1 { order.micros - order.sent_back() - held } else { 0 }
        };
        let references = self.provider.references();
        let paid: Vec<String> =
            references.into_iter().filter(|reference| left(self, reference) > 0).collect();
        let Some(reference) = self.chance.one(&paid).cloned() else { return };
        let most = left(self, &reference);
        let micros = if self.chance.percent(50) { most } else { (most / 2).max(1) };
        let stand = if self.chance.percent(30) { Refunding::Pending } else { Refunding::Done };
        let gives = self.chance.percent(40);
        let fee = i64::try_from(self.chance.below(30_000)).expect("small");
        let rest = self.fee_left(&reference);
        self.provider.change(&reference, |order| {
            order.gives_back = if gives { fee.min(rest) } else { 0 };
        });
        self.provider.send_back_at_its_page(&reference, micros, stand);
        self.provider.change(&reference, |order| order.gives_back = 0);
        for _ in 0..self.chance.below(3) {
            self.tell_of_refunds(&reference).await;
        }
    }

    /// What the provider still has of the fee that it kept of an order: it gives no more back than that.
    fn fee_left(&self, reference: &str) -> i64 {
        let order = self.provider.order(reference);
        let rail = self.shop().app.rails.by_name("scripted").expect("it is on").clone();
        let fee = rail.terms().fee_on(money(order.micros)).expect("a fee").micros();
        let given = order.refunds.iter().filter(|sent| sent.stand != Refunding::Declined);
        fee - given.map(|sent| sent.fee_back).sum::<i64>()
    }

    /// The operator trusts somebody again.
    async fn reopen(&mut self) {
        let Some(tab) = self.a_tab() else { return };
        ardoise::tabs::reopen(&self.shop().app, tab).await.expect("decided");
    }

    fn banks_end_what_they_began(&self) {
        for reference in self.provider.references() {
            self.provider.change(&reference, |order| {
                order.refunding = Refunding::Done;
                for sent in order.refunds.iter_mut().filter(|sent| sent.stand == Refunding::Pending)
                {
                    sent.stand = Refunding::Done;
                }
            });
        }
    }

    async fn tell_of_refunds(&mut self, reference: &str) {
        let stop = self.chance.percent(20).then(|| self.chance.below(9));
        let seconds = self.shop().app.now().micros() / 1_000_000;
        let secret = if self.chance.percent(10) { "guessed" } else { SECRET };
        let (body, signature) = Provider::message_of_refund(reference, seconds, secret);
        let message = Message { headers: vec![("signature", signature)], body };
        let shop = self.shop.take().expect("the shop is open");
        let whole = async {
            // The provider tells it again until it is answered with success.
            send(&shop, "scripted", &message).await;
            worker::work_off(&shop.app).await.expect("asked");
        };
        let is_stopped = stop.is_some();
        match stop {
            None => whole.await,
            Some(times) => {
                stopped_after(usize::try_from(times).expect("small"), whole).await;
            }
        }
        self.shop = Some(shop);
        if is_stopped {
            self.reopen_shop();
        }
    }

    /// A bank takes money back, or decides on what it took.
    async fn dispute(&mut self) {
        let known = self.provider.disputes();
        let open: Vec<String> = known
            .iter()
            .filter(|(_, one)| one.stand == Disputing::Open)
            .map(|(name, _)| name.clone())
            .collect();
        if let Some(name) = self.chance.one(&open).cloned().filter(|_| self.chance.percent(60)) {
            let stand = if self.chance.percent(50) { Disputing::Won } else { Disputing::Lost };
            let more = self.chance.percent(60);
            let cheaper = self.chance.percent(40);
            self.provider.change_dispute(&name, |one| {
                (one.stand, one.micros) = (stand, if more { one.most } else { one.micros });
                one.fee = if cheaper { one.fee / 3 } else { one.fee };
            });
            return self.tell_of_dispute(&name).await;
        }
        let paid: Vec<String> = self
            .provider
            .references()
            .into_iter()
            .filter(|reference| {
                let order = self.provider.order(reference);
                let left = order.micros - order.sent_back();
                let disputed = known.values().any(|one| one.order == *reference);
                order.captured == 1 && left > 0 && !disputed
            })
            .collect();
        let Some(reference) = self.chance.one(&paid).cloned() else { return };
        let order = self.provider.order(&reference);
        let most = order.micros - order.sent_back();
        let micros = if self.chance.percent(50) { 0 } else { most };
        self.disputes += 1;
        let name = format!("dispute-{}", self.disputes);
        let stand = Disputing::Open;
        let fee = 150 * CENT;
        self.provider.open_dispute(&name, Disputed { order: reference, micros, most, fee, stand });
        self.tell_of_dispute(&name).await;
    }

    async fn tell_of_dispute(&mut self, name: &str) {
        let stop = self.chance.percent(30).then(|| self.chance.below(9));
        let which = Which::Reference(self.provider.disputes()[name].order.clone());
        let (app, name) = (self.shop().app.clone(), name.to_owned());
        let whole = async move {
            let rail = app.rails.by_name("scripted").expect("it is on").clone();
            // The provider tells it again until it is answered with success.
            drop(disputes::hear(&app, &*rail, &which, &name).await);
        };
        self.perhaps_stopped(stop, whole).await;
    }

    async fn end_mandate(&mut self) {
        let Some(tab) = self.a_tab() else { return };
        mandates::unbind(&self.shop().app, tab, "scripted").await.expect("ended");
    }

    async fn time_passes(&mut self) {
        if self.chance.percent(40) {
            let minutes = i64::try_from(self.chance.below(120)).expect("small");
            self.shop().pass_minutes(minutes);
            return self.a_round().await;
        }
        for _ in 0..self.chance.below(16) {
            self.shop().pass_days(1);
            // No provider is ill, and no bank takes, for so long that the keys it was told are forgotten.
            if self.chance.percent(25) {
                self.provider.is(Fault::None);
                self.banks_end_what_they_began();
            }
            self.a_round().await;
        }
    }

    /// What the worker does in passing, perhaps stopped.
    async fn a_round(&mut self) {
        let stop = self.chance.percent(4).then(|| self.chance.below(20));
        let app = self.shop().app.clone();
        let whole = async move {
            clock::turn(&app).await.expect("looked");
            worker::work_off(&app).await.expect("asked");
        };
        self.perhaps_stopped(stop, whole).await;
        if stop.is_none() {
            self.nothing_is_too_old().await;
        }
    }

    async fn nothing_is_too_old(&self) {
        let since = self.shop().app.now().plus_days(-LONGEST_DAYS);
        for &tab in &self.tabs {
            let stand = self.stand(tab).await;
            let read = self.shop().app.store.read(|db| open_lines(db, tab, Currency::Eur)).await;
            // Less than a cent of a line is paid with the next one.
            let waits_since = stand.waits_since(&read.expect("read"));
            let is_old = waits_since.is_some_and(|oldest| oldest <= since);
            assert!(!is_old, "{}: a line of {tab} is older than that: {stand:?}", self.told());
        }
    }

    fn told(&self) -> String {
        format!("ARDOISE_SEED={}", self.seed)
    }

    async fn kept(&self, tab: TabId) -> Kept {
        let read = self.shop().app.store.read(|db| audit::kept(db, tab, Currency::Eur)).await;
        read.expect("read")
    }

    /// The provider works again, tells the truth, and says everything once more; and the shop asks until it knows.
    async fn comes_to_rest(&mut self) {
        self.provider.is(Fault::None);
        for reference in self.provider.references() {
            let order = self.provider.order(&reference);
            let stored = self.charge_of(&order.key).await.filter(|_| order.says.is_some());
            if let Some(stored) = stored.filter(|stored| stored.state == State::Refused) {
                *self.late.entry(stored.tab).or_default() += order.micros;
            }
            self.provider.change(&reference, |order| order.says = None);
        }
        self.banks_end_what_they_began();
        self.shop().pass_minutes(2);
        for reference in self.provider.references() {
            self.tell(&reference, 0, SECRET).await;
        }
        for name in self.provider.disputes().into_keys() {
            for _ in 0..2 {
                self.tell_of_dispute(&name).await;
            }
        }
        for _ in 0..30 {
            self.shop().pass_minutes(61);
            worker::work_off(&self.shop().app).await.expect("asked");
        }
        // Only now is it known what became of every order and dispute: as providers do, it says everything once more.
        for reference in self.provider.references() {
            self.tell_until_heard(&reference).await;
        }
        for name in self.provider.disputes().into_keys() {
            let which = Which::Reference(self.provider.disputes()[&name].order.clone());
            let rail = self.shop().app.rails.by_name("scripted").expect("it is on").clone();
            let heard = disputes::hear(&self.shop().app, &*rail, &which, &name).await;
            assert!(heard.is_ok(), "{}: {heard:?}", self.told());
        }
    }

    /// What went back of an order that was paid is told until it is heard.
    async fn tell_until_heard(&self, reference: &str) {
        if self.provider.order(reference).captured == 0 {
            return;
        }
        let seconds = self.shop().app.now().micros() / 1_000_000;
        let (body, signature) = Provider::message_of_refund(reference, seconds, SECRET);
        let message = Message { headers: vec![("signature", signature)], body };
        for _ in 0..3 {
            let answer = send(self.shop(), "scripted", &message).await;
            worker::work_off(&self.shop().app).await.expect("asked");
            if answer.status.is_success() {
                return;
            }
        }
        panic!("{}: {reference} is not heard of", self.told());
    }

    async fn is_accounted_for(&self) {
        let told = self.told();
        let mut rail = 0_i128;
        let mut authors: BTreeMap<AuthorId, (i128, i128)> = BTreeMap::new();
        let truth = self.truth().await;
        for &tab in &self.tabs {
            let (kept, stand) = (self.kept(tab).await, self.stand(tab).await);
            let moved = truth.get(&tab).copied().unwrap_or_default();
            let lines = Lines::of(&kept);
            let received: i64 =
                kept.settlements.iter().map(|made| made.settle.received.micros()).sum();
            let refunded: i64 = refunded(&kept);
            assert_eq!(received, moved.captured, "{told}: what the provider captured for {tab}");
            assert_eq!(refunded, moved.sent_back, "{told}: what it sent back for {tab}");
            assert_eq!(disputed(&kept), (moved.disputed, moved.dispute_fees), "{told}: {tab}");
            let credit = stand.credit.micros();
            let borne = stand.borne.micros();
            assert_eq!(received + borne, lines.paid + credit + refunded, "{told}: what {tab} paid");
            assert_eq!(borne, elsewhere(&kept), "{told}: what the operator bears of {tab}");
            assert_eq!((stand.open.micros(), stand.written_off.micros()), (lines.open, lines.lost));
            let late = self.late.get(&tab).copied().unwrap_or_default();
            // What came back of a refund was perhaps owed, and paid, while it was away.
            let returned: i64 = returned(&kept);
            assert!(
                credit <= lines.undone + late + returned + lines.open + lines.lost,
                "{told}: {tab} was charged twice: {credit} of {lines:?}, late {late}, {returned}"
            );
            assert_eq!(fees_back(&kept), moved.fees_back, "{told}: what it gave back for {tab}");
            fees_back_are_shared(&kept, &told);
            rail += i128::from(moved.captured - moved.fees - moved.sent_back + moved.fees_back);
            rail -= i128::from(moved.disputed + moved.dispute_fees);
            lines.add_to(&kept, &mut authors);
        }
        let app = &self.shop().app;
        let at = |account| app.store.read(move |db| books::balance(db, account));
        let at_rail = at(Account::Rail(SCRIPTED.number)).await.expect("read");
        assert_eq!(at_rail, rail, "{told}: what stands at the rail");
        for &author in &self.authors {
            let (pending, available) = authors.get(&author).copied().unwrap_or_default();
            let stands = (at(Account::Pending(author)).await, at(Account::Available(author)).await);
            assert_eq!(stands, (Ok(pending), Ok(available)), "{told}: what {author} has");
        }
        let report = ardoise::desk::check_books(app).await.expect("checked");
        assert!(report.balanced, "{told}: {:?}", report.findings);
    }

    /// What the provider moved for each tab; nothing may be under way any more, nor have moved twice.
    async fn truth(&self) -> BTreeMap<TabId, Moved> {
        let told = self.told();
        let mut truth: BTreeMap<TabId, Moved> = BTreeMap::new();
        let mut keys = HashSet::new();
        let rail = self.shop().app.rails.by_name("scripted").expect("it is on").clone();
        for reference in self.provider.references() {
            let order = self.provider.order(&reference);
            assert!(keys.insert(order.key.clone()), "{told}: one order for a charge");
            assert!(order.captured <= 1, "{told}: {order:?} was captured twice");
            let stored = self.charge_of(&order.key).await.expect("every order has its charge");
            let is_known = (stored.state == State::Settled) == (order.captured == 1);
            assert!(is_known && !stored.in_doubt, "{told}: {stored:?} of {order:?}");
            let moved = truth.entry(stored.tab).or_default();
            if order.captured == 1 {
                moved.captured += order.micros;
                let fee = rail.terms().fee_on(money(order.micros)).expect("a fee");
                moved.fees += fee.micros();
            }
            moved.sent_back += order.sent_back();
            moved.fees_back += order.fees_back();
            self.refunds_are_known(&order).await;
            for one in self.provider.disputes().into_values().filter(|one| one.order == reference) {
                moved.disputed += if one.stand == Disputing::Won { 0 } else { one.micros };
                moved.dispute_fees += one.fee;
            }
        }
        truth
    }

    async fn refunds_are_known(&self, order: &crate::provider::Order) {
        for sent in order.refunds.iter().filter(|sent| !sent.key.is_empty()) {
            let id = sent.key.strip_prefix("refund-").expect("our key").parse().expect("an id");
            let read =
                self.shop().app.store.read(|db| refund_order::by_id(db, id, Currency::Eur)).await;
            let known = read.expect("read").expect("every refund has its order");
            let is_done = known.state == refund_order::State::Done;
            let is_sent = sent.stand != Refunding::Declined;
            assert_eq!(is_done, is_sent, "{}: {known:?} of {sent:?}", self.told());
            assert_eq!(known.refund.amount.micros(), sent.micros);
        }
    }
}

/// What the provider moved for a tab, in micro-units.
#[derive(Debug, Default, Clone, Copy)]
struct Moved {
    captured: i64,
    fees: i64,
    sent_back: i64,
    fees_back: i64,
    disputed: i64,
    dispute_fees: i64,
}

/// What became of the lines of a tab, in micro-units.
#[derive(Debug, Default)]
struct Lines {
    paid: i64,
    open: i64,
    lost: i64,
    undone: i64,
}

impl Lines {
    fn of(kept: &Kept) -> Self {
        let mut lines = Self::default();
        for one in &kept.lines {
            let id = one.line.id;
            let gross = one.line.shares.gross.micros();
            let undone = kept.undos.iter().any(|undo| undo.line == id);
            let paid = kept.payments.iter().any(|(paid, _)| paid.line == id);
            let lost = kept.losses.iter().any(|loss| loss.line == id);
            let sum = match (undone, paid, lost) {
                (true, ..) => &mut lines.undone,
                (false, true, _) => &mut lines.paid,
                (false, false, true) => &mut lines.lost,
                (false, false, false) => &mut lines.open,
            };
            *sum += gross;
        }
        lines
    }

    /// What the authors of these lines have: pending of those that wait, available of those that were paid less their part of the
    /// rail's fee, which stays theirs to bear when the line is taken back, as far as the rail does not give it back.
    fn add_to(&self, kept: &Kept, authors: &mut BTreeMap<AuthorId, (i128, i128)>) {
        for one in &kept.lines {
            let (id, share) = (one.line.id, i128::from(one.line.shares.author.micros()));
            let undone = kept.undos.iter().any(|undo| undo.line == id);
            let lost = kept.losses.iter().any(|loss| loss.line == id);
            let paid = kept.payments.iter().find(|(paid, _)| paid.line == id);
            let (pending, available) = authors.entry(one.line.author).or_default();
            match paid {
                Some((paid, _)) => {
                    let fee = i128::from(paid.rail_fee.micros());
                    *available += if undone { 0 } else { share };
                    *available -= fee;
                }
                None if !undone && !lost => *pending += share,
                None => {}
            }
        }
        for given in live_fees_back(kept) {
            if let Some(author) = given.part.author {
                authors.entry(author).or_default().1 += i128::from(given.part.amount.micros());
            }
        }
    }
}

fn refunded(kept: &Kept) -> i64 {
    let went = kept.refunds.iter().filter(|made| made.failed.is_none());
    went.map(|made| made.refund.amount.micros()).sum()
}

fn returned(kept: &Kept) -> i64 {
    let failed = kept.refunds.iter().filter(|made| made.failed.is_some());
    failed.map(|made| made.refund.amount.micros()).sum()
}

/// What is disputed or was lost, and what the rail took for it.
fn disputed(kept: &Kept) -> (i64, i64) {
    let is_won = |one: &&audit::KeptDispute| one.ended.is_some_and(|(how, ..)| how == Verdict::Won);
    let taken = kept.disputes.iter().filter(|one| !is_won(one));
    let fees: i64 = kept.disputes.iter().map(|one| one.dispute.fee.micros()).sum();
    let back = kept.fees_back.iter().filter(|given| matches!(given.fee_back, FeeBack::Dispute(..)));
    let fees = fees - back.map(|given| given.part.amount.micros()).sum::<i64>();
    (taken.map(|one| one.dispute.amount.micros()).sum(), fees)
}

/// Parts of fees that were given back and not taken again.
fn live_fees_back(kept: &Kept) -> impl Iterator<Item = &audit::KeptFeeBack> {
    let taken: Vec<FeeBack> =
        kept.fees_taken_again().map(|(given, _)| given.fee_back.clone()).collect();
    kept.fees_back.iter().filter(move |given| !taken.contains(&given.fee_back))
}

/// What the rail gave back of its fee for money that went back.
fn fees_back(kept: &Kept) -> i64 {
    let of_refunds =
        live_fees_back(kept).filter(|given| matches!(given.fee_back, FeeBack::Refund(_)));
    of_refunds.map(|given| given.part.amount.micros()).sum()
}

/// What came back of the fee of a settlement went to its authors, as far as they bore it.
fn fees_back_are_shared(kept: &Kept, told: &str) {
    for made in &kept.settlements {
        let id = made.settle.id;
        let of_it = |given: &&audit::KeptFeeBack| {
            given.settlement == id && matches!(given.fee_back, FeeBack::Refund(_))
        };
        let given: Vec<_> = kept.fees_back.iter().filter(of_it).collect();
        // What was taken again came perhaps back when somebody else bore less.
        if kept.fees_taken_again().any(|(taken, _)| taken.settlement == id) {
            continue;
        }
        let bore = kept.payments.iter().filter(|(_, by)| *by == id);
        let bore: i64 = bore.map(|(paid, _)| paid.rail_fee.micros()).sum();
        let sum = |of_authors: bool| {
            let parts = given.iter().filter(|given| !of_authors || given.part.author.is_some());
            parts.map(|given| given.part.amount.micros()).sum::<i64>()
        };
        assert_eq!(sum(true), sum(false).min(bore), "{told}: who has the fee of {id} again");
    }
}

/// What the operator bears of what went back at the provider's own page.
fn elsewhere(kept: &Kept) -> i64 {
    let went = kept.refunds.iter();
    let went = went.filter(|made| made.failed.is_none() && made.shortfall == Shortfall::Borne);
    went.map(|made| made.borne.micros()).sum()
}

fn money(micros: i64) -> Money {
    Money::from_micros(micros, Currency::Eur).expect("not negative")
}

async fn told(seed: u64) -> usize {
    println!("ARDOISE_SEED={seed}");
    let mut world = World::begin(seed).await;
    for _ in 0..STEPS {
        world.step().await;
    }
    world.comes_to_rest().await;
    world.is_accounted_for().await;
    world.stops
}

#[tokio::test]
async fn whatever_happens_all_money_is_accounted_for_to_the_micro_unit() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    if let Some(seed) = number("ARDOISE_SEED") {
        told(seed).await;
        return;
    }
    let mut stops = 0;
    for seed in SEEDS.into_iter().chain(1..=number("ARDOISE_HISTORIES").unwrap_or(0)) {
        stops += told(seed).await;
    }
    stops += told(fresh()).await;
    assert!(stops > 0, "the shop was never stopped");
}

/// A seed that nobody chose: each run tells a history that no other told.
fn fresh() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| u64::from(now.subsec_nanos()) << 20 | now.as_secs() & 0xf_ffff)
}
