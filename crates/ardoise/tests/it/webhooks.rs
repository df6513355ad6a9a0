//! Ada's programs are told what happens, exactly as often as it takes.

use crate::receiver::{Heard, Receiver, Reply};
use crate::shop::TestApp;
use ardoise::outbox::signature;
use ardoise::outbox::worker::Worker;
use ardoise::store::delivery::{self, Delivery, Load};
use ardoise::store::gains;
use ardoise::store::webhook::{self, Webhook};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ledger::{AuthorId, ShopId as _, WebhookId};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::sync::Notify;

const LOAD: Load = Load { most: 100, most_to_one: 100 };

/// A shop whose webhooks may lead to this machine.
fn shop() -> TestApp {
    TestApp::with(&[("webhook.private_addresses", "true")])
}

/// One that does not wait long for a receiver.
fn impatient() -> TestApp {
    TestApp::with(&[("webhook.private_addresses", "true"), ("webhook.timeout_seconds", "1")])
}

/// A webhook of `author` that leads to `url`.
pub async fn listens(shop: &TestApp, author: AuthorId, url: &str) -> Webhook {
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

/// A webhook of `author` as it stands.
async fn standing(shop: &TestApp, author: AuthorId) -> Webhook {
    let newest = WebhookId::from_raw(i64::MAX);
    let read = shop.app.store.read(|db| webhook::by_author(db, author, newest, 1)).await;
    read.expect("read").pop().expect("a webhook")
}

async fn work_off(shop: &TestApp) {
    shop.app.store.till().catch_up().await.expect("caught up");
    Worker::new(shop.app.clone()).work_off().await.expect("worked off");
}

/// Somebody new buys what is behind `slug`.
async fn sell(shop: &TestApp, slug: &str) -> String {
    let sold = shop.program().tap(slug).await.json();
    sold["line"].as_str().expect("a line").to_owned()
}

/// Whether a message is signed with `secret`, as the specification has it.
pub fn is_signed(heard: &Heard, secret: &[u8]) -> bool {
    let signature = heard.header("webhook-signature").strip_prefix("v1,").expect("a version");
    let signature = STANDARD.decode(signature).expect("base64");
    let mut signed = Vec::new();
    for part in [heard.header("webhook-id"), ".", heard.header("webhook-timestamp"), "."] {
        signed.extend_from_slice(part.as_bytes());
    }
    signed.extend_from_slice(&heard.body);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::verify(&key, &signed, &signature).is_ok()
}

#[tokio::test]
async fn what_happened_is_to_be_told_once_and_the_outbox_runs_empty() {
    let shop = shop();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let webhook = listens(&shop, ada, "https://ada.example/heard").await;
    let line = sell(&shop, &slug).await;
    shop.app.store.till().catch_up().await.expect("caught up");
    shop.app.store.till().catch_up().await.expect("caught up");
    let told = due(&shop).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].webhook, webhook.id);
    assert_eq!(told[0].message, format!("bought_{line}"));
    let body: serde_json::Value = serde_json::from_str(&told[0].body).expect("JSON");
    assert_eq!(body["type"], "line.bought");
    assert_eq!(body["timestamp"], "2026-11-22T12:00:00Z");
    assert_eq!(body["data"]["id"], line);
    assert_eq!(body["data"]["gross"]["amount"], "0.200000");
    assert_eq!(body["data"]["state"], "open");
    assert_eq!(shop.app.store.read(gains::outbox_length).await, Ok(0));
}

#[tokio::test]
async fn a_sale_is_told_once_signed_with_the_secret_of_its_webhook() {
    let shop = shop();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut receiver = Receiver::open().await;
    let webhook = listens(&shop, ada, &receiver.url).await;
    let line = sell(&shop, &slug).await;
    work_off(&shop).await;
    work_off(&shop).await;
    let heard = receiver.heard().expect("told");
    assert_eq!(heard.path, "/heard");
    assert_eq!(heard.header("content-type"), "application/json");
    assert_eq!(heard.header("webhook-id"), format!("bought_{line}"));
    assert_eq!(heard.header("webhook-timestamp"), "1795348800");
    assert!(is_signed(&heard, &webhook.secret));
    assert!(!is_signed(&heard, &[7; 32]), "any secret would do");
    assert_eq!(heard.json()["data"]["id"], line);
    assert!(receiver.heard().is_none(), "told twice");
    assert_eq!(standing(&shop, ada).await.delivered_at, Some(shop.app.now()));
}

