//! Tabs that are due are charged by the mandates of their readers, while the clock is moved by hand.

use crate::provider::Fault;
use crate::rail_contract::{Bench as _, ScriptedBench, begin, ben, owes};
use crate::shop::{Browser, TestApp};
use ardoise::rails::clock::{Done, turn};
use ardoise::rails::worker::work_off;
use http::StatusCode;
use ledger::AuthorId;

/// Ben, who settled €0.20 once and agreed to be charged from now on; and Ada, who sells.
pub async fn bound(bench: &ScriptedBench) -> (Browser<'_>, AuthorId) {
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    let (_, charge) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    bench.provider.change(&charge.reference, |order| order.agreed = true);
    ben.get(&format!("/tab/charges/{}/return", charge.id)).await;
    assert_eq!(owes(&mut ben).await, "0.00");
    let (zoe, _) = shop.author("Zoe").await;
    (ben, zoe)
}

pub async fn takes(
    shop: &TestApp,
    ben: &mut Browser<'_>,
    author: AuthorId,
    cents: i64,
) -> StatusCode {
    let slug = shop.article(author, "Tides", cents).await;
    ben.tap(&slug).await.status
}

/// Everything that is due today, twice: a second time is never too much.
pub async fn a_day(shop: &TestApp) -> Done {
    let done = turn(&shop.app).await.expect("charged");
    work_off(&shop.app).await.expect("asked");
    assert_eq!(turn(&shop.app).await, Ok(Done::default()), "once for a period");
    done
}

const NOTHING: Done = Done { told: 0, charged: 0, lost: 0 };
const TOLD: Done = Done { told: 1, ..NOTHING };
const CHARGED: Done = Done { charged: 1, ..NOTHING };

#[tokio::test]
async fn a_tab_is_charged_when_it_has_grown_or_waited_and_not_before() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, author) = bound(&bench).await;
    takes(shop, &mut ben, author, 499).await;
    shop.pass_days(37);
    assert_eq!(a_day(shop).await, NOTHING);
    shop.pass_days(1);
    assert_eq!(a_day(shop).await, TOLD, "two days before");
    shop.pass_days(1);
    assert_eq!(a_day(shop).await, NOTHING);
    shop.pass_days(1);
    assert_eq!(a_day(shop).await, CHARGED, "it has waited forty days");
    assert_eq!(owes(&mut ben).await, "0.00");
    takes(shop, &mut ben, author, 499).await;
    assert_eq!(a_day(shop).await, NOTHING);
    takes(shop, &mut ben, author, 1).await;
    assert_eq!(a_day(shop).await, TOLD, "it has grown to five euros");
    shop.pass_days(1);
    assert_eq!(a_day(shop).await, NOTHING);
    shop.pass_days(1);
    assert_eq!(a_day(shop).await, CHARGED);
    assert_eq!(owes(&mut ben).await, "0.00");
    assert_eq!(bench.provider.captured(), 3);
}

#[tokio::test]
async fn a_lost_answer_is_asked_about_and_the_tab_is_not_charged_again() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, author) = bound(&bench).await;
    takes(shop, &mut ben, author, 300).await;
    shop.pass_days(38);
    assert_eq!(a_day(shop).await, TOLD);
    shop.pass_days(2);
    bench.provider.is(Fault::LosesAnswers);
    for _ in 0..8 {
        a_day(shop).await;
        shop.pass_days(1);
    }
    assert_eq!(owes(&mut ben).await, "3.00", "nobody knows yet");
    assert_eq!(
        bench.provider.captured(),
        2,
        "the money moved once for the first and once for this"
    );
    bench.provider.is(Fault::None);
    a_day(shop).await;
    assert_eq!(owes(&mut ben).await, "0.00");
    assert_eq!(bench.provider.captured(), 2);
}

#[tokio::test]
async fn a_mandate_that_does_not_hold_any_more_is_not_tried_for_ever() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, author) = bound(&bench).await;
    let tab = ben.cookies["ardoise_tab"].split('.').next().and_then(|id| id.parse().ok());
    let dead = ardoise::store::mandate::Bound {
        rail: ardoise::rails::SCRIPTED.number,
        reference: "MANDATE-DEAD".into(),
        label: String::new(),
        most: None,
        failed_at: None,
    };
    let (tab, now) = (tab.expect("a tab"), shop.app.now());
    let bind =
        move |db: &dyn ardoise::store::Db| ardoise::store::mandate::bind(db, tab, &dead, now);
    shop.app.store.write(bind).await.expect("bound");
    takes(shop, &mut ben, author, 300).await;
    let (mut begun, mut told) = (0, 0);
    for _ in 0..60 {
        shop.pass_days(1);
        let done = a_day(shop).await;
        (begun, told) = (begun + done.charged, told + done.told);
    }
    assert_eq!((told, begun), (1, 1), "told once, tried once");
    assert_eq!(owes(&mut ben).await, "3.00", "the tab is as it was");
}

