//! The operator's desk, and the door that a one-time link opens.

use askama::Template;
use ledger::{Money, Timestamp};

use super::payouts::{PayoutStand, SendBy, SendToAll};
use super::{Page, Visitor};

/// The last check of the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BooksState {
    /// Whether every balance was found again from the journal.
    pub balanced: bool,
    /// What was found, in words for the operator; may be cut short.
    pub findings: Vec<String>,
    /// When that was.
    pub checked: Timestamp,
    /// Transfers in the journal.
    pub transfers: u64,
}

/// A tab that owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwingTab {
    /// The tab's id, for the form.
    pub tab: String,
    /// The reference that a reader writes on a transfer.
    pub reference: String,
    /// What is owed.
    pub owed: Money,
    /// In how many lines.
    pub lines: u32,
    /// The oldest unpaid line.
    pub oldest: Timestamp,
    /// Whether it takes no new lines until it is paid.
    pub closed: bool,
    /// Whether its lines were written off.
    pub written_off: bool,
    /// Whether a payment of it is disputed.
    pub disputed: bool,
    /// The settlement id minted for this rendering.
    pub settlement: String,
}

/// An author of the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorRow {
    /// The author's id, for the form.
    pub author: String,
    /// The name shown.
    pub name: String,
    /// Works on sale.
    pub works: u64,
    /// What they earned so far.
    pub earned: Money,
    /// What of it can be paid out now.
    pub available: Money,
    /// Ways to send it there: rails to which the author has given an address.
    pub sends: Vec<SendBy>,
    /// Whether a rail could send it, had the author given an address.
    pub lacks_address: bool,
    /// The payout id minted for this rendering.
    pub payout: String,
    /// Whether the invitation is not accepted yet.
    pub invited: bool,
}

impl AuthorRow {
    /// What a bank can move of what is available; the rest waits for the next time.
    pub const fn payable(&self) -> Money {
        self.available.round_down_to_minor()
    }
}

/// Whole units of the currency for which the desk shows what a rail keeps.
pub const SIZES: [i64; 4] = [1, 2, 5, 10];

/// What a rail keeps of tabs of the sizes in [`SIZES`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RailRow {
    /// The key of its name.
    pub words: String,
    /// What it keeps, in the order of the sizes; nothing where it does not move so little or so much.
    pub keeps: Vec<Option<Money>>,
    /// On which day and where that was looked up; empty when the operator says it.
    pub as_of: String,
    /// Whose price list it is from.
    pub source: String,
    /// The key of what the operator has to do about it, where there is something.
    pub hint: Option<&'static str>,
}

/// A payment at which the operator has to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TroublingCharge {
    /// Its id.
    pub charge: String,
    /// The key of the rail's name.
    pub words: String,
    /// What the rail calls it.
    pub reference: String,
    /// The tab.
    pub tab: String,
    /// How much was asked for.
    pub amount: Money,
    /// What is wrong, in words for the operator; nothing where nobody knows what became of it.
    pub reason: Option<String>,
}

/// A letter that nobody takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostLetter {
    /// Of which tab. The address is shown to nobody but its reader.
    pub tab: String,
    /// What it says first, in the operator's language.
    pub title: String,
    /// Its name in the form.
    pub key: String,
    /// What went wrong: a short word.
    pub failure: String,
    /// Since when nobody tries any more.
    pub at: Timestamp,
}

/// A refund at which the operator has to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TroublingRefund {
    /// Its id.
    pub refund: String,
    /// The key of the rail's name.
    pub words: String,
    /// The tab.
    pub tab: String,
    /// How much.
    pub amount: Money,
    /// Whether the rail did not carry it out; else nobody knows.
    pub is_declined: bool,
    /// What the rail last failed with, in words for the operator; may be empty.
    pub reason: String,
}

/// Money that went back at a provider's own page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElsewhereRefund {
    /// The key of the rail's name.
    pub words: String,
    /// The tab.
    pub tab: String,
    /// How much.
    pub amount: Money,
    /// When it was noticed.
    pub at: Timestamp,
    /// What of it the operator bears.
    pub borne: Money,
}

/// A tab that has credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditedTab {
    /// Its id.
    pub tab: String,
    /// How much.
    pub credit: Money,
}

/// `GET /desk`: the operator's desk.
///
/// `POST /desk/invitations` with `name`; `POST /desk/tabs/{tab}/settle` with `settlement`, `amount`
/// (decimal, as received) and `rail` (`transfer` or `cash`); `POST /desk/authors/{author}/payouts` with
/// `payout`, `amount`, `reference` and, where a rail sends it, `by`; `POST /desk/payouts` with `by` and `send`, once for each;
/// `POST /desk/books` checks the books now.
#[derive(Debug, Clone, Template)]
#[template(path = "desk.html")]
pub struct DeskPage {
    /// Around the content; answer with `Cache-Control: no-store` when a link is shown.
    pub page: Page,
    /// The last check; `None` before the first.
    pub books: Option<BooksState>,
    /// What all tabs owe together.
    pub owed: Money,
    /// The tabs that owe, the oldest first.
    pub tabs: Vec<OwingTab>,
    /// Address of the next tabs.
    pub more: Option<String>,
    /// The sizes of tabs for which that is shown.
    pub sizes: Vec<Money>,
    /// What the rails keep; empty when none brings money itself.
    pub rails: Vec<RailRow>,
    /// Payments at which the operator has to look.
    pub troubling: Vec<TroublingCharge>,
    /// Letters that nobody takes.
    pub letters: Vec<LostLetter>,
    /// Refunds at which the operator has to look.
    pub returning: Vec<TroublingRefund>,
    /// What went back at providers' own pages not long ago.
    pub elsewhere: Vec<ElsewhereRefund>,
    /// Tabs that have credit.
    pub credited: Vec<CreditedTab>,
    /// The authors.
    pub authors: Vec<AuthorRow>,
    /// Ways to send everybody what is available to them.
    pub send_all: Vec<SendToAll>,
    /// What somebody must have to be among everybody.
    pub send_from: Money,
    /// Payouts on their way, and those that came back.
    pub payouts: Vec<PayoutStand>,
    /// The link of an invitation that was just made: shown this once.
    pub fresh_invitation: Option<String>,
}

/// `GET /sign-in/{token}`: the page of a one-time link. Only `POST` to the same address uses it up,
/// because programs that scan mail follow every link.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    /// Around the content.
    pub page: Page,
    /// The token of the link.
    pub token: String,
    /// Whether it can still be used; else the page says how to get another.
    pub valid: bool,
}
