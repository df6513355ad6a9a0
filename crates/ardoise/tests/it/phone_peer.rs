//! [`Operator`]: a server of our own that plays a mobile operator, with CAMARA's two descriptions in front of it.

use crate::prism::{Between, Description};
use axum::Router;
use axum::extract::{Json, Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// CAMARA's descriptions, whose servers have the name and version of the interface in their address.
const DESCRIPTIONS: &[Description] = &[
    Description {
        file: "camara-carrier-billing-r3.2.yaml",
        start: "/carrier-billing/v0.5/",
        outside: "/carrier-billing/v0.5",
    },
    Description {
        file: "camara-carrier-billing-refund-r3.2.yaml",
        start: "/carrier-billing-refund/v0.3/",
        outside: "/carrier-billing-refund/v0.3",
    },
];

/// The code of every message.
pub const GOOD_CODE: &str = "352673";
/// Wrong codes that are forgiven.
const TRIES: usize = 2;

/// How a subscriber agrees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Proof {
    /// By a code.
    #[default]
    Code,
    /// On a page of the operator's.
    Page,
    /// Nobody asks them.
    Nothing,
}

/// An operator.
pub struct Operator {
    pub base: String,
    books: Shared,
    between: Between,
}

type Shared = Arc<Mutex<Books>>;

/// What the operator knows.
#[derive(Default)]
struct Books {
    payments: Vec<Payment>,
    refunds: Vec<Refund>,
    proof: Proof,
    /// What is asked is done later: it says `processing` first.
    is_slow: bool,
    /// A key of idempotency that comes again is an error.
    says_exists: bool,
    /// What the next call for a payment or refund is answered with.
    error: Option<(u16, &'static str)>,
    token: usize,
    /// Of every call, its method and path.
    calls: Vec<String>,
    /// How many payments were confirmed, or made in one step.
    charged: usize,
}

struct Payment {
    id: String,
    asked: Value,
    status: &'static str,
    validation: Option<Value>,
    wrong_codes: usize,
    is_expired: bool,
    denies: bool,
    lie: Option<Value>,
}

struct Refund {
    payment: String,
    id: String,
    asked: Value,
    status: &'static str,
}

impl Operator {
    /// One with the descriptions in front of it.
    pub async fn open() -> Self {
        Self::behind(true).await
    }

    /// One to which anything can be said.
    pub async fn unchecked() -> Self {
        Self::behind(false).await
    }

    async fn behind(checked: bool) -> Self {
        let books = Shared::default();
        let between = Between::open(own(books.clone()), DESCRIPTIONS, (checked, "/token")).await;
        Self { base: between.base.clone(), books, between }
    }

    pub const fn is_checked(&self) -> bool {
        self.between.is_checked()
    }

    pub fn violations(&self) -> Vec<String> {
        self.between.violations()
    }

    /// So many answers are lost on their way.
    pub fn lose(&self, answers: usize) {
        self.between.lose_after(0, answers);
    }

    /// The same, after so many that arrive.
    pub fn lose_after(&self, kept: usize, answers: usize) {
        self.between.lose_after(kept, answers);
    }

    pub fn asks_for(&self, proof: Proof) {
        self.with(|books| books.proof = proof);
    }

    /// What is asked is done later.
    pub fn is_slow(&self) {
        self.with(|books| books.is_slow = true);
    }

    /// A key of idempotency that comes again is an error.
    pub fn says_exists(&self) {
        self.with(|books| books.says_exists = true);
    }

    /// The next call for a payment or a refund fails so.
    pub fn fail(&self, status: u16, code: &'static str) {
        self.with(|books| books.error = Some((status, code)));
    }

    /// The token in use holds no longer.
    pub fn withdraw_token(&self) {
        self.with(|books| books.token += 1);
    }

    /// What was slow is done.
    pub fn get_on(&self, charge: &str, status: &'static str) {
        self.payment(charge, |payment| payment.status = status);
    }

    /// The subscriber agrees on the operator's page.
    pub fn agree(&self, charge: &str) {
        self.payment(charge, |payment| {
            if payment.status == "pending_validation" {
                payment.status = "reserved";
            }
        });
    }

    /// The operator will say no.
    pub fn deny(&self, charge: &str) {
        self.payment(charge, |payment| payment.denies = true);
    }

