//! Ben keeps receipts, and anybody can check them.

use crate::shop::{Answer as Reply, Browser, TestApp};
use ardoise::receipts::document::{About, Document};
use ardoise::receipts::key::ReceiptKey;
use ardoise::receipts::verify::{Refused, Verified, verify};
use ardoise::settings::Values;
use ardoise::till::batch::{Batch, Snapshot, StoredOffer, StoredTab};
use ardoise::till::command::{Answer, BuyAsk, Command, SettleAsk, TabClaim};
use http::StatusCode;
use ledger::{
    AuthorId, Buy, Currency, LineId, LinkId, Money, Offer, Price, RailNumber, Settle, SettlementId,
    ShopId as _, Tab, TabId, Timestamp, WorkId,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::Value;

/// A tab on which everything has happened: lines paid, open, undone after payment, a free one, credit.
async fn busy(shop: &TestApp) -> Browser<'_> {
    let (ada, _) = shop.author("Ada “Lovelace” Ünder").await;
    let (zoe, _) = shop.author("Zoé").await;
    let mut ben = shop.browser();
    let prices = [(ada, "Night bus", 20), (zoe, "Café \\ de \"nuit\"", 45), (ada, "Gift", 0)];
    for (author, title, cents) in prices {
        let slug = shop.article(author, title, cents).await;
        ben.tap(&slug).await;
        shop.pass_minutes(1);
    }
    settle(&mut ben, "0.30").await;
    let undone = line_of(&mut ben, "Night bus").await;
    ben.post(&format!("/lines/{undone}/undo"), &[]).await;
    ben.language = "fr";
    ben.tap(&shop.article(ada, "Trois chansons", 101).await).await;
    settle(&mut ben, "0.50").await;
    ben
}

async fn settle(ben: &mut Browser<'_>, amount: &str) {
    let settlement = ben.get("/tab/settle").await.hidden("settlement");
    let fields = [("settlement", settlement.as_str()), ("amount", amount)];
    let settled = ben.post("/tab/settle/sandbox", &fields).await;
    assert_eq!(settled.status, StatusCode::SEE_OTHER, "{}", settled.text());
}

/// The line by which a tab holds the work with this title.
async fn line_of(ben: &mut Browser<'_>, title: &str) -> String {
    let library = ben.get("/library").await.text();
    let after = library.split(title).nth(1).unwrap_or_else(|| panic!("no {title} in {library}"));
    let rest = after.split("/receipts/").nth(1).expect("a receipt");
    rest.split('"').next().expect("an id").to_owned()
}

async fn published(shop: &TestApp) -> String {
    shop.program().get("/.well-known/ardoise").await.text()
}

fn checked(answer: &Reply, published: &str) -> Verified {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    verify(&answer.text(), Some(published)).unwrap_or_else(|error| panic!("{error}"))
}

fn name(answer: &Reply) -> &str {
    answer.headers["content-disposition"].to_str().expect("text")
}

#[tokio::test]
async fn a_line_has_a_receipt_with_all_that_the_law_asks_for() {
    let shop = TestApp::with(&[("shop.seller", "La Fabrique SARL, 3 rue du Four, Lyon")]);
    let (ada, _) = shop.ada().await;
    let mut ben = shop.browser();
    ben.tap(&shop.article(ada, "Night bus", 24).await).await;
    let line = line_of(&mut ben, "Night bus").await;
    let answer = ben.get(&format!("/receipts/{line}")).await;
    assert_eq!(name(&answer), "attachment; filename=\"receipt 2026-11-22 Night bus.json\"");
    let receipt = answer.json();
    assert_eq!(receipt["shop"]["seller"], "La Fabrique SARL, 3 rue du Four, Lyon");
    let bought = &receipt["entries"][0]["what"]["bought"];
    assert_eq!(bought["title"], "Night bus");
    assert_eq!(bought["author"], "Ada");
    assert_eq!(bought["price"]["amount"], "0.240000");
    assert_eq!(bought["tax"]["amount"], "0.040000");
    assert_eq!(bought["tax_rate_basis_points"], 2_000);
    assert_eq!(bought["consent"]["locale"], "en");
    assert!(bought["consent"]["label"].as_str().expect("words").contains("Pay €0.24"));
    assert_eq!(bought["state"], "open");
    assert_eq!(receipt["entries"][0]["at"], "2026-11-22T12:00:00Z");
    let verified = checked(&answer, &published(&shop).await);
    assert!(verified.signer_known);
    assert_eq!(verified.document.about, About::Line);
}

