//! Money that went back at the provider's own page, where the shop did not send it.
//!
//! Somebody presses a button there, and a message tells of it, also of what the shop sent itself. The message only says about
//! which charge to ask: the rail says what went back of it in all ([`Rail::refunds_of`]), and what the books have of
//! it neither by an order of the shop's nor by the operator's hand is booked, each under an id that is always the same for the same
//! refund. However often it is told, and wherever it stops: told again, it goes on from what the books have.
//!
//! # What it does to the tab
//! It is taken from the credit first, as an order of the shop would. What the credit does not reach is borne by the operator: whoever
//! pressed the button named no line, so that nobody loses what they have for it, and nothing is owed again
//! ([decision 14](../../../../docs/decisions/0014-what-goes-back-elsewhere-is-borne.md)).
//!
//! # What is ours
//! A refund that carries a key of an order is the shop's own, whatever became of the order: it is [`super::refunds`] that goes on with
//! it. So nothing is booked twice, also when the message is here before the answer to the shop's own call.

use super::port::{Rail, RailError, SentBack};
use super::saga::{self, Visit};
use super::{disputes, refunds};
use crate::app::App;
use crate::notices;
use crate::problem::{PURCHASE_CONFLICT, Problem, REFUND_TOO_LARGE};
use crate::store::charge::{State, Stored};
use crate::store::{Db, refund, refund_order, tab};
use crate::tabs;
use crate::till::batch::StoredRefund;
use crate::till::command::{Command, RefundAsk, RefundFailedAsk};
use ledger::{
    LedgerRefusal, Money, Refund, RefundId, SettlementId, SettlementNow, Shortfall, TabId,
};

/// A genuine message says that there is news of money that went back of a charge.
///
/// # Errors
/// [`crate::problem::RAIL_BUSY`] when the rail does not say what went back, so that the message comes again; the store's.
pub async fn hear(app: &App, rail: &dyn Rail, stored: Stored) -> Result<(), Problem> {
    refunds::news(app, stored.id).await?;
    // What nobody has paid cannot go back: the news that it is paid may have been lost.
    let stored = match stored.state {
        State::Settled => stored,
        _ => saga::go_on(app, stored, Visit::Again).await?,
    };
    if stored.state != State::Settled {
        return Err(disputes::busy("the charge is not settled"));
    }
    look(app, rail, &stored).await
}

/// Asks what went back of a settled charge, and books what the books do not have.
///
/// # Errors
/// [`crate::problem::RAIL_BUSY`] when the rail does not say, or the books were written meanwhile; the store's.
pub async fn look(app: &App, rail: &dyn Rail, stored: &Stored) -> Result<(), Problem> {
    let (id, currency) = (stored.id, app.currency());
    let receipt = app.store.read(|db| tab::reference(db, id)).await?.unwrap_or_default();
    let sent = match rail.refunds_of(&saga::told(app, stored), &receipt).await {
        Ok(sent) => sent,
        Err(RailError::NotOffered) => return Ok(()),
        Err(error) => return Err(disputes::busy(&error.to_string())),
    };
    if sent.iter().any(|one| one.amount.currency() != currency) {
        return Err(disputes::busy("money went back in another currency"));
    }
    let known = read(app, stored).await?;
    let foreign: Vec<SentBack> = known.foreign(sent).collect();
    for one in &foreign {
        take_again(app, &known, one).await?;
    }
    // What came back is there again.
    let mut known = read(app, stored).await?;
    let mut missing = known.missing(&foreign)?;
    let alive = |one: &&SentBack| !one.has_failed && !known.is_over(one);
    let alive: Vec<&SentBack> = foreign.iter().filter(alive).collect();
    for one in alive {
        let booked = book(app, &known, one, missing).await?;
        missing = missing.saturating_sub(booked).map_err(LedgerRefusal::from)?;
        known.now.given_back =
            known.now.given_back.checked_add(booked).map_err(LedgerRefusal::from)?;
    }
    Ok(())
}

/// What somebody sent at the provider's own page did not arrive: it is the shop's again, once.
async fn take_again(app: &App, known: &Known, one: &SentBack) -> Result<(), Problem> {
    let parts = known.parts(one).filter(|part| one.has_failed && !part.has_failed);
    for part in parts {
        let (tab, refund, reference) = (known.tab, part.refund.id, "failed".to_owned());
        let ask = RefundFailedAsk { tab, refund, reference };
        tabs::ask(app, Command::RefundFailed(ask)).await?;
    }
    Ok(())
}

