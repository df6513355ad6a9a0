//! Money that came: from what a rail says to the books.

use super::mandates;
use super::port::{self, Charge, Rail, Receipt};
use super::saga::{close, put_off};
use crate::app::App;
use crate::mail;
use crate::store::charge::{self, Doubt, State, Stored};
use crate::store::mandate::{self, Bound};
use crate::store::{Db, StoreError, tab};
use crate::tabs::{Received, settle};
use ledger::{Excess, SettlementId};

/// Puts money that came into the books, once, and closes its charge.
///
/// # Errors
/// The store's.
pub async fn receive(app: &App, stored: &Stored, receipt: Receipt) -> Result<(), StoreError> {
    let rail = app.rails.by_number(stored.rail);
    let may_differ = rail.is_some_and(|rail| rail.terms().amount_may_differ);
    if let Some(why) = receipt.unlike(stored.amount, may_differ) {
        tracing::error!(charge.id = %stored.id, why, "what came is not what was asked for; nothing is received");
        return close(app, stored, State::Refused, &why).await;
    }
    let received = Received {
        id: stored.id,
        rail: stored.rail,
        amount: receipt.received,
        rail_fee: receipt.fee,
        reference: receipt.reference,
        excess: Excess::Credited,
    };
    if let Err(problem) = settle(app, stored.tab, received).await {
        // The money is there, and the books do not take it: it must not be forgotten, nor charged again.
        let (code, cause) = (problem.kind.code, problem.cause.unwrap_or_default());
        tracing::error!(charge.id = %stored.id, problem.code = code, cause, "money that came is not in the books");
        return put_off(app, stored, Doubt::Arisen).await;
    }
    settled(app, stored, (receipt.mandate, receipt.email)).await?;
    ask_again_unless_once(app, stored).await
}

/// Where a reader can pay one charge twice, the rail is asked once more what came besides.
async fn ask_again_unless_once(app: &App, stored: &Stored) -> Result<(), StoreError> {
    let rail = app.rails.by_number(stored.rail);
    if rail.is_none_or(|rail| rail.is_paid_once()) {
        return Ok(());
    }
    let (id, now) = (stored.id, app.now());
    app.store.write(move |db| charge::look_again(db, id, now)).await?;
    app.to_ask.notify_one();
    Ok(())
}

/// Asks what came for a settled charge besides what settled it. Each of it is a settlement of its own, and credit of the tab. A rail
/// that does not say is asked again by the worker.
///
/// # Errors
/// The store's.
pub async fn look_again(
    app: &App,
    rail: &dyn Rail,
    stored: &Stored,
    told: &Charge,
) -> Result<(), StoreError> {
    let id = stored.id;
    let booked = app.store.read(|db| tab::reference(db, id)).await?.unwrap_or_default();
    let came = match rail.besides(told).await {
        Ok(came) => came,
        Err(error) => {
            tracing::warn!(charge.id = %id, %error, "a rail does not say what came besides");
            return Ok(());
        }
    };
    for receipt in came.into_iter().filter(|receipt| receipt.reference != booked) {
        tracing::warn!(charge.id = %id, "a charge was paid twice: it is credit of the tab");
        let money = Received {
            id: besides(id, &receipt.reference),
            rail: stored.rail,
            amount: receipt.received,
            rail_fee: receipt.fee,
            reference: receipt.reference,
            excess: Excess::Credited,
        };
        if let Err(problem) = settle(app, stored.tab, money).await {
            let (code, cause) = (problem.kind.code, problem.cause.unwrap_or_default());
            tracing::error!(charge.id = %id, problem.code = code, cause, "money that came besides is not in the books");
            return Ok(());
        }
    }
    app.store.write(move |db| charge::rest(db, id)).await
}

/// The settlement of what came besides: always the same for the same receipt.
fn besides(charge: SettlementId, reference: &str) -> SettlementId {
    let bytes = [&charge.bytes()[..], reference.as_bytes()].concat();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
    let mut id = [0; 16];
    id.iter_mut().zip(digest.as_ref()).for_each(|(place, byte)| *place = *byte);
    SettlementId::from_bytes(id)
}

async fn settled(
    app: &App,
    stored: &Stored,
    (mandate, email): (Option<port::Mandate>, Option<String>),
) -> Result<(), StoreError> {
    let rail = stored.rail;
    let bound = mandate.filter(|_| stored.binds).map(|mandate| Bound {
        rail,
        reference: mandate.reference,
        label: mandate.label,
        most: None,
        failed_at: None,
    });
    finish(app, stored, bound, email).await
}

/// Closes a charge that came to what it was for, with the mandate that it leaves and the address of its reader, where the rail tells
/// it.
pub(super) async fn finish(
    app: &App,
    stored: &Stored,
    bound: Option<Bound>,
    email: Option<String>,
) -> Result<(), StoreError> {
    let (id, tab, now) = (stored.id, stored.tab, app.now());
    let is_bound = bound.is_some();
    if is_bound {
        // Before it is written: stopped in between, all of this is done again.
        mandates::hold(app, tab, true).await?;
    }
    let write = move |db: &dyn Db| {
        let is_closed_now = charge::close(db, id, State::Settled, "", now)?;
        mail::learn(db, (tab, id), email.as_deref(), now)?;
        // Whoever closed it earlier bound it, and the reader may have ended that since.
        bound
            .as_ref()
            .filter(|_| is_closed_now)
            .map_or(Ok(()), |bound| mandate::bind(db, tab, bound, now))?;
        Ok(is_closed_now)
    };
    let is_closed_now = app.store.write(write).await?;
    if is_bound && !is_closed_now { mandates::follow(app, tab).await } else { Ok(()) }
}
