//! What an author earned, live.

use askama::Template;
use ledger::{Money, Timestamp};

use super::charts::BarChart;
use super::{Page, Visitor};

/// The time a table and the chart are about; the query `period`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Period {
    /// `today`, in hours.
    Today,
    /// `7`, in days.
    #[default]
    Week,
    /// `30`, in days.
    Month,
    /// `all`, in months.
    All,
}

impl Period {
    /// Every period, in the order of the tabs.
    pub const ALL: [Self; 4] = [Self::Today, Self::Week, Self::Month, Self::All];

    /// The value of the query `period`.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Week => "7",
            Self::Month => "30",
            Self::All => "all",
        }
    }

    /// The period of a query's value; the week when it is none.
    pub fn from_value(value: &str) -> Self {
        Self::ALL.into_iter().find(|period| period.value() == value).unwrap_or_default()
    }

    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Today => "period-today",
            Self::Week => "period-week",
            Self::Month => "period-month",
            Self::All => "period-all",
        }
    }
}

/// The way from a visit to a copy that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Funnel {
    /// Visits to the work's page, robots and the author left out.
    pub visits: u64,
    /// Taps on the button.
    pub taps: u64,
    /// Copies kept: not undone.
    pub kept: u64,
    /// Copies undone.
    pub undone: u64,
}

/// What one work earned in the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkGain {
    /// The work's id, for `/works/{work}`.
    pub work: String,
    /// Its title.
    pub title: String,
    /// What readers pay for the copies kept, tax included.
    pub gross: Money,
    /// What of it is the author's.
    pub net: Money,
    /// From visits to copies.
    pub funnel: Funnel,
}

/// What came by one channel in the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelGain {
    /// The channel's name; empty for the plain link.
    pub channel: String,
    /// What of it is the author's.
    pub net: Money,
    /// From visits to copies.
    pub funnel: Funnel,
}

/// Money that was sent to the author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutRow {
    /// When.
    pub at: Timestamp,
    /// How much.
    pub amount: Money,
    /// What whoever sent it wrote down; empty where a rail sent it.
    pub reference: String,
    /// The key of the name of the rail that sent it; nothing where the operator did by hand.
    pub rail: Option<String>,
    /// The key of how it stands, where it has not simply arrived.
    pub words: Option<&'static str>,
    /// Whether it came back.
    pub has_returned: bool,
}

/// Where an author's gains are sent by a rail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRow {
    /// The rail's name, for the form.
    pub rail: String,
    /// The key of its name.
    pub words: String,
    /// The address, where the author has given one.
    pub address: Option<String>,
    /// Whether the shop pays authors so now.
    pub is_on: bool,
}

/// `GET /gains?period=`: the author's gains. CSV at `/gains.csv?period=`.
///
/// `gains.js` listens to `GET /gains/stream?period=` (server-sent events). Each event's data is a JSON
/// object from names to texts that are formatted already, in the author's language: `today`,
/// `week`, `bought`, `undone`, `pending`, `available`, `paid-out`, `under-way`, `rail-fees`, `net-{work}`, `gross-{work}`,
/// `kept-{work}`; elements marked `data-gain` take them over.
#[derive(Debug, Clone, Template)]
#[template(path = "gains.html")]
pub struct GainsPage {
    /// Around the content.
    pub page: Page,
    /// What the chart and the tables are about.
    pub period: Period,
    /// The author's gains today (UTC).
    pub today: Money,
    /// The author's gains in the last seven days.
    pub week: Money,
    /// Of the visits in the period, the share that taps, in basis points.
    pub bought_basis_points: u64,
    /// Of the taps in the period, the share that is undone, in basis points.
    pub undone_basis_points: u64,
    /// On tabs that are not settled yet.
    pub pending: Money,
    /// Settled, to be paid out.
    pub available: Money,
    /// Paid out so far.
    pub paid_out: Money,
    /// On its way to the author.
    pub under_way: Money,
    /// Where their gains are sent; empty where no rail pays authors.
    pub addresses: Vec<AddressRow>,
    /// What rails kept of it so far.
    pub rail_fees: Money,
    /// The newest payouts.
    pub payouts: Vec<PayoutRow>,
    /// Gains per hour, day or month of the period.
    pub chart: BarChart,
    /// Per work, the best first.
    pub works: Vec<WorkGain>,
    /// Per channel, the best first.
    pub channels: Vec<ChannelGain>,
}

impl GainsPage {
    /// Before the first work, the page teaches instead.
    fn is_new(&self) -> bool {
        self.works.is_empty() && self.channels.is_empty()
    }
}
