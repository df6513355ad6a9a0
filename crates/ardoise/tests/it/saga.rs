//! A charge, stopped after every step and each step run twice; and what readers see of it.

use crate::provider::{Fault, Provider};
use crate::rail_contract::{Bench as _, ScriptedBench, again, begin, ben, owes, send, stored};
use crate::scripted::Scripted;
use crate::shop::{Browser, TestApp};
use ardoise::rails::SCRIPTED;
use ardoise::rails::saga::{self, Begin, Visit};
use ardoise::rails::worker::work_off;
use ardoise::store::charge::{self, Doubt, Purpose, State, Stored};
use ardoise::store::mandate;
use http::StatusCode;
use ledger::{Currency, Money, SettlementId, TabId};
use std::future::Future;
use std::pin::pin;
use std::task::Poll;

pub fn tab(ben: &Browser<'_>) -> TabId {
    let id = ben.cookies["ardoise_tab"].split('.').next().expect("an id");
    id.parse().expect("a tab")
}

fn asks(tab: TabId, id: SettlementId) -> Begin {
    Begin { id, tab, rail: "scripted".into(), amount: None, binds: true, locale: "en" }
}

/// Runs `work` until it has waited `times` times, and then stops it for good, as a killed process would; answers whether it
/// came to its end before.
pub async fn stopped_after(times: usize, work: impl Future) -> bool {
    let mut work = pin!(work);
    let mut waited = 0;
    std::future::poll_fn(move |context| match work.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending if waited == times => Poll::Ready(false),
        Poll::Pending => {
            waited += 1;
            Poll::Pending
        }
    })
    .await
}

#[tokio::test]
async fn a_charge_stopped_anywhere_is_carried_on_and_paid_once() {
    for times in 0.. {
        let bench = ScriptedBench::open().await;
        let shop = &bench.shop;
        let mut ben = ben(shop).await;
        let (id, tab) = (shop.app.mint.settlement(), tab(&ben));
        let whole = async {
            let begun = saga::begin(&shop.app, asks(tab, id)).await.expect("begun");
            bench.provider.change(&begun.reference, |order| order.agreed = true);
            let query = std::collections::BTreeMap::new();
            saga::go_on(&shop.app, begun, Visit::Returned(&query)).await.expect("gone on")
        };
        let ended = stopped_after(times, whole).await;
        carried_on(&bench, &mut ben, id).await;
        assert_eq!(owes(&mut ben).await, "0.00", "stopped after {times}");
        assert_eq!(bench.provider.captured(), 1, "stopped after {times}");
        assert_eq!(bench.provider.orders().len(), 1, "stopped after {times}");
        if ended {
            assert!(times > 5, "it waits more often than {times} times");
            break;
        }
    }
}

/// Whoever comes after the one that was stopped: the reader, once more with the same page, then the worker, twice at once.
async fn carried_on(bench: &ScriptedBench, ben: &mut Browser<'_>, id: SettlementId) {
    let shop = &bench.shop;
    begin(ben, shop, "scripted", id).await;
    let charge = stored(shop, id).await.expect("a charge");
    bench.provider.change(&charge.reference, |order| order.agreed = true);
    shop.pass_minutes(61);
    let (one, other) = tokio::join!(
        saga::go_on(&shop.app, charge.clone(), Visit::Again),
        saga::go_on(&shop.app, charge.clone(), Visit::Again)
    );
    assert_eq!(one.expect("gone on").state, State::Settled);
    assert_eq!(other.expect("gone on").state, State::Settled);
    work_off(&shop.app).await.expect("asked");
    let again = saga::go_on(&shop.app, charge, Visit::Again).await.expect("gone on");
    assert_eq!(again.state, State::Settled);
}

#[tokio::test]
async fn a_provider_that_is_not_there_charges_nothing_and_says_so_at_once() {
    let bench = ScriptedBench::open().await;
    let mut nowhere = Provider::open().await;
    nowhere.url = "http://127.0.0.1:1".into();
    let shop = TestApp::open();
    let rail = Scripted::at(&nowhere, &shop.clock);
    let shop = shop.with_rail(rail);
    let mut ben = ben(&shop).await;
    let (answer, charge) = begin(&mut ben, &shop, "scripted", shop.app.mint.settlement()).await;
    let charge = charge.expect("it is written");
    assert_eq!((charge.state, charge.reason.as_str()), (State::Declined, "unreached"));
    let page = ben.get(&answer.location()).await.text();
    assert!(page.contains("cannot be reached") && page.contains("Nothing was charged"), "{page}");
    ben.html = false;
    let (answer, _) = begin(&mut ben, &shop, "sandbox", shop.app.mint.settlement()).await;
    assert_eq!(answer.status, StatusCode::OK, "another way is open");
    drop(bench);
}

