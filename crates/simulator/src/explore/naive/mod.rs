//! [`Naive`]: the second ledger. The till as one would write it who cared for nothing but the rules: lists, gone through
//! again for each question, in plain whole numbers.
//!
//! It shares the product's words (commands, answers, transfers) and none of its arithmetic, so that a mistake in the one
//! does not hide in the other.

mod arithmetic;
mod deciding;
mod moving;
mod paying;
mod receipts;
mod returning;

use ardoise::till::command::{SecretHash, TabNow};
use ledger::receipts::Hash;
use ledger::{
    Account, AuthorId, Currency, FeeBack, LedgerRefusal, Line, LineId, LineState, LinkId, Money,
    PayoutId, Price, RefundId, Rules, SettlementId, Tab, TabId, Timestamp, WorkId,
};
use receipts::Receipts;
use returning::{CameIn, Contested, WentBack};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A work as it stands on the shelf now.
#[derive(Debug, Clone)]
pub struct OnShelf {
    /// The work.
    pub work: WorkId,
    /// Its link.
    pub link: LinkId,
    /// What its link is called.
    pub slug: String,
    /// Who made it.
    pub author: AuthorId,
    /// The class that says its tax rate.
    pub class: usize,
    /// That rate, in basis points.
    pub vat_basis_points: i64,
    /// Its price.
    pub price: Price,
    /// Whether it is for sale.
    pub for_sale: bool,
    /// Which version of it is sold.
    pub version: u32,
    /// What that version is.
    pub digest: Hash,
}

/// A line of a tab, with what became of it.
#[derive(Debug, Clone)]
pub struct Held {
    /// The line.
    pub line: Line,
    /// What became of it.
    pub state: LineState,
    link: LinkId,
    channel: String,
}

impl Held {
    const fn micros(&self) -> i64 {
        self.line.shares.gross.micros()
    }
}

/// A reader's open account.
#[derive(Debug, Clone)]
pub struct NaiveTab {
    /// The hash of its secret.
    pub secret: SecretHash,
    /// Its lines, in the order in which they were bought.
    pub lines: Vec<Held>,
    opened_at: Timestamp,
    credit: i64,
    borne: i64,
    /// Lost disputes that the operator has forgiven.
    forgiven: u32,
    settlements: u32,
    purchases: u32,
    undone: u32,
    mandate: bool,
    receipts: Receipts,
}

/// Something that happened to a line, of which its author is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `bought`, `undone` or `paid`.
    pub kind: &'static str,
    /// The line.
    pub line: Line,
    /// When it happened.
    pub at: Timestamp,
}

/// An hour, work, link and channel of an author.
pub type Cell = (AuthorId, i64, WorkId, LinkId, String);

/// Taps, undone ones among them, what readers pay for the others, and the author's share of it.
pub type Sold = [i64; 4];

/// What one batch came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// New lines.
    pub purchases: u64,
    /// Whether anything was written.
    pub wrote: bool,
    /// Authors to whom something happened.
    pub authors: BTreeSet<AuthorId>,
}

/// The second ledger.
pub struct Naive {
    currency: Currency,
    rules: Rules,
    /// What the shop sells now.
    pub shelf: Vec<OnShelf>,
    /// Tabs that were opened.
    pub tabs: BTreeMap<TabId, NaiveTab>,
    /// What stands on each account that was ever touched, counted the way that makes it larger when it grows.
    pub balances: BTreeMap<Account, i128>,
    /// Sales by hour, work, link and channel.
    pub sold: BTreeMap<Cell, Sold>,
    /// What happened, in order; whoever tells it takes it away.
    pub events: Vec<Event>,
    /// Lines that changed since somebody took this away.
    pub touched: BTreeSet<LineId>,
    /// The words that were agreed to, by their number.
    pub consents: BTreeMap<i64, (&'static str, String)>,
    /// What the commands did since this was last taken away.
    pub effects: Effects,
    whose: HashMap<LineId, TabId>,
    settlements: HashMap<SettlementId, CameIn>,
    refunds: HashMap<RefundId, WentBack>,
    fees_back: HashMap<FeeBack, Vec<(Option<AuthorId>, i64)>>,
    /// What each author bore of the fee of a settlement, line by line.
    bore: HashMap<SettlementId, Vec<(AuthorId, i64)>>,
    disputes: HashMap<(SettlementId, String), Contested>,
    payouts: HashMap<PayoutId, paying::Paid>,
}

impl Naive {
    /// Books in which nothing happened yet.
    pub fn new(currency: Currency, rules: Rules, shelf: Vec<OnShelf>) -> Self {
        Self {
            currency,
            rules,
            shelf,
            tabs: BTreeMap::new(),
            balances: BTreeMap::new(),
            sold: BTreeMap::new(),
            events: Vec::new(),
            touched: BTreeSet::new(),
            consents: BTreeMap::new(),
            effects: Effects::default(),
            whose: HashMap::new(),
            settlements: HashMap::new(),
            refunds: HashMap::new(),
            fees_back: HashMap::new(),
            bore: HashMap::new(),
            disputes: HashMap::new(),
            payouts: HashMap::new(),
        }
    }

