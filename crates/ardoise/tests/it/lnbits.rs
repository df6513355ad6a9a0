//! [`Lnbits`]: a Lightning wallet that is made up and speaks the part of LNbits' API that the shop uses, as LNbits 1.6.2 was
//! heard to speak it. It pays, loses answers, lies, and tells twice, as it is told.

use ardoise::clock::Clock;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;

/// The key that can ask for money.
pub const INVOICE_KEY: &str = "key-that-asks";
/// The key that can send it.
pub const ADMIN_KEY: &str = "key-that-sends";
/// What it says a bitcoin costs.
pub const PRICE: &str = "50000.0000000001";
/// The digits of an invoice, in their order (BIP 173).
const DIGITS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// An invoice, as the wallet keeps it.
#[derive(Debug, Clone)]
pub struct Kept {
    pub hash: String,
    pub text: String,
    pub asked: Value,
    pub paid: bool,
    /// What it says came, in thousandths of a satoshi, instead of the truth.
    pub says: Option<u64>,
}

impl Kept {
    /// What it is of, as whoever asked for it said.
    pub fn charge(&self) -> &str {
        self.asked["external_id"].as_str().expect("an id")
    }

    pub fn sats(&self) -> u64 {
        self.asked["amount"].as_u64().expect("whole satoshis")
    }

    fn shown(&self) -> Value {
        json!({
            "checking_id": self.hash, "payment_hash": self.hash, "wallet_id": "w", "fee": 0,
            "amount": self.says.unwrap_or(self.sats() * 1_000),
            "bolt11": self.text, "payment_request": self.text,
            "status": if self.paid { "success" } else { "pending" }, "memo": self.asked["memo"],
            "preimage": "0".repeat(64), "extra": self.asked["extra"],
            "external_id": self.asked["external_id"], "webhook": self.asked["webhook"],
        })
    }
}

/// What the wallet does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    #[default]
    None,
    /// It makes invoices, and every answer about one that is made is lost.
    LosesAnswers,
    /// Every answer is lost.
    LosesAll,
    /// Invoices ask for a satoshi more than was ordered.
    AsksForMore,
    /// Invoices are of a network for tests.
    OfTests,
    /// Invoices live for an hour, whatever is ordered.
    LivesLong,
    /// It refuses to make invoices.
    Refuses,
    /// Its rules do not let it call the shop.
    CallsNobody,
    /// It has forgotten every invoice.
    Forgets,
    /// It does not know how to look for an invoice: it answers with none.
    FindsNothing,
    /// It does not know what a bitcoin costs.
    HasNoPrice,
}

#[derive(Default)]
struct Books {
    kept: Vec<Kept>,
    fault: Fault,
    asked: Vec<String>,
}

/// A wallet on this machine.
#[derive(Clone)]
pub struct Lnbits {
    pub url: String,
    clock: Clock,
    books: Arc<Mutex<Books>>,
}

impl Lnbits {
    pub async fn open(clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let wallet = Self { url, clock, books: Arc::default() };
        let router = Router::new()
            .route("/api/v1/wallet", get(wallet_shown))
            .route("/api/v1/rate/{currency}", get(rate))
            .route("/api/v1/payments", get(find).post(make))
            .route("/api/v1/payments/{hash}", get(look))
            .layer(from_fn_with_state(wallet.clone(), answered))
            .with_state(wallet.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        wallet
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("no panic")
    }

    /// From now on it has this fault.
    pub fn is(&self, fault: Fault) {
        self.books().fault = fault;
    }

    pub fn invoices(&self) -> Vec<Kept> {
        self.books().kept.clone()
    }

    /// What it was asked since it was last looked at.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.books().asked)
    }

    /// Changes every invoice of a charge behind everybody's back.
    pub fn change(&self, charge: &str, change: impl Fn(&mut Kept)) {
        self.books().kept.iter_mut().filter(|kept| kept.charge() == charge).for_each(change);
    }

    /// Somebody pays the invoices of a charge.
    pub fn pay(&self, charge: &str) {
        self.change(charge, |kept| kept.paid = true);
    }

    /// What it posts to the shop about a charge: as LNbits 1.6 does it, JSON within a JSON text.
    pub fn message(&self, charge: &str) -> String {
        let books = self.books();
        let kept = books.kept.iter().find(|kept| kept.charge() == charge).expect("an invoice");
        json!(kept.shown().to_string()).to_string()
    }

    /// Makes another invoice for what was asked once, as if another process had asked too.
    pub fn make_again(&self, charge: &str) {
        let asked = self
            .invoices()
            .iter()
            .find(|kept| kept.charge() == charge)
            .map(|kept| kept.asked.clone());
        self.make(asked.expect("an invoice"));
    }

    fn make(&self, asked: Value) -> Value {
        let mut books = self.books();
        let hash: [u8; 32] = Sha256::digest(books.kept.len().to_be_bytes()).into();
        let text = self.write(&asked, &hash, books.fault);
        let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let kept = Kept { hash, text, asked, paid: false, says: None };
        let shown = kept.shown();
        books.kept.push(kept);
        shown
    }

