//! Asks about charges, refunds, payouts and mandates that have ended, when their time has come. What one charge goes through stands in
//! [`super::saga`], what a refund does in [`super::refunds`], what a payout
//! does in [`super::payouts`]; stopping this anywhere loses nothing.

use super::saga::{self, Visit};
use super::{clock, mandates, payouts, refunds};
use crate::app::{App, Shared};
use crate::bank;
use crate::store::charge::{self, Stored};
use crate::store::mandate::{self, Ending};
use crate::store::payout_order::{self, Order as PayoutOrder};
use crate::store::refund_order::{self, Order};
use crate::store::{Db, StoreError};
use ledger::Timestamp;
use std::time::Duration;
use tokio::task::JoinSet;

/// Errands that are done at once.
const MOST: usize = 16;
/// Minutes for which one that was taken up is left alone: longer than any asking takes.
const TAKEN_MINUTES: i64 = 3;
/// Minutes between two looks for tabs that are due.
const ROUND_MINUTES: i64 = 15;
/// How long the worker sleeps at most.
const IDLE: Duration = Duration::from_secs(30);

/// Asks for ever.
pub async fn run(app: Shared) {
    let mut under_way = JoinSet::new();
    let mut next_round = app.now();
    loop {
        if app.now() >= next_round {
            next_round = app.now().plus_minutes(ROUND_MINUTES);
            if let Err(error) = clock::turn(&app).await {
                tracing::error!(%error, "tabs that are due are left as they are");
            }
            if let Err(error) = bank::settle_placed(&app).await {
                tracing::error!(%error, "credits of the bank are received later");
            }
        }
        let wait = start_due(&app, &mut under_way).await.unwrap_or_else(|error| {
            tracing::error!(%error, "charges are not asked about");
            IDLE
        });
        tokio::select! {
            () = app.to_ask.notified() => {}
            Some(_) = under_way.join_next() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Something that a rail is to be asked.
enum Errand {
    Charge(Stored),
    Refund(Order),
    Payout(PayoutOrder),
    Ending(Ending),
}

/// Takes up what is due, as far as there is room; answers how long there is nothing more to do.
async fn start_due(app: &Shared, under_way: &mut JoinSet<()>) -> Result<Duration, StoreError> {
    let room = MOST.saturating_sub(under_way.len());
    for errand in take_due(app, room).await? {
        let app = app.clone();
        under_way.spawn(async move { run_errand(&app, errand).await });
    }
    if under_way.len() >= MOST {
        return Ok(IDLE);
    }
    let next = app.store.read(next).await?;
    let wait = next.map(|next| next.micros_since(app.now()).max(0));
    let wait = wait.and_then(|micros| u64::try_from(micros).ok());
    Ok(wait.map_or(IDLE, Duration::from_micros).min(IDLE))
}

/// When something is next to be asked.
fn next(db: &dyn Db) -> Result<Option<Timestamp>, StoreError> {
    let orders = [refund_order::next(db)?, payout_order::next(db)?];
    let all = orders.into_iter().chain([charge::next(db)?, mandate::next_end(db)?]);
    Ok(all.flatten().min())
}

async fn take_due(app: &App, room: usize) -> Result<Vec<Errand>, StoreError> {
    let (now, currency, most) = (app.now(), app.currency(), room as i64);
    let due = app.store.read(|db| {
        let charges = charge::due(db, now, most, currency)?.into_iter().map(Errand::Charge);
        let refunds = refund_order::due(db, now, most, currency)?.into_iter().map(Errand::Refund);
        let payouts = payout_order::due(db, now, most, currency)?.into_iter().map(Errand::Payout);
        let endings = mandate::ends_due(db, now, most)?.into_iter().map(Errand::Ending);
        // Refunds first: where there is no room for all, readers wait for them longest.
        let charges = charges.chain(payouts);
        Ok(refunds.chain(charges).chain(endings).take(room).collect::<Vec<Errand>>())
    });
    let due = due.await?;
    if due.is_empty() {
        return Ok(due);
    }
    let until = now.plus_minutes(TAKEN_MINUTES);
    let take = move |db: &dyn Db| {
        let taken = due.iter().map(|errand| take(db, errand, now, until));
        taken.filter_map(Result::transpose).collect::<Result<Vec<Errand>, StoreError>>()
    };
    app.store.write(take).await
}

/// The errand as it was taken up; nothing where somebody else has it.
fn take(
    db: &dyn Db,
    errand: &Errand,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Errand>, StoreError> {
    Ok(match errand {
        Errand::Charge(stored) => charge::take(db, stored.id, now, until)?.then(|| {
            let attempts = stored.attempts.saturating_add(1);
            Errand::Charge(Stored { attempts, ..stored.clone() })
        }),
        Errand::Refund(order) => refund_order::take(db, order.refund.id, now, until)?.then(|| {
            let attempts = order.attempts.saturating_add(1);
            Errand::Refund(Order { attempts, ..order.clone() })
        }),
        Errand::Payout(order) => payout_order::take(db, order.pay_out.id, now, until)?.then(|| {
            let attempts = order.attempts.saturating_add(1);
            Errand::Payout(PayoutOrder { attempts, ..order.clone() })
        }),
        Errand::Ending(ending) => mandate::take_end(db, ending, now, until)?.then(|| {
            let attempts = ending.attempts.saturating_add(1);
            Errand::Ending(Ending { attempts, ..ending.clone() })
        }),
    })
}

async fn run_errand(app: &App, errand: Errand) {
    match errand {
        Errand::Charge(stored) => {
            let id = stored.id;
            if let Err(error) = saga::go_on(app, stored, Visit::Again).await {
                tracing::error!(charge.id = %id, %error, "a charge is asked about again later");
            }
        }
        Errand::Refund(order) => {
            let id = order.refund.id;
            if let Err(error) = refunds::go_on(app, order).await {
                tracing::error!(refund = %id, %error, "a refund is gone on with later");
            }
        }
        Errand::Payout(order) => {
            let id = order.pay_out.id;
            if let Err(error) = payouts::go_on(app, order).await {
                tracing::error!(payout = %id, %error, "a payout is gone on with later");
            }
        }
        Errand::Ending(ending) => {
            if let Err(error) = mandates::forget(app, ending).await {
                tracing::error!(%error, "a mandate is ended at its rail later");
            }
        }
    }
}

/// Asks about everything that is due now, and about what that leads to; answers how much that was. For stories, whose clock
/// stands.
///
/// # Errors
/// The store's.
pub async fn work_off(app: &App) -> Result<usize, StoreError> {
    let mut asked = 0;
    loop {
        let due = take_due(app, MOST).await?;
        if due.is_empty() {
            return Ok(asked);
        }
        for errand in due {
            asked += 1;
            run_errand(app, errand).await;
        }
    }
}
