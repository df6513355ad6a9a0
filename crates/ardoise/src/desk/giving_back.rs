//! The payments of one tab, and what goes back of them, over HTTP. Every door is the operator's alone.

use crate::app::{App, Shared};
use crate::bank::tab_named;
use crate::body::Fields;
use crate::pages::desk::{CreditedTab, ElsewhereRefund, TroublingRefund};
use crate::pages::desk_tab::{BroughtRow, DeskTabPage, LineRow, RefundRow};
use crate::people::{SignedIn, SignedOperator};
use crate::problem::{FIELD_INVALID, Problem, SETTLEMENT_UNKNOWN, TAB_UNKNOWN};
use crate::rails::refunds::{self, GiveBack, RefundLine};
use crate::render::html;
use crate::request::Ask;
use crate::store::refund::Elsewhere;
use crate::store::refund_order::{self, Order, Shown, State as Stand};
use crate::store::statement::{self, Before};
use crate::store::tab::{self, Brought};
use crate::tabs::http::money_json;
use crate::tabs::{self, amount};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use ledger::{LedgerRefusal, LineState, Money, RailNumber, RefundId, Tab, TabId};
use serde_json::json;
use std::collections::HashMap;

/// Lines and refunds of a tab on its page.
const ROWS: i64 = 100;

type Asked = Result<Response, Problem>;

/// The key of a rail's name.
pub fn words(app: &App, rail: RailNumber) -> String {
    if rail == crate::rails::MANUAL.number {
        return "rail-manual".into();
    }
    let name = app.rails.by_number(rail).map(|rail| rail.terms().name);
    let known = || crate::rails::ALL.iter().find(|named| named.number == rail);
    format!("rail-{}", name.or_else(|| known().map(|named| named.name)).unwrap_or("unknown"))
}

/// `GET /desk/tabs?tab=…`: leads to the payments of a tab.
pub async fn find_tab(_: SignedOperator, Query(query): Query<HashMap<String, String>>) -> Asked {
    let asked = query.get("tab").and_then(|text| tab_named(text));
    let tab = asked.ok_or_else(|| Problem::new(&FIELD_INVALID).field("tab"))?;
    Ok(Redirect::to(&format!("/desk/tabs/{tab}")).into_response())
}

/// `GET /desk/tabs/{tab}`: the payments of a tab.
pub async fn show_tab(
    State(app): State<Shared>,
    _: SignedOperator,
    Path(tab): Path<String>,
    ask: Ask,
) -> Asked {
    let unknown = || Problem::new(&TAB_UNKNOWN).next("desk-title", "/desk");
    let id: TabId = tab.parse().map_err(|_| unknown())?;
    let currency = app.currency();
    let read = app.store.read(|db| {
        let stored = tab::by_id(db, id, currency)?;
        let brought = tab::brought(db, id, refunds::BROUGHT_MOST, currency)?;
        let lines = statement::shown(db, id, Before::NEWEST, ROWS, currency)?;
        Ok((stored, brought, lines, refund_order::shown(db, id, ROWS, currency)?))
    });
    let (stored, brought, lines, went_back) = read.await?;
    let tab = stored.ok_or_else(unknown)?.tab;
    let mut came = Vec::new();
    for one in &brought {
        came.push(brought_row(&app, one, tab.credit).await?);
    }
    let costly = lines
        .into_iter()
        .filter(|shown| shown.state != LineState::Undone && !shown.line.shares.gross.is_zero());
    html(&DeskTabPage {
        page: ask.page_for(&app, &ask.locale.text("desk-tab-title"), &SignedIn::Operator),
        tab: id.to_string(),
        owed: tab.owed().map_err(LedgerRefusal::from)?,
        credit: tab.credit,
        borne: tab.borne,
        is_closed_by_dispute: tab.disputes_lost > 0,
        brought: came,
        lines: costly
            .map(|shown| LineRow {
                line: shown.line.id.to_string(),
                title: shown.title,
                amount: shown.line.shares.gross,
                at: shown.line.bought_at,
                state: shown.state,
                refund: app.mint.refund().to_string(),
            })
            .collect(),
        refunds: went_back.iter().map(|shown| refund_row(&app, shown)).collect(),
    })
}

async fn brought_row(app: &App, came: &Brought, credit: Money) -> Result<BroughtRow, Problem> {
    Ok(BroughtRow {
        settlement: came.id.to_string(),
        words: words(app, came.now.rail),
        at: came.at,
        received: came.now.received,
        most: refunds::most(app, credit, &came.now)?,
        can_send: refunds::can_send(app, came).await?,
        refund: app.mint.refund().to_string(),
    })
}

/// A refund as its reader and the operator see it.
pub fn refund_row(app: &App, shown: &Shown) -> RefundRow {
    RefundRow {
        words: words(app, shown.refund.rail),
        amount: shown.refund.amount,
        at: shown.at,
        has_failed: shown.has_failed,
        state: shown.state,
        elsewhere: shown.elsewhere,
    }
}

