//! The few questions that are put to a mint, in the words of its API (NUT-01 to NUT-03, 06, 07, 09).

use super::super::port::RailError;
use super::super::wire::{Call, Reply, Wire};
use super::keysets::{About, Keys, Keysets, is_id};
use super::token::Proof;
use crate::clock::Clock;
use ledger::Timestamp;
use ledger::time::MICROS_PER_SECOND;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Seconds for which what a mint says about its keysets is not asked for again.
const FRESH_SECONDS: i64 = 60;
/// What a mint has to know besides what every one does: telling the state of a piece, signatures again, and their proof.
const NEEDED: [&str; 3] = ["7", "9", "12"];

/// A blinded secret that the mint is to sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blinded {
    /// What for.
    pub amount: u64,
    /// With which keyset.
    pub id: String,
    /// The point.
    #[serde(rename = "B_")]
    pub point: String,
}

/// What the mint has signed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Signed {
    /// What for.
    pub amount: u64,
    /// With which keyset.
    pub id: String,
    /// The signature of the blinded point.
    #[serde(rename = "C_")]
    pub point: String,
    /// Its proof (NUT-12).
    #[serde(default)]
    pub dleq: Option<Dleq>,
}

/// The two numbers of such a proof.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Dleq {
    /// The challenge.
    pub e: String,
    /// The answer to it.
    pub s: String,
}

/// What a mint says to a swap.
#[derive(Debug, PartialEq, Eq)]
pub enum Swapped {
    /// It has taken the pieces, and signed so much.
    Signed(Vec<Signed>),
    /// It has taken nothing now, and says why: a code of NUT-00, or nothing that is one.
    Refused(Option<u64>),
}

/// What became of pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// None is spent.
    Not,
    /// One is, at least.
    Yes,
    /// The mint is at it.
    Pending,
}

/// A mint.
pub struct Mint {
    /// Its address, without a slash at the end: tokens name it so.
    pub url: String,
    wire: Wire,
    clock: Clock,
    last: Mutex<Option<(Timestamp, Arc<Keysets>)>>,
    /// Never anything else under the same id, so that they are kept for good.
    keys: Mutex<BTreeMap<String, Arc<Keys>>>,
}

impl Mint {
    /// The mint at `url`.
    pub fn new(url: String, wire: Wire, clock: Clock) -> Self {
        Self { url, wire, clock, last: Mutex::default(), keys: Mutex::default() }
    }

    /// Makes sure that the mint can do all that the shop needs of it.
    ///
    /// # Errors
    /// [`RailError::Refused`] where it cannot.
    pub async fn check(&self) -> Result<(), RailError> {
        let about = passed(self.wire.ask(Call::get(&self.at("/v1/info"))).await?)?;
        let lacks = NEEDED.iter().find(|nut| about["nuts"][**nut]["supported"] != true);
        match lacks {
            None => Ok(()),
            Some(nut) => Err(RailError::Refused(format!("the mint does not know NUT-{nut:0>2}"))),
        }
    }

    /// Its keysets, as it told them a moment ago or tells them now.
    ///
    /// # Errors
    /// [`RailError`].
    pub async fn keysets(&self) -> Result<Arc<Keysets>, RailError> {
        let now = self.clock.now();
        if let Some(fresh) = self.last(now) {
            return Ok(fresh);
        }
        let said = passed(self.wire.ask(Call::get(&self.at("/v1/keysets"))).await?)?;
        let all: Vec<About> = read(said["keysets"].clone())?;
        let keysets = Arc::new(Keysets::of(all)?);
        if let Ok(mut last) = self.last.lock() {
            *last = Some((now, keysets.clone()));
        }
        Ok(keysets)
    }

    fn last(&self, now: Timestamp) -> Option<Arc<Keysets>> {
        let (at, keysets) = self.last.lock().ok()?.clone()?;
        (0..FRESH_SECONDS * MICROS_PER_SECOND).contains(&now.micros_since(at)).then_some(keysets)
    }

    /// What it said of its keysets does not hold any more.
    pub fn forget_keysets(&self) {
        if let Ok(mut last) = self.last.lock() {
            *last = None;
        }
    }

