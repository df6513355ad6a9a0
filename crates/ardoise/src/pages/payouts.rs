//! What the operator sees of sending authors their gains.

use ledger::Money;

/// A way to send an author what is available to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendBy {
    /// The rail's name, for the form.
    pub rail: String,
    /// The key of its name.
    pub words: String,
    /// Where to, as the author gave it.
    pub address: String,
    /// What the rail takes besides, by its price list.
    pub fee: Money,
}

/// Everybody who can be sent what is available to them, by one rail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendToAll {
    /// The rail's name, for the form.
    pub rail: String,
    /// What the button says.
    pub label: String,
    /// For each author the payout id minted for this rendering, the author and the amount, with a space between.
    pub payouts: Vec<String>,
}

/// A payout that is on its way, or came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutStand {
    /// Its id.
    pub payout: String,
    /// The author's name.
    pub author: String,
    /// The key of the rail's name.
    pub words: String,
    /// What the rail calls it; may be empty.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// The key of how it stands.
    pub stand: &'static str,
    /// What the rail last failed with, in words for the operator; may be empty.
    pub failure: String,
    /// Whether it came back.
    pub has_returned: bool,
}
