//! The desk over HTTP. Every door is the operator's alone.

use super::letters;
use super::paying_out::{Sent, pay_out};
use super::{costs, giving_back, payouts};
use crate::app::{App, Shared};
use crate::body::Fields;
use crate::pages::desk::{AuthorRow, DeskPage, OwingTab};
use crate::pages::payouts::PayoutStand;
use crate::people::http::checked_name;
use crate::people::{self, SignedIn, SignedOperator};
use crate::problem::{CHARGE_UNKNOWN, FIELD_INVALID, PAGE_MISSING, Problem};
use crate::rails::payouts::{Send, begin};
use crate::rails::{self, manual};
use crate::render::html;
use crate::request::Ask;
use crate::store::people::{self as store_people, Standing, standings};
use crate::store::tab::Owing;
use crate::store::{Db, StoreError, books, charge, gains, payout_order, refund, refund_order, tab};
use crate::tabs::http::money_json;
use crate::tabs::{Received, amount, settle};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use ledger::{Account, AuthorId, Currency, Money, PayoutId, SettlementId, ShopId as _, TabId};
use serde_json::json;
use std::collections::HashMap;

/// Tabs on one page.
const TABS: i64 = 50;
/// Payments to look at, on the desk.
const TROUBLING: i64 = 50;
/// Tries after which a payment in doubt is shown there: about an hour.
const DOUBTED: i64 = 5;
/// Days for which the desk shows what went back at a provider's own page.
const ELSEWHERE_DAYS: i64 = 30;
/// Tabs with credit, on the desk.
const CREDITED: i64 = 50;
/// Authors on the desk.
const AUTHORS: i64 = 500;

type Asked = Result<Response, Problem>;

/// `GET /desk`: authors, tabs that owe, the books.
pub async fn show_desk(
    State(app): State<Shared>,
    _: SignedOperator,
    Query(query): Query<HashMap<String, String>>,
    ask: Ask,
) -> Asked {
    let after = query.get("after").and_then(|text| text.parse().ok());
    html(&page(&app, &ask, after.unwrap_or(TabId::from_raw(0)), None).await?)
}

async fn page(
    app: &App,
    ask: &Ask,
    after: TabId,
    fresh_invitation: Option<String>,
) -> Result<DeskPage, Problem> {
    app.store.till().catch_up().await?;
    let currency = app.currency();
    let read = app.store.read(|db| {
        let tabs = tab::owing(db, after, TABS, currency)?;
        let authors = standings(db, AuthorId::from_raw(0), AUTHORS)?;
        let rows = authors.into_iter().map(|standing| author_row(app, db, standing));
        let rows = rows.collect::<Result<Vec<AuthorRow>, StoreError>>()?;
        let troubling = charge::troubling(db, DOUBTED, TROUBLING, currency)?;
        let returning = refund_order::troubling(db, DOUBTED, TROUBLING, currency)?;
        let credited = tab::credited(db, CREDITED, currency)?;
        let since = app.now().plus_days(-ELSEWHERE_DAYS);
        let elsewhere = refund::elsewhere(db, since, TROUBLING, currency)?;
        let owed = tab::owed_in_all(db, currency)?;
        let letters = letters::lost(app, ask, db)?;
        let sent = payout_stands(app, db)?;
        Ok((tabs, rows, owed, (troubling, (returning, elsewhere), credited, letters, sent)))
    });
    let (tabs, authors, owed, (troubling, (returning, elsewhere), credited, letters, sent)) =
        read.await?;
    let full = tabs.len() as i64 == TABS;
    let more = tabs.last().filter(|_| full).map(|last| format!("/desk?after={}", last.tab));
    Ok(DeskPage {
        page: ask.page_for(app, &ask.locale.text("desk-title"), &SignedIn::Operator),
        books: app.books.lock().ok().and_then(|last| last.clone()),
        owed,
        tabs: tabs.iter().map(|owing| owing_tab(app, owing)).collect(),
        more,
        sizes: costs::sizes(currency),
        rails: costs::rows(app),
        troubling: troubling.iter().map(|stored| costs::troubling(app, stored)).collect(),
        letters,
        returning: returning.iter().map(|order| giving_back::troubling(app, order)).collect(),
        elsewhere: elsewhere.iter().map(|one| giving_back::elsewhere(app, one)).collect(),
        credited: credited.iter().map(giving_back::credited).collect(),
        send_all: payouts::to_all(app, ask.locale, &authors),
        send_from: app.settings.payout_minimum,
        payouts: sent,
        authors,
        fresh_invitation,
    })
}

fn owing_tab(app: &App, owing: &Owing) -> OwingTab {
    let (rules, now) = (&app.settings.tariff.rules, app.now());
    let oldest = owing.oldest_at.unwrap_or(now);
    OwingTab {
        tab: owing.tab.to_string(),
        // What the settling page asks the reader to write on a transfer.
        reference: owing.tab.to_string(),
        owed: owing.owed,
        lines: owing.lines,
        oldest,
        closed: oldest.plus_days(rules.due_days) <= now,
        written_off: owing.is_written_off,
        disputed: owing.is_disputed,
        settlement: app.mint.settlement().to_string(),
    }
}

