//! What every rail holds to that tells what went back of a charge, whoever sent it ([`ardoise::rails::port::Rail::refunds_of`]). Its
//! [`RefundBench`] says how somebody sends money back on the provider's own page; [`refund_contract!`] then asks all of this of it.

use crate::rail_contract::{Bench, Message, ScriptedBench, again, ben, owes, send};
use crate::saga::tab;
use crate::shop::{Browser, TestApp};
use ardoise::rails::refunds::{self, GiveBack};
use ardoise::rails::worker::work_off;
use ardoise::store::charge::{State, Stored};
use ardoise::store::refund_order::{self, State as Stand};
use ardoise::store::statement::{Before, shown};
use ardoise::store::{books, gains, refund, tab as tabs};
use ledger::{Account, AuthorId, Currency, LineId, Money, Tab, TabId};

/// A rail that tells what went back, and its provider.
pub trait RefundBench: Bench {
    /// Somebody sends so many cents of a charge back on the provider's own page.
    async fn send_back_at_its_page(&self, charge: &Stored, cents: i64);
    /// What was sent back last did not arrive.
    async fn does_not_arrive(&self, charge: &Stored);
    /// From now on the provider gives so many cents of its fee back with each refund.
    async fn gives_fee_back(&self, charge: &Stored, cents: i64);
    /// A message that money went back of `charge` (or of one that is not this shop's), genuine or forged, so many seconds old.
    async fn refund_message(
        &self,
        charge: Option<&Stored>,
        genuine: bool,
        age_seconds: i64,
    ) -> Message;
}

fn cents(cents: i64) -> Money {
    Money::from_cents(cents, Currency::Eur).expect("small")
}

/// Ben, who paid €0.20 by this rail.
async fn paid<B: Bench>(bench: &B) -> (Browser<'_>, Stored) {
    let shop = bench.shop();
    let mut ben = ben(shop).await;
    let (_, charge) = bench.begin(&mut ben, shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    bench.agree(&charge).await;
    ben.get(&format!("/tab/charges/{}/return", charge.id)).await;
    assert_eq!(owes(&mut ben).await, "0.00");
    let charge = again(shop, &charge).await;
    assert_eq!(charge.state, State::Settled);
    (ben, charge)
}

async fn line_of(shop: &TestApp, tab: TabId) -> (LineId, AuthorId) {
    let read = shop.app.store.read(|db| shown(db, tab, Before::NEWEST, 1, Currency::Eur)).await;
    let line = read.expect("read").first().expect("a line").line;
    (line.id, line.author)
}

/// The same, whose line Olu took back since: he has €0.20 of credit.
async fn credited<B: Bench>(bench: &B) -> (Browser<'_>, Stored) {
    let (ben, charge) = paid(bench).await;
    let (line, _) = line_of(bench.shop(), charge.tab).await;
    ardoise::tabs::undo_by_shop(&bench.shop().app, line).await.expect("undone");
    (ben, charge)
}

async fn stands(shop: &TestApp, tab: TabId) -> Tab {
    let read = shop.app.store.read(|db| tabs::by_id(db, tab, Currency::Eur)).await;
    read.expect("read").expect("a tab").tab
}

async fn at(shop: &TestApp, account: Account) -> i128 {
    shop.app.store.read(|db| books::balance(db, account)).await.expect("read")
}

/// How many refunds the books have of a charge.
async fn booked(shop: &TestApp, charge: &Stored) -> usize {
    let id = charge.id;
    let read = shop.app.store.read(|db| refund::of_settlement(db, id, Currency::Eur)).await;
    read.expect("read").len()
}

/// The provider tells of what went back, and says it again.
async fn tell<B: RefundBench>(bench: &B, charge: &Stored) {
    for _ in 0..3 {
        let message = bench.refund_message(Some(charge), true, 0).await;
        let answer = send(bench.shop(), bench.name(), &message).await;
        assert!(answer.status.is_success(), "{}", answer.text());
        work_off(&bench.shop().app).await.expect("asked");
    }
}

pub async fn what_went_back_at_its_page_is_taken_from_the_credit_once<B: RefundBench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let (mut ben, charge) = credited(&bench).await;
    let rail = Account::Rail(charge.rail);
    let before = at(shop, rail).await;
    bench.send_back_at_its_page(&charge, 15).await;
    tell(&bench, &charge).await;
    assert_eq!(stands(shop, charge.tab).await.credit, cents(5));
    assert_eq!(before - at(shop, rail).await, 150_000, "once");
    assert_eq!(booked(shop, &charge).await, 1);
    bench.send_back_at_its_page(&charge, 5).await;
    tell(&bench, &charge).await;
    let stand = stands(shop, charge.tab).await;
    assert_eq!((stand.credit, stand.borne), (cents(0), cents(0)));
    assert_eq!(before - at(shop, rail).await, 200_000);
    let mut olu = shop.olu().await;
    let desk = olu.get("/desk").await.text();
    assert!(desk.contains("Sent back at the provider") && desk.contains("€0.15"), "{desk}");
    let page = olu.get(&format!("/desk/tabs/{}", charge.tab)).await.text();
    assert!(page.contains("sent at the provider"), "{page}");
    let page = ben.get("/tab").await.text();
    assert!(page.contains("€0.15 went back to you"), "{page}");
}

