//! What went wrong, for whoever asked: a page for a person, problem+json (RFC 9457) for a program.
//!
//! Which error to use where: [`ledger::LedgerRefusal`] is the books' no; [`StoreError`] is the store's;
//! [`StorageError`] is the file store's. All become a [`Problem`] at the handler's edge, by `?`. A
//! [`Kind`] is a stable code with a page in `docs/problems/`; codes are never renamed.
//!
//! What the asker reads comes from the texts; what the operator reads ([`Problem::cause`]) goes to the
//! log, once, where the problem is turned into an answer, and nowhere else.

mod kinds;
pub mod sparing;

pub use kinds::*;

use crate::pages::locale::Arg;
use crate::pages::reader::{MoneyFate, NextStep, ProblemPage};
use crate::pages::{Locale, Page, format};
use crate::store::StoreError;
use crate::works::storage::StorageError;
use askama::Template as _;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use ledger::{LedgerRefusal, Money};

/// A kind of problem.
#[derive(Debug)]
pub struct Kind {
    /// `noun.reason`, never renamed.
    pub code: &'static str,
    /// Chosen by what the asker does next.
    pub status: StatusCode,
    /// The key of its title.
    pub title: &'static str,
    /// The key of what went wrong and how to get on.
    pub detail: &'static str,
    /// What happened to the money.
    pub money: MoneyFate,
    /// What it means at length: its page of the manual.
    pub manual: &'static str,
}

/// A value in a problem's text, written in the asker's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// An amount.
    Money(Money),
    /// A word.
    Word(String),
    /// A count.
    Count(u64),
    /// A size in bytes.
    Size(u64),
}

/// Where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The key of what the link says.
    pub label: &'static str,
    /// Where it leads.
    pub href: String,
}

/// Something that went wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What kind.
    pub kind: &'static Kind,
    /// The field of the form or the body that is at fault.
    pub field: Option<&'static str>,
    /// The key of what is wrong with it, where there is more to say than the kind says.
    pub reason: Option<&'static str>,
    /// Values in its text.
    pub details: Vec<(&'static str, Detail)>,
    /// Where to go on.
    pub next: Option<Box<Next>>,
    /// Where else to go on, where there are two ways.
    pub other: Option<Box<Next>>,
    /// Seconds after which asking again may help.
    pub retry_after: Option<u32>,
    /// For the operator's log only.
    pub cause: Option<String>,
}

impl Problem {
    /// A problem of this kind.
    pub const fn new(kind: &'static Kind) -> Self {
        Self {
            kind,
            field: None,
            reason: None,
            details: Vec::new(),
            next: None,
            other: None,
            retry_after: None,
            cause: None,
        }
    }

    /// A [`FIELD_INVALID`] about `field`, with the key of what is wrong with it and what would be right.
    pub fn invalid(field: &'static str, reason: &'static str) -> Self {
        Self { field: Some(field), reason: Some(reason), ..Self::new(&FIELD_INVALID) }
    }

    /// The field that is at fault.
    #[must_use]
    pub const fn field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    /// A value in its text.
    #[must_use]
    pub fn with(mut self, name: &'static str, detail: Detail) -> Self {
        self.details.push((name, detail));
        self
    }

    /// An amount in its text.
    #[must_use]
    pub fn with_money(self, name: &'static str, money: Money) -> Self {
        self.with(name, Detail::Money(money))
    }

    /// Where to go on: the key of the link's words, and where it leads.
    #[must_use]
    pub fn next(mut self, label: &'static str, href: impl Into<String>) -> Self {
        self.next = Some(Box::new(Next { label, href: href.into() }));
        self
    }

    /// Where else to go on: the key of the link's words, and where it leads.
    #[must_use]
    pub fn or_next(mut self, label: &'static str, href: impl Into<String>) -> Self {
        self.other = Some(Box::new(Next { label, href: href.into() }));
        self
    }

