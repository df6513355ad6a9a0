//! Asks about charges when their time has come. What one charge goes through stands in [`super::saga`]; stopping this
//! anywhere loses nothing.

use super::clock;
use super::saga::{self, Visit};
use crate::app::{App, Shared};
use crate::bank;
use crate::store::charge::{self, Stored};
use crate::store::{Db, StoreError};
use std::time::Duration;
use tokio::task::JoinSet;

/// Charges that are asked about at once.
const MOST: usize = 16;
/// Minutes for which a charge that was taken up is left alone: longer than any asking takes.
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

/// Takes up what is due, as far as there is room; answers how long there is nothing more to do.
async fn start_due(app: &Shared, under_way: &mut JoinSet<()>) -> Result<Duration, StoreError> {
    let room = MOST.saturating_sub(under_way.len());
    for stored in take_due(app, room).await? {
        let app = app.clone();
        under_way.spawn(async move { ask(&app, stored).await });
    }
    if under_way.len() >= MOST {
        return Ok(IDLE);
    }
    let next = app.store.read(charge::next).await?;
    let wait = next.map(|next| next.micros_since(app.now()).max(0));
    let wait = wait.and_then(|micros| u64::try_from(micros).ok());
    Ok(wait.map_or(IDLE, Duration::from_micros).min(IDLE))
}

async fn take_due(app: &App, room: usize) -> Result<Vec<Stored>, StoreError> {
    let (now, currency) = (app.now(), app.currency());
    let due = app.store.read(|db| charge::due(db, now, room as i64, currency)).await?;
    if due.is_empty() {
        return Ok(due);
    }
    let until = now.plus_minutes(TAKEN_MINUTES);
    let take = move |db: &dyn Db| {
        let mut taken = Vec::new();
        for stored in &due {
            if charge::take(db, stored.id, now, until)? {
                taken
                    .push(Stored { attempts: stored.attempts.saturating_add(1), ..stored.clone() });
            }
        }
        Ok(taken)
    };
    app.store.write(take).await
}

async fn ask(app: &App, stored: Stored) {
    let id = stored.id;
    if let Err(error) = saga::go_on(app, stored, Visit::Again).await {
        tracing::error!(charge.id = %id, %error, "a charge is asked about again later");
    }
}

/// Asks about everything that is due now, and about what that leads to; answers how many charges that were. For stories, whose
/// clock stands.
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
        for stored in due {
            asked += 1;
            ask(app, stored).await;
        }
    }
}
