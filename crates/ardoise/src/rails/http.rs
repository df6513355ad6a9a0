//! Settling by a rail, over HTTP: the reader's side, and the door for messages from providers.

use super::disputes;
use super::mandates;
use super::port::{Heard, Message, Next, Rail, Reason, Unheard, Which};
use super::refunds;
use super::saga::{self, Begin, Visit};
use crate::app::{App, Shared};
use crate::body::{Fields, unreadable};
use crate::links::qr;
use crate::pages::charge::{ChargePage, ChargeView};
use crate::problem::{
    CHARGE_UNKNOWN, Problem, RAIL_BUSY, RAIL_FORGED, REQUEST_TIMEOUT, SETTLEMENT_NO_RAIL,
};
use crate::render::html;
use crate::request::Ask;
use crate::store::charge::{self, State as Stand, Stored};
use crate::store::statement;
use crate::tabs::amount;
use crate::tabs::http::{money_json, without_tab};
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, StatusCode, header};
use ledger::{LedgerRefusal, SettlementId, Tab};
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
/// that is owed when left out); `bind`, when the reader agrees to be charged this way later.
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
    let said = fields.one("amount").map(|text| amount(&app, text, "amount"));
    let begin = Begin {
        id: fields.id("settlement")?,
        tab: tab.id,
        rail,
        amount: said.transpose()?,
        binds: fields.one("bind").is_some(),
        locale: ask.locale.code(),
    };
    let stored = saga::begin(&app, begin).await?;
    if !ask.takes_html {
        return as_json(&app, &ask, &stored).await;
    }
    Ok(Redirect::to(&where_to(&app, &stored)).into_response())
}

/// Where a browser goes after a charge was begun.
fn where_to(app: &App, stored: &Stored) -> String {
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
fn place(stored: &Stored) -> String {
    match stored.state {
        Stand::Settled => format!("/tab/settled/{}", stored.id),
        _ => format!("/tab/charges/{}", stored.id),
    }
}

fn next(stored: &Stored) -> Option<Next> {
    serde_json::from_str(&stored.next).ok()
}

/// The charge, if it is of the tab of whoever asks.
async fn own(app: &App, ask: &Ask, id: &str) -> Result<(Tab, Stored), Problem> {
    let unknown = || Problem::new(&CHARGE_UNKNOWN).next("nav-tab", "/tab");
    let id: SettlementId = id.parse().map_err(|_| unknown())?;
    let tab = ask.own_tab(app).await?.ok_or_else(unknown)?;
    let currency = app.currency();
    let stored = app.store.read(|db| charge::by_id(db, id, currency)).await?;
    let stored = stored.filter(|stored| stored.tab == tab.id).ok_or_else(unknown)?;
    Ok((tab, stored))
}

/// `GET /tab/charges/{id}`: how a charge stands, and what to do about it. While it waits the rail is asked now and then.
pub async fn show_charge(State(app): State<Shared>, Path(id): Path<String>, ask: Ask) -> Asked {
    let (tab, mut stored) = own(&app, &ask, &id).await?;
    if stored.state.is_live() && may_ask(&app, stored.id).await? {
        stored = saga::go_on(&app, stored, Visit::Again).await?;
    }
    if !ask.takes_html {
        return as_json(&app, &ask, &stored).await;
    }
    if stored.state == Stand::Settled {
        return Ok(Redirect::to(&place(&stored)).into_response());
    }
    let name = app.rails.by_number(stored.rail).map_or("", |rail| rail.terms().name);
    html(&ChargePage {
        page: ask.page(&app, &ask.locale.text("charge-title"), Some(&tab)),
        charge: stored.id.to_string(),
        amount: stored.amount,
        rail: format!("rail-{name}"),
        view: view(&stored),
    })
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
        Some(Next::Fields { public }) => {
            ChargeView::Fields { public: public.into_iter().collect() }
        }
        Some(Next::Ask { questions }) => ChargeView::Ask { questions },
        Some(Next::Wait | Next::Nothing) | None => ChargeView::Wait,
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

/// `POST /tab/charges/{id}/return`: the reader answers on the shop's own page, or the rail's script there does.
pub async fn answer_charge(
    State(app): State<Shared>,
    Path(id): Path<String>,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let (_, stored) = own(&app, &ask, &id).await?;
    let answers: BTreeMap<String, String> = fields.into_pairs().collect();
    let stored = saga::go_on(&app, stored, Visit::Returned(&answers)).await?;
    if !ask.takes_html {
        return as_json(&app, &ask, &stored).await;
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
async fn as_json(app: &App, ask: &Ask, stored: &Stored) -> Asked {
    let status = match stored.state {
        Stand::Settled => StatusCode::OK,
        Stand::Begun | Stand::Waiting => StatusCode::ACCEPTED,
        Stand::Declined | Stand::Abandoned | Stand::Refused => StatusCode::PAYMENT_REQUIRED,
    };
    let (id, tab, currency) = (stored.id, stored.tab, app.currency());
    let settled = app.store.read(|db| statement::settled(db, id, tab, currency)).await?;
    let tab = ask.own_tab(app).await?.ok_or(LedgerRefusal::NoTab)?;
    let fake = app.rails.by_number(stored.rail).is_some_and(|rail| rail.terms().is_fake);
    let body = json!({
        "settlement": id.to_string(),
        "state": stored.state.name(),
        "reason": Some(&stored.reason).filter(|_| Reason::from_code(&stored.reason).is_some()),
        "next": next(stored).filter(|_| stored.state.is_live()),
        "amount": money_json(stored.amount),
        "lines": settled.map_or(0, |settled| settled.lines),
        "total": money_json(tab.owed().map_err(LedgerRefusal::from)?),
        "fake": fake,
    });
    Ok((status, [(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response())
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
        Heard::Dispute { charge, dispute } => {
            tracing::error!(rail = name, dispute, "a reader or their bank wants money back");
            disputes::hear(app, rail, &charge, &dispute).await
        }
        Heard::Refund(which) => {
            if let Some(found) = saga::find(app, rail, &which).await? {
                refunds::news(app, found.id).await?;
            }
            Ok(())
        }
        Heard::Nothing => Ok(()),
    }
}

async fn note(app: &App, rail: &dyn Rail, which: &Which) -> Result<(), Problem> {
    if !saga::news(app, rail, which).await? {
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
