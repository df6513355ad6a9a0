//! Money that went back at the provider's own page, stopped anywhere, told twice and in any order; what disputes cost and what of it
//! comes back; and tabs that are opened again.

use crate::provider::{Disputed, Disputing, Fault, Refunding};
use crate::rail_contract::{Bench as _, ScriptedBench, again, begin, ben, owes, send};
use crate::refund_contract::RefundBench as _;
use crate::saga::{stopped_after, tab};
use crate::shop::{Browser, TestApp};
use ardoise::rails::refunds::{self, GiveBack};
use ardoise::rails::worker::work_off;
use ardoise::rails::{SCRIPTED, disputes, elsewhere, port::Which};
use ardoise::store::charge::{State as Charged, Stored};
use ardoise::store::refund_order::{self, State};
use ardoise::store::{books, refund, tab as tabs};
use http::StatusCode;
use ledger::{Account, Currency, Money, Tab};

const CENT: i64 = 10_000;

fn cents(cents: i64) -> Money {
    Money::from_cents(cents, Currency::Eur).expect("small")
}

async fn stands(shop: &TestApp, charge: &Stored) -> Tab {
    let id = charge.tab;
    let read = shop.app.store.read(|db| tabs::by_id(db, id, Currency::Eur)).await;
    read.expect("read").expect("a tab").tab
}

async fn at(shop: &TestApp, account: Account) -> i128 {
    shop.app.store.read(|db| books::balance(db, account)).await.expect("read")
}

async fn booked(shop: &TestApp, charge: &Stored) -> Vec<(Money, bool)> {
    let id = charge.id;
    let read = shop.app.store.read(|db| refund::of_settlement(db, id, Currency::Eur)).await;
    let all = read.expect("read").into_iter();
    all.map(|one| (one.refund.amount, one.has_failed)).collect()
}

/// Ben, who paid €0.20.
async fn paid(bench: &ScriptedBench) -> (Browser<'_>, Stored) {
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    let (_, charge) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    bench.agree(&charge).await;
    ben.get(&format!("/tab/charges/{}/return", charge.id)).await;
    assert_eq!(owes(&mut ben).await, "0.00");
    (ben, again(shop, &charge).await)
}

async fn take_line_back(shop: &TestApp, charge: &Stored) {
    use ardoise::store::statement::{Before, shown};
    let id = charge.tab;
    let read = shop.app.store.read(|db| shown(db, id, Before::NEWEST, 1, Currency::Eur)).await;
    let line = read.expect("read").first().expect("a line").line.id;
    ardoise::tabs::undo_by_shop(&shop.app, line).await.expect("undone");
}

fn sent_at_its_page(bench: &ScriptedBench, charge: &Stored, cents: i64) {
    let stand = Refunding::Done;
    bench.provider.send_back_at_its_page(&charge.reference, cents * CENT, stand);
}

async fn look(shop: &TestApp, charge: &Stored) -> Result<(), ardoise::problem::Problem> {
    let rail = shop.app.rails.by_name("scripted").expect("it is on").clone();
    elsewhere::hear(&shop.app, &*rail, again(shop, charge).await).await
}

#[tokio::test]
async fn what_went_back_elsewhere_stopped_anywhere_is_booked_once() {
    for times in 0.. {
        let bench = ScriptedBench::open().await;
        let shop = &bench.shop;
        let (_ben, charge) = paid(&bench).await;
        bench.provider.change(&charge.reference, |order| order.gives_back = 2 * CENT);
        sent_at_its_page(&bench, &charge, 15);
        let before = at(shop, Account::Rail(SCRIPTED.number)).await;
        let ended = stopped_after(times, look(shop, &charge)).await;
        // The message comes again, to two processes at once.
        let (one, other) = tokio::join!(look(shop, &charge), look(shop, &charge));
        assert!(one.is_ok() && other.is_ok(), "stopped after {times}");
        work_off(&shop.app).await.expect("asked");
        assert_eq!(booked(shop, &charge).await, [(cents(15), false)], "stopped after {times}");
        let stand = stands(shop, &charge).await;
        assert_eq!((stand.credit, stand.borne), (cents(0), cents(15)), "stopped after {times}");
        let gone = before - at(shop, Account::Rail(SCRIPTED.number)).await;
        assert_eq!(gone, i128::from(13 * CENT), "stopped after {times}");
        if ended {
            assert!(times > 2, "it waits more often than {times} times");
            break;
        }
    }
}

