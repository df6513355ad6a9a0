//! How the shop's nouns are written for programs.

use crate::store::sale;
use ledger::{LineState, Money, Timestamp, WebhookId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;

/// An amount of money and its ISO 4217 code, never a JSON number. The shop writes six decimals, and reads up to six.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// Major units.
    #[schema(example = "0.200000", pattern = r"^\d{1,13}(\.\d{1,6})?$")]
    pub amount: String,
    /// The shop's currency.
    #[schema(example = "EUR", pattern = "^[A-Z]{3}$")]
    pub currency: String,
}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self { amount: money.to_decimal(), currency: money.currency().code().to_owned() }
    }
}

/// An instant as RFC 3339 writes it, in UTC.
pub fn instant(at: Timestamp) -> String {
    let nanos = i128::from(at.micros()) * 1_000;
    let moment = OffsetDateTime::from_unix_timestamp_nanos(nanos);
    let moment = moment.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    moment.format(&Rfc3339).unwrap_or_default()
}

/// The instant that RFC 3339 has written so, in any offset.
pub fn from_instant(text: &str) -> Option<Timestamp> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let micros = moment.unix_timestamp_nanos().div_euclid(1_000);
    i64::try_from(micros).ok().map(Timestamp::from_micros)
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SaleState {
    /// On the reader's tab: its share is pending.
    Open,
    /// Taken back.
    Undone,
    /// Settled: its share is available.
    Paid,
    /// Nobody expects it to be paid: its share is not pending any more. Paid after all, it is `paid`.
    #[serde(rename = "written_off")]
    WrittenOff,
}

impl From<LineState> for SaleState {
    fn from(state: LineState) -> Self {
        match state {
            LineState::Open => Self::Open,
            LineState::Undone => Self::Undone,
            LineState::Paid => Self::Paid,
            LineState::WrittenOff => Self::WrittenOff,
        }
    }
}

/// A line as its author sees it. Nothing in it tells who bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sale {
    /// The line.
    #[schema(example = "0134tk8d8w7mcsskwkw6s8njtx")]
    pub id: String,
    /// The work.
    #[schema(example = "wrk_01vgz93hs0v2w")]
    pub work: String,
    /// The link it was bought through.
    #[schema(example = "lnk_01vgz93hs0v2x")]
    pub link: String,
    /// The channel of the link (`?via=`); may be empty.
    #[schema(example = "mastodon")]
    pub channel: String,
    /// What the reader pays, tax included.
    pub gross: Amount,
    /// The tax in it.
    pub vat: Amount,
    /// The operator's fee in it.
    pub fee: Amount,
    /// The author's share of it.
    pub share: Amount,
    /// What became of it.
    pub state: SaleState,
    /// When it was bought.
    #[schema(format = DateTime)]
    pub bought_at: String,
}

impl From<&sale::Sale> for Sale {
    fn from(sale: &sale::Sale) -> Self {
        Self {
            id: sale.line.to_string(),
            work: sale.work.to_string(),
            link: sale.link.to_string(),
            channel: sale.channel.clone(),
            gross: sale.shares.gross.into(),
            vat: sale.shares.vat.into(),
            fee: sale.shares.fee.into(),
            share: sale.shares.author.into(),
            state: sale.state.into(),
            bought_at: instant(sale.bought_at),
        }
    }
}

/// What happened to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum EventKind {
    /// A reader took it.
    #[serde(rename = "line.bought")]
    Bought,
    /// It was taken back.
    #[serde(rename = "line.undone")]
    Undone,
    /// A settlement paid it.
    #[serde(rename = "line.paid")]
    Paid,
}

impl EventKind {
    /// The kind under which the outbox knows it.
    pub fn read(stored: &str) -> Option<Self> {
        match stored {
            "bought" => Some(Self::Bought),
            "undone" => Some(Self::Undone),
            "paid" => Some(Self::Paid),
            _ => None,
        }
    }

    /// What the line had become when this had happened.
    const fn state(self) -> SaleState {
        match self {
            Self::Bought => SaleState::Open,
            Self::Undone => SaleState::Undone,
            Self::Paid => SaleState::Paid,
        }
    }
}

/// What a webhook is told, after the Standard Webhooks specification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Event {
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// When it happened.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// The line, as it was then.
    pub data: Sale,
}

impl Event {
    /// What happened to a line, and when.
    pub fn of(kind: EventKind, happened_at: Timestamp, sale: &sale::Sale) -> Self {
        let data = Sale { state: kind.state(), ..Sale::from(sale) };
        Self { kind, timestamp: instant(happened_at), data }
    }
}

/// That a webhook works: told when its author asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TestEvent {
    /// What happened.
    #[serde(rename = "type")]
    pub kind: TestEventKind,
    /// When it was asked for.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// What is tested.
    pub data: Tested,
}

/// The type of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum TestEventKind {
    /// Somebody tries whether messages arrive.
    #[serde(rename = "webhook.test")]
    Test,
}

/// What a test is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tested {
    /// The webhook.
    #[schema(example = "whk_01vgz93hs0v2z")]
    pub webhook: String,
}

impl TestEvent {
    /// A test of a webhook.
    pub fn of(webhook: WebhookId, now: Timestamp) -> Self {
        Self {
            kind: TestEventKind::Test,
            timestamp: instant(now),
            data: Tested { webhook: webhook.to_string() },
        }
    }
}
