//! The port of a rail: what it says about itself, and what can be asked of it.
//!
//! A rail knows charges and nothing of purchases, tabs or books. It is told to [begin](Rail::begin) a charge, and asked
//! what [became of it](Rail::look) as often as it takes: **the outcome always comes from `look`**, whoever brought the
//! news. A message from outside ([`Rail::hear`]) only says whom to ask about, and the address to which a reader comes
//! back ([`Rail::returned`]) proves nothing.
//!
//! The charge's id is the rail's key of idempotency: every verb may be called twice, at any time, also by two processes,
//! and moves money at most once. A verb that fails says whether the rail may have heard ([`RailError`]).

use futures_util::future::BoxFuture;
use http::HeaderMap;
use ledger::{Currency, Money, MoneyError, RailNumber, SettlementId, TabId, Timestamp};
use std::collections::BTreeMap;

pub use super::fee::Fee;
pub use super::reason::Reason;

/// What a verb of a rail comes to, later.
pub type Asked<'a, T> = BoxFuture<'a, Result<T, RailError>>;

/// What a rail says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Under which the books know it; never changed.
    pub number: RailNumber,
    /// Its name in addresses, settings and exports: small letters. Readers see the text `rail-{name}`.
    pub name: &'static str,
    /// The currencies that it moves.
    pub currencies: &'static [Currency],
    /// The smallest step in which it moves money: a cent, or less. In the shop's currency, above zero.
    pub unit: Money,
    /// The smallest charge.
    pub minimum: Money,
    /// The largest charge; `None` where there is no limit that a tab could reach.
    pub maximum: Option<Money>,
    /// What it keeps of a charge.
    pub fee: Fee,
    /// Whether it can be charged while the reader is away, by a mandate.
    pub charges_without_reader: bool,
    /// Whether it can send money back.
    pub refunds: bool,
    /// Whether its money is not real.
    pub is_fake: bool,
    /// Origins (`https://pay.example`) to which [`Next::Redirect`] sends a reader: the settle page lets its form lead
    /// there. Anywhere else a reader is only shown a link.
    pub leads_to: Vec<String>,
}

impl Terms {
    /// The part of `amount` that the rail can move: rounded down to its unit, so that nobody pays more than they owe. What
    /// is left out stays on the tab.
    ///
    /// # Errors
    /// [`MoneyError::MixedCurrencies`], or a unit of nothing.
    pub fn movable(&self, amount: Money) -> Result<Money, MoneyError> {
        super::fee::round_down(amount, self.unit)
    }

    /// What the rail keeps of `amount`, by its price list.
    ///
    /// # Errors
    /// [`MoneyError::MixedCurrencies`], or a fee that cannot be.
    pub fn fee_on(&self, amount: Money) -> Result<Money, MoneyError> {
        self.fee.of(amount, self.unit)
    }
}

/// One charge, as a rail is told of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Charge {
    /// Names it, and the settlement that it becomes: the rail's key of idempotency.
    pub id: SettlementId,
    /// Whose tab. A rail may show it to the operator, and tells it nobody else.
    pub tab: TabId,
    /// How much, in whole units of the rail, between its minimum and its maximum.
    pub amount: Money,
    /// When it was begun.
    pub begun_at: Timestamp,
    /// Until when the reader can pay; a rail that can set an end to what it offers sets it no later.
    pub ends_at: Timestamp,
    /// What the rail calls it, as [`Begun::reference`] said; empty before.
    pub reference: String,
    /// What the rail wanted kept, as [`Begun::kept`] said; empty before. Nobody else reads it.
    pub kept: String,
    /// Whether the reader agrees that the tab is charged by this rail when it is due.
    pub binds: bool,
    /// The language that the reader reads: `fr` or `en`.
    pub locale: String,
    /// The shop's name, for whatever the reader finds on their statement.
    pub shop: String,
    /// Where the reader comes back to: an absolute address of the shop.
    pub return_url: String,
}

impl std::fmt::Debug for Charge {
    /// Leaves out what the rail wanted kept: it may hold a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Charge")
            .field("id", &self.id)
            .field("amount", &self.amount)
            .field("reference", &self.reference)
            .finish_non_exhaustive()
    }
}

/// What a rail answers when a charge begins.
#[derive(Clone, PartialEq, Eq)]
pub struct Begun {
    /// What the reader does next.
    pub next: Next,
    /// What the rail calls the charge: messages and the operator's own page there are found by it. May be empty.
    pub reference: String,
    /// What the rail needs again when it is asked about the charge; may be empty. Kept, and shown to nobody.
    pub kept: String,
}

impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Begun").field("reference", &self.reference).finish_non_exhaustive()
    }
}

