//! Where readers say that they want letters, and what the links in those lead to.
//!
//! Programs that scan mail follow every link: what a link does is done by `POST` from its page. The one exception is
//! of RFC 8058, and is a `POST` as well.

use super::links::Purpose;
use super::read_address;
use crate::app::{App, Shared};
use crate::body::Fields;
use crate::notices::http::back;
use crate::pages::letters::{LinkPage, LinkView};
use crate::pages::reader::MailView;
use crate::problem::{PAGE_MISSING, Problem};
use crate::rails::{self, mandates};
use crate::render::html;
use crate::request::{Ask, keep_settling};
use crate::store::mail_address::{self, Given};
use crate::store::tab;
use crate::tabs::http::without_tab;
use crate::tabs::settling::{Door, settle_page};
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header;
use ledger::{Money, Tab, TabId};
use serde_json::json;

type Asked = Result<Response, Problem>;

/// Where receipts of a tab go, as its reader sees it.
///
/// # Errors
/// Whatever the store says.
pub async fn view(app: &App, tab: TabId) -> Result<MailView, Problem> {
    if app.settings.mail.is_none() {
        return Ok(MailView::Off);
    }
    Ok(match app.store.read(|db| mail_address::of_tab(db, tab)).await? {
        None => MailView::Nowhere,
        Some(Given { address: None, .. }) => MailView::Awaited,
        Some(Given { address: Some(address), .. }) => MailView::To(address),
    })
}

/// Keeps the address that came with a form, if one did: the field `email`, or the tick `email_of_rail`.
///
/// # Errors
/// [`crate::problem::ADDRESS_INVALID`], and the store's: nothing is kept.
pub async fn keep(app: &App, ask: &Ask, tab: TabId, fields: &Fields) -> Result<(), Problem> {
    let typed = fields.one("email").map(str::trim).filter(|text| !text.is_empty());
    if app.settings.mail.is_none() || typed.is_none() && fields.one("email_of_rail").is_none() {
        return Ok(());
    }
    let address = typed.map(|text| read_address(text, "email")).transpose();
    let address = address.map_err(|problem| problem.next("back-to-settle", "/tab/settle"))?;
    let address = address.map(|address| address.to_string());
    let given = Given { address, locale: ask.locale.code().into() };
    let now = app.now();
    Ok(app.store.write(move |db| mail_address::keep(db, tab, &given, now)).await?)
}

/// `POST /tab/address`: the reader of a tab wants letters from now on. Field: `email`.
pub async fn keep_address(State(app): State<Shared>, ask: Ask, fields: Fields) -> Asked {
    let Some(tab) = ask.own_tab(&app).await? else { return Ok(without_tab(&app)) };
    if app.settings.mail.is_none() {
        return Err(Problem::new(&PAGE_MISSING));
    }
    read_address(fields.one("email").unwrap_or(""), "email")
        .map_err(|problem| problem.next("nav-tab", "/tab"))?;
    keep(&app, &ask, tab.id, &fields).await?;
    Ok(back(&ask, "/tab", json!({ "letters": true })))
}

/// `POST /tab/address/remove`: they do not any more, and the shop forgets the address.
pub async fn remove_address(State(app): State<Shared>, ask: Ask) -> Asked {
    let Some(tab) = ask.own_tab(&app).await? else { return Ok(without_tab(&app)) };
    let id = tab.id;
    app.store.write(move |db| mail_address::forget(db, id)).await?;
    Ok(back(&ask, "/tab", json!({ "letters": false })))
}

async fn linked(app: &App, purpose: Purpose, token: &str) -> Result<Tab, Problem> {
    let (id, currency) = (app.tab_of_link(purpose, token)?, app.currency());
    let stored = app.store.read(|db| tab::by_id(db, id, currency)).await?;
    Ok(stored.ok_or(ledger::LedgerRefusal::NoTab)?.tab)
}

fn owed(tab: &Tab) -> Result<Money, Problem> {
    Ok(tab.owed().map_err(ledger::LedgerRefusal::from)?)
}

/// `GET /mail/pay/{token}`: the page on which a tab is settled, on any device. It shows what is owed, and nothing else of the tab.
pub async fn show_pay(State(app): State<Shared>, Path(token): Path<String>, ask: Ask) -> Asked {
    let tab = linked(&app, Purpose::Pay, &token).await?;
    let own = ask.own_tab(&app).await?;
    if own.as_ref().is_some_and(|own| own.id == tab.id) {
        return Ok(Redirect::to("/tab/settle").into_response());
    }
    let page = ask.page(&app, &ask.locale.text("settle-title"), own.as_ref());
    let door = Door { to: format!("/mail/pay/{token}"), own: false };
    settle_page(&app, page, Some(&tab), door).await
}

/// `POST /mail/pay/{token}/{rail}`: begins a charge for that tab, as `POST /tab/settle/{rail}` does. The device may see this tab's
/// charges from now on, for a day.
pub async fn pay(
    State(app): State<Shared>,
    Path((token, rail)): Path<(String, String)>,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let tab = linked(&app, Purpose::Pay, &token).await?;
    // What is bound, and where letters go, is for whoever has the tab to say: a letter may be in other hands by now.
    let begun = rails::http::begin(&app, &ask, (tab.id, rail), &fields, false).await?;
    let mut response = rails::http::begun(&app, &ask, &begun).await?;
    response.headers_mut().append(header::SET_COOKIE, keep_settling(&app, &token));
    Ok(response)
}

/// `GET /mail/object/{token}`: the page on which a reader objects to being charged.
pub async fn show_object(State(app): State<Shared>, Path(token): Path<String>, ask: Ask) -> Asked {
    let tab = linked(&app, Purpose::Object, &token).await?;
    let view = if tab.mandate { LinkView::Object } else { LinkView::NothingBound };
    page(&app, &ask, "object-title", (view, owed(&tab)?, token)).await
}

/// `POST /mail/object/{token}`: they object.
pub async fn object(State(app): State<Shared>, Path(token): Path<String>, ask: Ask) -> Asked {
    let tab = linked(&app, Purpose::Object, &token).await?;
    mandates::object(&app, tab.id).await?;
    page(&app, &ask, "object-done", (LinkView::Objected, owed(&tab)?, token)).await
}

/// `GET /mail/stop/{token}`: the page on which a reader stops letters.
pub async fn show_stop(State(app): State<Shared>, Path(token): Path<String>, ask: Ask) -> Asked {
    linked(&app, Purpose::Stop, &token).await?;
    page(&app, &ask, "stop-title", (LinkView::Stop, app.nothing(), token)).await
}

/// `POST /mail/stop/{token}`: they stop them, or their mail program does for them (RFC 8058): whatever the body says.
pub async fn stop(State(app): State<Shared>, Path(token): Path<String>, ask: Ask) -> Asked {
    let tab = linked(&app, Purpose::Stop, &token).await?.id;
    app.store.write(move |db| mail_address::forget(db, tab)).await?;
    page(&app, &ask, "stop-done", (LinkView::Stopped, app.nothing(), token)).await
}

async fn page(
    app: &App,
    ask: &Ask,
    title: &'static str,
    (view, owed, token): (LinkView, Money, String),
) -> Asked {
    let own = ask.own_tab(app).await?;
    let page = ask.page(app, &ask.locale.text(title), own.as_ref());
    html(&LinkPage { page, view, owed, token })
}