fn author_row(app: &App, db: &dyn Db, standing: Standing) -> Result<AuthorRow, StoreError> {
    let Standing { author, works, invited } = standing;
    let currency = app.currency();
    let balance = |account| Ok::<_, StoreError>(books::total(db, account)?.balance(account));
    let available = balance(Account::Available(author.id))?;
    let pending = balance(Account::Pending(author.id))?;
    let paid_out = gains::paid_out(db, author.id, currency)?;
    let paid_out = i128::from(paid_out.sent.micros()) + i128::from(paid_out.under_way.micros());
    let payable = shown(available, currency)?.round_down_to_minor();
    let (sends, lacks_address) = payouts::sends(app, db, author.id, payable)?;
    Ok(AuthorRow {
        sends,
        lacks_address,
        author: author.id.to_string(),
        name: author.name,
        works,
        earned: shown(pending + available + paid_out, currency)?,
        available: shown(available, currency)?,
        payout: app.mint.id::<PayoutId>().to_string(),
        invited,
    })
}

/// Payouts on their way, and those that came back.
fn payout_stands(app: &App, db: &dyn Db) -> Result<Vec<PayoutStand>, StoreError> {
    let orders = payout_order::shown(db, TROUBLING, app.currency())?;
    let stands = orders.iter().map(|order| {
        let author = store_people::author(db, order.pay_out.author)?;
        Ok(payouts::stand(app, order, author.map_or_else(String::new, |author| author.name)))
    });
    stands.collect()
}

/// A balance as it is shown: nothing is shown below zero.
fn shown(balance: i128, currency: Currency) -> Result<Money, StoreError> {
    let micros = i64::try_from(balance.max(0)).unwrap_or(i64::MAX);
    Money::from_micros(micros, currency).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// `POST /desk/invitations`: makes an author, and shows their link this once.
pub async fn invite_author(
    State(app): State<Shared>,
    _: SignedOperator,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let name = checked_name(fields.one("name").unwrap_or(""))?;
    let (author, link) = people::invite_author(&app, &name).await?;
    if ask.takes_html {
        return html(&page(&app, &ask, TabId::from_raw(0), Some(link)).await?);
    }
    let body = json!({ "author": author.to_string(), "name": name, "invitation": link });
    Ok(axum::Json(body).into_response())
}

/// `POST /desk/tabs/{tab}/settle`: money that the operator saw arrive.
pub async fn settle_tab(
    State(app): State<Shared>,
    _: SignedOperator,
    Path(tab): Path<String>,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let tab: TabId = tab.parse().map_err(|_| ledger::LedgerRefusal::NoTab)?;
    let id: SettlementId = fields.id("settlement")?;
    let way = fields.one("rail").and_then(manual::Way::from_name);
    let way = way.ok_or_else(|| Problem::new(&FIELD_INVALID).field("rail"))?;
    let received = Received {
        id,
        rail: rails::MANUAL.number,
        amount: amount(&app, fields.one("amount").unwrap_or(""), "amount")?,
        rail_fee: app.nothing(),
        reference: way.reference(fields.one("reference").unwrap_or("")),
        excess: ledger::Excess::Refused,
    };
    let (lines, now) = settle(&app, tab, received).await?;
    if ask.takes_html {
        return Ok(Redirect::to("/desk").into_response());
    }
    let body = json!({
        "settlement": id.to_string(), "lines": lines, "total": money_json(now.owed),
    });
    Ok(axum::Json(body).into_response())
}

/// `POST /desk/authors/{author}/payouts`: money that the operator has sent to an author, or that a rail is to send (`by`).
pub async fn pay_author(
    State(app): State<Shared>,
    _: SignedOperator,
    Path(author): Path<String>,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let author = author.parse().map_err(|_| Problem::new(&PAGE_MISSING))?;
    let id = fields.id("payout")?;
    let amount = amount(&app, fields.one("amount").unwrap_or(""), "amount")?;
    if let Some(rail) = fields.one("by") {
        let send = Send { id, author, rail: rail.to_owned(), amount };
        let order = begin(&app, &send).await?;
        if ask.takes_html {
            return Ok(Redirect::to("/desk").into_response());
        }
        return Ok(axum::Json(payouts::as_json(&order)).into_response());
    }
    let sent =
        Sent { id, author, amount, reference: fields.one("reference").unwrap_or("").to_owned() };
    let paid = pay_out(&app, sent).await?;
    if ask.takes_html {
        return Ok(Redirect::to("/desk").into_response());
    }
    let body = json!({ "payout": id.to_string(), "available": money_json(paid.available) });
    Ok(axum::Json(body).into_response())
}

/// `POST /desk/charges/{charge}/seen`: the operator has looked at a payment that was refused.
pub async fn see_charge(
    State(app): State<Shared>,
    _: SignedOperator,
    Path(charge): Path<String>,
    ask: Ask,
) -> Asked {
    let id: SettlementId = charge.parse().map_err(|_| Problem::new(&CHARGE_UNKNOWN))?;
    let now = app.now();
    if !app.store.write(move |db| charge::seen(db, id, now)).await? {
        return Err(Problem::new(&CHARGE_UNKNOWN));
    }
    if ask.takes_html {
        return Ok(Redirect::to("/desk").into_response());
    }
    Ok(axum::Json(json!({ "charge": id.to_string(), "seen": true })).into_response())
}

/// `POST /desk/books`: checks the books now.
pub async fn check_books(State(app): State<Shared>, _: SignedOperator, ask: Ask) -> Asked {
    let state = super::check_books(&app).await?;
    if ask.takes_html {
        return Ok(Redirect::to("/desk").into_response());
    }
    let body = json!({
        "balanced": state.balanced, "findings": state.findings, "transfers": state.transfers,
    });
    Ok(axum::Json(body).into_response())
}
