//! Ada's programs are told what happens, exactly as often as it takes.

use crate::shop::TestApp;
use ardoise::store::delivery::{self, Delivery, Load};
use ardoise::store::gains;
use ardoise::store::webhook::{self, Webhook};
use ledger::AuthorId;

const LOAD: Load = Load { most: 100, most_to_one: 100 };

/// A webhook of `author` that leads to `url`.
async fn listens(shop: &TestApp, author: AuthorId, url: &str) -> Webhook {
    let webhook = Webhook {
        id: shop.app.mint.id(),
        author,
        url: url.to_owned(),
        secret: shop.app.mint.chance().bytes(),
        created_at: shop.app.now(),
        delivered_at: None,
        failure: None,
        gone_at: None,
    };
    let made = webhook.clone();
    shop.app.store.write(move |db| webhook::insert(db, &made)).await.expect("written");
    webhook
}

async fn due(shop: &TestApp) -> Vec<Delivery> {
    let now = shop.app.now();
    shop.app.store.read(|db| delivery::due(db, now, LOAD)).await.expect("read")
}

#[tokio::test]
async fn what_happened_is_to_be_told_once_and_the_outbox_runs_empty() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let webhook = listens(&shop, ada, "https://ada.example/heard").await;
    let mut ben = shop.program();
    let line = ben.tap(&slug).await.json()["line"].as_str().map(str::to_owned);
    shop.app.store.till().catch_up().await.expect("caught up");
    shop.app.store.till().catch_up().await.expect("caught up");
    let told = due(&shop).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].webhook, webhook.id);
    let body: serde_json::Value = serde_json::from_str(&told[0].body).expect("JSON");
    assert_eq!(body["type"], "line.bought");
    assert_eq!(body["timestamp"], "2026-11-22T12:00:00Z");
    assert_eq!(body["data"]["gross"]["amount"], "0.200000");
    assert_eq!(body["data"]["state"], "open");
    if let Some(line) = line {
        assert_eq!(body["data"]["id"], line);
        assert_eq!(told[0].message, format!("bought_{line}"));
    }
    assert_eq!(shop.app.store.read(gains::outbox_length).await, Ok(0));
}
