//! [`PayPal`]: a server of our own that plays PayPal, with PayPal's own description in front of it. Whatever the shop asks and
//! is answered passes through Prism, which refuses what the description forbids.

use crate::prism::{Between, Description};
use crate::specs;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use axum::Json;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::{delete, get, post};
use base64::Engine as _;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// PayPal's descriptions.
const DESCRIPTIONS: &[Description] = &[
    described("paypal-checkout_orders_v2.prism.json", "/v2/checkout/"),
    described("paypal-payments_payment_v2.prism.json", "/v2/payments/"),
    described("paypal-vault_payment_tokens_v3.json", "/v3/vault/"),
    described("paypal-notifications_webhooks_v1.json", "/v1/notifications/webhooks"),
    described("paypal-payments_payouts_batch_v1.json", "/v1/payments/payouts"),
];

const fn described(file: &'static str, start: &'static str) -> Description {
    Description { file, start, outside: "" }
}

/// What it keeps of every capture.
pub const FEE: &str = "0.10";
/// Its id for the shop's address of messages.
pub const WEBHOOK: &str = "8PT597110X687430LKGECATA";
/// Certificates and keys that were made for tests.
const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rails/paypal/vectors");

/// The root of the certificates that sign messages.
pub fn root_of_trust() -> String {
    format!("{VECTORS}/root.pem")
}

fn vector(name: &str) -> Vec<u8> {
    std::fs::read(format!("{VECTORS}/{name}")).expect("a vector")
}

/// A message with `body`, sent at an instant, as PayPal signs it; a forger signs with another key.
pub fn sign(base: &str, sent: &str, body: &str, genuine: bool) -> Vec<(&'static str, String)> {
    let key = RsaKeyPair::from_pkcs8(&vector(if genuine { "paypal.pk8" } else { "other.pk8" }));
    let key = key.expect("a key");
    let id = "69cd13f0-d67a-11e5-baa3-778b53f4ae55";
    let text = format!("{id}|{sent}|{WEBHOOK}|{}", crc32fast::hash(body.as_bytes()));
    let mut signature = vec![0; key.public_modulus_len()];
    let random = SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).expect("signed");
    vec![
        ("paypal-transmission-id", id.into()),
        ("paypal-transmission-time", sent.into()),
        ("paypal-auth-algo", "SHA256withRSA".into()),
        ("paypal-cert-url", format!("{base}/v1/notifications/certs/CERT-1")),
        ("paypal-transmission-sig", base64::engine::general_purpose::STANDARD.encode(signature)),
    ]
}

/// A PayPal.
pub struct PayPal {
    pub base: String,
    books: Shared,
    between: Between,
}

type Shared = Arc<Mutex<Books>>;

/// What PayPal knows.
#[derive(Default)]
struct Books {
    base: String,
    orders: BTreeMap<String, Order>,
    /// What was answered under a key: the order, or the refund.
    by_key: BTreeMap<String, String>,
    /// Invoices for which money was taken.
    paid: BTreeSet<String>,
    refunds: Vec<Refund>,
    mandates: BTreeSet<String>,
    /// Setup tokens by name.
    set_up: BTreeMap<String, SetUp>,
    disputes: BTreeMap<String, Value>,
    /// Where messages go, and of which events they tell.
    webhook: Option<(String, Vec<&'static str>)>,
    token: usize,
    /// What orders say that came, whatever came.
    lies: BTreeMap<String, Value>,
    /// Cents of its fee that it gives back with each refund.
    gives_back: u64,
    /// The next capture is refused for this.
    refuses: Option<&'static str>,
    payouts: Vec<Payout>,
    /// What becomes of payouts that are asked for from now on.
    paying: Paying,
    /// Payouts are refused for this.
    refuses_payouts: Option<&'static str>,
}

/// A batch of one payout.
struct Payout {
    asked: Value,
    id: String,
    stand: Paying,
}

/// What becomes of a payout: how its item stands, what is taken for it, and the word for why.
#[derive(Debug, Clone, Copy)]
pub struct Paying {
    pub item: &'static str,
    pub fee: &'static str,
    pub error: Option<&'static str>,
}

impl Default for Paying {
    fn default() -> Self {
        Self { item: "SUCCESS", fee: "0.00", error: None }
    }
}

#[derive(Clone)]
struct Order {
    asked: Value,
    status: &'static str,
    capture: Option<String>,
}

#[derive(Clone)]
struct SetUp {
    context: Value,
    status: &'static str,
    /// The payment token that was made of it.
    made: Option<String>,
}

struct Refund {
    key: String,
    id: String,
    capture: String,
    cents: u64,
    /// What the shop called it; nothing where somebody made it on PayPal's own page.
    custom_id: Option<String>,
    fee_back: u64,
    status: &'static str,
}

impl PayPal {
    /// One with the description in front of it.
    pub async fn open() -> Self {
        Self::behind(true).await
    }

