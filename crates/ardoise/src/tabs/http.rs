//! Buying, undoing, the tab, settling and the library, over HTTP.

use super::settling::{awaited, failed_charge};
use super::{Taken, Tap, amount, buy, closed, giving_back, undo, waits_since};
use crate::api::buying::{Became, Bought, Tap as Sent, Undone};
use crate::app::{App, Shared};
use crate::body::Fields;
use crate::desk::giving_back::refund_row;
use crate::mail;
use crate::notices;
use crate::pages::binding::BoundRail;
use crate::pages::reader::{
    LibraryItem, LibraryPage, LineState as Shown, MailView, NoticeView, TabLine, TabPage,
    WithdrawalPage,
};
use crate::pages::{Notice, Page};
use crate::problem::{Problem, TAB_OVER_LIMIT, TAB_TOO_SMALL, TAB_UNKNOWN, WORK_UNKNOWN};
use crate::rails::{binding, mandates};
use crate::render::html;
use crate::request::{Ask, Claim, forget_tab, keep_tab};
use crate::store::statement::{self, Before, Shown as StoredLine};
use crate::store::{StoreError, refund_order, tab as tabs};
use crate::till::command::Purchase;
use crate::works;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::header;
use ledger::time::MICROS_PER_MINUTE;
use ledger::{LineId, LineState, Money, Tab, Timestamp, WorkId};
use serde_json::json;
use std::collections::HashMap;

/// Lines of a tab or works of a library on one page.
const LINES_ON_A_PAGE: i64 = 50;
/// Refunds on the page of a tab.
const REFUNDS_ON_A_PAGE: i64 = 20;
/// Days for which a reader is told that the shop has opened their tab again.
const REOPENED_DAYS: i64 = 30;
type Asked<T = Response> = Result<T, Problem>;

/// Buy a work
///
/// One tap of a reader. Without a tab one is opened, and the answer sets its cookie `ardoise_tab`: whoever shows it has the
/// tab. The same purchase again gets the same answer; a work that is on the tab already costs nothing.
#[utoipa::path(
    post,
    path = "/l/{slug}/buy",
    operation_id = "buy_work",
    tag = "reading",
    params(("slug" = String, Path, description = "The link.", example = "kq3vhw8r2m")),
    request_body = Sent,
    responses(
        (status = OK, description = "It is on the tab, or was before.", body = Bought),
        (status = SEE_OTHER, description = "The same, for a browser: the content."),
    ),
    security((), ("tab" = []))
)]
pub async fn buy_work(
    State(app): State<Shared>,
    Path(slug): Path<String>,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let purchase = fields.id("purchase")?;
    let seen = fields.one("amount").or_else(|| fields.one("price")).unwrap_or("");
    let tap = Tap {
        purchase,
        amount: amount(&app, seen, "price")?,
        typed: fields.one("typed").is_some(),
        channel: crate::links::channel(fields.one("via")),
        device: fields.one("device").and_then(Claim::read),
        slug,
    };
    if ask.tab_is_garbled {
        return Ok(without_tab(&app));
    }
    let (slug, price) = (tap.slug.clone(), tap.amount);
    match buy(&app, &ask, tap).await {
        Ok(taken) => Ok(bought(&app, &ask, &slug, &taken)),
        Err(problem) if [TAB_OVER_LIMIT.code, TAB_TOO_SMALL.code].contains(&problem.kind.code) => {
            Err(or_bind(&app, &ask, problem, price).await?)
        }
        Err(problem) if problem.kind.code == TAB_UNKNOWN.code => Ok(without_tab(&app)),
        Err(problem)
            if ask.takes_html && problem.kind.code == crate::problem::PRICE_CHANGED.code =>
        {
            Ok(Redirect::to(&format!("/l/{slug}?changed=1")).into_response())
        }
        Err(problem) => Err(problem),
    }
}

/// A tab that is full, whose reader could go on by binding a way to pay to it as well, where that makes room for `price`.
async fn or_bind(app: &App, ask: &Ask, problem: Problem, price: Money) -> Asked<Problem> {
    let Some(tab) = ask.own_tab(app).await? else { return Ok(problem) };
    let Some(limit) = binding::limit_with(app, &tab) else { return Ok(problem) };
    let after = tab.owed().and_then(|owed| owed.checked_add(price));
    let fits = after.map_err(ledger::LedgerRefusal::from)? <= limit;
    Ok(if fits { problem.or_next("bind-instead", "/tab/bind") } else { problem })
}

/// A tab that is not known is taken away from the device, so that the next tap opens one.
pub fn without_tab(app: &App) -> Response {
    let mut response = Problem::new(&TAB_UNKNOWN).into_response();
    response.headers_mut().append(header::SET_COOKIE, forget_tab(app));
    response
}

