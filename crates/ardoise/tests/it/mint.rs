//! [`Mint`]: a Cashu mint that is made up, as NUT-00 to NUT-12 describe one and Nutshell 0.20 was heard to speak. It signs, remembers,
//! loses answers and lies, as it is told. Its mathematics are its own: nothing of the shop's is used.

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use k256::elliptic_curve::ff::PrimeField as _;
use k256::elliptic_curve::group::GroupEncoding as _;
use k256::elliptic_curve::sec1::ToSec1Point as _;
use k256::{AffinePoint, CompressedPoint, FieldBytes, ProjectivePoint, Scalar};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;

/// Thousandths of a satoshi that it keeps of each piece.
pub const FEE: u64 = 100;
/// Amounts that it signs: powers of two below this one.
const POWERS: u32 = 21;

/// What the mint does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    #[default]
    None,
    /// It does what it is asked, and every answer about pieces is lost.
    LosesAnswers,
    /// It cannot be reached.
    IsAway,
    /// It is asked too often to swap anything.
    IsBusy,
    /// It keeps pieces, and signs with a key that is not its own.
    SignsWrongly,
    /// It signs without a proof of its key.
    ProvesNothing,
    /// It signs the largest piece for half of it.
    SignsForLess,
    /// It signs the largest piece for twice as much.
    SignsForMore,
    /// It swaps, loses its answer, and has forgotten what it signed.
    Forgets,
    /// It cannot tell what it signed before.
    CannotRestore,
}

struct Keyset {
    id: String,
    keys: BTreeMap<u64, Scalar>,
    is_active: bool,
}

#[derive(Default)]
struct Books {
    keysets: Vec<Keyset>,
    spent: BTreeSet<String>,
    pending: BTreeSet<String>,
    signed: BTreeMap<String, Value>,
    swaps: usize,
    issued: u64,
    fault: Fault,
    asked: Vec<String>,
}

/// A mint on this machine.
#[derive(Clone)]
pub struct Mint {
    pub url: String,
    books: Arc<Mutex<Books>>,
}

/// A piece, as wallets have them.
pub type Piece = Value;

impl Mint {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let mint = Self { url, books: Arc::default() };
        mint.books().keysets.push(keyset("first"));
        let router = Router::new()
            .route("/v1/info", get(info))
            .route("/v1/keysets", get(keysets))
            .route("/v1/keys/{id}", get(keys))
            .route("/v1/swap", post(swap))
            .route("/v1/restore", post(restore))
            .route("/v1/checkstate", post(check_state))
            .layer(from_fn_with_state(mint.clone(), answered))
            .with_state(mint.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        mint
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("no panic")
    }

    /// From now on it has this fault.
    pub fn is(&self, fault: Fault) {
        self.books().fault = fault;
    }

    /// How often pieces were swapped.
    pub fn swaps(&self) -> usize {
        self.books().swaps
    }