#[tokio::test]
async fn what_is_declined_because_it_went_back_elsewhere_is_taken_from_the_credit_once() {
    for times in 0.. {
        let bench = ScriptedBench::open().await;
        let shop = &bench.shop;
        let (ben, charge) = paid(&bench).await;
        take_line_back(shop, &charge).await;
        sent_at_its_page(&bench, &charge, 20);
        let (id, tab) = (shop.app.mint.refund(), tab(&ben));
        let ask = GiveBack { id, tab, settlement: charge.id, amount: cents(20) };
        // No message tells of it: the order itself finds out why it is declined.
        let ended = stopped_after(times, refunds::begin(&shop.app, ask)).await;
        for _ in 0..3 {
            shop.pass_minutes(61);
            work_off(&shop.app).await.expect("asked");
        }
        let known = refunds::begin(&shop.app, ask).await;
        let order = shop.app.store.read(|db| refund_order::by_id(db, id, Currency::Eur)).await;
        match order.expect("read") {
            Some(order) => assert_eq!(order.state, State::Declined, "stopped after {times}"),
            None => assert!(known.is_err(), "stopped after {times}"),
        }
        look(shop, &charge).await.expect("heard");
        let stand = stands(shop, &charge).await;
        assert_eq!((stand.credit, stand.borne), (cents(0), cents(0)), "stopped after {times}");
        let alive = booked(shop, &charge).await.into_iter().filter(|(_, failed)| !failed);
        assert_eq!(alive.count(), 1, "stopped after {times}");
        if ended {
            assert!(times > 4, "it waits more often than {times} times");
            break;
        }
    }
}

#[tokio::test]
async fn an_order_under_way_leaves_room_for_the_rest_of_what_went_back_elsewhere() {
    for times in 0.. {
        let bench = ScriptedBench::open().await;
        let shop = &bench.shop;
        let (ben, charge) = paid(&bench).await;
        take_line_back(shop, &charge).await;
        bench.provider.is(Fault::Broken);
        let (id, tab) = (shop.app.mint.refund(), tab(&ben));
        let ask = GiveBack { id, tab, settlement: charge.id, amount: cents(12) };
        refunds::begin(&shop.app, ask).await.expect("begun");
        bench.provider.is(Fault::None);
        sent_at_its_page(&bench, &charge, 20);
        look(shop, &charge).await.expect("heard");
        assert_eq!(booked(shop, &charge).await.iter().map(|(sum, _)| *sum).max(), Some(cents(12)));
        let ended = stopped_after(times, work_off(&shop.app)).await;
        for _ in 0..2 {
            shop.pass_minutes(61);
            work_off(&shop.app).await.expect("asked");
        }
        let stand = stands(shop, &charge).await;
        assert_eq!((stand.credit, stand.borne), (cents(0), cents(0)), "stopped after {times}");
        let alive = booked(shop, &charge).await.into_iter().filter(|(_, failed)| !failed);
        let sum: i64 = alive.map(|(amount, _)| amount.micros()).sum();
        assert_eq!(sum, 20 * CENT, "stopped after {times}");
        if ended {
            break;
        }
    }
}

#[tokio::test]
async fn what_the_operator_wrote_down_by_hand_is_not_booked_again() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (ben, charge) = paid(&bench).await;
    take_line_back(shop, &charge).await;
    sent_at_its_page(&bench, &charge, 15);
    let (id, tab) = (shop.app.mint.refund(), tab(&ben));
    let ask = GiveBack { id, tab, settlement: charge.id, amount: cents(15) };
    refunds::by_hand(&shop.app, ask, "at its page").await.expect("written");
    for _ in 0..2 {
        look(shop, &charge).await.expect("heard");
    }
    assert_eq!(stands(shop, &charge).await.credit, cents(5));
    sent_at_its_page(&bench, &charge, 5);
    for _ in 0..2 {
        look(shop, &charge).await.expect("heard");
    }
    assert_eq!(stands(shop, &charge).await.credit, cents(0));
    assert_eq!(booked(shop, &charge).await.len(), 2);
}