fn bought(app: &App, ask: &Ask, slug: &str, taken: &Taken) -> Response {
    let open = match taken.purchase {
        Purchase::UndoneSince => format!("/l/{slug}"),
        Purchase::Bought | Purchase::Again | Purchase::Owned => format!("/w/{}", taken.work),
    };
    let mut response = if ask.takes_html {
        Redirect::to(&open).into_response()
    } else {
        let status = match taken.purchase {
            Purchase::Bought | Purchase::Again => Became::Bought,
            Purchase::Owned => Became::Owned,
            Purchase::UndoneSince => Became::Undone,
        };
        let body = Bought {
            line: taken.line.to_string(),
            work: taken.work.to_string(),
            status,
            open,
            price: taken.amount.into(),
            total: taken.now.owed.into(),
            limit: taken.now.limit.into(),
        };
        axum::Json(body).into_response()
    };
    if let Some(claim) = &taken.opened {
        response.headers_mut().append(header::SET_COOKIE, keep_tab(app, claim));
    }
    response
}

/// An amount as programs exchange it.
pub fn money_json(money: Money) -> serde_json::Value {
    json!({ "amount": money.to_decimal(), "currency": money.currency().code() })
}

/// Undo a purchase
///
/// Takes a line off the tab whose cookie is shown, while there is time.
#[utoipa::path(
    post,
    path = "/lines/{line}/undo",
    operation_id = "undo_line",
    tag = "reading",
    params(("line" = String, Path, description = "The line.", example = "0134tk8d8w7mcsskwkw6s8njtx")),
    responses(
        (status = OK, description = "It is taken back.", body = Undone),
        (status = SEE_OTHER, description = "The same, for a browser: the tab."),
    ),
    security(("tab" = []))
)]
pub async fn undo_line(State(app): State<Shared>, Path(line): Path<String>, ask: Ask) -> Asked {
    let line: LineId = line.parse().map_err(|_| ledger::LedgerRefusal::NoLine)?;
    let taken_back = undo(&app, &ask, line).await?;
    if ask.takes_html {
        return Ok(Redirect::to(&format!("/tab?undone={line}")).into_response());
    }
    let body = Undone {
        line: line.to_string(),
        work: taken_back.work.to_string(),
        status: Became::Undone,
        total: taken_back.now.owed.into(),
    };
    Ok(axum::Json(body).into_response())
}

/// `GET /tab`.
pub async fn show_tab(
    State(app): State<Shared>,
    Query(query): Query<HashMap<String, String>>,
    ask: Ask,
) -> Asked {
    let tab = ask.own_tab(&app).await?;
    let mut page = ask.page(&app, &ask.locale.text("tab-title"), tab.as_ref());
    let Some(tab) = tab else { return html(&empty_tab(&app, page)) };
    let before = before(query.get("before"));
    let currency = app.currency();
    let lines =
        app.store.read(|db| statement::shown(db, tab.id, before, LINES_ON_A_PAGE, currency));
    let lines = lines.await?;
    let bound = mandates::shown(&app, tab.id).await?;
    page.notice = notice(&query, &lines, &bound);
    let told =
        (notices::http::shown(&app, &ask, &tab).await?, mail::http::view(&app, tab.id).await?);
    let read = app.store.read(|db| {
        let went_back = refund_order::shown(db, tab.id, REFUNDS_ON_A_PAGE, currency)?;
        Ok((went_back, tabs::reopened(db, tab.id)?))
    });
    let (went_back, reopened) = read.await?;
    let since = app.now().plus_days(-REOPENED_DAYS);
    html(&TabPage {
        reopened: reopened.filter(|at| *at >= since && !tab.is_closed()),
        failed: failed_charge(&app, &tab).await?,
        awaited: awaited(&app, &tab).await?,
        invitation: binding::invitation(&app, &ask, &tab),
        bound,
        give_back: giving_back::offered(&app, &tab).await?,
        refunds: went_back.iter().map(|shown| refund_row(&app, shown)).collect(),
        ..tab_page(&app, page, (&tab, told), &lines).await?
    })
}

/// What the reader is told once: about a line that was just taken back, or a way to pay that was just bound.
fn notice(
    query: &HashMap<String, String>,
    lines: &[StoredLine],
    bound: &[BoundRail],
) -> Option<Notice> {
    let undone = |name: &str| {
        let asked = query.get(name)?;
        let is_it = |shown: &&StoredLine| shown.line.id.to_string() == *asked;
        let shown = lines.iter().find(is_it).filter(|shown| shown.state == LineState::Undone)?;
        Some((shown.title.clone(), shown.line.shares.gross))
    };
    let reader = undone("undone").map(|(title, amount)| Notice::LineUndone { title, amount });
    reader
        .or_else(|| undone("missing").map(|(title, amount)| Notice::FileMissing { title, amount }))
        .or_else(|| (query.contains_key("bound") && !bound.is_empty()).then_some(Notice::Bound))
}

fn empty_tab(app: &App, page: Page) -> TabPage {
    let limit = app.settings.tariff.rules.limit_device;
    TabPage {
        page,
        owed: app.nothing(),
        open_lines: 0,
        limit,
        left: limit,
        settles_at: app.settings.tariff.rules.settle_at,
        settles_by: None,
        credit: app.nothing(),
        give_back: None,
        refunds: Vec::new(),
        awaited: Vec::new(),
        closed: None,
        reopened: None,
        bound: Vec::new(),
        failed: None,
        invitation: None,
        lines: Vec::new(),
        more: None,
        notices: Vec::new(),
        mail: MailView::Off,
    }
}

