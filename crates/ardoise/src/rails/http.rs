//! Settling by a rail, over HTTP: the reader's side, and the door for messages from providers.

use super::keeping;
use super::port::{Heard, Message, Next, Rail, Reason, Says, Unheard, Which};
use super::saga::{self, Begin, Visit};
use super::{disputes, elsewhere, mandates, news, payouts};
use crate::app::{App, Shared};
use crate::body::{Fields, unreadable};
use crate::links::qr;
use crate::mail::http as mail;
use crate::pages::charge::{ChargePage, ChargeView};
use crate::problem::{
    CHARGE_UNKNOWN, Problem, RAIL_BUSY, RAIL_FORGED, REQUEST_TIMEOUT, SETTLEMENT_NO_RAIL,
};
use crate::render::html;
use crate::request::Ask;
use crate::store::charge::{self, Purpose, State as Stand, Stored};
use crate::store::payout_order::Named;
use crate::store::statement;
use crate::store::tab::{self, Claimed};
use crate::tabs::amount;
use crate::tabs::http::{money_json, without_tab};
use crate::vouchers::using::may_try;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, StatusCode, header};
use ledger::{LedgerRefusal, SettlementId, TabId};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The largest message from a provider, in bytes: four times the largest that any documents (64 KiB).
const MESSAGE_MOST: usize = 256 * 1024;
/// How long a message may take to arrive.
const MESSAGE_TIME: Duration = Duration::from_secs(10);
/// Seconds between two times that one reader's waiting page makes the shop ask the rail.
const ASK_EVERY_SECONDS: i64 = 4;

type Asked = Result<Response, Problem>;

/// `POST /tab/settle/{rail}`: begins a charge. Fields: `settlement`, which names it; `amount`, which the page said (decimal; all
/// that is owed when left out); `bind`, when the reader agrees to be charged this way later; `email`, where the receipt goes, or
/// `email_of_rail`, when it may go where the rail says.
pub async fn begin_charge(
    State(app): State<Shared>,
    Path(rail): Path<String>,
    ask: Ask,
    fields: Fields,
) -> Asked {
    if app.rails.by_name(&rail).is_none() {
        return Err(Problem::new(&SETTLEMENT_NO_RAIL));
    }
    let Some(tab) = ask.own_tab(&app).await? else { return Ok(without_tab(&app)) };
    let stored = begin(&app, &ask, (tab.id, rail), &fields, true).await?;
    begun(&app, &ask, &stored).await
}

/// Begins a charge of a tab with what a form says. Only on the device that has the tab, which is its `own`, is a way to pay bound
/// and an address kept.
///
/// # Errors
/// Those of [`saga::begin`], and [`crate::problem::ADDRESS_INVALID`]: nothing was charged.
pub async fn begin(
    app: &App,
    ask: &Ask,
    (tab, rail): (TabId, String),
    fields: &Fields,
    own: bool,
) -> Result<Stored, Problem> {
    let said = fields.one("amount").map(|text| amount(app, text, "amount"));
    let begin = Begin {
        id: fields.id("settlement")?,
        tab,
        rail,
        amount: said.transpose()?,
        binds: own && fields.one("bind").is_some(),
        locale: ask.locale.code(),
    };
    if own {
        mail::keep(app, ask, tab, fields).await?;
    }
    saga::begin(app, begin).await
}

/// What whoever began a charge is answered.
///
/// # Errors
/// Whatever the store says.
pub async fn begun(app: &App, ask: &Ask, stored: &Stored) -> Asked {
    if !ask.takes_html {
        return as_json(app, stored).await;
    }
    Ok(Redirect::to(&where_to(app, stored)).into_response())
}

/// Where a browser goes after a charge was begun.
pub(super) fn where_to(app: &App, stored: &Stored) -> String {
    let page = place(stored);
    let Some(Next::Redirect { url }) = next(stored).filter(|_| stored.state.is_live()) else {
        return page;
    };
    let leads_there =
        |rail: &Arc<dyn Rail>| rail.terms().leads_to.iter().any(|origin| leads_to(origin, &url));
    let is_known = app.rails.by_number(stored.rail).is_some_and(leads_there);
    // Elsewhere the browser would not let the form of the settle page go: the reader follows a link.
    if is_known { url } else { page }
}