    /// One to which anything can be said: for stories about something else than what is said.
    pub async fn unchecked() -> Self {
        Self::behind(false).await
    }

    async fn behind(checked: bool) -> Self {
        let books = Shared::default();
        let tokens = "/v1/oauth2/";
        let between = Between::open(own(books.clone()), DESCRIPTIONS, (checked, tokens)).await;
        let base = between.base.clone();
        books.lock().expect("no panic").base.clone_from(&base);
        Self { base, books, between }
    }

    /// The reader agrees to an order.
    pub fn approve(&self, order: &str) {
        self.order(order, |order| order.status = "APPROVED");
    }

    /// The reader agrees to be charged later.
    pub fn agree(&self, setup: &str) {
        self.with(|books| books.set_up.get_mut(setup).expect("a setup token").status = "APPROVED");
    }

    /// PayPal forgets a setup token to which nobody agreed.
    pub fn forget_setup(&self, setup: &str) {
        self.with(|books| drop(books.set_up.remove(setup)));
    }

    /// Where PayPal sends a reader who does not agree.
    pub fn cancel_url(&self, setup: &str) -> String {
        let url = self.with(|books| books.set_up[setup].context["cancel_url"].clone());
        url.as_str().expect("an address").to_owned()
    }

    /// Setup tokens, and payment tokens made of them.
    pub fn set_up(&self) -> (usize, usize) {
        self.with(|books| {
            let made = books.set_up.values().filter(|token| token.made.is_some()).count();
            (books.set_up.len(), made)
        })
    }

    /// PayPal calls an order off.
    pub fn void(&self, order: &str) {
        self.order(order, |order| order.status = "VOIDED");
    }

    /// PayPal forgets an order to which nobody agreed.
    pub fn forget(&self, order: &str) {
        self.with(|books| drop(books.orders.remove(order)));
    }

    /// PayPal forgets its keys of idempotency, as it does after some hours.
    pub fn forget_keys(&self) {
        self.with(|books| books.by_key.clear());
    }

    /// So many answers are lost on their way.
    pub fn lose(&self, answers: usize) {
        self.lose_after(0, answers);
    }

    /// The same, after so many that arrive.
    pub fn lose_after(&self, kept: usize, answers: usize) {
        self.between.lose_after(kept, answers);
    }

    /// Whether PayPal's description stands between.
    pub const fn is_checked(&self) -> bool {
        self.between.is_checked()
    }

    /// An order says that so much came, in the currency of this code.
    pub fn lie(&self, order: &str, value: &str, currency: &str) {
        let says = json!({ "currency_code": currency, "value": value });
        self.with(|books| drop(books.lies.insert(order.into(), says)));
    }

    /// The next capture is refused.
    pub fn refuse_capture(&self, issue: &'static str) {
        self.with(|books| books.refuses = Some(issue));
    }

    /// The token in use holds no longer.
    pub fn withdraw_token(&self) {
        self.with(|books| books.token += 1);
    }

    pub fn dispute(&self, id: &str, about: Value) {
        self.with(|books| drop(books.disputes.insert(id.into(), about)));
    }