    /// What the operator reads in the log.
    #[must_use]
    pub fn because(mut self, cause: impl std::fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// Whether the store cannot say now what it will say again.
    pub fn is_a_silent_store(&self) -> bool {
        let silent = [&STORE_GONE, &STORE_BUSY, &STORE_UNKNOWN, &STORE_CLOSED];
        silent.iter().any(|kind| kind.code == self.kind.code)
    }

    fn say(&self, locale: Locale, key: &'static str) -> String {
        let arg = |detail: &Detail| match detail {
            Detail::Money(money) => Arg::Word(format::money(locale, *money)),
            Detail::Word(word) => Arg::Word(word.clone()),
            Detail::Count(count) => Arg::Count(*count),
            Detail::Size(bytes) => Arg::Word(format::file_size(locale, *bytes)),
        };
        let args: Vec<(&str, Arg)> =
            self.details.iter().map(|(name, detail)| (*name, arg(detail))).collect();
        locale.text_with(key, &args).into_owned()
    }

    /// The problem in words, for the operator's terminal.
    pub fn words(&self) -> String {
        format!("{}. {}", self.say(Locale::En, self.kind.title), self.told(Locale::En))
    }

    /// What went wrong and how to get on, in the asker's language: also what stands beside a wrong field.
    pub fn told(&self, locale: Locale) -> String {
        self.say(locale, self.reason.unwrap_or(self.kind.detail))
    }

    /// The problem as RFC 9457 has it.
    pub fn to_json(&self, locale: Locale, url: &str, request_id: &str) -> serde_json::Value {
        let mut body = serde_json::json!({
            "type": format!("{url}/problems/{}", self.kind.code),
            "title": self.say(locale, self.kind.title),
            "status": self.kind.status.as_u16(),
            "detail": self.told(locale),
            "code": self.kind.code,
            "request_id": request_id,
        });
        if let Some(field) = self.field {
            body["field"] = field.into();
        }
        for (name, detail) in &self.details {
            if let ("field", Detail::Word(word)) = (*name, detail) {
                // A name that came with the request.
                body["field"] = word.as_str().into();
            }
            if let Detail::Money(money) = detail {
                body[*name] = serde_json::json!({
                    "amount": money.to_decimal(), "currency": money.currency().code(),
                });
            }
        }
        body
    }

    /// The problem as a page.
    pub fn to_page(&self, mut page: Page, request_id: &str) -> ProblemPage {
        let locale = page.locale;
        page.title = self.say(locale, self.kind.title);
        let step = |next: &Next| NextStep {
            label: locale.text(next.label).into_owned(),
            href: next.href.clone(),
        };
        ProblemPage {
            page,
            money: self.kind.money,
            detail: self.told(locale),
            next: self.next.as_deref().map(step),
            other: self.other.as_deref().map(step),
            code: self.kind.code.to_owned(),
            request_id: Some(request_id.to_owned()),
        }
    }

    /// The answer: a page where the asker takes HTML, problem+json otherwise.
    pub fn answer(
        &self,
        page: Option<Page>,
        locale: Locale,
        url: &str,
        request_id: &str,
    ) -> Response {
        let mut response = match page.map(|page| self.to_page(page, request_id).render()) {
            Some(Ok(html)) => axum::response::Html(html).into_response(),
            Some(Err(_)) | None => {
                let json = self.to_json(locale, url, request_id).to_string();
                let kind = HeaderValue::from_static("application/problem+json");
                ([(header::CONTENT_TYPE, kind)], json).into_response()
            }
        };
        *response.status_mut() = self.kind.status;
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Carries the problem outwards; the layer around all routes writes it in the asker's language.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let (kind, retry_after) = match error {
            StoreError::Busy(_) => (&STORE_BUSY, Some(1)),
            StoreError::Full(_) => (&STORE_FULL, Some(60)),
            StoreError::Closed => (&STORE_CLOSED, Some(5)),
            StoreError::Gone(_) => (&STORE_GONE, Some(2)),
            StoreError::Unknown(_) => (&STORE_UNKNOWN, Some(2)),
            StoreError::Constraint(_)
            | StoreError::Corrupt(_)
            | StoreError::TooNew { .. }
            | StoreError::Engine(_) => (&SHOP_FAILED, None),
        };
        Self { retry_after, ..Self::new(kind).because(error) }
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        let kind = match error {
            StorageError::Unavailable(_) => {
                return Self {
                    retry_after: Some(5),
                    ..Self::new(&FILE_UNAVAILABLE).because(error)
                };
            }
            StorageError::Full => &STORE_FULL,
            StorageError::Missing => &FILE_MISSING,
            StorageError::OffsetMismatch { .. } => &UPLOAD_OFFSET,
            StorageError::TooLarge => &UPLOAD_TOO_LARGE,
            StorageError::Busy => &UPLOAD_BUSY,
            StorageError::Broken { .. } => &UPLOAD_BROKEN,
            StorageError::BadKey | StorageError::Io(_) => &SHOP_FAILED,
        };
        Self::new(kind).because(error)
    }
}

