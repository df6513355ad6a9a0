//! The desk's side of vouchers: printing, the list, taking one back. Every door is the operator's alone.

use super::{PRINTED_MOST, Print, print, void};
use crate::app::Shared;
use crate::body::Fields;
use crate::pages::vouchers::{VoucherRow, VouchersPage};
use crate::people::{SignedIn, SignedOperator};
use crate::problem::{PAGE_MISSING, Problem};
use crate::rails::voucher::unusable;
use crate::render::html;
use crate::request::Ask;
use crate::store::voucher::{self, Voucher};
use crate::tabs::amount;
use crate::tabs::http::money_json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderValue, header};
use ledger::{ShopId as _, Timestamp, VoucherId};
use serde_json::json;
use std::collections::HashMap;

/// Vouchers on one page.
const ON_A_PAGE: i64 = 100;

type Asked = Result<Response, Problem>;

/// `GET /desk/vouchers`.
pub async fn show_vouchers(
    State(app): State<Shared>,
    _: SignedOperator,
    Query(query): Query<HashMap<String, String>>,
    ask: Ask,
) -> Asked {
    let before = query.get("before").and_then(|text| text.parse().ok());
    let (before, now, currency) =
        (before.unwrap_or(VoucherId::from_raw(i64::MAX)), app.now(), app.currency());
    let read = app.store.read(|db| {
        Ok((
            voucher::page(db, before, ON_A_PAGE, currency)?,
            voucher::outstanding(db, now, currency)?,
        ))
    });
    let (vouchers, outstanding) = read.await?;
    if !ask.takes_html {
        let rows: Vec<serde_json::Value> =
            vouchers.iter().map(|voucher| voucher_json(voucher, now)).collect();
        let body = json!({ "vouchers": rows, "outstanding": money_json(outstanding) });
        return Ok(axum::Json(body).into_response());
    }
    let is_full = vouchers.len() as i64 == ON_A_PAGE;
    let more = vouchers
        .last()
        .filter(|_| is_full)
        .map(|last| format!("/desk/vouchers?before={}", last.id));
    html(&VouchersPage {
        page: ask.page_for(&app, &ask.locale.text("vouchers-title"), &SignedIn::Operator),
        most: app.settings.rails.voucher.as_ref().map(|on| on.most),
        count_most: PRINTED_MOST,
        print: app.mint.id::<VoucherId>().to_string(),
        outstanding,
        vouchers: vouchers.iter().map(|voucher| voucher_row(voucher, now)).collect(),
        more,
    })
}

fn state(voucher: &Voucher, now: Timestamp) -> &'static str {
    match unusable(voucher, now) {
        Some("voucher-void") => "voucher-state-void",
        Some("voucher-ended") => "voucher-state-ended",
        Some(_) => "voucher-state-used",
        None if voucher.left == voucher.amount => "voucher-state-fresh",
        None => "voucher-state-begun",
    }
}

fn voucher_row(voucher: &Voucher, now: Timestamp) -> VoucherRow {
    VoucherRow {
        voucher: voucher.id.to_string(),
        amount: voucher.amount,
        left: voucher.left,
        printed_at: voucher.printed_at,
        until: voucher.ends_at,
        state: state(voucher, now),
        is_usable: unusable(voucher, now).is_none(),
    }
}

fn voucher_json(voucher: &Voucher, now: Timestamp) -> serde_json::Value {
    json!({
        "voucher": voucher.id.to_string(),
        "amount": money_json(voucher.amount),
        "left": money_json(voucher.left),
        "state": state(voucher, now).trim_start_matches("voucher-state-"),
    })
}

/// `POST /desk/vouchers`: makes vouchers; the answer is the page to print, this once.
pub async fn print_vouchers(
    State(app): State<Shared>,
    _: SignedOperator,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let count = fields.one("count").and_then(|text| text.trim().parse().ok());
    let made = Print {
        id: fields.id("print")?,
        count: count.ok_or_else(|| Problem::invalid("count", "voucher-count-wrong"))?,
        amount: amount(&app, fields.one("amount").unwrap_or(""), "amount")?,
        locale: ask.locale,
    };
    let sheets = print(&app, made).await?;
    let mut answer = if ask.takes_html {
        html(&sheets)?
    } else {
        let card = |card: &crate::pages::vouchers::Card| json!({ "voucher": card.number, "code": card.code });
        axum::Json(json!({ "vouchers": sheets.cards.iter().map(card).collect::<Vec<_>>() }))
            .into_response()
    };
    answer
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(answer)
}

/// `POST /desk/vouchers/{voucher}/void`: takes a voucher back.
pub async fn void_voucher(
    State(app): State<Shared>,
    _: SignedOperator,
    Path(voucher): Path<String>,
    ask: Ask,
) -> Asked {
    let id: VoucherId = voucher.parse().map_err(|_| Problem::new(&PAGE_MISSING))?;
    void(&app, id).await?;
    if ask.takes_html {
        return Ok(Redirect::to("/desk/vouchers").into_response());
    }
    Ok(axum::Json(json!({ "voucher": id.to_string(), "void": true })).into_response())
}
