//! Readers' standing consents to be charged when their tab is due, and what the tab knows of them.

use super::port::{self, RailError};
use crate::app::App;
use crate::notices::{self, Facts, Kind, Notice};
use crate::store::{StoreError, mandate, tab};
use crate::till::command::Command;
use ledger::{TabId, Timestamp};

/// Ends the mandate that a tab gave a rail: from now on it is not used, and the rail is asked to forget it. Answers whether there
/// was one.
///
/// # Errors
/// The store's.
pub async fn unbind(app: &App, tab: TabId, name: &str) -> Result<bool, StoreError> {
    let Some(rail) = app.rails.by_name(name) else { return Ok(false) };
    let (number, now) = (rail.terms().number, app.now());
    let bound = app.store.read(|db| mandate::by_tab(db, tab)).await?;
    let Some(bound) = bound.into_iter().find(|bound| bound.rail == number) else {
        return Ok(false);
    };
    app.store.write(move |db| mandate::fail(db, tab, number, now)).await?;
    follow(app, tab).await?;
    let told = port::Mandate { reference: bound.reference, label: bound.label };
    match rail.unbind(&told).await {
        Ok(()) | Err(RailError::NotOffered) => {
            app.store.write(move |db| mandate::forget(db, tab, number)).await
        }
        Err(error) => {
            tracing::error!(rail = name, %error, "a mandate is not used any more, but the rail still has it");
            Ok(true)
        }
    }
}

/// The reader objects: no mandate of the tab is used from now on. What it owes stays, and is paid by hand. Answers whether one
/// held.
///
/// # Errors
/// The store's.
pub async fn object(app: &App, tab: TabId) -> Result<bool, StoreError> {
    let bound = app.store.read(|db| mandate::by_tab(db, tab)).await?;
    let mut held = false;
    for bound in bound.iter().filter(|bound| bound.failed_at.is_none()) {
        let (rail, now) = (bound.rail, app.now());
        // Also of a rail that is turned off now: it may be on again tomorrow.
        app.store.write(move |db| mandate::fail(db, tab, rail, now)).await?;
        held = true;
        if let Some(rail) = app.rails.by_number(rail).cloned() {
            unbind(app, tab, rail.terms().name).await?;
        }
    }
    if held {
        follow(app, tab).await?;
        told(app, tab).await?;
    }
    Ok(held)
}

async fn told(app: &App, tab: TabId) -> Result<(), StoreError> {
    let (currency, now) = (app.currency(), app.now());
    let Some(stored) = app.store.read(|db| tab::by_id(db, tab, currency)).await? else {
        return Ok(());
    };
    let owed = stored.tab.owed().unwrap_or(app.nothing());
    let last = app.settings.tariff.rules.written_off_at(&stored.tab);
    let facts =
        Facts { amount: owed.micros(), day: last.map(Timestamp::micros), ..Facts::default() };
    let subject = now.micros().to_string();
    if !owed.is_zero() {
        notices::tell(app, Notice { tab, kind: Kind::Objected, subject, facts, told_at: now })
            .await?;
    }
    Ok(())
}

/// Has the tab say whether one of its mandates holds, which its limit and its clock go by.
///
/// # Errors
/// The store's.
pub async fn follow(app: &App, tab: TabId) -> Result<(), StoreError> {
    let bound = app.store.read(|db| mandate::by_tab(db, tab)).await?;
    let holds = bound.iter().any(|bound| bound.failed_at.is_none());
    hold(app, tab, holds).await
}

/// Has the tab say so.
///
/// # Errors
/// The store's.
pub async fn hold(app: &App, tab: TabId, holds: bool) -> Result<(), StoreError> {
    let command = if holds { Command::Bind(tab) } else { Command::Unbind(tab) };
    let bound = app.store.till().ask(command).await?;
    // Nothing else is ever refused of a tab that is there.
    bound.map(drop).map_err(|refusal| StoreError::Corrupt(refusal.to_string()))
}
