//! One charge, from the tap to the books.
//!
//! # Steps, and where it may stop
//! 1. **It is written** ([`charge::insert`]): one transaction. Its id, which the page minted, is the rail's key of
//!    idempotency and the id of the settlement that it becomes. From now on somebody comes back to it, whatever happens.
//! 2. **The rail is told** ([`port::Rail::begin`]). No transaction is open.
//! 3. **What it answered is written** ([`charge::answer`]): one transaction.
//!    What the reader then answers on the shop's own page is told the rail in a step of its own ([`answering`]): what has to
//!    be known afterwards is written first, in one transaction.
//! 4. **The rail is asked what became of it** ([`port::Rail::look`]), whoever brings news: the reader who comes back or
//!    waits, a message from outside, the worker when the time has come. No transaction is open.
//! 5. **The money is received** by the till, as a settlement with the charge's id: one transaction, which happens once.
//! 6. **The charge is closed** ([`charge::close`]): one transaction.
//!
//! Stopped after 1 or 2, the rail is told again, under the same id: it finds what it began. Stopped after 3 or 4, it is asked
//! again. Stopped after 5, the till says that it has the settlement, and 6 is done. Every step may run twice, also at the same
//! time in two processes.
//!
//! What a rail wants written down between 4 and 5, such as what a reader gave it, is kept in a transaction of its own, and then it is
//! asked again ([`keeping`]).
//!
//! # What is not known
//! A rail that may have heard, and whose answer was lost, leaves the charge *in doubt*: the rail is asked again, at first after
//! a minute and then ever less often, until it is known. It is never undone, and nothing else is charged to the tab
//! meanwhile. A charge that the reader leaves is asked about for a day, or for as long as its rail says, and then taken for abandoned;
//! when its money arrives all the same, a message or the reader's return has it asked about once more, and it is received.
//!
//! A rail that knows of it and takes days, such as a direct debit, is another matter: its charge is *under way*. It is asked about for
//! as long, nothing else is charged meanwhile, and the reader is told so.
//!
//! # What is not believed
//! Amounts come from the charge as it was written. Where the rail says that another amount or currency came, nothing is received:
//! the charge is *refused*, and the operator is told. Of rails by which any amount may come
//! ([`port::Terms::amount_may_differ`]), only another currency is refused.
//!
//! # Binding without a charge
//! A reader who agrees to be charged later and pays nothing now goes through the same steps; from 4 on it is
//! [`super::binding`] that they take. There, nothing is ever received.

