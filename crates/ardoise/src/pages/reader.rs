//! The reader's other pages: the shop front, the tab, settling, the library, and what went wrong.

use askama::Template;
use ledger::{Money, Timestamp};

use super::binding::{BoundRail, FailedCharge, Invitation};
use super::desk_tab::RefundRow;
use super::work::{Kind, Price};
use super::{Page, Visitor};
use crate::notices::words::{Does, Said};
use crate::rails::port::Says;

/// A published work in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkCard {
    /// Of its link `/l/{slug}`.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// The author's name.
    pub author: String,
    /// What it is.
    pub kind: Kind,
    /// What it costs.
    pub price: Price,
    /// Same-origin address of a small cover, shown 72 pixels wide.
    pub cover: Option<String>,
}

/// `GET /`: what the shop sells, newest first.
#[derive(Debug, Clone, Template)]
#[template(path = "front.html")]
pub struct ShopFront {
    /// Around the content.
    pub page: Page,
    /// One sentence of the operator about the shop.
    pub about: Option<String>,
    /// The published works.
    pub works: Vec<WorkCard>,
    /// Address of the next page of works.
    pub more: Option<String>,
}

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineState {
    /// On the tab.
    Open,
    /// In a settlement that is under way.
    Billed,
    /// Paid.
    Paid,
    /// Taken back.
    Refunded,
    /// Given up by the seller.
    WrittenOff,
    /// Nothing to pay: a gift.
    Free,
}

impl LineState {
    /// What is on the tab or was a gift shows so by its amount alone.
    fn is_told(self) -> bool {
        !matches!(self, Self::Open | Self::Free)
    }

    fn key(self) -> &'static str {
        match self {
            Self::Open => "line-open",
            Self::Billed => "line-billed",
            Self::Paid => "line-paid",
            Self::Refunded => "line-refunded",
            Self::WrittenOff => "line-written-off",
            Self::Free => "line-free",
        }
    }
}

/// A line of the tab. Its undo is `POST /lines/{line}/undo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TabLine {
    /// The line's id.
    pub line: String,
    /// The work's id, for `/w/{work}`; a refunded line is not linked.
    pub work: String,
    /// The work's title.
    pub title: String,
    /// What it cost.
    pub amount: Money,
    /// When it was bought.
    pub at: Timestamp,
    /// Where it stands.
    pub state: LineState,
    /// Whole minutes in which it can still be undone; `None` when the time is over.
    pub undo_minutes: Option<u32>,
}

/// Why a tab takes no new lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// Its oldest line has waited long enough.
    Due,
    /// Lines were written off, and not paid since.
    WrittenOff,
    /// A payment of it is disputed.
    Disputed,
    /// A dispute was lost, and nothing is owed.
    ForGood,
}

impl Closed {
    /// The key of the sentence that says so.
    pub fn key(self) -> &'static str {
        match self {
            Self::Due => "tab-closed",
            Self::WrittenOff => "tab-written-off",
            Self::Disputed => "tab-disputed",
            Self::ForGood => "tab-closed-for-good",
        }
    }
}

/// Something that the reader is told; put away by `POST /tab/notices/dismiss` with `notice`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeView {
    /// Its name in the form.
    pub key: String,
    /// When.
    pub at: Timestamp,
    /// What it says, in the reader's language.
    pub said: Said,
}

impl NoticeView {
    /// Whether the reader can object here: `POST /tab/object`.
    fn objects(&self) -> bool {
        self.said.does == Does::Object
    }
}

/// Where receipts and notices are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailView {
    /// Nowhere: the shop sends no letters.
    Off,
    /// Nowhere yet.
    Nowhere,
    /// To the address that the rail of the next payment tells.
    Awaited,
    /// There.
    To(String),
}