    /// Messages of these events go to an address.
    pub fn tells(&self, url: &str, events: &[&'static str]) {
        self.with(|books| books.webhook = Some((url.into(), events.to_vec())));
    }

    /// Somebody sends so much of an order's money back on PayPal's own page; answers what PayPal calls that.
    pub fn send_back_at_its_page(&self, order: &str, cents: u64) -> String {
        self.with(|books| {
            let capture = books.orders[order].capture.clone().expect("a capture");
            books.send_back(String::new(), capture, cents, None)
        })
    }

    /// The last refund fails.
    pub fn fail_last_refund(&self) {
        self.with(|books| books.refunds.last_mut().expect("a refund").status = "FAILED");
    }

    /// From now on it gives so many cents of its fee back with each refund.
    pub fn gives_fee_back(&self, cents: u64) {
        self.with(|books| books.gives_back = cents);
    }

    /// The capture of an order.
    pub fn capture_of(&self, order: &str) -> String {
        self.with(|books| books.orders[order].capture.clone().expect("a capture"))
    }

    pub fn orders(&self) -> usize {
        self.with(|books| books.orders.len())
    }

    pub fn captures(&self) -> usize {
        self.with(|books| books.orders.values().filter(|order| order.capture.is_some()).count())
    }

    pub fn refunds(&self) -> usize {
        self.with(|books| books.refunds.len())
    }

    /// What becomes of payouts, of those that it has and of those that come.
    pub fn pays(&self, stand: Paying) {
        self.with(|books| {
            books.paying = stand;
            books.payouts.iter_mut().for_each(|payout| payout.stand = stand);
        });
    }

    /// Payouts are refused for this; or not any more.
    pub fn refuse_payouts(&self, name: Option<&'static str>) {
        self.with(|books| books.refuses_payouts = name);
    }

    /// What every payout was asked for with, and how it stands.
    pub fn payouts(&self) -> Vec<(Value, &'static str)> {
        self.with(|books| {
            let payouts = books.payouts.iter();
            payouts.map(|payout| (payout.asked.clone(), payout.stand.item)).collect()
        })
    }

    /// What the description forbids and was said all the same, since this was last asked.
    pub fn violations(&self) -> Vec<String> {
        self.between.violations()
    }

    fn order(&self, id: &str, change: impl FnOnce(&mut Order)) {
        self.with(|books| change(books.orders.get_mut(id).expect("an order")));
    }

    fn with<T>(&self, work: impl FnOnce(&mut Books) -> T) -> T {
        work(&mut self.books.lock().expect("no panic"))
    }
}

/// PayPal itself.
fn own(books: Shared) -> Router {
    Router::new()
        .route("/v1/oauth2/token", post(grant))
        .route("/v2/checkout/orders", post(make_order))
        .route("/v2/checkout/orders/{id}", get(show_order))
        .route("/v2/checkout/orders/{id}/capture", post(capture_order))
        .route("/v2/payments/captures/{id}", get(show_capture))
        .route("/v2/payments/captures/{id}/refund", post(refund_capture))
        .route("/v3/vault/setup-tokens", post(set_up))
        .route("/v3/vault/setup-tokens/{id}", get(show_set_up))
        .route("/v3/vault/payment-tokens", post(make_mandate).get(list_mandates))
        .route("/v3/vault/payment-tokens/{id}", delete(end_mandate))
        .route("/v1/payments/payouts", post(pay_out))
        .route("/v1/payments/payouts/{id}", get(show_payout))
        .route("/v1/customer/disputes/{id}", get(show_dispute))
        .route("/v1/notifications/webhooks/{id}", get(show_webhook))
        .route("/v1/notifications/certs/CERT-1", get(async || vector("paypal.pem")))
        .with_state(books)
}

type Told = (StatusCode, Json<Value>);

fn told(status: u16, body: Value) -> Told {
    (StatusCode::from_u16(status).expect("a status"), Json(body))
}

/// What PayPal says when it does not do something: word for word, where the description has the words.
fn refusal(status: u16, name: &str, issue: &str) -> Told {
    let message = match name {
        "RESOURCE_NOT_FOUND" => "The specified resource does not exist.",
        _ => {
            "The requested action could not be performed, semantically incorrect, or failed business validation."
        }
    };
    let detail = json!({ "issue": issue, "description": words(issue) });
    let body = json!({
        "name": name, "message": message, "debug_id": "90957fca61718", "details": [detail],
        "links": [],
    });
    told(status, body)
}

fn unknown_token() -> Told {
    let message = "Authentication failed due to missing authorization header, or invalid authentication credentials.";
    let name = "AUTHENTICATION_FAILURE";
    told(401, json!({ "name": name, "message": message, "debug_id": "1a2b3c", "links": [] }))
}

fn words(issue: &str) -> String {
    let specs = specs::folder();
    let found = DESCRIPTIONS.iter().find_map(|description| {
        let text = std::fs::read(specs.join(description.file)).ok()?;
        words_in(&serde_json::from_slice(&text).ok()?, issue)
    });
    found.unwrap_or_else(|| "It cannot be done.".into())
}

/// The description of an issue, wherever it stands.
fn words_in(description: &Value, issue: &str) -> Option<String> {
    let properties = &description["properties"];
    if properties["issue"]["enum"][0] == issue {
        return properties["description"]["enum"][0].as_str().map(str::to_owned);
    }
    match description {
        Value::Object(fields) => fields.values().find_map(|field| words_in(field, issue)),
        Value::Array(items) => items.iter().find_map(|item| words_in(item, issue)),
        _ => None,
    }
}

fn key(headers: &HeaderMap) -> String {
    headers.get("paypal-request-id").map_or("", |key| key.to_str().expect("text")).to_owned()
}

impl Books {
    fn may(&self, headers: &HeaderMap) -> bool {
        let shown = headers.get("authorization").and_then(|value| value.to_str().ok());
        shown == Some(&format!("Bearer token-{}", self.token))
    }

