//! The tab's clock, as far as the shop acts on it: a reader is told what comes, a tab that is due is charged by the mandate that
//! its reader gave, and one that nobody paid in time is written off.
//!
//! What is to be done with a tab, and when, is the ledger's to say ([`ledger::Rules::next_step`]): it goes by the announcements
//! that stand among the reader's notices, so that nothing is charged of which they were not told in time. Each try to charge has a
//! number, its period; a tab is charged once at most for a period, whoever runs this, and however often.

use super::mandates;
use super::port::{Rail, Reason};
use super::saga;
use crate::app::App;
use crate::notices::{self, Facts, Kind, Notice};
use crate::store::charge::{self, Attempt, Purpose, Stored};
use crate::store::mandate::{self, Bound};
use crate::store::tab::{self, Due};
use crate::store::{StoreError, notice};
use crate::tabs;
use ledger::{Money, Past, ShopId as _, Step, Tab, TabId, Timestamp};
use std::sync::Arc;

/// Tabs that are looked at in one step.
const AT_ONCE: i64 = 100;
/// More tries than are ever made for one oldest line.
const TRIES_MOST: i64 = 16;

/// What the clock did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Readers who were told what comes.
    pub told: usize,
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
    let first = rules.due_days.saturating_sub(rules.notice_days.max(rules.remind_days));
    let due = Due { oldest: now.plus_days(-first), owed: rules.settle_at };
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

/// What was done so far about the open lines of a tab.
struct Tried {
    attempts: Vec<Attempt>,
    /// How often the reader was told of a charge to come.
    announcements: i64,
    /// When they were last told of one by what is bound now.
    announced: Option<Timestamp>,
}

async fn tried(app: &App, tab: &Tab, oldest: Timestamp) -> Result<Tried, StoreError> {
    let read = app.store.read(|db| {
        let attempts = charge::attempts(db, tab.id, oldest)?;
        // What was told of another mandate, or of a charge that was made, was not told of the next.
        let came = attempts.iter().filter(|attempt| attempt.came).map(|attempt| attempt.at).max();
        let since = [mandate::bound_at(db, tab.id)?, came].into_iter().flatten();
        let since = since.fold(oldest, Timestamp::max);
        let (announcements, _) = notice::announced(db, tab.id, oldest)?;
        let (_, announced) = notice::announced(db, tab.id, since)?;
        Ok(Tried { attempts, announcements, announced })
    });
    read.await
}

