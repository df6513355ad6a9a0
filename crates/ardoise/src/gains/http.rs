//! The gains over HTTP: the page, its live numbers, and the export.

use super::{Gains, addresses, calendar, export, gains, live};
use crate::app::{App, Shared};
use crate::pages::charts::{Bar, BarChart};
use crate::pages::gains::{ChannelGain, Funnel, GainsPage, PayoutRow, Period, WorkGain};
use crate::pages::locale::Arg;
use crate::pages::{Locale, format};
use crate::people::{SignedAuthor, SignedIn};
use crate::problem::Problem;
use crate::rails::sending::words_of_return;
use crate::rails::{self, port::Waits};
use crate::render::html;
use crate::request::Ask;
use crate::store::gains::Figures;
use crate::store::payout::Payout;
use crate::store::payout_order::State as Stand;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, header};
use ledger::Timestamp;
use std::collections::HashMap;

type Asked = Result<Response, Problem>;

fn period(query: &HashMap<String, String>) -> Period {
    Period::from_value(query.get("period").map_or("", String::as_str))
}

/// `GET /gains?period=`.
pub async fn show_gains(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    Query(query): Query<HashMap<String, String>>,
    ask: Ask,
) -> Asked {
    let period = period(&query);
    let gains = gains(&app, author.id, period).await?;
    let id = author.id;
    let addresses = app.store.read(|db| addresses::rows(&app, db, id)).await?;
    let page = page(&app, &ask, &SignedIn::Author(author), period, gains);
    html(&GainsPage { addresses, ..page })
}

/// `GET /gains/stream?period=`: the numbers of the page as they change, as server-sent events.
pub async fn follow(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    Query(query): Query<HashMap<String, String>>,
    ask: Ask,
) -> Response {
    let events = live::events(app, author.id, ask.locale, period(&query));
    // A proxy that gathers answers before it passes them on would keep the events to itself.
    let unbuffered = (HeaderName::from_static("x-accel-buffering"), "no");
    ([unbuffered], Sse::new(events).keep_alive(KeepAlive::default())).into_response()
}

/// `GET /gains.csv?period=`.
pub async fn export(
    State(app): State<Shared>,
    SignedAuthor(author): SignedAuthor,
    Query(query): Query<HashMap<String, String>>,
) -> Asked {
    let period = period(&query);
    let name = format!("gains-{}-{}.csv", period.value(), format::machine_date(app.now()));
    let rows = export::rows(app, author.id, period).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(rows)).into_response())
}

fn page(app: &App, ask: &Ask, who: &SignedIn, period: Period, gains: Gains) -> GainsPage {
    let locale = ask.locale;
    GainsPage {
        page: ask.page_for(app, &locale.text("gains-title"), who),
        period,
        today: gains.today.share,
        week: gains.week.share,
        bought_basis_points: bought(&gains.period),
        undone_basis_points: undone(&gains.period),
        pending: gains.pending,
        available: gains.available,
        paid_out: gains.paid_out,
        under_way: gains.under_way,
        addresses: Vec::new(),
        rail_fees: gains.rail_fees,
        payouts: gains.payouts.into_iter().map(payout).collect(),
        chart: chart(locale, period, &gains.steps, app.now()),
        works: gains.works.into_iter().map(work_gain).collect(),
        channels: gains.channels.into_iter().map(channel_gain).collect(),
    }
}

fn payout(payout: Payout) -> PayoutRow {
    let is_under_way = payout.state == Some(Stand::Begun) && !payout.has_returned;
    let words = if payout.has_returned {
        Some(words_of_return(&payout.reason))
    } else {
        is_under_way.then(|| Waits::from_code(&payout.reason).unwrap_or(Waits::Rail).words())
    };
    let (at, amount, has_returned) = (payout.paid_at, payout.amount, payout.has_returned);
    let rail = payout.state.map(|_| format!("rail-{}", rails::name_of(payout.rail)));
    // What the operator wrote down says something to the author; what a rail calls it does not.
    let reference = if rail.is_none() { payout.reference } else { String::new() };
    PayoutRow { at, amount, reference, rail, words, has_returned }
}

fn work_gain((work, title, figures): (ledger::WorkId, String, Figures)) -> WorkGain {
    let (gross, net) = (figures.gross, figures.share);
    WorkGain { work: work.to_string(), title, gross, net, funnel: funnel(&figures) }
}

fn channel_gain((channel, figures): (String, Figures)) -> ChannelGain {
    ChannelGain { channel, net: figures.share, funnel: funnel(&figures) }
}

fn funnel(figures: &Figures) -> Funnel {
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    Funnel {
        visits: count(figures.visits),
        taps: count(figures.taps),
        kept: kept(figures),
        undone: count(figures.undone),
    }
}

/// Copies that were not undone.
pub fn kept(figures: &Figures) -> u64 {
    u64::try_from(figures.taps - figures.undone).unwrap_or(0)
}

/// Of the visits, the share that taps, in basis points. Programs tap without a visit, so it is capped.
pub(super) fn bought(figures: &Figures) -> u64 {
    basis_points(figures.taps, figures.visits)
}

/// Of the taps, the share that is undone, in basis points.
pub(super) fn undone(figures: &Figures) -> u64 {
    basis_points(figures.undone, figures.taps)
}

fn basis_points(part: i64, whole: i64) -> u64 {
    let (part, whole) = (u64::try_from(part).unwrap_or(0), u64::try_from(whole).unwrap_or(0));
    part.saturating_mul(10_000).checked_div(whole).unwrap_or(0).min(10_000)
}

fn chart(
    locale: Locale,
    period: Period,
    steps: &[(Timestamp, ledger::Money)],
    now: Timestamp,
) -> BarChart {
    let name_heading = match period {
        Period::Today => locale.text("col-hour"),
        Period::Week | Period::Month => locale.text("col-day"),
        Period::All => locale.text("col-month"),
    };
    let bars = steps.iter().enumerate().map(|(place, (at, value))| {
        let (label, name) = names(locale, period, *at, now);
        Bar { label, name, value: *value, now: place + 1 == steps.len() }
    });
    let named = Arg::Word(locale.text(period.key()).into_owned());
    BarChart {
        locale,
        title: locale.text_with("gains-chart", &[("period", named)]).into_owned(),
        name_heading: name_heading.into_owned(),
        value_heading: locale.text("col-net").into_owned(),
        bars: bars.collect(),
    }
}

/// What stands under a bar, and what the table calls it.
fn names(locale: Locale, period: Period, at: Timestamp, now: Timestamp) -> (String, String) {
    let time = calendar(at);
    match period {
        Period::Today => (time.hour().to_string(), format::date_time(locale, at, now)),
        Period::Week | Period::Month => (time.day().to_string(), format::date(locale, at, now)),
        Period::All => {
            let month = u8::from(time.month());
            let name = locale.text_with("month", &[("month", Arg::Count(month.into()))]);
            (month.to_string(), format!("{name} {}", time.year()))
        }
    }
}