#[tokio::test]
async fn a_provider_that_says_nothing_is_asked_when_it_tells_again() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (_ben, charge) = paid(&bench).await;
    sent_at_its_page(&bench, &charge, 20);
    for fault in [Fault::Broken, Fault::LosesAnswers, Fault::Babbles] {
        bench.provider.is(fault);
        let message = bench.refund_message(Some(&charge), true, 0).await;
        let answer = send(shop, "scripted", &message).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{fault:?}");
        assert_eq!(booked(shop, &charge).await, [], "{fault:?}");
    }
    bench.provider.is(Fault::None);
    let message = bench.refund_message(Some(&charge), true, 0).await;
    assert!(send(shop, "scripted", &message).await.status.is_success());
    assert_eq!(booked(shop, &charge).await, [(cents(20), false)]);
}

#[tokio::test]
async fn news_of_a_refund_may_be_here_before_the_news_that_it_was_paid() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    let (_, charge) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    bench.agree(&charge).await;
    bench.provider.is(Fault::LosesAnswers);
    ben.get(&format!("/tab/charges/{}/return", charge.id)).await;
    bench.provider.is(Fault::None);
    assert_eq!(again(shop, &charge).await.state, Charged::Waiting);
    sent_at_its_page(&bench, &charge, 20);
    look(shop, &charge).await.expect("heard");
    assert_eq!(again(shop, &charge).await.state, Charged::Settled);
    let stand = stands(shop, &charge).await;
    assert_eq!((stand.credit, stand.borne), (cents(0), cents(20)));
    assert_eq!(owes(&mut ben).await, "0.00", "what was paid is paid");
}

fn disputed(bench: &ScriptedBench, charge: &Stored, stand: Disputing, fee: i64) {
    let (order, micros, most) = (charge.reference.clone(), 20 * CENT, 20 * CENT);
    bench.provider.open_dispute("D", Disputed { order, micros, most, fee: fee * CENT, stand });
}

async fn hear_dispute(shop: &TestApp, charge: &Stored) {
    let rail = shop.app.rails.by_name("scripted").expect("it is on").clone();
    let which = Which::Reference(charge.reference.clone());
    disputes::hear(&shop.app, &*rail, &which, "D").await.expect("heard");
}

#[tokio::test]
async fn what_a_dispute_has_taken_does_not_go_back_a_second_time() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (_ben, charge) = paid(&bench).await;
    disputed(&bench, &charge, Disputing::Lost, 0);
    hear_dispute(shop, &charge).await;
    // Some providers call that a refund, too.
    sent_at_its_page(&bench, &charge, 20);
    look(shop, &charge).await.expect("heard");
    assert_eq!(booked(shop, &charge).await, []);
}

#[tokio::test]
async fn what_a_provider_gives_back_for_a_dispute_that_was_won_is_booked_once() {
    for times in 0.. {
        let bench = ScriptedBench::open().await;
        let shop = &bench.shop;
        let (_ben, charge) = paid(&bench).await;
        let before = at(shop, Account::OperatorFees).await;
        disputed(&bench, &charge, Disputing::Open, 1_500);
        hear_dispute(shop, &charge).await;
        let gone = before - at(shop, Account::OperatorFees).await;
        assert_eq!(gone, i128::from(1_500 * CENT));
        let fees = [(Disputing::Won, 500), (Disputing::Won, 0)];
        let mut ended = true;
        for (stand, fee) in fees {
            disputed(&bench, &charge, stand, fee);
            ended &= stopped_after(times, hear_dispute(shop, &charge)).await;
            for _ in 0..2 {
                hear_dispute(shop, &charge).await;
            }
            let gone = before - at(shop, Account::OperatorFees).await;
            assert_eq!(gone, i128::from(fee * CENT), "stopped after {times}");
        }
        if ended {
            break;
        }
    }
}

/// Ben's tab, which a lost dispute has closed.
async fn closed(bench: &ScriptedBench) -> (Browser<'_>, Stored) {
    let (ben, charge) = paid(bench).await;
    disputed(bench, &charge, Disputing::Lost, 0);
    hear_dispute(&bench.shop, &charge).await;
    (ben, charge)
}

