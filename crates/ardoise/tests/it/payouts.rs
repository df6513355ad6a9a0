//! A payout, stopped after every step and each step run twice; random histories of many; and what Olu and Ada see of it.

use crate::client::Client;
use crate::payout_contract::{ada_who_sold, asks, available, balance, order};
use crate::provider::{Fault, Paying};
use crate::rail_contract::{Bench as _, ScriptedBench};
use crate::saga::stopped_after;
use crate::shop::TestApp;
use ardoise::desk::books;
use ardoise::rails::payouts::{self, Send};
use ardoise::rails::worker::work_off;
use ardoise::store::payout_order::{Named, Order, State};
use ardoise::store::{books as accounts, gains};
use http::StatusCode;
use ledger::{Account, AuthorId, Currency, Money, PayoutId};

const RAIL: &str = "scripted";

#[tokio::test]
async fn a_payout_stopped_anywhere_is_carried_on_and_sent_once() {
    for stand in [Paying::Done(20_000), Paying::Pending, Paying::Returned(10_000)] {
        for times in 0.. {
            let bench = ScriptedBench::open().await;
            let shop = &bench.shop;
            let (author, _) = ada_who_sold(shop, RAIL).await;
            let fees = balance(shop, Account::OperatorFees).await;
            bench.provider.pays(stand);
            let ask = asks(shop, author, RAIL, 15);
            let ended = stopped_after(times, payouts::begin(&shop.app, &ask)).await;
            let order = carried_on(shop, &ask).await;
            let (state, left, fee) = match stand {
                Paying::Returned(fee) => (State::Returned, 20, fee),
                Paying::Done(fee) => (State::Done, 5, fee),
                Paying::Pending | Paying::Unclaimed => (State::Begun, 5, 0),
            };
            assert_eq!(order.state, state, "{stand:?}, stopped after {times}");
            assert_eq!(bench.provider.payouts().len(), 1, "{stand:?}, stopped after {times}");
            assert_eq!(available(shop, author).await, left, "{stand:?}, stopped after {times}");
            let fees = fees - balance(shop, Account::OperatorFees).await;
            assert_eq!(fees, fee.into(), "{stand:?}, stopped after {times}");
            if ended {
                assert!(times > 3, "it waits more often than {times} times");
                break;
            }
        }
    }
}

/// Whoever comes after the one that was stopped: the same form once more, and the worker, twice at once.
async fn carried_on(shop: &TestApp, ask: &Send) -> Order {
    shop.pass_minutes(61);
    let (one, other) = tokio::join!(work_off(&shop.app), work_off(&shop.app));
    assert!(one.is_ok() && other.is_ok());
    let (one, other) = tokio::join!(payouts::begin(&shop.app, ask), payouts::begin(&shop.app, ask));
    assert_eq!(one.expect("known").state, other.expect("known").state);
    order(shop, ask.id).await.expect("an order")
}

#[tokio::test]
async fn a_late_return_stopped_anywhere_is_available_again_once() {
    for times in 0.. {
        let bench = ScriptedBench::open().await;
        let shop = &bench.shop;
        let (author, _) = ada_who_sold(shop, RAIL).await;
        bench.provider.pays(Paying::Done(20_000));
        let ask = asks(shop, author, RAIL, 15);
        let done = payouts::begin(&shop.app, &ask).await.expect("begun");
        assert_eq!(done.state, State::Done);
        bench.provider.pays(Paying::Returned(0));
        let ended = stopped_after(times, payouts::go_on(&shop.app, done.clone())).await;
        let (one, other) =
            tokio::join!(payouts::go_on(&shop.app, done.clone()), payouts::go_on(&shop.app, done));
        assert_eq!(one.expect("gone on").state, State::Returned, "stopped after {times}");
        assert_eq!(other.expect("gone on").state, State::Returned, "stopped after {times}");
        assert_eq!(available(shop, author).await, 20, "stopped after {times}");
        if ended {
            break;
        }
    }
}

