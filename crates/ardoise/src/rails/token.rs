//! The token by which a provider knows the shop (OAuth 2.0, RFC 6749 §4.4): fetched when it is needed, kept for most of its
//! life.

use super::port::RailError;
use super::secret::Secret;
use super::wire::{Call, Reply, Wire};
use crate::clock::Clock;
use http::StatusCode;
use ledger::Timestamp;
use ledger::time::MICROS_PER_SECOND;
use serde::Deserialize;
use tokio::sync::Mutex;

/// Seconds before its end at which a token is replaced.
const MARGIN_SECONDS: i64 = 60;
/// The longest life that is believed, in seconds: a day.
const LIFE_MOST_SECONDS: i64 = 24 * 3_600;

/// Where a token comes from, and who asks for it.
#[derive(Debug, Clone)]
pub struct Source {
    /// The address of tokens.
    pub url: String,
    /// The shop's name at the provider.
    pub client_id: String,
    /// The shop's key.
    pub secret: Secret,
    /// What the token has to allow, with spaces between; empty where the provider knows.
    pub scope: String,
}

/// The token, once there is one. While it is fetched whoever needs it waits: one call is enough.
pub struct Token {
    source: Source,
    clock: Clock,
    held: Mutex<Option<Held>>,
}

struct Held {
    token: String,
    from: Timestamp,
    /// For how many microseconds from then on it is used.
    life: i64,
}

impl Held {
    fn is_good(&self, now: Timestamp) -> bool {
        (0..self.life).contains(&now.micros_since(self.from))
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: i64,
}

impl Token {
    /// None yet; its life is counted by `clock`.
    pub fn new(source: Source, clock: Clock) -> Self {
        Self { source, clock, held: Mutex::default() }
    }

    /// Makes a call with the token. One that was withdrawn before its time is replaced once.
    ///
    /// # Errors
    /// Those of [`Token::get`], or of the way to the provider.
    pub async fn ask(&self, wire: &Wire, call: impl Fn() -> Call) -> Result<Reply, RailError> {
        let token = self.get(wire).await?;
        let reply = wire.ask(call().bearer(&token)).await?;
        if reply.status != StatusCode::UNAUTHORIZED {
            return Ok(reply);
        }
        self.forget(&token).await;
        let token = self.get(wire).await?;
        Ok(wire.ask(call().bearer(&token)).await?)
    }

    /// The token.
    ///
    /// # Errors
    /// [`RailError::Refused`] for keys that the provider does not know; whatever happened on the way.
    pub async fn get(&self, wire: &Wire) -> Result<String, RailError> {
        let mut held = self.held.lock().await;
        let now = self.clock.now();
        if let Some(held) = held.as_ref().filter(|held| held.is_good(now)) {
            return Ok(held.token.clone());
        }
        let granted = fetch(&self.source, wire).await?;
        let seconds = granted.expires_in.clamp(0, LIFE_MOST_SECONDS) - MARGIN_SECONDS;
        let token = granted.access_token;
        *held = Some(Held { token: token.clone(), from: now, life: seconds * MICROS_PER_SECOND });
        Ok(token)
    }

    /// Forgets this token; one that was fetched since stays.
    async fn forget(&self, token: &str) {
        let mut held = self.held.lock().await;
        if held.as_ref().is_some_and(|held| held.token == token) {
            *held = None;
        }
    }
}

async fn fetch(source: &Source, wire: &Wire) -> Result<Granted, RailError> {
    let mut form = vec![("grant_type", "client_credentials")];
    if !source.scope.is_empty() {
        form.push(("scope", &source.scope));
    }
    let call =
        Call::post(&source.url).basic(&source.client_id, &source.secret).form(form).repeatable();
    // Without a token nothing else is asked: whatever happens here, no money moved.
    let reply = wire.ask(call).await.map_err(|error| RailError::NotReached(error.to_string()))?;
    match reply.status.as_u16() {
        200 => serde_json::from_slice(&reply.body)
            .map_err(|_| RailError::NotReached("a token of another shape".into())),
        400 | 401 | 403 => Err(RailError::Refused("the provider does not know these keys".into())),
        status => Err(RailError::NotReached(format!("no token: {status}"))),
    }
}