fn leads_to(origin: &str, url: &str) -> bool {
    url.strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

/// The page of a charge as it stands.
pub fn place(stored: &Stored) -> String {
    match (stored.state, stored.purpose) {
        (Stand::Settled, Purpose::Settle) => format!("/tab/settled/{}", stored.id),
        (Stand::Settled, Purpose::Bind) => "/tab?bound=1".into(),
        _ => format!("/tab/charges/{}", stored.id),
    }
}

/// Whether there is something for the reader to take home.
fn is_to_take(stored: &Stored, next: &Next) -> bool {
    stored.state == Stand::Settled && matches!(next, Next::Take { .. })
}

/// What the reader of a settled charge may take home: what it is, and the thing itself.
///
/// # Errors
/// The store's.
pub async fn to_take(app: &App, id: SettlementId) -> Result<Option<(Says, String)>, Problem> {
    let currency = app.currency();
    let stored = app.store.read(|db| charge::by_id(db, id, currency)).await?;
    let stored = stored.filter(|stored| stored.state == Stand::Settled);
    Ok(match stored.and_then(|stored| next(&stored)) {
        Some(Next::Take { says, code }) => Some((says, code)),
        _ => None,
    })
}

fn next(stored: &Stored) -> Option<Next> {
    serde_json::from_str(&stored.next).ok()
}

/// The charge, if it is of the tab of whoever asks, or of the one that they settle from a letter.
async fn own(app: &App, ask: &Ask, id: &str) -> Result<(Option<Claimed>, Stored), Problem> {
    let unknown = || Problem::new(&CHARGE_UNKNOWN).next("nav-tab", "/tab");
    let id: SettlementId = id.parse().map_err(|_| unknown())?;
    let tab = ask.own_tab(app).await?;
    let may_see: Vec<TabId> =
        tab.as_ref().map(|tab| tab.id).into_iter().chain(ask.settled_tab(app)).collect();
    if may_see.is_empty() {
        return Err(unknown());
    }
    let currency = app.currency();
    let stored = app.store.read(|db| charge::by_id(db, id, currency)).await?;
    let stored = stored.filter(|stored| may_see.contains(&stored.tab)).ok_or_else(unknown)?;
    Ok((tab, stored))
}

/// `GET /tab/charges/{id}`: how a charge stands, and what to do about it. While it waits the rail is asked now and then.
pub async fn show_charge(State(app): State<Shared>, Path(id): Path<String>, ask: Ask) -> Asked {
    let (tab, mut stored) = own(&app, &ask, &id).await?;
    if stored.state.is_live() && may_ask(&app, stored.id).await? {
        stored = saga::go_on(&app, stored, Visit::Again).await?;
    }
    if !ask.takes_html {
        return as_json(&app, &stored).await;
    }
    if stored.state == Stand::Settled {
        return Ok(Redirect::to(&place(&stored)).into_response());
    }
    let name = app.rails.by_number(stored.rail).map_or("", |rail| rail.terms().name);
    let own = tab.as_ref().is_some_and(|tab| tab.id == stored.tab);
    let by_letter = ask.settles.as_deref().filter(|_| !own);
    let again = by_letter.map(|token| format!("/mail/pay/{token}"));
    html(&ChargePage {
        page: ask.page(&app, &ask.locale.text(title(&stored)), tab.as_ref()),
        charge: stored.id.to_string(),
        amount: Some(stored.amount).filter(|_| stored.purpose == Purpose::Settle),
        rail: format!("rail-{name}"),
        view: view(&stored),
        again: again.unwrap_or_else(|| "/tab/settle".into()),
        own,
    })
}

fn title(stored: &Stored) -> &'static str {
    match stored.purpose {
        Purpose::Settle => "charge-title",
        Purpose::Bind => "binding-title",
    }
}

async fn may_ask(app: &App, id: SettlementId) -> Result<bool, Problem> {
    let now = app.now();
    let since = now.micros().saturating_sub(ASK_EVERY_SECONDS * ledger::time::MICROS_PER_SECOND);
    let since = ledger::Timestamp::from_micros(since);
    Ok(app.store.write(move |db| charge::ask_now(db, id, since, now)).await?)
}

fn view(stored: &Stored) -> ChargeView {
    match stored.state {
        Stand::Begun | Stand::Waiting if stored.is_under_way() => ChargeView::UnderWay,
        Stand::Begun | Stand::Waiting if stored.in_doubt => ChargeView::InDoubt,
        Stand::Begun | Stand::Waiting => waiting(stored),
        Stand::Declined | Stand::Abandoned => {
            let reason = Reason::from_code(&stored.reason).unwrap_or(Reason::Refused);
            ChargeView::Over { words: reason.words() }
        }
        Stand::Refused | Stand::Settled => ChargeView::Refused,
    }
}

