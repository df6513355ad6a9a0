//! The payments of one tab, as the operator sees them: what came, what it paid, what went back.

use super::{Page, Visitor};
use crate::store::refund_order::State;
use askama::Template;
use ledger::{LineState, Money, Timestamp};

/// Money that came by a rail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BroughtRow {
    /// The settlement's id, for the form.
    pub settlement: String,
    /// The key of the rail's name.
    pub words: String,
    /// When it came.
    pub at: Timestamp,
    /// How much.
    pub received: Money,
    /// How much of the tab's credit can go back by it now.
    pub most: Money,
    /// Whether its rail can send it; else the operator does, by hand.
    pub can_send: bool,
    /// The refund id minted for this rendering.
    pub refund: String,
}

/// A line that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineRow {
    /// Its id, for the form.
    pub line: String,
    /// What was bought.
    pub title: String,
    /// What it cost.
    pub amount: Money,
    /// When it was bought.
    pub at: Timestamp,
    /// What became of it.
    pub state: LineState,
    /// The refund id minted for this rendering.
    pub refund: String,
}

impl LineRow {
    const fn is_paid(&self) -> bool {
        matches!(self.state, LineState::Paid)
    }

    const fn words(&self) -> &'static str {
        match self.state {
            LineState::Open => "line-open",
            LineState::Paid => "line-paid",
            LineState::WrittenOff => "desk-written-off",
            LineState::Undone => "line-refunded",
        }
    }
}

/// Money that went back, or is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRow {
    /// The key of the rail's name.
    pub words: String,
    /// How much.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
    /// Whether it is credit again.
    pub has_failed: bool,
    /// How far the rail has come with it; nothing where the operator sent it.
    pub state: Option<State>,
    /// Whether that was at the provider's own page.
    pub elsewhere: bool,
}

impl RefundRow {
    /// The key of how it stands.
    pub const fn stands(&self) -> &'static str {
        match (self.has_failed, self.state) {
            (true, _) => "refund-failed",
            (false, Some(State::Begun)) => "refund-begun",
            (false, Some(_)) => "refund-done",
            (false, None) if self.elsewhere => "refund-elsewhere",
            (false, None) => "refund-by-hand",
        }
    }
}

/// `GET /desk/tabs/{tab}`.
///
/// `POST /desk/tabs/{tab}/refunds` with `refund`, `settlement`, `amount`, `way` (`rail` or `hand`) and `note`;
/// `POST /desk/tabs/{tab}/lines/{line}/refund` with `refund` and, to have it sent back, `send`.
#[derive(Debug, Clone, Template)]
#[template(path = "desk_tab.html")]
pub struct DeskTabPage {
    /// Around the content.
    pub page: Page,
    /// The tab.
    pub tab: String,
    /// What it owes.
    pub owed: Money,
    /// Its credit.
    pub credit: Money,
    /// What the operator bears of what went back beyond its credit.
    pub borne: Money,
    /// Whether a lost dispute has closed it: `POST /desk/tabs/{tab}/reopen`.
    pub is_closed_by_dispute: bool,
    /// What came, the newest first.
    pub brought: Vec<BroughtRow>,
    /// Lines that cost something, the newest first.
    pub lines: Vec<LineRow>,
    /// What went back, the newest first.
    pub refunds: Vec<RefundRow>,
}