    fn shown(&self, id: &str) -> Value {
        let order = &self.orders[id];
        let unit = &order.asked["purchase_units"][0];
        let mut shown_unit = json!({
            "reference_id": "default", "custom_id": unit["custom_id"],
            "invoice_id": unit["invoice_id"], "amount": unit["amount"],
        });
        if let Some(capture) = &order.capture {
            let amount = self.lies.get(id).unwrap_or(&unit["amount"]);
            let captured = json!({
                "id": capture, "status": "COMPLETED", "amount": amount,
                "final_capture": true, "custom_id": unit["custom_id"],
                "invoice_id": unit["invoice_id"],
                "seller_receivable_breakdown": {
                    "gross_amount": amount,
                    "paypal_fee": { "currency_code": amount["currency_code"], "value": FEE },
                },
                "create_time": "2026-11-28T12:00:00Z", "update_time": "2026-11-28T12:00:00Z",
            });
            shown_unit["payments"] = json!({ "captures": [captured] });
            let refunds = self.refunds.iter().filter(|refund| refund.capture == *capture);
            let refunds: Vec<Value> = refunds.map(|refund| self.shown_refund(refund)).collect();
            if !refunds.is_empty() {
                shown_unit["payments"]["refunds"] = refunds.into();
            }
        }
        let mut shown = json!({
            "id": id, "intent": "CAPTURE", "status": order.status, "purchase_units": [shown_unit],
            "links": [{
                "href": format!("{}/agree/{id}", self.base), "rel": "payer-action", "method": "GET",
            }],
        });
        if order.status == "COMPLETED" {
            let mut paypal = json!({
                "email_address": "ben@example.org", "account_id": "QYR5Z8XDVJNXQ",
                "name": { "given_name": "Ben", "surname": "Reader" },
            });
            if order.asked["payment_source"]["paypal"].get("attributes").is_some() {
                paypal["attributes"] =
                    json!({ "vault": { "id": format!("vault{id}"), "status": "VAULTED" } });
            }
            shown["payment_source"] = json!({ "paypal": paypal });
        }
        shown
    }

    fn shown_refund(&self, refund: &Refund) -> Value {
        let amount = |cents: u64| {
            let value = format!("{}.{:02}", cents / 100, cents % 100);
            json!({ "currency_code": "EUR", "value": value })
        };
        let up = format!("{}/v2/payments/captures/{}", self.base, refund.capture);
        let mut shown = json!({
            "id": refund.id, "status": refund.status, "amount": amount(refund.cents),
            "seller_payable_breakdown": {
                "gross_amount": amount(refund.cents), "paypal_fee": amount(refund.fee_back),
            },
            "links": [{ "href": up, "rel": "up", "method": "GET" }],
        });
        if let Some(custom_id) = &refund.custom_id {
            shown["custom_id"] = custom_id.as_str().into();
        }
        shown
    }

    fn send_back(
        &mut self,
        key: String,
        capture: String,
        cents: u64,
        custom_id: Option<String>,
    ) -> String {
        let id = format!("REFUND{:011}", self.refunds.len() + 1);
        let (fee_back, status) = (self.gives_back, "COMPLETED");
        let made = Refund { key, id: id.clone(), capture, cents, custom_id, fee_back, status };
        self.refunds.push(made);
        id
    }

