//! What every rail that pays authors holds to. It brings a [`PayoutBench`]: a shop with the rail turned on, and its provider, which
//! can be told what becomes of payouts; [`payout_contract!`] then asks all of this of it.

use crate::provider::{Fault, Paying, Provider, SECRET};
use crate::rail_contract::{Bench, Message, ScriptedBench, send};
use crate::shop::{Browser, TestApp};
use ardoise::rails::payouts::{self, Send};
use ardoise::rails::worker::work_off;
use ardoise::store::payout_order::{self, Order, State};
use ardoise::store::{books, payout_address};
use http::StatusCode;
use ledger::{Account, AuthorId, Currency, Money, PayoutId};

/// What becomes of a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is sent, for so many cents.
    Sent(i64),
    UnderWay,
    Unclaimed,
    /// It comes back, and so many cents are kept.
    Returned(i64),
}

/// A rail that pays authors, its provider, and a shop between them.
pub trait PayoutBench {
    async fn open() -> Self;
    fn shop(&self) -> &TestApp;
    /// Its name in addresses.
    fn name(&self) -> &'static str;
    /// What becomes of every payout, of those that the provider has and of those that come.
    async fn fate(&self, fate: Fate);
    /// Every answer of the provider is lost, though it does what it is asked; or none any more.
    async fn lose_answers(&self, lost: bool);
    /// How many payouts the provider was asked for, and cents that it has sent and not taken back.
    async fn asked_and_sent(&self) -> (usize, i64);
    /// Where they were to be sent.
    async fn addresses(&self) -> Vec<String>;
    /// A message about a payout (or about one that is not this shop's), genuine or forged.
    async fn message(&self, payout: Option<&Order>, genuine: bool) -> Message;
}

/// Ada, who has sold for 24 cents, of which 20 are available to her, and said where this rail is to send them.
pub async fn ada_who_sold<'a>(shop: &'a TestApp, rail: &str) -> (AuthorId, Browser<'a>) {
    let (author, mut ada) = shop.ada().await;
    let slug = shop.article(author, "Night bus", 24).await;
    let mut ben = shop.browser();
    ben.tap(&slug).await;
    let settlement = ben.get("/tab/settle").await.hidden("settlement");
    let fields = [("settlement", settlement.as_str()), ("amount", "0.24")];
    assert_eq!(ben.post("/tab/settle/sandbox", &fields).await.status, StatusCode::SEE_OTHER);
    let fields = [("rail", rail), ("address", "ada@author.example")];
    assert_eq!(ada.post("/gains/address", &fields).await.location(), "/gains");
    (author, ada)
}

pub fn asks(shop: &TestApp, author: AuthorId, rail: &str, cents: i64) -> Send {
    let amount = Money::from_cents(cents, Currency::Eur).expect("small");
    Send { id: shop.app.mint.id(), author, rail: rail.to_owned(), amount }
}

pub async fn order(shop: &TestApp, id: PayoutId) -> Option<Order> {
    shop.app.store.read(|db| payout_order::by_id(db, id, Currency::Eur)).await.expect("read")
}

async fn stands(shop: &TestApp, id: PayoutId) -> State {
    order(shop, id).await.expect("an order").state
}

/// What stands on an account, in micro-units.
pub async fn balance(shop: &TestApp, account: Account) -> i128 {
    shop.app.store.read(|db| books::balance(db, account)).await.expect("read")
}

/// Cents that are available to an author, whole ones.
pub async fn available(shop: &TestApp, author: AuthorId) -> i64 {
    let micros = balance(shop, Account::Available(author)).await;
    i64::try_from(micros / 10_000).expect("few")
}

/// The worker looks at whatever is due in the next two hours.
async fn look(shop: &TestApp) {
    shop.pass_minutes(121);
    work_off(&shop.app).await.expect("asked");
}

pub async fn asking_twice_sends_once<B: PayoutBench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let (author, _) = ada_who_sold(shop, bench.name()).await;
    bench.fate(Fate::Sent(0)).await;
    let ask = asks(shop, author, bench.name(), 15);
    let (one, other) =
        tokio::join!(payouts::begin(&shop.app, &ask), payouts::begin(&shop.app, &ask));
    assert_eq!(one.expect("begun").pay_out, other.expect("begun").pay_out);
    look(shop).await;
    for _ in 0..2 {
        let again = payouts::begin(&shop.app, &ask).await.expect("known");
        assert_eq!((again.state, again.address), (State::Done, None), "the address is forgotten");
    }
    assert_eq!(bench.asked_and_sent().await, (1, 15));
    assert_eq!(available(shop, author).await, 5);
    let other = Send { amount: Money::from_cents(14, Currency::Eur).expect("small"), ..ask };
    let refused = payouts::begin(&shop.app, &other).await.expect_err("another amount");
    assert_eq!(refused.kind.code, "purchase.conflict");
}