async fn look_at(app: &App, tab: &Tab, now: Timestamp, done: &mut Done) -> Result<(), StoreError> {
    let Some(oldest) = tabs::waits_since(app, tab).await? else { return Ok(()) };
    let Tried { attempts, announcements, announced } = tried(app, tab, oldest).await?;
    let failed: Vec<Timestamp> =
        attempts.iter().filter(|attempt| !attempt.came).map(|attempt| attempt.at).collect();
    let past = Past { attempts: &failed, announced };
    match app.settings.tariff.rules.next_step(tab, Some(oldest), past, now) {
        Step::Wait(_) if tab.mandate => {}
        Step::Wait(_) => done.told += usize::from(remind(app, tab, oldest, now).await?),
        Step::Announce => {
            let subject = format!("{}.{}", oldest.micros(), announcements);
            let told = match announce(app, tab, subject, now).await? {
                Some(told) => told,
                // What cannot be charged, because it is too little or its rail is off, is paid by hand.
                None => remind(app, tab, oldest, now).await?,
            };
            done.told += usize::from(told);
        }
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

/// Reminds a reader who pays by hand that their tab will be due, when it is time; answers whether they are told so now.
async fn remind(
    app: &App,
    tab: &Tab,
    oldest: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let rules = &app.settings.tariff.rules;
    let owed = tab.owed().unwrap_or(app.nothing());
    let at = rules.reminds_at(oldest);
    if now < at || tab.disputes_open > 0 || owed.is_zero() {
        return Ok(false);
    }
    let id = tab.id;
    if app.store.read(|db| notice::is_warned(db, id, at)).await? {
        return Ok(false);
    }
    let facts = Facts {
        amount: owed.micros(),
        lines: tab.open_lines.into(),
        day: Some(oldest.plus_days(rules.due_days).micros()),
        ..Facts::default()
    };
    let subject = oldest.micros().to_string();
    notices::tell(app, Notice { tab: id, kind: Kind::Reminder, subject, facts, told_at: now }).await
}

/// Tells a reader that their tab will be charged; answers whether they are told so now, and nothing where it cannot be charged.
async fn announce(
    app: &App,
    tab: &Tab,
    subject: String,
    now: Timestamp,
) -> Result<Option<bool>, StoreError> {
    let Some((rail, bound)) = by_mandate(app, tab.id).await? else { return Ok(None) };
    let Some(amount) = amount(&*rail, &bound, tab) else { return Ok(None) };
    let rules = &app.settings.tariff.rules;
    let facts = Facts {
        amount: amount.micros(),
        rest: rules.limit(tab).max(amount).micros(),
        day: Some(now.plus_days(rules.notice_days).micros()),
        rail: rail.terms().name.into(),
        label: bound.label,
        ..Facts::default()
    };
    let told = Notice { tab: tab.id, kind: Kind::Announced, subject, facts, told_at: now };
    notices::tell(app, told).await.map(Some)
}

/// What a reader is told of a charge that was declined while they were away; nothing where they were not.
pub fn told_of_decline(app: &App, stored: &Stored, reason: Reason) -> Option<Notice> {
    let (period, now) = (stored.period?, app.now());
    let next = reason.may_pass().then(|| next_try(app, period, now)).flatten();
    let facts = Facts {
        amount: stored.amount.micros(),
        day: next.map(Timestamp::micros),
        reason: reason.code().into(),
        ..Facts::default()
    };
    let kind = if reason == Reason::Proof { Kind::Proof } else { Kind::Declined };
    let (tab, subject) = (stored.tab, stored.id.to_string());
    Some(Notice { tab, kind, subject, facts, told_at: now })
}

/// When a charge that failed at `now` is tried again; nothing when that was the last.
fn next_try(app: &App, period: i64, now: Timestamp) -> Option<Timestamp> {
    let rules = &app.settings.tariff.rules;
    let oldest = Timestamp::from_micros(period.div_euclid(TRIES_MOST));
    let [first, second] = rules.retry_days;
    [rules.due_days, first, second]
        .map(|days| oldest.plus_days(days))
        .into_iter()
        .find(|at| *at > now)
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
        Ok((tried.is_some(), charge::live(db, id, Purpose::Settle, currency)?))
    });
    let (tried, live) = read.await?;
    // While a reader is paying, or nobody knows whether they did, they are not charged besides.
    if tried || !live.is_empty() {
        return Ok(false);
    }
    let Some((rail, bound)) = by_mandate(app, id).await? else { return Ok(false) };
    let Some(amount) = amount(&*rail, &bound, tab) else { return Ok(false) };
    let fresh = saga::fresh(app, (app.mint.settlement(), id, bound.rail), amount);
    let fresh = Stored { period: Some(period), ..fresh };
    saga::write_and_go_on(app, fresh).await.map(|_| true)
}

/// The mandate by which a tab is charged, and its rail; where there is none, the tab is told so.
async fn by_mandate(app: &App, tab: TabId) -> Result<Option<(Arc<dyn Rail>, Bound)>, StoreError> {
    let currency = app.currency();
    let bound = app.store.read(|db| mandate::by_tab(db, tab, currency)).await?;
    let found = bound.into_iter().find_map(|bound| Some((usable(app, &bound)?, bound)));
    if found.is_none() {
        mandates::follow(app, tab).await?;
    }
    Ok(found)
}

/// The rail of a mandate that holds.
fn usable(app: &App, bound: &Bound) -> Option<Arc<dyn Rail>> {
    let rail = app.rails.by_number(bound.rail).filter(|_| bound.failed_at.is_none())?;
    rail.terms().charges_without_reader.then(|| rail.clone())
}

/// What the rail can move of what the tab owes, and the reader agreed to at most; nothing where that is below the rail's
/// minimum: the tab rolls forward.
fn amount(rail: &dyn Rail, bound: &Bound, tab: &Tab) -> Option<Money> {
    let terms = rail.terms();
    let owed = tab.owed().ok()?;
    let agreed = bound.most.map_or(owed, |most| owed.min(most));
    let amount = terms.movable(agreed).ok()?;
    let amount = terms.maximum.map_or(amount, |most| amount.min(most));
    (amount >= terms.minimum && !amount.is_zero()).then_some(amount)
}
