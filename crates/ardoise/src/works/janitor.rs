//! Clears away what nobody needs: uploads that have expired, bytes that nothing names any more, and answers that no program
//! will ask for again.
//!
//! Bytes of a file or cover that was replaced or removed wait for [`GRACE_DAYS`] before they go: access always gives the
//! current version, so no reader needs them, but a backup that copies the store first and the files after it does, and so
//! does an author who slipped and asks the operator for help.

use super::storage::StorageError;
use super::uploads;
use crate::api::repeats;
use crate::app::{App, Shared};
use crate::problem::Problem;
use crate::store::{Db, discarded, upload};
use std::time::Duration;

/// Days for which bytes wait that a work had and has no more.
pub const GRACE_DAYS: i64 = 1;
/// How often it is looked.
const EVERY: Duration = Duration::from_secs(600);
/// Rows cleared in one transaction: it bounds how long the till waits.
const AT_ONCE: i64 = 200;

/// Clears away again and again, beside the requests.
pub async fn go_round(app: Shared) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(problem) = clear(&app).await {
            let cause = problem.cause.unwrap_or_default();
            tracing::warn!(cause, "what nobody needs could not be cleared away");
        }
    }
}

/// Clears away everything that can go now.
///
/// # Errors
/// The stores': what was not cleared is found again next time.
pub async fn clear(app: &App) -> Result<(), Problem> {
    while expire(app).await? {}
    repeats::clear(app).await?;
    empty(app).await
}

/// Forgets uploads whose time is over; answers whether there may be more. Of those that a work has taken only the row goes.
async fn expire(app: &App) -> Result<bool, Problem> {
    let now = app.now();
    let forgotten = app.store.write(move |db| {
        let expired = upload::expired(db, now, AT_ONCE)?;
        expired.iter().try_for_each(|upload| uploads::forget(db, upload, now))?;
        Ok(expired.len())
    });
    Ok(forgotten.await? as i64 == AT_ONCE)
}

/// Removes the bytes that nothing names any more and whose time has come.
///
/// # Errors
/// The store's.
pub async fn empty(app: &App) -> Result<(), Problem> {
    loop {
        let now = app.now();
        let due = app.store.read(|db| discarded::due(db, now, AT_ONCE)).await?;
        let mut gone = Vec::with_capacity(due.len());
        for key in due {
            match remove(app, &key).await {
                Ok(()) => gone.push(key),
                Err(error) => {
                    tracing::warn!(key, %error, "bytes could not be removed");
                    // Nor could the others, each after a wait.
                    if matches!(error, StorageError::Unavailable(_)) {
                        break;
                    }
                }
            }
        }
        let more = gone.len() as i64 == AT_ONCE;
        if !gone.is_empty() {
            let forget =
                move |db: &dyn Db| gone.iter().try_for_each(|key| discarded::remove(db, key));
            app.store.write(forget).await?;
        }
        if !more {
            return Ok(());
        }
    }
}

async fn remove(app: &App, key: &str) -> Result<(), StorageError> {
    app.files.remove_partial(key).await?;
    app.files.remove(key).await
}