    /// The keys of a keyset.
    ///
    /// # Errors
    /// [`RailError`].
    pub async fn keys(&self, about: &About) -> Result<Arc<Keys>, RailError> {
        let known = self.keys.lock().ok().and_then(|keys| keys.get(&about.id).cloned());
        if let Some(known) = known {
            return Ok(known);
        }
        if !is_id(&about.id) {
            return Err(RailError::Nonsense("the id of a keyset".into()));
        }
        let call = Call::get(&self.at(&format!("/v1/keys/{}", about.id)));
        let said = passed(self.wire.ask(call).await?)?;
        let all: Vec<Told> = read(said["keysets"].clone())?;
        let told = all.into_iter().find(|told| told.id == about.id);
        let told = told.ok_or_else(|| RailError::Nonsense("keys of another keyset".into()))?;
        let keys = Arc::new(Keys::of(about, &told.keys)?);
        if let Ok(mut known) = self.keys.lock() {
            known.insert(about.id.clone(), keys.clone());
        }
        Ok(keys)
    }

    /// Gives pieces for others. Twice is once: the same pieces are taken one time only.
    ///
    /// # Errors
    /// [`RailError`].
    pub async fn swap(&self, inputs: &[Proof], outputs: &[Blinded]) -> Result<Swapped, RailError> {
        let body = json!({ "inputs": inputs, "outputs": outputs });
        let reply = self.post("/v1/swap", &body).await?;
        if reply.status.is_success() {
            return Ok(Swapped::Signed(read(reply.json()?["signatures"].clone())?));
        }
        match reply.status.as_u16() {
            400 | 422 => Ok(Swapped::Refused(reply.json()?["code"].as_u64())),
            status => Err(failed(status)),
        }
    }

    /// What the mint has signed of these before, with what it signed.
    ///
    /// # Errors
    /// [`RailError`].
    pub async fn signed(&self, outputs: &[Blinded]) -> Result<Vec<(Blinded, Signed)>, RailError> {
        let body = json!({ "outputs": outputs });
        let said = passed(self.post("/v1/restore", &body).await?)?;
        let found: Vec<Blinded> = read(said["outputs"].clone())?;
        let signed: Vec<Signed> = read(said["signatures"].clone())?;
        if found.len() != signed.len() {
            return Err(RailError::Nonsense("signatures without what they are of".into()));
        }
        Ok(found.into_iter().zip(signed).collect())
    }

    /// Whether pieces are spent.
    ///
    /// # Errors
    /// [`RailError`].
    pub async fn spent(&self, proofs: &[Proof]) -> Result<Spent, RailError> {
        let points = proofs.iter().filter_map(Proof::point).map(|point| point.hex());
        let points: Vec<String> = points.collect();
        let said = passed(self.post("/v1/checkstate", &json!({ "Ys": points })).await?)?;
        let states: Vec<State> = read(said["states"].clone())?;
        let told: Vec<&str> = points
            .iter()
            .filter_map(|point| states.iter().find(|state| state.point == *point))
            .map(|state| state.state.as_str())
            .collect();
        let all = |wanted: &str| told.iter().all(|state| *state == wanted);
        match told.len() == proofs.len() {
            true if told.contains(&"SPENT") => Ok(Spent::Yes),
            true if told.contains(&"PENDING") => Ok(Spent::Pending),
            true if all("UNSPENT") => Ok(Spent::Not),
            _ => Err(RailError::Nonsense("pieces that are neither spent nor not".into())),
        }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Reply, RailError> {
        Ok(self.wire.ask(Call::post(&self.at(path)).json(body).repeatable()).await?)
    }
}

#[derive(Deserialize)]
struct Told {
    id: String,
    keys: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct State {
    #[serde(rename = "Y")]
    point: String,
    state: String,
}

fn passed(reply: Reply) -> Result<Value, RailError> {
    if reply.status.is_success() { reply.json() } else { Err(failed(reply.status.as_u16())) }
}

/// A status that says nothing about pieces.
fn failed(status: u16) -> RailError {
    let said = format!("the mint says {status}");
    match status {
        429 => RailError::NotReached("the mint is asked too often".into()),
        ..500 => RailError::Refused(said),
        _ => RailError::Lost(said),
    }
}

fn read<T: serde::de::DeserializeOwned>(said: Value) -> Result<T, RailError> {
    serde_json::from_value(said).map_err(|_| RailError::Nonsense("not what a mint says".into()))
}
