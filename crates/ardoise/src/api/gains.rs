//! Gains, for programs: the very numbers of the page and of the books.

use super::caller::Caller;
use super::input::Asked;
use super::wire::{Amount, instant};
use crate::app::Shared;
use crate::gains;
use crate::pages::gains::Period as Shown;
use crate::problem::Problem;
use crate::rails;
use crate::rails::port::{Reason, Waits};
use crate::store::gains::{Figures as Counted, Way, by_way};
use crate::store::payout::Payout as Sent;
use crate::store::payout_order::State as Stand;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Links and channels that are told at most.
const WAYS_MOST: i64 = 200;

/// The time that gains are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub enum Period {
    /// Since midnight (UTC).
    #[serde(rename = "today")]
    Today,
    /// The last seven days, today among them.
    #[default]
    #[serde(rename = "7")]
    Week,
    /// The last thirty days.
    #[serde(rename = "30")]
    Month,
    /// From the beginning.
    #[serde(rename = "all")]
    All,
}

impl From<Period> for Shown {
    fn from(period: Period) -> Self {
        match period {
            Period::Today => Self::Today,
            Period::Week => Self::Week,
            Period::Month => Self::Month,
            Period::All => Self::All,
        }
    }
}

/// Which gains.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct GainsAsked {
    /// The time they are about.
    #[param(inline, value_type = Option<Period>)]
    pub period: Period,
}

/// What was sold: purchases that were undone count as taps, and not in the sums.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Figures {
    /// Visits of pages.
    #[schema(example = 120)]
    pub visits: i64,
    /// Purchases, undone ones too.
    #[schema(example = 14)]
    pub taps: i64,
    /// Purchases that were undone.
    #[schema(example = 2)]
    pub undone: i64,
    /// Purchases that were kept.
    #[schema(example = 12)]
    pub kept: i64,
    /// What readers pay for those that were kept, tax included.
    pub gross: Amount,
    /// The author's share of it.
    pub share: Amount,
}

impl From<Counted> for Figures {
    fn from(counted: Counted) -> Self {
        Self {
            visits: counted.visits,
            taps: counted.taps,
            undone: counted.undone,
            kept: counted.taps - counted.undone,
            gross: counted.gross.into(),
            share: counted.share.into(),
        }
    }
}

/// What was sold of a work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WorkGains {
    /// The work.
    #[schema(example = "wrk_01vgz93hs0v2w")]
    pub work: String,
    /// Its title.
    #[schema(example = "Night bus")]
    pub title: String,
    /// What was sold.
    pub figures: Figures,
}

/// What was sold through a link on a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LinkGains {
    /// The work.
    #[schema(example = "wrk_01vgz93hs0v2w")]
    pub work: String,
    /// The link.
    #[schema(example = "lnk_01vgz93hs0v2x")]
    pub link: String,
    /// The channel (`?via=`); may be empty.
    #[schema(example = "mastodon")]
    pub channel: String,
    /// What was sold.
    pub figures: Figures,
}

impl From<(Way, Counted)> for LinkGains {
    fn from((way, counted): (Way, Counted)) -> Self {
        Self {
            work: way.work.to_string(),
            link: way.link.to_string(),
            channel: way.channel,
            figures: counted.into(),
        }
    }
}

/// What was earned in an hour, a day or a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Step {
    /// When it begins.
    #[schema(format = DateTime, example = "2026-11-22T00:00:00Z")]
    pub from: String,
    /// The author's share.
    pub share: Amount,
}

/// What an author earns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Gains {
    /// The period.
    pub period: Period,
    /// What was sold in the period. Sales count when they were made, also when they are undone later.
    pub total: Figures,
    /// By work, best first: the best 200.
    pub works: Vec<WorkGains>,
    /// By link and channel, best first: the best 200.
    pub links: Vec<LinkGains>,
    /// By hour for today, by day for 7 and 30 days, by month for all.
    pub steps: Vec<Step>,
    /// On tabs that are not settled yet, whatever the period.
    pub pending: Amount,
    /// Settled, to be paid out, whatever the period.
    pub available: Amount,
    /// What rails (cards, PayPal, …) kept of what was settled so far: gone from what is available.
    pub rail_fees: Amount,
    /// Paid out so far.
    pub paid_out: Amount,
    /// On its way by a rail: neither available any more nor paid out yet.
    pub under_way: Amount,
    /// The newest 50 payouts, newest first.
    pub payouts: Vec<Payout>,
}

