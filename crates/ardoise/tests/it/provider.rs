//! [`Provider`]: a payment provider that is made up. It settles, declines, loses answers, repeats itself and lies, as it is
//! told.

use aws_lc_rs::hmac;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;

/// Signs the provider's messages; the shop has it too.
pub const SECRET: &str = "a secret between the shop and its provider";

/// Whoever pays, as the provider knows them.
pub const PAYER: &str = "ben@provider.example";

/// An order, as the provider keeps it.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// The shop's own key.
    pub key: String,
    pub micros: i64,
    pub currency: String,
    /// The reader said yes: it can be captured.
    pub agreed: bool,
    /// The reader or their bank said no.
    pub declined: bool,
    /// Their bank wants to hear it from the reader.
    pub wants_proof: bool,
    /// How often money moved.
    pub captured: usize,
    /// What the provider says of the amount instead of the truth.
    pub says: Option<(i64, String)>,
    /// What went back of it, or was to.
    pub refunds: Vec<SentBack>,
    /// What becomes of refunds that are asked for from now on.
    pub refunding: Refunding,
    /// What it gives back of its fee with each of them.
    pub gives_back: i64,
    /// Asked under a key for the second time, it takes it for something new, and declines.
    pub forgets_keys: bool,
}

/// A refund, as the provider keeps it.
#[derive(Debug, Clone)]
pub struct SentBack {
    /// The shop's own key; empty where somebody pressed a button on the provider's own page.
    pub key: String,
    pub micros: i64,
    pub stand: Refunding,
    /// What the provider gave back of its fee with it.
    pub fee_back: i64,
}

impl SentBack {
    /// What the provider calls the one at this place of its order.
    fn reference(&self, place: usize) -> String {
        if self.key.is_empty() { format!("PAGE-{place}") } else { format!("BACK-{}", self.key) }
    }
}

/// What becomes of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Refunding {
    #[default]
    Done,
    Pending,
    Declined,
}

/// A dispute, as the provider keeps it.
#[derive(Debug, Clone)]
pub struct Disputed {
    /// Of which order.
    pub order: String,
    /// What it has taken of it.
    pub micros: i64,
    /// What it may take in all.
    pub most: i64,
    /// What it wants for it.
    pub fee: i64,
    pub stand: Disputing,
}

/// How far a dispute has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disputing {
    Open,
    Won,
    Lost,
}

impl Order {
    /// What went back, or is on its way.
    pub fn sent_back(&self) -> i64 {
        let sent = self.refunds.iter().filter(|sent| sent.stand != Refunding::Declined);
        sent.map(|sent| sent.micros).sum()
    }

    /// What it gave back of its fee with what went back, or is on its way.
    pub fn fees_back(&self) -> i64 {
        let sent = self.refunds.iter().filter(|sent| sent.stand == Refunding::Done);
        sent.map(|sent| sent.fee_back).sum()
    }
}

/// Money for an author, as the provider keeps it.
#[derive(Debug, Clone)]
pub struct Paid {
    pub key: String,
    pub micros: i64,
    pub to: String,
    pub stand: Paying,
}

/// What becomes of a payout, and what the provider takes for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paying {
    Done(i64),
    Pending,
    Unclaimed,
    Returned(i64),
}

/// Somebody who is to agree to be charged later.
#[derive(Debug, Clone, Default)]
struct Binding {
    key: String,
    agreed: bool,
}

/// What the provider does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    #[default]
    None,
    /// It does what it is asked, and its answer is lost.
    LosesAnswers,
    /// It does nothing, and says that it is broken.
    Broken,
    /// It does not know the shop's key any more.
    Unauthorised,
    /// It answers what makes no sense.
    Babbles,
}

#[derive(Default)]
struct Books {
    orders: BTreeMap<String, Order>,
    bindings: BTreeMap<String, Binding>,
    fault: Fault,
    asked: Vec<String>,
    /// Mandates that were ended.
    ended: Vec<String>,
    disputes: BTreeMap<String, Disputed>,
    payouts: Vec<Paid>,
    /// What becomes of payouts that are asked for from now on.
    paying: Option<Paying>,
}

