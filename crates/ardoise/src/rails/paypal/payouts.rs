//! Authors are paid: a batch of one item, named after the payout. What this file knows of it is in PayPal's own description,
//! `payments_payouts_batch_v1`.
//!
//! The batch's own id of the shop (`sender_batch_id`) is the payout's: PayPal sends one batch by it in 30 days, and names that one to
//! whoever asks for it again. Once PayPal's name for the batch is known it is asked by that, for ever.

use super::orders::{cut, nonsense};
use super::{PayPal, read, refused, segment};
use crate::rails::port::{PaidOut, Payout, RailError, Reason, Waits};
use crate::rails::wire::{Call, Reply};
use http::StatusCode;
use ledger::Money;
use serde::Deserialize;
use serde_json::{Value, json};

/// The longest note to a recipient, in characters; PayPal takes a thousand.
const NOTE_MOST: usize = 127;

impl PayPal {
    pub(super) async fn send_payout(&self, payout: &Payout) -> Result<PaidOut, RailError> {
        if self.settings.payouts.is_none() {
            return Err(RailError::NotOffered);
        }
        let reply = self.post("/v1/payments/payouts", &payout.key, &batch_of(payout)).await?;
        if reply.status.is_success() {
            let made: Batch = read(&reply)?;
            made.header.check_is_of(payout)?;
            let reference = made.header.payout_batch_id;
            return Ok(PaidOut::UnderWay { reference, waits: Waits::Rail });
        }
        match Refusal::of(&reply) {
            Some(refusal) if refusal.is_about_receiver() => {
                // The same was asked every time: it was never taken.
                Err(RailError::Declined(Reason::Means))
            }
            Some(refusal) if refusal.name == REPEATED => match refusal.original() {
                Some(batch) => self.ask_payout(payout, &batch).await,
                None => Err(RailError::Lost(REPEATED.into())),
            },
            _ => Err(not_taken(&reply)),
        }
    }

    /// What became of the batch that PayPal calls so.
    pub(super) async fn ask_payout(
        &self,
        payout: &Payout,
        batch: &str,
    ) -> Result<PaidOut, RailError> {
        let path = format!("/v1/payments/payouts/{}", segment(batch)?);
        let reply = self.token.ask(&self.wire, || Call::get(&self.url(&path))).await?;
        if !reply.status.is_success() {
            return Err(not_taken(&reply));
        }
        let batch: Batch = read(&reply)?;
        batch.header.check_is_of(payout)?;
        self.became(&batch, payout)
    }

    fn became(&self, batch: &Batch, payout: &Payout) -> Result<PaidOut, RailError> {
        let reference = batch.header.payout_batch_id.clone();
        let nothing = Money::zero(payout.amount.currency());
        let under_way = |waits| PaidOut::UnderWay { reference: reference.clone(), waits };
        let returned =
            |reason, fee| PaidOut::Returned { reference: reference.clone(), reason, fee };
        let item = match (&batch.items[..], batch.header.batch_status.as_str()) {
            ([item], _) => item,
            ([], "DENIED" | "CANCELED") => return Ok(returned(Reason::Refused, nothing)),
            ([], "PENDING" | "PROCESSING") => return Ok(under_way(Waits::Rail)),
            _ => return Err(nonsense("not one item in a payout")),
        };
        item.check_is_of(payout)?;
        let why = item.errors.as_ref().map(|error| reason(&error.name));
        Ok(match item.transaction_status.as_deref() {
            Some("SUCCESS") => {
                PaidOut::Done { reference: reference.clone(), fee: self.payout_fee(item, payout) }
            }
            Some("UNCLAIMED") => under_way(Waits::Author),
            Some("ONHOLD") => under_way(Waits::Review),
            // Nothing has left the account.
            Some("FAILED" | "BLOCKED" | "DENIED" | "CANCELED") => {
                returned(why.unwrap_or(Reason::Refused), nothing)
            }
            // It had left, and is back: unclaimed for 30 days, called off, or given back.
            Some("RETURNED") => {
                returned(why.unwrap_or(Reason::Late), self.payout_fee(item, payout))
            }
            Some("REFUNDED") => returned(Reason::Cancelled, self.payout_fee(item, payout)),
            Some("REVERSED") => {
                returned(why.unwrap_or(Reason::Refused), self.payout_fee(item, payout))
            }
            Some("PENDING") | None => match batch.header.batch_status.as_str() {
                "DENIED" | "CANCELED" => returned(why.unwrap_or(Reason::Refused), nothing),
                _ => under_way(Waits::Rail),
            },
            Some(_) => return Err(nonsense("the status of a payout")),
        })
    }

    /// What PayPal says that it takes; where it says nothing, or says it in another currency than the shop's, what its price list
    /// says.
    fn payout_fee(&self, item: &Item, payout: &Payout) -> Money {
        let said = item.payout_item_fee.as_ref().and_then(|fee| fee.money().ok());
        let said = said.filter(|fee| fee.currency() == payout.amount.currency());
        let listed = || {
            let terms = self.terms.payouts.as_ref()?;
            terms.fee_on(payout.amount, self.terms.unit).ok()
        };
        said.or_else(listed).unwrap_or(Money::zero(payout.amount.currency()))
    }
}

