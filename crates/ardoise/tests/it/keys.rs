//! Ada lets her programs in, and shuts them out.

use crate::client::{Client, fresh, problem};
use crate::receiver::{Receiver, Reply};
use crate::shop::{Browser, TestApp};
use ardoise::outbox::worker::Worker;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request, StatusCode, header};
use serde_json::json;
use std::io::Write;
use std::sync::{Arc, Mutex};

const GAINS: &str = "/api/v1/gains";

/// The first id of a thing on the page of keys that can be ended there.
async fn first(browser: &mut Browser<'_>, start: &str) -> String {
    let page = browser.get("/keys").await.text();
    let rest = page.split(start).nth(1).unwrap_or_else(|| panic!("no {start} in {page}"));
    rest.split('/').next().expect("an id").to_owned()
}

#[tokio::test]
async fn a_key_is_shown_once_and_opens_the_shop_for_its_authors_programs() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let made = ada.post("/keys", &[("name", "books")]).await;
    assert_eq!(made.status, StatusCode::OK);
    assert_eq!(made.headers[header::CACHE_CONTROL], "private, no-store");
    let key = fresh(&made);
    assert!(key.starts_with("ardoise_key_"), "{key}");
    let page = ada.get("/keys").await.text();
    assert!(page.contains("books"), "{page}");
    assert!(!page.contains("ardoise_key_"), "the key is shown again");
    let program = Client { browser: shop.program(), key };
    assert_eq!(program.get(GAINS).await.status, StatusCode::OK);
}

#[tokio::test]
async fn only_the_hash_of_a_key_is_kept() {
    let shop = TestApp::embedded();
    let (_, mut ada) = shop.ada().await;
    let key = fresh(&ada.post("/keys", &[("name", "books")]).await);
    let secret = key.split('.').nth(1).expect("a secret");
    let raw = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(secret).expect("base64");
    assert_eq!(raw.len(), 32);
    let mut kept = Vec::new();
    for name in ["ardoise.db", "ardoise.db-wal"] {
        kept.extend(std::fs::read(shop.folder.path().join(name)).expect("the store's file"));
    }
    let holds = |part: &[u8]| kept.windows(part.len()).any(|window| window == part);
    assert!(holds(b"books"), "the key is not there at all");
    assert!(!holds(secret.as_bytes()) && !holds(&raw), "the secret is kept");
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_from_then_on() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let program = Client::of(&shop, &mut ada).await;
    assert_eq!(program.get(GAINS).await.status, StatusCode::OK);
    let id = first(&mut ada, "action=\"/keys/").await;
    let revoked = ada.post(&format!("/keys/{id}/revoke"), &[]).await;
    assert_eq!(revoked.location(), "/keys");
    let refused = program.get(GAINS).await;
    assert_eq!(problem(&refused), (401, "key.refused".into()));
    assert!(!ada.get("/keys").await.text().contains("books"));
    ada.html = false;
    let again = ada.post(&format!("/keys/{id}/revoke"), &[]).await;
    assert_eq!(problem(&again), (404, "key.unknown".into()));
}

#[tokio::test]
async fn a_forged_key_opens_nothing() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let program = Client::of(&shop, &mut ada).await;
    let (id, secret) = program.key.split_once('.').expect("an id and a secret");
    let other = shop.app.mint.secret().reveal();
    for key in [
        format!("{id}.{other}"),
        format!("{id}.{}", &secret[1..]),
        format!("ardoise_key_0000000000001.{secret}"),
        format!("{}.{secret}", id.trim_start_matches("ardoise_")),
        id.to_owned(),
        "ardoise_key_".into(),
        "x".repeat(5_000),
        "'; drop table api_key; --".into(),
    ] {
        let forged = Client { key, ..program.clone() };
        assert_eq!(
            problem(&forged.get(GAINS).await),
            (401, "key.refused".into()),
            "{}",
            forged.key
        );
    }
    assert_eq!(program.get(GAINS).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_cookie_is_no_key() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    assert_eq!(ada.get("/gains").await.status, StatusCode::OK);
    // Even a browser is answered as a program, and told how to show a key.
    let refused = ada.get(GAINS).await;
    assert_eq!(problem(&refused), (401, "key.missing".into()));
    assert_eq!(refused.headers[header::WWW_AUTHENTICATE], "Bearer realm=\"ardoise\"");
    let request = Request::post("/api/v1/webhooks")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(json!({ "url": "https://ada.example/" }).to_string()));
    let refused = ada.send(request.expect("a request")).await;
    assert_eq!(problem(&refused), (401, "key.missing".into()));
}