    /// The code that was sent holds no longer.
    pub fn expire(&self, charge: &str) {
        self.payment(charge, |payment| payment.is_expired = true);
    }

    /// The operator discards a payment.
    pub fn forget(&self, charge: &str) {
        self.with(|books| books.payments.retain(|payment| payment.reference() != charge));
    }

    /// A payment says something else than it should.
    pub fn lie(&self, charge: &str, pointer: &str, says: Value) {
        self.payment(charge, |payment| payment.lie = Some(json!([pointer, says])));
    }

    /// Refunds that were slow come to this.
    pub fn refunds_are(&self, status: &'static str) {
        self.with(|books| books.refunds.iter_mut().for_each(|refund| refund.status = status));
    }

    pub fn payments(&self) -> usize {
        self.with(|books| books.payments.len())
    }

    pub fn charged(&self) -> usize {
        self.with(|books| books.charged)
    }

    pub fn refunds(&self) -> Vec<Value> {
        self.with(|books| books.refunds.iter().map(|refund| refund.asked.clone()).collect())
    }

    /// What was asked for a charge.
    pub fn asked(&self, charge: &str) -> Value {
        let mut asked = Value::Null;
        self.payment(charge, |payment| asked = payment.asked.clone());
        asked
    }

    /// How a payment stands.
    pub fn status(&self, charge: &str) -> &'static str {
        let mut status = "";
        self.payment(charge, |payment| status = payment.status);
        status
    }

    /// The calls since this was last asked.
    pub fn calls(&self) -> Vec<String> {
        self.with(|books| std::mem::take(&mut books.calls))
    }

    fn payment(&self, charge: &str, change: impl FnOnce(&mut Payment)) {
        self.with(|books| {
            let payment = books.payments.iter_mut().find(|payment| payment.reference() == charge);
            change(payment.expect("a payment of this charge"));
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut Books) -> T) -> T {
        work(&mut self.books.lock().expect("no panic"))
    }
}

/// The operator itself.
fn own(books: Shared) -> Router {
    Router::new()
        .route("/token", post(grant))
        .route("/payments", post(pay).get(list))
        .route("/payments/prepare", post(prepare))
        .route("/payments/{id}", get(show))
        .route("/payments/{id}/validate", post(validate))
        .route("/payments/{id}/confirm", post(confirm))
        .route("/payments/{id}/cancel", post(cancel))
        .route("/payments/{id}/refunds", post(give_back).get(list_refunds))
        .layer(axum::middleware::from_fn_with_state(books.clone(), may))
        .with_state(books)
}

/// Notes the call, and lets nobody in without the token.
async fn may(
    State(books): State<Shared>,
    headers: HeaderMap,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let is_let_in = {
        let mut books = books.lock().expect("no panic");
        books.calls.push(format!("{method} {path}"));
        let shown = headers.get("authorization").and_then(|value| value.to_str().ok());
        path == "/token" || shown == Some(&format!("Bearer token-{}", books.token))
    };
    if is_let_in { next.run(request).await } else { error(401, "UNAUTHENTICATED") }
}

fn told(status: u16, body: Value) -> Response {
    (StatusCode::from_u16(status).expect("a status"), Json(body)).into_response()
}

fn error(status: u16, code: &str) -> Response {
    told(status, json!({ "status": status, "code": code, "message": "It cannot be done." }))
}

fn nothing(status: u16) -> Response {
    StatusCode::from_u16(status).expect("a status").into_response()
}

impl Payment {
    fn reference(&self) -> &str {
        self.asked["amountTransaction"]["referenceCode"].as_str().expect("a reference")
    }

    /// As it is shown: first with how the subscriber agrees, later without.
    fn shown(&self, is_first: bool) -> Value {
        let mut shown = json!({
            "paymentId": self.id, "paymentStatus": self.status,
            "amountTransaction": self.asked["amountTransaction"],
            "paymentCreationDate": "2026-11-28T12:00:00Z",
        });
        if let Some(how) = self.validation.as_ref().filter(|_| is_first) {
            shown["validationInfo"] = how.clone();
        }
        if let Some(lie) = &self.lie {
            let place = shown.pointer_mut(lie[0].as_str().expect("a pointer"));
            *place.expect("it is there") = lie[1].clone();
        }
        shown
    }
}

impl Books {
    fn find(&mut self, id: &str) -> Option<&mut Payment> {
        self.payments.iter_mut().find(|payment| payment.id == id)
    }