/// `GET /tab`: the reader's tab.
#[derive(Debug, Clone, Template)]
#[template(path = "tab.html")]
pub struct TabPage {
    /// Around the content.
    pub page: Page,
    /// What is owed: open and billed lines together.
    pub owed: Money,
    /// How many lines that is.
    pub open_lines: u32,
    /// The most the tab may hold.
    pub limit: Money,
    /// What can still be put on it.
    pub left: Money,
    /// The total at which the tab is settled.
    pub settles_at: Money,
    /// The day by which it is to be settled; `None` while nothing is owed.
    pub settles_by: Option<Timestamp>,
    /// What was received beyond what is owed.
    pub credit: Money,
    /// What of it can be given back now, and how; nothing where no way of paying can.
    pub give_back: Option<GiveBack>,
    /// What was given back, the newest first.
    pub refunds: Vec<RefundRow>,
    /// Payments that are awaited for days.
    pub awaited: Vec<Awaited>,
    /// Why the tab takes no new lines; `None` while it does.
    pub closed: Option<Closed>,
    /// When the shop opened it again, if that was not long ago.
    pub reopened: Option<Timestamp>,
    /// The rails that charge it when it is due.
    pub bound: Vec<BoundRail>,
    /// The last charge by one of them, where it brought nothing.
    pub failed: Option<FailedCharge>,
    /// The invitation to bind one.
    pub invitation: Option<Invitation>,
    /// Newest first.
    pub lines: Vec<TabLine>,
    /// Address of the older lines.
    pub more: Option<String>,
    /// What the reader is told, the newest first.
    pub notices: Vec<NoticeView>,
    /// Where receipts and notices go besides.
    pub mail: MailView,
}

/// A payment that its reader sent, or is to send, and that takes days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    /// The charge, whose page says more.
    pub charge: String,
    /// The key of what is said of it.
    pub words: &'static str,
    /// The key of the rail's name.
    pub rail: String,
    /// How much.
    pub amount: Money,
}

/// Credit that its reader can have back: `POST /tab/refunds`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiveBack {
    /// The refund id minted for this rendering.
    pub refund: String,
    /// By which settlement it came.
    pub settlement: String,
    /// How much.
    pub amount: Money,
    /// The key of the rail's name.
    pub words: String,
}

impl TabPage {
    /// The key of when it is settled, and by whom.
    const fn when(&self) -> &'static str {
        if self.bound.is_empty() { "tab-when" } else { "tab-charged" }
    }

    /// The part of the limit that is left, in hundredths, for the drawn bar.
    fn left_hundredths(&self) -> i64 {
        let limit = i128::from(self.limit.micros().max(1));
        let share = i128::from(self.left.micros()) * 100 / limit;
        i64::try_from(share.clamp(0, 100)).unwrap_or(0)
    }
}

/// A rail that brings the money itself, as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnlineRail {
    /// Its name in addresses; `rail-{name}` is the key of its words.
    pub name: &'static str,
    /// What it charges of what is owed: whole units of the rail.
    pub amount: Money,
    /// The smallest charge, where that is more than is owed.
    pub minimum: Option<Money>,
    /// The largest charge, where that is less than is owed.
    pub maximum: Option<Money>,
    /// Whether it can be charged later without the reader.
    pub binds: bool,
    /// Whether its money is fake.
    pub fake: bool,
    /// Whether it knows the address of whoever pays.
    pub tells_address: bool,
}

impl OnlineRail {
    fn words(&self) -> String {
        format!("rail-{}", self.name)
    }

    const fn takes(&self) -> bool {
        self.minimum.is_none() && self.maximum.is_none()
    }
}

/// A way to settle, as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RailView {
    /// A rail that brings the money itself: `POST /tab/settle/{name}`, fields `settlement`, `amount`
    /// (decimal) and perhaps `bind`.
    Online(OnlineRail),
    /// A bank transfer.
    Transfer {
        /// The operator's words (account, name); line breaks are kept.
        instructions: String,
    },
    /// Cash, or whatever the operator takes by hand.
    Cash {
        /// The operator's words (where, when); line breaks are kept.
        instructions: String,
    },
}

/// `GET /tab/settle`: choose how to settle.
#[derive(Debug, Clone, Template)]
#[template(path = "settle.html")]
pub struct SettlePage {
    /// Around the content.
    pub page: Page,
    /// What is to be settled; with nothing owed the page says so.
    pub owed: Money,
    /// How many lines that is.
    pub lines: u32,
    /// The settlement id minted for this rendering.
    pub settlement: String,
    /// The tab's reference, to be written on a transfer.
    pub reference: String,
    /// Payments that are awaited for days.
    pub awaited: Vec<Awaited>,
    /// The rails that may charge the tab when it is due.
    pub bound: Vec<BoundRail>,
    /// The last charge by one of them, where it brought nothing.
    pub failed: Option<FailedCharge>,
    /// The ways to settle, the cheapest for this tab first; with none the page says whom to ask.
    pub rails: Vec<RailView>,
    /// Where the forms lead, before the name of a rail.
    pub to: String,
    /// Whether the tab is the device's own; else it is settled from a letter.
    pub own: bool,
    /// Where receipts go.
    pub mail: MailView,
}