/// Books of one refund what is not booked yet, as far as so much is missing in the books and left of the settlement; answers how
/// much that was. What was booked before has its fee booked and its reader told, should it have been stopped there.
///
/// An order of the shop's that is under way may leave too little: then the rest is booked once that was declined, as another part.
async fn book(app: &App, known: &Known, one: &SentBack, missing: Money) -> Result<Money, Problem> {
    let (settlement, tab) = (known.settlement, known.tab);
    let count = known.parts(one).count();
    let mut booked = known.parts(one).map(|part| part.refund.amount);
    let booked = booked.try_fold(app.nothing(), Money::checked_add);
    let rest = booked.and_then(|booked| one.amount.saturating_sub(booked));
    let rest = rest.map_err(LedgerRefusal::from)?;
    let left = known.now.left().map_err(LedgerRefusal::from)?;
    let amount = rest.min(missing).min(left);
    if !amount.is_zero() {
        tracing::error!(settlement = %settlement, %amount, "money went back that the shop did not send");
        let id = id_of(settlement, &one.reference, count);
        let refund = Refund { id, settlement, rail: known.now.rail, amount };
        let (shortfall, reference) = (Shortfall::Borne, one.reference.clone());
        let ask = RefundAsk { tab, refund, shortfall, reference };
        tabs::ask(app, Command::Refund(ask)).await.map_err(if_meanwhile)?;
        tell(app, tab, refund).await?;
    }
    if count > 0 || !amount.is_zero() {
        let first = id_of(settlement, &one.reference, 0);
        refunds::fee_back(app, (tab, settlement), first, one.fee_back).await?;
    }
    for part in known.parts(one) {
        tell(app, tab, part.refund).await?;
    }
    Ok(amount)
}

/// Tells the reader, once.
async fn tell(app: &App, tab: TabId, refund: Refund) -> Result<(), Problem> {
    let now = app.now();
    let told = move |db: &dyn Db| notices::refunded(db, (tab, refund.id), refund.amount, now);
    app.store.write(told).await?;
    app.to_mail.notify_one();
    Ok(())
}

/// The books were written between reading them and asking: it is told again, and then compared.
fn if_meanwhile(problem: Problem) -> Problem {
    let is_other = [PURCHASE_CONFLICT.code, REFUND_TOO_LARGE.code].contains(&problem.kind.code);
    if is_other { disputes::busy("something else went back meanwhile") } else { problem }
}

/// The id of a part of a refund that the shop did not send: always the same for the same one.
fn id_of(settlement: SettlementId, reference: &str, part: usize) -> RefundId {
    let place = (part as u64).to_be_bytes();
    let bytes = [&settlement.bytes()[..], b"elsewhere", &place, reference.as_bytes()].concat();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
    let mut id = [0; 16];
    id.iter_mut().zip(digest.as_ref()).for_each(|(place, byte)| *place = *byte);
    RefundId::from_bytes(id)
}

/// What the books have of a settlement.
struct Known {
    tab: TabId,
    settlement: SettlementId,
    now: SettlementNow,
    /// The shop's own orders: the key of each, and what the rail calls it.
    orders: Vec<(RefundId, String)>,
    refunds: Vec<StoredRefund>,
}

async fn read(app: &App, stored: &Stored) -> Result<Known, Problem> {
    let (id, currency) = (stored.id, app.currency());
    let read = app.store.read(|db| {
        let now = tab::settlement(db, id, currency)?;
        let orders = refund_order::of_settlement(db, id)?;
        Ok((now, orders, refund::of_settlement(db, id, currency)?))
    });
    let (now, orders, refunds) = read.await?;
    let now = now.ok_or(LedgerRefusal::NoSettlement)?;
    Ok(Known { tab: stored.tab, settlement: id, now, orders, refunds })
}

impl Known {
    /// What the shop did not send.
    fn foreign(&self, sent: Vec<SentBack>) -> impl Iterator<Item = SentBack> {
        let is_ours = |one: &SentBack| {
            self.orders.iter().any(|(order, reference)| {
                one.key.as_deref() == Some(&refunds::key(*order)) || *reference == one.reference
            })
        };
        sent.into_iter().filter(move |one| !is_ours(one))
    }

    /// What went back in all by somebody else's hand, less what the books have of it: booked here before, or written down by the
    /// operator.
    fn missing(&self, foreign: &[SentBack]) -> Result<Money, Problem> {
        let nothing = Money::zero(self.now.received.currency());
        let stays = |one: &&SentBack| !one.has_failed && !self.is_over(one);
        let sent = foreign.iter().filter(stays).map(|one| one.amount);
        let is_order =
            |booked: &StoredRefund| self.orders.iter().any(|(order, _)| *order == booked.refund.id);
        let booked = self.refunds.iter().filter(|booked| !booked.has_failed && !is_order(booked));
        let booked = booked.map(|booked| booked.refund.amount);
        let sum = |amounts: Vec<Money>| {
            let sum = amounts.into_iter().try_fold(nothing, Money::checked_add);
            sum.map_err(LedgerRefusal::from)
        };
        let (sent, booked) = (sum(sent.collect())?, sum(booked.collect())?);
        Ok(sent.saturating_sub(booked).map_err(LedgerRefusal::from)?)
    }

    /// What the books have of it, part by part.
    fn parts(&self, one: &SentBack) -> impl Iterator<Item = &StoredRefund> {
        let ids = (0..).map(|part| id_of(self.settlement, &one.reference, part));
        ids.map_while(|id| self.refunds.iter().find(|booked| booked.refund.id == id))
    }

    /// What did not arrive once stays so: its money is credit again, and may be spent.
    fn is_over(&self, one: &SentBack) -> bool {
        self.parts(one).any(|part| part.has_failed)
    }
}