pub async fn what_the_credit_does_not_reach_the_operator_bears<B: RefundBench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let (mut ben, charge) = paid(&bench).await;
    let (line, author) = line_of(shop, charge.tab).await;
    let (available, fees) = (Account::Available(author), Account::OperatorFees);
    let (had, operator) = (at(shop, available).await, at(shop, fees).await);
    bench.send_back_at_its_page(&charge, 20).await;
    tell(&bench, &charge).await;
    let stand = stands(shop, charge.tab).await;
    assert_eq!((stand.credit, stand.borne), (cents(0), cents(20)));
    assert_eq!(owes(&mut ben).await, "0.00", "nothing is owed again");
    assert_eq!(at(shop, available).await, had, "its author keeps what they have");
    assert_eq!(operator - at(shop, fees).await, 200_000);
    let mut olu = shop.olu().await;
    let page = olu.get(&format!("/desk/tabs/{}", charge.tab)).await.text();
    assert!(page.contains("Borne by you"), "{page}");
    tell(&bench, &charge).await;
    assert_eq!(booked(shop, &charge).await, 1);
    // A line that is taken back afterwards is another matter.
    ardoise::tabs::undo_by_shop(&shop.app, line).await.expect("undone");
    let stand = stands(shop, charge.tab).await;
    assert_eq!((stand.credit, stand.borne), (cents(20), cents(20)));
    assert!(at(shop, available).await < had);
    // And what did not arrive is the operator's again.
    bench.does_not_arrive(&charge).await;
    tell(&bench, &charge).await;
    let stand = stands(shop, charge.tab).await;
    assert_eq!((stand.credit, stand.borne), (cents(20), cents(0)));
}

pub async fn a_forged_or_stale_message_of_a_refund_moves_nothing<B: RefundBench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let (_ben, charge) = credited(&bench).await;
    bench.send_back_at_its_page(&charge, 20).await;
    let stale = bench.stale_seconds();
    for (genuine, age) in [(false, 0), (true, stale), (true, -stale)] {
        let message = bench.refund_message(Some(&charge), genuine, age).await;
        let answer = send(shop, bench.name(), &message).await;
        assert_eq!(answer.json()["code"], "rail.forged", "{genuine} {age}");
    }
    let other = bench.refund_message(None, true, 0).await;
    assert!(send(shop, bench.name(), &other).await.status.is_success());
    work_off(&shop.app).await.expect("asked");
    assert_eq!(booked(shop, &charge).await, 0);
    assert_eq!(stands(shop, charge.tab).await.credit, cents(20));
}

pub async fn a_message_of_a_refund_that_did_not_happen_moves_nothing<B: RefundBench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let (_ben, charge) = credited(&bench).await;
    tell(&bench, &charge).await;
    assert_eq!(booked(shop, &charge).await, 0, "the provider, asked, says that there is none");
    assert_eq!(stands(shop, charge.tab).await.credit, cents(20));
}

pub async fn the_shops_own_refund_is_not_booked_twice<B: RefundBench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let (ben, charge) = credited(&bench).await;
    let (id, amount) = (shop.app.mint.refund(), cents(20));
    let ask = GiveBack { id, tab: tab(&ben), settlement: charge.id, amount };
    bench.lose_answers(true).await;
    let begun = refunds::begin(&shop.app, ask).await.expect("begun");
    assert_eq!(begun.state, Stand::Begun);
    bench.lose_answers(false).await;
    // The message is here before the answer.
    tell(&bench, &charge).await;
    for _ in 0..2 {
        shop.pass_minutes(61);
        work_off(&shop.app).await.expect("asked");
        tell(&bench, &charge).await;
    }
    let read = shop.app.store.read(|db| refund_order::by_id(db, id, Currency::Eur)).await;
    assert_eq!(read.expect("read").expect("an order").state, Stand::Done);
    assert_eq!(booked(shop, &charge).await, 1);
    let stand = stands(shop, charge.tab).await;
    assert_eq!((stand.credit, stand.borne), (cents(0), cents(0)));
}