#[tokio::test]
async fn a_program_is_not_taken_for_another_site() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let program = Client::of(&shop, &mut ada).await;
    let foreign = [("origin", "https://elsewhere.example"), ("sec-fetch-site", "cross-site")];
    let hook = json!({ "url": "https://ada.example/heard" });
    let made = program.send(Method::POST, "/api/v1/webhooks", &foreign, Some(hook)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let mut request = Request::post("/keys");
    for (name, value) in foreign {
        request = request.header(name, value);
    }
    ada.html = false;
    let refused = ada.send(request.body(Body::from("name=x")).expect("a request")).await;
    assert_eq!(problem(&refused), (403, "request.cross_site".into()));
}

#[tokio::test]
async fn keys_and_webhooks_of_another_author_cannot_be_ended() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let (_, mut zoe) = shop.author("Zoe").await;
    let program = Client::of(&shop, &mut ada).await;
    ada.post("/webhooks", &[("url", "https://ada.example/heard")]).await;
    let key = first(&mut ada, "action=\"/keys/").await;
    let webhook = first(&mut ada, "action=\"/webhooks/").await;
    zoe.html = false;
    let refused = zoe.post(&format!("/keys/{key}/revoke"), &[]).await;
    assert_eq!(problem(&refused), (404, "key.unknown".into()));
    let refused = zoe.post(&format!("/webhooks/{webhook}/remove"), &[]).await;
    assert_eq!(problem(&refused), (404, "webhook.unknown".into()));
    assert!(!zoe.get("/keys").await.text().contains("ada.example"));
    assert_eq!(program.get(GAINS).await.status, StatusCode::OK);
    for (who, status) in [(shop.browser(), 401), (shop.olu().await, 403)] {
        assert_eq!(who.clone().get("/keys").await.status, status);
        assert_eq!(who.clone().post("/keys", &[("name", "x")]).await.status, status);
        assert_eq!(
            who.clone().post("/webhooks", &[("url", "https://x.example")]).await.status,
            status
        );
    }
}

#[tokio::test]
async fn the_page_tells_when_a_key_was_last_used() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let program = Client::of(&shop, &mut ada).await;
    assert!(ada.get("/keys").await.text().contains("never used"));
    program.get(GAINS).await;
    shop.pass_minutes(30);
    let page = ada.get("/keys").await.text();
    assert!(page.contains("used 30\u{a0}minutes ago"), "{page}");
    // A key that does not fit leaves no trace.
    let forged = Client { key: format!("{}x", program.key), ..program };
    forged.get(GAINS).await;
    assert!(ada.get("/keys").await.text().contains("used 30\u{a0}minutes ago"));
}

#[tokio::test]
async fn a_key_needs_a_name_and_there_are_fifty_at_most() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    ada.language = "fr";
    for name in ["", "  ", &"é".repeat(81), "a\u{7}b"] {
        let wrong = ada.post("/keys", &[("name", name)]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.text().contains("Dites en 1 à 80 caractères"), "{}", wrong.text());
    }
    for _ in 0..50 {
        assert_eq!(ada.post("/keys", &[("name", &"é".repeat(80))]).await.status, StatusCode::OK);
    }
    let wrong = ada.post("/keys", &[("name", "one more")]).await;
    assert!(wrong.text().contains("50 clés au plus"), "{}", wrong.text());
}

