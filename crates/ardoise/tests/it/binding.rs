//! Binding a way to pay without paying: stopped anywhere, invited to, put away, and what readers see of it.

use crate::binding_contract::{begin_to_bind, mandates_of, pass, tab_id, tab_of};
use crate::rail_contract::{Bench as _, ScriptedBench, ben, owes, stored};
use crate::saga::stopped_after;
use crate::shop::{Browser, TestApp};
use crate::stripe_peer::{KEY, Peer, rail};
use ardoise::rails::SCRIPTED;
use ardoise::rails::binding::{self, Begin};
use ardoise::rails::mandates;
use ardoise::rails::saga::{self, Visit};
use ardoise::rails::worker::work_off;
use ardoise::store::charge::State;
use ardoise::store::mandate::{self, Bound};
use ardoise::store::{Db, statement};
use http::StatusCode;
use ledger::{Currency, Money};
use std::collections::BTreeMap;

#[tokio::test]
async fn a_binding_stopped_anywhere_is_carried_on_and_binds_once() {
    for times in 0.. {
        let bench = ScriptedBench::open().await;
        let shop = &bench.shop;
        let mut ben = ben(shop).await;
        let (id, tab) = (shop.app.mint.settlement(), tab_id(&ben));
        let whole = async {
            let locale = ardoise::pages::Locale::En;
            let ask = Begin { id, tab, rail: "scripted".into(), locale };
            let begun = binding::begin(&shop.app, ask).await.expect("begun");
            bench.provider.agree_to_bind(&begun.reference);
            let query = BTreeMap::new();
            saga::go_on(&shop.app, begun, Visit::Returned(&query)).await.expect("gone on")
        };
        let ended = stopped_after(times, whole).await;
        // Whoever comes after: the reader, once more with the same page, then two processes at once.
        begin_to_bind(&mut ben, shop, "scripted", id).await;
        let binding = stored(shop, id).await.expect("a binding");
        bench.provider.agree_to_bind(&binding.reference);
        shop.pass_minutes(61);
        let (one, other) = tokio::join!(
            saga::go_on(&shop.app, binding.clone(), Visit::Again),
            saga::go_on(&shop.app, binding.clone(), Visit::Again)
        );
        assert_eq!(one.expect("gone on").state, State::Settled, "stopped after {times}");
        assert_eq!(other.expect("gone on").state, State::Settled, "stopped after {times}");
        work_off(&shop.app).await.expect("asked");
        assert_eq!(mandates_of(shop, &ben).await.len(), 1, "stopped after {times}");
        assert!(tab_of(shop, &ben).await.mandate, "stopped after {times}");
        assert_eq!(bench.provider.bindings(), 1, "stopped after {times}");
        assert_eq!(owes(&mut ben).await, "0.20", "stopped after {times}");
        assert_eq!(bench.provider.orders().len(), 0, "nothing was charged");
        if ended {
            assert!(times > 5, "it waits more often than {times} times");
            break;
        }
    }
}

#[tokio::test]
async fn whoever_is_late_does_not_bind_again_what_its_reader_ended() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    let id = shop.app.mint.settlement();
    let (_, before) = begin_to_bind(&mut ben, shop, "scripted", id).await;
    let before = before.expect("a binding");
    bench.provider.agree_to_bind(&before.reference);
    let bound = saga::go_on(&shop.app, before.clone(), Visit::Again).await.expect("gone on");
    assert_eq!(bound.state, State::Settled);
    ben.post("/tab/mandates/scripted/end", &[]).await;
    // Somebody who read the binding before, and was slow.
    saga::go_on(&shop.app, before, Visit::Again).await.expect("gone on");
    assert!(mandates_of(shop, &ben).await.is_empty());
    assert!(!tab_of(shop, &ben).await.mandate);
}

