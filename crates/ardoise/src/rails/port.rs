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
use ledger::{Currency, Money, MoneyError, RailNumber, SettlementId, TabId, Timestamp};
use std::collections::BTreeMap;

pub use super::asking::{Answer, Before, Note, Payer, Question};
pub use super::check::Flaw;
pub use super::consent::{Became, Binding, Mandate};
pub use super::fee::Fee;
pub use super::messages::{Heard, Message, Thanks, Unheard, Which};
pub use super::next::{Fact, Next, Says};
pub use super::reason::Reason;
pub use super::sending::{PaidOut, Payout, PayoutTerms, Recipient, Waits};
use crate::problem::Detail;

/// What a verb of a rail comes to, later.
pub type Asked<'a, T> = BoxFuture<'a, Result<T, RailError>>;

/// Hours for which a reader can pay what was begun, with most rails. Providers that set an end themselves allow from three
/// hours to three days.
pub const OPEN_HOURS: i64 = 24;

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
    /// Hours for which a reader can pay what was begun, unless it says otherwise [`OPEN_HOURS`].
    pub open_hours: i64,
    /// Whether another amount than asked for may come, also twice: a person types it, or it comes from what has a value of its
    /// own. It is received as it is. Nothing is lost where such a charge ends before its money comes, so that one for
    /// another amount takes its place as soon as the reader asks.
    pub amount_may_differ: bool,
    /// Whether it can be charged while the reader is away, by a mandate.
    pub charges_without_reader: bool,
    /// Whether a reader can give it a mandate without paying ([`Rail::bind`]).
    pub binds_without_charge: bool,
    /// Whether it can send money back.
    pub refunds: bool,
    /// How it sends authors their gains; nothing where it does not.
    pub payouts: Option<PayoutTerms>,
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

/// What a rail answers when a charge or a binding begins.
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
    /// The rail has to have something written down before it goes on, such as what a reader gave it: that is kept, whatever else
    /// happens, and the rail is asked again at once. Where somebody else has changed what was kept meanwhile, it is not, and
    /// the rail is asked the same once more.
    Keep {
        /// What is kept from now on.
        kept: String,
        /// What the reader does next, where that changes.
        next: Option<Next>,
    },
    /// What the reader gave cannot be taken: nothing was done with it, and they may give something else.
    Unfit(Unfit),
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
            Self::Keep { .. } => f.write_str("Keep"),
            Self::Unfit(unfit) => f.debug_tuple("Unfit").field(unfit).finish(),
            Self::Settled(receipt) => f.debug_tuple("Settled").field(receipt).finish(),
            Self::Declined(reason) => f.debug_tuple("Declined").field(reason).finish(),
            Self::UnderWay => f.write_str("UnderWay"),
            Self::Unknown => f.write_str("Unknown"),
        }
    }
}

/// Why what a reader gave is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// Under which name it came.
    pub field: &'static str,
    /// The key of what is wrong with it, and what would be right.
    pub words: &'static str,
    /// Values in that text.
    pub details: Vec<(&'static str, Detail)>,
}

impl Unfit {
    /// What came under `field` is not taken, for a reason with these words.
    pub const fn new(field: &'static str, words: &'static str) -> Self {
        Self { field, words, details: Vec::new() }
    }

    /// A word in its text.
    #[must_use]
    pub fn word(mut self, name: &'static str, word: String) -> Self {
        self.details.push((name, Detail::Word(word)));
        self
    }
}