pub async fn more_than_there_is_is_not_sent<B: PayoutBench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let (author, _) = ada_who_sold(shop, bench.name()).await;
    for (cents, code) in [(21, "payout.too_much"), (0, "payout.too_little")] {
        let ask = asks(shop, author, bench.name(), cents);
        let refused = payouts::begin(&shop.app, &ask).await.expect_err("refused");
        assert_eq!(refused.kind.code, code);
    }
    let (zoe, _) = shop.author("Zoe").await;
    let refused = payouts::begin(&shop.app, &asks(shop, zoe, bench.name(), 5)).await;
    assert_eq!(refused.expect_err("nowhere to").kind.code, "payout.no_address");
    assert_eq!(bench.asked_and_sent().await, (0, 0));
    assert_eq!(available(shop, author).await, 20);
}

pub async fn a_lost_answer_is_found_again_and_nothing_is_sent_twice<B: PayoutBench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let (author, _) = ada_who_sold(shop, bench.name()).await;
    bench.fate(Fate::Sent(3)).await;
    bench.lose_answers(true).await;
    let ask = asks(shop, author, bench.name(), 15);
    let begun = payouts::begin(&shop.app, &ask).await.expect("begun");
    assert_eq!((begun.state, begun.reference.as_str()), (State::Begun, ""));
    assert_eq!(available(shop, author).await, 5, "nobody sends it meanwhile");
    for _ in 0..3 {
        look(shop).await;
    }
    assert_eq!(stands(shop, ask.id).await, State::Begun, "doubt does not pass by itself");
    // A new address is for the next one: what was asked for is asked for again as it was.
    let (now, of) = (shop.app.now(), (author, begun.pay_out.rail));
    let moved =
        move |db: &dyn ardoise::store::Db| payout_address::keep(db, of, "ada@new.example", now);
    shop.app.store.write(moved).await.expect("moved");
    bench.lose_answers(false).await;
    look(shop).await;
    look(shop).await;
    assert_eq!(stands(shop, ask.id).await, State::Done);
    assert_eq!(bench.asked_and_sent().await, (1, 15));
    assert_eq!(bench.addresses().await, ["ada@author.example"]);
}

pub async fn a_payout_under_way_is_done_later_and_costs_the_operator<B: PayoutBench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let (author, mut ada) = ada_who_sold(shop, bench.name()).await;
    let fees = balance(shop, Account::OperatorFees).await;
    for (fate, words) in [(Fate::UnderWay, "On its way"), (Fate::Unclaimed, "Waits to be claimed")]
    {
        bench.fate(fate).await;
        let ask = asks(shop, author, bench.name(), 10);
        payouts::begin(&shop.app, &ask).await.expect("begun");
        look(shop).await;
        assert_eq!(stands(shop, ask.id).await, State::Begun);
        let page = ada.get("/gains").await.text();
        assert!(page.contains(words) && page.contains("on the way"), "{page}");
        assert!(shop.olu().await.get("/desk").await.text().contains(words));
        bench.fate(Fate::Sent(2)).await;
        look(shop).await;
        assert_eq!(stands(shop, ask.id).await, State::Done);
    }
    assert_eq!(available(shop, author).await, 0);
    assert_eq!(balance(shop, Account::OperatorFees).await, fees - 40_000);
    let page = ada.get("/gains").await.text();
    assert!(!page.contains("on the way") && page.contains("€0.20"), "{page}");
    assert_eq!(bench.asked_and_sent().await, (2, 20));
}

pub async fn what_comes_back_is_available_again_once<B: PayoutBench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let (author, mut ada) = ada_who_sold(shop, bench.name()).await;
    bench.fate(Fate::Unclaimed).await;
    let ask = asks(shop, author, bench.name(), 15);
    payouts::begin(&shop.app, &ask).await.expect("begun");
    shop.pass_days(31);
    bench.fate(Fate::Returned(1)).await;
    for _ in 0..2 {
        look(shop).await;
    }
    let back = order(shop, ask.id).await.expect("an order");
    assert_eq!((back.state, back.reason.as_str()), (State::Returned, "late"));
    assert_eq!(available(shop, author).await, 20);
    let told = "Came back: nobody claimed it in time.";
    assert!(ada.get("/gains").await.text().contains(told));
    let mut olu = shop.olu().await;
    assert!(olu.get("/desk").await.text().contains(told));
    let seen = olu.post(&format!("/desk/payouts/{}/seen", ask.id), &[]).await;
    assert_eq!(seen.location(), "/desk");
    assert!(!olu.get("/desk").await.text().contains(told));
    bench.fate(Fate::Sent(1)).await;
    let again = payouts::begin(&shop.app, &ask).await.expect("known");
    assert_eq!(again.state, State::Returned, "what came back stays so");
    let anew = asks(shop, author, bench.name(), 20);
    payouts::begin(&shop.app, &anew).await.expect("begun");
    look(shop).await;
    assert_eq!((stands(shop, anew.id).await, available(shop, author).await), (State::Done, 0));
}

