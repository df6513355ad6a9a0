//! Statements of the operator's bank, over HTTP. Every door is the operator's alone.

use super::sheet::Chosen;
use super::statement::{FILE_MOST, LeftOut};
use super::{LookedOver, Verdict, keep, look_over, put_aside, put_on_tab, tab_named, take_in};
use crate::app::{App, Shared};
use crate::body::{Fields, unreadable};
use crate::pages::bank::{
    BankPage, Column, Columns, Count, CreditRow, Done, JudgedRow, StatementPage,
};
use crate::people::{SignedIn, SignedOperator};
use crate::problem::{
    PAGE_MISSING, Problem, REQUEST_MALFORMED, REQUEST_TIMEOUT, REQUEST_TOO_LARGE,
};
use crate::rails::transfer::reference::grouped;
use crate::render::html;
use crate::request::Ask;
use crate::store::bank::{self, Entry};
use crate::tabs::http::money_json;
use axum::body::{Body, to_bytes};
use axum::extract::multipart::Multipart;
use axum::extract::{FromRequest as _, Path, Query, Request, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header;
use ledger::{BankEntryId, StatementId};
use serde_json::json;
use std::collections::HashMap;
use std::time::Duration;

/// Credits on one page.
const CREDITS: usize = 200;
/// How long a statement may take to arrive.
const FILE_TIME: Duration = Duration::from_secs(60);

type Asked = Result<Response, Problem>;

/// `GET /desk/bank`.
pub async fn show_bank(
    State(app): State<Shared>,
    _: SignedOperator,
    Query(query): Query<HashMap<String, String>>,
    ask: Ask,
) -> Asked {
    let read = app
        .store
        .read(|db| Ok((bank::waiting(db, CREDITS as i64)?, bank::aside(db, CREDITS as i64)?)));
    let (waiting, aside) = read.await?;
    if !ask.takes_html {
        let body = json!({ "waiting": waiting.iter().map(entry_json).collect::<Vec<_>>() });
        return Ok(axum::Json(body).into_response());
    }
    let iban = app.settings.rails.transfer.as_ref().map(|on| grouped(&on.payee.iban));
    html(&BankPage {
        page: ask.page_for(&app, &ask.locale.text("bank-title"), &SignedIn::Operator),
        iban: iban.unwrap_or_default(),
        done: done(&query),
        waiting: waiting.iter().map(credit_row).collect(),
        aside: aside.iter().map(credit_row).collect(),
    })
}

fn done(query: &HashMap<String, String>) -> Option<Done> {
    let count = |name: &str| query.get(name).and_then(|text| text.parse().ok());
    Some(Done { placed: count("placed")?, waiting: count("waiting")?, known: count("known")? })
}

fn entry_json(entry: &Entry) -> serde_json::Value {
    json!({ "entry": entry.id.to_string(), "amount": money_json(entry.amount), "said": entry.said })
}

fn credit_row(entry: &Entry) -> CreditRow {
    CreditRow {
        entry: entry.id.to_string(),
        on: entry.booked_on,
        amount: entry.amount,
        said: entry.said.clone(),
        tab: named(&entry.said),
    }
}

/// The tab that a text names, where one of its words is one, or two following each other.
fn named(said: &str) -> String {
    let words: Vec<&str> =
        said.split([' ', '·', ':', '/', ',']).filter(|word| !word.is_empty()).collect();
    let pairs = words.windows(2).map(|pair| pair.concat());
    let found =
        words.iter().map(|&word| word.to_owned()).chain(pairs).find_map(|text| tab_named(&text));
    found.map(|tab| tab.to_string()).unwrap_or_default()
}

/// `POST /desk/bank`: a statement, as the field `file` of a form or as the whole body.
pub async fn bring_statement(
    State(app): State<Shared>,
    _: SignedOperator,
    ask: Ask,
    request: Request,
) -> Asked {
    let file = tokio::time::timeout(FILE_TIME, file_of(request)).await;
    let file = file.map_err(|error| Problem::new(&REQUEST_TIMEOUT).because(error))??;
    let statement = keep(&app, file).await?;
    if ask.takes_html {
        return Ok(Redirect::to(&format!("/desk/bank/{statement}")).into_response());
    }
    shown_json(&statement, &look_over(&app, statement, Chosen::default()).await?)
}

async fn file_of(request: Request) -> Result<Vec<u8>, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data")) {
        return Ok(to_bytes(request.into_body(), FILE_MOST)
            .await
            .map_err(|error| unreadable(&error))?
            .to_vec());
    }
    let malformed = |error: String| Problem::new(&REQUEST_MALFORMED).field("file").because(error);
    let form = Multipart::from_request(request.map(Body::new), &()).await;
    let mut form = form.map_err(|error| malformed(error.body_text()))?;
    while let Some(mut part) =
        form.next_field().await.map_err(|error| malformed(error.body_text()))?
    {
        if part.name() != Some("file") {
            continue;
        }
        let mut file = Vec::new();
        while let Some(piece) = part.chunk().await.map_err(|error| malformed(error.body_text()))? {
            if file.len() + piece.len() > FILE_MOST {
                return Err(Problem::new(&REQUEST_TOO_LARGE).field("file"));
            }
            file.extend_from_slice(&piece);
        }
        return Ok(file);
    }
    Err(malformed("no field `file`".into()))
}