    /// A line, with what became of it.
    pub fn held(&self, line: LineId) -> Option<&Held> {
        let tab = self.whose.get(&line)?;
        self.tabs[tab].lines.iter().find(|held| held.line.id == line)
    }

    /// The line under which a tab may read a work.
    pub fn access(&self, tab: TabId, work: WorkId) -> Option<LineId> {
        let gives = |held: &&Held| held.line.work == work && held.state != LineState::Undone;
        self.tabs.get(&tab)?.lines.iter().find(gives).map(|held| held.line.id)
    }

    /// What a tab owes, in micro-units.
    pub fn owed(&self, tab: TabId) -> i64 {
        let sum: i64 = self.waiting(tab).iter().map(gross).sum();
        (sum - self.credit(tab)).max(0)
    }

    /// How much more a tab can take before it is at its limit, in micro-units.
    pub fn room(&self, tab: TabId) -> i64 {
        self.limit(tab).micros() - self.sum_of_open(tab) + self.credit(tab)
    }

    /// What stands on an account, in micro-units.
    pub fn balance(&self, account: Account) -> i128 {
        self.balances.get(&account).copied().unwrap_or(0)
    }

    /// A tab with its figures, as the product would say it.
    pub fn tab(&self, id: TabId) -> Option<Tab> {
        let tab = self.tabs.get(&id)?;
        let open = self.open(id);
        Some(Tab {
            id,
            opened_at: tab.opened_at,
            open: self.money(self.sum_of_open(id)),
            written_off: self.money(self.lost(id).iter().map(gross).sum()),
            mandate: tab.mandate,
            disputes_open: self.count_disputes(id, None),
            disputes_lost: self.lost_disputes(id),
            credit: self.money(tab.credit),
            borne: self.money(tab.borne),
            open_lines: open.len() as u32,
            oldest_open_at: open.iter().map(|line| line.bought_at).min(),
            settlements: tab.settlements,
            purchases: tab.purchases,
            undone: tab.undone,
            chain: tab.receipts.chain(),
        })
    }

    /// The lines that are to be paid in time, oldest first; of one moment, by their ids.
    pub fn open(&self, tab: TabId) -> Vec<Line> {
        self.costly(tab, LineState::Open)
    }

    /// When the oldest open line was bought of which a coin or more is still to be paid.
    fn waits_since(&self, tab: TabId) -> Option<Timestamp> {
        let (mut open, credit) = (self.open(tab), self.credit(tab));
        let coin = self.rules.limit_device.currency().minor_micros();
        let is_first_a_rest = self.lost(tab).is_empty()
            && credit > 0
            && open.first().is_some_and(|line| gross(line) - credit < coin);
        if is_first_a_rest {
            open.remove(0);
        }
        open.first().map(|line| line.bought_at)
    }

    /// The lines that were written off and not paid since, in the same order.
    fn lost(&self, tab: TabId) -> Vec<Line> {
        self.costly(tab, LineState::WrittenOff)
    }

    /// All that money pays, in the order in which it does.
    pub fn waiting(&self, tab: TabId) -> Vec<Line> {
        [self.lost(tab), self.open(tab)].concat()
    }

    fn costly(&self, tab: TabId, state: LineState) -> Vec<Line> {
        let Some(tab) = self.tabs.get(&tab) else { return Vec::new() };
        let costs = |held: &&Held| held.state == state && held.micros() > 0;
        let mut lines: Vec<Line> = tab.lines.iter().filter(costs).map(|held| held.line).collect();
        lines.sort_by_key(|line| (line.bought_at, line.id));
        lines
    }

    fn sum_of_open(&self, tab: TabId) -> i64 {
        self.open(tab).iter().map(gross).sum()
    }

    fn limit(&self, tab: TabId) -> Money {
        let (settlements, mandate) =
            self.tabs.get(&tab).map_or((0, false), |tab| (tab.settlements, tab.mandate));
        match settlements {
            0 if mandate => self.rules.limit_mandate,
            0 => self.rules.limit_device,
            1 | 2 => self.rules.limit_settled,
            _ => self.rules.limit_trusted,
        }
    }

    fn money(&self, micros: i64) -> Money {
        Money::from_micros(micros, self.currency).expect("nothing here is below zero")
    }

    fn now(&self, id: TabId) -> Result<TabNow, LedgerRefusal> {
        let tab = self.tab(id).ok_or(LedgerRefusal::NoTab)?;
        Ok(TabNow { tab, owed: self.money(self.owed(id)), limit: self.limit(id) })
    }
}

const fn gross(line: &Line) -> i64 {
    line.shares.gross.micros()
}
