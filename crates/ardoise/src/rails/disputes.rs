//! What becomes of a settlement that whoever paid it disputes.
//!
//! A provider tells of a dispute by a message, and sends it again for days until it is answered with success: so the message is
//! answered once what it is about is in the books, and nothing else is remembered. What it says is not believed: the rail
//! is asked how far the dispute has come, and each step is booked once, however often it is told.

use super::news;
use super::port::{self, Rail, RailError, Which};
use super::saga::{self, Visit};
use crate::app::App;
use crate::problem::{PURCHASE_CONFLICT, Problem, RAIL_BUSY, SETTLEMENT_UNKNOWN};
use crate::store::charge::{State, Stored};
use crate::tabs;
use crate::till::command::{Command, DisputeAsk, DisputeEndedAsk};
use ledger::{Dispute, Money, Verdict};

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
        Ok(stand) => book(app, &stored, name, stand).await,
        Err(RailError::NotOffered) => {
            tracing::error!(charge.id = %stored.id, "whoever paid a charge disputes it; the operator has to look");
            Ok(())
        }
        Err(error) => Err(busy(&error.to_string())),
    }
}

fn busy(why: &str) -> Problem {
    let problem = Problem::new(&RAIL_BUSY).because(why);
    Problem { retry_after: Some(AGAIN_SECONDS), ..problem }
}

async fn book(app: &App, stored: &Stored, name: &str, stand: port::Dispute) -> Result<(), Problem> {
    let (taken, verdict) = match stand {
        port::Dispute::Open(amount) => (Some((amount, app.nothing())), None),
        port::Dispute::Lost(amount, fee) => (Some((amount, fee)), Some(Verdict::Lost)),
        port::Dispute::Won => (None, Some(Verdict::Won)),
    };
    if let Some((amount, fee)) = taken {
        let opened = open(app, stored, name, (amount, fee)).await;
        // Opened before, when less was known of it.
        opened.or_else(|problem| unless(problem, PURCHASE_CONFLICT.code))?;
    }
    if let Some(verdict) = verdict {
        let ended = end(app, stored, name, verdict).await;
        // One that nobody opened is won before it began.
        let known = match verdict {
            Verdict::Won => &SETTLEMENT_UNKNOWN,
            Verdict::Lost => &PURCHASE_CONFLICT,
        };
        ended.or_else(|problem| unless(problem, known.code))?;
    }
    Ok(())
}

fn unless(problem: Problem, code: &str) -> Result<(), Problem> {
    if problem.kind.code == code { Ok(()) } else { Err(problem) }
}

async fn open(
    app: &App,
    stored: &Stored,
    name: &str,
    (amount, fee): (Money, Money),
) -> Result<(), Problem> {
    let dispute = Dispute { settlement: stored.id, rail: stored.rail, amount, fee };
    let ask = DisputeAsk { tab: stored.tab, dispute, name: name.to_owned() };
    tabs::ask(app, Command::Dispute(ask)).await
}

async fn end(app: &App, stored: &Stored, name: &str, verdict: Verdict) -> Result<(), Problem> {
    let (tab, settlement) = (stored.tab, stored.id);
    let ask = DisputeEndedAsk { tab, settlement, name: name.to_owned(), verdict };
    tabs::ask(app, Command::DisputeEnded(ask)).await
}