#[tokio::test]
async fn a_whole_tab_has_a_receipt_that_adds_up() {
    let shop = TestApp::open();
    let mut ben = busy(&shop).await;
    let answer = ben.get("/receipts").await;
    assert!(name(&answer).contains("filename*=UTF-8''re%C3%A7us"), "{}", name(&answer));
    let document = checked(&answer, &published(&shop).await).document;
    assert_eq!(document.entries.len(), 7);
    let sums = document.sums.expect("sums");
    assert_eq!(sums.bought.amount, "1.660000");
    assert_eq!(sums.undone.amount, "0.200000");
    assert_eq!(sums.received.amount, "0.800000");
    // The tab says the same.
    assert_eq!(sums.owed.amount, "0.660000");
    assert!(ben.get("/tab").await.text().contains("0,66"));
}

#[tokio::test]
async fn an_empty_tab_has_a_receipt_too() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let slug = shop.article_for(ada, "Gift", Price::Free).await;
    let mut ben = shop.browser();
    ben.tap(&slug).await;
    let line = line_of(&mut ben, "Gift").await;
    let key = published(&shop).await;
    let open = checked(&ben.get(&format!("/receipts/{line}")).await, &key);
    ben.post(&format!("/lines/{line}/undo"), &[]).await;
    let undone = checked(&ben.get(&format!("/receipts/{line}")).await, &key);
    assert_eq!((open.document.entries.len(), undone.document.entries.len()), (1, 2));
    checked(&ben.get("/receipts").await, &key);
}

#[tokio::test]
async fn nobody_else_gets_a_readers_receipts() {
    let shop = TestApp::open();
    let mut ben = busy(&shop).await;
    let line = line_of(&mut ben, "Trois chansons").await;
    let (_, mut ada) = shop.author("Another").await;
    let mut olu = shop.olu().await;
    let mut cleo = shop.browser();
    cleo.tap(&shop.article(shop.ada().await.0, "Else", 10).await).await;
    let mut forged = ben.clone();
    let cookie = forged.cookies["ardoise_tab"].clone();
    let id = cookie.split('.').next().expect("an id");
    let secret = shop.app.mint.secret().reveal();
    forged.cookies.insert("ardoise_tab".into(), format!("{id}.{secret}"));
    for other in [&mut ada, &mut olu, &mut cleo, &mut forged, &mut shop.browser()] {
        let answer = other.get(&format!("/receipts/{line}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    for other in [&mut ada, &mut olu, &mut forged, &mut shop.browser()] {
        assert_eq!(other.get("/receipts").await.status, StatusCode::UNAUTHORIZED);
    }
    assert!(!cleo.get("/receipts").await.text().contains("Trois chansons"));
    assert_eq!(ben.get("/receipts/nonsense").await.status, StatusCode::NOT_FOUND);
}

/// Every place in a document where a value stands, as a JSON pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                places(value, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                places(value, &format!("{at}/{index}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found.push(at.to_owned());
        }
    }
}

/// Another value than `value`, of the same kind: one bit, one digit or one character is another.
fn changed(value: &Value, seed: u64) -> Value {
    match value {
        Value::Number(number) => Value::from(number.as_u64().expect("whole") ^ (1 << (seed % 20))),
        Value::String(text) if text.is_empty() => Value::from("x"),
        Value::String(text) => {
            let mut letters: Vec<char> = text.chars().collect();
            let at = seed as usize % letters.len();
            let bit = 1 << (seed / 7 % 7);
            letters[at] = char::from_u32(letters[at] as u32 ^ bit).unwrap_or('x');
            Value::from(letters.into_iter().collect::<String>())
        }
        other => panic!("a receipt holds {other}"),
    }
}

fn refuses(text: &str, published: &str) -> Result<(), TestCaseError> {
    prop_assert!(verify(text, Some(published)).is_err(), "accepted: {}", text);
    prop_assert!(verify(text, None).is_err(), "accepted without a key: {}", text);
    Ok(())
}

