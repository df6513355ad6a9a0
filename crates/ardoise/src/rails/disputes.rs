//! What becomes of a settlement that whoever paid it disputes.
//!
//! A provider tells of a dispute by a message, and sends it again for days until it is answered with success: so the message is
//! answered once what it is about is in the books, and nothing else is remembered. What it says is not believed: the rail
//! is asked how far the dispute has come, and each step is booked once, however often it is told.

use super::port::{self, Rail, RailError, Which};
use super::saga::{self, Visit};
use super::{elsewhere, news};
use crate::app::App;
use crate::problem::{PURCHASE_CONFLICT, Problem, RAIL_BUSY};
use crate::store::charge::{State, Stored};
use crate::store::{StoreError, dispute, fee_back};
use crate::tabs;
use crate::till::batch::StoredDispute;
use crate::till::command::{Command, DisputeAsk, DisputeEndedAsk, FeeBackAsk};
use ledger::{Dispute, FeeBack, Given, LedgerRefusal, Money, Verdict};

/// Seconds after which a provider may tell again what could not be looked at.
const AGAIN_SECONDS: u32 = 300;

/// A message says that something has happened to the dispute that the rail calls `name`.
///
/// # Errors
/// [`RAIL_BUSY`] when the rail does not say how it stands, so that the message comes again; the store's.
pub async fn hear(app: &App, rail: &dyn Rail, which: &Which, name: &str) -> Result<(), Problem> {
    let Some(stored) = news::find(app, rail, which).await? else {
        tracing::error!(rail = rail.terms().name, "a dispute is about no charge of this shop");
        return Ok(());
    };
    // What nobody has paid cannot be disputed: the news that it is paid may have been lost.
    let stored = match stored.state {
        State::Settled => stored,
        _ => saga::go_on(app, stored, Visit::Again).await?,
    };
    if stored.state != State::Settled {
        tracing::error!(charge.id = %stored.id, "a charge is disputed whose money is not in the books");
        return Err(busy("the charge is not settled"));
    }
    match rail.dispute(&saga::told(app, &stored), name).await {
        Ok(stand) => {
            let is_won = matches!(stand, port::Dispute::Won(_));
            book(app, &stored, name, stand).await?;
            // What was held back may have gone back by another door.
            if is_won { elsewhere::look(app, rail, &stored).await } else { Ok(()) }
        }
        Err(RailError::NotOffered) => {
            tracing::error!(charge.id = %stored.id, "whoever paid a charge disputes it; the operator has to look");
            Ok(())
        }
        Err(error) => Err(busy(&error.to_string())),
    }
}

/// The message is to come again: it cannot be looked at now.
pub(super) fn busy(why: &str) -> Problem {
    let problem = Problem::new(&RAIL_BUSY).because(why);
    Problem { retry_after: Some(AGAIN_SECONDS), ..problem }
}

/// Puts into the books what they do not have of a dispute yet.
///
/// A dispute grows: a question becomes a claim, its price is told later. What is more than was booked is booked beside it, as a
/// further part; where less was lost than had been held back, what was held is the shop's again, and what was lost is a part
/// of its own. Where less was taken for it in the end than was booked, the difference was given back. However often it is
/// told, and wherever it stops: told again, it goes on from what the books have.
async fn book(app: &App, stored: &Stored, name: &str, stand: port::Dispute) -> Result<(), Problem> {
    match stand {
        port::Dispute::Open(amount, fee) => open_rest(app, stored, name, (amount, fee)).await,
        port::Dispute::Lost(amount, fee) => {
            if parts(app, stored, name).await?.held()? > amount {
                end(app, stored, name, Verdict::Won).await?;
            }
            open_rest(app, stored, name, (amount, fee)).await?;
            end(app, stored, name, Verdict::Lost).await?;
            take_fee_back(app, stored, name, fee).await
        }
        port::Dispute::Won(fee) => {
            if fee > parts(app, stored, name).await?.fees()? {
                open_rest(app, stored, name, (app.nothing(), fee)).await?;
            }
            end(app, stored, name, Verdict::Won).await?;
            take_fee_back(app, stored, name, fee).await
        }
    }
}

/// What the books have of one dispute: what each part is called, and how it stands.
struct Parts {
    booked: Vec<(String, StoredDispute)>,
    /// What was given back of what was taken for it.
    given_back: Vec<(String, Given)>,
    nothing: Money,
}