    /// The payment that is asked for, or the one that was made for the same key.
    fn make(&mut self, asked: Value, in_one_step: bool) -> Response {
        if let Some((status, code)) = self.error.take() {
            return error(status, code);
        }
        let key = asked["amountTransaction"]["clientCorrelator"].clone();
        let same = |known: &&Payment| known.asked["amountTransaction"]["clientCorrelator"] == key;
        if let Some(known) = self.payments.iter().find(same) {
            let exists = self.says_exists;
            return if exists {
                error(409, "ALREADY_EXISTS")
            } else {
                told(201, known.shown(true))
            };
        }
        let id = format!("PAY{:06}", self.payments.len() + 1);
        let validation = match self.proof {
            Proof::Code => {
                Some(json!({ "action": "validate", "authorizationId": format!("AUTH-{id}") }))
            }
            Proof::Page => {
                let url = format!("https://operator.example/agree/{id}");
                Some(json!({ "action": "open", "validationURL": url }))
            }
            Proof::Nothing => None,
        };
        let validation = validation.filter(|_| !in_one_step);
        let status = match (&validation, self.is_slow, in_one_step) {
            (_, true, _) => "processing",
            (Some(_), false, _) => "pending_validation",
            (None, false, true) => "succeeded",
            (None, false, false) => "reserved",
        };
        self.charged += usize::from(in_one_step);
        self.payments.push(Payment {
            id,
            asked,
            status,
            validation,
            wrong_codes: 0,
            is_expired: false,
            denies: false,
            lie: None,
        });
        told(201, self.payments.last().expect("the new one").shown(true))
    }
}

async fn grant(State(books): State<Shared>, headers: HeaderMap, body: String) -> Response {
    let pair = base64::engine::general_purpose::STANDARD.encode("shop:hush");
    let shown = headers.get("authorization").and_then(|value| value.to_str().ok());
    let is_fit = body.contains("client%5Fcredentials") && body.contains("carrier%2Dbilling");
    if shown != Some(&format!("Basic {pair}")) || !is_fit {
        return told(401, json!({ "error": "invalid_client" }));
    }
    let token = format!("token-{}", books.lock().expect("no panic").token);
    told(200, json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3_600 }))
}

async fn pay(State(books): State<Shared>, Json(asked): Json<Value>) -> Response {
    books.lock().expect("no panic").make(asked, true)
}

async fn prepare(State(books): State<Shared>, Json(asked): Json<Value>) -> Response {
    books.lock().expect("no panic").make(asked, false)
}

/// The part of a list that is asked for.
fn page(all: &[Value], query: &BTreeMap<String, String>) -> Value {
    let number = |name: &str| query[name].parse::<usize>().expect("a number");
    let (page, size) = (number("page"), number("perPage"));
    all.iter().skip((page - 1) * size).take(size).cloned().collect()
}

async fn list(
    State(books): State<Shared>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let books = books.lock().expect("no panic");
    let shown: Vec<Value> = books.payments.iter().map(|payment| payment.shown(false)).collect();
    told(200, page(&shown, &query))
}

async fn show(State(books): State<Shared>, Path(id): Path<String>) -> Response {
    match books.lock().expect("no panic").find(&id) {
        Some(payment) => told(200, payment.shown(false)),
        None => error(404, "NOT_FOUND"),
    }
}

async fn validate(
    State(books): State<Shared>,
    Path(id): Path<String>,
    Json(asked): Json<Value>,
) -> Response {
    let mut books = books.lock().expect("no panic");
    let Some(payment) = books.find(&id) else { return error(404, "NOT_FOUND") };
    let is_open = payment.validation.as_ref().is_some_and(|how| {
        !payment.is_expired && how["authorizationId"] == asked["authorizationId"]
    });
    if !is_open {
        return error(400, "CARRIER_BILLING.INVALID_AUTHORIZATION_ID");
    }
    if payment.status != "pending_validation" {
        return error(409, "ALREADY_EXISTS");
    }
    if asked["code"] == GOOD_CODE {
        payment.status = "reserved";
        return nothing(204);
    }
    payment.wrong_codes += 1;
    if payment.wrong_codes <= TRIES {
        return error(400, "CARRIER_BILLING.INVALID_CODE");
    }
    payment.status = "denied";
    error(400, "CARRIER_BILLING.VALIDATION_FAILED")
}