/// `POST /desk/tabs/{tab}/refunds`: credit goes back, by its rail or by the operator's own hand.
pub async fn give_back(
    State(app): State<Shared>,
    _: SignedOperator,
    Path(tab): Path<String>,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let tab: TabId = tab.parse().map_err(|_| LedgerRefusal::NoTab)?;
    let back = GiveBack {
        id: fields.id("refund")?,
        tab,
        settlement: fields.id("settlement")?,
        amount: amount(&app, fields.one("amount").unwrap_or(""), "amount")?,
    };
    let order = match fields.one("way") {
        Some("rail") => refunds::begin(&app, back).await.map(Some),
        Some("hand") => {
            let note = fields.one("note").unwrap_or("");
            refunds::by_hand(&app, back, note).await.map(|()| None)
        }
        _ => Err(Problem::new(&FIELD_INVALID).field("way")),
    };
    answer(&app, &ask, tab, order.map_err(|problem| back_to(tab, problem))?).await
}

/// `POST /desk/tabs/{tab}/lines/{line}/refund`: a line is taken back, whenever it was bought.
pub async fn refund_line(
    State(app): State<Shared>,
    _: SignedOperator,
    Path((tab, line)): Path<(String, String)>,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let tab: TabId = tab.parse().map_err(|_| LedgerRefusal::NoTab)?;
    let line = line.parse().map_err(|_| LedgerRefusal::NoLine)?;
    let (id, send) = (fields.id("refund")?, fields.one("send").is_some());
    let order = refunds::refund_line(&app, RefundLine { id, tab, line, send }).await;
    let order = order.map_err(|problem| back_to(tab, problem))?;
    answer(&app, &ask, tab, order).await
}

/// Whoever is refused goes on where they were.
fn back_to(tab: TabId, problem: Problem) -> Problem {
    problem.next("desk-tab-back", format!("/desk/tabs/{tab}"))
}

async fn answer(app: &App, ask: &Ask, tab: TabId, order: Option<Order>) -> Asked {
    if ask.takes_html {
        return Ok(Redirect::to(&format!("/desk/tabs/{tab}")).into_response());
    }
    let currency = app.currency();
    let stored = app.store.read(|db| tab::by_id(db, tab, currency)).await?;
    let credit = stored.map_or(app.nothing(), |stored| stored.tab.credit);
    let refund = order.map(|order| as_json(&order));
    Ok(axum::Json(json!({ "refund": refund, "credit": money_json(credit) })).into_response())
}

/// `POST /desk/tabs/{tab}/reopen`: a tab that a lost dispute has closed is opened again.
pub async fn reopen_tab(
    State(app): State<Shared>,
    _: SignedOperator,
    Path(tab): Path<String>,
    ask: Ask,
) -> Asked {
    let tab: TabId = tab.parse().map_err(|_| LedgerRefusal::NoTab)?;
    let (now, is_new) = tabs::reopen(&app, tab).await?;
    if ask.takes_html {
        return Ok(Redirect::to(&format!("/desk/tabs/{tab}")).into_response());
    }
    let body = json!({
        "tab": tab.to_string(), "reopened": is_new, "closed": now.tab.is_closed(),
    });
    Ok(axum::Json(body).into_response())
}

/// A refund for programs.
pub fn as_json(order: &Order) -> serde_json::Value {
    json!({
        "refund": order.refund.id.to_string(),
        "settlement": order.refund.settlement.to_string(),
        "state": order.state.name(),
        "amount": money_json(order.refund.amount),
    })
}

/// `POST /desk/refunds/{refund}/seen`: the operator has looked at a refund that was not carried out.
pub async fn see_refund(
    State(app): State<Shared>,
    _: SignedOperator,
    Path(refund): Path<String>,
    ask: Ask,
) -> Asked {
    let unknown = || Problem::new(&SETTLEMENT_UNKNOWN);
    let id: RefundId = refund.parse().map_err(|_| unknown())?;
    let now = app.now();
    if !app.store.write(move |db| refund_order::seen(db, id, now)).await? {
        return Err(unknown());
    }
    if ask.takes_html {
        return Ok(Redirect::to("/desk").into_response());
    }
    Ok(axum::Json(json!({ "refund": id.to_string(), "seen": true })).into_response())
}

/// A refund at which the operator has to look.
pub fn troubling(app: &App, order: &Order) -> TroublingRefund {
    TroublingRefund {
        refund: order.refund.id.to_string(),
        words: words(app, order.refund.rail),
        tab: order.tab.to_string(),
        amount: order.refund.amount,
        is_declined: order.state == Stand::Declined,
        reason: order.reason.clone(),
    }
}

/// A tab that has credit.
pub fn credited(tab: &Tab) -> CreditedTab {
    CreditedTab { tab: tab.id.to_string(), credit: tab.credit }
}

/// Money that went back at a provider's own page.
pub fn elsewhere(app: &App, one: &Elsewhere) -> ElsewhereRefund {
    ElsewhereRefund {
        words: words(app, one.refund.rail),
        tab: one.tab.to_string(),
        amount: one.refund.amount,
        at: one.at,
        borne: one.borne,
    }
}
