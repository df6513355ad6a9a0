//! What programs of readers send and get when they buy: the handlers are those of the pages ([`crate::tabs::http`]), which
//! answer JSON to whoever does not take HTML.

use super::wire::Amount;
use serde::Serialize;
use utoipa::ToSchema;

/// One tap, as JSON or as a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes what `tabs::http::buy_work` reads")]
pub struct Tap {
    /// Names the purchase: a UUID of version 7 that the program makes. The same one again pays once.
    #[schema(example = "019ab3f2-7c00-7d3f-9a2b-0123456789ab")]
    purchase: String,
    /// The price that was seen, or chosen: an amount in the shop's currency, tax included.
    #[schema(example = "0.20")]
    price: String,
    /// Where the reader comes from: the channel that the sale counts for.
    #[schema(example = "mastodon", required = false)]
    via: Option<String>,
}

/// What became of a tap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Became {
    /// The work is on the tab.
    Bought,
    /// The reader had it already, and pays nothing.
    Owned,
    /// The purchase was made before and undone since.
    Undone,
}

/// A tap that was not refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Bought {
    /// The line on the tab that gives access.
    #[schema(example = "0134tk8d8w7mcsskwkw6s8njtx")]
    pub line: String,
    /// The work.
    #[schema(example = "wrk_01vgz93hs0v2w")]
    pub work: String,
    /// What became of it.
    pub status: Became,
    /// Where the work is read.
    #[schema(example = "/w/wrk_01vgz93hs0v2w")]
    pub open: String,
    /// What it costs.
    pub price: Amount,
    /// What the tab owes now.
    pub total: Amount,
    /// What it may owe.
    pub limit: Amount,
}

/// A line that was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Undone {
    /// The line.
    #[schema(example = "0134tk8d8w7mcsskwkw6s8njtx")]
    pub line: String,
    /// The work that it had given access to.
    #[schema(example = "wrk_01vgz93hs0v2w")]
    pub work: String,
    /// `undone`.
    pub status: Became,
    /// What the tab owes now.
    pub total: Amount,
}