impl Parts {
    /// What is held back, or was lost.
    fn held(&self) -> Result<Money, LedgerRefusal> {
        let taken = self.booked.iter().filter(|(_, part)| part.ended != Some(Verdict::Won));
        let sum =
            |sum: Money, (_, part): &(String, StoredDispute)| sum.checked_add(part.dispute.amount);
        Ok(taken.clone().try_fold(self.nothing, sum)?)
    }

    /// What was taken for it, and not given back.
    fn fees(&self) -> Result<Money, LedgerRefusal> {
        let (mut all, mut back) = (self.booked.iter(), self.given_back.iter());
        let all = all.try_fold(self.nothing, |sum, (_, part)| sum.checked_add(part.dispute.fee))?;
        Ok(back.try_fold(all, |left, (_, given)| left.saturating_sub(given.amount))?)
    }
}

async fn parts(app: &App, stored: &Stored, name: &str) -> Result<Parts, StoreError> {
    let (id, currency) = (stored.id, app.currency());
    let read = app.store.read(|db| {
        let booked = dispute::of_settlement(db, id, currency)?;
        Ok((booked, fee_back::of_disputes(db, id, currency)?))
    });
    let (mut booked, mut given_back) = read.await?;
    let further = format!("{name} (");
    let is_part = |known: &str| known == name || known.starts_with(&further);
    booked.retain(|(known, _)| is_part(known));
    given_back.retain(|(known, _)| is_part(known));
    Ok(Parts { booked, given_back, nothing: app.nothing() })
}

async fn open_rest(
    app: &App,
    stored: &Stored,
    name: &str,
    (amount, fee): (Money, Money),
) -> Result<(), Problem> {
    let parts = parts(app, stored, name).await?;
    let amount = amount.saturating_sub(parts.held()?).map_err(LedgerRefusal::from)?;
    let fee = fee.saturating_sub(parts.fees()?).map_err(LedgerRefusal::from)?;
    let count = parts.booked.len();
    if count > 0 && amount.is_zero() && fee.is_zero() {
        return Ok(());
    }
    let name = part_name(name, count);
    let dispute = Dispute { settlement: stored.id, rail: stored.rail, amount, fee };
    let opened = tabs::ask(app, Command::Dispute(DisputeAsk { tab: stored.tab, dispute, name }));
    // Somebody else was told something newer at this moment: it is told again, and then compared.
    opened.await.map_err(|problem| if_conflict(problem, "another part was booked meanwhile"))
}

/// What a part is called, after so many others.
fn part_name(name: &str, count: usize) -> String {
    if count == 0 { name.to_owned() } else { format!("{name} ({})", count + 1) }
}

/// The rail has taken less for it in all than was booked: it has given the difference back.
async fn take_fee_back(app: &App, stored: &Stored, name: &str, fee: Money) -> Result<(), Problem> {
    let parts = parts(app, stored, name).await?;
    let amount = parts.fees()?.saturating_sub(fee).map_err(LedgerRefusal::from)?;
    if amount.is_zero() {
        return Ok(());
    }
    let (tab, settlement) = (stored.tab, stored.id);
    let fee_back = FeeBack::Dispute(settlement, part_name(name, parts.given_back.len()));
    let ask = FeeBackAsk { tab, settlement, fee_back, amount };
    let given = tabs::ask(app, Command::FeeBack(ask)).await;
    given.map_err(|problem| if_conflict(problem, "another part was given back meanwhile"))
}

fn if_conflict(problem: Problem, why: &str) -> Problem {
    if problem.kind.code == PURCHASE_CONFLICT.code { busy(why) } else { problem }
}

/// Ends every part that has not ended; one that nobody opened is won before it began.
async fn end(app: &App, stored: &Stored, name: &str, verdict: Verdict) -> Result<(), Problem> {
    let (tab, settlement) = (stored.tab, stored.id);
    for (name, _) in open_parts(parts(app, stored, name).await?) {
        let ask = DisputeEndedAsk { tab, settlement, name, verdict };
        let ended = tabs::ask(app, Command::DisputeEnded(ask)).await;
        ended.map_err(|problem| if_conflict(problem, "it was ended otherwise meanwhile"))?;
    }
    Ok(())
}

fn open_parts(parts: Parts) -> impl Iterator<Item = (String, StoredDispute)> {
    parts.booked.into_iter().filter(|(_, part)| part.ended.is_none())
}