#[tokio::test]
async fn a_key_that_may_be_forgotten_is_not_told_again_but_what_has_a_name_is_asked_about() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (author, _) = ada_who_sold(shop, RAIL).await;
    bench.provider.pays(Paying::Unclaimed);
    let named = asks(shop, author, RAIL, 5);
    payouts::begin(&shop.app, &named).await.expect("begun");
    bench.provider.is(Fault::LosesAnswers);
    let lost = asks(shop, author, RAIL, 5);
    payouts::begin(&shop.app, &lost).await.expect("begun");
    bench.provider.is(Fault::None);
    shop.pass_days(29);
    bench.provider.asked();
    bench.provider.pays(Paying::Done(0));
    assert_eq!(work_off(&shop.app).await, Ok(2));
    assert_eq!(bench.provider.asked(), ["payout"]);
    assert_eq!(order(shop, named.id).await.expect("an order").state, State::Done);
    let lost = order(shop, lost.id).await.expect("an order");
    assert_eq!(lost.state, State::Begun);
    let desk = shop.olu().await.get("/desk").await.text();
    assert!(desk.contains("see its own page"), "the operator is told: {desk}");
}

#[tokio::test]
async fn a_rail_that_is_turned_off_or_refuses_the_shop_keeps_it_until_that_is_mended() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (author, _) = ada_who_sold(shop, RAIL).await;
    bench.provider.is(Fault::Unauthorised);
    let ask = asks(shop, author, RAIL, 20);
    let begun = payouts::begin(&shop.app, &ask).await.expect("begun");
    assert_eq!((begun.state, available(shop, author).await), (State::Begun, 0));
    let without = shop.beside();
    let refused = payouts::begin(&without.app, &asks(shop, author, RAIL, 1)).await;
    assert_eq!(refused.expect_err("nobody to ask").kind.code, "payout.no_rail");
    shop.pass_minutes(2);
    work_off(&without.app).await.expect("put off");
    bench.provider.is(Fault::None);
    shop.pass_minutes(61);
    work_off(&shop.app).await.expect("asked");
    assert_eq!(order(shop, ask.id).await.expect("an order").state, State::Done);
}

#[tokio::test]
async fn olu_sends_at_the_desk_and_ada_sees_it() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (author, mut ada) = ada_who_sold(shop, RAIL).await;
    bench.provider.pays(Paying::Pending);
    let mut olu = shop.olu().await;
    let desk = olu.get("/desk").await;
    let text = desk.text();
    assert!(
        text.contains("ada@author.example") && text.contains("name=\"by\" value=\"scripted\""),
        "{text}"
    );
    let (path, payout) = (format!("/desk/authors/{author}/payouts"), desk.hidden("payout"));
    let fields = [("payout", payout.as_str()), ("amount", "0.20"), ("by", RAIL)];
    for _ in 0..2 {
        assert_eq!(olu.post(&path, &fields).await.location(), "/desk");
    }
    let by_hand = [("payout", payout.as_str()), ("amount", "0.20")];
    let refused = olu.post(&path, &by_hand).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "it is not noted by hand as well");
    assert!(ada.get("/gains").await.text().contains("On its way."));
    bench.provider.pays(Paying::Done(4_000));
    shop.pass_minutes(2);
    work_off(&shop.app).await.expect("asked");
    assert!(!olu.get("/desk").await.text().contains("<h2>Payouts</h2>"));
    assert_eq!(bench.provider.payouts().len(), 1);
    let told = Client::of(shop, &mut ada).await.get("/api/v1/gains?period=all").await.json();
    assert_eq!(told["payouts"][0]["state"], "done", "{told}");
    assert_eq!(told["paid_out"]["amount"], "0.200000");
    assert_eq!(told["under_way"]["amount"], "0.000000");
}

#[tokio::test]
async fn everybody_who_has_enough_and_an_address_is_sent_theirs_once() {
    let shop = TestApp::with(&[("payout.minimum", "0.10")]);
    let (ada, _) = ada_who_sold(&shop, "sandbox").await;
    let (zoe, mut browser) = shop.author("Zoe").await;
    let mut ben = shop.browser();
    ben.tap(&shop.article(zoe, "Tides", 24).await).await;
    let settlement = ben.get("/tab/settle").await.hidden("settlement");
    ben.post("/tab/settle/sandbox", &[("settlement", &settlement), ("amount", "0.24")]).await;
    let mut olu = shop.olu().await;
    let one = olu.get("/desk").await.text();
    assert!(one.contains("Send one author €0.20 by Sandbox"), "{one}");
    assert!(one.contains("has not said where gains are sent"), "{one}");
    browser.post("/gains/address", &[("rail", "sandbox"), ("address", "zoe@author.example")]).await;
    let desk = olu.get("/desk").await;
    let text = desk.text();
    assert!(text.contains("Send 2 authors €0.40 in all by Sandbox"), "{text}");
    let named = |text: &str| -> Vec<String> {
        let parts = text.split("name=\"send\" value=\"").skip(1);
        parts.map(|part| part.split('"').next().expect("a value").to_owned()).collect()
    };
    let sends = named(&text);
    let mut fields = vec![("by", "sandbox")];
    fields.extend(sends.iter().map(|send| ("send", send.as_str())));
    for _ in 0..2 {
        assert_eq!(olu.post("/desk/payouts", &fields).await.location(), "/desk");
    }
    assert_eq!((available(&shop, ada).await, available(&shop, zoe).await), (0, 0));
    assert_eq!(work_off(&shop.app).await, Ok(2), "the worker tells the rail");
    for send in &sends {
        let id: PayoutId = send.split(' ').next().expect("an id").parse().expect("an id");
        assert_eq!(order(&shop, id).await.expect("an order").state, State::Done);
    }
    olu.html = false;
    let wrong = olu.post("/desk/payouts", &[("by", "sandbox"), ("send", "pay_1")]).await;
    assert_eq!(wrong.json()["field"], "send");
}

