//! Binding a way to pay to a tab: the invitation, its page, and what became of a mandate.

use super::{Page, Visitor};
use askama::Template;
use ledger::{Money, Timestamp};

/// The invitation to bind a way to pay: one sentence, which can be put away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// What the tab may owe now, and with a way to pay bound to it, where that is more.
    pub limits: Option<(Money, Money)>,
    /// Days before a charge on which its reader is told.
    pub days: u64,
    /// The page on which it stands.
    pub back: String,
}

impl Invitation {
    /// The sentence.
    pub fn words(&self, page: &Page) -> String {
        let days = page.say("bind-told", "count", self.days);
        match &self.limits {
            Some((now, raised)) => {
                let brings =
                    page.say2("invite-limit", "now", page.money(now), "limit", page.money(raised));
                format!("{brings} {days}")
            }
            None => format!("{} {days}", page.text("invite-same")),
        }
    }
}

/// A mandate, as its reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundRail {
    /// The rail's name in addresses; `rail-{name}` is the key of its words.
    pub name: &'static str,
    /// How the reader knows it again; may be empty.
    pub label: String,
    /// The most that one charge may take, where the reader was told.
    pub most: Option<Money>,
}

impl BoundRail {
    /// The key of the rail's name.
    pub fn words(&self) -> String {
        format!("rail-{}", self.name)
    }
}

/// A charge by a mandate that brought nothing: its reader settles by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedCharge {
    /// The key of the rail's name.
    pub rail: String,
    /// When.
    pub at: Timestamp,
    /// The key of why.
    pub words: &'static str,
    /// Whether it is tried once more by itself.
    pub again: bool,
}

impl FailedCharge {
    /// The key of what comes next.
    pub const fn next(&self) -> &'static str {
        if self.again { "failed-again" } else { "failed-by-hand" }
    }
}

/// A rail that can be bound: `POST /tab/bind/{name}`, field `binding`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindRail {
    /// The rail's name in addresses; `rail-{name}` is the key of its words.
    pub name: &'static str,
    /// Whether its money is fake.
    pub fake: bool,
}

impl BindRail {
    fn words(&self) -> String {
        format!("rail-{}", self.name)
    }
}

/// `GET /tab/bind`: what binding a way to pay brings, what is agreed to, and the ways that can be bound.
#[derive(Debug, Clone, Template)]
#[template(path = "bind.html")]
pub struct BindPage {
    /// Around the content.
    pub page: Page,
    /// What the tab may owe now, and with a way to pay bound to it, where that is more.
    pub limits: Option<(Money, Money)>,
    /// Days before a charge on which its reader is told.
    pub days: u64,
    /// What is agreed to, in the reader's language.
    pub words: String,
    /// The ways that can be bound; with none the page says so.
    pub rails: Vec<BindRail>,
    /// The binding's id, minted for this rendering.
    pub binding: String,
    /// Those that are bound already.
    pub bound: Vec<BoundRail>,
}
