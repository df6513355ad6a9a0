//! Ada is paid what is available to her.

use crate::client::Client;
use crate::rail_contract::{Bench as _, ScriptedBench, begin};
use crate::shop::{Browser, TestApp};
use ardoise::desk::books;
use http::StatusCode;
use ledger::{AuthorId, PayoutId};
use serde_json::json;

/// A shop in which Ada has sold for 24 cents, of which 20 are hers, and the tab is settled.
async fn sold(shop: &TestApp) -> (AuthorId, Browser<'_>) {
    let (author, ada) = shop.ada().await;
    let slug = shop.article(author, "Night bus", 24).await;
    let mut ben = shop.browser();
    ben.tap(&slug).await;
    let settlement = ben.get("/tab/settle").await.hidden("settlement");
    let fields = [("settlement", settlement.as_str()), ("amount", "0.24")];
    assert_eq!(ben.post("/tab/settle/sandbox", &fields).await.status, StatusCode::SEE_OTHER);
    (author, ada)
}

async fn gain(ada: &mut Browser<'_>, name: &str) -> String {
    let page = ada.get("/gains?period=all").await.text();
    let rest = page.split(&format!("data-gain=\"{name}\">")).nth(1).expect("a figure");
    rest.split('<').next().expect("a text").to_owned()
}

async fn findings(shop: &TestApp) -> Vec<String> {
    shop.app.store.till().catch_up().await.expect("caught up");
    let currency = shop.app.currency();
    let check = move |db: &dyn ardoise::store::Db| books::check(db, currency, &mut |_, _| ());
    shop.app.store.study(check).await.expect("checked").findings
}

#[tokio::test]
async fn what_the_operator_sends_moves_to_paid_out() {
    let shop = TestApp::open();
    let (author, mut ada) = sold(&shop).await;
    let mut olu = shop.olu().await;
    let desk = olu.get("/desk").await;
    assert!(desk.text().contains("€0.20 to pay out"), "{}", desk.text());
    assert!(desk.text().contains("name=\"amount\" value=\"0.20\""), "whole cents are offered");
    let path = format!("/desk/authors/{author}/payouts");
    let payout = desk.hidden("payout");
    let fields = [("payout", payout.as_str()), ("amount", "0.15"), ("reference", "SEPA 4711")];
    assert_eq!(olu.post(&path, &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(gain(&mut ada, "available").await, "€0.05");
    assert_eq!(gain(&mut ada, "paid-out").await, "€0.15");
    let desk = olu.get("/desk").await.text();
    assert!(desk.contains("€0.05 to pay out") && desk.contains("€0.20"), "{desk}");
    let page = ada.get("/gains").await.text();
    assert!(page.contains("Paid out to you") && page.contains("SEPA 4711"), "{page}");
    let told = Client::of(&shop, &mut ada).await.get("/api/v1/gains?period=all").await.json();
    let [one] = &told["payouts"].as_array().expect("a list")[..] else { panic!("{told}") };
    assert_eq!((&one["payout"], &one["rail"]), (&json!(payout), &json!("manual")));
    assert_eq!(
        (&one["amount"]["amount"], &one["reference"]),
        (&json!("0.150000"), &json!("SEPA 4711"))
    );
    assert_eq!(findings(&shop).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_payout_sent_twice_pays_once() {
    let shop = TestApp::open();
    let (author, mut ada) = sold(&shop).await;
    let mut olu = shop.olu().await;
    olu.html = false;
    let path = format!("/desk/authors/{author}/payouts");
    let payout = shop.app.mint.id::<PayoutId>().to_string();
    let fields = [("payout", payout.as_str()), ("amount", "0.12")];
    let (mut one, mut two) = (olu.clone(), olu.clone());
    let (first, second) = tokio::join!(one.post(&path, &fields), two.post(&path, &fields));
    assert_eq!(first.json(), second.json());
    assert_eq!(first.json()["available"]["amount"], "0.080000");
    let other = [("payout", payout.as_str()), ("amount", "0.11")];
    assert_eq!(olu.post(&path, &other).await.status, StatusCode::CONFLICT);
    assert_eq!(gain(&mut ada, "paid-out").await, "€0.12");
    assert_eq!(findings(&shop).await, Vec::<String>::new());
}

#[tokio::test]
async fn no_more_is_paid_than_is_available() {
    let shop = TestApp::open();
    let (author, mut ada) = sold(&shop).await;
    // Sold and not settled: pending, and not to be paid.
    shop.browser().tap(&shop.article(author, "Night bus II", 60).await).await;
    let mut olu = shop.olu().await;
    olu.html = false;
    let path = format!("/desk/authors/{author}/payouts");
    for (amount, status) in [("0.21", 422), ("0", 422), ("-1", 422), ("0.20", 200), ("0.01", 422)] {
        let payout = shop.app.mint.id::<PayoutId>().to_string();
        let fields = [("payout", payout.as_str()), ("amount", amount)];
        let answer = olu.post(&path, &fields).await;
        assert_eq!(answer.status.as_u16(), status, "{amount}: {}", answer.text());
    }
    let stranger = shop.app.mint.id::<AuthorId>();
    let payout = shop.app.mint.id::<PayoutId>().to_string();
    let fields = [("payout", payout.as_str()), ("amount", "0.01")];
    let refused = olu.post(&format!("/desk/authors/{stranger}/payouts"), &fields).await;
    assert_eq!(refused.json()["code"], "payout.too_much");
    assert_eq!(ada.post(&path, &fields).await.status, StatusCode::FORBIDDEN);
    assert_eq!(gain(&mut ada, "pending").await, "€0.50");
    assert_eq!(findings(&shop).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_rails_kept_is_shown_to_whoever_bore_it() {
    let bench = ScriptedBench::open().await;
    let shop = &bench.shop;
    let (author, mut ada) = shop.ada().await;
    let mut ben = shop.browser();
    for (title, cents) in [("Night bus", 24), ("Harbour", 36)] {
        let slug = shop.article(author, title, cents).await;
        ben.tap(&slug).await;
        let id = shop.app.mint.settlement();
        let (_, charge) = begin(&mut ben, shop, "scripted", id).await;
        bench.agree(&charge.expect("a charge")).await;
        ben.get(&format!("/tab/charges/{id}/return")).await;
    }
    // 1.5 % and five cents of each charge, in whole cents: six and six.
    assert_eq!(gain(&mut ada, "rail-fees").await, "€0.12");
    assert_eq!(gain(&mut ada, "available").await, "€0.38");
    let told = Client::of(shop, &mut ada).await.get("/api/v1/gains?period=all").await.json();
    assert_eq!(told["rail_fees"]["amount"], json!("0.120000"), "{told}");
    assert_eq!(findings(shop).await, Vec::<String>::new());
    let change = async |sql: &'static str| {
        shop.app.store.write(move |db| db.execute(sql, &[])).await.expect("changed")
    };
    change("update rail_fee_total set micros = micros + 1").await;
    let [found] = &findings(shop).await[..] else { panic!("one finding") };
    assert!(found.contains(&format!("what rails kept of the lines of {author}")), "{found}");
    change("update rail_fee_total set micros = micros - 1").await;
}
