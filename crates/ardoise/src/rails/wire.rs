//! The one way out to rails: every call to a provider goes through a [`Wire`].
//!
//! It goes to `https` only, and to addresses that everybody reaches, checked at the moment of connecting; on loopback
//! and in private networks only where the setting `rails.to_private` says so. No redirect is followed, an answer has a
//! size and a time. What may be asked twice is asked again after a failure; anything else is asked once. A provider that
//! fails again and again is left alone for a while, so that nobody waits for it in vain.
//!
//! Neither a header, a body nor the path of an address ever stands in an error or in the log.

use super::breaker::Breakers;
use super::port::RailError;
use super::secret::Secret;
use crate::clock::Clock;
use crate::outbox::address::{self, Lookup, Reach};
use crate::outbox::post;
use base64::Engine as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use reqwest::{Client, Url, redirect};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long one attempt may take: readers wait for it.
const TIMEOUT: Duration = Duration::from_secs(15);
/// The largest answer, in bytes.
pub const ANSWER_MOST: usize = 1 << 20;
/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(30);
/// Pauses before what may be asked twice is asked again.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(400)];

/// The word for a provider that is left alone.
const RESTING: &str = "resting";

/// One call.
pub struct Call {
    method: Method,
    url: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Vec<u8>,
    is_repeatable: bool,
    is_wrong: bool,
}

impl std::fmt::Debug for Call {
    /// Only what holds no secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("method", &self.method).finish_non_exhaustive()
    }
}

impl Call {
    fn new(method: Method, url: &str) -> Self {
        let is_repeatable = method == Method::GET;
        let url = url.to_owned();
        Self { method, url, headers: Vec::new(), body: Vec::new(), is_repeatable, is_wrong: false }
    }

    /// Reads something. It may be asked again.
    pub fn get(url: &str) -> Self {
        Self::new(Method::GET, url)
    }

    /// Does something. It is asked once, unless [`Call::repeatable`] says that it carries a key of idempotency.
    pub fn post(url: &str) -> Self {
        Self::new(Method::POST, url)
    }

    /// Any other method; asked once unless it is said to be repeatable.
    pub fn with_method(method: Method, url: &str) -> Self {
        Self::new(method, url)
    }

    /// Doing it twice is doing it once: after a failure it is asked again.
    #[must_use]
    pub const fn repeatable(mut self) -> Self {
        self.is_repeatable = true;
        self
    }

    /// A header; its name in small letters. One that cannot be sent makes the whole call fail before anything is sent.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(mut value) => {
                value.set_sensitive(true);
                self.headers.push((HeaderName::from_static(name), value));
            }
            Err(_) => self.is_wrong = true,
        }
        self
    }

    /// `Authorization: Bearer …`.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// `Authorization: Basic …` (RFC 7617).
    #[must_use]
    pub fn basic(self, user: &str, secret: &Secret) -> Self {
        let pair = format!("{user}:{}", secret.reveal());
        let pair = base64::engine::general_purpose::STANDARD.encode(pair);
        self.header("authorization", &format!("Basic {pair}"))
    }

    /// A body of JSON.
    #[must_use]
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.header("content-type", "application/json")
    }

    /// A body as a form has it.
    #[must_use]
    pub fn form<'a>(mut self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        let pair = |(name, value)| format!("{}={}", encode(name), encode(value));
        let pairs: Vec<String> = fields.into_iter().map(pair).collect();
        self.body = pairs.join("&").into_bytes();
        self.header("content-type", "application/x-www-form-urlencoded")
    }

    /// A body as it is, of this type.
    #[must_use]
    pub fn bytes(mut self, content_type: &str, body: Vec<u8>) -> Self {
        self.body = body;
        self.header("content-type", content_type)
    }
}

/// An answer, read to its end.
pub struct Reply {
    /// Its status, whatever it is.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Reply {
    /// Only what holds no secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Reply {
    /// The body as JSON.
    ///
    /// # Errors
    /// [`RailError::Nonsense`].
    pub fn json(&self) -> Result<serde_json::Value, RailError> {
        serde_json::from_slice(&self.body)
            .map_err(|_| RailError::Nonsense(format!("{} without JSON", self.status.as_u16())))
    }
}

/// Why there is no answer. Words for the log: `dns`, `private`, `connect`, `tls`, `timeout`, `dropped`, `resting`, `address`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Nothing was sent, so that nothing happened.
    #[error("not sent: {0}")]
    NotSent(&'static str),
    /// It may have been heard.
    #[error("no answer: {0}")]
    Lost(&'static str),
}

impl WireError {
    /// The short word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotSent(word) | Self::Lost(word) => word,
        }
    }

    /// The same, where an attempt before may have been heard.
    const fn lost(self) -> Self {
        Self::Lost(self.word())
    }
}

impl From<WireError> for RailError {
    fn from(error: WireError) -> Self {
        match error {
            WireError::NotSent(word) => Self::NotReached(word.into()),
            WireError::Lost(word) => Self::Lost(word.into()),
        }
    }
}