#[tokio::test]
async fn a_webhook_made_on_the_page_is_told_in_messages_signed_with_the_secret_shown() {
    let shop = TestApp::with(&[("webhook.private_addresses", "true")]);
    let (ada_id, mut ada) = shop.ada().await;
    let slug = shop.article(ada_id, "Night bus", 20).await;
    let mut receiver = Receiver::open().await;
    let made = ada.post("/webhooks", &[("url", &receiver.url)]).await;
    assert_eq!(made.headers[header::CACHE_CONTROL], "private, no-store");
    let secret = fresh(&made);
    let raw = STANDARD.decode(secret.strip_prefix("whsec_").expect("a prefix")).expect("base64");
    assert_eq!(raw.len(), 32);
    assert_eq!(
        made.hidden("back"),
        "/keys",
        "the language switch leads to an address that is posted to"
    );
    assert!(!ada.get("/keys").await.text().contains("whsec_"), "the secret is shown again");
    shop.program().tap(&slug).await;
    shop.app.store.till().catch_up().await.expect("caught up");
    receiver.will(Reply::Status(503, &[]));
    let mut worker = Worker::new(shop.app.clone());
    worker.work_off().await.expect("worked off");
    let heard = receiver.heard().expect("told");
    assert!(crate::webhooks::is_signed(&heard, &raw));
    assert!(ada.get("/keys").await.text().contains("failing: 503"));
    shop.pass_minutes(1);
    worker.work_off().await.expect("worked off");
    shop.pass_minutes(5);
    assert!(ada.get("/keys").await.text().contains("delivered 5\u{a0}minutes ago"));
    let webhook = first(&mut ada, "action=\"/webhooks/").await;
    ada.post(&format!("/webhooks/{webhook}/remove"), &[]).await;
    assert!(!ada.get("/keys").await.text().contains(&receiver.url));
}

#[tokio::test]
async fn a_webhook_leads_only_where_the_shop_may_knock() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    for (url, word) in [
        ("", "begins with https://"),
        ("http://ada.example/", "begins with https://"),
        ("https://ada:secret@ada.example/", "begins with https://"),
        ("https://169.254.169.254/latest/meta-data", "private network"),
        ("https://[::1]/", "private network"),
        ("https://0x7f.1/", "private network"),
    ] {
        let wrong = ada.post("/webhooks", &[("url", url)]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
        assert!(wrong.text().contains(word), "{url}: {}", wrong.text());
        assert!(wrong.text().contains(&format!("value=\"{url}\"")), "what was typed is lost");
    }
    for place in 0..20 {
        let url = format!("https://ada.example/{place}");
        assert_eq!(ada.post("/webhooks", &[("url", &url)]).await.status, StatusCode::OK);
    }
    let wrong = ada.post("/webhooks", &[("url", "https://ada.example/")]).await;
    assert!(wrong.text().contains("20 webhooks at most"), "{}", wrong.text());
}

/// Everything that is logged at any level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_secret_is_logged() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // With one subscriber alone, what another thread does first without any would be cached as never logged.
    let _other =
        tracing::Dispatch::new(tracing_subscriber::fmt().with_writer(std::io::sink).finish());
    // Tasks run on this thread too, so what the worker and the HTTP client log is seen.
    let logging = tracing::subscriber::set_default(subscriber);
    let shop = TestApp::with(&[("webhook.private_addresses", "true")]);
    let (ada_id, mut ada) = shop.ada().await;
    let slug = shop.article(ada_id, "Night bus", 20).await;
    let program = Client::of(&shop, &mut ada).await;
    program.get(GAINS).await;
    program.get("/api/v1/nothing").await;
    let forged = Client { key: format!("{}x", program.key), ..program.clone() };
    forged.get(GAINS).await;
    let receiver = Receiver::open().await;
    let url = format!("{}?token=hidden", receiver.url);
    let secret = fresh(&ada.post("/webhooks", &[("url", &url)]).await);
    receiver.will(Reply::Status(500, &[]));
    shop.program().tap(&slug).await;
    shop.app.store.till().catch_up().await.expect("caught up");
    Worker::new(shop.app.clone()).work_off().await.expect("worked off");
    drop(logging);
    let key = program.key.split('.').nth(1).expect("a secret");
    let secrets = [key, &secret["whsec_".len()..], "hidden"];
    let log = String::from_utf8(log.0.lock().expect("no panic").clone()).expect("UTF-8");
    assert!(log.contains("a webhook has not heard"), "nothing was logged: {log}");
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None);
    }
}
