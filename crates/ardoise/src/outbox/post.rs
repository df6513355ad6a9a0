//! Sends one message to one webhook, and says what came of it in a short word.
//!
//! Whoever receives is a stranger: nothing is read of their answer but its status, no redirect is followed, and the
//! address is checked at the moment of connecting ([`super::address`]).

use super::address::{self, Lookup, NoAddress, OutOfReach, Reach};
use super::signature::sign;
use crate::store::delivery::Delivery;
use http::{HeaderValue, StatusCode, header};
use ledger::Timestamp;
use ledger::time::MICROS_PER_SECOND;
use reqwest::{Client, Response, redirect};
use std::error::Error;
use std::time::Duration;

/// Bytes of an answer's body that are read, so that the connection can be used again; one with more is closed.
const ANSWER_MOST: usize = 16 * 1024;
/// How long an idle connection to a receiver is kept.
const IDLE: Duration = Duration::from_secs(30);

/// What came of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has it.
    Heard,
    /// The receiver wants nothing more, ever (410).
    Gone,
    /// Nobody knows that the receiver has it.
    Failed {
        /// Why: `timeout`, `dns`, `private`, `connect`, `tls`, `dropped`, `address`, or the status of the answer.
        word: String,
        /// Seconds for which the receiver wants to be left alone.
        wait: Option<i64>,
    },
}

impl Outcome {
    fn failed(word: impl Into<String>) -> Self {
        Self::Failed { word: word.into(), wait: None }
    }
}

/// Sends messages.
#[derive(Debug, Clone)]
pub struct Post {
    client: Client,
    reach: Reach,
}

impl Post {
    /// A post that goes as far as `reach`, and waits for an answer as long as `timeout`.
    ///
    /// # Errors
    /// When the machine has no certificates to check receivers with.
    pub fn new(reach: Reach, timeout: Duration) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .user_agent(concat!("Ardoise/", env!("CARGO_PKG_VERSION")))
            .timeout(timeout)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .pool_idle_timeout(IDLE)
            .dns_resolver(Lookup(reach))
            .build()?;
        Ok(Self { client, reach })
    }

    /// Sends a message once, at the instant `now` of the shop's clock.
    pub async fn send(&self, delivery: &Delivery, now: Timestamp) -> Outcome {
        let Ok(url) = address::read(&delivery.url, self.reach) else {
            return Outcome::failed("address");
        };
        let seconds = now.micros().div_euclid(MICROS_PER_SECOND);
        let signature = sign(&delivery.secret, &delivery.message, seconds, &delivery.body);
        let request = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header("webhook-id", &delivery.message)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature)
            .body(delivery.body.clone());
        match request.send().await {
            Ok(response) => judge(response).await,
            Err(error) => Outcome::failed(word(&error)),
        }
    }
}

async fn judge(response: Response) -> Outcome {
    let status = response.status();
    if status == StatusCode::GONE {
        return Outcome::Gone;
    }
    let wait = response.headers().get(header::RETRY_AFTER);
    let wait = wait.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
    read_away(response).await;
    if status.is_success() {
        Outcome::Heard
    } else {
        Outcome::Failed { word: status.as_u16().to_string(), wait }
    }
}

/// The status has said everything; what follows may fail without changing it.
async fn read_away(mut response: Response) {
    let mut read = 0;
    while read < ANSWER_MOST
        && let Ok(Some(chunk)) = response.chunk().await
    {
        read += chunk.len();
    }
}

/// Why nothing was answered.
pub(crate) fn word(error: &reqwest::Error) -> &'static str {
    let causes = || std::iter::successors(error.source(), |&cause| cause.source());
    let is_tls = |cause: &(dyn Error + 'static)| cause.downcast_ref().is_some_and(is_handshake);
    if causes().any(|cause| cause.is::<OutOfReach>()) {
        "private"
    } else if causes().any(|cause| cause.is::<NoAddress>()) {
        "dns"
    } else if error.is_timeout() {
        "timeout"
    } else if error.is_connect() && causes().any(is_tls) {
        "tls"
    } else if error.is_connect() {
        "connect"
    } else {
        "dropped"
    }
}

/// Whether it is what a TLS handshake fails with: data that makes no sense, inside as many layers as there are.
fn is_handshake(error: &std::io::Error) -> bool {
    let inner = || error.get_ref()?.downcast_ref::<std::io::Error>();
    error.kind() == std::io::ErrorKind::InvalidData || inner().is_some_and(is_handshake)
}
