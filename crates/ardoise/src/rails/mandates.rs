//! Readers' standing consents to be charged when their tab is due, and what the tab knows of them.

use super::port::{self, RailError};
use crate::app::App;
use crate::store::StoreError;
use crate::store::mandate;
use crate::till::command::Command;
use ledger::TabId;

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