fn waiting(stored: &Stored) -> ChargeView {
    match next(stored) {
        Some(Next::Redirect { url }) => ChargeView::Follow { url },
        Some(Next::Scan { code, link }) => {
            let picture = qr::svg(link.as_deref().unwrap_or(&code)).unwrap_or_default();
            ChargeView::Scan { picture, code, link }
        }
        Some(Next::Copy { code, facts }) => {
            let picture = qr::svg_named(&code, "").unwrap_or_default();
            ChargeView::Copy { picture, facts }
        }
        Some(Next::Ask { questions }) => ChargeView::Ask { questions },
        Some(Next::ScanOrAnswer { says, code, link, questions }) => {
            let picture = qr::svg(&code).unwrap_or_default();
            ChargeView::ScanOrAnswer { says, picture, code, link, questions }
        }
        // What is to be taken home is shown once all is settled.
        Some(Next::Take { .. } | Next::Wait | Next::Nothing) | None => ChargeView::Wait,
    }
}

/// `GET /tab/charges/{id}/return`: the reader comes back from the rail. What stands in the query proves nothing: the rail is
/// asked.
pub async fn return_to_charge(
    State(app): State<Shared>,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    ask: Ask,
) -> Asked {
    let (_, stored) = own(&app, &ask, &id).await?;
    let stored = saga::go_on(&app, stored, Visit::Returned(&query)).await?;
    Ok(Redirect::to(&place(&stored)).into_response())
}

/// `POST /tab/charges/{id}/return`: the reader answers on the shop's own page. What cannot be taken is
/// refused ([`CHARGE_UNFIT`](crate::problem::CHARGE_UNFIT)), and the charge goes on.
pub async fn answer_charge(
    State(app): State<Shared>,
    Path(id): Path<String>,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let (_, stored) = own(&app, &ask, &id).await?;
    may_try(&app, &ask)?;
    let answers: BTreeMap<String, String> = fields.into_pairs().collect();
    let stored = keeping::give(&app, stored, &answers).await?.stored;
    if !ask.takes_html {
        return as_json(&app, &stored).await;
    }
    Ok(Redirect::to(&where_to(&app, &stored)).into_response())
}

/// `POST /tab/mandates/{rail}/end`: the reader is not charged this way any more.
pub async fn end_mandate(State(app): State<Shared>, Path(rail): Path<String>, ask: Ask) -> Asked {
    let Some(tab) = ask.own_tab(&app).await? else { return Ok(without_tab(&app)) };
    if !mandates::unbind(&app, tab.id, &rail).await? {
        return Err(Problem::new(&SETTLEMENT_NO_RAIL).next("back-to-settle", "/tab/settle"));
    }
    if ask.takes_html {
        return Ok(Redirect::to("/tab/settle").into_response());
    }
    Ok(axum::Json(json!({ "rail": rail, "bound": false })).into_response())
}