async fn confirm(
    State(books): State<Shared>,
    Path(id): Path<String>,
    Json(asked): Json<Value>,
) -> Response {
    let mut books = books.lock().expect("no panic");
    let Some(payment) = books.find(&id) else { return error(404, "NOT_FOUND") };
    if asked["phoneNumber"] != payment.asked["amountTransaction"]["phoneNumber"] {
        return error(404, "IDENTIFIER_NOT_FOUND");
    }
    match payment.status {
        "reserved" if payment.denies => {
            payment.status = "denied";
            error(403, "CARRIER_BILLING.PAYMENT_DENIED")
        }
        "reserved" => {
            payment.status = "succeeded";
            books.charged += 1;
            nothing(202)
        }
        "cancelled" => error(409, "CARRIER_BILLING.PAYMENT_CANCELLED"),
        _ => error(409, "CARRIER_BILLING.PAYMENT_CONFIRMED"),
    }
}

async fn cancel(
    State(books): State<Shared>,
    Path(id): Path<String>,
    Json(asked): Json<Value>,
) -> Response {
    let mut books = books.lock().expect("no panic");
    let Some(payment) = books.find(&id) else { return error(404, "NOT_FOUND") };
    if asked["phoneNumber"] != payment.asked["amountTransaction"]["phoneNumber"] {
        return error(404, "IDENTIFIER_NOT_FOUND");
    }
    match payment.status {
        "succeeded" => error(409, "CARRIER_BILLING.PAYMENT_CONFIRMED"),
        "cancelled" => error(409, "CARRIER_BILLING.PAYMENT_CANCELLED"),
        _ => {
            payment.status = "cancelled";
            nothing(202)
        }
    }
}

impl Refund {
    fn shown(&self) -> Value {
        json!({
            "refundId": self.id, "refundStatus": self.status, "type": self.asked["type"],
            "refundCreationDate": "2026-11-28T12:00:00Z",
            "amountTransaction": self.asked["amountTransaction"],
        })
    }
}

/// Thousandths of an amount, which the description writes as a number.
fn thousandths(amount: &Value) -> u64 {
    let text = amount.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{part:0<3}").parse().expect("an amount")
}

async fn give_back(
    State(books): State<Shared>,
    Path(id): Path<String>,
    Json(asked): Json<Value>,
) -> Response {
    const AMOUNT: &str = "/amountTransaction/paymentAmount/chargingInformation/amount";
    const BACK: &str = "/amountTransaction/refundAmount/chargingInformation/amount";
    let mut books = books.lock().expect("no panic");
    if let Some((status, code)) = books.error.take() {
        return error(status, code);
    }
    let paid = match books.find(&id) {
        Some(payment) => thousandths(payment.asked.pointer(AMOUNT).expect("an amount")),
        None => return error(404, "NOT_FOUND"),
    };
    let key = &asked["amountTransaction"]["clientCorrelator"];
    let same = |known: &&Refund| known.asked["amountTransaction"]["clientCorrelator"] == *key;
    if books.refunds.iter().any(|known| same(&known)) {
        return error(409, "ALREADY_EXISTS");
    }
    let back = |asked: &Value| asked.pointer(BACK).map_or(paid, thousandths);
    let before: u64 = books.refunds.iter().map(|refund| back(&refund.asked)).sum();
    if before + back(&asked) > paid {
        return error(422, "CARRIER_BILLING_REFUND.UNAUTHORIZED_AMOUNT");
    }
    let id_of_refund = format!("BACK{:06}", books.refunds.len() + 1);
    let status = if books.is_slow { "processing" } else { "succeeded" };
    let refund = Refund { payment: id, id: id_of_refund, asked, status };
    let shown = refund.shown();
    books.refunds.push(refund);
    told(201, shown)
}

async fn list_refunds(
    State(books): State<Shared>,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let books = books.lock().expect("no panic");
    let of = books.refunds.iter().filter(|refund| refund.payment == id);
    let shown: Vec<Value> = of.map(Refund::shown).collect();
    told(200, page(&shown, &query))
}