#[tokio::test]
async fn a_provider_that_babbles_or_is_broken_is_asked_again_until_it_makes_sense() {
    for fault in [Fault::Babbles, Fault::Broken] {
        let bench = ScriptedBench::open().await;
        let shop = &bench.shop;
        let mut ben = ben(shop).await;
        bench.provider.is(fault);
        let (_, charge) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
        let charge = charge.expect("it is written");
        assert!(charge.in_doubt && charge.state == State::Begun, "{fault:?}: {charge:?}");
        bench.provider.is(Fault::None);
        shop.pass_minutes(2);
        assert_eq!(work_off(&shop.app).await, Ok(1));
        assert_eq!(again(shop, &charge).await.state, State::Waiting);
        bench.provider.asked();
        shop.pass_seconds(1);
        assert_eq!(work_off(&shop.app).await, Ok(0), "not before its time");
        assert!(bench.provider.asked().is_empty());
    }
}

#[tokio::test]
async fn a_key_that_the_provider_refuses_is_the_operators_to_mend_and_not_in_doubt() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    bench.provider.is(Fault::Unauthorised);
    let (_, charge) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    let charge = charge.expect("it is written");
    assert_eq!((charge.state, charge.reason.as_str()), (State::Declined, "unserved"));
    assert_eq!(owes(&mut ben).await, "0.20");
}

#[tokio::test]
async fn what_is_not_known_is_asked_about_ever_less_often() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    let (_, charge) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    bench.provider.change(&charge.reference, |order| order.agreed = true);
    bench.provider.is(Fault::LosesAnswers);
    let mut times = 0;
    for _ in 0..(3 * 60) {
        shop.pass_minutes(1);
        times += work_off(&shop.app).await.expect("asked");
    }
    assert!((6..=9).contains(&times), "asked {times} times in three hours");
    assert!(again(shop, &charge).await.in_doubt);
    let desk = shop.olu().await.get("/desk").await.text();
    assert!(desk.contains("Nobody knows what became of it"), "{desk}");
    bench.provider.is(Fault::None);
    shop.pass_minutes(61);
    work_off(&shop.app).await.expect("asked");
    assert_eq!(again(shop, &charge).await.state, State::Settled);
    assert_eq!(bench.provider.captured(), 1);
}

#[tokio::test]
async fn the_part_below_a_cent_stays_on_the_tab() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (ada, _) = shop.ada().await;
    let price = ledger::Money::from_micros(204_900, shop.app.currency()).expect("a price");
    let slug = shop.article_for(ada, "Night bus", ledger::Price::Fixed(price)).await;
    let mut ben = shop.browser();
    ben.tap(&slug).await;
    let page = ben.get("/tab/settle").await.text();
    assert!(page.contains("name=\"amount\" value=\"0.200000\""), "{page}");
    let (_, charge) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    assert_eq!(charge.expect("a charge").amount.to_decimal(), "0.200000");
}

#[tokio::test]
async fn below_a_rails_minimum_the_tab_runs_on() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 9).await;
    let mut ben = shop.browser();
    ben.tap(&slug).await;
    let page = ben.get("/tab/settle").await.text();
    assert!(page.contains("From €0.10 on."), "{page}");
    assert!(!page.contains("action=\"/tab/settle/scripted\""), "{page}");
    ben.html = false;
    let (refused, none) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.json()["code"], "charge.below_minimum");
    assert_eq!(refused.json()["minimum"]["amount"], "0.100000");
    assert!(none.is_none());
}