/// `GET /desk/bank/{statement}`: what was understood. `day` and `amount` say which columns of a table are which.
pub async fn show_statement(
    State(app): State<Shared>,
    _: SignedOperator,
    Path(statement): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    ask: Ask,
) -> Asked {
    let statement = id_of(&statement)?;
    let chosen = chosen(|name| query.get(name).map(String::as_str));
    let seen = look_over(&app, statement, chosen).await?;
    if !ask.takes_html {
        return shown_json(&statement, &seen);
    }
    html(&statement_page(&app, &ask, statement, &seen))
}

fn id_of(statement: &str) -> Result<StatementId, Problem> {
    statement.parse().map_err(|_| Problem::new(&PAGE_MISSING))
}

fn chosen<'a>(field: impl Fn(&'static str) -> Option<&'a str>) -> Chosen {
    let column = |name| field(name).and_then(|text| text.parse().ok());
    Chosen { day: column("day"), amount: column("amount") }
}

fn statement_page(
    app: &App,
    ask: &Ask,
    statement: StatementId,
    seen: &LookedOver,
) -> StatementPage {
    let columns = seen.layout.as_ref().map(|layout| Columns {
        all: layout
            .headings
            .iter()
            .enumerate()
            .map(|(at, heading)| Column { at, heading: heading.clone() })
            .collect(),
        day: layout.day,
        amount: layout.amount,
    });
    StatementPage {
        page: ask.page_for(app, &ask.locale.text("statement-title"), &SignedIn::Operator),
        statement: statement.to_string(),
        columns,
        counts: counts(seen),
        credits: seen.credits.iter().take(CREDITS).map(judged_row).collect(),
        more: small(seen.credits.len().saturating_sub(CREDITS)),
    }
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// How many credits there are of each verdict, and how much was left out; what does not occur is not spoken of.
fn counts(seen: &LookedOver) -> Vec<Count> {
    let of = |wanted: fn(&Verdict) -> bool| {
        seen.credits.iter().filter(|(_, verdict)| wanted(verdict)).count()
    };
    let LeftOut { debits, not_booked, other_currency, other_account, no_booking } = seen.left_out;
    let all = [
        ("statement-count-pays", of(|verdict| matches!(verdict, Verdict::Pays(_)))),
        ("statement-count-unmatched", of(|verdict| matches!(verdict, Verdict::Unmatched))),
        (
            "statement-count-unclear",
            of(|verdict| matches!(verdict, Verdict::Several | Verdict::Alike)),
        ),
        ("statement-count-known", of(|verdict| matches!(verdict, Verdict::Known))),
        ("statement-count-debits", debits),
        ("statement-count-not-booked", not_booked),
        ("statement-count-currency", other_currency),
        ("statement-count-account", other_account),
        ("statement-count-no-booking", no_booking),
    ];
    let some = all.into_iter().filter(|(_, count)| *count > 0);
    some.map(|(words, count)| Count { words, count: small(count) }).collect()
}

const fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Known => "statement-known",
        Verdict::Pays(_) => "statement-pays",
        Verdict::Unmatched => "statement-unmatched",
        Verdict::Several => "statement-several",
        Verdict::Alike => "statement-alike",
    }
}