/// What the reader does next.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "next", rename_all = "snake_case")]
pub enum Next {
    /// Goes to this address, pays there, and comes back.
    Redirect {
        /// The address.
        url: String,
    },
    /// Scans a code or follows a link, and waits on the shop's own page.
    Scan {
        /// What the code holds, and the copy button copies: an invoice, a payment request.
        code: String,
        /// The same as a link that opens a wallet (`lightning:…`), where there is one.
        link: Option<String>,
    },
    /// Types into fields that the rail's own script shows, on the shop's page.
    Fields {
        /// What that script is told. Public: a reader's browser sees it.
        public: BTreeMap<String, String>,
    },
    /// Answers on the shop's own page, by a plain form: a phone number, a code from a message, a token. What they say comes to
    /// [`Rail::returned`].
    Ask {
        /// What they are asked.
        questions: Vec<Question>,
    },
    /// Waits: something happens elsewhere (a message on their phone).
    Wait,
    /// Nothing: ask at once what became of it.
    Nothing,
}

/// Something that a reader is asked on the shop's own page.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Question {
    /// The name under which the answer comes.
    pub name: String,
    /// The key of what the reader is asked.
    pub words: String,
    /// What the answer is like, so that a phone shows the right keys and fills in what it knows.
    pub kind: Answer,
}

/// What an answer is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// A telephone number.
    Telephone,
    /// A code of digits that came by a message.
    Code,
    /// A text, perhaps a long one.
    Text,
}

/// What became of a charge.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The reader has not paid yet, or the rail is still at it.
    Waiting {
        /// What the rail wants kept from now on instead of what it had; `None` leaves it.
        kept: Option<String>,
    },
    /// Still waiting, and the reader does something else next.
    Asking {
        /// What.
        next: Next,
        /// As in [`Outcome::Waiting`].
        kept: Option<String>,
    },
    /// The money came.
    Settled(Receipt),
    /// It did not, and never will by this charge.
    Declined(Reason),
    /// The rail has it and takes days, as a direct debit does. Nothing is charged again meanwhile.
    UnderWay,
    /// Nobody knows: to be asked again until somebody does. Nothing is charged again meanwhile.
    Unknown,
}

impl Outcome {
    /// Still waiting, with nothing new to keep.
    pub const WAITING: Self = Self::Waiting { kept: None };
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Waiting { .. } => f.write_str("Waiting"),
            Self::Asking { .. } => f.write_str("Asking"),
            Self::Settled(receipt) => f.debug_tuple("Settled").field(receipt).finish(),
            Self::Declined(reason) => f.debug_tuple("Declined").field(reason).finish(),
            Self::UnderWay => f.write_str("UnderWay"),
            Self::Unknown => f.write_str("Unknown"),
        }
    }
}

/// Money that came.
#[derive(Clone, PartialEq, Eq)]
pub struct Receipt {
    /// How much, as the rail says it, in the currency in which it says it. Another amount than that of the charge is
    /// refused by the flow: a rail need not compare, and must not correct.
    pub received: Money,
    /// What the rail keeps of it: what it says, or else [`Terms::fee_on`].
    pub fee: Money,
    /// What a refund names: the capture, the payment. May be that of the charge.
    pub reference: String,
    /// The reader's standing consent, where [`Charge::binds`] asked for it and the rail gave one.
    pub mandate: Option<Mandate>,
    /// The reader's address, where the rail tells it.
    pub email: Option<String>,
}

impl std::fmt::Debug for Receipt {
    /// Leaves out whose it is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receipt")
            .field("received", &self.received)
            .field("fee", &self.fee)
            .field("reference", &self.reference)
            .finish_non_exhaustive()
    }
}

/// A reader's standing consent to be charged when their tab is due.
#[derive(Clone, PartialEq, Eq)]
pub struct Mandate {
    /// What the rail calls it. It can move money, so that it is shown to nobody.
    pub reference: String,
    /// How the reader knows it again: `Visa •••• 4242`.
    pub label: String,
}

impl std::fmt::Debug for Mandate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mandate").finish_non_exhaustive()
    }
}

/// A message from outside, as it came.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body, byte for byte.
    pub body: &'a [u8],
    /// When it came, by the shop's clock.
    pub at: Timestamp,
}

/// Which charge is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The one with this id.
    Id(SettlementId),
    /// The one that the rail calls so ([`Begun::reference`]).
    Reference(String),
}

/// Whom a genuine message speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Something about a charge: ask.
    Charge(Which),
    /// The reader or their bank wants the money of a charge back: ask [`Rail::dispute`].
    Dispute {
        /// About which charge.
        charge: Which,
        /// What the rail calls the dispute.
        dispute: String,
    },
    /// Something about money that was sent back of a charge: ask [`Rail::refund`] again. Only where a key is known for ever.
    Refund(Which),
    /// Genuine, and nothing that the shop acts on.
    Nothing,
}

/// Why nothing was heard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// The message is not the rail's, or too old: nothing is done about it. A short word for the log (`signature`, `stale`,
    /// `malformed`), never anything that came with the message.
    #[error("forged: {0}")]
    Forged(&'static str),
    /// It cannot be told now whether it is genuine: whoever sent it should send it again.
    #[error("cannot be checked now: {0}")]
    Later(RailError),
}

/// How a rail wants a message that was heard to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thanks {
    /// The status.
    pub status: http::StatusCode,
    /// The type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: &'static str,
}

impl Thanks {
    /// 200 and nothing.
    pub const OK: Self =
        Self { status: http::StatusCode::OK, content_type: "text/plain", body: "" };
}

