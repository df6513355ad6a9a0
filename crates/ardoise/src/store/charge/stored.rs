//! A charge as it is stored: what it is for, how far it has come.

use super::StoreError;
use ledger::{Money, RailNumber, SettlementId, TabId, Timestamp};

/// How far a charge has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is written; the rail may not know of it yet.
    Begun,
    /// The rail knows of it, and what became of it is to be asked.
    Waiting,
    /// The money came, and is in the books.
    Settled,
    /// The rail said no.
    Declined,
    /// The reader let the time pass.
    Abandoned,
    /// What came is not what was asked for: it is not in the books, and the operator has to look.
    Refused,
}

impl State {
    const ALL: [Self; 6] =
        [Self::Begun, Self::Waiting, Self::Settled, Self::Declined, Self::Abandoned, Self::Refused];

    /// How it is written down, and told to programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Waiting => "waiting",
            Self::Settled => "settled",
            Self::Declined => "declined",
            Self::Abandoned => "abandoned",
            Self::Refused => "refused",
        }
    }

    /// Whether it may still come to something by itself.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Begun | Self::Waiting)
    }

    pub(super) fn from_name(name: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|state| state.name() == name);
        found.ok_or_else(|| StoreError::Corrupt(format!("a charge that is {name}")))
    }
}

/// The reason of a live charge whose rail has it and takes days.
const UNDER_WAY: &str = "under_way";

/// What is asked of the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To bring money.
    Settle,
    /// To have the reader agree to be charged later: no money comes of it.
    Bind,
}

impl Purpose {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Settle => "settle",
            Self::Bind => "bind",
        }
    }

    pub(super) fn from_name(name: &str) -> Result<Self, StoreError> {
        match name {
            "settle" => Ok(Self::Settle),
            "bind" => Ok(Self::Bind),
            other => Err(StoreError::Corrupt(format!("a charge to {other}"))),
        }
    }
}

/// A charge as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its id, and the settlement's that it becomes.
    pub id: SettlementId,
    /// For which tab.
    pub tab: TabId,
    /// By which rail.
    pub rail: RailNumber,
    /// What for.
    pub purpose: Purpose,
    /// How much is asked for; of one that binds, the most that a charge by the mandate may take.
    pub amount: Money,
    /// How far it has come.
    pub state: State,
    /// What the rail calls it; may be empty.
    pub reference: String,
    /// What the rail wanted kept; may be empty.
    pub kept: String,
    /// What the reader is shown next, as JSON; empty before the rail has answered.
    pub next: String,
    /// Whether the reader agrees to be charged by this rail when the tab is due.
    pub binds: bool,
    /// The words by which they did; see [`super::super::statement::keep_consent`].
    pub consent: Option<i64>,
    /// The reader's language.
    pub locale: String,
    /// Which time of being due it is for, where it was begun without the reader.
    pub period: Option<i64>,
    /// When it was begun.
    pub begun_at: Timestamp,
    /// Until when the reader can pay.
    pub ends_at: Timestamp,
    /// How often it was taken up.
    pub attempts: u32,
    /// Whether money may have moved and nobody knows.
    pub in_doubt: bool,
    /// Why it is over; may be empty.
    pub reason: String,
}

impl Stored {
    /// Whether its rail has it and takes days.
    pub fn is_under_way(&self) -> bool {
        self.in_doubt && self.reason == UNDER_WAY
    }
}

impl std::fmt::Debug for Stored {
    /// Leaves out what the rail wanted kept: it may hold a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored")
            .field("id", &self.id)
            .field("state", &self.state)
            .field("amount", &self.amount)
            .field("in_doubt", &self.in_doubt)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}