pub async fn what_was_done_comes_back_when_a_message_brings_the_news<B: PayoutBench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let (author, _) = ada_who_sold(shop, bench.name()).await;
    bench.fate(Fate::Sent(4)).await;
    let ask = asks(shop, author, bench.name(), 15);
    payouts::begin(&shop.app, &ask).await.expect("begun");
    look(shop).await;
    let done = order(shop, ask.id).await.expect("an order");
    assert_eq!(done.state, State::Done);
    let fees = balance(shop, Account::OperatorFees).await;
    for (fate, state) in [(Fate::Sent(4), State::Done), (Fate::Returned(1), State::Returned)] {
        bench.fate(fate).await;
        let forged = bench.message(Some(&done), false).await;
        assert_eq!(send(shop, bench.name(), &forged).await.status, StatusCode::BAD_REQUEST);
        let others = bench.message(None, true).await;
        assert!(send(shop, bench.name(), &others).await.status.is_success());
        assert_eq!(work_off(&shop.app).await, Ok(0), "nothing is asked about");
        let genuine = bench.message(Some(&done), true).await;
        assert!(send(shop, bench.name(), &genuine).await.status.is_success());
        assert_eq!(work_off(&shop.app).await, Ok(1), "it is asked about at once");
        assert_eq!(stands(shop, ask.id).await, state);
    }
    assert_eq!(available(shop, author).await, 20);
    assert_eq!(balance(shop, Account::OperatorFees).await, fees + 30_000, "it gave three back");
    let genuine = bench.message(Some(&done), true).await;
    assert!(send(shop, bench.name(), &genuine).await.status.is_success());
    assert_eq!(work_off(&shop.app).await, Ok(0), "what came back is over");
}

/// Asks all of this of a rail, in a module of its own.
macro_rules! payout_contract {
    ($name:ident: $bench:ty; $($claim:ident)*) => {
        mod $name {
            $(
                #[tokio::test]
                async fn $claim() {
                    $crate::payout_contract::$claim::<$bench>().await;
                }
            )*
        }
    };
    ($name:ident: $bench:ty) => {
        $crate::payout_contract::payout_contract! { $name: $bench;
            asking_twice_sends_once
            more_than_there_is_is_not_sent
            a_lost_answer_is_found_again_and_nothing_is_sent_twice
            a_payout_under_way_is_done_later_and_costs_the_operator
            what_comes_back_is_available_again_once
            what_was_done_comes_back_when_a_message_brings_the_news
        }
    };
}
pub(crate) use payout_contract;

impl PayoutBench for ScriptedBench {
    async fn open() -> Self {
        <Self as Bench>::open().await
    }

    fn shop(&self) -> &TestApp {
        &self.shop
    }

    fn name(&self) -> &'static str {
        "scripted"
    }

    async fn fate(&self, fate: Fate) {
        self.provider.pays(match fate {
            Fate::Sent(cents) => Paying::Done(cents * 10_000),
            Fate::UnderWay => Paying::Pending,
            Fate::Unclaimed => Paying::Unclaimed,
            Fate::Returned(cents) => Paying::Returned(cents * 10_000),
        });
    }

    async fn lose_answers(&self, lost: bool) {
        self.provider.is(if lost { Fault::LosesAnswers } else { Fault::None });
    }

    async fn asked_and_sent(&self) -> (usize, i64) {
        let paid = self.provider.payouts();
        let sent = paid.iter().filter(|paid| matches!(paid.stand, Paying::Done(_)));
        (paid.len(), sent.map(|paid| paid.micros / 10_000).sum())
    }

    async fn addresses(&self) -> Vec<String> {
        self.provider.payouts().into_iter().map(|paid| paid.to).collect()
    }

    async fn message(&self, payout: Option<&Order>, genuine: bool) -> Message {
        let reference = payout.map_or("PAID-ELSEWHERE", |order| &order.reference);
        let seconds = self.shop.app.now().micros() / 1_000_000;
        let secret = if genuine { SECRET } else { "another secret" };
        let (body, signature) = Provider::payout_message(reference, seconds, secret);
        Message { headers: vec![("signature", signature)], body }
    }
}

payout_contract! { scripted: crate::rail_contract::ScriptedBench }

/// Fake money: there is no provider, and it is there at once.
pub struct SandboxBench(TestApp);

impl PayoutBench for SandboxBench {
    async fn open() -> Self {
        Self(TestApp::open())
    }

    fn shop(&self) -> &TestApp {
        &self.0
    }

    fn name(&self) -> &'static str {
        "sandbox"
    }

    async fn fate(&self, fate: Fate) {
        assert_eq!(fate, Fate::Sent(0), "fake money always arrives");
    }

    async fn lose_answers(&self, _: bool) {
        unreachable!("nobody answers");
    }

    async fn asked_and_sent(&self) -> (usize, i64) {
        let (rail, sold) = (Account::Rail(ardoise::rails::SANDBOX.number), 240_000);
        let sent = sold - balance(&self.0, rail).await;
        (usize::from(sent > 0), i64::try_from(sent / 10_000).expect("few"))
    }

    async fn addresses(&self) -> Vec<String> {
        unreachable!("it goes nowhere");
    }

    async fn message(&self, _: Option<&Order>, _: bool) -> Message {
        Message { headers: Vec::new(), body: "paid".into() }
    }
}

payout_contract! { sandbox: crate::payout_contract::SandboxBench;
    asking_twice_sends_once
    more_than_there_is_is_not_sent
}
