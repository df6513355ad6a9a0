//! A server that understands Stripe's refunds and messages, by somebody else: `localstripe`, from `tests/stripe`.
//!
//! It knows no pages to pay on, takes no payment with fields that Stripe has and it has not, and ignores keys of
//! idempotency: what is done once there is done once because the shop looks first.

use crate::receiver::Receiver;
use crate::stripe_peer::{NOW, WEBHOOK_SECRET, rail};
use ardoise::clock::Clock;
use ardoise::rails::port::{
    Charge, Heard, Mandate, Message, Rail as _, Refund, Refunded, Unheard, Which,
};
use ardoise::rails::stripe::Stripe;
use ledger::{Currency, Money, SettlementId, ShopId as _, TabId, Timestamp};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const KEY: &str = "sk_test_12345";

/// The server; it ends when its standard input is closed.
struct Peer {
    url: String,
    _server: Child,
}

impl Peer {
    /// Nothing where it is not installed and need not be.
    fn open() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/stripe");
        if !folder.join("packages/localstripe").exists() {
            let must = std::env::var("CI").is_ok_and(|said| said == "true");
            assert!(!must, "localstripe is missing: `./test stories` installs it");
            eprintln!("left out: a story with localstripe, which `./test stories` installs");
            return None;
        }
        let mut server = Command::new("python3")
            .arg(folder.join("serve.py"))
            .env("PYTHONPATH", folder.join("packages"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python");
        let mut line = String::new();
        let said = server.stdout.take().expect("a pipe");
        BufReader::new(said).read_line(&mut line).expect("it says its port");
        Some(Self { url: format!("http://127.0.0.1:{}", line.trim()), _server: server })
    }

    async fn ask(&self, method: http::Method, path: &str, form: &str) -> Value {
        let asked = reqwest::Client::builder().no_proxy().build().expect("a client");
        let asked = asked.request(method, format!("{}{path}", self.url)).bearer_auth(KEY);
        let asked = asked.header("content-type", "application/x-www-form-urlencoded");
        let answer = asked.body(form.to_owned()).send().await.expect("an answer");
        let body = answer.bytes().await.expect("a body");
        serde_json::from_slice(&body).unwrap_or_default()
    }

    async fn post(&self, path: &str, form: &str) -> String {
        let made = self.ask(http::Method::POST, path, form).await;
        made["id"].as_str().unwrap_or_default().to_owned()
    }

    async fn get(&self, path: &str) -> Value {
        self.ask(http::Method::GET, path, "").await
    }
}

fn charge(intent: &str) -> Charge {
    Charge {
        id: SettlementId::from_bytes([7; 16]),
        tab: TabId::from_raw(7),
        amount: Money::from_cents(500, Currency::Eur).expect("an amount"),
        begun_at: NOW,
        ends_at: NOW.plus_days(1),
        reference: intent.into(),
        kept: String::new(),
        binds: false,
        locale: "en".into(),
        shop: "Ada".into(),
        return_url: "http://localhost/".into(),
    }
}

async fn paid(peer: &Peer) -> (Mandate, Charge) {
    let customer = peer.post("/v1/customers", "email=ben@reader.example").await;
    let card = "type=card&card[number]=4242424242424242&card[exp_month]=1&card[exp_year]=2030&card[cvc]=123";
    let method = peer.post("/v1/payment_methods", card).await;
    peer.post(&format!("/v1/payment_methods/{method}/attach"), &format!("customer={customer}"))
        .await;
    let id = charge("").id;
    let form = format!(
        "amount=500&currency=eur&customer={customer}&payment_method={method}&off_session=true&confirm=true&metadata[charge]={id}"
    );
    let intent = peer.post("/v1/payment_intents", &form).await;
    let reference = format!("{customer}/{method}");
    (Mandate { reference, label: String::new() }, charge(&intent))
}

async fn hear(
    rail: &Stripe,
    heard: &crate::receiver::Heard,
    body: &[u8],
) -> Result<Heard, Unheard> {
    let signed = heard.header("stripe-signature");
    let seconds = signed.trim_start_matches("t=").split(',').next().expect("a time");
    let at = Timestamp::from_micros(seconds.parse::<i64>().expect("seconds") * 1_000_000);
    rail.hear(Message { headers: &heard.headers, body, at }).await
}

#[tokio::test]
async fn a_message_that_somebody_else_signs_is_believed_and_a_changed_one_is_not() {
    let Some(peer) = Peer::open() else { return };
    let mut receiver = Receiver::open().await;
    let hook = format!("url={}&secret={WEBHOOK_SECRET}", receiver.url);
    peer.post("/_config/webhooks/shop", &hook).await;
    let (_, charge) = paid(&peer).await;
    let rail = rail(&peer.url, KEY, Clock::standing_at(NOW));
    let heard = loop {
        let heard = receiver.next().await;
        if heard.json()["type"] == "payment_intent.succeeded" {
            break heard;
        }
    };
    let told = hear(&rail, &heard, &heard.body).await;
    assert_eq!(told, Ok(Heard::Charge(Which::Id(charge.id))));
    let changed = [&heard.body[..], b" "].concat();
    assert_eq!(hear(&rail, &heard, &changed).await, Err(Unheard::Forged("signature")));
}

#[tokio::test]
async fn money_goes_back_once_where_keys_are_ignored_and_a_mandate_ends() {
    let Some(peer) = Peer::open() else { return };
    let (mandate, charge) = paid(&peer).await;
    let rail = rail(&peer.url, KEY, Clock::standing_at(NOW));
    for (key, cents) in [("one", 200), ("one", 200), ("two", 300), ("two", 300)] {
        let amount = Money::from_cents(cents, Currency::Eur).expect("an amount");
        let refund = Refund { key: key.into(), amount, reference: charge.reference.clone() };
        let back = rail.refund(&charge, &refund).await;
        assert!(matches!(back, Ok(Refunded::Done { .. })), "{key}: {back:?}");
    }
    let refunds = peer.get(&format!("/v1/refunds?payment_intent={}", charge.reference)).await;
    let amounts: Vec<i64> = refunds["data"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|refund| refund["amount"].as_i64())
        .collect();
    assert!(amounts.len() == 2 && amounts.contains(&200) && amounts.contains(&300), "{amounts:?}");
    for _ in 0..2 {
        rail.unbind(&mandate).await.expect("ended");
    }
    let method = mandate.reference.split_once('/').expect("two").1;
    let method = peer.get(&format!("/v1/payment_methods/{method}")).await;
    assert!(method["id"].is_string() && method["customer"].is_null(), "{method}");
    let unknown = Mandate { reference: "cus_none/pm_none".into(), label: String::new() };
    rail.unbind(&unknown).await.expect("never was");
}
