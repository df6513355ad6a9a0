//! What the reader of a tab is told about it: on its page, and by letter where they gave an address (`mail/`).
//!
//! A notice is a row, written in the transaction of what it tells of, under a name that is the same whoever writes it: nobody
//! is told twice. The clock goes by announcements ([`crate::rails::clock`]): a charge is made only when its announcement
//! has stood for some days.

pub mod http;
pub mod words;

use crate::app::App;
use crate::store::notice;
use crate::store::{Db, StoreError};
use ledger::{Currency, Money, RefundId, TabId, Timestamp};
use serde::{Deserialize, Serialize};

/// What a notice tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Money came in.
    Receipt,
    /// The tab will be due, and nothing is bound to it.
    Reminder,
    /// The tab will be charged.
    Announced,
    /// A charge without the reader was declined.
    Declined,
    /// A charge without the reader needs them to prove who they are.
    Proof,
    /// The reader objected to being charged.
    Objected,
    /// Lines were written off.
    Closed,
    /// Money went back.
    Refunded,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Receipt,
        Self::Reminder,
        Self::Announced,
        Self::Declined,
        Self::Proof,
        Self::Objected,
        Self::Closed,
        Self::Refunded,
    ];

    /// How it is written down; never renamed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Reminder => "reminder",
            Self::Announced => "announced",
            Self::Declined => "declined",
            Self::Proof => "proof",
            Self::Objected => "objected",
            Self::Closed => "closed",
            Self::Refunded => "refunded",
        }
    }

    /// Whether a charge that was announced has come to this, so that its announcement is no news any more.
    pub const fn ends_announcements(self) -> bool {
        matches!(self, Self::Declined | Self::Proof | Self::Objected)
    }

    /// The kind that was written down so.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What a notice says, whatever the language: what its kind does not need is left at nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Micro-units that came, went back, are owed or are to be charged.
    pub amount: i64,
    /// Micro-units that are left to pay, or at most charged.
    pub rest: i64,
    /// Micro-units that the way of paying kept.
    pub fee: i64,
    /// How many lines.
    pub lines: u64,
    /// A day to come, in microseconds since 1970: of being due, of the charge, of the next try.
    pub day: Option<i64>,
    /// Why: the code of a reason.
    pub reason: String,
    /// The name of the rail.
    pub rail: String,
    /// How the reader knows what is charged.
    pub label: String,
}

impl Facts {
    /// As it is stored.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".into())
    }

    /// Micro-units as money; nothing where they cannot be.
    pub fn money(micros: i64, currency: Currency) -> Money {
        Money::from_micros(micros, currency).unwrap_or(Money::zero(currency))
    }

    /// The day to come.
    pub fn day(&self) -> Option<Timestamp> {
        self.day.map(Timestamp::from_micros)
    }
}

/// Something that the reader of a tab is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whose tab.
    pub tab: TabId,
    /// What it tells of.
    pub kind: Kind,
    /// Which of its kind.
    pub subject: String,
    /// What it says.
    pub facts: Facts,
    /// When.
    pub told_at: Timestamp,
}

impl Notice {
    /// Its name among those of its tab, in forms.
    pub fn key(&self) -> String {
        format!("{}.{}", self.kind.name(), self.subject)
    }

    /// What [`Notice::key`] named.
    pub fn read_key(key: &str) -> Option<(Kind, String)> {
        let (kind, subject) = key.split_once('.')?;
        Some((Kind::from_name(kind)?, subject.to_owned()))
    }
}

/// Tells the reader of a tab something, in a transaction of its own, and has it sent; answers whether it was new.
///
/// # Errors
/// The store's.
pub async fn tell(app: &App, told: Notice) -> Result<bool, StoreError> {
    let is_new = app.store.write(move |db| notice::tell(db, &told)).await?;
    app.to_mail.notify_one();
    Ok(is_new)
}

/// Tells, in the transaction that says that it is done, that money went back to the reader.
///
/// # Errors
/// The store's.
pub fn refunded(
    db: &dyn Db,
    (tab, refund): (TabId, RefundId),
    amount: Money,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let facts = Facts { amount: amount.micros(), ..Facts::default() };
    let told =
        Notice { tab, kind: Kind::Refunded, subject: refund.to_string(), facts, told_at: now };
    notice::tell(db, &told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::ShopId as _;

    #[test]
    fn a_notice_is_found_by_its_key_and_its_facts_are_read_back() {
        for kind in Kind::ALL {
            let facts = Facts { amount: 200_000, day: Some(7), ..Facts::default() };
            let read: Facts = serde_json::from_str(&facts.to_json()).expect("facts");
            assert_eq!(read, facts);
            let (tab, told_at) = (TabId::from_raw(1), Timestamp::from_micros(0));
            let notice = Notice { tab, kind, subject: "17.0".into(), facts, told_at };
            assert_eq!(Notice::read_key(&notice.key()), Some((kind, "17.0".to_owned())));
        }
        assert_eq!(Notice::read_key("gossip.1"), None);
        // What an older version wrote lacks what is newer.
        assert_eq!(serde_json::from_str::<Facts>("{}").expect("facts"), Facts::default());
    }
}
