//! Messages from the operator: CloudEvents, sent to the shop's address with the token that the shop gave with the payment
//! (`sinkCredential`).
//!
//! The token is of one charge: it holds the charge's id, the end of its time, and a keyed hash of both. So the message itself
//! need say nothing that is believed, and nothing is written down to know the token again.

use crate::api::wire::{from_instant, instant};
use crate::rails::port::{Charge, Heard, Message, Unheard, Which};
use crate::rails::secret::Secret;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::AUTHORIZATION;
use ledger::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use ledger::{SettlementId, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

/// What the shop's secret signs here, and nowhere else.
const PURPOSE: &str = "ardoise phone messages 1";
/// Days after the end of a charge for which its token holds: an operator may take its time to say what became of it.
const TOKEN_DAYS: i64 = 7;
/// A message that happened longer ago, or that much later, is none.
const AGE_MOST_MICROS: i64 = MICROS_PER_DAY;
/// How the types of events begin that are about payments.
const EVENTS: &str = "org.camaraproject.carrier-billing.";
/// The version of CloudEvents.
const VERSION: &str = "1.0";

/// Where messages come to, and what they come with.
pub struct Sink {
    /// The shop's address; none where the operator could not reach it by `https`.
    url: Option<String>,
    key: hmac::Key,
}

/// An event, as far as it is read.
#[derive(Deserialize)]
struct Event {
    specversion: String,
    #[serde(rename = "type")]
    kind: String,
    time: String,
}

impl Sink {
    /// Messages to `url`. The description wants `https`.
    pub fn new(url: Option<String>, secret: &Secret) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes());
        let own = hmac::sign(&secret, PURPOSE.as_bytes());
        let url = url.filter(|url| url.starts_with("https://"));
        Self { url, key: hmac::Key::new(hmac::HMAC_SHA256, own.as_ref()) }
    }

    /// Adds to what the operator is asked where it may send word, if it can.
    pub fn add_to(&self, asked: &mut Value, charge: &Charge) {
        let Some(url) = &self.url else { return };
        let until = charge.ends_at.plus_days(TOKEN_DAYS);
        asked["sink"] = json!(url);
        asked["sinkCredential"] = json!({
            "credentialType": "ACCESSTOKEN",
            "accessToken": self.token(charge.id, until),
            "accessTokenExpiresUtc": instant(whole_second(until)),
            "accessTokenType": "bearer",
        });
    }

    fn token(&self, charge: SettlementId, until: Timestamp) -> String {
        let text = format!("{charge}.{}", until.micros().div_euclid(MICROS_PER_SECOND));
        let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, text.as_bytes()));
        format!("{text}.{tag}")
    }

    /// The charge of which a token is, and until when it holds. Compares in constant time.
    fn known(&self, token: &str) -> Option<(SettlementId, Timestamp)> {
        let (text, tag) = token.rsplit_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.key, text.as_bytes(), &tag).ok()?;
        let (charge, until) = text.split_once('.')?;
        let until = until.parse::<i64>().ok()?.checked_mul(MICROS_PER_SECOND)?;
        Some((charge.parse().ok()?, Timestamp::from_micros(until)))
    }

    /// Whom a message speaks of.
    ///
    /// # Errors
    /// [`Unheard::Forged`].
    pub fn hear(&self, message: &Message<'_>) -> Result<Heard, Unheard> {
        let shown = message.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = shown.and_then(|shown| shown.strip_prefix("Bearer "));
        let known = token.and_then(|token| self.known(token.trim()));
        let (charge, until) = known.ok_or(Unheard::Forged("signature"))?;
        let malformed = || Unheard::Forged("malformed");
        let event: Event = serde_json::from_slice(message.body).map_err(|_| malformed())?;
        let at = from_instant(&event.time).ok_or_else(malformed)?;
        if event.specversion != VERSION {
            return Err(malformed());
        }
        let age = message.at.micros_since(at);
        if message.at > until || age.saturating_abs() > AGE_MOST_MICROS {
            return Err(Unheard::Forged("stale"));
        }
        let is_payment = event.kind.starts_with(EVENTS);
        Ok(if is_payment { Heard::Charge(Which::Id(charge)) } else { Heard::Nothing })
    }
}

fn whole_second(at: Timestamp) -> Timestamp {
    let seconds = at.micros().div_euclid(MICROS_PER_SECOND);
    Timestamp::from_micros(seconds.saturating_mul(MICROS_PER_SECOND))
}
