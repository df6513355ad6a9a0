//! The token by which PayPal knows the shop: fetched when it is needed, kept for most of its life.

use super::settings::PayPalSettings;
use crate::clock::Clock;
use crate::rails::port::RailError;
use crate::rails::wire::{Call, Wire};
use ledger::Timestamp;
use ledger::time::MICROS_PER_SECOND;
use serde::Deserialize;
use tokio::sync::Mutex;

/// Seconds before its end at which a token is replaced.
const MARGIN_SECONDS: i64 = 60;
/// The longest life that is believed, in seconds: a day.
const LIFE_MOST_SECONDS: i64 = 24 * 3_600;

/// The token, once there is one. While it is fetched whoever needs it waits: one call is enough.
pub struct Token {
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

/// <https://developer.paypal.com/api/rest/authentication/>
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: i64,
}

impl Token {
    /// None yet; its life is counted by `clock`.
    pub fn new(clock: Clock) -> Self {
        Self { clock, held: Mutex::default() }
    }

    /// The token.
    ///
    /// # Errors
    /// [`RailError::Refused`] for keys that PayPal does not know; whatever happened on the way.
    pub async fn get(&self, settings: &PayPalSettings, wire: &Wire) -> Result<String, RailError> {
        let mut held = self.held.lock().await;
        let now = self.clock.now();
        if let Some(held) = held.as_ref().filter(|held| held.is_good(now)) {
            return Ok(held.token.clone());
        }
        let granted = fetch(settings, wire).await?;
        let seconds = granted.expires_in.clamp(0, LIFE_MOST_SECONDS) - MARGIN_SECONDS;
        let token = granted.access_token;
        *held = Some(Held { token: token.clone(), from: now, life: seconds * MICROS_PER_SECOND });
        Ok(token)
    }

    /// Forgets this token; one that was fetched since stays.
    pub async fn forget(&self, token: &str) {
        let mut held = self.held.lock().await;
        if held.as_ref().is_some_and(|held| held.token == token) {
            *held = None;
        }
    }
}

async fn fetch(settings: &PayPalSettings, wire: &Wire) -> Result<Granted, RailError> {
    let call = Call::post(&format!("{}/v1/oauth2/token", settings.base))
        .basic(&settings.client_id, &settings.secret)
        .form([("grant_type", "client_credentials")])
        .repeatable();
    // Without a token nothing else is asked: whatever happens here, no money moved.
    let reply = wire.ask(call).await.map_err(|error| RailError::NotReached(error.to_string()))?;
    match reply.status.as_u16() {
        200 => serde_json::from_slice(&reply.body)
            .map_err(|_| RailError::NotReached("a token of another shape".into())),
        400 | 401 | 403 => Err(RailError::Refused("PayPal does not know these keys".into())),
        status => Err(RailError::NotReached(format!("no token: {status}"))),
    }
}