#[tokio::test]
async fn the_words_that_a_reader_agrees_to_are_kept_and_are_those_of_the_page() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    let page = ben.get("/tab/bind").await.text();
    let (_, binding) = begin_to_bind(&mut ben, shop, "scripted", shop.app.mint.settlement()).await;
    let consent = binding.expect("a binding").consent.expect("a consent");
    let kept = shop.app.store.read(|db| statement::consent(db, consent)).await;
    let (locale, label) = kept.expect("read").expect("kept");
    assert_eq!(locale, "en");
    let (agreed, button) = label.split_at(label.find("Agree and go on").expect("the button"));
    assert!(page.contains(agreed.trim()) && page.contains(button), "{label} in {page}");
    for word in ["€5.00", "40\u{a0}days", "€15.00", "2\u{a0}days before", "at any time"] {
        assert!(label.contains(word), "{word} in {label}");
    }
}

#[tokio::test]
async fn a_rail_that_binds_nothing_is_refused_by_name() {
    let shop = TestApp::open();
    let mut ben = ben(&shop).await;
    ben.html = false;
    for rail in ["lightning", "manual", "nothing"] {
        let (refused, none) =
            begin_to_bind(&mut ben, &shop, rail, shop.app.mint.settlement()).await;
        assert_eq!(refused.json()["code"], "settlement.no_rail", "{rail}");
        assert!(none.is_none());
    }
    let id = shop.app.mint.settlement();
    let (bound, _) = begin_to_bind(&mut ben, &shop, "sandbox", id).await;
    assert_eq!((bound.status, &bound.json()["state"]), (StatusCode::OK, &"bound".into()));
    let again = ben.get(&format!("/tab/charges/{id}")).await;
    assert_eq!(again.json()["binding"], id.to_string());
}

/// Ben takes works for so many cents each; answers the page of the last.
async fn takes(shop: &TestApp, ben: &mut Browser<'_>, cents: &[i64]) -> String {
    let (ada, _) = shop.ada().await;
    let mut place = String::new();
    for cents in cents {
        let slug = shop.article(ada, "Night bus", *cents).await;
        let taken = ben.tap(&slug).await;
        assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text());
        place = taken.location();
    }
    place
}

const INVITED: &str = "Add a way to pay: your tab may hold";

#[tokio::test]
async fn from_a_euro_on_a_reader_is_invited_until_they_bind_or_put_it_away() {
    let shop = TestApp::open();
    let mut ben = shop.browser();
    let content = takes(&shop, &mut ben, &[99]).await;
    for page in ["/tab", &content] {
        assert!(!ben.get(page).await.text().contains(INVITED), "too early on {page}");
    }
    let content = takes(&shop, &mut ben, &[1]).await;
    for page in ["/tab", &content] {
        let text = ben.get(page).await.text();
        for words in [INVITED, "€6.00 instead of €2.00", "href=\"/tab/bind\""] {
            assert!(text.contains(words), "{words} on {page}: {text}");
        }
    }
    let mut bound = ben.clone();
    let away = ben.post("/tab/invitation/put-away", &[("back", &content)]).await;
    assert_eq!(away.location(), content);
    for page in ["/tab", &content] {
        assert!(!ben.get(page).await.text().contains(INVITED), "put away, still on {page}");
    }
    let id = shop.app.mint.settlement();
    begin_to_bind(&mut bound, &shop, "sandbox", id).await;
    let tab = bound.get("/tab").await.text();
    assert!(!tab.contains(INVITED) && tab.contains("It settles itself on"), "{tab}");
}

#[tokio::test]
async fn where_nothing_binds_nobody_is_invited() {
    let shop = TestApp::with(&[("rail.sandbox", "off")]);
    let mut ben = shop.browser();
    takes(&shop, &mut ben, &[150]).await;
    assert!(!ben.get("/tab").await.text().contains(INVITED));
    assert!(ben.get("/tab/bind").await.text().contains("Nothing can be bound here"));
}

#[tokio::test]
async fn an_invitation_that_is_put_away_leads_to_no_other_shop() {
    let shop = TestApp::open();
    let mut ben = shop.browser();
    for back in ["https://evil.example/", "//evil.example", "/\\evil.example"] {
        let away = ben.post("/tab/invitation/put-away", &[("back", back)]).await;
        assert_eq!(away.location(), "/", "{back}");
    }
}