    /// What it was asked since it was last looked at.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.books().asked)
    }

    /// It does not sign with its keys any more, and has others.
    pub fn changes_keys(&self) {
        let mut books = self.books();
        books.keysets.iter_mut().for_each(|keyset| keyset.is_active = false);
        books.keysets.push(keyset("second"));
    }

    /// Somebody has bought pieces of these amounts.
    pub fn issue(&self, amounts: &[u64]) -> Vec<Piece> {
        let mut books = self.books();
        let make = |amount: &u64| {
            books.issued += 1;
            let secret = hex(&Sha256::digest(format!("a wallet's secret {}", books.issued)));
            let keyset = books.keysets.last().expect("a keyset");
            let signature = to_curve(secret.as_bytes()) * keyset.keys[amount];
            json!({ "amount": amount, "id": keyset.id, "secret": secret, "C": text(&signature) })
        };
        amounts.iter().map(make).collect()
    }

    /// Pieces of a sum, as few as can be.
    pub fn pieces(&self, sum: u64) -> Vec<Piece> {
        let powers = (0..POWERS).map(|power| 1 << power).filter(|amount| sum & amount != 0);
        self.issue(&powers.collect::<Vec<u64>>())
    }

    /// A token of pieces, of this mint and in satoshis.
    pub fn token(&self, pieces: &[Piece]) -> String {
        token_of(&self.url, "sat", pieces)
    }

    /// What a wallet posts to whoever asked for it.
    pub fn payment(&self, id: &str, pieces: &[Piece]) -> String {
        let body =
            json!({ "id": id, "memo": "", "mint": self.url, "unit": "sat", "proofs": pieces });
        body.to_string()
    }

    /// Somebody spends pieces elsewhere; answers whether they could.
    pub fn spend(&self, pieces: &[Piece]) -> bool {
        let mut books = self.books();
        pieces.iter().all(|piece| {
            let is_good = is_good(&books, piece);
            is_good && books.spent.insert(piece["secret"].as_str().expect("a secret").to_owned())
        })
    }

    /// From now on these are being spent, or no more.
    pub fn is_at(&self, pieces: &[Piece], is_at: bool) {
        let secrets = pieces.iter().map(|piece| piece["secret"].as_str().expect("text").to_owned());
        self.books().pending = secrets.filter(|_| is_at).collect();
    }

    /// What pieces are worth that could be spent now.
    pub fn worth(&self, pieces: &[Piece]) -> u64 {
        let books = self.books();
        let fresh = pieces.iter().filter(|piece| {
            is_good(&books, piece) && !books.spent.contains(piece["secret"].as_str().expect("text"))
        });
        fresh.map(|piece| piece["amount"].as_u64().expect("an amount")).sum()
    }
}

/// A token as wallets still write them, which nothing of the shop's has made.
pub fn token_of(mint: &str, unit: &str, pieces: &[Piece]) -> String {
    let token = json!({ "token": [{ "mint": mint, "proofs": pieces }], "unit": unit });
    format!("cashuA{}", URL_SAFE_NO_PAD.encode(token.to_string()))
}