#[tokio::test]
async fn the_cheapest_way_comes_first_and_the_reader_sees_names_only() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    let page = ben.get("/tab/settle").await;
    let text = page.text();
    let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("no {what} in {text}"));
    assert!(at("/tab/settle/sandbox") < at("/tab/settle/scripted"), "free before dear");
    assert!(!text.contains("0.06"), "what it costs is the operator's business");
    let policy = page.headers["content-security-policy"].to_str().expect("text");
    let leads = format!("form-action 'self' {};", bench.provider.url);
    assert!(policy.contains(&leads), "{policy}");
    let desk = shop.olu().await.get("/desk").await.text();
    for kept in ["€0.07", "€0.08", "€0.13", "€0.20"] {
        assert!(desk.contains(kept), "{kept} in {desk}");
    }
}

#[tokio::test]
async fn a_reader_is_sent_to_the_provider_and_a_program_is_told_where() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    let (answer, charge) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location(), format!("{}/pay/{}", bench.provider.url, charge.reference));
    let page = ben.get(&format!("/tab/charges/{}", charge.id)).await.text();
    assert!(page.contains(&answer.location()) && page.contains("€0.20"), "{page}");
    ben.html = false;
    let told = ben.get(&format!("/tab/charges/{}", charge.id)).await;
    assert_eq!(told.status, StatusCode::ACCEPTED);
    assert_eq!(told.json()["state"], "waiting");
    assert_eq!(told.json()["next"]["url"], answer.location());
    let stranger = shop.program().get(&format!("/tab/charges/{}", charge.id)).await;
    assert_eq!(stranger.json()["code"], "charge.unknown");
}

#[tokio::test]
async fn a_waiting_page_asks_the_provider_now_and_then_and_not_at_every_look() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    let (_, charge) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    let page = format!("/tab/charges/{}", charge.expect("a charge").id);
    bench.provider.asked();
    shop.pass_seconds(5);
    for _ in 0..4 {
        ben.get(&page).await;
    }
    assert_eq!(bench.provider.asked(), ["look"]);
}

#[tokio::test]
async fn whoever_pays_again_after_a_lost_answer_is_not_charged_again() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    let (_, charge) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    // He pays there, and does not come back: nobody here knows, until another page asks for the same once more.
    bench.provider.change(&charge.reference, |order| order.agreed = true);
    ben.html = false;
    let (refused, none) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    assert_eq!(refused.json()["code"], "settlement.nothing_owed", "{}", refused.text());
    assert!(none.is_none());
    assert_eq!(again(shop, &charge).await.state, State::Settled);
    assert_eq!(bench.provider.orders().len(), 1);
}

#[tokio::test]
async fn two_ways_at_once_pay_what_is_owed_once() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    let (_, charge) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    ben.html = false;
    let (paid, _) = begin(&mut ben, shop, "sandbox", shop.app.mint.settlement()).await;
    assert_eq!(paid.json()["state"], "settled", "{}", paid.text());
    assert_eq!(owes(&mut ben).await, "0.00");
    assert_eq!(again(shop, &charge).await.state, State::Waiting);
    // It is paid a second time all the same: the books take it or the shop keeps asking; it is never forgotten.
    bench.provider.change(&charge.reference, |order| order.agreed = true);
    shop.pass_minutes(61);
    work_off(&shop.app).await.expect("asked");
    let twice = again(shop, &charge).await;
    assert!(twice.state == State::Settled || twice.in_doubt, "{twice:?}");
    assert_eq!(bench.provider.captured(), 1);
}

#[tokio::test]
async fn a_reader_who_agrees_binds_the_rail_and_one_who_does_not_does_not() {
    for binds in [true, false] {
        let bench = ScriptedBench::open().await;
        let shop = &bench.shop;
        let ben = ben(shop).await;
        let ask = Begin { binds, ..asks(tab(&ben), shop.app.mint.settlement()) };
        let begun = saga::begin(&shop.app, ask).await.expect("begun");
        bench.provider.change(&begun.reference, |order| order.agreed = true);
        let settled: Stored = saga::go_on(&shop.app, begun, Visit::Again).await.expect("gone on");
        assert_eq!(settled.state, State::Settled);
        let bound = shop.app.store.read(|db| mandate::by_tab(db, tab(&ben), Currency::Eur)).await;
        assert_eq!(bound.expect("read").len(), usize::from(binds));
    }
}