/// How far a dispute has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dispute {
    /// It is open; so much is held back meanwhile, and this much is taken for the trouble, as far as the rail says it by now.
    Open(Money, Money),
    /// The reader has the money back: so much, and this much more for the trouble.
    Lost(Money, Money),
    /// The shop keeps the money; so much is taken for the trouble all the same.
    Won(Money),
}

/// Money to be sent back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Names it: the rail's key of idempotency.
    pub key: String,
    /// How much.
    pub amount: Money,
    /// What came: [`Receipt::reference`].
    pub reference: String,
}

/// What became of money that was sent back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refunded {
    /// It is on its way: asked again with the same key later.
    Waiting,
    /// It is back.
    Done {
        /// What the rail calls it.
        reference: String,
        /// What the rail gives back of the fee it kept.
        fee_back: Money,
    },
    /// It cannot be sent back this way.
    Declined(Reason),
}

/// Why a rail did not do what it was asked. What the operator reads stands in it: never a secret, nor what the rail said
/// word for word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RailError {
    /// The rail surely did not hear: nothing happened. Ask again later.
    #[error("not reached: {0}")]
    NotReached(String),
    /// The rail may have heard, and nobody knows what it did: ask what became of it.
    #[error("no answer: {0}")]
    Lost(String),
    /// The rail refuses the shop, not the reader: a wrong key, a closed account. The operator has to act.
    #[error("refused: {0}")]
    Refused(String),
    /// The rail refuses the reader: nothing was charged.
    #[error("declined: {0:?}")]
    Declined(Reason),
    /// The rail's answer is not what its description says: nothing is concluded from it.
    #[error("an answer that cannot be: {0}")]
    Nonsense(String),
    /// This rail does not do that; [`Terms`] says so.
    #[error("this rail does not do that")]
    NotOffered,
}

impl RailError {
    /// Whether the rail surely did nothing.
    pub const fn left_nothing(&self) -> bool {
        match self {
            Self::NotReached(_) | Self::Refused(_) | Self::Declined(_) | Self::NotOffered => true,
            Self::Lost(_) | Self::Nonsense(_) => false,
        }
    }
}

impl From<MoneyError> for RailError {
    fn from(error: MoneyError) -> Self {
        Self::Nonsense(error.to_string())
    }
}

/// A way to settle.
pub trait Rail: Send + Sync {
    /// What it says about itself.
    fn terms(&self) -> &Terms;

    /// Begins a charge, or finds the one that was begun with this id. Nothing is captured here where the reader has still
    /// to agree.
    fn begin<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Begun>;

    /// Asks what became of a charge that was begun. Moves nothing, except that a rail which captures in a step of its own may
    /// finish what the reader agreed to.
    fn look<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Outcome>;

    /// Whether nobody can pay one charge twice.
    fn is_paid_once(&self) -> bool {
        true
    }

    /// Everything that came for a settled charge, where it can be paid twice: each receipt with a reference of its own, that which
    /// settled it among them.
    fn besides<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Vec<Receipt>> {
        let _ = charge;
        Box::pin(async { Ok(Vec::new()) })
    }

    /// The reader came back with `query`, or answered what [`Next::Ask`] asked. A rail that captures in a step of its own does it
    /// here. Nothing in it is believed: it may say which step is next, or hold what the provider then checks.
    fn returned<'a>(
        &'a self,
        charge: &'a Charge,
        query: &'a BTreeMap<String, String>,
    ) -> Asked<'a, Outcome> {
        let _ = query;
        self.look(charge)
    }

    /// Checks that a message from outside is genuine, and says whom it speaks of.
    fn hear<'a>(&'a self, message: Message<'a>) -> BoxFuture<'a, Result<Heard, Unheard>> {
        let _ = message;
        Box::pin(async { Err(Unheard::Forged("unexpected")) })
    }

    /// How a message that was heard is answered.
    fn thanks(&self) -> Thanks {
        Thanks::OK
    }

    /// Charges a mandate while the reader is away: begun and asked about in one. A lost answer is asked about by
    /// [`Rail::look`].
    fn charge_mandate<'a>(
        &'a self,
        charge: &'a Charge,
        mandate: &'a Mandate,
    ) -> Asked<'a, (Begun, Outcome)> {
        let _ = (charge, mandate);
        Box::pin(async { Err(RailError::NotOffered) })
    }

    /// Ends a mandate; one that is gone already is ended as well.
    fn unbind<'a>(&'a self, mandate: &'a Mandate) -> Asked<'a, ()> {
        let _ = mandate;
        Box::pin(async { Err(RailError::NotOffered) })
    }

    /// Sends money back, or finds what was sent back with this key.
    fn refund<'a>(&'a self, charge: &'a Charge, refund: &'a Refund) -> Asked<'a, Refunded> {
        let _ = (charge, refund);
        Box::pin(async { Err(RailError::NotOffered) })
    }

    /// Asks how far a dispute has come.
    fn dispute<'a>(&'a self, charge: &'a Charge, dispute: &'a str) -> Asked<'a, Dispute> {
        let _ = (charge, dispute);
        Box::pin(async { Err(RailError::NotOffered) })
    }
}
