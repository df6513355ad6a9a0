//! What is asked of Stripe, and what its answers mean: forms there, JSON back.

use super::declines;
use super::objects::{ErrorBody, Intent};
use crate::rails::port::RailError;
use crate::rails::secret::Secret;
use crate::rails::wire::{Call, Reply, Wire, is_segment};
use serde::de::DeserializeOwned;

/// The version of the interface that is spoken: the one whose description the tests hold every request against. Stripe goes
/// on answering in it.
pub const VERSION: &str = "2023-08-16";
/// The longest word of Stripe's that is kept, in characters.
const WORD_MOST: usize = 64;

/// The fields of a form, names with brackets.
pub type Fields = Vec<(&'static str, String)>;

/// Asks Stripe.
pub struct Client {
    /// The way out.
    pub wire: Wire,
    /// Where Stripe is, without a slash at the end.
    pub base: String,
    /// The key of the account.
    pub secret: Secret,
}

/// Why Stripe did not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    /// What it means.
    pub error: RailError,
    /// Whether what was named is not there.
    pub is_missing: bool,
    /// Whether the key is good, and may not do this.
    pub is_forbidden: bool,
    /// Stripe's own word, and the field at fault; empty where it says none.
    pub code: String,
    /// See `code`.
    pub param: String,
    /// The payment that was declined.
    pub intent: Option<Box<Intent>>,
}

impl From<RailError> for Failure {
    fn from(error: RailError) -> Self {
        Self {
            error,
            is_missing: false,
            is_forbidden: false,
            code: String::new(),
            param: String::new(),
            intent: None,
        }
    }
}

impl From<Failure> for RailError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl Client {
    /// Reads something.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &Fields) -> Result<T, Failure> {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        let pair = |(name, value): &(&str, String)| format!("{}={}", encode(name), encode(value));
        let query: Vec<String> = query.iter().map(pair).collect();
        self.ask(Call::get(&format!("{}/v1/{path}?{}", self.base, query.join("&")))).await
    }

    /// Does something, once for a `key`: Stripe answers a repeat as it answered the first, for a day at least
    /// (<https://docs.stripe.com/api/idempotent_requests>).
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        key: &str,
        fields: &Fields,
    ) -> Result<T, Failure> {
        let form = fields.iter().map(|(name, value)| (*name, value.as_str()));
        let call = Call::post(&format!("{}/v1/{path}", self.base)).form(form).repeatable();
        self.ask(call.header("idempotency-key", key)).await
    }

    async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, Failure> {
        let call = call.bearer(self.secret.reveal()).header("stripe-version", VERSION);
        let reply = self.wire.ask(call).await.map_err(RailError::from)?;
        if !reply.status.is_success() {
            return Err(judge(&reply));
        }
        serde_json::from_slice(&reply.body)
            .map_err(|_| RailError::Nonsense("not what was asked for".into()).into())
    }
}

/// An identifier that Stripe gave, fit to stand in an address.
///
/// # Errors
/// [`RailError::Nonsense`].
pub fn plain(id: &str) -> Result<&str, RailError> {
    if is_segment(id, "_") { Ok(id) } else { Err(RailError::Nonsense("an identifier".into())) }
}

/// What an answer of failure means: <https://docs.stripe.com/api/errors>.
fn judge(reply: &Reply) -> Failure {
    let status = reply.status.as_u16();
    let said: ErrorBody = serde_json::from_slice(&reply.body).unwrap_or_default();
    let said = said.error;
    let (kind, code) = (word(said.kind.as_deref()), word(said.code.as_deref()));
    let error = match (status, kind.as_str(), code.as_str()) {
        // Another request with the same key is still at it.
        (409, ..) | (_, _, "idempotency_key_in_use") => RailError::Lost("busy".into()),
        (_, "idempotency_error", _) => {
            RailError::Nonsense("the key was used for something else".into())
        }
        (429, ..) | (_, _, "lock_timeout" | "rate_limit") => RailError::NotReached("busy".into()),
        (500.., ..) => RailError::Lost(status.to_string()),
        (402, ..) | (_, "card_error", _) => {
            let codes = (said.decline_code.as_deref(), said.code.as_deref());
            RailError::Declined(declines::reason(codes.0, codes.1))
        }
        (400..=499, ..) => RailError::Refused(format!("{status} {code}").trim().to_owned()),
        _ => RailError::Nonsense(status.to_string()),
    };
    // A way to pay that is named in a form is missing with 400.
    let is_missing = status == 404 || code == "resource_missing";
    let param = word(said.param.as_deref());
    Failure {
        error,
        is_missing,
        is_forbidden: status == 403,
        code,
        param,
        intent: said.payment_intent,
    }
}

/// A word of Stripe's as the log may have it: its codes are small letters.
fn word(said: Option<&str>) -> String {
    let is_word = |text: &&str| {
        text.len() <= WORD_MOST
            && text.bytes().all(|sign| sign.is_ascii_lowercase() || sign == b'_')
    };
    said.filter(is_word).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rails::reason::Reason;
    use http::{HeaderMap, StatusCode};

    fn judged(status: u16, error: &serde_json::Value) -> Failure {
        let body = serde_json::json!({ "error": error }).to_string().into_bytes();
        let status = StatusCode::from_u16(status).expect("a status");
        judge(&Reply { status, headers: HeaderMap::new(), body })
    }

    fn said(status: u16, kind: &str, code: &str) -> RailError {
        judged(status, &serde_json::json!({ "type": kind, "code": code })).error
    }

    #[test]
    fn what_surely_did_nothing_is_told_from_what_may_have() {
        let left = |status, kind, code| said(status, kind, code).left_nothing();
        assert!(left(429, "invalid_request_error", "rate_limit"));
        assert!(left(401, "invalid_request_error", ""));
        assert!(left(402, "card_error", "card_declined"));
        assert!(!left(409, "idempotency_error", "idempotency_key_in_use"));
        assert!(!left(500, "api_error", ""));
        assert!(!left(503, "", ""));
    }

    #[test]
    fn a_key_used_for_something_else_is_nonsense() {
        assert!(matches!(said(400, "idempotency_error", ""), RailError::Nonsense(_)));
    }

    #[test]
    fn a_wrong_key_is_for_the_operator_and_a_refusal_for_the_reader() {
        assert_eq!(said(401, "invalid_request_error", ""), RailError::Refused("401".into()));
        let code = "parameter_missing";
        let refused = said(400, "invalid_request_error", code);
        assert_eq!(refused, RailError::Refused("400 parameter_missing".into()));
        assert_eq!(said(402, "card_error", "expired_card"), RailError::Declined(Reason::Means));
    }

    #[test]
    fn no_sentence_of_stripes_is_repeated() {
        let told = serde_json::json!({
            "type": "invalid_request_error", "code": "No such key: hush", "param": "Hush",
            "message": "Invalid API Key provided: sk_live_hush",
        });
        assert!(!format!("{:?}", judged(401, &told)).to_lowercase().contains("hush"));
    }

    #[test]
    fn an_identifier_cannot_lead_elsewhere() {
        assert_eq!(plain("cs_test_a1"), Ok("cs_test_a1"));
        for id in ["", "../balance", "pi_1?expand", "pi 1"] {
            assert!(plain(id).is_err(), "{id}");
        }
    }
}