fn batch_of(payout: &Payout) -> Value {
    let amount = super::orders::amount(payout.amount);
    json!({
        "sender_batch_header": { "sender_batch_id": payout.key },
        "items": [{
            "recipient_type": "EMAIL",
            "receiver": payout.to,
            "amount": { "currency": amount["currency_code"], "value": amount["value"] },
            "note": cut(&payout.shop, NOTE_MOST),
            "sender_item_id": payout.key,
        }],
    })
}

/// An answer that is none of success: that the money did not go is concluded of none of them, for it may have gone when
/// PayPal was told before.
fn not_taken(reply: &Reply) -> RailError {
    match refused(reply) {
        RailError::Declined(reason) => RailError::Refused(format!("{reason:?}")),
        _ if reply.status == StatusCode::NOT_FOUND => RailError::Lost("404".into()),
        other => other,
    }
}

/// PayPal's word for a batch that it was asked for before, and for other mistakes.
const REPEATED: &str = "USER_BUSINESS_ERROR";

#[derive(Debug, Deserialize)]
struct Batch {
    #[serde(rename = "batch_header")]
    header: Header,
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Header {
    payout_batch_id: String,
    batch_status: String,
    sender_batch_header: SenderHeader,
}

#[derive(Debug, Deserialize)]
struct SenderHeader {
    sender_batch_id: Option<String>,
}

impl Header {
    fn check_is_of(&self, payout: &Payout) -> Result<(), RailError> {
        let is_of = self.sender_batch_header.sender_batch_id.as_ref() == Some(&payout.key);
        if is_of { Ok(()) } else { Err(nonsense("the batch of another payout")) }
    }
}

#[derive(Debug, Deserialize)]
struct Item {
    transaction_status: Option<String>,
    payout_item_fee: Option<Sum>,
    payout_item: Detail,
    errors: Option<Error>,
}

#[derive(Debug, Deserialize)]
struct Detail {
    amount: Sum,
}

#[derive(Debug, Deserialize)]
struct Error {
    name: String,
}

impl Item {
    fn check_is_of(&self, payout: &Payout) -> Result<(), RailError> {
        let is_of = self.payout_item.amount.money()? == payout.amount;
        if is_of { Ok(()) } else { Err(nonsense("another amount in a payout")) }
    }
}

/// An amount as payouts write it.
#[derive(Debug, Deserialize)]
struct Sum {
    currency: String,
    value: String,
}

impl Sum {
    fn money(&self) -> Result<Money, RailError> {
        Ok(Money::parse(&self.value, self.currency.parse()?)?)
    }
}

#[derive(Debug, Deserialize)]
struct Refusal {
    #[serde(default)]
    name: String,
    #[serde(default)]
    links: Vec<Link>,
    #[serde(default)]
    details: Vec<Complaint>,
}

#[derive(Debug, Deserialize)]
struct Complaint {
    #[serde(default)]
    field: String,
    /// PayPal's answers have it here, too.
    #[serde(default)]
    link: Vec<Link>,
}

#[derive(Debug, Deserialize)]
struct Link {
    href: String,
}

impl Refusal {
    fn of(reply: &Reply) -> Option<Self> {
        let is_refusal = matches!(reply.status.as_u16(), 400 | 422);
        is_refusal.then(|| serde_json::from_slice(&reply.body).ok()).flatten()
    }

    fn is_about_receiver(&self) -> bool {
        self.name == "VALIDATION_ERROR"
            && !self.details.is_empty()
            && self.details.iter().all(|complaint| complaint.field.ends_with("receiver"))
    }

    /// PayPal's name for the batch that was asked for before. Only the name is taken from the link: nothing leads the shop
    /// anywhere else.
    fn original(&self) -> Option<String> {
        let inner = self.details.iter().flat_map(|complaint| &complaint.link);
        let mut names = self.links.iter().chain(inner).filter_map(|link| {
            let (_, name) = link.href.split_once("/v1/payments/payouts/")?;
            // PayPal adds which page of its items is meant.
            let name = name.split('?').next()?;
            segment(name).ok().map(str::to_owned)
        });
        names.next()
    }
}

/// Why a payout was not sent or came back, by PayPal's word for it:
/// <https://developer.paypal.com/docs/payouts/standard/reference/>.
fn reason(word: &str) -> Reason {
    match word {
        "INSUFFICIENT_FUNDS" => Reason::Funds,
        "RECEIVING_LIMIT_EXCEEDED" | "TRANSACTION_LIMIT_EXCEEDED" | "SPENDING_LIMIT_EXCEEDED" => {
            Reason::TooMuch
        }
        "RECEIVER_COUNTRY_NOT_ALLOWED"
        | "COUNTRY_NOT_SUPPORTED"
        | "CURRENCY_NOT_SUPPORTED_FOR_RECEIVER" => Reason::Unserved,
        word if word.starts_with("RECEIVER_") => Reason::Means,
        _ => Reason::Refused,
    }
}
