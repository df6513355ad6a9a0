//! Messages from outside, and what a rail hears in them.

use super::port::RailError;
use http::HeaderMap;
use ledger::{PayoutId, SettlementId, Timestamp};
use std::collections::BTreeMap;

/// A message from outside, as it came.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body, byte for byte.
    pub body: &'a [u8],
    /// When it came, by the shop's clock.
    pub at: Timestamp,
}

/// Which charge is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The one with this id.
    Id(SettlementId),
    /// The one that the rail calls so ([`Begun::reference`](super::port::Begun::reference)).
    Reference(String),
}

/// Whom a genuine message speaks of.
#[derive(Clone, PartialEq, Eq)]
pub enum Heard {
    /// Something about a charge: ask.
    Charge(Which),
    /// A reader's wallet gives something for a charge, as if they had answered on the shop's page: it goes to [`Rail::returned`](super::port::Rail::returned),
    /// and is answered once it is known whether it is taken. It is as good as what it holds, whoever sent it.
    Given {
        /// For which charge.
        charge: Which,
        /// What is given, by name.
        answers: BTreeMap<String, String>,
    },
    /// The reader or their bank wants the money of a charge back: ask [`Rail::dispute`](super::port::Rail::dispute).
    Dispute {
        /// About which charge.
        charge: Which,
        /// What the rail calls the dispute.
        dispute: String,
    },
    /// Something about money that was sent back of a charge, by the shop or by somebody else: ask
    /// [`Rail::refunds_of`](super::port::Rail::refunds_of), and [`Rail::refund`](super::port::Rail::refund) again.
    Refund(Which),
    /// Something about money that was sent to an author: ask [`Rail::paid_out`](super::port::Rail::paid_out).
    Payout {
        /// Which, by the shop's own name for it.
        payout: Option<PayoutId>,
        /// What the rail calls it; may be empty.
        reference: String,
    },
    /// Genuine, and nothing that the shop acts on.
    Nothing,
}

impl std::fmt::Debug for Heard {
    /// Leaves out what is given: it may be money.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Charge(which) => f.debug_tuple("Charge").field(which).finish(),
            Self::Refund(which) => f.debug_tuple("Refund").field(which).finish(),
            Self::Given { charge, .. } => f.debug_tuple("Given").field(charge).finish(),
            Self::Dispute { charge, dispute } => {
                f.debug_tuple("Dispute").field(charge).field(dispute).finish()
            }
            Self::Payout { payout, reference } => {
                f.debug_tuple("Payout").field(payout).field(reference).finish()
            }
            Self::Nothing => f.write_str("Nothing"),
        }
    }
}

/// Why nothing was heard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// The message is not the rail's, or too old: nothing is done about it. A short word for the log (`signature`, `stale`,
    /// `malformed`), never anything that came with the message.
    #[error("forged: {0}")]
    Forged(&'static str),
    /// It cannot be told now whether it is genuine: whoever sent it should send it again.
    #[error("cannot be checked now: {0}")]
    Later(RailError),
}

/// How a rail wants a message that was heard to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thanks {
    /// The status.
    pub status: http::StatusCode,
    /// The type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: &'static str,
}

impl Thanks {
    /// 200 and nothing.
    pub const OK: Self =
        Self { status: http::StatusCode::OK, content_type: "text/plain", body: "" };
}