fn keyset(name: &str) -> Keyset {
    let key = |amount: u64| {
        let seed = Sha256::digest(format!("a key of the {name} keyset for {amount}"));
        Option::from(Scalar::from_repr(FieldBytes::from(<[u8; 32]>::from(seed)))).expect("a scalar")
    };
    let keys: BTreeMap<u64, Scalar> =
        (0..POWERS).map(|power| 1 << power).map(|amount| (amount, key(amount))).collect();
    let public = |(amount, key): (&u64, &Scalar)| {
        format!("{amount}:{}", text(&(ProjectivePoint::GENERATOR * key)))
    };
    let all: Vec<String> = keys.iter().map(public).collect();
    let named = format!("{}|unit:sat|input_fee_ppk:{FEE}", all.join(","));
    let id = format!("01{}", hex(&Sha256::digest(named)));
    Keyset { id, keys, is_active: true }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(point: &ProjectivePoint) -> String {
    hex(&point.to_affine().to_bytes())
}

fn point(text: &Value) -> Option<ProjectivePoint> {
    let text = text.as_str()?;
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(byte).collect();
    let bytes: [u8; 33] = bytes?.try_into().ok()?;
    let point: Option<AffinePoint> =
        Option::from(AffinePoint::from_bytes(&CompressedPoint::from(bytes)));
    point.map(ProjectivePoint::from)
}

fn to_curve(secret: &[u8]) -> ProjectivePoint {
    let hash = Sha256::digest([b"Secp256k1_HashToCurve_Cashu_", secret].concat());
    let tried = (0_u32..).find_map(|counter| {
        let x = Sha256::digest([&hash[..], &counter.to_le_bytes()].concat());
        point(&json!(format!("02{}", hex(&x))))
    });
    tried.expect("a point")
}

/// The proof that a signature was made with `key` (NUT-12).
fn proven(key: &Scalar, blinded: &ProjectivePoint, signed: &ProjectivePoint) -> Value {
    let scalar = |bytes: &[u8]| -> Scalar {
        let bytes: [u8; 32] = bytes.try_into().expect("32 bytes");
        Option::from(Scalar::from_repr(FieldBytes::from(bytes))).expect("a scalar")
    };
    let nonce = scalar(&Sha256::digest(format!("{}{}", hex(&key.to_bytes()), text(blinded))));
    let points = [
        ProjectivePoint::GENERATOR * nonce,
        *blinded * nonce,
        ProjectivePoint::GENERATOR * key,
        *signed,
    ];
    let all: String =
        points.iter().map(|point| hex(point.to_affine().to_sec1_point(false).as_bytes())).collect();
    let e = Sha256::digest(all);
    let s = nonce + scalar(&e) * key;
    json!({ "e": hex(&e), "s": hex(&s.to_bytes()) })
}

fn is_good(books: &Books, piece: &Piece) -> bool {
    let keyset = books.keysets.iter().find(|keyset| piece["id"] == keyset.id.as_str());
    let key = keyset.and_then(|keyset| keyset.keys.get(&piece["amount"].as_u64()?));
    let (Some(key), Some(secret)) = (key, piece["secret"].as_str()) else { return false };
    point(&piece["C"]) == Some(to_curve(secret.as_bytes()) * key)
}

/// Stands around every question: notes it, is away, and loses answers.
async fn answered(State(mint): State<Mint>, request: Request, next: Next) -> Response {
    let path = request.uri().path().trim_start_matches("/v1/").to_owned();
    let (name, is_post) = (path.split('/').next().unwrap_or_default(), request.method() == "POST");
    mint.books().asked.push(name.to_owned());
    let fault = mint.books().fault;
    if fault == Fault::IsAway {
        return lost();
    }
    let answer = next.run(request).await;
    let is_lost = match fault {
        Fault::LosesAnswers => is_post,
        Fault::Forgets => name == "swap" && answer.status().is_success(),
        _ => false,
    };
    if is_lost { lost() } else { answer }
}

fn lost() -> Response {
    let lost = async { Err::<Bytes, _>(std::io::Error::other("lost")) };
    Response::new(Body::from_stream(futures_util::stream::once(lost)))
}

fn refused(code: u64, detail: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "detail": detail, "code": code }))).into_response()
}

async fn info(State(mint): State<Mint>) -> Json<Value> {
    let restores = mint.books().fault != Fault::CannotRestore;
    let nuts = json!({
        "7": { "supported": true }, "9": { "supported": restores }, "12": { "supported": true },
    });
    Json(json!({ "name": "a mint", "version": "made up", "nuts": nuts }))
}

async fn keysets(State(mint): State<Mint>) -> Json<Value> {
    let books = mint.books();
    let about = |keyset: &Keyset| {
        json!({
            "id": keyset.id, "unit": "sat", "active": keyset.is_active, "input_fee_ppk": FEE,
        })
    };
    Json(json!({ "keysets": books.keysets.iter().map(about).collect::<Vec<Value>>() }))
}

async fn keys(State(mint): State<Mint>, Path(id): Path<String>) -> Response {
    let books = mint.books();
    let Some(keyset) = books.keysets.iter().find(|keyset| keyset.id == id) else {
        return refused(12_001, "no such keyset");
    };
    let public = |(amount, key): (&u64, &Scalar)| {
        (amount.to_string(), json!(text(&(ProjectivePoint::GENERATOR * key))))
    };
    let keys: serde_json::Map<String, Value> = keyset.keys.iter().map(public).collect();
    Json(json!({ "keysets": [{ "id": id, "unit": "sat", "keys": keys }] })).into_response()
}

fn amounts(of: &Value) -> u64 {
    of.as_array().expect("a list").iter().map(|one| one["amount"].as_u64().expect("whole")).sum()
}

