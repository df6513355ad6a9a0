//! A reader's consent to be charged later, as a rail is told of it and gives it.

use super::port::Reason;
use ledger::{Currency, SettlementId, TabId, Timestamp};

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

/// A reader who agrees to be charged later and pays nothing now, as a rail is told of it. It has no amount that could be
/// charged, and what becomes of it ([`Became`]) is never money.
#[derive(Clone, PartialEq, Eq)]
pub struct Binding {
    /// Names it: the rail's key of idempotency.
    pub id: SettlementId,
    /// Whose tab. A rail may show it to the operator, and tells it nobody else.
    pub tab: TabId,
    /// When it was begun.
    pub begun_at: Timestamp,
    /// Until when the reader can agree; a rail that can set an end to what it offers sets it no later.
    pub ends_at: Timestamp,
    /// What the rail calls it, as [`Begun::reference`](super::port::Begun::reference) said; empty before.
    pub reference: String,
    /// What the rail wanted kept, as [`Begun::kept`](super::port::Begun::kept) said; empty before. Nobody else reads it.
    pub kept: String,
    /// The language that the reader reads: `fr` or `en`.
    pub locale: String,
    /// The currency of the charges to come.
    pub currency: Currency,
    /// The shop's name.
    pub shop: String,
    /// Where the reader comes back to: an absolute address of the shop.
    pub return_url: String,
}

impl std::fmt::Debug for Binding {
    /// Leaves out what the rail wanted kept: it may hold a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Binding")
            .field("id", &self.id)
            .field("reference", &self.reference)
            .finish_non_exhaustive()
    }
}

/// What became of a reader who was to agree to be charged later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// They have not agreed yet, or the rail is still at it.
    Waiting,
    /// They have: the mandate holds.
    Bound(Mandate),
    /// They have not, and never will by this binding.
    Declined(Reason),
}