fn judged_row((entry, verdict): &(Entry, Verdict)) -> JudgedRow {
    let tab = match verdict {
        Verdict::Pays(place) => Some(place.tab),
        Verdict::Known | Verdict::Unmatched | Verdict::Several | Verdict::Alike => None,
    };
    JudgedRow {
        on: entry.booked_on,
        amount: entry.amount,
        said: entry.said.clone(),
        verdict: words(*verdict),
        is_matched: tab.is_some(),
        tab: tab.map(|tab| tab.to_string()).unwrap_or_default(),
    }
}

fn shown_json(statement: &StatementId, seen: &LookedOver) -> Asked {
    let credit = |(entry, verdict): &(Entry, Verdict)| {
        let mut body = entry_json(entry);
        body["verdict"] = words(*verdict).trim_start_matches("statement-").into();
        body
    };
    let credits: Vec<serde_json::Value> = seen.credits.iter().map(credit).collect();
    let columns = seen.layout.as_ref().map(
        |layout| json!({ "headings": layout.headings, "day": layout.day, "amount": layout.amount }),
    );
    let body =
        json!({ "statement": statement.to_string(), "columns": columns, "credits": credits });
    Ok(axum::Json(body).into_response())
}

/// `POST /desk/bank/{statement}`: takes a statement in.
pub async fn take_statement(
    State(app): State<Shared>,
    _: SignedOperator,
    Path(statement): Path<String>,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let chosen = chosen(|name| fields.one(name));
    let taken = take_in(&app, id_of(&statement)?, chosen).await?;
    let (placed, waiting, known) = (taken.placed, taken.waiting, taken.known);
    if ask.takes_html {
        let page = format!("/desk/bank?placed={placed}&waiting={waiting}&known={known}");
        return Ok(Redirect::to(&page).into_response());
    }
    Ok(axum::Json(json!({ "placed": placed, "waiting": waiting, "known": known })).into_response())
}

/// `POST /desk/bank/entries/{entry}/tab`: puts a credit on a tab.
pub async fn put_entry_on_tab(
    State(app): State<Shared>,
    _: SignedOperator,
    Path(entry): Path<String>,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let entry = entry_of(&entry)?;
    let tab = fields.one("tab").and_then(tab_named);
    let tab = tab.ok_or_else(|| {
        Problem::invalid("tab", "bank-tab-unknown").next("bank-back", "/desk/bank")
    })?;
    put_on_tab(&app, entry, tab).await?;
    answered(&ask, json!({ "entry": entry.to_string(), "tab": tab.to_string() }))
}

/// `POST /desk/bank/entries/{entry}/aside`: puts a credit aside, or takes it up again.
pub async fn put_entry_aside(
    State(app): State<Shared>,
    _: SignedOperator,
    Path(entry): Path<String>,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let entry = entry_of(&entry)?;
    let aside = fields.one("aside") != Some("no");
    put_aside(&app, entry, aside).await?;
    answered(&ask, json!({ "entry": entry.to_string(), "aside": aside }))
}

fn entry_of(entry: &str) -> Result<BankEntryId, Problem> {
    entry.parse().map_err(|_| Problem::new(&PAGE_MISSING))
}

fn answered(ask: &Ask, body: serde_json::Value) -> Asked {
    if ask.takes_html {
        return Ok(Redirect::to("/desk/bank").into_response());
    }
    Ok(axum::Json(body).into_response())
}