async fn swap(State(mint): State<Mint>, Json(asked): Json<Value>) -> Response {
    let mut books = mint.books();
    if books.fault == Fault::IsBusy {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    }
    let (inputs, outputs) = (asked["inputs"].clone(), asked["outputs"].clone());
    let pieces = inputs.as_array().expect("pieces");
    let secret = |piece: &Value| piece["secret"].as_str().expect("text").to_owned();
    if !pieces.iter().all(|piece| is_good(&books, piece)) {
        return refused(10_001, "proofs could not be verified");
    }
    if pieces.iter().any(|piece| books.spent.contains(&secret(piece))) {
        return refused(11_001, "Token already spent.");
    }
    if pieces.iter().any(|piece| books.pending.contains(&secret(piece))) {
        return refused(11_002, "proofs are pending.");
    }
    let is_active = |id: &Value| books.keysets.iter().any(|set| *id == *set.id && set.is_active);
    let outputs = outputs.as_array().expect("outputs");
    if !outputs.iter().all(|output| is_active(&output["id"])) {
        return refused(12_002, "keyset is inactive");
    }
    let kept = (FEE * pieces.len() as u64).div_ceil(1_000);
    if amounts(&inputs) != amounts(&asked["outputs"]) + kept {
        return refused(11_005, "inputs do not match outputs");
    }
    books.spent.extend(pieces.iter().map(secret));
    books.swaps += 1;
    let most = outputs.iter().map(|output| output["amount"].as_u64()).max().flatten();
    let signatures: Vec<Value> =
        outputs.iter().map(|output| sign(&mut books, output, most)).collect();
    Json(json!({ "signatures": signatures })).into_response()
}

fn sign(books: &mut Books, output: &Value, most: Option<u64>) -> Value {
    let asked = output["amount"].as_u64().expect("an amount");
    let is_largest = Some(asked) == most;
    let amount = match books.fault {
        Fault::SignsForLess if is_largest => asked / 2,
        Fault::SignsForMore if is_largest => asked * 2,
        _ => asked,
    };
    let keyset = books.keysets.iter().find(|keyset| output["id"] == *keyset.id).expect("a keyset");
    let key = keyset.keys[&amount];
    let blinded = point(&output["B_"]).expect("a point");
    let used = if books.fault == Fault::SignsWrongly { key + Scalar::ONE } else { key };
    let signed = blinded * used;
    let mut signature = json!({
        "amount": amount, "id": output["id"], "C_": text(&signed),
        "dleq": proven(&key, &blinded, &signed),
    });
    if books.fault == Fault::ProvesNothing {
        signature["dleq"].take();
    }
    if books.fault != Fault::Forgets {
        let name = output["B_"].as_str().expect("text").to_owned();
        books.signed.insert(name, signature.clone());
    }
    signature
}

async fn restore(State(mint): State<Mint>, Json(asked): Json<Value>) -> Json<Value> {
    let books = mint.books();
    let signature =
        |output: &Value| books.signed.get(output["B_"].as_str().expect("text")).cloned();
    let (mut outputs, mut signatures) = (Vec::new(), Vec::new());
    for output in asked["outputs"].as_array().expect("outputs") {
        if let Some(signature) = signature(output) {
            outputs.push(output.clone());
            signatures.push(signature);
        }
    }
    Json(json!({ "outputs": outputs, "signatures": signatures }))
}

async fn check_state(State(mint): State<Mint>, Json(asked): Json<Value>) -> Json<Value> {
    let books = mint.books();
    let are = |secrets: &BTreeSet<String>, y: &Value| {
        secrets.iter().any(|secret| text(&to_curve(secret.as_bytes())) == *y)
    };
    let state = |y: &Value| {
        let state = match (are(&books.spent, y), are(&books.pending, y)) {
            (true, _) => "SPENT",
            (false, true) => "PENDING",
            (false, false) => "UNSPENT",
        };
        json!({ "Y": y, "state": state, "witness": null })
    };
    let states: Vec<Value> = asked["Ys"].as_array().expect("points").iter().map(state).collect();
    Json(json!({ "states": states }))
}
