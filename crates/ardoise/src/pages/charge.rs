//! The page of a charge that is not settled yet, or never will be.

use super::{Page, Visitor};
use crate::rails::port::{Answer, Fact, Question, Says};
use askama::Template;
use ledger::Money;

/// How a charge stands, for its reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeView {
    /// They pay at this address, and come back.
    Follow {
        /// The address.
        url: String,
    },
    /// They scan a code, or follow a link on this device.
    Scan {
        /// The code as SVG; empty when it is too long for one.
        picture: String,
        /// What it says, to be copied.
        code: String,
        /// The same as a link.
        link: Option<String>,
    },
    /// They tell their bank what to pay, by a code or by copying.
    Copy {
        /// The code as SVG; empty when it is too long for one.
        picture: String,
        /// What they copy, besides the amount.
        facts: Vec<Fact>,
    },
    /// They answer here: `POST /tab/charges/{charge}/return`.
    Ask {
        /// What they are asked.
        questions: Vec<Question>,
    },
    /// They scan a code, follow a link, or answer here.
    ScanOrAnswer {
        /// What they are asked for.
        says: Says,
        /// The code as SVG; empty when it is too long for one.
        picture: String,
        /// What it says, to be copied.
        code: String,
        /// The same as a link.
        link: Option<String>,
        /// What they are asked.
        questions: Vec<Question>,
    },
    /// Something happens elsewhere.
    Wait,
    /// The rail has it, and takes days.
    UnderWay,
    /// The rail's answer was lost: it is being asked.
    InDoubt,
    /// It is over without money.
    Over {
        /// The key of why, and what to do.
        words: &'static str,
    },
    /// What came is not what was asked for: the operator looks into it.
    Refused,
}

/// `GET /tab/charges/{id}`: how a charge stands.
#[derive(Debug, Clone, Template)]
#[template(path = "charge.html")]
pub struct ChargePage {
    /// Around the content.
    pub page: Page,
    /// The charge's id.
    pub charge: String,
    /// How much; nothing of one that binds.
    pub amount: Option<Money>,
    /// The key of the rail's name.
    pub rail: String,
    /// How it stands.
    pub view: ChargeView,
    /// Where another way to pay is chosen.
    pub again: String,
    /// Whether the tab is the device's own; else it is settled from a letter.
    pub own: bool,
}

impl ChargePage {
    /// The key of what is said of a charge, or of one that binds.
    const fn either<'a>(&self, charge: &'a str, binding: &'a str) -> &'a str {
        if self.amount.is_some() { charge } else { binding }
    }

    /// Whether to answer is all that there is to do: then its button is the loud one.
    const fn asks_only(&self) -> bool {
        matches!(self.view, ChargeView::Ask { .. })
    }

    /// Whether something on it can be copied.
    const fn copies(&self) -> bool {
        matches!(
            self.view,
            ChargeView::Scan { .. } | ChargeView::Copy { .. } | ChargeView::ScanOrAnswer { .. }
        )
    }

    /// Whether it may change by itself, so that the page looks again.
    const fn waits(&self) -> bool {
        match self.view {
            ChargeView::Follow { .. }
            | ChargeView::Scan { .. }
            | ChargeView::Wait
            | ChargeView::InDoubt => true,
            ChargeView::Copy { .. } | ChargeView::UnderWay => false,
            // What somebody is typing is not taken away from them: the page loads itself anew only when something has happened.
            ChargeView::ScanOrAnswer { .. } => true,
            ChargeView::Ask { .. } | ChargeView::Over { .. } | ChargeView::Refused => false,
        }
    }
}
