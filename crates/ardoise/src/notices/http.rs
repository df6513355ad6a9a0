//! What a reader is told, on the page of their tab.

use super::words::{Telling, was_charged};
use super::{Kind, Notice};
use crate::app::{App, Shared};
use crate::body::Fields;
use crate::pages::reader::NoticeView;
use crate::problem::{Problem, REQUEST_MALFORMED};
use crate::rails::mandates;
use crate::request::Ask;
use crate::store::notice;
use crate::tabs::http::without_tab;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use ledger::Tab;
use serde_json::json;

/// Notices on one page.
const SHOWN: i64 = 20;

/// What the reader of a tab is told now.
///
/// # Errors
/// Whatever the store says.
pub async fn shown(app: &App, ask: &Ask, tab: &Tab) -> Result<Vec<NoticeView>, Problem> {
    let (currency, now, id) = (app.currency(), app.now(), tab.id);
    let found = app.store.read(|db| {
        let notices = notice::shown(db, id, SHOWN)?.into_iter();
        let with_news = notices.map(|notice| Ok((was_charged(db, &notice, currency)?, notice)));
        with_news.collect::<Result<Vec<(bool, Notice)>, _>>()
    });
    let shown = found.await?.into_iter().map(|(was_charged, notice)| {
        let telling = Telling { locale: ask.locale, currency, now, was_charged };
        let mut said = telling.say(&notice);
        // Where nothing is bound any more there is nothing to object to.
        if notice.kind == Kind::Announced && !tab.mandate {
            said.does = super::words::Does::Nothing;
        }
        NoticeView { key: notice.key(), at: notice.told_at, said }
    });
    Ok(shown.collect())
}

/// `POST /tab/notices/dismiss`: the reader puts a notice away. Field: `notice`.
pub async fn dismiss(
    State(app): State<Shared>,
    ask: Ask,
    fields: Fields,
) -> Result<Response, Problem> {
    let Some(tab) = ask.own_tab(&app).await? else { return Ok(without_tab(&app)) };
    let wrong = || Problem::new(&REQUEST_MALFORMED).field("notice");
    let (kind, subject) = fields.one("notice").and_then(Notice::read_key).ok_or_else(wrong)?;
    let (id, now) = (tab.id, app.now());
    app.store.write(move |db| notice::dismiss(db, id, (kind, &subject), now)).await?;
    Ok(back(&ask, "/tab", json!({ "dismissed": true })))
}

/// `POST /tab/object`: the reader objects to being charged, on the device that has the tab.
pub async fn object(State(app): State<Shared>, ask: Ask) -> Result<Response, Problem> {
    let Some(tab) = ask.own_tab(&app).await? else { return Ok(without_tab(&app)) };
    mandates::object(&app, tab.id).await?;
    Ok(back(&ask, "/tab", json!({ "bound": false })))
}

/// Sends a browser back to a page; answers a program in JSON.
pub fn back(ask: &Ask, page: &str, said: serde_json::Value) -> Response {
    if ask.takes_html {
        Redirect::to(page).into_response()
    } else {
        axum::Json(said).into_response()
    }
}