impl From<LedgerRefusal> for Problem {
    fn from(refusal: LedgerRefusal) -> Self {
        match refusal {
            LedgerRefusal::NoTab => Self::new(&TAB_UNKNOWN),
            LedgerRefusal::NoLink => Self::new(&LINK_UNKNOWN),
            LedgerRefusal::NoLine => Self::new(&LINE_UNKNOWN).next("nav-tab", "/tab"),
            LedgerRefusal::IdConflict => Self::new(&PURCHASE_CONFLICT).field("purchase"),
            LedgerRefusal::NotForSale => Self::new(&WORK_NOT_FOR_SALE),
            LedgerRefusal::PriceChanged { now } => {
                Self::new(&PRICE_CHANGED).field("price").with_money("now", now)
            }
            LedgerRefusal::BelowMinimum { minimum } => {
                Self::new(&PRICE_BELOW_MINIMUM).field("amount").with_money("minimum", minimum)
            }
            LedgerRefusal::TabDisputed => Self::new(&TAB_DISPUTED).next("nav-tab", "/tab"),
            LedgerRefusal::TabClosed { owed } if owed.is_zero() => Self::new(&TAB_CLOSED_FOR_GOOD),
            LedgerRefusal::TabClosed { owed } => {
                Self::new(&TAB_CLOSED).with_money("owed", owed).next("settle-now", "/tab/settle")
            }
            LedgerRefusal::TabDue { owed } => {
                Self::new(&TAB_DUE).with_money("owed", owed).next("settle-now", "/tab/settle")
            }
            LedgerRefusal::OverLimit { owed, limit } if owed.is_zero() => {
                Self::new(&TAB_TOO_SMALL).with_money("limit", limit)
            }
            LedgerRefusal::OverLimit { owed, limit } => Self::new(&TAB_OVER_LIMIT)
                .with_money("owed", owed)
                .with_money("limit", limit)
                .next("settle-now", "/tab/settle"),
            LedgerRefusal::UndoOver => Self::new(&UNDO_OVER).next("nav-withdrawal", "/withdrawal"),
            LedgerRefusal::UndoWithheld => {
                Self::new(&UNDO_WITHHELD).next("nav-withdrawal", "/withdrawal")
            }
            LedgerRefusal::MoreThanOwed { owed } => {
                Self::new(&SETTLEMENT_TOO_MUCH).field("amount").with_money("owed", owed)
            }
            LedgerRefusal::NothingOwed => {
                Self::new(&SETTLEMENT_NOTHING_OWED).next("nav-tab", "/tab")
            }
            LedgerRefusal::NoSettlement => Self::new(&SETTLEMENT_UNKNOWN),
            LedgerRefusal::RefundTooLarge { most } => {
                Self::new(&REFUND_TOO_LARGE).field("amount").with_money("most", most)
            }
            LedgerRefusal::TooEarly { until } => {
                Self::new(&WRITE_OFF_TOO_EARLY).because(crate::api::wire::instant(until))
            }
            LedgerRefusal::MoreThanAvailable { available } => {
                Self::new(&PAYOUT_TOO_MUCH).field("amount").with_money("available", available)
            }
            LedgerRefusal::Amount(error) => Self::new(&AMOUNT_INVALID).because(error),
        }
    }
}
