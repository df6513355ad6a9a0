//! Readers' standing consents to be charged when their tab is due, and what the tab knows of them.

use super::port::{self, RailError, Reason};
use super::schedule;
use crate::app::App;
use crate::notices::{self, Facts, Kind, Notice};
use crate::pages::Locale;
use crate::pages::binding::BoundRail;
use crate::store::charge::{self, Purpose, State, Stored};
use crate::store::mandate::{self, Ending};
use crate::store::{StoreError, statement, tab};
use crate::tabs;
use crate::till::batch::NewConsent;
use crate::till::command::Command;
use ledger::receipts::consent_number;
use ledger::{Tab, TabId};

/// Keeps the words by which a reader agrees to be charged later, as those of a purchase are kept; answers their number.
///
/// # Errors
/// The store's.
pub async fn agree(app: &App, locale: Locale, label: &str) -> Result<i64, StoreError> {
    let (id, now) = (consent_number(locale.code(), label), app.now());
    let consent = NewConsent { id, locale: locale.code(), label: label.to_owned() };
    app.store.write(move |db| statement::keep_consent(db, &consent, now)).await?;
    Ok(id)
}

/// A charge that somebody comes back to: what they agree to now is what counts. Whoever does not agree to be charged later, or
/// not any more, leaves no mandate behind; the other way round the rail was not told, so that there is none to leave.
///
/// # Errors
/// The store's.
pub async fn as_agreed_now(app: &App, stored: Stored, agrees: bool) -> Result<Stored, StoreError> {
    if agrees || !stored.binds {
        return Ok(stored);
    }
    let id = stored.id;
    app.store.write(move |db| charge::bind_no_more(db, id)).await?;
    Ok(Stored { binds: false, ..stored })
}

/// The last try to charge what a tab owes by its mandate, where that failed and its reader has something to do about it, or to
/// know: they settle by hand.
///
/// # Errors
/// The store's.
pub async fn failed(app: &App, tab: &Tab) -> Result<Option<Stored>, StoreError> {
    let Some(oldest) = tab.oldest_open_at else { return Ok(None) };
    let (id, currency) = (tab.id, app.currency());
    let last = app.store.read(|db| charge::last_attempt(db, id, oldest, currency)).await?;
    Ok(last.filter(|last| {
        let may_pass = Reason::from_code(&last.reason).is_some_and(Reason::may_pass);
        // What was bound since then was not tried yet.
        last.state == State::Declined && (may_pass || !tab.mandate)
    }))
}

/// The mandates of a tab that hold, as its reader sees them, the one bound last first.
///
/// # Errors
/// The store's.
pub async fn shown(app: &App, tab: TabId) -> Result<Vec<BoundRail>, StoreError> {
    let currency = app.currency();
    let bound = app.store.read(|db| mandate::by_tab(db, tab, currency)).await?;
    let holding = bound.into_iter().filter(|bound| bound.failed_at.is_none());
    let shown = holding.filter_map(|bound| {
        let name = app.rails.by_number(bound.rail)?.terms().name;
        Some(BoundRail { name, label: bound.label, most: bound.most })
    });
    Ok(shown.collect())
}

/// Ends the mandate that a tab gave a rail: from now on it is not used, and the rail is asked to forget it, now and until it has.
/// Answers whether there was one.
///
/// # Errors
/// The store's.
pub async fn unbind(app: &App, tab: TabId, name: &str) -> Result<bool, StoreError> {
    let Some(rail) = app.rails.by_name(name) else { return Ok(false) };
    let (number, now) = (rail.terms().number, app.now());
    let ask_at = schedule::next(0, now);
    let ended = app.store.write(move |db| mandate::end(db, tab, number, now, ask_at)).await?;
    follow(app, tab).await?;
    let Some(ending) = ended else { return Ok(false) };
    forget(app, ending).await?;
    Ok(true)
}

/// Asks a rail to forget a mandate that does not hold any more, unless it is still to say what became of a charge by it. One that
/// is turned off is asked when it is on again.
///
/// # Errors
/// The store's.
pub async fn forget(app: &App, ending: Ending) -> Result<(), StoreError> {
    let rail = app.rails.by_number(ending.rail);
    let told = port::Mandate { reference: ending.reference.clone(), label: ending.label.clone() };
    let (tab, currency) = (ending.tab, app.currency());
    let live = app.store.read(|db| charge::live(db, tab, Purpose::Settle, currency)).await?;
    let is_used = live.iter().any(|live| live.rail == ending.rail && live.in_doubt);
    let asked = match rail {
        Some(_) if is_used => Err(RailError::NotReached("a charge by it is in doubt".into())),
        Some(rail) => rail.unbind(&told).await,
        None => Err(RailError::NotReached("the rail is turned off".into())),
    };
    match asked {
        Ok(()) | Err(RailError::NotOffered) => {
            app.store.write(move |db| mandate::ended(db, &ending)).await
        }
        Err(error) => {
            tracing::error!(rail = ending.rail.0, %error, "a mandate is not used any more, but the rail still has it");
            let then = schedule::next(ending.attempts, app.now());
            app.store.write(move |db| mandate::put_end_off(db, &ending, then)).await?;
            app.to_ask.notify_one();
            Ok(())
        }
    }
}

/// The reader objects: no mandate of the tab is used from now on. What it owes stays, and is paid by hand. Answers whether one
/// held.
///
/// # Errors
/// The store's.
pub async fn object(app: &App, tab: TabId) -> Result<bool, StoreError> {
    let currency = app.currency();
    let bound = app.store.read(|db| mandate::by_tab(db, tab, currency)).await?;
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
    let rules = &app.settings.tariff.rules;
    let since = tabs::waits_since(app, &stored.tab).await?;
    let last = since.map(|since| rules.written_off_at(since).micros());
    let facts = Facts { amount: owed.micros(), day: last, ..Facts::default() };
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
    let currency = app.currency();
    let bound = app.store.read(|db| mandate::by_tab(db, tab, currency)).await?;
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
