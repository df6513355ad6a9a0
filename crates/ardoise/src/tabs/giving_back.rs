//! What a reader can have back of their tab's credit, by the way it came.

use super::http::{money_json, without_tab};
use crate::app::{App, Shared};
use crate::body::Fields;
use crate::desk::giving_back::{as_json, words};
use crate::pages::reader::GiveBack as Offer;
use crate::problem::Problem;
use crate::rails::refunds::{self, GiveBack};
use crate::request::Ask;
use crate::store::tab::{self, Brought};
use crate::tabs::amount;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use ledger::{LedgerRefusal, Money, Tab};
use serde_json::json;

/// What the page of a tab offers to give back: as much of its credit as came by the newest settlement whose rail can send it.
///
/// # Errors
/// The store's.
pub async fn offered(app: &App, tab: &Tab) -> Result<Option<Offer>, Problem> {
    if tab.credit.is_zero() || !may_ask(tab) {
        return Ok(None);
    }
    let (id, currency) = (tab.id, app.currency());
    let brought = app.store.read(|db| tab::brought(db, id, refunds::BROUGHT_MOST, currency));
    for came in brought.await? {
        if let Some(most) = sendable(app, &came, tab.credit).await? {
            return Ok(Some(Offer {
                refund: app.mint.refund().to_string(),
                settlement: came.id.to_string(),
                amount: most,
                words: words(app, came.now.rail),
            }));
        }
    }
    Ok(None)
}

async fn sendable(app: &App, came: &Brought, credit: Money) -> Result<Option<Money>, Problem> {
    let most = refunds::most(app, credit, &came.now)?;
    let can = !most.is_zero() && refunds::can_send(app, came).await?;
    Ok(can.then_some(most))
}

/// Nobody who has had their bank take money back, or has it decided just now, is sent more of it without the operator.
const fn may_ask(tab: &Tab) -> bool {
    tab.disputes_open == 0 && tab.disputes_lost == 0
}

/// `POST /tab/refunds`: the reader has credit back by the way it came. Fields: `refund`, which names it, `settlement` and `amount`.
pub async fn give_back(
    State(app): State<Shared>,
    ask: Ask,
    fields: Fields,
) -> Result<Response, Problem> {
    let Some(tab) = ask.own_tab(&app).await? else { return Ok(without_tab(&app)) };
    let back = GiveBack {
        id: fields.id("refund")?,
        tab: tab.id,
        settlement: fields.id("settlement")?,
        amount: amount(&app, fields.one("amount").unwrap_or(""), "amount")?,
    };
    if !may_ask(&tab) {
        return Err(LedgerRefusal::TabDisputed.into());
    }
    let order = refunds::begin(&app, back).await?;
    if ask.takes_html {
        return Ok(Redirect::to("/tab").into_response());
    }
    let now = ask.own_tab(&app).await?.ok_or(LedgerRefusal::NoTab)?;
    let body = json!({ "refund": as_json(&order), "credit": money_json(now.credit) });
    Ok(axum::Json(body).into_response())
}