#[tokio::test]
async fn an_undo_and_a_settlement_are_told_too() {
    let shop = shop();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let other = shop.article(ada, "Day bus", 30).await;
    let mut receiver = Receiver::open().await;
    listens(&shop, ada, &receiver.url).await;
    let mut ben = shop.program();
    let line = ben.tap(&slug).await.json()["line"].as_str().expect("a line").to_owned();
    ben.post(&format!("/lines/{line}/undo"), &[]).await;
    ben.tap(&other).await;
    let settlement = shop.app.mint.settlement().to_string();
    let fields = [("settlement", settlement.as_str()), ("amount", "0.30")];
    assert!(ben.post("/tab/settle/sandbox", &fields).await.status.is_success());
    work_off(&shop).await;
    let mut kinds = Vec::new();
    while let Some(heard) = receiver.heard() {
        let json = heard.json();
        kinds.push((
            json["type"].as_str().expect("a type").to_owned(),
            json["data"]["state"].clone(),
        ));
    }
    kinds.sort_by(|one, two| one.0.cmp(&two.0));
    let expected = [
        ("line.bought", "open"),
        ("line.bought", "open"),
        ("line.paid", "paid"),
        ("line.undone", "undone"),
    ];
    assert_eq!(kinds, expected.map(|(kind, state)| (kind.to_owned(), state.into())));
}

#[tokio::test]
async fn a_receiver_that_fails_is_told_again_under_the_same_name() {
    let shop = shop();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut receiver = Receiver::open().await;
    let webhook = listens(&shop, ada, &receiver.url).await;
    sell(&shop, &slug).await;
    receiver.will(Reply::Status(500, &[]));
    work_off(&shop).await;
    let first = receiver.heard().expect("told");
    assert_eq!(standing(&shop, ada).await.failure.as_deref(), Some("500"));
    work_off(&shop).await;
    assert!(receiver.heard().is_none(), "told again at once");
    // The first wait of the schedule is five seconds and at most a tenth of that.
    shop.pass_seconds(6);
    work_off(&shop).await;
    let second = receiver.heard().expect("told again");
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(first.body, second.body);
    assert_eq!(second.header("webhook-timestamp"), "1795348806");
    assert!(is_signed(&second, &webhook.secret));
    assert_eq!(standing(&shop, ada).await.failure, None);
    assert_eq!(due(&shop).await, []);
}

