//! Sending authors what is available to them by a rail, and what becomes of it, over HTTP. Every door is the operator's alone.

use super::giving_back::words;
use crate::app::{App, Shared};
use crate::body::Fields;
use crate::pages::Locale;
use crate::pages::desk::AuthorRow;
use crate::pages::format;
use crate::pages::locale::Arg;
use crate::pages::payouts::{PayoutStand, SendBy, SendToAll};
use crate::people::SignedOperator;
use crate::problem::{PAGE_MISSING, Problem, REQUEST_MALFORMED};
use crate::rails::payouts::{self, Send};
use crate::rails::port::{PayoutTerms, Rail, Waits};
use crate::rails::sending::words_of_return;
use crate::request::Ask;
use crate::store::payout_order::{self, Order, State as Stand};
use crate::store::{Db, StoreError, payout_address};
use crate::tabs::http::money_json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use ledger::{AuthorId, Money, PayoutId, RailNumber};
use serde_json::json;
use std::collections::HashMap;

type Asked = Result<Response, Problem>;

/// Ways to send an author so much: rails to which they have given an address. Besides, whether an address is all that lacks.
///
/// # Errors
/// The store's.
pub fn sends(
    app: &App,
    db: &dyn Db,
    author: AuthorId,
    payable: Money,
) -> Result<(Vec<SendBy>, bool), StoreError> {
    let mut fitting = payouts::rails(app).filter(|(_, terms)| fits(terms, payable)).peekable();
    if fitting.peek().is_none() {
        return Ok((Vec::new(), false));
    }
    let given: HashMap<RailNumber, String> =
        payout_address::of_author(db, author)?.into_iter().collect();
    let sends: Vec<SendBy> = fitting
        .filter_map(|(rail, terms)| {
            let address = given.get(&rail.terms().number)?.clone();
            let fee = terms.fee_on(payable, rail.terms().unit).ok()?;
            let name = rail.terms().name;
            Some(SendBy { rail: name.into(), words: format!("rail-{name}"), address, fee })
        })
        .collect();
    let lacks_address = sends.is_empty();
    Ok((sends, lacks_address))
}

fn fits(terms: &PayoutTerms, amount: Money) -> bool {
    let too_much = terms.maximum.is_some_and(|most| amount > most);
    !amount.is_zero() && amount >= terms.minimum && !too_much
}

/// For each rail that pays authors a form that sends everybody what they have, where anybody has enough.
pub fn to_all(app: &App, locale: Locale, authors: &[AuthorRow]) -> Vec<SendToAll> {
    let forms =
        payouts::rails(app).filter_map(|(rail, _)| to_all_by(app, locale, &**rail, authors));
    forms.collect()
}

fn to_all_by(
    app: &App,
    locale: Locale,
    rail: &dyn Rail,
    authors: &[AuthorRow],
) -> Option<SendToAll> {
    let name = rail.terms().name;
    let has_enough = |author: &&AuthorRow| {
        let can_be_sent = author.sends.iter().any(|send| send.rail == name);
        can_be_sent && author.available >= app.settings.payout_minimum
    };
    let paid: Vec<&AuthorRow> = authors.iter().filter(has_enough).collect();
    if paid.is_empty() {
        return None;
    }
    let sum = paid.iter().try_fold(app.nothing(), |sum, author| sum.checked_add(author.payable()));
    let args = [
        ("count", Arg::Count(paid.len() as u64)),
        ("amount", Arg::Word(format::money(locale, sum.ok()?))),
        ("rail", Arg::Word(locale.text(&format!("rail-{name}")).into_owned())),
    ];
    let payouts = paid.into_iter().map(|author| {
        format!("{} {} {}", author.payout, author.author, author.payable().to_decimal())
    });
    Some(SendToAll {
        rail: name.into(),
        label: locale.text_with("desk-pay-all", &args).into_owned(),
        payouts: payouts.collect(),
    })
}

/// How a payout stands, for the operator.
pub fn stand(app: &App, order: &Order, author: String) -> PayoutStand {
    let waits = Waits::from_code(&order.reason);
    let (stand, failure) = if order.state == Stand::Returned {
        (words_of_return(&order.reason), String::new())
    } else if let Some(waits) = waits {
        (waits.words(), String::new())
    } else {
        ("desk-payout-doubt", order.reason.clone())
    };
    PayoutStand {
        payout: order.pay_out.id.to_string(),
        author,
        words: words(app, order.pay_out.rail),
        reference: order.reference.clone(),
        amount: order.pay_out.amount,
        stand,
        failure,
        has_returned: order.state == Stand::Returned,
    }
}

/// A payout for programs.
pub fn as_json(order: &Order) -> serde_json::Value {
    json!({
        "payout": order.pay_out.id.to_string(),
        "author": order.pay_out.author.to_string(),
        "state": order.state.name(),
        "amount": money_json(order.pay_out.amount),
    })
}

/// `POST /desk/payouts`: everybody who is named is sent what the page said. Whoever cannot be, by now, is left out.
pub async fn send_all(
    State(app): State<Shared>,
    _: SignedOperator,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let by = fields.one("by").unwrap_or("").to_owned();
    payouts::rail(&app, &by)?;
    let wrong = || Problem::new(&REQUEST_MALFORMED).field("send");
    let named: Option<Vec<Send>> =
        fields.every("send").map(|text| named(&app, &by, text)).collect();
    let mut sent = Vec::new();
    for one in named.filter(|named| !named.is_empty()).ok_or_else(wrong)? {
        match payouts::begin_later(&app, &one).await {
            Ok(order) => sent.push(as_json(&order)),
            Err(problem) if problem.kind.status.is_client_error() => {
                tracing::info!(payout = %one.id, code = problem.kind.code, "a payout is left out");
            }
            Err(problem) => return Err(problem),
        }
    }
    if ask.takes_html {
        return Ok(Redirect::to("/desk").into_response());
    }
    Ok(axum::Json(json!({ "payouts": sent })).into_response())
}

fn named(app: &App, by: &str, text: &str) -> Option<Send> {
    let mut parts = text.split(' ');
    let (id, author) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let amount = Money::parse(parts.next()?, app.currency()).ok()?;
    parts.next().is_none().then(|| Send { id, author, rail: by.to_owned(), amount })
}

/// `POST /desk/payouts/{payout}/seen`: the operator has looked at a payout that came back.
pub async fn see(
    State(app): State<Shared>,
    _: SignedOperator,
    Path(payout): Path<String>,
    ask: Ask,
) -> Asked {
    let unknown = || Problem::new(&PAGE_MISSING);
    let id: PayoutId = payout.parse().map_err(|_| unknown())?;
    let now = app.now();
    if !app.store.write(move |db| payout_order::seen(db, id, now)).await? {
        return Err(unknown());
    }
    if ask.takes_html {
        return Ok(Redirect::to("/desk").into_response());
    }
    Ok(axum::Json(json!({ "payout": id.to_string(), "seen": true })).into_response())
}
