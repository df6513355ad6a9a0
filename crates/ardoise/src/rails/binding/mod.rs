//! Binding a way to pay to a tab without a charge: the reader agrees at the rail to be charged when the tab is due, and pays
//! nothing now.
//!
//! It is written like a charge, with another [purpose](Purpose::Bind), and brought forward like one: the steps, and what holds
//! where it stops, stand atop [`super::saga`]. What differs is what comes of it. The rail is told of a [`Binding`], which has no
//! amount, and answers what it [`Became`], which is never money: no way leads from here to the till as a settlement. Instead
//! 5. **the tab says that a mandate holds** (the till, one transaction), and then
//! 6. **the mandate is written and the binding is closed**: one transaction.
//!
//! Stopped between the two, the rail is asked once more and both are done again; what the tab said meanwhile is put right by
//! whoever finds that it has no mandate. Who is late does not write a mandate again that its reader has ended since.
//!
//! A binding and a charge by the same rail do not hold each other up: a lost answer about the one says nothing of the other.

pub mod http;

use super::mandates;
use super::port::{Became, Binding, Mandate, Next, Rail, RailError};
use super::receiving;
use super::saga::{self, Visit};
use crate::app::App;
use crate::pages::Locale;
use crate::pages::binding::Invitation;
use crate::pages::locale::Arg;
use crate::problem::{PURCHASE_CONFLICT, Problem, SETTLEMENT_NO_RAIL};
use crate::request::Ask;
use crate::store::charge::{self, Purpose, State, Stored};
use crate::store::mandate::Bound;
use crate::store::{StoreError, tab};
use crate::tabs::closed;
use ledger::{Money, RailNumber, SettlementId, Tab, TabId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a reader asks for.
#[derive(Debug, Clone)]
pub struct Begin {
    /// Names the binding: minted by the page.
    pub id: SettlementId,
    /// The reader's tab.
    pub tab: TabId,
    /// The name of the rail.
    pub rail: String,
    /// The reader's language.
    pub locale: Locale,
}

/// The rails that a reader can bind without paying.
pub fn offered(app: &App) -> impl Iterator<Item = &Arc<dyn Rail>> {
    app.rails.iter().filter(|rail| rail.terms().binds_without_charge)
}

/// Whether `tab` could be bound, and is not.
pub fn is_open_to(app: &App, tab: &Tab) -> bool {
    !tab.mandate && closed(app, tab, tab.oldest_open_at).is_none() && offered(app).next().is_some()
}

/// What `tab` could owe with a way to pay bound to it, where that is more than it may now.
pub fn limit_with(app: &App, tab: &Tab) -> Option<Money> {
    let rules = &app.settings.tariff.rules;
    let bound = rules.limit(&Tab { mandate: true, ..tab.clone() });
    (is_open_to(app, tab) && bound > rules.limit(tab)).then_some(bound)
}

/// The invitation that a reader is shown, from the total on that the settings say, unless they have put it away.
pub fn invitation(app: &App, ask: &Ask, tab: &Tab) -> Option<Invitation> {
    let owes = tab.owed().is_ok_and(|owed| owed >= app.settings.invite_at);
    if ask.wants_no_invitation || !owes || !is_open_to(app, tab) {
        return None;
    }
    let rules = &app.settings.tariff.rules;
    let limits = limit_with(app, tab).map(|raised| (rules.limit(tab), raised));
    Some(Invitation { limits, days: days_before(app), back: ask.path.clone() })
}

/// Days before a charge on which its reader is told.
fn days_before(app: &App) -> u64 {
    u64::try_from(app.settings.tariff.rules.notice_days).unwrap_or(0)
}

/// The words that a reader agrees to by choosing a rail.
pub fn words(app: &App, locale: Locale) -> String {
    let rules = &app.settings.tariff.rules;
    let money = |amount| Arg::Word(crate::pages::format::money(locale, amount));
    let args = [
        ("shop", Arg::Word(app.settings.shop_name.clone())),
        ("at", money(rules.settle_at)),
        ("due", Arg::Count(u64::try_from(rules.due_days).unwrap_or(0))),
        ("most", money(rules.limit_most())),
        ("days", Arg::Count(days_before(app))),
    ];
    locale.text_with("bind-agree", &args).into_owned()
}

/// Begins a binding for a reader, or finds the one that is live already.
///
/// # Errors
/// [`SETTLEMENT_NO_RAIL`], [`PURCHASE_CONFLICT`], and the store's: nothing is bound.
pub async fn begin(app: &App, ask: Begin) -> Result<Stored, Problem> {
    let rail = offered(app).find(|rail| rail.terms().name == ask.rail);
    let rail =
        rail.ok_or_else(|| Problem::new(&SETTLEMENT_NO_RAIL).next("bind-title", "/tab/bind"))?;
    let number = rail.terms().number;
    if let Some(known) = known(app, &ask, number).await? {
        return Ok(saga::go_on(app, known, Visit::Again).await?);
    }
    let label = format!("{} {}", words(app, ask.locale), ask.locale.text("bind-go"));
    let consent = mandates::agree(app, ask.locale, &label).await?;
    let most = app.settings.tariff.rules.limit_most();
    let fresh = saga::fresh(app, (ask.id, ask.tab, number), most);
    let fresh = Stored {
        purpose: Purpose::Bind,
        binds: true,
        consent: Some(consent),
        locale: ask.locale.code().to_owned(),
        ..fresh
    };
    Ok(saga::write_and_go_on(app, fresh).await?)
}

/// The binding with the id that is asked for, if it is the very same; or the live one by this rail.
async fn known(app: &App, ask: &Begin, rail: RailNumber) -> Result<Option<Stored>, Problem> {
    let (id, tab, currency) = (ask.id, ask.tab, app.currency());
    let read = app.store.read(|db| {
        let live = charge::live(db, tab, Purpose::Bind, currency)?;
        let live = live.into_iter().find(|live| live.rail == rail);
        Ok((charge::by_id(db, id, currency)?, tab::settlement(db, id, currency)?, live))
    });
    let is_same = |known: &Stored| {
        known.purpose == Purpose::Bind && known.tab == ask.tab && known.rail == rail
    };
    match read.await? {
        (Some(known), ..) if is_same(&known) => Ok(Some(known)),
        (None, None, live) => Ok(live),
        _ => Err(Problem::new(&PURCHASE_CONFLICT).field("binding")),
    }
}

/// Brings a binding as far forward as it goes now.
///
/// # Errors
/// The store's.
pub(super) async fn step(
    app: &App,
    rail: &dyn Rail,
    stored: Stored,
    visit: Visit<'_>,
) -> Result<(), StoreError> {
    let nothing = BTreeMap::new();
    let told = told(app, &stored);
    if stored.state != State::Begun {
        let back = if let Visit::Returned(query) = visit { query } else { &nothing };
        return conclude(app, &stored, rail.bound(&told, back).await, visit).await;
    }
    match rail.bind(&told).await {
        Ok(begun) => {
            saga::write_begun(app, &stored, &begun).await?;
            if begun.next != Next::Nothing {
                return Ok(());
            }
            let told = Binding { reference: begun.reference, kept: begun.kept, ..told };
            let asked = rail.bound(&told, &nothing).await;
            let stored = Stored { state: State::Waiting, ..stored };
            conclude(app, &stored, asked, Visit::Again).await
        }
        Err(error) => saga::trouble(app, &stored, &error, visit).await,
    }
}

/// A binding as its rail is told of it.
fn told(app: &App, stored: &Stored) -> Binding {
    Binding {
        id: stored.id,
        tab: stored.tab,
        begun_at: stored.begun_at,
        ends_at: stored.ends_at,
        reference: stored.reference.clone(),
        kept: stored.kept.clone(),
        locale: stored.locale.clone(),
        currency: app.currency(),
        shop: app.settings.shop_name.clone(),
        return_url: saga::return_url(app, stored),
    }
}

/// Writes down what became of a binding.
async fn conclude(
    app: &App,
    stored: &Stored,
    asked: Result<Became, RailError>,
    visit: Visit<'_>,
) -> Result<(), StoreError> {
    match asked {
        Ok(Became::Bound(mandate)) => {
            receiving::finish(app, stored, Some(bound(stored, mandate)), None).await
        }
        Ok(_) | Err(_) if !stored.state.is_live() => {
            let id = stored.id;
            app.store.write(move |db| charge::rest(db, id)).await
        }
        Ok(Became::Waiting) => saga::wait(app, stored, None, None).await,
        Ok(Became::Declined(reason)) => saga::decline(app, stored, reason).await,
        Err(error) => saga::trouble(app, stored, &error, visit).await,
    }
}

fn bound(stored: &Stored, mandate: Mandate) -> Bound {
    Bound {
        rail: stored.rail,
        reference: mandate.reference,
        label: mandate.label,
        most: Some(stored.amount),
        failed_at: None,
    }
}
