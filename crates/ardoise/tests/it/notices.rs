//! What a reader is told on the page of their tab, with or without an address.

use crate::rail_contract::{Bench as _, ScriptedBench, ben, owes};
use crate::shop::TestApp;
use crate::tabs_clock::{a_day, bound, takes};
use ardoise::rails::saga;
use ardoise::store::charge::{State, Stored};
use http::StatusCode;

#[tokio::test]
async fn without_an_address_the_tabs_page_tells_everything_and_every_page_has_its_mark() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, author) = bound(&bench).await;
    ben.get("/tab").await;
    takes(shop, &mut ben, author, 300).await;
    shop.pass_days(38);
    a_day(shop).await;
    for path in ["/", "/library", "/tab/settle"] {
        let page = ben.get(path).await.text();
        assert!(page.contains("class=\"news\""), "{path}: {page}");
    }
    let page = ben.get("/tab").await.text();
    assert!(page.contains("€3.00 will be charged on 1\u{a0}January 2027"), "{page}");
    assert!(page.contains("You paid €0.20"), "{page}");
    ben.language = "fr";
    let page = ben.get("/tab").await.text();
    assert!(
        page.contains("Votre ardoise sera débitée de 3,00\u{a0}€ le 1er\u{a0}janvier 2027"),
        "{page}"
    );
}

#[tokio::test]
async fn a_notice_that_is_put_away_stays_away_and_still_counts() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, author) = bound(&bench).await;
    takes(shop, &mut ben, author, 300).await;
    shop.pass_days(38);
    a_day(shop).await;
    for _ in 0..2 {
        let key = ben.get("/tab").await.hidden("notice");
        let put_away = ben.post("/tab/notices/dismiss", &[("notice", &key)]).await;
        assert_eq!(put_away.location(), "/tab");
    }
    let page = ben.get("/tab").await.text();
    assert!(!page.contains("class=\"news\"") && !page.contains("will be charged"), "{page}");
    let refused = ben.post("/tab/notices/dismiss", &[("notice", "gossip.1")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    shop.pass_days(2);
    assert_eq!(a_day(shop).await.charged, 1, "it was told all the same");
}

#[tokio::test]
async fn nobody_puts_away_or_reads_what_another_reader_is_told() {
    let shop = TestApp::open();
    let mut ben = ben(&shop).await;
    let id = shop.app.mint.settlement().to_string();
    ben.post("/tab/settle/sandbox", &[("settlement", &id)]).await;
    let key = ben.get("/tab").await.hidden("notice");
    let mut zoe = crate::rail_contract::ben(&shop).await;
    assert!(!zoe.get("/tab").await.text().contains("You paid"));
    zoe.post("/tab/notices/dismiss", &[("notice", &key)]).await;
    assert!(ben.get("/tab").await.text().contains("You paid"));
}

#[tokio::test]
async fn a_reader_objects_on_the_page_of_their_tab() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, author) = bound(&bench).await;
    takes(shop, &mut ben, author, 500).await;
    assert_eq!(a_day(shop).await.told, 1, "it has grown to five euros");
    assert!(ben.get("/tab").await.text().contains("action=\"/tab/object\""));
    assert_eq!(ben.post("/tab/object", &[]).await.location(), "/tab");
    let page = ben.get("/tab").await.text();
    assert!(
        page.contains("You are not charged any more") && !page.contains("/tab/object"),
        "{page}"
    );
    assert!(!page.contains("will be charged"), "what was announced is no news any more: {page}");
    for _ in 0..45 {
        shop.pass_days(1);
        assert_eq!(a_day(shop).await.charged, 0);
    }
    assert_eq!(owes(&mut ben).await, "5.00");
    assert_eq!(bench.provider.captured(), 1);
    assert!(ben.get("/tab").await.text().contains("is due"), "they are reminded");
}

#[tokio::test]
async fn whoever_binds_another_way_to_pay_is_told_of_it_before_it_is_charged() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, author) = bound(&bench).await;
    takes(shop, &mut ben, author, 500).await;
    assert_eq!(a_day(shop).await.told, 1);
    shop.pass_days(1);
    let tab = ben.cookies["ardoise_tab"].split('.').next().and_then(|id| id.parse().ok());
    let (tab, now) = (tab.expect("a tab"), shop.app.now());
    let again = move |db: &dyn ardoise::store::Db| {
        let bound = ardoise::store::mandate::by_tab(db, tab, ledger::Currency::Eur)?.remove(0);
        ardoise::store::mandate::bind(db, tab, &bound, now)
    };
    shop.app.store.write(again).await.expect("bound");
    let done = a_day(shop).await;
    assert_eq!((done.told, done.charged), (1, 0), "told anew");
    shop.pass_days(1);
    assert_eq!(a_day(shop).await.charged, 0, "two days after the first, one after the second");
    shop.pass_days(1);
    assert_eq!(a_day(shop).await.charged, 1);
}

#[tokio::test]
async fn whoever_objects_after_the_clock_has_looked_is_not_charged() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, author) = bound(&bench).await;
    takes(shop, &mut ben, author, 500).await;
    let before = bench.provider.captured();
    let tab = ben.cookies["ardoise_tab"].split('.').next().and_then(|id| id.parse().ok());
    let (tab, rail, now) = (tab.expect("a tab"), ardoise::rails::SCRIPTED.number, shop.app.now());
    let owed = ledger::Money::from_cents(500, ledger::Currency::Eur).expect("small");
    let fresh = saga::fresh(&shop.app, (shop.app.mint.settlement(), tab, rail), owed);
    let fresh = Stored { period: Some(1), ..fresh };
    let object =
        move |db: &dyn ardoise::store::Db| ardoise::store::mandate::fail(db, tab, rail, now);
    shop.app.store.write(object).await.expect("objected");
    let charge = saga::write_and_go_on(&shop.app, fresh).await.expect("written");
    assert_eq!((charge.state, charge.reason.as_str()), (State::Declined, "unbound"));
    assert_eq!(bench.provider.captured(), before);
}

#[tokio::test]
async fn lines_that_are_written_off_are_told() {
    let shop = TestApp::open();
    let mut ben = ben(&shop).await;
    shop.pass_days(49);
    assert_eq!(a_day(&shop).await.lost, 1);
    let page = ben.get("/tab").await.text();
    assert!(page.contains("Your tab was not settled in time") && page.contains("€0.20"), "{page}");
}

#[tokio::test]
async fn two_processes_tell_a_reader_once() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (mut ben, author) = bound(&bench).await;
    takes(shop, &mut ben, author, 500).await;
    let other = shop.app.clone();
    let (one, two) =
        tokio::join!(ardoise::rails::clock::turn(&shop.app), ardoise::rails::clock::turn(&other));
    let told = one.expect("looked").told + two.expect("looked").told;
    assert_eq!(told, 1);
    let page = ben.get("/tab").await.text();
    assert_eq!(
        page.matches("will be charged").count(),
        2,
        "its title, and its button to put it away"
    );
}
