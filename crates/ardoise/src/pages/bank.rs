//! What the operator's bank says that came: the desk's pages for statements.

use super::{Page, Visitor};
use askama::Template;
use ledger::{Money, Timestamp};

/// A credit that waits for the operator, or was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditRow {
    /// Its id, for the forms.
    pub entry: String,
    /// When the bank booked it.
    pub on: Timestamp,
    /// How much.
    pub amount: Money,
    /// Who paid, and what they wrote.
    pub said: String,
    /// The tab that they may mean; may be empty.
    pub tab: String,
}

/// What was just done with a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Credits that are on a tab now.
    pub placed: u32,
    /// Credits that wait.
    pub waiting: u32,
    /// Credits that were known.
    pub known: u32,
}

/// `GET /desk/bank`: statements are brought here, and what they leave open is put on tabs.
///
/// `POST /desk/bank` with `file`; `POST /desk/bank/entries/{entry}/tab` with `tab`; `POST /desk/bank/entries/{entry}/aside` with
/// `aside` (`yes` or `no`).
#[derive(Debug, Clone, Template)]
#[template(path = "bank.html")]
pub struct BankPage {
    /// Around the content.
    pub page: Page,
    /// The account, in groups of four; empty where transfers are off.
    pub iban: String,
    /// What was just done.
    pub done: Option<Done>,
    /// Credits that wait, the oldest first.
    pub waiting: Vec<CreditRow>,
    /// Credits that were put aside, the last first.
    pub aside: Vec<CreditRow>,
}

/// One credit of a statement, and what would become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedRow {
    /// When the bank booked it.
    pub on: Timestamp,
    /// How much.
    pub amount: Money,
    /// Who paid, and what they wrote.
    pub said: String,
    /// The key of what would become of it.
    pub verdict: &'static str,
    /// Whether it would go on a tab.
    pub is_matched: bool,
    /// The tab; empty where there is none.
    pub tab: String,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its place, from 0.
    pub at: usize,
    /// Its heading.
    pub heading: String,
}

/// The columns of a table, for the operator to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// All of them.
    pub all: Vec<Column>,
    /// The day.
    pub day: Option<usize>,
    /// The amount.
    pub amount: Option<usize>,
}

impl Columns {
    const fn are_known(&self) -> bool {
        self.day.is_some() && self.amount.is_some()
    }

    fn is_day(&self, at: &usize) -> bool {
        self.day == Some(*at)
    }

    fn is_amount(&self, at: &usize) -> bool {
        self.amount == Some(*at)
    }
}

/// How many of something there are, with the key of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The key of what.
    pub words: &'static str,
    /// How many.
    pub count: u32,
}

/// `GET /desk/bank/{statement}`: what was understood of a statement, before anything is taken from it.
///
/// `POST` to the same address takes it in, with `day` and `amount`, the columns of a table.
#[derive(Debug, Clone, Template)]
#[template(path = "statement.html")]
pub struct StatementPage {
    /// Around the content.
    pub page: Page,
    /// Its id.
    pub statement: String,
    /// The columns, where it is a table.
    pub columns: Option<Columns>,
    /// How many credits there are of each verdict, and what was left out.
    pub counts: Vec<Count>,
    /// The credits.
    pub credits: Vec<JudgedRow>,
    /// How many more there are than are shown.
    pub more: u32,
}

impl StatementPage {
    fn are_columns_known(&self) -> bool {
        self.columns.as_ref().is_none_or(Columns::are_known)
    }
}