/// A charge for programs. The status says whether it is settled (200), on its way (202) or over without money (402).
///
/// # Errors
/// The store's, and [`LedgerRefusal::NoTab`] where the tab is gone.
pub async fn as_json(app: &App, stored: &Stored) -> Asked {
    let status = match stored.state {
        Stand::Settled => StatusCode::OK,
        Stand::Begun | Stand::Waiting => StatusCode::ACCEPTED,
        Stand::Declined | Stand::Abandoned | Stand::Refused => StatusCode::PAYMENT_REQUIRED,
    };
    if stored.purpose == Purpose::Bind {
        return Ok(binding_as_json(stored, status));
    }
    let (id, tab, currency) = (stored.id, stored.tab, app.currency());
    let read = app.store.read(|db| {
        Ok((statement::settled(db, id, tab, currency)?, tab::by_id(db, tab, currency)?))
    });
    let (settled, stored_tab) = read.await?;
    let tab = stored_tab.ok_or(LedgerRefusal::NoTab)?.tab;
    let fake = app.rails.by_number(stored.rail).is_some_and(|rail| rail.terms().is_fake);
    let body = json!({
        "settlement": id.to_string(),
        "state": stored.state.name(),
        "reason": Some(&stored.reason).filter(|_| Reason::from_code(&stored.reason).is_some()),
        "next": next(stored).filter(|next| stored.state.is_live() || is_to_take(stored, next)),
        "amount": money_json(stored.amount),
        "lines": settled.map_or(0, |settled| settled.lines),
        "total": money_json(tab.owed().map_err(LedgerRefusal::from)?),
        "fake": fake,
    });
    Ok((status, [(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response())
}

/// A binding for programs: a state `bound` in the place of `settled`, and no amounts, for nothing is charged.
fn binding_as_json(stored: &Stored, status: StatusCode) -> Response {
    let state = if stored.state == Stand::Settled { "bound" } else { stored.state.name() };
    let body = json!({
        "binding": stored.id.to_string(),
        "state": state,
        "reason": Some(&stored.reason).filter(|_| Reason::from_code(&stored.reason).is_some()),
        "next": next(stored).filter(|_| stored.state.is_live()),
    });
    (status, [(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
}

/// `POST /rails/{rail}/webhook`: a message from a provider. It is answered in the rail's own way, once it is written down that
/// there is something to ask about.
pub async fn hear(
    State(app): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Asked {
    let rail = app.rails.by_name(&name).cloned();
    let rail = rail.ok_or_else(|| Problem::new(&SETTLEMENT_NO_RAIL))?;
    let body = tokio::time::timeout(MESSAGE_TIME, to_bytes(body, MESSAGE_MOST)).await;
    let body = body.map_err(|error| Problem::new(&REQUEST_TIMEOUT).because(error))?;
    let body = body.map_err(|error| unreadable(&error))?;
    let message = Message { headers: &headers, body: &body, at: app.now() };
    match rail.hear(message).await {
        Ok(heard) => act_on(&app, &*rail, heard).await?,
        Err(unheard) => return Err(not_heard(&app, rail.terms().name, &unheard)),
    }
    let thanks = rail.thanks();
    Ok((thanks.status, [(header::CONTENT_TYPE, thanks.content_type)], thanks.body).into_response())
}

async fn act_on(app: &App, rail: &dyn Rail, heard: Heard) -> Result<(), Problem> {
    let name = rail.terms().name;
    match heard {
        Heard::Charge(which) => note(app, rail, &which).await,
        Heard::Given { charge, answers } => {
            let stored = news::find(app, rail, &charge).await?;
            let stored = stored.ok_or_else(|| Problem::new(&CHARGE_UNKNOWN))?;
            keeping::thank(&keeping::give(app, stored, &answers).await?)
        }
        Heard::Dispute { charge, dispute } => {
            tracing::error!(rail = name, dispute, "a reader or their bank wants money back");
            disputes::hear(app, rail, &charge, &dispute).await
        }
        Heard::Refund(which) => match news::find(app, rail, &which).await? {
            Some(found) => elsewhere::hear(app, rail, found).await,
            None => Ok(()),
        },
        Heard::Payout { payout, reference } => {
            let rail = rail.terms().number;
            Ok(payouts::news(app, Named { rail, payout, reference: &reference }).await?)
        }
        Heard::Nothing => Ok(()),
    }
}

async fn note(app: &App, rail: &dyn Rail, which: &Which) -> Result<(), Problem> {
    if !news::hear(app, rail, which).await? {
        tracing::info!(rail = rail.terms().name, "a message speaks of no charge of this shop");
    }
    Ok(())
}

fn not_heard(app: &App, rail: &str, unheard: &Unheard) -> Problem {
    match unheard {
        Unheard::Forged(word) => {
            if let Some(times) = app.forged.count(app.now()) {
                tracing::warn!(rail, word, times, "messages to a rail are not genuine");
            }
            Problem::new(&RAIL_FORGED).because(word)
        }
        Unheard::Later(error) => {
            tracing::warn!(rail, %error, "a message to a rail cannot be checked now");
            let problem = Problem::new(&RAIL_BUSY).because(error);
            Problem { retry_after: Some(60), ..problem }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_leads_to_its_own_addresses_and_to_no_others() {
        let origin = "https://pay.example";
        for url in ["https://pay.example", "https://pay.example/a?b", "https://pay.example?b"] {
            assert!(leads_to(origin, url), "{url}");
        }
        for url in ["https://pay.example.evil/", "https://pay.example@evil/", "http://pay.example/"]
        {
            assert!(!leads_to(origin, url), "{url}");
        }
    }
}