#[tokio::test]
async fn an_author_gives_changes_and_takes_back_where_gains_are_sent() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    assert!(ada.get("/gains").await.text().contains("Where your gains are sent"));
    for address in ["ada@author.example", "ada@new.example"] {
        ada.post("/gains/address", &[("rail", "sandbox"), ("address", address)]).await;
        assert!(ada.get("/gains").await.text().contains(&format!("value=\"{address}\"")));
    }
    let (_, mut zoe) = shop.author("Zoe").await;
    assert!(!zoe.get("/gains").await.text().contains("ada@new.example"), "nobody else's");
    ada.html = false;
    for bad in ["", "ada", "Ada <ada@author.example>"] {
        let refused = ada.post("/gains/address", &[("rail", "sandbox"), ("address", bad)]).await;
        assert_eq!(refused.json()["code"], "payout.address", "{bad}");
    }
    let nowhere = ada.post("/gains/address", &[("rail", "pigeon"), ("address", "a@b.fr")]).await;
    assert_eq!(nowhere.json()["code"], "payout.no_rail");
    ada.html = true;
    assert!(ada.get("/gains").await.text().contains("ada@new.example"), "the old one is kept");
    ada.post("/gains/address", &[("rail", "sandbox"), ("remove", "yes")]).await;
    assert!(!ada.get("/gains").await.text().contains("ada@new.example"));
}

async fn findings(shop: &TestApp) -> Vec<String> {
    shop.app.store.till().catch_up().await.expect("caught up");
    let check = |db: &dyn ardoise::store::Db| books::check(db, Currency::Eur, &mut |_, _| ());
    shop.app.store.study(check).await.expect("checked").findings
}

/// Histories that are told; `ARDOISE_HISTORIES` tells so many, `ARDOISE_SEED` begins elsewhere.
const HISTORIES: u64 = 12;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[tokio::test]
async fn whatever_happens_what_is_available_paid_out_and_under_way_is_what_was_earned() {
    let (first, histories) = (number("ARDOISE_SEED", 1), number("ARDOISE_HISTORIES", HISTORIES));
    for seed in first..first + histories {
        history(seed).await;
    }
}

/// Random numbers from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Payouts that are sent, lost, declined, returned, repeated and stopped, in any order; then everything is asked about, and the
/// provider is the truth of what moved.
async fn history(seed: u64) {
    let mut dice = Dice(seed);
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (author, _) = ada_who_sold(shop, RAIL).await;
    let earned = balance(shop, Account::Available(author)).await;
    let fees = balance(shop, Account::OperatorFees).await;
    let mut asked: Vec<Send> = Vec::new();
    for _ in 0..40 {
        act(&bench, &mut dice, &mut asked, author).await;
        let told = told(shop, author).await;
        assert_eq!(told, earned, "seed {seed}");
    }
    bench.provider.is(Fault::None);
    bench.provider.will_pay(Paying::Done(0));
    shop.pass_minutes(121);
    work_off(&shop.app).await.expect("asked");
    for place in 0..bench.provider.payouts().len() {
        let fee = i64::try_from(dice.below(3)).expect("small") * 5_000;
        let is_open =
            matches!(bench.provider.payouts()[place].stand, Paying::Pending | Paying::Unclaimed);
        if is_open {
            let stand = if dice.below(2) == 0 { Paying::Done(fee) } else { Paying::Returned(fee) };
            bench.provider.pays_one(place, stand);
        }
    }
    for _ in 0..4 {
        shop.pass_minutes(121);
        work_off(&shop.app).await.expect("asked");
    }
    let paid = bench.provider.payouts();
    let (mut with_ada, mut kept) = (0, 0);
    for one in &paid {
        assert_eq!(paid.iter().filter(|other| other.key == one.key).count(), 1, "seed {seed}");
        match one.stand {
            Paying::Done(fee) => (with_ada, kept) = (with_ada + one.micros, kept + fee),
            Paying::Returned(fee) => kept += fee,
            Paying::Pending | Paying::Unclaimed => panic!("seed {seed}: {one:?} is open"),
        }
    }
    let left = balance(shop, Account::Available(author)).await;
    assert_eq!(left, earned - i128::from(with_ada), "seed {seed}: to the micro-unit");
    let costs = fees - balance(shop, Account::OperatorFees).await;
    assert_eq!(costs, kept.into(), "seed {seed}: what the provider took");
    for ask in &asked {
        let stand = order(shop, ask.id).await.map(|order| order.state);
        assert_ne!(stand, Some(State::Begun), "seed {seed}: all is known");
    }
    assert_eq!(findings(shop).await, Vec::<String>::new(), "seed {seed}");
}

