//! Settling a tab over HTTP: the page of the ways to pay, and what is shown once it is paid.

use crate::app::{App, Shared};
use crate::mail;
use crate::pages::Page;
use crate::pages::binding::FailedCharge;
use crate::pages::reader::{Awaited, MailView, OnlineRail, RailView, SettlePage, SettledPage};
use crate::problem::Problem;
use crate::rails::port::{OPEN_HOURS, Reason};
use crate::rails::{self, mandates};
use crate::render::html;
use crate::request::Ask;
use crate::routes::policy_leading_to;
use crate::store::charge::{self, Purpose, Stored};
use crate::store::{StoreError, statement, tab};
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderValue, header};
use ledger::{Money, Tab, TabId};

type Asked<T = Response> = Result<T, Problem>;

/// `GET /tab/settle`.
pub async fn show_settle(State(app): State<Shared>, ask: Ask) -> Asked {
    let tab = ask.own_tab(&app).await?;
    let page = ask.page(&app, &ask.locale.text("settle-title"), tab.as_ref());
    let door = Door { to: "/tab/settle".into(), own: true };
    settle_page(&app, page, tab.as_deref(), door).await
}

/// By which door somebody comes to settle a tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// Where the forms lead, before the name of a rail.
    pub to: String,
    /// Whether the tab is the device's own.
    pub own: bool,
}

/// The page on which a tab is settled.
///
/// # Errors
/// Whatever the store says.
pub async fn settle_page(app: &App, page: Page, tab: Option<&Tab>, door: Door) -> Asked {
    let owed = tab.map(Tab::owed).transpose().map_err(ledger::LedgerRefusal::from)?;
    let owed = owed.unwrap_or(app.nothing());
    let own = tab.filter(|_| door.own);
    let (bound, failed) = match own {
        Some(tab) => (mandates::shown(app, tab.id).await?, failed_charge(app, tab).await?),
        None => (Vec::new(), None),
    };
    let (mail, awaited) = match own {
        Some(tab) => (mail::http::view(app, tab.id).await?, awaited(app, tab).await?),
        None => (MailView::Off, Vec::new()),
    };
    let shown = html(&SettlePage {
        page,
        owed,
        lines: waiting_lines(app, tab).await?,
        settlement: app.mint.settlement().to_string(),
        reference: tab.map(|tab| tab.id.to_string()).unwrap_or_default(),
        awaited,
        bound,
        failed,
        rails: rails_offered(app, owed),
        to: door.to,
        own: door.own,
        mail,
    })?;
    Ok(leading_to_rails(app, shown))
}

/// The last charge of `tab` by a mandate, where it brought nothing.
pub(super) async fn failed_charge(app: &App, tab: &Tab) -> Asked<Option<FailedCharge>> {
    let failed = mandates::failed(app, tab).await?;
    Ok(failed.map(|failed| {
        let name = app.rails.by_number(failed.rail).map_or("unknown", |rail| rail.terms().name);
        let reason = Reason::from_code(&failed.reason).unwrap_or(Reason::Refused);
        FailedCharge {
            rail: format!("rail-{name}"),
            at: failed.begun_at,
            words: reason.away(),
            again: tab.mandate,
        }
    }))
}

/// The payments of `tab` that take days, and have not come.
pub(super) async fn awaited(app: &App, tab: &Tab) -> Result<Vec<Awaited>, StoreError> {
    let (id, currency) = (tab.id, app.currency());
    let live = app.store.read(|db| charge::live(db, id, Purpose::Settle, currency)).await?;
    let owes = tab.owed().is_ok_and(|owed| !owed.is_zero());
    Ok(live.iter().filter_map(|stored| shown_awaited(app, stored, owes)).collect())
}

fn shown_awaited(app: &App, stored: &Stored, owes: bool) -> Option<Awaited> {
    let terms = app.rails.by_number(stored.rail)?.terms();
    let words = match (stored.is_under_way(), stored.in_doubt) {
        (true, _) => "awaited-under-way",
        // Whoever has paid another way since owes nothing by this one.
        (false, false) if owes && terms.open_hours > OPEN_HOURS => "awaited",
        (false, _) => return None,
    };
    let (charge, rail) = (stored.id.to_string(), format!("rail-{}", terms.name));
    Some(Awaited { charge, words, rail, amount: stored.amount })
}

/// How many lines wait to be paid, those written off among them.
async fn waiting_lines(app: &App, tab: Option<&Tab>) -> Result<u32, StoreError> {
    let Some(tab) = tab else { return Ok(0) };
    if tab.written_off.is_zero() {
        return Ok(tab.open_lines);
    }
    let (id, currency) = (tab.id, app.currency());
    let waiting = app.store.read(|db| statement::open_lines(db, id, currency)).await?;
    Ok(u32::try_from(waiting.len()).unwrap_or(u32::MAX))
}

/// The ways to settle: those first that keep least of this tab, then those by hand.
fn rails_offered(app: &App, owed: Money) -> Vec<RailView> {
    let online = app.rails.cheapest_first(owed).into_iter().filter_map(|rail| {
        let terms = rail.terms();
        let amount = terms.movable(owed).ok()?;
        Some(RailView::Online(OnlineRail {
            name: terms.name,
            amount,
            minimum: Some(terms.minimum).filter(|least| amount < *least),
            maximum: terms.maximum.filter(|most| amount > *most),
            binds: terms.charges_without_reader,
            fake: terms.is_fake,
            tells_address: rail.tells_address(),
        }))
    });
    let mut offered: Vec<RailView> = online.collect();
    let settings = &app.settings;
    // The rail says all that the words of the operator would, and its reference is matched by itself.
    if !settings.transfer.is_empty() && settings.rails.transfer.is_none() {
        offered.push(RailView::Transfer { instructions: settings.transfer.clone() });
    }
    if !settings.cash.is_empty() {
        offered.push(RailView::Cash { instructions: settings.cash.clone() });
    }
    offered
}

/// Lets the forms of an answer lead to the rails, too: browsers hold the policy against where a form is sent on to.
pub fn leading_to_rails(app: &App, mut response: Response) -> Response {
    let origins = app.rails.iter().flat_map(|rail| rail.terms().leads_to.iter());
    let policy = policy_leading_to(origins.map(String::as_str));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// `GET /tab/settled/{settlement}`.
pub async fn show_settled(
    State(app): State<Shared>,
    Path(settlement): Path<String>,
    ask: Ask,
) -> Asked {
    let missing = || Problem::new(&crate::problem::PAGE_MISSING);
    let id: ledger::SettlementId = settlement.parse().map_err(|_| missing())?;
    let own = ask.own_tab(&app).await?;
    let of = own.as_ref().map(|tab| tab.id).into_iter().chain(ask.settled_tab(&app));
    let (currency, of) = (app.currency(), of.collect::<Vec<TabId>>());
    let found = app.store.read(|db| {
        for tab in of {
            if let Some(settled) = statement::settled(db, id, tab, currency)? {
                return Ok(Some((settled, tab::by_id(db, tab, currency)?)));
            }
        }
        Ok(None)
    });
    let (settled, stored) = found.await?.ok_or_else(missing)?;
    let tab = stored.ok_or_else(missing)?.tab;
    html(&SettledPage {
        page: ask.page(&app, &ask.locale.text("settled-title"), own.as_ref()),
        amount: settled.received,
        lines: settled.lines,
        at: settled.at,
        left: tab.owed().map_err(ledger::LedgerRefusal::from)?,
        fake: settled.rail == rails::SANDBOX.number,
        to_take: rails::http::to_take(&app, id).await?,
        own: own.is_some_and(|own| own.id == tab.id),
    })
}