pub async fn what_did_not_arrive_is_credit_again<B: RefundBench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let (_ben, charge) = credited(&bench).await;
    bench.send_back_at_its_page(&charge, 20).await;
    tell(&bench, &charge).await;
    assert_eq!(stands(shop, charge.tab).await.credit, cents(0));
    bench.does_not_arrive(&charge).await;
    tell(&bench, &charge).await;
    assert_eq!(stands(shop, charge.tab).await.credit, cents(20));
}

pub async fn a_fee_that_is_given_back_goes_to_whoever_bore_it_once<B: RefundBench>() {
    for by_shop in [true, false] {
        let bench = B::open().await;
        let shop = bench.shop();
        let (ben, charge) = credited(&bench).await;
        let (_, author) = line_of(shop, charge.tab).await;
        let (available, rail) = (Account::Available(author), Account::Rail(charge.rail));
        let kept = kept_of(shop, author).await;
        let (had, there) = (at(shop, available).await, at(shop, rail).await);
        bench.gives_fee_back(&charge, 3).await;
        if by_shop {
            let (id, amount) = (shop.app.mint.refund(), cents(20));
            let ask = GiveBack { id, tab: tab(&ben), settlement: charge.id, amount };
            for _ in 0..2 {
                let order = refunds::begin(&shop.app, ask).await.expect("begun");
                assert_eq!(order.state, Stand::Done);
            }
        } else {
            bench.send_back_at_its_page(&charge, 20).await;
        }
        tell(&bench, &charge).await;
        assert_eq!(at(shop, available).await - had, 30_000, "by the shop: {by_shop}");
        assert_eq!(at(shop, rail).await - there, -200_000 + 30_000);
        assert_eq!(kept.micros() - kept_of(shop, author).await.micros(), 30_000);
    }
}

/// What rails kept of an author's lines, as their gains say it.
async fn kept_of(shop: &TestApp, author: AuthorId) -> Money {
    shop.app.store.till().catch_up().await.expect("caught up");
    let read = shop.app.store.read(|db| gains::rail_fees(db, author, Currency::Eur)).await;
    read.expect("read")
}

/// Asks all of that of a rail, in a module of its own.
macro_rules! refund_contract {
    ($name:ident: $bench:ty; $($claim:ident)*) => {
        mod $name {
            $(
                #[tokio::test]
                async fn $claim() {
                    $crate::refund_contract::$claim::<$bench>().await;
                }
            )*
        }
    };
    ($name:ident: $bench:ty) => {
        $crate::refund_contract::refund_contract! { $name: $bench;
            what_went_back_at_its_page_is_taken_from_the_credit_once
            what_the_credit_does_not_reach_the_operator_bears
            a_forged_or_stale_message_of_a_refund_moves_nothing
            a_message_of_a_refund_that_did_not_happen_moves_nothing
            the_shops_own_refund_is_not_booked_twice
            what_did_not_arrive_is_credit_again
            a_fee_that_is_given_back_goes_to_whoever_bore_it_once
        }
    };
}
pub(crate) use refund_contract;

impl RefundBench for ScriptedBench {
    async fn send_back_at_its_page(&self, charge: &Stored, cents: i64) {
        let stand = crate::provider::Refunding::Done;
        self.provider.send_back_at_its_page(&charge.reference, cents * 10_000, stand);
    }

    async fn does_not_arrive(&self, charge: &Stored) {
        self.provider.change(&charge.reference, |order| {
            let last = order.refunds.last_mut().expect("something was sent");
            last.stand = crate::provider::Refunding::Declined;
        });
    }

    async fn gives_fee_back(&self, charge: &Stored, cents: i64) {
        self.provider.change(&charge.reference, |order| order.gives_back = cents * 10_000);
    }

    async fn refund_message(
        &self,
        charge: Option<&Stored>,
        genuine: bool,
        age_seconds: i64,
    ) -> Message {
        let reference = charge.map_or("ORDER-OF-ANOTHER-SHOP", |charge| &charge.reference);
        let seconds = self.shop.app.now().micros() / 1_000_000 - age_seconds;
        let secret = if genuine { crate::provider::SECRET } else { "another secret" };
        let (body, signature) =
            crate::provider::Provider::message_of_refund(reference, seconds, secret);
        Message { headers: vec![("signature", signature)], body }
    }
}

refund_contract! { scripted_tells: crate::rail_contract::ScriptedBench }