use super::clock;
use super::keeping;
use super::port::{self, Charge, Next, Outcome, Rail, RailError, Reason};
use super::{binding, mandates, receiving, schedule};
use crate::app::App;
use crate::pages::Locale;
use crate::problem::{
    CHARGE_ABOVE_MAXIMUM, CHARGE_BELOW_MINIMUM, CHARGE_IN_DOUBT, PURCHASE_CONFLICT, Problem,
    SETTLEMENT_NO_RAIL,
};
use crate::store::charge::{self, Answered, Change, Doubt, Purpose, State, Stored};
use crate::store::mandate::{self, Bound, Ending};
use crate::store::{Db, StoreError, notice, tab};
use ledger::{LedgerRefusal, Money, RailNumber, SettlementId, TabId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a reader asks for.
#[derive(Debug, Clone)]
pub struct Begin {
    /// Names the charge: minted by the page.
    pub id: SettlementId,
    /// The reader's tab.
    pub tab: TabId,
    /// The name of the rail.
    pub rail: String,
    /// How much, where the page said it; else all that is owed.
    pub amount: Option<Money>,
    /// Whether the reader agrees to be charged this way when the tab is due.
    pub binds: bool,
    /// The reader's language.
    pub locale: &'static str,
}

/// Who brings a charge forward.
#[derive(Debug, Clone, Copy)]
pub enum Visit<'a> {
    /// Whoever has just written it: no rail can know of it.
    First,
    /// Anybody later.
    Again,
    /// The reader, who comes back from the rail.
    Returned(&'a BTreeMap<String, String>),
}

/// Begins a charge for a reader, or finds the one that is live already.
///
/// # Errors
/// [`SETTLEMENT_NO_RAIL`], [`PURCHASE_CONFLICT`], [`CHARGE_IN_DOUBT`], [`CHARGE_BELOW_MINIMUM`], [`CHARGE_ABOVE_MAXIMUM`],
/// those of a [`LedgerRefusal`] about the amount, and the store's: nothing was charged.
pub async fn begin(app: &App, ask: Begin) -> Result<Stored, Problem> {
    let rail = app.rails.by_name(&ask.rail);
    let rail = rail.ok_or_else(|| Problem::new(&SETTLEMENT_NO_RAIL))?.clone();
    if let Some(known) = known(app, &ask, &rail).await? {
        let known = mandates::as_agreed_now(app, known, ask.binds).await?;
        return Ok(go_on(app, known, Visit::Again).await?);
    }
    let live = live(app, &ask, &rail).await?;
    if let Some(live) = live.as_ref().filter(|_| !rail.terms().amount_may_differ) {
        return Ok(mandates::as_agreed_now(app, live.clone(), ask.binds).await?);
    }
    // Only now: an earlier charge, whose answer was lost, may have been settled by asking about it.
    let amount = amount(app, &ask, rail.terms()).await?;
    if let Some(live) = live {
        if live.amount == amount {
            return Ok(live);
        }
        // What is owed has changed. Should the money for the earlier one come, it is received.
        close(app, &live, State::Abandoned, Reason::Replaced.code()).await?;
    }
    let consent = match Locale::from_code(ask.locale).filter(|_| ask.binds) {
        Some(locale) => Some(mandates::agree(app, locale, &locale.text("settle-bind")).await?),
        None => None,
    };
    let fresh = fresh(app, (ask.id, ask.tab, rail.terms().number), amount);
    let fresh = Stored { binds: ask.binds, consent, locale: ask.locale.to_owned(), ..fresh };
    Ok(write_and_go_on(app, fresh).await?)
}

/// A charge that nobody knows of yet, in the shop's own language.
pub fn fresh(
    app: &App,
    (id, tab, rail): (SettlementId, TabId, RailNumber),
    amount: Money,
) -> Stored {
    let now = app.now();
    let open_hours =
        app.rails.by_number(rail).map_or(port::OPEN_HOURS, |rail| rail.terms().open_hours);
    Stored {
        id,
        tab,
        rail,
        purpose: Purpose::Settle,
        amount,
        state: State::Begun,
        reference: String::new(),
        kept: String::new(),
        next: String::new(),
        binds: false,
        consent: None,
        locale: Locale::default().code().into(),
        period: None,
        begun_at: now,
        ends_at: now.plus_minutes(open_hours.saturating_mul(60)),
        attempts: 0,
        in_doubt: false,
        reason: String::new(),
    }
}

/// Writes a charge and tells its rail; where somebody was faster, goes on with what they wrote.
///
/// # Errors
/// The store's.
pub async fn write_and_go_on(app: &App, fresh: Stored) -> Result<Stored, StoreError> {
    let (currency, ask_at) = (app.currency(), schedule::next(0, fresh.begun_at));
    let (tab, rail, id, period) = (fresh.tab, fresh.rail, fresh.id, fresh.period);
    let purpose = fresh.purpose;
    let written = app.store.write(move |db| {
        let is_new = charge::insert(db, &fresh, ask_at)?;
        let by_id = charge::by_id(db, id, currency)?;
        let of_period =
            period.map(|period| charge::of_period(db, tab, period, currency)).transpose()?;
        let live = charge::live(db, tab, purpose, currency)?;
        let live = live.into_iter().find(|live| live.rail == rail);
        Ok((is_new, by_id.or(of_period.flatten()).or(live)))
    });
    let (is_new, written) = written.await?;
    let written = written.ok_or_else(|| StoreError::Corrupt("a charge is gone".into()))?;
    app.to_ask.notify_one();
    let visit = if is_new { Visit::First } else { Visit::Again };
    go_on(app, written, visit).await
}

/// The charge with the id that is asked for, if it is the very same.
async fn known(app: &App, ask: &Begin, rail: &Arc<dyn Rail>) -> Result<Option<Stored>, Problem> {
    let (id, currency) = (ask.id, app.currency());
    let read = app
        .store
        .read(|db| Ok((charge::by_id(db, id, currency)?, tab::settlement(db, id, currency)?)));
    let is_same = |known: &Stored| {
        let amount = ask.amount.is_none_or(|asked| {
            rail.terms().movable(asked).is_ok_and(|movable| movable == known.amount)
        });
        let purpose = known.purpose == Purpose::Settle;
        purpose && known.tab == ask.tab && known.rail == rail.terms().number && amount
    };
    match read.await? {
        (Some(known), _) if is_same(&known) => Ok(Some(known)),
        (None, None) => Ok(None),
        (Some(_), _) | (None, Some(_)) => Err(Problem::new(&PURCHASE_CONFLICT).field("settlement")),
    }
}

/// How much is charged: what is asked for or owed, rounded down to what the rail can move, and within its limits.
async fn amount(app: &App, ask: &Begin, terms: &port::Terms) -> Result<Money, Problem> {
    let currency = app.currency();
    let stored = app.store.read(|db| tab::by_id(db, ask.tab, currency)).await?;
    let owed = stored.ok_or(LedgerRefusal::NoTab)?.tab.owed().map_err(LedgerRefusal::from)?;
    let asked = ask.amount.unwrap_or(owed);
    if asked > owed {
        return Err(LedgerRefusal::MoreThanOwed { owed }.into());
    }
    if asked.is_zero() {
        return Err(LedgerRefusal::NothingOwed.into());
    }
    let amount = terms.movable(asked).map_err(LedgerRefusal::from)?;
    if amount < terms.minimum || amount.is_zero() {
        return Err(Problem::new(&CHARGE_BELOW_MINIMUM)
            .with_money("minimum", terms.minimum)
            .next("back-to-settle", "/tab/settle"));
    }
    match terms.maximum.filter(|most| amount > *most) {
        Some(most) => Err(Problem::new(&CHARGE_ABOVE_MAXIMUM)
            .with_money("maximum", most)
            .next("back-to-settle", "/tab/settle")),
        None => Ok(amount),
    }
}

/// The live charge of the tab by the rail, asked about now. While any is in doubt, no other is begun.
async fn live(app: &App, ask: &Begin, rail: &Arc<dyn Rail>) -> Result<Option<Stored>, Problem> {
    let currency = app.currency();
    let live = app.store.read(|db| charge::live(db, ask.tab, Purpose::Settle, currency));
    let live = live.await?;
    let mut found = None;
    for known in live {
        if known.rail != rail.terms().number && !known.in_doubt {
            continue;
        }
        let known = go_on(app, known, Visit::Again).await?;
        if known.in_doubt {
            let page = format!("/tab/charges/{}", known.id);
            return Err(Problem::new(&CHARGE_IN_DOUBT).next("charge-look", page));
        }
        if known.state.is_live() {
            found = Some(known);
        }
    }
    Ok(found)
}

/// Brings a charge as far forward as it goes now; answers how it stands then.
///
/// # Errors
/// The store's. What a rail fails with is written down, and asked about again.
pub async fn go_on(app: &App, stored: Stored, visit: Visit<'_>) -> Result<Stored, StoreError> {
    let (id, currency) = (stored.id, app.currency());
    match app.rails.by_number(stored.rail).cloned() {
        Some(rail) => step(app, &*rail, stored, visit).await?,
        // It was turned off since: whoever turns it on again has it asked about.
        None if stored.state.is_live() => put_off(app, &stored, Doubt::Unchanged).await?,
        None => app.store.write(move |db| charge::rest(db, id)).await?,
    }
    let now = app.store.read(|db| charge::by_id(db, id, currency)).await?;
    now.ok_or_else(|| StoreError::Corrupt("a charge is gone".into()))
}

async fn step(
    app: &App,
    rail: &dyn Rail,
    stored: Stored,
    visit: Visit<'_>,
) -> Result<(), StoreError> {
    if stored.purpose == Purpose::Bind {
        return if stored.state == State::Settled {
            Ok(())
        } else {
            binding::step(app, rail, stored, visit).await
        };
    }
    if stored.state == State::Settled {
        if rail.is_paid_once() {
            return Ok(());
        }
        let told = told(app, &stored);
        return receiving::look_again(app, rail, &stored, &told).await;
    }
    if stored.state != State::Begun {
        let asked = keeping::ask(app, rail, stored, visit).await?;
        let visit = if asked.is_first { Visit::First } else { visit };
        return conclude(app, &asked.stored, asked.said, visit).await;
    }
    let told = told(app, &stored);
    if stored.period.is_some() {
        return charge_mandate(app, rail, stored, told, visit).await;
    }
    match rail.begin(&told).await {
        Ok(begun) => {
            write_begun(app, &stored, &begun).await?;
            if begun.next != Next::Nothing {
                return Ok(());
            }
            let (reference, kept) = (begun.reference, begun.kept);
            let stored = Stored { state: State::Waiting, reference, kept, ..stored };
            let asked = keeping::ask(app, rail, stored, Visit::Again).await?;
            conclude(app, &asked.stored, asked.said, Visit::Again).await
        }
        Err(error) => trouble(app, &stored, &error, visit).await,
    }
}

/// A charge without the reader: begun and asked about in one.
async fn charge_mandate(
    app: &App,
    rail: &dyn Rail,
    stored: Stored,
    told: Charge,
    visit: Visit<'_>,
) -> Result<(), StoreError> {
    let Some(mandate) = mandate_of(app, &stored, visit).await? else {
        if matches!(visit, Visit::First) {
            return decline(app, &stored, Reason::Unbound).await;
        }
        // The reader ended it after the rail may have been told: only the rail knows.
        let asked = rail.look(&told).await;
        return conclude(app, &stored, asked, visit).await;
    };
    match rail.charge_mandate(&told, &mandate).await {
        Ok((begun, outcome)) => {
            write_begun(app, &stored, &begun).await?;
            let stored = Stored { state: State::Waiting, ..stored };
            conclude(app, &stored, Ok(outcome), Visit::Again).await
        }
        Err(error) => trouble(app, &stored, &error, visit).await,
    }
}

/// The mandate that holds for a charge. Whoever has objected since the clock looked is not charged by one of which no rail has heard.
/// One that its reader has ended since is good for a charge in doubt only: it was told under its key before, and its answer is all
/// that is asked for.
async fn mandate_of(
    app: &App,
    stored: &Stored,
    visit: Visit<'_>,
) -> Result<Option<port::Mandate>, StoreError> {
    let (tab, rail, currency) = (stored.tab, stored.rail, app.currency());
    let read = app
        .store
        .read(|db| Ok((mandate::by_tab(db, tab, currency)?, mandate::ending(db, tab, rail)?)));
    let (bound, ending) = read.await?;
    let may_be_told = |bound: &Bound| bound.failed_at.is_none() || !matches!(visit, Visit::First);
    let holds = bound.into_iter().find(|bound| bound.rail == rail).filter(may_be_told);
    let holds = holds.map(|Bound { reference, label, .. }| port::Mandate { reference, label });
    let ended = ending.filter(|_| stored.in_doubt);
    Ok(holds.or(ended.map(|Ending { reference, label, .. }| port::Mandate { reference, label })))
}

/// A charge as its rail is told of it; never one that [binds](Purpose::Bind).
pub fn told(app: &App, stored: &Stored) -> Charge {
    Charge {
        id: stored.id,
        tab: stored.tab,
        amount: stored.amount,
        begun_at: stored.begun_at,
        ends_at: stored.ends_at,
        reference: stored.reference.clone(),
        kept: stored.kept.clone(),
        binds: stored.binds,
        locale: stored.locale.clone(),
        shop: app.settings.shop_name.clone(),
        return_url: return_url(app, stored),
    }
}

/// Where the reader comes back to.
pub(super) fn return_url(app: &App, stored: &Stored) -> String {
    format!("{}/tab/charges/{}/return", app.settings.url, stored.id)
}

pub(super) async fn write_begun(
    app: &App,
    stored: &Stored,
    begun: &port::Begun,
) -> Result<(), StoreError> {
    let next = serde_json::to_string(&begun.next).unwrap_or_default();
    let (id, then) = (stored.id, schedule::next(0, app.now()));
    let begun = begun.clone();
    let write = move |db: &dyn Db| {
        let answered = Answered { reference: &begun.reference, kept: &begun.kept, next: &next };
        charge::answer(db, id, answered, then)
    };
    app.store.write(write).await?;
    app.to_ask.notify_one();
    Ok(())
}

/// Writes down what became of a charge.
pub(super) async fn conclude(
    app: &App,
    stored: &Stored,
    asked: Result<Outcome, RailError>,
    visit: Visit<'_>,
) -> Result<(), StoreError> {
    match asked {
        Ok(Outcome::Settled(receipt)) => receiving::receive(app, stored, receipt).await,
        Ok(_) | Err(_) if !stored.state.is_live() => {
            let id = stored.id;
            app.store.write(move |db| charge::rest(db, id)).await
        }
        Ok(Outcome::Waiting { kept }) => wait(app, stored, kept, None).await,
        Ok(Outcome::Asking { next, kept }) => wait(app, stored, kept, Some(next)).await,
        Ok(Outcome::Declined(reason)) => decline(app, stored, reason).await,
        Ok(Outcome::UnderWay) => put_off(app, stored, Doubt::UnderWay).await,
        Ok(Outcome::Unfit(_)) => put_off(app, stored, Doubt::Unchanged).await,
        // A rail that still wants something kept has not come to an end.
        Ok(Outcome::Keep { .. } | Outcome::Unknown) => put_off(app, stored, Doubt::Arisen).await,
        Err(error) => trouble(app, stored, &error, visit).await,
    }
}

/// Still waiting, perhaps for something else. What somebody faster has had kept stands.
pub(super) async fn wait(
    app: &App,
    stored: &Stored,
    kept: Option<String>,
    next: Option<Next>,
) -> Result<(), StoreError> {
    if kept.is_some() || next.is_some() {
        let (id, before) = (stored.id, stored.kept.clone());
        let kept = kept.unwrap_or_else(|| before.clone());
        let next = next.map(|next| serde_json::to_string(&next).unwrap_or_default());
        let write = move |db: &dyn Db| {
            let change = Change { before: &before, kept: &kept, next: next.as_deref() };
            charge::change(db, id, change)
        };
        app.store.write(write).await?;
    }
    if app.now() >= stored.ends_at {
        return close(app, stored, State::Abandoned, Reason::Late.code()).await;
    }
    let doubt = if stored.in_doubt { Doubt::Over } else { Doubt::Unchanged };
    put_off(app, stored, doubt).await
}

pub(super) async fn put_off(app: &App, stored: &Stored, doubt: Doubt) -> Result<(), StoreError> {
    let (id, then) = (stored.id, schedule::next(stored.attempts, app.now()));
    app.store.write(move |db| charge::put_off(db, id, then, doubt)).await
}

pub(super) async fn close(
    app: &App,
    stored: &Stored,
    state: State,
    why: &str,
) -> Result<(), StoreError> {
    let (id, now, why) = (stored.id, app.now(), why.to_owned());
    app.store.write(move |db| charge::close(db, id, state, &why, now)).await.map(drop)
}

pub(super) async fn decline(app: &App, stored: &Stored, reason: Reason) -> Result<(), StoreError> {
    tracing::info!(charge.id = %stored.id, reason = reason.code(), "a charge was declined");
    if stored.period.is_some() && !reason.may_pass() {
        let (tab, rail, now) = (stored.tab, stored.rail, app.now());
        app.store.write(move |db| mandate::fail(db, tab, rail, now)).await?;
        mandates::follow(app, tab).await?;
    }
    let (id, now, told) = (stored.id, app.now(), clock::told_of_decline(app, stored, reason));
    let write = move |db: &dyn Db| {
        charge::close(db, id, State::Declined, reason.code(), now)?;
        told.as_ref().map_or(Ok(()), |told| notice::tell(db, told).map(drop))
    };
    app.store.write(write).await?;
    app.to_mail.notify_one();
    Ok(())
}

/// A rail did not do what it was asked. Only the very first try knows that nothing can have been there before.
pub(super) async fn trouble(
    app: &App,
    stored: &Stored,
    error: &RailError,
    visit: Visit<'_>,
) -> Result<(), StoreError> {
    let is_first = matches!(visit, Visit::First);
    match error {
        RailError::Declined(reason) => return decline(app, stored, *reason).await,
        RailError::NotReached(_) if is_first => {
            tracing::warn!(charge.id = %stored.id, %error, "a rail cannot be reached");
            return close(app, stored, State::Declined, Reason::Unreached.code()).await;
        }
        RailError::Refused(_) | RailError::NotOffered if is_first => {
            tracing::error!(charge.id = %stored.id, %error, "a rail does not serve the shop");
            return close(app, stored, State::Declined, Reason::Unserved.code()).await;
        }
        RailError::NotReached(_) | RailError::Lost(_) => {
            tracing::warn!(charge.id = %stored.id, %error, "a rail does not answer");
        }
        RailError::Refused(_) | RailError::Nonsense(_) | RailError::NotOffered => {
            tracing::error!(charge.id = %stored.id, %error, "a rail answers what it should not");
        }
    }
    let doubt = if error.left_nothing() { Doubt::Unchanged } else { Doubt::Arisen };
    put_off(app, stored, doubt).await
}
