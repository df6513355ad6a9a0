//! The tab's clock, as far as the shop acts on it: a tab that is due is charged by the mandate that its reader gave, and one
//! that nobody paid in time is written off.
//!
//! What is to be done with a tab, and when, is the ledger's to say ([`ledger::Rules::next_step`]). Each try to charge has a
//! number, its period; a tab is charged once at most for a period, whoever runs this, and however often.

use super::mandates;
use super::port::Rail;
use super::saga;
use crate::app::App;
use crate::store::StoreError;
use crate::store::charge::{self, Stored};
use crate::store::mandate::{self, Bound};
use crate::store::tab::{self, Due};
use crate::tabs;
use ledger::{Money, ShopId as _, Step, Tab, TabId, Timestamp};
use std::sync::Arc;

/// Tabs that are looked at in one step.
const AT_ONCE: i64 = 100;
/// More tries than are ever made for one oldest line.
const TRIES_MOST: i64 = 16;

/// What the clock did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Charges that were begun.
    pub charged: usize,
    /// Lines that were written off.
    pub lost: usize,
}

/// Does with every tab what its time has come for.
///
/// # Errors
/// The store's: what was done until then stands.
pub async fn turn(app: &App) -> Result<Done, StoreError> {
    let (now, currency) = (app.now(), app.currency());
    let rules = &app.settings.tariff.rules;
    let due = Due {
        oldest: now.plus_days(-rules.due_days),
        owed: rules.settle_at,
        lost: now.plus_days(-rules.write_off_days),
    };
    let (mut after, mut done) = (TabId::from_raw(0), Done::default());
    loop {
        let tabs = app.store.read(|db| tab::due(db, due, after, AT_ONCE, currency)).await?;
        let Some(last) = tabs.last().map(|tab| tab.id) else { return Ok(done) };
        for tab in &tabs {
            look_at(app, tab, now, &mut done).await?;
        }
        after = last;
    }
}

async fn look_at(app: &App, tab: &Tab, now: Timestamp, done: &mut Done) -> Result<(), StoreError> {
    let Some(oldest) = tabs::waits_since(app, tab).await? else { return Ok(()) };
    let attempts = app.store.read(|db| charge::attempts(db, tab.id, oldest)).await?;
    let failed: Vec<Timestamp> =
        attempts.iter().filter(|attempt| !attempt.came).map(|attempt| attempt.at).collect();
    match app.settings.tariff.rules.next_step(tab, Some(oldest), &failed, now) {
        Step::Wait(_) => {}
        Step::Charge | Step::Retry => {
            let period = period(oldest, attempts.len());
            done.charged += usize::from(charge(app, tab, period).await?);
        }
        Step::WriteOff => match tabs::write_off(app, tab.id).await {
            Ok(lost) => done.lost += lost,
            // Somebody was faster, or it was paid meanwhile.
            Err(problem) => {
                tracing::info!(tab = %tab.id, problem.code = problem.kind.code, "a tab is not written off")
            }
        },
    }
    Ok(())
}

/// The number of a try: another one for each try with each oldest line.
fn period(oldest: Timestamp, tried: usize) -> i64 {
    let tried = i64::try_from(tried).unwrap_or(i64::MAX).min(TRIES_MOST - 1);
    oldest.micros().saturating_mul(TRIES_MOST).saturating_add(tried)
}

/// Charges what a tab owes, unless that was tried for the period; answers whether it was begun now.
async fn charge(app: &App, tab: &Tab, period: i64) -> Result<bool, StoreError> {
    let (id, currency) = (tab.id, app.currency());
    let read = app.store.read(|db| {
        let tried = charge::of_period(db, id, period, currency)?;
        Ok((tried.is_some(), charge::live(db, id, currency)?, mandate::by_tab(db, id)?))
    });
    let (tried, live, bound) = read.await?;
    // While a reader is paying, or nobody knows whether they did, they are not charged besides.
    if tried || !live.is_empty() {
        return Ok(false);
    }
    let bound = bound.iter().find_map(|bound| Some((usable(app, bound)?, bound.rail)));
    let Some((rail, number)) = bound else {
        mandates::follow(app, id).await?;
        return Ok(false);
    };
    let Some(amount) = amount(&*rail, tab) else { return Ok(false) };
    let fresh = saga::fresh(app, (app.mint.settlement(), id, number), amount);
    let fresh = Stored { period: Some(period), ..fresh };
    saga::write_and_go_on(app, fresh).await.map(|_| true)
}

/// The rail of a mandate that holds.
fn usable(app: &App, bound: &Bound) -> Option<Arc<dyn Rail>> {
    let rail = app.rails.by_number(bound.rail).filter(|_| bound.failed_at.is_none())?;
    rail.terms().charges_without_reader.then(|| rail.clone())
}

/// What the rail can move of what the tab owes; nothing where that is below its minimum: the tab rolls forward.
fn amount(rail: &dyn Rail, tab: &Tab) -> Option<Money> {
    let terms = rail.terms();
    let amount = terms.movable(tab.owed().ok()?).ok()?;
    let amount = terms.maximum.map_or(amount, |most| amount.min(most));
    (amount >= terms.minimum && !amount.is_zero()).then_some(amount)
}