/// Shown after settling (`GET /tab/settled/{settlement}`).
#[derive(Debug, Clone, Template)]
#[template(path = "settled.html")]
pub struct SettledPage {
    /// Around the content.
    pub page: Page,
    /// What was paid.
    pub amount: Money,
    /// How many lines that settled.
    pub lines: u32,
    /// When.
    pub at: Timestamp,
    /// What remains on the tab.
    pub left: Money,
    /// Whether the money was fake.
    pub fake: bool,
    /// What the reader may take home: what it is, and the thing itself.
    pub to_take: Option<(Says, String)>,
    /// Whether the tab is the device's own; else it was settled from a letter.
    pub own: bool,
}

/// A work in the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibraryItem {
    /// The work's id, for `/w/{work}`.
    pub work: String,
    /// The line that gave access; its receipt is at `/receipts/{line}`.
    pub line: String,
    /// Its title.
    pub title: String,
    /// The author's name.
    pub author: String,
    /// What it is.
    pub kind: Kind,
    /// When it was taken.
    pub at: Timestamp,
}

/// `GET /library`: everything the reader has; all receipts are at `/receipts`.
#[derive(Debug, Clone, Template)]
#[template(path = "library.html")]
pub struct LibraryPage {
    /// Around the content.
    pub page: Page,
    /// Newest first.
    pub items: Vec<LibraryItem>,
    /// Address of the older ones.
    pub more: Option<String>,
}

/// What happened to the money, told before anything else about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneyFate {
    /// Nothing was charged.
    NothingCharged,
    /// The line was taken back.
    LineUndone,
    /// The tab is as it was before.
    TabUnchanged,
    /// The outcome is being asked about; nothing will be charged twice.
    BeingChecked,
    /// The page has nothing to do with money.
    None,
}

/// The step out of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextStep {
    /// What the link says, in the reader's language.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

/// A problem as a page: the same as the problem+json of programs, in the reader's language.
#[derive(Debug, Clone, Template)]
#[template(path = "problem.html")]
pub struct ProblemPage {
    /// Around the content; its title is the problem's title.
    pub page: Page,
    /// What happened to the money.
    pub money: MoneyFate,
    /// What went wrong and how to get on, in the reader's language.
    pub detail: String,
    /// The step out; the shop front when there is none better.
    pub next: Option<NextStep>,
    /// Another step, where there are two.
    pub other: Option<NextStep>,
    /// The stable code (`tab.full`); leads to `/problems/{code}`.
    pub code: String,
    /// To be told to the operator.
    pub request_id: Option<String>,
}

impl ProblemPage {
    /// The page for an address that leads nowhere: code `page.missing`.
    pub fn not_found(mut page: Page) -> Self {
        page.title = page.text("missing-title").into_owned();
        let detail = page.text("missing-detail").into_owned();
        let code = "page.missing".to_owned();
        let (next, other) = (None, None);
        Self { page, money: MoneyFate::None, detail, next, other, code, request_id: None }
    }

    fn fate(&self) -> Option<&'static str> {
        match self.money {
            MoneyFate::NothingCharged => Some("fate-nothing-charged"),
            MoneyFate::LineUndone => Some("fate-line-undone"),
            MoneyFate::TabUnchanged => Some("fate-tab-unchanged"),
            MoneyFate::BeingChecked => Some("fate-being-checked"),
            MoneyFate::None => None,
        }
    }
}

/// `GET /withdrawal`: a reader's rights and how to use them.
#[derive(Debug, Clone, Template)]
#[template(path = "withdrawal.html")]
pub struct WithdrawalPage {
    /// Around the content.
    pub page: Page,
    /// The legal seller's name and address; line breaks are kept.
    pub seller: String,
    /// The seller's e-mail address for withdrawals.
    pub email: Option<String>,
    /// How long a purchase can be undone.
    pub undo_minutes: u32,
}