type Shared = Arc<Mutex<Books>>;

/// A provider on this machine.
#[derive(Clone)]
pub struct Provider {
    pub url: String,
    books: Shared,
}

impl Provider {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let books = Shared::default();
        let router = Router::new()
            .route("/orders", post(begin).get(find))
            .route("/orders/{reference}", get(show))
            .route("/orders/{reference}/capture", post(capture))
            .route("/orders/{reference}/refunds", post(send_back).get(show_refunds))
            .route("/payouts", post(pay_out))
            .route("/payouts/{reference}", get(show_payout))
            .route("/bindings", post(begin_to_bind))
            .route("/bindings/{reference}", get(show_binding))
            .route("/disputes/{name}", get(show_dispute))
            .route("/mandates/{mandate}/charge", post(charge_mandate))
            .route("/mandates/{mandate}", delete(end_mandate))
            .with_state(books.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, books }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("no panic")
    }

    /// From now on it has this fault.
    pub fn is(&self, fault: Fault) {
        self.books().fault = fault;
    }

    /// Changes an order behind everybody's back.
    pub fn change(&self, reference: &str, change: impl FnOnce(&mut Order)) {
        change(self.books().orders.get_mut(reference).expect("an order"));
    }

    /// Somebody sends so much of an order back on the provider's own page.
    pub fn send_back_at_its_page(&self, reference: &str, micros: i64, stand: Refunding) {
        self.change(reference, |order| {
            let fee_back = order.gives_back;
            order.refunds.push(SentBack { key: String::new(), micros, stand, fee_back });
        });
    }

    /// The reader agrees to be charged later.
    pub fn agree_to_bind(&self, reference: &str) {
        self.books().bindings.get_mut(reference).expect("a binding").agreed = true;
    }

    /// How many times somebody has begun to agree to that.
    pub fn bindings(&self) -> usize {
        self.books().bindings.len()
    }

    /// Changes the order with the shop's key, where there is one.
    pub fn by_key(&self, key: &str, change: impl FnOnce(&mut Order)) {
        let mut books = self.books();
        let found = books.orders.values_mut().find(|order| order.key == key);
        found.map(change).unwrap_or_default();
    }

    /// What it calls its orders.
    pub fn references(&self) -> Vec<String> {
        self.books().orders.keys().cloned().collect()
    }

    pub fn order(&self, reference: &str) -> Order {
        self.books().orders[reference].clone()
    }

    pub fn open_dispute(&self, name: &str, dispute: Disputed) {
        self.books().disputes.insert(name.to_owned(), dispute);
    }

    pub fn change_dispute(&self, name: &str, change: impl FnOnce(&mut Disputed)) {
        change(self.books().disputes.get_mut(name).expect("a dispute"));
    }

    pub fn disputes(&self) -> BTreeMap<String, Disputed> {
        self.books().disputes.clone()
    }

    pub fn orders(&self) -> Vec<Order> {
        self.books().orders.values().cloned().collect()
    }

    /// How often money moved, in all orders.
    pub fn captured(&self) -> usize {
        self.orders().iter().map(|order| order.captured).sum()
    }

    /// The mandates that it was told to forget.
    pub fn ended(&self) -> Vec<String> {
        self.books().ended.clone()
    }

    /// What it has sent to authors, or is to.
    pub fn payouts(&self) -> Vec<Paid> {
        self.books().payouts.clone()
    }

    /// What becomes of payouts: of those that it has, and of those that come.
    pub fn pays(&self, stand: Paying) {
        let mut books = self.books();
        books.paying = Some(stand);
        books.payouts.iter_mut().for_each(|paid| paid.stand = stand);
    }

    /// What becomes of the payouts that come, and of the one at this place.
    pub fn pays_one(&self, place: usize, stand: Paying) {
        let mut books = self.books();
        if let Some(paid) = books.payouts.get_mut(place) {
            paid.stand = stand;
        }
    }

    /// What becomes of payouts that come.
    pub fn will_pay(&self, stand: Paying) {
        self.books().paying = Some(stand);
    }

    /// What it was asked since it was last looked at.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.books().asked)
    }

    /// A message as it sends them: about `reference`, at `seconds`, signed with `secret`.
    pub fn message(reference: &str, seconds: i64, secret: &str) -> (String, String) {
        let body = json!({ "order": reference, "status": "paid", "micros": 1 }).to_string();
        Self::signed(body, seconds, secret)
    }

    /// The same about a payout.
    pub fn payout_message(reference: &str, seconds: i64, secret: &str) -> (String, String) {
        let body = json!({ "payout": reference, "status": "done" }).to_string();
        Self::signed(body, seconds, secret)
    }

    /// A message that money went back of `reference`; what it says of how much is made up.
    pub fn message_of_refund(reference: &str, seconds: i64, secret: &str) -> (String, String) {
        let body = json!({ "order": reference, "status": "sent_back", "micros": 1 }).to_string();
        Self::signed(body, seconds, secret)
    }

    fn signed(body: String, seconds: i64, secret: &str) -> (String, String) {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, format!("{seconds}.{body}").as_bytes());
        let tag: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        (body, format!("t={seconds},v={tag}"))
    }
}