/// Money that was sent to the author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Payout {
    /// Its id.
    #[schema(example = "pay_03fh1ar8t9a6y")]
    pub payout: String,
    /// When it was written down.
    #[schema(format = DateTime, example = "2026-11-22T00:00:00Z")]
    pub at: String,
    /// How much.
    pub amount: Amount,
    /// The rail by which it was sent.
    #[schema(example = "manual")]
    pub rail: String,
    /// What whoever sent it wrote down, or the rail calls it.
    #[schema(example = "SEPA 2026-11-22 4711")]
    pub reference: String,
    /// How it stands.
    pub state: PayoutState,
    /// Why it came back, or for what it waits; nothing where nobody said: `late` (nobody claimed it in time), `means` (the address
    /// cannot receive it), `funds`, `cancelled`, `unserved`, `too_much`, `refused`; `unclaimed`, `review`.
    #[schema(example = "late")]
    pub reason: Option<String>,
}

/// How a payout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PayoutState {
    /// The author has it, as far as anybody knows.
    Done,
    /// A rail has it.
    UnderWay,
    /// It was not sent, or came back: it is available again.
    Returned,
}

/// Get the gains
///
/// Exact to the millionth at the moment of the answer: they are what the books say.
#[utoipa::path(
    get,
    path = "/api/v1/gains",
    operation_id = "get_gains",
    tag = "gains",
    params(GainsAsked),
    responses((status = OK, description = "The gains.", body = Gains))
)]
pub async fn show(
    State(app): State<Shared>,
    Caller(author): Caller,
    Asked(asked): Asked<GainsAsked>,
) -> Result<Json<Gains>, Problem> {
    gains::catch_up(&app).await?;
    let (period, now, currency) = (Shown::from(asked.period), app.now(), app.currency());
    let read = app.store.read(|db| {
        let hours = gains::hours(period, now);
        let ways = by_way(db, author, hours, WAYS_MOST, currency)?;
        Ok((gains::read(db, author, period, now, currency)?, ways))
    });
    let (gains, ways) = read.await?;
    Ok(Json(told(asked.period, gains, ways)))
}

fn told(period: Period, gains: gains::Gains, ways: Vec<(Way, Counted)>) -> Gains {
    let works = gains.works.into_iter().map(|(work, title, counted)| WorkGains {
        work: work.to_string(),
        title,
        figures: counted.into(),
    });
    let steps = gains.steps.into_iter();
    Gains {
        period,
        total: gains.period.into(),
        works: works.collect(),
        links: ways.into_iter().map(LinkGains::from).collect(),
        steps: steps.map(|(at, share)| Step { from: instant(at), share: share.into() }).collect(),
        pending: gains.pending.into(),
        available: gains.available.into(),
        rail_fees: gains.rail_fees.into(),
        paid_out: gains.paid_out.into(),
        under_way: gains.under_way.into(),
        payouts: gains.payouts.into_iter().map(Payout::from).collect(),
    }
}

impl From<Sent> for Payout {
    fn from(sent: Sent) -> Self {
        Self {
            payout: sent.id.to_string(),
            at: instant(sent.paid_at),
            amount: sent.amount.into(),
            rail: rails::name_of(sent.rail),
            state: state(&sent),
            reason: told_reason(&sent.reason),
            reference: sent.reference,
        }
    }
}

fn state(sent: &Sent) -> PayoutState {
    match sent.state {
        _ if sent.has_returned => PayoutState::Returned,
        Some(Stand::Begun) => PayoutState::UnderWay,
        Some(Stand::Done | Stand::Returned | Stand::Refused) | None => PayoutState::Done,
    }
}

/// What is told of why: codes, and nothing that a rail failed with, which is for the operator.
fn told_reason(reason: &str) -> Option<String> {
    let is_code = Reason::from_code(reason).is_some() || Waits::from_code(reason).is_some();
    (is_code && !reason.is_empty()).then(|| reason.to_owned())
}
