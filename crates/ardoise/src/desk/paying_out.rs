//! Paying authors what is available to them.

use crate::app::App;
use crate::problem::{Problem, SHOP_FAILED};
use crate::rails;
use crate::rails::manual;
use crate::till::command::{Answer, Command, PayOutAsk};
use ledger::{AuthorId, Money, PayOut, PayoutId};

/// Money that the operator has sent to an author.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The payout, named by whoever asks: asked for again, nothing new happens.
    pub id: PayoutId,
    /// To whom.
    pub author: AuthorId,
    /// How much.
    pub amount: Money,
    /// What the operator calls it; may be empty.
    pub reference: String,
}

/// A payout that was not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaidOut {
    /// Whether it was written down before, so that nothing new happened.
    pub again: bool,
    /// What the author may still be paid.
    pub available: Money,
}

/// Writes down that an author was paid.
///
/// # Errors
/// Every [`Problem`] of a [`ledger::LedgerRefusal`], and the store's: nothing was written.
pub async fn pay_out(app: &App, sent: Sent) -> Result<PaidOut, Problem> {
    let Sent { id, author, amount, reference } = sent;
    let pay_out = PayOut { id, author, rail: rails::MANUAL.number, amount };
    let ask = PayOutAsk { pay_out, reference: manual::note(&reference) };
    match app.store.till().ask(Command::PayOut(ask)).await?? {
        Answer::PaidOut { again, available } => Ok(PaidOut { again, available }),
        other => Err(Problem::new(&SHOP_FAILED).because(format!("the till answered {other:?}"))),
    }
}