async fn tab_page(
    app: &App,
    page: Page,
    (tab, (notices, mail)): (&Tab, (Vec<NoticeView>, MailView)),
    lines: &[StoredLine],
) -> Result<TabPage, Problem> {
    let since = waits_since(app, tab).await?;
    let rules = &app.settings.tariff.rules;
    let owed = tab.owed().map_err(ledger::LedgerRefusal::from)?;
    let limit = rules.limit(tab);
    let left = limit.saturating_sub(owed).map_err(ledger::LedgerRefusal::from)?;
    let withheld = rules.withholds_undo(tab);
    Ok(TabPage {
        owed,
        reopened: None,
        open_lines: tab.open_lines,
        limit,
        left,
        settles_at: app.settings.tariff.rules.settle_at,
        settles_by: since.map(|at| at.plus_days(rules.due_days)),
        credit: tab.credit,
        closed: closed(app, tab, since),
        bound: Vec::new(),
        failed: None,
        invitation: None,
        give_back: None,
        refunds: Vec::new(),
        awaited: Vec::new(),
        lines: lines.iter().map(|shown| tab_line(app, shown, withheld)).collect(),
        more: more("/tab", lines),
        notices,
        mail,
        page,
    })
}

fn tab_line(app: &App, shown: &StoredLine, withheld: bool) -> TabLine {
    let line = &shown.line;
    let minutes = undo_minutes(app, line.bought_at).filter(|_| !withheld);
    let state = match shown.state {
        LineState::Undone => Shown::Refunded,
        LineState::Paid => Shown::Paid,
        LineState::WrittenOff => Shown::WrittenOff,
        LineState::Open if line.shares.gross.is_zero() => Shown::Free,
        LineState::Open => Shown::Open,
    };
    TabLine {
        line: line.id.to_string(),
        work: line.work.to_string(),
        title: shown.title.clone(),
        amount: line.shares.gross,
        at: line.bought_at,
        undo_minutes: minutes.filter(|_| shown.state != LineState::Undone),
        state,
    }
}

/// Whole minutes in which a line can still be undone.
pub fn undo_minutes(app: &App, bought_at: Timestamp) -> Option<u32> {
    let left = app.settings.tariff.rules.undo_until(bought_at).micros_since(app.now());
    u32::try_from(left.div_euclid(MICROS_PER_MINUTE)).ok()
}

fn before(text: Option<&String>) -> Before {
    let read = |text: &String| {
        let (at, line) = text.split_once('-')?;
        Some(Before { at: Timestamp::from_micros(at.parse().ok()?), line: line.parse().ok()? })
    };
    text.and_then(read).unwrap_or(Before::NEWEST)
}

fn more(path: &str, lines: &[StoredLine]) -> Option<String> {
    let last = lines.last().filter(|_| lines.len() as i64 == LINES_ON_A_PAGE)?;
    Some(format!("{path}?before={}-{}", last.line.bought_at.micros(), last.line.id))
}

/// `GET /library`.
pub async fn show_library(
    State(app): State<Shared>,
    Query(query): Query<HashMap<String, String>>,
    ask: Ask,
) -> Asked {
    let tab = ask.own_tab(&app).await?;
    let page = ask.page(&app, &ask.locale.text("library-title"), tab.as_ref());
    let (mut lines, mut kinds) = (Vec::new(), HashMap::new());
    if let Some(tab) = &tab {
        let (before, currency) = (before(query.get("before")), app.currency());
        let read = app.store.read(|db| {
            let lines = statement::shown(db, tab.id, before, LINES_ON_A_PAGE, currency)?;
            let works: Vec<WorkId> = lines.iter().map(|shown| shown.line.work).collect();
            Ok::<_, StoreError>((lines, works::kinds(db, &works, currency)?))
        });
        (lines, kinds) = read.await?;
    }
    let more = more("/library", &lines);
    let mut items = Vec::new();
    for shown in lines.into_iter().filter(|shown| shown.state != LineState::Undone) {
        let kind = kinds.get(&shown.line.work).ok_or_else(|| Problem::new(&WORK_UNKNOWN))?;
        items.push(LibraryItem {
            work: shown.line.work.to_string(),
            line: shown.line.id.to_string(),
            title: shown.title,
            author: shown.author,
            kind: kind.clone(),
            at: shown.line.bought_at,
        });
    }
    html(&LibraryPage { page, items, more })
}

/// `GET /withdrawal`.
pub async fn show_withdrawal(State(app): State<Shared>, ask: Ask) -> Asked {
    let tab = ask.own_tab(&app).await?;
    let settings = &app.settings;
    html(&WithdrawalPage {
        page: ask.page(&app, &ask.locale.text("withdrawal-title"), tab.as_ref()),
        seller: settings.seller.clone(),
        email: Some(settings.email.clone()).filter(|email| !email.is_empty()),
        undo_minutes: u32::try_from(settings.tariff.rules.undo_minutes).unwrap_or(0),
    })
}