    /// Writes an invoice (BOLT 11), with a signature of noughts.
    fn write(&self, asked: &Value, hash: &[u8; 32], fault: Fault) -> String {
        let sats = asked["amount"].as_u64().expect("whole satoshis");
        let sats = if fault == Fault::AsksForMore { sats + 1 } else { sats };
        let life = asked["expiry"].as_u64().expect("seconds");
        let life = if fault == Fault::LivesLong { 3_600 } else { life };
        let network = if fault == Fault::OfTests { "tb" } else { "bc" };
        let name = format!("ln{network}{sats}0n");
        let seconds = u64::try_from(self.clock.now().micros() / 1_000_000).expect("after 1970");
        let mut digits = number(seconds, 7);
        digits.extend([6, 0, 3].into_iter().chain(number(life, 3)));
        digits.extend([1, 1, 20].into_iter().chain(of_bytes(hash)));
        digits.extend([0; 104]);
        digits.extend(checksum(&name, &digits));
        let written: String =
            digits.iter().map(|&at| char::from(DIGITS[usize::from(at)])).collect();
        format!("{name}1{written}")
    }
}

fn number(value: u64, length: u32) -> Vec<u8> {
    (0..length)
        .rev()
        .map(|place| u8::try_from(value >> (5 * place) & 31).expect("a digit"))
        .collect()
}

fn of_bytes(bytes: &[u8]) -> Vec<u8> {
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let fives = bits.as_bytes().chunks(5).map(|five| String::from_utf8_lossy(five).into_owned());
    fives.map(|five| u8::from_str_radix(&format!("{five:0<5}"), 2).expect("a digit")).collect()
}

/// The checksum of BIP 173, as that page describes it.
fn checksum(name: &str, digits: &[u8]) -> Vec<u8> {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let mut all: Vec<u8> = name.bytes().map(|byte| byte >> 5).collect();
    all.push(0);
    all.extend(name.bytes().map(|byte| byte & 31));
    all.extend(digits);
    all.extend([0; 6]);
    let mut sum = 1_u32;
    for digit in all {
        let top = sum >> 25;
        sum = (sum & 0x01ff_ffff) << 5 ^ u32::from(digit);
        for (bit, generator) in GENERATOR.iter().enumerate() {
            if top >> bit & 1 == 1 {
                sum ^= generator;
            }
        }
    }
    number(u64::from(sum ^ 1), 6)
}

/// Stands around every question: notes it, asks for a key, and loses answers.
async fn answered(State(wallet): State<Lnbits>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let path = path.trim_start_matches("/api/v1/").to_owned();
    wallet.books().asked.push(format!("{method} {}", path.split('/').next().unwrap_or_default()));
    let key = request.headers().get("x-api-key").map(|key| key.as_bytes().to_owned());
    match key.as_deref() {
        None => return (StatusCode::UNAUTHORIZED, "{}").into_response(),
        Some(key) if key == INVOICE_KEY.as_bytes() || key == ADMIN_KEY.as_bytes() => {}
        Some(_) => return gone("Wallet not found."),
    }
    let answer = next.run(request).await;
    let books = wallet.books();
    let has_some = !books.kept.is_empty();
    match books.fault {
        Fault::LosesAll => lost(),
        Fault::LosesAnswers if path.starts_with("payments") && has_some => lost(),
        _ => answer,
    }
}

fn lost() -> Response {
    let lost = async { Err::<Bytes, _>(std::io::Error::other("lost")) };
    Response::new(Body::from_stream(futures_util::stream::once(lost)))
}

fn gone(detail: &str) -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "detail": detail }))).into_response()
}

async fn wallet_shown(headers: HeaderMap) -> Json<Value> {
    let mut shown = json!({ "name": "shop", "balance": 0 });
    if headers["x-api-key"] == ADMIN_KEY {
        shown["id"] = json!("w");
    }
    Json(shown)
}

async fn rate(State(wallet): State<Lnbits>) -> Response {
    let has_none = wallet.books().fault == Fault::HasNoPrice;
    let price = if has_none { "0.0" } else { PRICE };
    format!(r#"{{"rate": 2000.0, "price": {price}}}"#).into_response()
}

async fn make(State(wallet): State<Lnbits>, Json(asked): Json<Value>) -> Response {
    assert_eq!((&asked["out"], &asked["unit"]), (&json!(false), &json!("sat")));
    if wallet.books().fault == Fault::Refuses {
        let body = json!({ "detail": "Invoice amount is too high.", "status": "failed" });
        return (StatusCode::from_u16(520).expect("a status"), Json(body)).into_response();
    }
    if wallet.books().fault == Fault::CallsNobody && !asked["webhook"].is_null() {
        let body = json!({ "detail": "Callback URL origin is not allowed." });
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    }
    (StatusCode::CREATED, Json(wallet.make(asked))).into_response()
}

async fn find(
    State(wallet): State<Lnbits>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Json<Value> {
    let books = wallet.books();
    let is_blind = matches!(books.fault, Fault::FindsNothing | Fault::Forgets);
    let found = books.kept.iter().filter(|kept| !is_blind && kept.charge() == query["external_id"]);
    Json(found.rev().map(Kept::shown).collect())
}

async fn look(State(wallet): State<Lnbits>, Path(hash): Path<String>) -> Response {
    let books = wallet.books();
    let found = books.kept.iter().find(|kept| kept.hash == hash);
    match found.filter(|_| books.fault != Fault::Forgets) {
        None => gone("Payment does not exist."),
        Some(kept) => Json(json!({
            "paid": kept.paid, "preimage": "0".repeat(64), "details": kept.shown(),
        }))
        .into_response(),
    }
}