#[tokio::test]
async fn any_changed_value_is_found() {
    let shop = TestApp::open();
    let mut ben = busy(&shop).await;
    let line = line_of(&mut ben, "Trois chansons").await;
    let key = published(&shop).await;
    let originals = [ben.get("/receipts").await, ben.get(&format!("/receipts/{line}")).await];
    let originals = originals.map(|answer| checked(&answer, &key).document);
    let originals = originals.map(|document| serde_json::to_value(document).expect("JSON"));
    for original in &originals {
        let mut all = Vec::new();
        places(original, "", &mut all);
        // Each value once for sure, and then at random.
        for (index, place) in all.iter().enumerate() {
            let mut forged = original.clone();
            let value = forged.pointer_mut(place).expect("it is there");
            *value = changed(value, index as u64);
            refuses(&forged.to_string(), &key).unwrap_or_else(|why| panic!("{place}: {why}"));
        }
        let strategy = (prop::sample::select(all), any::<u64>());
        let mut runner = TestRunner::new(Config::with_cases(300));
        let result = runner.run(&strategy, |(place, seed)| {
            let mut forged = original.clone();
            let value = forged.pointer_mut(&place).expect("it is there");
            *value = changed(value, seed);
            refuses(&forged.to_string(), &key)
        });
        result.unwrap_or_else(|error| panic!("{error}"));
    }
}

fn signed_by(forger: &ReceiptKey, mut document: Document) -> String {
    document.key = forger.public();
    document.signature = forger.sign(document.signed_text().as_bytes());
    serde_json::to_string(&document).expect("JSON")
}

/// What nothing but the signature vouches for: words that the books do not hash.
const VOUCHED_FOR_BY_THE_SIGNATURE: &[&str] =
    &["/shop/", "/made_at", "/author", "/rail", "/by", "/key/", "/signature"];

#[tokio::test]
async fn what_is_changed_and_signed_anew_contradicts_itself() {
    let shop = TestApp::open();
    let mut ben = busy(&shop).await;
    let key = published(&shop).await;
    let original = serde_json::to_value(checked(&ben.get("/receipts").await, &key).document);
    let original = original.expect("JSON");
    let forger = ReceiptKey::from_seed(&[9; 32]).expect("a key");
    let mut all = Vec::new();
    places(&original, "", &mut all);
    all.retain(|place| !VOUCHED_FOR_BY_THE_SIGNATURE.iter().any(|part| place.contains(part)));
    assert!(all.len() > 80, "{all:?}");
    for (index, place) in all.iter().enumerate() {
        let mut forged = original.clone();
        let value = forged.pointer_mut(place).expect("it is there");
        *value = changed(value, index as u64);
        let Ok(document) = serde_json::from_value::<Document>(forged) else { continue };
        let text = signed_by(&forger, document);
        assert!(verify(&text, None).is_err(), "{place} was changed and signed anew: {text}");
    }
}

#[tokio::test]
async fn nothing_can_be_added_left_out_or_moved() {
    let shop = TestApp::open();
    let mut ben = busy(&shop).await;
    let key = published(&shop).await;
    let original = ben.get("/receipts").await.json();
    let forge = |change: &dyn Fn(&mut Value)| {
        let mut forged = original.clone();
        change(&mut forged);
        assert_ne!(forged, original);
        refuses(&forged.to_string(), &key).unwrap_or_else(|why| panic!("{why}"));
    };
    forge(&|all| all["note"] = "paid in full".into());
    forge(&|all| all["sums"]["note"] = "x".into());
    forge(&|all| all["entries"][0]["what"]["bought"]["price"]["note"] = "x".into());
    forge(&|all| all["entries"].as_array_mut().expect("a list").swap(0, 1));
    forge(&|all| drop(all["entries"].as_array_mut().expect("a list").pop()));
    forge(&|all| drop(all["entries"].as_array_mut().expect("a list").remove(2)));
    forge(&|all| all["about"] = "line".into());
    forge(&|all| drop(all.as_object_mut().expect("an object").remove("sums")));
    forge(&|all| drop(all.as_object_mut().expect("an object").remove("signature")));
    let text = original.to_string();
    let twice = text.replacen('{', "{\"currency\":\"EUR\",", 1);
    refuses(&twice, &key).unwrap_or_else(|why| panic!("{why}"));
    refuses(&format!("{text}{text}"), &key).unwrap_or_else(|why| panic!("{why}"));
    refuses(&text[..text.len() / 2], &key).unwrap_or_else(|why| panic!("{why}"));
}