/// The way out. Copies share connections, and what is known of providers that fail.
#[derive(Clone)]
pub struct Wire {
    inner: Arc<Inner>,
}

struct Inner {
    reach: Reach,
    clock: Clock,
    breakers: Breakers,
    /// Made at the first call: reading the machine's certificates takes time and room.
    client: OnceLock<Client>,
}

impl Wire {
    /// A way out that goes as far as `reach`, and rests by `clock`.
    pub fn new(reach: Reach, clock: Clock) -> Self {
        let breakers = Breakers::default();
        Self { inner: Arc::new(Inner { reach, clock, breakers, client: OnceLock::new() }) }
    }

    /// Reads the address of a provider, as a setting has it: without a slash at the end.
    pub fn read_base(text: &str, reach: Reach) -> Option<String> {
        fit(text, reach).map(|url| url.as_str().trim_end_matches('/').to_owned())
    }

    /// Makes a call, and reads the answer to its end.
    ///
    /// # Errors
    /// [`WireError`]. Any status is an answer, also one of failure.
    pub async fn ask(&self, call: Call) -> Result<Reply, WireError> {
        let url = fit(&call.url, self.inner.reach).filter(|_| !call.is_wrong);
        let url = url.ok_or(WireError::NotSent("address"))?;
        let mut pauses = PAUSES.iter();
        let mut may_have_heard = false;
        loop {
            let asked = self.ask_once(&call, &url).await;
            let asked = asked.map_err(|error| if may_have_heard { error.lost() } else { error });
            let again = match &asked {
                Ok(reply) => is_passing(reply.status),
                Err(error) => error.word() != RESTING,
            };
            may_have_heard |= !matches!(asked, Err(WireError::NotSent(_)));
            match pauses.next().filter(|_| again && call.is_repeatable) {
                Some(&pause) => tokio::time::sleep(pause).await,
                None => return asked,
            }
        }
    }

    async fn ask_once(&self, call: &Call, url: &Url) -> Result<Reply, WireError> {
        let inner = &self.inner;
        let origin = url.origin().ascii_serialization();
        if !inner.breakers.lets_through(&origin, inner.clock.now()) {
            return Err(WireError::NotSent(RESTING));
        }
        let asked = self.send(call, url.clone()).await;
        let failed = asked.as_ref().map_or(true, |reply| reply.status.is_server_error());
        if inner.breakers.note(&origin, failed, inner.clock.now()) {
            let host = url.host_str().unwrap_or_default();
            tracing::warn!(host, "a provider fails again and again, and is left alone for a while");
        }
        asked
    }

    async fn send(&self, call: &Call, url: Url) -> Result<Reply, WireError> {
        let client = self.client()?;
        let mut request = client.request(call.method.clone(), url).body(call.body.clone());
        for (name, value) in &call.headers {
            request = request.header(name, value.clone());
        }
        let response = request.send().await.map_err(|error| judge(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Reply { status, headers, body: read(response).await? })
    }

    fn client(&self) -> Result<&Client, WireError> {
        if self.inner.client.get().is_none() {
            let made = Client::builder()
                .user_agent(concat!("Ardoise/", env!("CARGO_PKG_VERSION")))
                .timeout(TIMEOUT)
                .redirect(redirect::Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
                .referer(false)
                .pool_idle_timeout(IDLE)
                .dns_resolver(Lookup(self.inner.reach))
                .build()
                .map_err(|_| WireError::NotSent("tls"))?;
            let _ = self.inner.client.set(made);
        }
        self.inner.client.get().ok_or(WireError::NotSent("tls"))
    }
}

/// Whether a provider's name for something can stand in an address and lead nowhere else: letters, digits and `signs` alone.
pub fn is_segment(name: &str, signs: &str) -> bool {
    let is_fit = |sign: char| sign.is_ascii_alphanumeric() || signs.contains(sign);
    !name.is_empty() && name.chars().all(is_fit)
}

/// Whether the provider says that asking again soon may help.
fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 502..=504)
}

/// Reads an address that a rail may be at.
fn fit(text: &str, reach: Reach) -> Option<Url> {
    let url = address::read(text, reach).ok()?;
    let is_loopback = match url.host_str()?.trim_matches(['[', ']']).parse() {
        Ok(address) => std::net::IpAddr::is_loopback(&address),
        Err(_) => url.host_str() == Some("localhost"),
    };
    (url.scheme() == "https" || is_loopback).then_some(url)
}

fn judge(error: &reqwest::Error) -> WireError {
    let word = post::word(error);
    // A connection that was never made has carried nothing.
    if error.is_connect() { WireError::NotSent(word) } else { WireError::Lost(word) }
}

async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, WireError> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > ANSWER_MOST => {
                return Err(WireError::Lost("too_large"));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) => return Err(WireError::Lost(post::word(&error))),
        }
    }
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