    fn shown_set_up(&self, id: &str) -> Value {
        let mut links = vec![json!({
            "href": format!("{}/v3/vault/setup-tokens/{id}", self.base), "rel": "self", "method": "GET",
        })];
        if self.set_up[id].status == "PAYER_ACTION_REQUIRED" {
            let href = format!("{}/agree/{id}", self.base);
            links.push(json!({ "href": href, "rel": "approve", "method": "GET" }));
        }
        json!({
            "id": id, "customer": { "id": customer(id) }, "status": self.set_up[id].status,
            "payment_source": { "paypal": { "usage_type": "MERCHANT" } }, "links": links,
        })
    }

    /// Takes the money of an order, once for each invoice.
    fn take(&mut self, id: &str) -> Result<(), Told> {
        let order = self.orders.get_mut(id).expect("an order");
        let invoice = order.asked["purchase_units"][0]["invoice_id"].to_string();
        if !self.paid.insert(invoice) {
            return Err(refusal(422, "UNPROCESSABLE_ENTITY", "DUPLICATE_INVOICE_ID"));
        }
        order.status = "COMPLETED";
        order.capture = Some(format!("CAPTURE{}", &id["ORDER".len()..]));
        if order.asked["payment_source"]["paypal"].get("attributes").is_some() {
            self.mandates.insert(format!("vault{id}"));
        }
        Ok(())
    }
}

async fn grant(State(books): State<Shared>, headers: HeaderMap, body: String) -> Told {
    let pair = base64::engine::general_purpose::STANDARD.encode("shop:hush");
    let shown = headers.get("authorization").and_then(|value| value.to_str().ok());
    if shown != Some(&format!("Basic {pair}")) || !body.contains("client%5Fcredentials") {
        return told(401, json!({ "error": "invalid_client" }));
    }
    let token = format!("token-{}", books.lock().expect("no panic").token);
    told(200, json!({ "access_token": token, "token_type": "Bearer", "expires_in": 32_400 }))
}

async fn make_order(
    State(books): State<Shared>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Told {
    let mut books = books.lock().expect("no panic");
    if !books.may(&headers) {
        return unknown_token();
    }
    if let Some(id) = books.by_key.get(&key(&headers)) {
        return told(200, books.shown(id));
    }
    let vault = asked["payment_source"]["paypal"]["vault_id"].as_str().map(str::to_owned);
    if vault.as_ref().is_some_and(|vault| !books.mandates.contains(vault)) {
        return refusal(422, "UNPROCESSABLE_ENTITY", "TOKEN_EXPIRED");
    }
    let id = format!("ORDER{:012}", books.orders.len() + 1);
    let order = Order { asked, status: "PAYER_ACTION_REQUIRED", capture: None };
    books.orders.insert(id.clone(), order);
    if vault.is_some()
        && let Err(refusal) = books.take(&id)
    {
        books.orders.remove(&id);
        return refusal;
    }
    books.by_key.insert(key(&headers), id.clone());
    told(201, books.shown(&id))
}

async fn show_order(
    State(books): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Told {
    let books = books.lock().expect("no panic");
    if !books.may(&headers) {
        return unknown_token();
    }
    if !books.orders.contains_key(&id) {
        return refusal(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID");
    }
    told(200, books.shown(&id))
}

async fn show_webhook(
    State(books): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Told {
    let books = books.lock().expect("no panic");
    if !books.may(&headers) {
        return unknown_token();
    }
    let Some((url, events)) = books.webhook.as_ref().filter(|_| id == WEBHOOK) else {
        return refusal(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID");
    };
    let events: Vec<Value> = events.iter().map(|name| json!({ "name": name })).collect();
    told(200, json!({ "id": id, "url": url, "event_types": events }))
}

async fn capture_order(State(books): State<Shared>, Path(id): Path<String>) -> Told {
    let mut books = books.lock().expect("no panic");
    if let Some(issue) = books.refuses.take() {
        return refusal(422, "UNPROCESSABLE_ENTITY", issue);
    }
    match books.orders.get(&id).map(|order| order.status) {
        None => refusal(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"),
        Some("COMPLETED") => refusal(422, "UNPROCESSABLE_ENTITY", "ORDER_ALREADY_CAPTURED"),
        Some("APPROVED") => match books.take(&id) {
            Ok(()) => told(201, books.shown(&id)),
            Err(refusal) => refusal,
        },
        Some(_) => refusal(422, "UNPROCESSABLE_ENTITY", "ORDER_NOT_APPROVED"),
    }
}

fn cents(amount: &Value) -> u64 {
    amount["value"].as_str().expect("text").replace('.', "").parse().expect("cents")
}

async fn refund_capture(
    State(books): State<Shared>,
    Path(capture): Path<String>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Told {
    let mut books = books.lock().expect("no panic");
    let key = key(&headers);
    if let Some(refund) = books.refunds.iter().find(|refund| refund.key == key) {
        return told(201, books.shown_refund(refund));
    }
    let of = |order: &&Order| order.capture.as_deref() == Some(&capture);
    let order = books.orders.values().find(of).expect("a capture");
    let came = cents(&order.asked["purchase_units"][0]["amount"]);
    let mine = books.refunds.iter().filter(|refund| refund.capture == capture);
    let cents = cents(&asked["amount"]);
    if mine.map(|refund| refund.cents).sum::<u64>() + cents > came {
        return refusal(422, "UNPROCESSABLE_ENTITY", "REFUND_AMOUNT_EXCEEDED");
    }
    let custom_id = asked["custom_id"].as_str().map(str::to_owned);
    books.send_back(key, capture, cents, custom_id);
    told(201, books.shown_refund(books.refunds.last().expect("the new one")))
}

async fn show_capture(State(books): State<Shared>, Path(capture): Path<String>) -> Told {
    let books = books.lock().expect("no panic");
    let of = |(_, order): &(&String, &Order)| order.capture.as_deref() == Some(&capture);
    match books.orders.iter().find(of) {
        Some((id, _)) => {
            told(200, books.shown(id)["purchase_units"][0]["payments"]["captures"][0].clone())
        }
        None => refusal(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"),
    }
}

/// The customer whom PayPal makes up for a setup token.
fn customer(setup: &str) -> String {
    format!("C{}", &setup["SETUP".len()..])
}

async fn set_up(State(books): State<Shared>, headers: HeaderMap, Json(asked): Json<Value>) -> Told {
    let mut books = books.lock().expect("no panic");
    if !books.may(&headers) {
        return unknown_token();
    }
    let key = key(&headers);
    if let Some(id) = books.by_key.get(&key).cloned() {
        return told(200, books.shown_set_up(&id));
    }
    let id = format!("SETUP{:012}", books.set_up.len() + 1);
    let context = asked["payment_source"]["paypal"]["experience_context"].clone();
    let token = SetUp { context, status: "PAYER_ACTION_REQUIRED", made: None };
    books.set_up.insert(id.clone(), token);
    books.by_key.insert(key, id.clone());
    told(201, books.shown_set_up(&id))
}

async fn show_set_up(State(books): State<Shared>, Path(id): Path<String>) -> Told {
    let books = books.lock().expect("no panic");
    if books.set_up.contains_key(&id) {
        return told(200, books.shown_set_up(&id));
    }
    let message = "The specified resource does not exist.";
    let name = "RESOURCE_NOT_FOUND";
    told(404, json!({ "name": name, "message": message, "debug_id": "1a2b3c", "links": [] }))
}

fn shown_mandate(id: &str) -> Value {
    let paypal = json!({ "email_address": "ben@example.org", "usage_type": "MERCHANT" });
    json!({ "id": id, "payment_source": { "paypal": paypal } })
}

/// Makes a payment token of a setup token to which its reader agreed, once.
async fn make_mandate(
    State(books): State<Shared>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Told {
    let mut books = books.lock().expect("no panic");
    let key = key(&headers);
    if let Some(made) = books.by_key.get(&key) {
        return told(200, shown_mandate(made));
    }
    let setup = asked["payment_source"]["token"]["id"].as_str().expect("text").to_owned();
    let made = format!("vault{setup}");
    match books.set_up.get_mut(&setup).filter(|token| token.status == "APPROVED") {
        None => return refusal(422, "UNPROCESSABLE_ENTITY", "SETUP_TOKEN_NOT_TOKENIZED"),
        Some(token) => (token.status, token.made) = ("VAULTED", Some(made.clone())),
    }
    books.mandates.insert(made.clone());
    books.by_key.insert(key, made.clone());
    told(201, shown_mandate(&made))
}

async fn list_mandates(
    State(books): State<Shared>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Told {
    let books = books.lock().expect("no panic");
    let theirs = |(id, _): &(&String, &SetUp)| customer(id) == query["customer_id"];
    let made = books.set_up.iter().filter(theirs).filter_map(|(_, token)| token.made.as_ref());
    let tokens: Vec<Value> = made.map(|id| shown_mandate(id)).collect();
    told(200, json!({ "payment_tokens": tokens }))
}

async fn end_mandate(State(books): State<Shared>, Path(id): Path<String>) -> StatusCode {
    books.lock().expect("no panic").mandates.remove(&id);
    StatusCode::NO_CONTENT
}

async fn show_dispute(State(books): State<Shared>, Path(id): Path<String>) -> Told {
    match books.lock().expect("no panic").disputes.get(&id) {
        Some(dispute) => told(200, dispute.clone()),
        None => refusal(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"),
    }
}

/// What PayPal says when it does not do something with payouts.
fn payout_refusal(status: u16, name: &str, links: Value, details: Value) -> Told {
    let body = json!({
        "name": name, "message": "It cannot be done.", "debug_id": "90957fca61718",
        "information_link": "https://developer.paypal.com/docs/api/payments.payouts-batch/#errors",
        "details": details, "links": links,
    });
    told(status, body)
}

/// Makes a batch, once for a shop's own name; by another key it is refused, with a link to the first.
async fn pay_out(
    State(books): State<Shared>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Told {
    let mut books = books.lock().expect("no panic");
    if !books.may(&headers) {
        return unknown_token();
    }
    let key = key(&headers);
    if let Some(id) = books.by_key.get(&key) {
        return told(201, books.shown_payout(id, false));
    }
    let own = asked["sender_batch_header"]["sender_batch_id"].clone();
    let is_same = |payout: &&Payout| payout.asked["sender_batch_header"]["sender_batch_id"] == own;
    if let Some(known) = books.payouts.iter().find(is_same) {
        let page = "?page=1&page_size=1000&total_required=true";
        let href = format!("{}/v1/payments/payouts/{}{page}", books.base, known.id);
        let link = json!([{ "href": href, "rel": "self", "method": "GET" }]);
        return payout_refusal(400, "USER_BUSINESS_ERROR", link, json!([]));
    }
    match books.refuses_payouts {
        Some("VALIDATION_ERROR") => {
            let detail = json!([{ "field": "items[0].receiver", "issue": "Invalid receiver." }]);
            return payout_refusal(400, "VALIDATION_ERROR", json!([]), detail);
        }
        Some(name) => return payout_refusal(403, name, json!([]), json!([])),
        None => {}
    }
    let id = format!("BATCH{:08}", books.payouts.len() + 1);
    let stand = books.paying;
    books.payouts.push(Payout { asked, id: id.clone(), stand });
    books.by_key.insert(key, id.clone());
    told(201, books.shown_payout(&id, false))
}

async fn show_payout(
    State(books): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Told {
    let books = books.lock().expect("no panic");
    if !books.may(&headers) {
        return unknown_token();
    }
    if books.payouts.iter().all(|payout| payout.id != id) {
        return payout_refusal(404, "INVALID_RESOURCE_ID", json!([]), json!([]));
    }
    told(200, books.shown_payout(&id, true))
}

impl Books {
    fn shown_payout(&self, id: &str, whole: bool) -> Value {
        let payout = self.payouts.iter().find(|payout| payout.id == id).expect("a payout");
        let (stand, item) = (payout.stand, &payout.asked["items"][0]);
        let batch = match stand.item {
            _ if !whole => "PENDING",
            "PENDING" => "PROCESSING",
            "DENIED" => "DENIED",
            _ => "SUCCESS",
        };
        let href = format!("{}/v1/payments/payouts/{id}", self.base);
        let mut shown = json!({
            "batch_header": {
                "payout_batch_id": id, "batch_status": batch,
                "sender_batch_header": payout.asked["sender_batch_header"],
            },
            "links": [{ "href": href, "rel": "self", "method": "GET" }],
        });
        if whole && stand.item != "DENIED" {
            let mut of_item = json!({
                "payout_item_id": format!("ITEM{}", &id["BATCH".len()..]),
                "payout_batch_id": id, "transaction_status": stand.item,
                "payout_item_fee": { "currency": item["amount"]["currency"], "value": stand.fee },
                "payout_item": item, "time_processed": "2026-11-28T12:00:00Z", "links": [],
            });
            if let Some(name) = stand.error {
                let message = "It says why.";
                of_item["errors"] = json!({ "name": name, "message": message, "debug_id": "1a2b" });
            }
            shown["items"] = json!([of_item]);
        }
        shown
    }
}