#[tokio::test]
async fn olu_opens_a_tab_again_that_a_dispute_has_closed_and_ben_buys_on_it() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, charge) = closed(&bench).await;
    let (ada, _) = shop.author("Ada").await;
    let slug = shop.article(ada, "Tides", 15).await;
    let page = ben.get("/tab").await.text();
    assert!(page.contains("only the seller can open it again"), "{page}");
    let (mut olu, path) = (shop.olu().await, format!("/desk/tabs/{}", charge.tab));
    let page = olu.get(&path).await.text();
    assert!(page.contains(&format!("{path}/reopen")), "{page}");
    assert_eq!(olu.post(&format!("{path}/reopen"), &[]).await.location(), path);
    assert!(!olu.get(&path).await.text().contains("/reopen"), "there is nothing to open");
    olu.html = false;
    let again = olu.post(&format!("{path}/reopen"), &[]).await.json();
    assert_eq!((&again["reopened"], &again["closed"]), (&false.into(), &false.into()));
    let page = ben.get("/tab").await.text();
    assert!(page.contains("opened this tab again") && !page.contains("taken back"), "{page}");
    ben.language = "fr";
    assert!(ben.get("/tab").await.text().contains("a rouvert cette ardoise"));
    ben.language = "en";
    assert_eq!(ben.tap(&slug).await.status, StatusCode::SEE_OTHER);
    assert_eq!(owes(&mut ben).await, "0.15");
    let keys = shop.program().get("/.well-known/ardoise").await.text();
    let receipt = ben.get("/receipts").await.text();
    let held = ardoise::receipts::verify::verify(&receipt, Some(&keys));
    assert!(receipt.contains("\"reopened\"") && held.is_ok(), "{held:?}");
    // Another lost dispute closes it again.
    assert_eq!(stands(shop, &charge).await.disputes_lost, 0);
}

#[tokio::test]
async fn what_was_written_off_keeps_a_tab_closed_though_its_dispute_is_forgiven() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, charge) = paid(&bench).await;
    let (ada, _) = shop.author("Ada").await;
    ben.tap(&shop.article(ada, "Tides", 15).await).await;
    disputed(&bench, &charge, Disputing::Lost, 0);
    hear_dispute(shop, &charge).await;
    let (now, is_new) = ardoise::tabs::reopen(&shop.app, charge.tab).await.expect("opened");
    assert!(is_new && now.tab.is_closed() && now.tab.disputes_lost == 0);
    let page = ben.get("/tab").await.text();
    assert!(page.contains("/tab/settle") && !page.contains("opened this tab again"), "{page}");
    let (_, charge) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    let charge = charge.expect("it can be paid");
    bench.agree(&charge).await;
    ben.get(&format!("/tab/charges/{}/return", charge.id)).await;
    assert!(!stands(shop, &charge).await.is_closed());
}

#[tokio::test]
async fn the_receipts_of_money_that_went_back_elsewhere_hold_and_say_who_bears_it() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, charge) = paid(&bench).await;
    sent_at_its_page(&bench, &charge, 20);
    look(shop, &charge).await.expect("heard");
    let keys = shop.program().get("/.well-known/ardoise").await.text();
    let receipt = ben.get("/receipts").await.text();
    let verify = |text: &str| ardoise::receipts::verify::verify(text, Some(&keys));
    let sums = verify(&receipt).expect("it holds").document.sums.expect("sums");
    assert_eq!(sums.borne.map(|borne| borne.amount).as_deref(), Some("0.200000"));
    assert_eq!((sums.owed.amount.as_str(), sums.credit.amount.as_str()), ("0.000000", "0.000000"));
    for (from, to) in [("refunded_elsewhere", "refunded"), ("\"borne\"", "\"born\"")] {
        let changed = receipt.replace(from, to);
        assert!(changed != receipt && verify(&changed).is_err(), "{from}");
    }
    take_line_back(shop, &charge).await;
    let receipt = ben.get("/receipts").await.text();
    let sums = verify(&receipt).expect("it holds").document.sums.expect("sums");
    assert_eq!(sums.credit.amount.as_str(), "0.200000");
    bench.does_not_arrive(&charge).await;
    look(shop, &charge).await.expect("heard");
    let receipt = ben.get("/receipts").await.text();
    let sums = verify(&receipt).expect("it holds").document.sums.expect("sums");
    assert_eq!((sums.borne, sums.credit.amount.as_str()), (None, "0.200000"));
}