#[tokio::test]
async fn a_reader_who_ends_a_mandate_is_not_charged_by_it() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, author) = bound(&bench).await;
    takes(shop, &mut ben, author, 300).await;
    let page = ben.get("/tab/settle").await.text();
    assert!(page.contains("•••• 4242") && !page.contains("MANDATE"), "{page}");
    let ended = ben.post("/tab/mandates/scripted/end", &[]).await;
    assert_eq!(ended.location(), "/tab/settle");
    assert!(!ben.get("/tab/settle").await.text().contains("•••• 4242"));
    shop.pass_days(40);
    assert_eq!(a_day(shop).await, TOLD, "reminded, and not charged");
    assert_eq!(owes(&mut ben).await, "3.00");
}

/// Days for which the oldest line of a tab has waited to be paid.
async fn waits_for(shop: &TestApp, ben: &Browser<'_>) -> i64 {
    let tab = ben.cookies["ardoise_tab"].split('.').next().and_then(|id| id.parse().ok());
    let (tab, currency) = (tab.expect("a tab"), shop.app.currency());
    let stored = shop.app.store.read(|db| ardoise::store::tab::by_id(db, tab, currency)).await;
    let oldest = stored.expect("read").expect("a tab").tab.oldest_open_at;
    oldest.map_or(0, |at| shop.app.now().micros_since(at) / ledger::time::MICROS_PER_DAY)
}

#[tokio::test]
async fn a_year_of_a_reader_is_charged_to_the_cent() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, author) = bound(&bench).await;
    let (mut taken, mut longest) = (20, 0);
    for day in 0..365 {
        if day % 3 == 0 {
            let cents = 5 + (day * 7) % 90;
            assert_eq!(takes(shop, &mut ben, author, cents).await, StatusCode::SEE_OTHER);
            taken += cents;
        }
        longest = longest.max(waits_for(shop, &ben).await);
        // Now and then the provider loses what it says, for a day.
        bench.provider.is(if day % 10 == 0 { Fault::LosesAnswers } else { Fault::None });
        a_day(shop).await;
        shop.pass_days(1);
    }
    bench.provider.is(Fault::None);
    for _ in 0..42 {
        shop.pass_days(1);
        a_day(shop).await;
    }
    assert_eq!(owes(&mut ben).await, "0.00");
    let captured: i64 = bench.provider.orders().iter().map(|order| order.micros).sum();
    assert_eq!(captured, taken * 10_000);
    let orders = bench.provider.orders();
    assert!(orders.iter().all(|order| order.captured == 1), "{orders:?}");
    assert!(longest <= 42, "something waited for {longest} days");
}

#[tokio::test]
async fn a_tab_that_nobody_pays_is_written_off_and_can_be_paid_all_the_same() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    let (zoe, _) = shop.author("Zoe").await;
    shop.pass_days(48);
    assert_eq!(a_day(shop).await, TOLD, "nothing is bound to it: its reader is reminded");
    shop.pass_days(1);
    let slug = shop.article(zoe, "Harbour", 10).await;
    let button = shop.browser().button(&slug).await;
    assert_eq!(turn(&shop.app).await, Ok(Done { lost: 1, ..NOTHING }));
    assert_eq!(ben.press(&button).await.status, StatusCode::PAYMENT_REQUIRED, "it is closed");
    assert_eq!(owes(&mut ben).await, "0.20");
    let (_, charge) = begin(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    bench.provider.change(&charge.reference, |order| order.agreed = true);
    ben.get(&format!("/tab/charges/{}/return", charge.id)).await;
    assert_eq!(owes(&mut ben).await, "0.00");
    assert_eq!(takes(shop, &mut ben, zoe, 10).await, StatusCode::SEE_OTHER, "it is open again");
}

#[tokio::test]
async fn whoever_binds_a_way_to_pay_may_owe_more_until_they_end_it() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, _) = bound(&bench).await;
    let tab = ben.cookies["ardoise_tab"].split('.').next().and_then(|id| id.parse().ok());
    let tab = tab.expect("a tab");
    let is_bound = async || {
        let read = |db: &dyn ardoise::store::Db| {
            ardoise::store::tab::by_id(db, tab, ledger::Currency::Eur)
        };
        shop.app.store.read(read).await.expect("read").expect("a tab").tab.mandate
    };
    assert!(is_bound().await);
    ben.post("/tab/mandates/scripted/end", &[]).await;
    assert!(!is_bound().await);
}
