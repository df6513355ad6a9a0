//! The page of a charge that is not settled yet, or never will be.

use super::{Page, Visitor};
use crate::rails::port::{Answer, Question};
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
    /// They fill in fields that the rail's script shows.
    Fields {
        /// What the script is told: names and values.
        public: Vec<(String, String)>,
    },
    /// They answer here: `POST /tab/charges/{charge}/return`.
    Ask {
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
    /// How much.
    pub amount: Money,
    /// The key of the rail's name.
    pub rail: String,
    /// How it stands.
    pub view: ChargeView,
}

impl ChargePage {
    /// Whether it may change by itself, so that the page looks again.
    const fn waits(&self) -> bool {
        match self.view {
            ChargeView::Follow { .. }
            | ChargeView::Scan { .. }
            | ChargeView::Fields { .. }
            | ChargeView::Wait
            | ChargeView::InDoubt => true,
            // What somebody is typing is not taken away from them.
            ChargeView::Ask { .. }
            | ChargeView::Over { .. }
            | ChargeView::Refused
            | ChargeView::UnderWay => false,
        }
    }
}