/// Answers what it is told to, unless it has a fault.
fn answer(fault: Fault, body: Value) -> Response {
    match fault {
        Fault::LosesAnswers => {
            let lost = async { Err::<Bytes, _>(std::io::Error::other("lost")) };
            Response::new(Body::from_stream(futures_util::stream::once(lost)))
        }
        Fault::Babbles => "I am fine".into_response(),
        Fault::None | Fault::Broken | Fault::Unauthorised => Json(body).into_response(),
    }
}

fn out_of_order(fault: Fault) -> Option<Response> {
    match fault {
        Fault::Broken => Some(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
        Fault::Unauthorised => Some(StatusCode::UNAUTHORIZED.into_response()),
        Fault::None | Fault::LosesAnswers | Fault::Babbles => None,
    }
}

async fn begin(State(books): State<Shared>, Json(asked): Json<Value>) -> Response {
    let mut books = books.lock().expect("no panic");
    books.asked.push("begin".into());
    if let Some(broken) = out_of_order(books.fault) {
        return broken;
    }
    let reference = open(&mut books, &asked);
    answer(books.fault, json!({ "order": reference }))
}

/// The order with the shop's key; a new one when there is none.
fn open(books: &mut Books, asked: &Value) -> String {
    let key = asked["key"].as_str().expect("a key").to_owned();
    let known = books.orders.iter().find(|(_, order)| order.key == key);
    if let Some((reference, _)) = known {
        return reference.clone();
    }
    let reference = format!("ORDER-{}", books.orders.len() + 1);
    let micros = asked["micros"].as_i64().expect("an amount");
    let currency = asked["currency"].as_str().expect("a currency").to_owned();
    let order = Order { key, micros, currency, ..Order::default() };
    books.orders.insert(reference.clone(), order);
    reference
}

fn shown(order: &Order) -> Value {
    let status = match order {
        Order { captured: 1.., .. } => "paid",
        Order { wants_proof: true, .. } => "proof",
        Order { declined: true, .. } => "declined",
        Order { agreed: true, .. } => "agreed",
        Order { .. } => "open",
    };
    let truth = (order.micros, order.currency.clone());
    let (micros, currency) = order.says.clone().unwrap_or(truth);
    json!({ "status": status, "micros": micros, "currency": currency, "payer": PAYER })
}

/// The order with the shop's key, where there is one.
async fn find(
    State(books): State<Shared>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Response {
    let mut books = books.lock().expect("no panic");
    books.asked.push("find".into());
    if let Some(broken) = out_of_order(books.fault) {
        return broken;
    }
    let found = books.orders.iter().find(|(_, order)| order.key == asked["key"]);
    let body = found.map_or(json!({ "status": "open" }), |(reference, order)| {
        let mut body = shown(order);
        body["order"] = reference.as_str().into();
        body
    });
    answer(books.fault, body)
}

/// Sends money back, once for a key, and never more than came.
async fn send_back(
    State(books): State<Shared>,
    Path(reference): Path<String>,
    Json(asked): Json<Value>,
) -> Response {
    let mut books = books.lock().expect("no panic");
    books.asked.push("refund".into());
    let fault = books.fault;
    if let Some(broken) = out_of_order(fault) {
        return broken;
    }
    let Some(order) = books.orders.get_mut(&reference) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let key = asked["key"].as_str().expect("a key").to_owned();
    let micros = asked["micros"].as_i64().expect("an amount");
    let left = order.micros * i64::try_from(order.captured).expect("small") - order.sent_back();
    let is_known = order.refunds.iter().any(|sent| sent.key == key);
    if is_known && order.forgets_keys {
        let stand = Refunding::Declined;
        return answer(fault, shown_refund(&SentBack { key, micros, stand, fee_back: 0 }, 0));
    }
    if !is_known {
        let stand = if micros > left { Refunding::Declined } else { order.refunding };
        let fee_back = order.gives_back;
        order.refunds.push(SentBack { key: key.clone(), micros, stand, fee_back });
    }
    let place = order.refunds.iter().position(|sent| sent.key == key).expect("it is there");
    answer(fault, shown_refund(&order.refunds[place], place))
}

fn shown_refund(sent: &SentBack, place: usize) -> Value {
    let (status, fee_back) = match sent.stand {
        Refunding::Done => ("done", sent.fee_back),
        Refunding::Pending => ("pending", 0),
        Refunding::Declined => ("declined", 0),
    };
    json!({
        "status": status, "refund": sent.reference(place), "key": sent.key, "micros": sent.micros,
        "fee_back": fee_back,
    })
}

/// Everything that went back of an order, whoever sent it.
async fn show_refunds(State(books): State<Shared>, Path(reference): Path<String>) -> Response {
    let mut books = books.lock().expect("no panic");
    books.asked.push("refunds".into());
    if let Some(broken) = out_of_order(books.fault) {
        return broken;
    }
    let Some(order) = books.orders.get(&reference) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let all = order.refunds.iter().enumerate();
    let all: Vec<Value> = all.map(|(place, sent)| shown_refund(sent, place)).collect();
    answer(books.fault, json!({ "refunds": all }))
}

/// Sends money to an author, once for a key.
async fn pay_out(State(books): State<Shared>, Json(asked): Json<Value>) -> Response {
    let mut books = books.lock().expect("no panic");
    books.asked.push("pay out".into());
    if let Some(broken) = out_of_order(books.fault) {
        return broken;
    }
    let key = asked["key"].as_str().expect("a key").to_owned();
    if books.payouts.iter().all(|paid| paid.key != key) {
        let to = asked["to"].as_str().expect("an address").to_owned();
        assert!(!to.is_empty(), "nobody knows where to");
        let micros = asked["micros"].as_i64().expect("an amount");
        let stand = books.paying.unwrap_or(Paying::Done(0));
        books.payouts.push(Paid { key: key.clone(), micros, to, stand });
    }
    answer(books.fault, shown_payout(&books, &format!("PAID-{key}")))
}

async fn show_payout(State(books): State<Shared>, Path(reference): Path<String>) -> Response {
    let mut books = books.lock().expect("no panic");
    books.asked.push("payout".into());
    if let Some(broken) = out_of_order(books.fault) {
        return broken;
    }
    answer(books.fault, shown_payout(&books, &reference))
}

fn shown_payout(books: &Books, reference: &str) -> Value {
    let found = books.payouts.iter().find(|paid| format!("PAID-{}", paid.key) == reference);
    let (status, fee) = match found.map(|paid| paid.stand) {
        Some(Paying::Done(fee)) => ("done", fee),
        Some(Paying::Pending) => ("pending", 0),
        Some(Paying::Unclaimed) => ("unclaimed", 0),
        Some(Paying::Returned(fee)) => ("returned", fee),
        None => ("unknown", 0),
    };
    json!({ "payout": reference, "status": status, "fee": fee })
}

async fn show_dispute(State(books): State<Shared>, Path(name): Path<String>) -> Response {
    let mut books = books.lock().expect("no panic");
    books.asked.push("dispute".into());
    if let Some(broken) = out_of_order(books.fault) {
        return broken;
    }
    let Some(dispute) = books.disputes.get(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let status = match dispute.stand {
        Disputing::Open => "open",
        Disputing::Won => "won",
        Disputing::Lost => "lost",
    };
    let body = json!({
        "order": dispute.order, "status": status, "micros": dispute.micros, "fee": dispute.fee,
    });
    answer(books.fault, body)
}

async fn end_mandate(State(books): State<Shared>, Path(mandate): Path<String>) -> Response {
    let mut books = books.lock().expect("no panic");
    books.asked.push("unbind".into());
    if let Some(broken) = out_of_order(books.fault) {
        return broken;
    }
    if !books.ended.contains(&mandate) {
        books.ended.push(mandate);
    }
    answer(books.fault, json!({ "status": "ended" }))
}

async fn show(State(books): State<Shared>, Path(reference): Path<String>) -> Response {
    let mut books = books.lock().expect("no panic");
    books.asked.push("look".into());
    if let Some(broken) = out_of_order(books.fault) {
        return broken;
    }
    let Some(order) = books.orders.get(&reference) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    answer(books.fault, shown(order))
}

async fn capture(State(books): State<Shared>, Path(reference): Path<String>) -> Response {
    let mut books = books.lock().expect("no panic");
    books.asked.push("capture".into());
    let fault = books.fault;
    if let Some(broken) = out_of_order(fault) {
        return broken;
    }
    let Some(order) = books.orders.get_mut(&reference) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if order.agreed && order.captured == 0 && !order.declined {
        order.captured = 1;
    }
    answer(fault, shown(order))
}

async fn begin_to_bind(State(books): State<Shared>, Json(asked): Json<Value>) -> Response {
    let mut books = books.lock().expect("no panic");
    books.asked.push("bind".into());
    if let Some(broken) = out_of_order(books.fault) {
        return broken;
    }
    let key = asked["key"].as_str().expect("a key").to_owned();
    let known = books.bindings.iter().find(|(_, binding)| binding.key == key);
    let known = known.map(|(reference, _)| reference.clone());
    let reference = known.unwrap_or_else(|| format!("BINDING-{}", books.bindings.len() + 1));
    let fresh = Binding { key, agreed: false };
    books.bindings.entry(reference.clone()).or_insert(fresh);
    answer(books.fault, json!({ "order": reference }))
}

async fn show_binding(State(books): State<Shared>, Path(reference): Path<String>) -> Response {
    let mut books = books.lock().expect("no panic");
    books.asked.push("bound".into());
    if let Some(broken) = out_of_order(books.fault) {
        return broken;
    }
    let Some(binding) = books.bindings.get(&reference) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let status = if binding.agreed { "bound" } else { "open" };
    answer(books.fault, json!({ "status": status, "mandate": format!("MANDATE-{reference}") }))
}

async fn charge_mandate(
    State(books): State<Shared>,
    Path(mandate): Path<String>,
    Json(asked): Json<Value>,
) -> Response {
    let mut books = books.lock().expect("no panic");
    books.asked.push("mandate".into());
    let fault = books.fault;
    if let Some(broken) = out_of_order(fault) {
        return broken;
    }
    let reference = open(&mut books, &asked);
    let is_over = mandate == "MANDATE-DEAD" || books.ended.contains(&mandate);
    let order = books.orders.get_mut(&reference).expect("it was opened");
    if is_over {
        order.declined = true;
    } else if mandate == "MANDATE-PROOF" {
        order.wants_proof = true;
    } else if order.captured == 0 {
        order.captured = 1;
    }
    let mut body = shown(order);
    body["order"] = reference.into();
    answer(fault, body)
}
