//! The tab's clock, as far as rails are concerned: a tab that is due is charged by the mandate that its reader gave.
//!
//! Whether a tab is due, and for the how-manieth time it is tried, is a rule about tabs and not about rails: [`next_step`] is the
//! one place that asks. Each try has a period, the instant from which it counts; a tab is charged once at most for a period,
//! whoever runs this, and however often.

use super::port::Rail;
use super::saga::{self, OPEN_HOURS};
use crate::app::App;
use crate::store::StoreError;
use crate::store::charge::{self, State, Stored};
use crate::store::mandate::{self, Bound};
use ledger::{Money, ShopId as _, Tab, TabId, Timestamp};
use std::sync::Arc;

/// Tabs that are looked at in one step.
const AT_ONCE: i64 = 100;
/// Days after the first try of a tab that is due, on which it is tried again.
const RETRY_DAYS: [i64; 2] = [3, 6];

/// What the clock says about a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing now.
    Nothing,
    /// Charge what it owes: this try of it.
    Charge(Try),
}

/// One try to charge a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Try {
    /// From when it counts.
    pub since: Timestamp,
    /// Whether it is because the tab has grown, and not because it has waited.
    pub has_grown: bool,
}

impl Try {
    /// The number under which a charge remembers what it was for.
    const fn period(self) -> i64 {
        self.since.micros() * 2 + self.has_grown as i64
    }
}

/// What is to be done about `tab` at `now`: it is charged when it has grown to what the shop settles at, when its oldest
/// line has waited as long as a line may, and some days later again.
pub fn next_step(app: &App, tab: &Tab, now: Timestamp) -> Step {
    let (Some(oldest), Ok(owed)) = (tab.oldest_open_at, tab.owed()) else { return Step::Nothing };
    let due = oldest.plus_days(app.settings.tariff.rules.due_days);
    let tries = std::iter::once(0).chain(RETRY_DAYS).map(|days| due.plus_days(days));
    let last = tries.take_while(|at| *at <= now).last();
    match last {
        Some(since) => Step::Charge(Try { since, has_grown: false }),
        None if owed >= app.settings.settle_at => {
            Step::Charge(Try { since: oldest, has_grown: true })
        }
        None => Step::Nothing,
    }
}

/// Charges every tab that is due and has a mandate that holds; answers how many charges were begun.
///
/// # Errors
/// The store's: what was begun until then stands.
pub async fn charge_due(app: &App) -> Result<usize, StoreError> {
    let (now, currency) = (app.now(), app.currency());
    let rules = &app.settings.tariff.rules;
    let waited =
        mandate::Due { oldest: now.plus_days(-rules.due_days), owed: app.settings.settle_at };
    let (mut after, mut begun) = (TabId::from_raw(0), 0);
    loop {
        let read = app.store.read(|db| mandate::due_tabs(db, waited, after, AT_ONCE, currency));
        let tabs = read.await?;
        let Some(last) = tabs.last().map(|tab| tab.id) else { return Ok(begun) };
        for tab in &tabs {
            if let Step::Charge(which) = next_step(app, tab, now) {
                begun += usize::from(charge(app, tab, which).await?);
            }
        }
        after = last;
    }
}

/// Charges what a tab owes, unless that was tried for the period; answers whether it was begun now.
async fn charge(app: &App, tab: &Tab, which: Try) -> Result<bool, StoreError> {
    let (id, period, currency) = (tab.id, which.period(), app.currency());
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
    let Some((rail, number)) = bound else { return Ok(false) };
    let Some(amount) = amount(&*rail, tab) else { return Ok(false) };
    let now = app.now();
    let fresh = Stored {
        id: app.mint.settlement(),
        tab: id,
        rail: number,
        amount,
        state: State::Begun,
        reference: String::new(),
        kept: String::new(),
        next: String::new(),
        binds: false,
        locale: crate::pages::Locale::default().code().into(),
        period: Some(period),
        begun_at: now,
        ends_at: now.plus_minutes(OPEN_HOURS * 60),
        attempts: 0,
        in_doubt: false,
        reason: String::new(),
    };
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