#[tokio::test]
async fn whoever_comes_back_and_does_not_agree_any_more_is_not_bound() {
    for is_same_page in [true, false] {
        let bench = ScriptedBench::open().await;
        let shop = &bench.shop;
        let ben = ben(shop).await;
        let agreed = asks(tab(&ben), shop.app.mint.settlement());
        let begun = saga::begin(&shop.app, agreed.clone()).await.expect("begun");
        let id = if is_same_page { agreed.id } else { shop.app.mint.settlement() };
        let again = Begin { id, binds: false, ..agreed };
        let same = saga::begin(&shop.app, again).await.expect("taken up");
        assert_eq!((same.id, same.binds), (begun.id, false));
        bench.provider.change(&begun.reference, |order| order.agreed = true);
        let settled =
            saga::go_on(&shop.app, stored(shop, begun.id).await.expect("it"), Visit::Again);
        assert_eq!(settled.await.expect("gone on").state, State::Settled);
        let bound = shop.app.store.read(|db| mandate::by_tab(db, tab(&ben), Currency::Eur)).await;
        assert!(bound.expect("read").is_empty(), "the same page: {is_same_page}");
    }
}

#[tokio::test]
async fn whoever_comes_together_takes_a_charge_up_once() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    let (_, charge) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    let other = shop.beside();
    let rail = Scripted::at(&bench.provider, &other.clock);
    let other = other.with_rail(rail);
    shop.pass_minutes(2);
    bench.provider.asked();
    let (one, two) = tokio::join!(work_off(&shop.app), work_off(&other.app));
    assert_eq!(one.expect("asked") + two.expect("asked"), 1);
    assert_eq!(bench.provider.asked(), ["look"]);
    assert_eq!(again(shop, &charge).await.state, State::Waiting);
}

#[tokio::test]
async fn doubt_that_arises_while_somebody_asks_is_not_taken_away_by_their_older_answer() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    let (_, charge) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    let before = charge.expect("a charge");
    let (id, then) = (before.id, shop.app.now().plus_minutes(1));
    let lost = shop.app.store.write(move |db| charge::put_off(db, id, then, Doubt::Arisen));
    lost.await.expect("written");
    // Whoever began to ask before that hears that nothing has happened yet.
    let after = saga::go_on(&shop.app, before, Visit::Again).await.expect("gone on");
    assert!(after.in_doubt, "{after:?}");
    let later = saga::go_on(&shop.app, after, Visit::Again).await.expect("gone on");
    assert!(!later.in_doubt, "asked since, the provider knows: {later:?}");
}

#[tokio::test]
async fn the_worker_wakes_when_a_message_comes() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    let (_, charge) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    let working = tokio::spawn(ardoise::rails::worker::run(shop.app.clone()));
    bench.provider.change(&charge.reference, |order| order.agreed = true);
    let message = bench.message(Some(&charge), true, 0).await;
    assert_eq!(send(shop, "scripted", &message).await.status, StatusCode::OK);
    let settled = async {
        while again(shop, &charge).await.state != State::Settled {
            tokio::task::yield_now().await;
        }
    };
    // The clock stands: but for the message, nothing would be due.
    tokio::time::timeout(std::time::Duration::from_secs(20), settled).await.expect("it woke");
    working.abort();
    assert!(working.await.is_err());
    assert_eq!(owes(&mut ben).await, "0.00");
}

#[tokio::test]
async fn a_rail_that_was_turned_off_leaves_its_charges_to_be_asked_about() {
    let shop = TestApp::open();
    let ben = ben(&shop).await;
    let now = shop.app.now();
    let charge = Stored {
        id: shop.app.mint.settlement(),
        tab: tab(&ben),
        rail: SCRIPTED.number,
        purpose: Purpose::Settle,
        amount: Money::from_cents(20, Currency::Eur).expect("an amount"),
        state: State::Begun,
        reference: String::new(),
        kept: String::new(),
        next: String::new(),
        binds: false,
        consent: None,
        locale: "en".into(),
        period: None,
        begun_at: now,
        ends_at: now.plus_days(1),
        attempts: 0,
        in_doubt: true,
        reason: String::new(),
    };
    let fresh = charge.clone();
    let written = shop.app.store.write(move |db| charge::insert(db, &fresh, now)).await;
    assert_eq!(written, Ok(true));
    assert_eq!(work_off(&shop.app).await, Ok(1));
    assert_eq!(again(&shop, &charge).await.state, State::Begun);
    assert_eq!(work_off(&shop.app).await, Ok(0), "not before its time");
    let unknown = shop.program().post("/rails/scripted/webhook", &[]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}
