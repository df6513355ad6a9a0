//! The page to which the code on a voucher leads. Looking uses nothing up: phones and chat programs open what they are shown.

use super::with_code;
use crate::app::Shared;
use crate::body::Fields;
use crate::pages::vouchers::{Held, UsePage};
use crate::problem::{ANSWERS_TOO_MANY, Problem, VOUCHER_UNUSABLE};
use crate::rails::VOUCHER;
use crate::rails::http::place;
use crate::rails::saga::{self, Begin, Visit};
use crate::rails::voucher::{CODE, Code, unusable};
use crate::render::html;
use crate::request::Ask;
use crate::store::voucher::Voucher;
use crate::tabs::http::{money_json, without_tab};
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderValue, header};
use ledger::LedgerRefusal;
use serde_json::json;
use std::collections::BTreeMap;

type Asked = Result<Response, Problem>;

/// Turns away whoever asks more often than a person would: they may be trying codes.
pub fn may_try(app: &Shared, ask: &Ask) -> Result<(), Problem> {
    if app.answers.may_answer(ask.address) {
        return Ok(());
    }
    let problem = Problem::new(&ANSWERS_TOO_MANY);
    Err(Problem { retry_after: Some(600), ..problem })
}

/// `GET /voucher/{code}`: what is left on a voucher, and what the tab owes.
pub async fn show_voucher(State(app): State<Shared>, Path(code): Path<String>, ask: Ask) -> Asked {
    may_try(&app, &ask)?;
    let (code, found) = known(&app, &code).await?;
    let tab = ask.own_tab(&app).await?;
    let owed = tab.as_ref().map(|tab| tab.owed()).transpose().map_err(LedgerRefusal::from)?;
    let owed = owed.unwrap_or(app.nothing());
    let why = unusable(&found, app.now());
    let is_on = app.rails.by_number(VOUCHER.number).is_some();
    let held = (why.is_none() && is_on).then(|| Held {
        left: found.left,
        until: found.ends_at,
        pays: owed.min(found.left),
    });
    if !ask.takes_html {
        let left = held.as_ref().map(|held| money_json(held.left));
        let answer = axum::Json(json!({ "left": left, "owed": money_json(owed) })).into_response();
        return Ok(unkept(answer));
    }
    let shown = html(&UsePage {
        page: ask.page(&app, &ask.locale.text("voucher-title"), tab.as_ref()),
        code: code.grouped(),
        settlement: app.mint.settlement().to_string(),
        owed,
        held,
        why: why.unwrap_or("voucher-off"),
    })?;
    Ok(unkept(shown))
}

/// The voucher with the code that somebody shows.
async fn known(app: &Shared, code: &str) -> Result<(Code, Voucher), Problem> {
    let unknown = || Problem::new(&VOUCHER_UNUSABLE).field(CODE).next("nav-tab", "/tab");
    let code = Code::read(code).ok_or_else(unknown)?;
    let found = with_code(app, &code).await?.ok_or_else(unknown)?;
    Ok((code, found))
}

/// Its address has the code in it.
fn unkept(mut answer: Response) -> Response {
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer
}

/// `POST /voucher`: settles the tab of whoever asks with the voucher of this `code`, as the charge `settlement`.
pub async fn use_voucher(State(app): State<Shared>, ask: Ask, fields: Fields) -> Asked {
    may_try(&app, &ask)?;
    let Some(tab) = ask.own_tab(&app).await? else { return Ok(without_tab(&app)) };
    // A charge is begun only for what can be one: whoever mistypes has nothing to come back from.
    let (code, _) = known(&app, fields.one(CODE).unwrap_or("")).await?;
    let begin = Begin {
        id: fields.id("settlement")?,
        tab: tab.id,
        rail: VOUCHER.name.into(),
        amount: None,
        binds: false,
        locale: ask.locale.code(),
    };
    let begun = saga::begin(&app, begin).await?;
    let answers = BTreeMap::from([(CODE.to_owned(), code.grouped())]);
    let stored = saga::go_on(&app, begun, Visit::Returned(&answers)).await?;
    if !ask.takes_html {
        return crate::rails::http::as_json(&app, &stored).await;
    }
    Ok(Redirect::to(&place(&stored)).into_response())
}