async fn act(bench: &ScriptedBench, dice: &mut Dice, asked: &mut Vec<Send>, author: AuthorId) {
    let shop = &bench.shop;
    match dice.below(12) {
        0..4 => {
            let ask = asks(shop, author, RAIL, 2 + i64::try_from(dice.below(9)).expect("small"));
            asked.push(ask.clone());
            let times = usize::try_from(dice.below(14)).expect("small");
            stopped_after(times, payouts::begin(&shop.app, &ask)).await;
        }
        4 if !asked.is_empty() => {
            let place = usize::try_from(dice.below(asked.len() as u64)).expect("small");
            let ask = asked[place].clone();
            let again = payouts::begin(&shop.app, &ask).await;
            assert!(again.is_ok() || again.is_err_and(|no| no.kind.code == "payout.too_much"));
        }
        5 => {
            let faults = [Fault::None, Fault::LosesAnswers, Fault::Broken, Fault::Babbles];
            bench.provider.is(faults[usize::try_from(dice.below(4)).expect("small")]);
        }
        6 => {
            let stands =
                [Paying::Done(5_000), Paying::Pending, Paying::Unclaimed, Paying::Returned(0)];
            bench.provider.will_pay(stands[usize::try_from(dice.below(4)).expect("small")]);
        }
        7 | 8 => news(bench, dice).await,
        9 => {
            shop.pass_minutes(7);
            let times = usize::try_from(dice.below(20)).expect("small");
            stopped_after(times, work_off(&shop.app)).await;
        }
        _ => {
            shop.pass_minutes(61);
            let (one, other) = tokio::join!(work_off(&shop.app), work_off(&shop.app));
            assert!(one.is_ok() && other.is_ok());
        }
    }
}

/// Something becomes of a payout that the provider has, and it says so, unless that is lost on the way: then it is asked about only
/// where the shop waits for it. What came back does not go again.
async fn news(bench: &ScriptedBench, dice: &mut Dice) {
    let (shop, paid) = (&bench.shop, bench.provider.payouts());
    if paid.is_empty() {
        return;
    }
    let place = usize::try_from(dice.below(paid.len() as u64)).expect("small");
    let next = match (paid[place].stand, dice.below(3)) {
        (Paying::Returned(_), _) => return,
        (Paying::Done(fee), _) => Paying::Returned(fee / 2),
        (Paying::Pending, 0) => Paying::Unclaimed,
        (Paying::Pending | Paying::Unclaimed, 1) => Paying::Done(15_000),
        (Paying::Pending | Paying::Unclaimed, _) => Paying::Returned(0),
    };
    bench.provider.pays_one(place, next);
    let payout = paid[place].key.parse().ok();
    let named = Named { rail: ardoise::rails::SCRIPTED.number, payout, reference: "" };
    payouts::news(&shop.app, named).await.expect("heard");
}

/// What Ada's page says: available, paid out and under way, together, at one moment.
async fn told(shop: &TestApp, author: AuthorId) -> i128 {
    let read = shop.app.store.read(|db| {
        let paid = gains::paid_out(db, author, Currency::Eur)?;
        Ok((paid, accounts::balance(db, Account::Available(author))?))
    });
    let (paid, available) = read.await.expect("read");
    let sum: Money = paid.sent.checked_add(paid.under_way).expect("small");
    i128::from(sum.micros()) + available
}