#[tokio::test]
async fn a_full_tab_offers_both_to_settle_and_to_bind_where_that_makes_room() {
    let shop = TestApp::open();
    let mut ben = shop.browser();
    takes(&shop, &mut ben, &[190]).await;
    let (ada, _) = shop.ada().await;
    let (small, large) =
        (shop.article(ada, "Tides", 50).await, shop.article(ada, "Atlas", 500).await);
    let button = shop.browser().button(&small).await;
    let page = ben.get(&format!("/l/{small}")).await.text();
    assert!(page.contains("/tab/settle") && page.contains("up to €6.00"), "{page}");
    let page = ben.get(&format!("/l/{large}")).await.text();
    assert!(
        page.contains("/tab/settle") && !page.contains("/tab/bind"),
        "no room even then: {page}"
    );
    let refused = ben.press(&button).await;
    assert_eq!(refused.status, StatusCode::PAYMENT_REQUIRED);
    let text = refused.text();
    assert!(text.contains("/tab/settle") && text.contains("href=\"/tab/bind\""), "{text}");
    begin_to_bind(&mut ben, &shop, "sandbox", shop.app.mint.settlement()).await;
    assert_eq!(ben.tap(&small).await.status, StatusCode::SEE_OTHER, "there is room now");
}

#[tokio::test]
async fn a_bank_that_wants_to_see_the_reader_has_them_asked_to_pay_by_hand() {
    let shop = TestApp::open();
    let clock = shop.clock.clone();
    let peer = Peer::at(clock.clone()).await;
    let shop = shop.with_rail(rail(peer.url(), KEY, clock));
    let mut ben = shop.browser();
    takes(&shop, &mut ben, &[150]).await;
    let id = shop.app.mint.settlement();
    let (_, binding) = begin_to_bind(&mut ben, &shop, "stripe", id).await;
    let card = peer.leave_card(&binding.expect("a binding").reference);
    ben.get(&format!("/tab/charges/{id}/return")).await;
    peer.decline(&card, "authentication_required");
    pass(&shop, 42).await;
    let text = ben.get("/tab/settle").await.text();
    for words in ["not charged on", "Your bank wanted you to confirm", "settle your tab yourself"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // The notice on the tab says the same, until it is put away.
    let text = ben.get("/tab").await.text();
    assert!(text.contains("Your bank wants this payment to be confirmed"), "{text}");
    assert!(!tab_of(&shop, &ben).await.mandate, "it is not tried again");
    ben.language = "fr";
    let tab = ben.get("/tab/settle").await.text();
    assert!(tab.contains("Votre banque voulait que vous confirmiez"), "{tab}");
    ben.language = "en";
    // Whoever binds anew is not told of what was tried before.
    begin_to_bind(&mut ben, &shop, "sandbox", shop.app.mint.settlement()).await;
    assert!(!ben.get("/tab/settle").await.text().contains("Your bank wanted"));
}

#[tokio::test]
async fn no_charge_takes_more_than_its_reader_agreed_to() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let mut ben = shop.browser();
    takes(shop, &mut ben, &[60, 60, 60]).await;
    let agreed = Bound {
        rail: SCRIPTED.number,
        reference: "MANDATE-1".into(),
        label: String::new(),
        most: Some(Money::from_cents(100, Currency::Eur).expect("an amount")),
        failed_at: None,
    };
    let (tab, now) = (tab_id(&ben), shop.app.now());
    mandates::hold(&shop.app, tab, true).await.expect("held");
    let bind = move |db: &dyn Db| mandate::bind(db, tab, &agreed, now);
    shop.app.store.write(bind).await.expect("bound");
    pass(shop, 42).await;
    assert_eq!(owes(&mut ben).await, "0.00");
    let taken: Vec<i64> = bench.provider.orders().iter().map(|order| order.micros).collect();
    assert_eq!(taken, [1_000_000, 800_000]);
}
