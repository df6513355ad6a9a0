//! The pages that links in letters lead to.

use super::{Page, Visitor};
use askama::Template;
use ledger::Money;

/// What a link in a letter is for, and how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkView {
    /// Objecting to being charged: `POST /mail/object/{token}`.
    Object,
    /// That was done.
    Objected,
    /// There is nothing to object to.
    NothingBound,
    /// Stopping letters: `POST /mail/stop/{token}`.
    Stop,
    /// That was done.
    Stopped,
}

/// `GET /mail/object/{token}`, `GET /mail/stop/{token}`: one page with one button, because programs that scan mail follow every
/// link.
#[derive(Debug, Clone, Template)]
#[template(path = "letter.html")]
pub struct LinkPage {
    /// Around the content.
    pub page: Page,
    /// What it is for.
    pub view: LinkView,
    /// What the tab owes.
    pub owed: Money,
    /// The token of the link.
    pub token: String,
}
