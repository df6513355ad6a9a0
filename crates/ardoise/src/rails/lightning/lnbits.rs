//! The few questions that are put to the wallet, in the words of LNbits' API (version 1, as LNbits 1.6 speaks it; what LNbits
//! 0.12 named otherwise is understood).
//!
//! All that they need is the wallet's invoice key, which can ask for money and see it come, and cannot send any.

use super::super::port::RailError;
use super::super::secret::Secret;
use super::super::wire::{Call, Reply, Wire};
use super::order::Order;
use serde::Deserialize;
use serde_json::{Value, json};

/// The most invoices of one charge that are looked at.
pub const FOUND_MOST: usize = 8;

/// A wallet.
pub struct Wallet {
    wire: Wire,
    base: String,
    key: Secret,
    webhook: Option<String>,
}

/// A payment as the wallet describes it. Its preimage is never read: LNbits shows it before anybody has paid.
#[derive(Debug, Deserialize)]
pub struct Payment {
    /// Its hash.
    #[serde(rename = "payment_hash")]
    pub hash: String,
    #[serde(default)]
    bolt11: Option<String>,
    /// LNbits 1.6 says the same twice, LNbits 0.12 only this.
    #[serde(default)]
    payment_request: Option<String>,
    /// Thousandths of a satoshi; below zero for what goes out.
    #[serde(default)]
    pub amount: i64,
    /// What the shop said when it asked for the invoice.
    #[serde(default)]
    pub extra: Value,
}

impl Payment {
    /// The invoice, in small letters.
    pub fn invoice(&self) -> String {
        let text = self.bolt11.as_deref().or(self.payment_request.as_deref());
        text.unwrap_or_default().to_ascii_lowercase()
    }
}

/// What a wallet says about one invoice.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// So many thousandths of a satoshi came.
    Paid(u64),
    /// Nothing came.
    Unpaid,
    /// It knows of no such invoice.
    Unknown,
}

impl Wallet {
    /// The wallet with this invoice key at `base`; it tells `webhook` when an invoice is paid.
    pub fn new(wire: Wire, base: String, key: Secret, webhook: Option<String>) -> Self {
        Self { wire, base, key, webhook }
    }

    /// Makes sure that the key is the one that cannot send money.
    ///
    /// # Errors
    /// [`RailError::Refused`] for the admin key, or one that the wallet does not know.
    pub async fn check_key(&self) -> Result<(), RailError> {
        let reply = self.ask(self.get("/api/v1/wallet")).await?;
        if reply.status == 404 {
            return Err(RailError::Refused("lightning.invoice_key: no such wallet".into()));
        }
        // Only to its admin key a wallet tells its id.
        if !passed(reply)?["id"].is_null() {
            let what = "lightning.invoice_key: that is the admin key; the invoice key is needed";
            return Err(RailError::Refused(what.into()));
        }
        Ok(())
    }

    /// Asks for an invoice. There is no key of idempotency: whoever asks twice has two.
    ///
    /// # Errors
    /// [`RailError`].
    pub async fn make(
        &self,
        order: &Order,
        memo: &str,
        seconds: i64,
    ) -> Result<Payment, RailError> {
        let body = json!({
            "out": false, "unit": "sat", "amount": order.sats, "memo": memo, "expiry": seconds,
            "extra": order, "external_id": order.charge,
        });
        let Some(webhook) = &self.webhook else { return self.order(&body).await };
        let mut told = body.clone();
        told["webhook"] = json!(webhook);
        match self.order(&told).await {
            // LNbits makes nothing where its rules do not let it call the shop: then the shop asks by itself.
            Err(RailError::Refused(why)) => {
                let made = self.order(&body).await?;
                tracing::warn!(why, "the wallet may not tell the shop what is paid");
                Ok(made)
            }
            made => made,
        }
    }

    async fn order(&self, body: &Value) -> Result<Payment, RailError> {
        let call = Call::post(&format!("{}/api/v1/payments", self.base)).json(body);
        read(passed(self.ask(self.with_key(call)).await?)?)
    }

    /// Invoices of this wallet that may be of this charge. A wallet that does not know how to choose answers with its last
    /// payments; whoever asks looks at each.
    ///
    /// # Errors
    /// [`RailError`].
    pub async fn find(&self, charge: &str) -> Result<Vec<Payment>, RailError> {
        let path = format!(
            "/api/v1/payments?external_id={charge}&sortby=time&direction=desc&limit={FOUND_MOST}"
        );
        let found: Vec<Payment> = read(passed(self.ask(self.get(&path)).await?)?)?;
        Ok(found.into_iter().filter(|payment| payment.amount > 0).take(FOUND_MOST).collect())
    }

    /// Asks what became of an invoice; the wallet asks its node.
    ///
    /// # Errors
    /// [`RailError`].
    pub async fn look(&self, hash: &str) -> Result<Said, RailError> {
        let reply = self.ask(self.get(&format!("/api/v1/payments/{hash}"))).await?;
        if reply.status == 404 {
            return Ok(Said::Unknown);
        }
        let said = passed(reply)?;
        // LNbits answers about the payments of anybody; those of the key's own wallet come with their details.
        if said["details"].is_null() {
            return Ok(Said::Unknown);
        }
        let details: Payment = read(said["details"].clone())?;
        match (said["paid"].as_bool(), u64::try_from(details.amount)) {
            (Some(true), Ok(millisats)) if details.hash == hash => Ok(Said::Paid(millisats)),
            (Some(false), _) => Ok(Said::Unpaid),
            _ => Err(RailError::Nonsense("a payment that does not say whether it is paid".into())),
        }
    }

    fn get(&self, path: &str) -> Call {
        self.with_key(Call::get(&format!("{}{path}", self.base)))
    }

    fn with_key(&self, call: Call) -> Call {
        call.header("x-api-key", self.key.reveal())
    }

    async fn ask(&self, call: Call) -> Result<Reply, RailError> {
        Ok(self.wire.ask(call).await?)
    }
}

/// The answer, where it is not a refusal.
fn passed(reply: Reply) -> Result<Value, RailError> {
    let status = reply.status.as_u16();
    if reply.status.is_success() {
        return reply.json();
    }
    if status == 429 {
        return Err(RailError::NotReached("the wallet is asked too often".into()));
    }
    // LNbits says 520 for what it refuses as well as for what went wrong, and which of both in the body.
    let is_refusal = status < 500 || reply.json().is_ok_and(|said| said["status"] == "failed");
    let said = format!("the wallet says {status}");
    Err(if is_refusal { RailError::Refused(said) } else { RailError::Lost(said) })
}

fn read<T: serde::de::DeserializeOwned>(said: Value) -> Result<T, RailError> {
    serde_json::from_value(said).map_err(|_| RailError::Nonsense("not a payment".into()))
}