/// Money that came.
#[derive(Clone, PartialEq, Eq)]
pub struct Receipt {
    /// How much, as the rail says it, in the currency in which it says it. Another amount than that of the charge is
    /// refused by the flow, unless [`Terms::amount_may_differ`]: a rail need not compare, and must not correct.
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

impl Receipt {
    /// What is wrong with it, where so much was asked for, or about so much.
    pub fn unlike(&self, asked: Money, may_differ: bool) -> Option<String> {
        let (came, fee) = (self.received, self.fee);
        let is_some = may_differ && came.currency() == asked.currency() && !came.is_zero();
        if came != asked && !is_some {
            return Some(format!("{came} came instead of {asked}"));
        }
        let is_sound = fee.currency() == came.currency() && fee <= came;
        (!is_sound).then(|| format!("a fee of {fee} on {came}"))
    }
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

/// Money that went back of a charge, whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentBack {
    /// What the rail calls it: no two of a charge are called the same.
    pub reference: String,
    /// The key under which the shop asked for it ([`Refund::key`]); `None` where it did not, but somebody at the provider's own page.
    pub key: Option<String>,
    /// How much.
    pub amount: Money,
    /// What the rail gives back of the fee it kept.
    pub fee_back: Money,
    /// Whether it did not arrive, so that the shop has the money again.
    pub has_failed: bool,
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

    /// Whether its receipts tell the address of whoever paid ([`Receipt::email`]).
    fn tells_address(&self) -> bool {
        false
    }

    /// Begins a charge, or finds the one that was begun with this id. Nothing is captured here where the reader has still
    /// to agree.
    fn begin<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Begun>;

    /// Asks what became of a charge that was begun. Moves nothing, except that a rail which captures in a step of its own may
    /// finish what the reader agreed to.
    fn look<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Outcome>;

    /// What has to happen before [`Rail::returned`] is told these answers. Asks nobody.
    fn before(&self, charge: &Charge, answers: &BTreeMap<String, String>) -> Before {
        let _ = (charge, answers);
        Before::Nothing
    }

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

    /// The key of what the operator reads about it on their desk, where there is something that they have to do.
    fn hint(&self) -> Option<&'static str> {
        None
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

    /// Begins to have a reader agree to be charged later, without a charge now; or finds what was begun with this id.
    fn bind<'a>(&'a self, binding: &'a Binding) -> Asked<'a, Begun> {
        let _ = binding;
        Box::pin(async { Err(RailError::NotOffered) })
    }

    /// Asks what became of a binding that was begun. A rail that makes the mandate in a step of its own may finish what the
    /// reader agreed to. `back` is what the reader has just come back with, or empty: nothing in it is believed.
    fn bound<'a>(
        &'a self,
        binding: &'a Binding,
        back: &'a BTreeMap<String, String>,
    ) -> Asked<'a, Became> {
        let _ = (binding, back);
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

    /// Sends an author money, or finds what was sent with this key; for as long as [`PayoutTerms::key_days`]. It declines only what
    /// was not sent by this or any earlier telling and never will be.
    fn pay_out<'a>(&'a self, payout: &'a Payout) -> Asked<'a, PaidOut> {
        let _ = payout;
        Box::pin(async { Err(RailError::NotOffered) })
    }

    /// Asks what became of a payout that the rail has named ([`Payout::reference`]), whenever that was. Moves nothing.
    fn paid_out<'a>(&'a self, payout: &'a Payout) -> Asked<'a, PaidOut> {
        let _ = payout;
        Box::pin(async { Err(RailError::NotOffered) })
    }

    /// Everything that went back of a settled charge, whoever sent it. `receipt` is what its receipt was called
    /// ([`Receipt::reference`]).
    fn refunds_of<'a>(&'a self, charge: &'a Charge, receipt: &'a str) -> Asked<'a, Vec<SentBack>> {
        let _ = (charge, receipt);
        Box::pin(async { Err(RailError::NotOffered) })
    }

    /// Tries the shop's keys, and whether the provider's messages come to `webhook` (`None` where it can surely not reach the
    /// shop). Moves nothing; answers with what should be mended, or with nothing where there is nobody to ask.
    fn check<'a>(&'a self, webhook: Option<&'a str>) -> Asked<'a, Option<Vec<Flaw>>> {
        let _ = webhook;
        Box::pin(async { Ok(None) })
    }

    /// Asks how far a dispute has come.
    fn dispute<'a>(&'a self, charge: &'a Charge, dispute: &'a str) -> Asked<'a, Dispute> {
        let _ = (charge, dispute);
        Box::pin(async { Err(RailError::NotOffered) })
    }
}
