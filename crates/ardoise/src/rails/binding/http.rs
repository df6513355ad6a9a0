//! Binding a way to pay, over HTTP.

use super::{Begin, begin, limit_with, offered, words};
use crate::app::{App, Shared};
use crate::body::Fields;
use crate::pages::binding::{BindPage, BindRail};
use crate::problem::Problem;
use crate::rails::http::{as_json, where_to};
use crate::rails::mandates;
use crate::render::html;
use crate::request::{Ask, own_path, put_invitation_away};
use crate::tabs::http::without_tab;
use crate::tabs::settling::leading_to_rails;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header;

type Asked = Result<Response, Problem>;

/// `GET /tab/bind`: what binding a way to pay brings and means, and the ways that can be bound.
pub async fn show_bind(State(app): State<Shared>, ask: Ask) -> Asked {
    let tab = ask.own_tab(&app).await?;
    let bound = match &tab {
        Some(tab) => mandates::shown(&app, tab.id).await?,
        None => Vec::new(),
    };
    let limits = tab.as_ref().and_then(|tab| {
        let raised = limit_with(&app, tab)?;
        Some((app.settings.tariff.rules.limit(tab), raised))
    });
    let shown = html(&BindPage {
        page: ask.page(&app, &ask.locale.text("bind-title"), tab.as_ref()),
        limits,
        days: super::days_before(&app),
        words: words(&app, ask.locale),
        rails: if tab.is_some() { rails(&app) } else { Vec::new() },
        binding: app.mint.settlement().to_string(),
        bound,
    })?;
    Ok(leading_to_rails(&app, shown))
}

fn rails(app: &App) -> Vec<BindRail> {
    let rails = offered(app).map(|rail| rail.terms());
    rails.map(|terms| BindRail { name: terms.name, fake: terms.is_fake }).collect()
}

/// `POST /tab/bind/{rail}`: begins a binding. Field: `binding`, which names it.
pub async fn begin_binding(
    State(app): State<Shared>,
    Path(rail): Path<String>,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let Some(tab) = ask.own_tab(&app).await? else { return Ok(without_tab(&app)) };
    let id = fields.id("binding")?;
    let stored = begin(&app, Begin { id, tab: tab.id, rail, locale: ask.locale }).await?;
    if !ask.takes_html {
        return as_json(&app, &stored).await;
    }
    Ok(Redirect::to(&where_to(&app, &stored)).into_response())
}

/// `POST /tab/invitation/put-away`: this browser is not invited any more. Field: `back`, the page to go on with.
pub async fn put_away(State(app): State<Shared>, fields: Fields) -> Response {
    let back = own_path(fields.one("back").unwrap_or("/tab"));
    ([(header::SET_COOKIE, put_invitation_away(&app))], Redirect::to(back)).into_response()
}