#[tokio::test]
async fn a_receiver_that_always_fails_is_given_up_after_ten_attempts() {
    let shop = shop();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut receiver = Receiver::open().await;
    listens(&shop, ada, &receiver.url).await;
    sell(&shop, &slug).await;
    let mut attempts = 0;
    for _ in 0..12 {
        receiver.will(Reply::Status(404, &[]));
        work_off(&shop).await;
        attempts += usize::from(receiver.heard().is_some());
        shop.pass_days(2);
    }
    assert_eq!(attempts, 10);
    assert_eq!(standing(&shop, ada).await.failure.as_deref(), Some("404"));
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_is_given_it() {
    let shop = shop();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut receiver = Receiver::open().await;
    listens(&shop, ada, &receiver.url).await;
    sell(&shop, &slug).await;
    receiver.will(Reply::Status(429, &[("retry-after", "3600")]));
    work_off(&shop).await;
    assert!(receiver.heard().is_some());
    shop.pass_minutes(59);
    work_off(&shop).await;
    assert!(receiver.heard().is_none(), "told before its time");
    shop.pass_minutes(8);
    work_off(&shop).await;
    assert!(receiver.heard().is_some());
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_told_nothing_more() {
    let shop = shop();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut receiver = Receiver::open().await;
    listens(&shop, ada, &receiver.url).await;
    sell(&shop, &slug).await;
    sell(&shop, &slug).await;
    receiver.will(Reply::Status(410, &[]));
    receiver.will(Reply::Status(410, &[]));
    work_off(&shop).await;
    while receiver.heard().is_some() {}
    let webhook = standing(&shop, ada).await;
    assert_eq!(webhook.gone_at, Some(shop.app.now()));
    assert_eq!(webhook.failure.as_deref(), Some("410"));
    sell(&shop, &slug).await;
    shop.pass_days(1);
    work_off(&shop).await;
    assert!(receiver.heard().is_none());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let shop = shop();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut receiver = Receiver::open().await;
    listens(&shop, ada, &receiver.url).await;
    sell(&shop, &slug).await;
    receiver.will(Reply::Status(307, &[("location", "/elsewhere")]));
    work_off(&shop).await;
    assert_eq!(receiver.heard().expect("told").path, "/heard");
    assert!(receiver.heard().is_none(), "the redirect was followed");
    assert_eq!(standing(&shop, ada).await.failure.as_deref(), Some("307"));
}

#[tokio::test]
async fn a_connection_that_drops_leaves_the_message_to_be_sent_again() {
    let shop = shop();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let dropping = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.expect("somebody");
        let mut read = [0; 64];
        connection.read_exact(&mut read).await.expect("a request");
    });
    listens(&shop, ada, &format!("http://127.0.0.1:{port}/")).await;
    sell(&shop, &slug).await;
    work_off(&shop).await;
    dropping.await.expect("dropped");
    assert_eq!(standing(&shop, ada).await.failure.as_deref(), Some("dropped"));
    // The listener is gone too: from now on nobody answers at all.
    shop.pass_minutes(1);
    work_off(&shop).await;
    assert_eq!(standing(&shop, ada).await.failure.as_deref(), Some("connect"));
    shop.pass_minutes(10);
    assert_eq!(due(&shop).await.len(), 1);
}

