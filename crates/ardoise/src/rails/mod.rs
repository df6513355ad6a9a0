//! Ways to settle. Each rail has a number under which the books know it, and says what it keeps of a charge; the flow
//! never asks which one it is.
//!
//! Two are built in: *manual* (a transfer or cash that the operator saw arrive) and *sandbox* (fake money, to try the
//! shop). Neither talks to anybody, so neither can leave an outcome unknown.

pub mod manual;

use ledger::RailNumber;

/// A rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rail {
    /// Under which the books know it; never changed.
    pub number: RailNumber,
    /// Its name in commands and exports.
    pub name: &'static str,
}

/// The credit of the tab itself.
pub const CREDIT: Rail = Rail { number: RailNumber::CREDIT, name: "credit" };
/// Money that the operator saw arrive: a bank transfer, cash.
pub const MANUAL: Rail = Rail { number: RailNumber(1), name: "manual" };
/// Fake money.
pub const SANDBOX: Rail = Rail { number: RailNumber(2), name: "sandbox" };

/// Everything by which lines are paid.
pub const ALL: &[Rail] = &[CREDIT, MANUAL, SANDBOX];