/// What is signed anew by somebody else is found only with the published key; what was changed before that is found
/// all the same, because hashes and sums have to follow from the entries.
#[tokio::test]
async fn another_signer_is_known_by_the_published_key_and_cannot_change_the_sums() {
    let shop = TestApp::open();
    let mut ben = busy(&shop).await;
    let key = published(&shop).await;
    let forger = ReceiptKey::from_seed(&[9; 32]).expect("a key");
    let resign = |document| signed_by(&forger, document);
    let document = checked(&ben.get("/receipts").await, &key).document;
    let same = resign(document.clone());
    assert!(!verify(&same, None).expect("whole").signer_known);
    assert!(matches!(verify(&same, Some(&key)), Err(Refused::OtherKey(_))));
    let mut cheaper = document.clone();
    cheaper.sums.as_mut().expect("sums").owed.amount = "0.000000".into();
    assert!(matches!(verify(&resign(cheaper), None), Err(Refused::Sums(_))));
    let mut shorter = document;
    shorter.entries.remove(0);
    assert!(verify(&resign(shorter), None).is_err());
}

#[tokio::test]
async fn the_shop_says_with_which_key_it_signs() {
    let shop = TestApp::with(&[("shop.name", "La Fabrique")]);
    let said = shop.program().get("/.well-known/ardoise").await.json();
    assert_eq!(said["name"], "La Fabrique");
    assert_eq!(said["url"], "http://localhost:8080");
    assert_eq!(said["receipts"], "ardoise/receipt/1");
    assert_eq!(said["keys"][0]["crv"], "Ed25519");
    let kept = ReceiptKey::read(shop.folder.path()).expect("a key in the data folder");
    assert_eq!(said["keys"][0]["kid"], kept.public().kid.as_str());
}

/// The replay of a receipt pays the oldest line first and, of lines bought at one instant, the one with the smaller id. The
/// till must do the same even where everything comes in one batch.
#[test]
fn of_lines_bought_at_once_the_till_pays_the_one_that_a_replay_pays() {
    let price = Money::from_cents(20, Currency::Eur).expect("a price");
    let mut values = Values::default();
    values.set("test", "tab.limit_device", "5.00".into()).expect("known");
    let rules = values.check().expect("sound").tariff.rules;
    let (now, nothing) = (Timestamp::from_micros(1), Money::zero(Currency::Eur));
    let (tab, secret_hash) = (TabId::from_raw(1), [7; 32]);
    let mut known = Snapshot::default();
    known.tabs.insert(tab, StoredTab { secret_hash, tab: Tab::opened(tab, now, nothing) });
    known.open_lines.insert(tab, Vec::new());
    let commands = [2, 1].map(|number| {
        let offer = Offer {
            work: WorkId::from_raw(number),
            author: AuthorId::from_raw(1),
            version: 1,
            version_digest: [0; 32],
            price: Price::Fixed(price),
            for_sale: true,
            vat_basis_points: 0,
        };
        let slug = number.to_string();
        known.offers.insert(slug.clone(), StoredOffer { link: LinkId::from_raw(1), offer });
        let line = LineId::from_bytes([number as u8; 16]);
        Command::Buy(BuyAsk {
            tab: TabClaim { id: tab, secret_hash, opens: false },
            slug,
            channel: String::new(),
            buy: Buy { line, amount: price, consent: 1 },
            locale: "en",
            label: String::new(),
        })
    });
    let mut batch = Batch::new(&rules, Currency::Eur, now, known);
    for command in &commands {
        batch.decide(command).expect("bought");
    }
    let id = SettlementId::from_bytes([9; 16]);
    let settle = Settle { id, rail: RailNumber(1), received: price, rail_fee: nothing };
    let settled = batch.decide(&Command::Settle(SettleAsk {
        tab,
        settle,
        excess: ledger::Excess::Refused,
        reference: String::new(),
    }));
    let Ok(Answer::Settled { settled: Some(settled), .. }) = settled else { panic!("{settled:?}") };
    assert_eq!(settled.payments[0].line, LineId::from_bytes([1; 16]));
}