#[tokio::test]
async fn a_receiver_that_cannot_prove_who_it_is_is_told_nothing() {
    let shop = shop();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut receiver = Receiver::open().await;
    listens(&shop, ada, &format!("https://127.0.0.1:{}/", receiver.port)).await;
    sell(&shop, &slug).await;
    work_off(&shop).await;
    assert_eq!(standing(&shop, ada).await.failure.as_deref(), Some("tls"));
    assert!(receiver.heard().is_none());
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_in_time_is_told_again() {
    let shop = impatient();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut receiver = Receiver::open().await;
    listens(&shop, ada, &receiver.url).await;
    sell(&shop, &slug).await;
    receiver.will(Reply::After(Arc::default()));
    work_off(&shop).await;
    assert!(receiver.heard().is_some());
    assert_eq!(standing(&shop, ada).await.failure.as_deref(), Some("timeout"));
    shop.pass_minutes(1);
    assert_eq!(due(&shop).await.len(), 1);
}

#[tokio::test]
async fn a_receiver_that_floods_its_answer_has_heard() {
    let shop = shop();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let receiver = Receiver::open().await;
    listens(&shop, ada, &receiver.url).await;
    sell(&shop, &slug).await;
    receiver.will(Reply::Flood);
    work_off(&shop).await;
    let webhook = standing(&shop, ada).await;
    assert_eq!((webhook.delivered_at, webhook.failure), (Some(shop.app.now()), None));
}

#[tokio::test]
async fn a_slow_receiver_does_not_keep_the_others_waiting() {
    let shop = shop();
    let (ada, _) = shop.ada().await;
    let (zoe, _) = shop.author("Zoe").await;
    let hers = shop.article(ada, "Night bus", 20).await;
    let zoes = shop.article(zoe, "Day bus", 20).await;
    let (mut slow, mut quick) = (Receiver::open().await, Receiver::open().await);
    listens(&shop, ada, &slow.url).await;
    listens(&shop, zoe, &quick.url).await;
    let told = Arc::new(Notify::new());
    for _ in 0..4 {
        slow.will(Reply::After(told.clone()));
    }
    let worker = tokio::spawn(Worker::new(shop.app.clone()).run());
    for _ in 0..10 {
        sell(&shop, &hers).await;
    }
    for _ in 0..4 {
        slow.next().await;
    }
    for _ in 0..10 {
        sell(&shop, &zoes).await;
        quick.next().await;
    }
    assert!(slow.heard().is_none(), "more than four messages were under way to one receiver");
    for _ in 0..4 {
        told.notify_one();
    }
    for _ in 0..6 {
        slow.next().await;
    }
    worker.abort();
}

#[tokio::test]
async fn many_slow_receivers_with_much_to_hear_leave_room_for_another() {
    let shop = shop();
    let (ada, _) = shop.ada().await;
    let (zoe, _) = shop.author("Zoe").await;
    let hers = shop.article(ada, "Night bus", 20).await;
    let zoes = shop.article(zoe, "Day bus", 20).await;
    let (mut slow, mut quick) = (Receiver::open().await, Receiver::open().await);
    for _ in 0..10 {
        listens(&shop, ada, &slow.url).await;
    }
    listens(&shop, zoe, &quick.url).await;
    let told = Arc::new(Notify::new());
    for _ in 0..40 {
        slow.will(Reply::After(told.clone()));
    }
    for _ in 0..10 {
        sell(&shop, &hers).await;
    }
    let worker = tokio::spawn(Worker::new(shop.app.clone()).run());
    for _ in 0..40 {
        slow.next().await;
    }
    sell(&shop, &zoes).await;
    // Well before any of the slow ones is given up, which makes room as well.
    let heard = tokio::time::timeout(Duration::from_secs(10), quick.next()).await;
    assert_eq!(heard.expect("heard in time").json()["type"], "line.bought");
    worker.abort();
}

#[tokio::test]
async fn a_message_whose_sender_was_killed_is_sent_again_under_the_same_name() {
    let shop = shop();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut receiver = Receiver::open().await;
    listens(&shop, ada, &receiver.url).await;
    receiver.will(Reply::After(Arc::default()));
    let worker = tokio::spawn(Worker::new(shop.app.clone()).run());
    sell(&shop, &slug).await;
    let first = receiver.next().await;
    worker.abort();
    assert!(worker.await.is_err_and(|error| error.is_cancelled()));
    work_off(&shop).await;
    assert!(receiver.heard().is_none(), "another worker took it while it was being sent");
    shop.pass_minutes(3);
    work_off(&shop).await;
    let second = receiver.heard().expect("sent again");
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(first.body, second.body);
}

#[tokio::test]
async fn nothing_is_sent_into_a_private_network() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut receiver = Receiver::open().await;
    for (url, word) in [
        (format!("http://127.0.0.1:{}/", receiver.port), "address"),
        (format!("https://127.0.0.1:{}/", receiver.port), "address"),
        (format!("https://[::ffff:127.0.0.1]:{}/", receiver.port), "address"),
        (format!("https://localhost:{}/", receiver.port), "private"),
    ] {
        // They may have been let in while the operator allowed it.
        let webhook = listens(&shop, ada, &url).await;
        sell(&shop, &slug).await;
        work_off(&shop).await;
        assert_eq!(standing(&shop, ada).await.failure.as_deref(), Some(word), "{url}");
        let now = shop.app.now();
        let remove = shop.app.store.write(move |db| webhook::remove(db, ada, webhook.id, now));
        assert_eq!(remove.await, Ok(true));
    }
    assert!(receiver.heard().is_none());
}

#[tokio::test]
async fn no_secret_is_shown_by_debug() {
    let shop = shop();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let webhook = listens(&shop, ada, "https://ada.example/heard?token=hidden").await;
    sell(&shop, &slug).await;
    shop.app.store.till().catch_up().await.expect("caught up");
    let text = format!("{webhook:?} {:?}", due(&shop).await);
    assert!(text.contains("Webhook {") && text.contains("Delivery {"), "{text}");
    let shown = signature::reveal(&webhook.secret);
    for secret in ["hidden", &shown["whsec_".len()..], &format!("{:?}", webhook.secret)] {
        assert!(!text.contains(secret), "{text}");
    }
}
